"""A watch as the client sees it: one JSON event a line, until somebody has had enough; and texts that grow.

The events come from the resource; here they become bytes, and here it ends: at the time limit, when the client goes
away, or when the server stops. What fails after the first byte is told as an event of type ERROR.
"""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Callable, Coroutine
from typing import Any, Final, TypeVar

from imagestreams.api.codec import encode
from imagestreams.api.errors import ApiError, internal, timeout
from imagestreams.apiserver.incoming import ClientGone, Request
from imagestreams.resources.resource import WatchEvent

LOG = logging.getLogger(__name__)
T = TypeVar("T")

Render = Callable[[WatchEvent, bool], bytes]
"""Makes the JSON of an event's object; told whether it is the stream's first."""

_HEADERS: Final = [(b"content-type", b"application/json"), (b"cache-control", b"no-cache, private")]
_TEXT_HEADERS: Final = [(b"content-type", b"text/plain"), (b"cache-control", b"no-cache, private")]


class WatchStreams:
    """All watches that are being served."""

    def __init__(self) -> None:
        self._ends: set[asyncio.Future[None]] = set()
        self._closed = False

    def __len__(self) -> int:
        return len(self._ends)

    def close(self) -> None:
        """End every watch, and each later one at once."""
        self._closed = True
        for end in self._ends:
            if not end.done():
                end.set_result(None)

    async def serve(
        self, request: Request, events: AsyncIterator[WatchEvent], render: Render, timeout_s: float
    ) -> None:
        """Send events until the time is over, the client is gone, the events end, or the server stops."""
        await self._serve(request, _HEADERS, events, _pump(request, events, render), timeout_s)

    async def serve_text(self, request: Request, pieces: AsyncIterator[bytes]) -> None:
        """Send text until it ends, the client is gone, or the server stops."""
        await self._serve(request, _TEXT_HEADERS, pieces, _pump_text(request, pieces), None)

    async def waited_for(self, request: Request, waiting: Coroutine[Any, Any, T]) -> T:
        """Return what may be long in coming, while nothing has been sent yet.

        Raises:
            ClientGone: the client does not wait for it any longer.
            ApiError: 504, the server stops; or what the waiting itself raises.
        """
        end = self._new_end()
        work = asyncio.create_task(waiting)
        gone = asyncio.create_task(_gone(request))
        try:
            either: set[asyncio.Future[Any]] = {work, gone, end}
            await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
            if work.done():
                return work.result()
            if end.done():
                raise timeout("the server stops", 1)
            raise ClientGone
        finally:
            self._ends.discard(end)
            for task in (work, gone):
                task.cancel()
            await asyncio.gather(work, gone, return_exceptions=True)

    def _new_end(self) -> asyncio.Future[None]:
        end: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        if self._closed:
            end.set_result(None)
        self._ends.add(end)
        return end

    async def _serve(
        self,
        request: Request,
        headers: list[tuple[bytes, bytes]],
        source: AsyncIterator[Any],
        sending: Coroutine[Any, Any, None],
        timeout_s: float | None,
    ) -> None:
        end = self._new_end()
        request.status = 200
        request.started = True
        await request.send({"type": "http.response.start", "status": 200, "headers": list(headers)})
        pump = asyncio.create_task(sending)
        gone = asyncio.create_task(_gone(request))
        try:
            await asyncio.wait({pump, gone, end}, timeout=timeout_s, return_when=asyncio.FIRST_COMPLETED)
        finally:
            self._ends.discard(end)
            for task in (pump, gone):
                task.cancel()
            await asyncio.gather(pump, gone, return_exceptions=True)
            close = getattr(source, "aclose", None)
            if close is not None:
                await close()
        with contextlib.suppress(OSError):
            await request.send({"type": "http.response.body", "body": b""})


async def _gone(request: Request) -> None:
    while (await request.next_message())["type"] != "http.disconnect":
        pass


async def _pump(request: Request, events: AsyncIterator[WatchEvent], render: Render) -> None:
    first = True
    try:
        async for event in events:
            await _send(request, event.type, render(event, first))
            first = False
    except ApiError as error:
        await _send(request, "ERROR", encode(error.status))
    except OSError:
        return
    except Exception:
        LOG.exception("a watch of %s failed", request.path)
        await _send(request, "ERROR", encode(internal("the watch failed").status))


async def _pump_text(request: Request, pieces: AsyncIterator[bytes]) -> None:
    try:
        async for piece in pieces:
            await request.send({"type": "http.response.body", "body": piece, "more_body": True})
    except OSError:
        return
    except Exception:
        LOG.exception("the text of %s ended early", request.path)


async def _send(request: Request, kind: str, document: bytes) -> None:
    line = b'{"type":"%b","object":%b}\n' % (kind.encode(), document)
    await request.send({"type": "http.response.body", "body": line, "more_body": True})
