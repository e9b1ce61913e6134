"""A request as it comes in: what the server needs of its head, and its body, bounded in size and time."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, MutableMapping
from typing import Any, Final

from imagestreams.api.errors import bad_request, too_large
from imagestreams.apiserver.query import NO_QUERY, Query, parse_query

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

MAX_BODY_BYTES: Final = 3 * 1024 * 1024
MAX_DISCARDED_BYTES: Final = 16 * 1024 * 1024
BODY_TIMEOUT_S: Final = 60.0
_LENGTH_DIGITS: Final = 18
_BROWSERS: Final = (b"curl", b"Wget", b"Mozilla/5.0")


class ClientGone(Exception):
    """The client closed the connection; there is nobody to answer."""


class Request:
    """One request; `status` and `started` say how far its answer has come, `unread` that some of its body is left."""

    __slots__ = (
        "_query",
        "_receive",
        "headers",
        "method",
        "path",
        "scope",
        "send",
        "started",
        "status",
        "unread",
        "warnings",
    )

    def __init__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.scope = scope
        self.method: str = scope["method"]
        self.path: str = scope["path"]
        self.headers: dict[bytes, bytes] = dict(scope["headers"])
        self._receive = receive
        self.send = send
        self._query: Query | None = None
        self.status = 0
        self.started = False
        self.unread = False
        self.warnings: tuple[str, ...] = ()

    @property
    def query(self) -> Query:
        """The parameters.

        Raises:
            ApiError: 400, there are too many.
        """
        if self._query is None:
            text = self.scope["query_string"]
            self._query = parse_query(text) if text else NO_QUERY
        return self._query

    def header(self, name: bytes) -> str:
        """Return a header's value, empty without one."""
        return self.headers.get(name, b"").decode("latin-1")

    @property
    def wants_indentation(self) -> bool:
        """Whether JSON is for the eyes of a human being."""
        if b"pretty" in self.scope["query_string"] and (asked := self.query.get("pretty")):
            return asked.lower() in ("1", "t", "true")
        return self.headers.get(b"user-agent", b"").startswith(_BROWSERS)

    @property
    def accepts_gzip(self) -> bool:
        """Whether the answer may be compressed."""
        accepted = self.headers.get(b"accept-encoding")
        if accepted is None:
            return False
        for part in accepted.decode("latin-1").split(","):
            coding, *parameters = (piece.strip().lower() for piece in part.split(";"))
            if coding == "gzip":
                return "q=0" not in parameters
        return False

    async def next_message(self) -> Message:
        """Return the next message of the connection."""
        return await self._receive()

    async def body(self) -> bytes:
        """Read the body.

        Raises:
            ApiError: 413, it is too large; 400, it does not come in time.
            ClientGone: the client went away meanwhile.
        """
        try:
            async with asyncio.timeout(BODY_TIMEOUT_S):
                return await self._read()
        except TimeoutError:
            self.unread = True
            raise bad_request("the body of the request did not arrive in time") from None

    async def pieces(self) -> AsyncIterator[bytes]:
        """Yield the body as it comes, of any length; the next piece must come in time.

        Raises:
            ApiError: 400, it does not come in time.
            ClientGone: the client went away meanwhile.
        """
        self.unread = True
        more = True
        while more:
            try:
                async with asyncio.timeout(BODY_TIMEOUT_S):
                    message = await self._receive()
            except TimeoutError:
                raise bad_request("the body of the request did not arrive in time") from None
            if message["type"] == "http.disconnect":
                raise ClientGone
            more = message.get("more_body", False)
            if piece := message.get("body", b""):
                yield piece
        self.unread = False

    async def _read(self) -> bytes:
        announced = self.headers.get(b"content-length", b"0")
        if len(announced) > _LENGTH_DIGITS or (announced.isdigit() and int(announced) > MAX_DISCARDED_BYTES):
            self.unread = True
            raise too_large(MAX_BODY_BYTES)
        chunks: list[bytes] = []
        size = 0
        while True:
            message = await self._receive()
            if message["type"] == "http.disconnect":
                raise ClientGone
            chunk = message.get("body", b"")
            size += len(chunk)
            if size > MAX_BODY_BYTES:
                # Most clients read the answer only when all is sent, so a little more is taken and thrown away.
                chunks.clear()
                if size > MAX_DISCARDED_BYTES:
                    self.unread = True
                    raise too_large(MAX_BODY_BYTES)
            else:
                chunks.append(chunk)
            if not message.get("more_body", False):
                break
        if size > MAX_BODY_BYTES:
            raise too_large(MAX_BODY_BYTES)
        return chunks[0] if len(chunks) == 1 else b"".join(chunks)
