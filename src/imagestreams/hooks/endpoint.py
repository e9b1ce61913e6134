"""The ASGI application behind `/hooks/`: admit, read, prove, understand, hand on.

An unknown token and a notification that does not prove its hook's secret get the same answer. What a notification
leads to is never told to its sender, who need not know any stream: it stands in the hook's status. Neither tokens nor
bodies get into logs.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Collection, MutableMapping
from typing import Any, Final

from imagestreams.api.core import Secret
from imagestreams.api.hooks import RegistryHook, RegistryHookCall
from imagestreams.hooks.calls import NOTHING, LastCalls
from imagestreams.hooks.followers import Followers
from imagestreams.hooks.notification import UnreadableNotification
from imagestreams.hooks.proof import proves
from imagestreams.hooks.rate import PER_SECOND, RateBound
from imagestreams.hooks.senders import READERS
from imagestreams.resources.core.secret_values import secret_value
from imagestreams.resources.registries.registryhooks import HOOKS_PATH
from imagestreams.resources.storage import ObjectStorage

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Headers = tuple[tuple[bytes, bytes], ...]
ImportNow = Callable[[str, Collection[str]], None]
"""Takes the key of a stream and the tags of it that are to be imported."""
Noted = Callable[[], Awaitable[None]]
"""Waits until what was taken outlives the server."""

BODY_MAX_BYTES: Final = 1024 * 1024
DISCARDED_MAX_BYTES: Final = 8 * 1024 * 1024
BODY_TIMEOUT_S: Final = 10.0
BODIES_AT_ONCE: Final = 64
_TOKEN_MAX: Final = 128
_WELCOME: Final[Headers] = (
    (b"allow", b"POST"),
    (b"webhook-allowed-origin", b"*"),
    (b"webhook-allowed-rate", b"%d" % (60 * PER_SECOND)),
)
"""What senders of CloudEvents want to hear before they send anything: that this address takes them, and how many a
minute (HTTP 1.1 Web Hooks for Event Delivery, section 4)."""
_LENGTH_DIGITS: Final = 18
_CLOSE: Final = (b"connection", b"close")

_log: Final = logging.getLogger(__name__)


class _Refused(Exception):
    """The request ends with this status and text."""

    def __init__(self, status: int, text: str, *headers: tuple[bytes, bytes]) -> None:
        super().__init__(text)
        self.status = status
        self.headers = headers


class _Gone(Exception):
    """The client closed the connection."""


def _not_found() -> _Refused:
    return _Refused(404, "there is no such hook, or the notification does not prove its secret")


class HookEndpoint:
    """Takes notifications; `clock` gives the time as the API shows it."""

    def __init__(
        self,
        followers: Followers,
        secrets: ObjectStorage[Secret],
        import_now: ImportNow,
        noted: Noted,
        calls: LastCalls,
        rate: RateBound,
        clock: Callable[[], str],
    ) -> None:
        self._followers = followers
        self._secrets = secrets
        self._import_now = import_now
        self._noted = noted
        self._calls = calls
        self._rate = rate
        self._clock = clock
        self._reading = 0

    async def __call__(self, scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        """Answer one request."""
        try:
            try:
                status, text, headers = await self._take(scope, receive)
                await _answer(send, status, text, *headers)
            except _Refused as refused:
                await _answer(send, refused.status, str(refused), *refused.headers)
        except (_Gone, ConnectionError):
            return
        except Exception:
            _log.exception("a notification could not be taken")
            await _answer(send, 500, "the server failed to take the notification")

    async def _take(self, scope: MutableMapping[str, Any], receive: Receive) -> tuple[int, str, Headers]:
        token = str(scope["path"]).removeprefix(HOOKS_PATH)
        if not str(scope["path"]).startswith(HOOKS_PATH):
            raise _Refused(404, "there is nothing here")
        if scope["method"] not in ("POST", "OPTIONS"):
            raise _Refused(405, "notifications are sent by POST", (b"allow", b"POST"))
        entry = self._followers.hook(token) if len(token) <= _TOKEN_MAX else None
        if entry is None:
            raise _not_found()
        if not self._rate.admits(entry.key):
            raise _Refused(429, "too many notifications", (b"retry-after", b"1"))
        headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}
        if scope["method"] == "OPTIONS":
            return 200, "notifications are sent by POST", _WELCOME
        body = await self._bounded_body(headers, receive)
        hook = entry.value
        result, message, refused = self._understand(hook, headers, body)
        self._calls.note(entry.key, RegistryHookCall(time=self._clock(), result=result, message=message))
        if refused is not None:
            raise refused
        # The sender will not tell again: what he told has to outlive us.
        await self._noted()
        return 202, "accepted", ()

    def _understand(self, hook: RegistryHook, headers: dict[str, str], body: bytes) -> tuple[str, str, _Refused | None]:
        """Import what a notification is about; return what the hook shows of it, and what the sender is refused."""
        reference = hook.spec.secret_ref
        if reference is not None:
            stored = self._secrets.find(hook.metadata.namespace, reference.name)
            secret = secret_value(stored.value if stored is not None else None, reference.key)
            if not secret:
                return "Unproved", f"the secret {reference.name} has no value {reference.key}", _not_found()
            if not proves(hook.spec.sender, secret, headers, body):
                return "Unproved", "the notification does not prove the hook's secret", _not_found()
        try:
            pushes = READERS[hook.spec.sender](headers, body)
        except UnreadableNotification as error:
            return "Unreadable", str(error), _Refused(400, str(error))
        tags = self._followers.tags(hook, pushes)
        for key, names in tags.items():
            self._import_now(key, names)
        if not tags:
            return NOTHING, "no tag follows what was pushed" if pushes else "nothing was pushed", None
        count = sum(map(len, tags.values()))
        return "Imported", f"{count} tag{'s' * (count > 1)} of {len(tags)} stream{'s' * (len(tags) > 1)}", None

    async def _bounded_body(self, headers: dict[str, str], receive: Receive) -> bytes:
        if self._reading >= BODIES_AT_ONCE:
            raise _Refused(503, "too many notifications at once", (b"retry-after", b"1"))
        self._reading += 1
        try:
            async with asyncio.timeout(BODY_TIMEOUT_S):
                return await _body(headers, receive)
        except TimeoutError:
            raise _Refused(400, "the body did not arrive in time", _CLOSE) from None
        finally:
            self._reading -= 1


async def _body(headers: dict[str, str], receive: Receive) -> bytes:
    """Read a body; most clients look at the answer only when all is sent, so a little more is taken and thrown away."""
    too_large = f"the body is larger than {BODY_MAX_BYTES} bytes"
    announced = headers.get("content-length", "0")
    if len(announced) > _LENGTH_DIGITS or (announced.isdigit() and int(announced) > DISCARDED_MAX_BYTES):
        raise _Refused(400, too_large, _CLOSE)
    chunks: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise _Gone
        chunk = message.get("body", b"")
        size += len(chunk)
        if size > DISCARDED_MAX_BYTES:
            raise _Refused(400, too_large, _CLOSE)
        if size <= BODY_MAX_BYTES:
            chunks.append(chunk)
        else:
            chunks.clear()
        if not message.get("more_body", False):
            break
    if size > BODY_MAX_BYTES:
        raise _Refused(400, too_large)
    return b"".join(chunks)


async def _answer(send: Send, status: int, text: str, *headers: tuple[bytes, bytes]) -> None:
    body = f"{text}\n".encode()
    fixed = [(b"content-type", b"text/plain; charset=utf-8"), (b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": status, "headers": [*fixed, *headers]})
    await send({"type": "http.response.body", "body": body})
