"""The ASGI application behind `/admission/`: prove, read, look up, answer.

What can't be answered is an error of HTTP, and the API server that asked then does what its webhook configuration says
(`failurePolicy`). Neither tokens nor bodies get into logs.
"""

import hmac
import logging
from typing import Final

from imagestreams.admission.review import AdmissionRequest, UnreadableReview, allowed, read_review
from imagestreams.api.core import Secret
from imagestreams.api.errors import ApiError
from imagestreams.apiserver.incoming import ClientGone, Receive, Request, Scope, Send
from imagestreams.resources.core.secret_values import secret_value
from imagestreams.resources.images.image_lookup import ImageLookup
from imagestreams.resources.storage import ObjectStorage
from imagestreams.streams.workload_images import ImageChange

PATH: Final = "/admission/images/"
TOKEN_NAMESPACE: Final = "kube-system"
TOKEN_SECRET: Final = "imagestreams-admission"
TOKEN_KEY: Final = "token"
_TOKEN_MIN: Final = 16
_TOKEN_MAX: Final = 256
_OPERATIONS: Final = frozenset({"CREATE", "UPDATE"})

_log: Final = logging.getLogger(__name__)


class _Refused(Exception):
    def __init__(self, status: int, text: str, *headers: tuple[bytes, bytes]) -> None:
        super().__init__(text)
        self.status = status
        self.headers = headers


class AdmissionEndpoint:
    """Answers reviews; the token is looked up in `secrets` each time, so changing it there is enough."""

    def __init__(self, lookup: ImageLookup, secrets: ObjectStorage[Secret]) -> None:
        self._lookup = lookup
        self._secrets = secrets

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        request = Request(scope, receive, send)
        try:
            try:
                body = await self._answer(request)
                await _send(send, 200, b"application/json", body)
            except _Refused as refused:
                await _send(
                    send, refused.status, b"text/plain; charset=utf-8", f"{refused}\n".encode(), *refused.headers
                )
            except ApiError as error:
                text = f"{error.status.message}\n".encode()
                close = [(b"connection", b"close")] if request.unread else []
                await _send(send, error.status.code, b"text/plain; charset=utf-8", text, *close)
        except (ClientGone, ConnectionError):
            return
        except Exception:
            _log.exception("an admission review could not be answered")
            await _send(send, 500, b"text/plain; charset=utf-8", b"the server failed to answer the review\n")

    async def _answer(self, request: Request) -> bytes:
        if not request.path.startswith(PATH) or not self._knows(request.path.removeprefix(PATH)):
            raise _Refused(404, "there is nothing here")
        if request.method != "POST":
            raise _Refused(405, "reviews are sent by POST", (b"allow", b"POST"))
        if request.header(b"content-type").partition(";")[0].strip().lower() != "application/json":
            raise _Refused(415, "reviews are application/json")
        try:
            review = read_review(await request.body())
        except UnreadableReview as error:
            raise _Refused(400, str(error)) from None
        return allowed(review.uid, self._changes(review))

    def _knows(self, token: str) -> bool:
        stored = self._secrets.find(TOKEN_NAMESPACE, TOKEN_SECRET)
        expected = secret_value(stored.value if stored is not None else None, TOKEN_KEY)
        if not _TOKEN_MIN <= len(expected) <= _TOKEN_MAX:
            return False
        return hmac.compare_digest(token.encode("utf-8", "surrogateescape"), expected)

    def _changes(self, review: AdmissionRequest) -> list[ImageChange]:
        if review.operation not in _OPERATIONS or review.sub_resource or review.object is None:
            return []
        old = review.old_object if review.operation == "UPDATE" else None
        return self._lookup.changes(review.kind.kind, review.namespace, review.object, old)


async def _send(send: Send, status: int, content_type: bytes, body: bytes, *headers: tuple[bytes, bytes]) -> None:
    fixed = [(b"content-type", content_type), (b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": status, "headers": [*fixed, *headers]})
    await send({"type": "http.response.body", "body": body})
