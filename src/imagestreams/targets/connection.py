"""HTTP to a foreign cluster: one session, bounded answers, failures as `ClusterError`."""

import asyncio
import os
import ssl
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, Final

import msgspec

from imagestreams.client.errors import answer_without_status, status_of
from imagestreams.client.tls import tls_problem
from imagestreams.targets.error import ClusterError, Expired, Refused, StaleDocument
from imagestreams.targets.login import Login, log_in
from imagestreams.targets.target import Target

if TYPE_CHECKING:
    import aiohttp

JSON: Final = "application/json"
ANSWER_BYTES: Final = 64 * 1024 * 1024
LINE_BYTES: Final = 8 * 1024 * 1024
CONNECT_S: Final = 15.0
REQUEST_S: Final = 60.0


class Connection:
    """Speaks to a cluster; it logs in with the first request, and again when that is no longer taken."""

    def __init__(self, target: Target, environment: Mapping[str, str]) -> None:
        self._target = target
        self._environment = environment
        self._login: Login | None = None
        self._session: aiohttp.ClientSession | None = None
        self._logging_in = asyncio.Lock()

    async def close(self) -> None:
        """Close all connections."""
        session, self._session, self._login = self._session, None, None
        if session is not None:
            await session.close()

    async def request(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str] | None = None,
        body: Mapping[str, Any] | None = None,
        accept: str = JSON,
    ) -> bytes:
        """Send a request and return the body of its answer.

        Raises:
            StaleDocument: 409, somebody else wrote first, or 404.
            Expired: 410.
            ClusterError: there is no answer, or another one that is no success.
        """
        async with self._open(method, path, query, body, accept, REQUEST_S) as answer:
            return await _whole(answer)

    @asynccontextmanager
    async def lines(
        self, path: str, *, query: Mapping[str, str], accept: str, silence_s: float
    ) -> AsyncIterator[AsyncIterator[bytes]]:
        """Open a GET whose answer comes line by line; when nothing comes for so long, it is over.

        Raises:
            ClusterError: as `request`; while reading, when the connection breaks.
        """
        async with self._open("GET", path, query, None, accept, None, silence_s) as answer:
            yield _lines(answer)

    @asynccontextmanager
    async def _open(
        self,
        method: str,
        path: str,
        query: Mapping[str, str] | None,
        body: Mapping[str, Any] | None,
        accept: str,
        total_s: float | None,
        silence_s: float | None = None,
    ) -> "AsyncIterator[aiohttp.ClientResponse]":
        import aiohttp

        data = None if body is None else msgspec.json.encode(body)
        timeout = aiohttp.ClientTimeout(total=total_s, sock_connect=CONNECT_S, sock_read=silence_s)
        for again in (False, True):
            login, session = await self._connected()
            headers = login.headers.copy()
            headers["Accept"] = accept
            if data is not None:
                headers["Content-Type"] = JSON
            try:
                async with session.request(
                    method,
                    login.base.joinpath(path.lstrip("/"), encoded=True),
                    params=query,
                    data=data,
                    headers=headers,
                    proxy=login.proxy,
                    server_hostname=login.server_name,
                    allow_redirects=False,
                    timeout=timeout,
                ) as answer:
                    if answer.status == 401 and not again:
                        # What was logged in with is no longer taken: perhaps there is something newer.
                        await self._forget(login)
                        continue
                    if answer.status >= 300:
                        raise _problem(answer.status, await _whole(answer), method)
                    yield answer
                    return
            except (aiohttp.ClientError, TimeoutError, OSError) as error:
                if isinstance(error, aiohttp.ClientConnectorError):
                    # Perhaps the cluster has another address by now.
                    await self._forget(login)
                raise ClusterError(_reason(error, login)) from error

    async def _connected(self) -> "tuple[Login, aiohttp.ClientSession]":
        import aiohttp

        async with self._logging_in:
            login = self._login
            if login is not None and login.until is not None and asyncio.get_running_loop().time() >= login.until:
                # Only the header is new: what is under way goes on.
                self._login = login = await log_in(self._target, self._environment)
            if login is None or self._session is None:
                login = await log_in(self._target, self._environment)
                connector = aiohttp.TCPConnector(ssl=login.tls or False, limit=0)
                self._session = aiohttp.ClientSession(connector=connector, auto_decompress=True)
                self._login = login
            return login, self._session

    async def _forget(self, login: Login) -> None:
        async with self._logging_in:
            if self._login is login:
                session, self._session, self._login = self._session, None, None
                if session is not None:
                    # Watches that still run on it end, and begin again as whoever we are then.
                    await session.close()


async def _whole(answer: "aiohttp.ClientResponse") -> bytes:
    parts, size = [], 0
    async for part in answer.content.iter_chunked(1 << 16):
        size += len(part)
        if size > ANSWER_BYTES:
            answer.close()
            raise ClusterError(f"the answer is larger than {ANSWER_BYTES} bytes")
        parts.append(part)
    return b"".join(parts)


async def _lines(answer: "aiohttp.ClientResponse") -> AsyncIterator[bytes]:
    rest = bytearray()
    async for part in answer.content.iter_any():
        rest += part
        if b"\n" in part:
            *whole, tail = bytes(rest).split(b"\n")
            rest = bytearray(tail)
            for line in whole:
                if line.strip():
                    yield line
        if len(rest) > LINE_BYTES:
            raise ClusterError(f"an event of a watch is larger than {LINE_BYTES} bytes")


def _problem(code: int, body: bytes, method: str) -> ClusterError:
    try:
        told = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        told = None
    if isinstance(told, dict) and told.get("kind") == "Status":
        status = status_of({"code": code, **told})
    else:
        status = answer_without_status(code, body, method)
    return problem_of(status.message, status.code or code)


def problem_of(message: str, code: int) -> ClusterError:
    """Return the error that stands for an answer."""
    if code == 410:
        return Expired(message)
    if code in (404, 409):
        return StaleDocument(message)
    return Refused(message, code)


def _reason(error: Exception, login: Login) -> str:
    import aiohttp

    host = login.base.raw_authority.rpartition("@")[2]
    if isinstance(error, TimeoutError):
        return f"{host}: i/o timeout"
    if isinstance(error, aiohttp.ClientPayloadError):
        return f"{host}: unexpected EOF"
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLError):
            return f"{host}: {tls_problem(cause, login.base.host or '')}"
        cause = cause.__cause__ or cause.__context__
    number = getattr(error, "errno", None)
    reason = os.strerror(number) if number else str(error) or type(error).__name__
    return f"{host}: {reason.splitlines()[0].lower()}"
