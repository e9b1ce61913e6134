"""HTTP to the API server: one connection pool, bounded answers, failures as `ClientError`.

A request is sent again only when the server asks for it (`Retry-After` with 429 or a 5xx), as client-go does.
"""

import json
import os
import platform
import ssl
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode, urlsplit

import msgspec
import urllib3
from urllib3 import exceptions as http_errors

from imagestreams import __version__
from imagestreams.client.credentials import credentials_for
from imagestreams.client.errors import (
    ClientError,
    answer_without_status,
    connection_refused,
    status_of,
    unable_to_connect,
)
from imagestreams.client.kubeconfig import ClientConfig
from imagestreams.client.tls import tls_context, tls_problem

Query = Mapping[str, str] | Sequence[tuple[str, str]] | None
Body = bytes | dict[str, Any] | list[Any] | None

ANSWER_LIMIT_BYTES = 512 * 1024 * 1024
LINE_LIMIT_BYTES = 64 * 1024 * 1024
CONNECT_TIMEOUT_S = 30.0
RETRIES = 10
RETRY_AFTER_LIMIT_S = 30


@dataclass(frozen=True)
class Response:
    """An answer with a code below 400."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> dict[str, Any]:
        """Return the body as a dictionary.

        Raises:
            ClientError: it is something else.
        """
        return _object_of(self.body)


class RestClient:
    """Speaks to one server as one user; `warn` gets each text of a `Warning` header once."""

    def __init__(
        self,
        config: ClientConfig,
        *,
        warn: Callable[[str], None] | None = None,
        timeout_s: float | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        parts = urlsplit(config.server)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ClientError(f"server {config.server!r} is no http or https URL".replace("'", '"'))
        self.config = config
        self.host = parts.netloc.rpartition("@")[2]
        self._base = config.server.rstrip("/")
        self._hostname = parts.hostname
        self._warn = warn
        self._warned: set[str] = set()
        self._timeout_s = timeout_s
        self._sleep = sleep
        credentials = credentials_for(config)
        self._headers = {"User-Agent": _user_agent(), **credentials.headers}
        if config.identity.as_groups:
            # One header per group; urllib3 joins only what stands in an HTTPHeaderDict.
            self._groups: tuple[str, ...] = config.identity.as_groups
        else:
            self._groups = ()
        self._pool = _pool(config, parts.scheme, tls_context(config, credentials) if parts.scheme == "https" else None)

    def request(
        self,
        method: str,
        path: str,
        *,
        query: Query = None,
        body: Body = None,
        content_type: str = "application/json",
        accept: str = "application/json",
        timeout_s: float | None = None,
    ) -> Response:
        """Send one request and read the whole answer.

        Raises:
            ClientError: the server was not reached or answered with an error; `status` tells which.
        """
        for attempt in range(RETRIES + 1):
            answer = self._open(method, path, query, body, content_type, accept, timeout_s or self._timeout_s, True)
            try:
                data = self._read(answer)
            finally:
                answer.release_conn()
            wait_s = _retry_after_s(answer)
            if wait_s is None or attempt == RETRIES:
                break
            self._sleep(wait_s)
        if answer.status >= 300:
            raise ClientError.from_status(_status(answer.status, data, method))
        return Response(answer.status, answer.headers, data)

    @contextmanager
    def stream(
        self, path: str, *, query: Query = None, accept: str = "application/json", idle_timeout_s: float | None = None
    ) -> Iterator[Iterator[bytes]]:
        """Open a GET whose answer comes line by line, as a watch's does, for the time of a `with` block.

        Raises:
            ClientError: as `request`; while reading, when the connection breaks.
        """
        answer = self._open("GET", path, query, None, "", accept, idle_timeout_s, False)
        try:
            if answer.status >= 300:
                raise ClientError.from_status(_status(answer.status, self._read(answer), "GET"))
            yield self._lines(answer)
        finally:
            answer.close()

    @contextmanager
    def text(self, path: str, *, query: Query = None) -> Iterator[Iterator[bytes]]:
        """Open a GET of plain text, which may grow for long; its pieces come as they are.

        Raises:
            ClientError: as `request`; while reading, when the connection breaks.
        """
        for attempt in range(RETRIES + 1):
            answer = self._open("GET", path, query, None, "", "text/plain, application/json", None, False)
            wait_s = _retry_after_s(answer)
            if wait_s is None or attempt == RETRIES:
                break
            answer.close()
            self._sleep(wait_s)
        try:
            if answer.status >= 300:
                raise ClientError.from_status(_status(answer.status, self._read(answer), "GET"))
            yield self._pieces(answer)
        finally:
            answer.close()

    def upload(self, path: str, pieces: Iterator[bytes], *, query: Query = None) -> Response:
        """Send bytes of any length and read the answer.

        Raises:
            ClientError: as `request`; it is never sent again.
        """
        answer = self._open(
            "POST", path, query, pieces, "application/octet-stream", "application/json", self._timeout_s, True
        )
        try:
            data = self._read(answer)
        finally:
            answer.release_conn()
        if answer.status >= 300:
            raise ClientError.from_status(_status(answer.status, data, "POST"))
        return Response(answer.status, answer.headers, data)

    def close(self) -> None:
        """Give the connections back."""
        self._pool.clear()

    def _open(
        self,
        method: str,
        path: str,
        query: Query,
        body: Body | Iterator[bytes],
        content_type: str,
        accept: str,
        timeout_s: float | None,
        compressed: bool,
    ) -> urllib3.BaseHTTPResponse:
        url = self._base + path
        if query:
            url += ("&" if "?" in path else "?") + urlencode(query)
        headers = urllib3.HTTPHeaderDict(self._headers)
        headers["Accept"] = accept
        headers["Accept-Encoding"] = "gzip" if compressed else "identity"
        for group in self._groups:
            headers.add("Impersonate-Group", group)
        if body is not None:
            headers["Content-Type"] = content_type
        data = msgspec.json.encode(body) if isinstance(body, dict | list) else body
        try:
            answer = self._pool.request(
                method,
                url,
                body=data,
                headers=headers,
                redirect=False,
                retries=False,
                preload_content=False,
                timeout=urllib3.Timeout(connect=timeout_s or CONNECT_TIMEOUT_S, read=timeout_s),
            )
        except (http_errors.HTTPError, OSError) as error:
            raise self._problem(error) from error
        self._pass_warnings(answer)
        return answer

    def _read(self, answer: urllib3.BaseHTTPResponse) -> bytes:
        parts, size = [], 0
        try:
            for part in answer.stream(1 << 18, decode_content=True):
                size += len(part)
                if size > ANSWER_LIMIT_BYTES:
                    answer.close()
                    raise unable_to_connect(f"the answer is larger than {ANSWER_LIMIT_BYTES} bytes")
                parts.append(part)
        except (http_errors.HTTPError, OSError) as error:
            raise self._problem(error) from error
        return b"".join(parts)

    def _lines(self, answer: urllib3.BaseHTTPResponse) -> Iterator[bytes]:
        rest = b""
        while True:
            try:
                part = answer.read1(1 << 16)
            except (http_errors.HTTPError, OSError) as error:
                raise self._problem(error) from error
            if not part:
                break
            *lines, rest = (rest + part).split(b"\n") if b"\n" in part else (rest + part,)
            if len(rest) > LINE_LIMIT_BYTES:
                raise unable_to_connect(f"a watch event is larger than {LINE_LIMIT_BYTES} bytes")
            yield from (line for line in lines if line.strip())
        if rest.strip():
            yield rest

    def _pieces(self, answer: urllib3.BaseHTTPResponse) -> Iterator[bytes]:
        while True:
            try:
                part = answer.read1(1 << 16)
            except (http_errors.HTTPError, OSError) as error:
                raise self._problem(error) from error
            if not part:
                return
            yield part

    def _pass_warnings(self, answer: urllib3.BaseHTTPResponse) -> None:
        if self._warn is None:
            return
        for header in answer.headers.getlist("Warning"):
            for text in warning_texts(header):
                if text not in self._warned:
                    self._warned.add(text)
                    self._warn(text)

    def _problem(self, error: Exception) -> ClientError:
        chain: list[BaseException] = []
        cause: BaseException | None = error
        while cause is not None and cause not in chain:
            chain.append(cause)
            chain += [inner for inner in cause.args if isinstance(inner, BaseException)]
            cause = cause.__cause__ or cause.__context__
        if any(isinstance(one, ConnectionRefusedError) for one in chain):
            return connection_refused(self.host)
        for one in chain:
            if isinstance(one, ssl.SSLError):
                return unable_to_connect(tls_problem(one, self._hostname))
            if isinstance(one, http_errors.NameResolutionError):
                return unable_to_connect(f"dial tcp: lookup {self._hostname}: no such host")
            if isinstance(one, http_errors.ReadTimeoutError):
                return unable_to_connect("context deadline exceeded (Client.Timeout exceeded while awaiting headers)")
            if isinstance(one, http_errors.ConnectTimeoutError) and not isinstance(one, http_errors.NewConnectionError):
                return unable_to_connect(f"dial tcp {self.host}: i/o timeout")
        for one in chain:
            if isinstance(one, OSError) and one.strerror and not isinstance(one, http_errors.HTTPError):
                return unable_to_connect(f"dial tcp {self.host}: {one.strerror.lower()}")
        if isinstance(error, http_errors.ProtocolError):
            return unable_to_connect("EOF")
        return unable_to_connect(str(error).splitlines()[0] if str(error) else type(error).__name__)


def warning_texts(header: str) -> list[str]:
    """Return the texts of a `Warning` header: `299 - "text"`, several joined by commas, quotes escaped by `\\`."""
    texts, at = [], 0
    while (start := header.find('"', at)) >= 0:
        text, at = "", start + 1
        while at < len(header) and header[at] != '"':
            if header[at] == "\\":
                at += 1
            text += header[at : at + 1]
            at += 1
        texts.append(text)
        at += 1
        if header[at : at + 2] == ' "':  # the optional date of a warning
            at = header.find('"', at + 2) + 1 or len(header)
    return texts


def _object_of(data: bytes) -> dict[str, Any]:
    try:
        value = msgspec.json.decode(data)
    except (ValueError, RecursionError) as error:
        raise ClientError("the server's answer is not JSON") from error
    if not isinstance(value, dict):
        raise ClientError("the server's answer is not an object")
    return value


def _status(code: int, data: bytes, method: str) -> Any:
    try:
        answer = json.loads(data)
    except (ValueError, RecursionError):
        answer = None
    if isinstance(answer, dict) and answer.get("kind") == "Status":
        return status_of({"code": code, **answer})
    return answer_without_status(code, data, method)


def _retry_after_s(answer: urllib3.BaseHTTPResponse) -> int | None:
    value = answer.headers.get("Retry-After", "")
    if (answer.status == 429 or answer.status >= 500) and value.isdigit():
        return min(int(value), RETRY_AFTER_LIMIT_S)
    return None


def _user_agent() -> str:
    machine = {"x86_64": "amd64", "aarch64": "arm64"}.get(platform.machine(), platform.machine())
    return f"isctl/{__version__} ({platform.system().lower()}/{machine})"


def _pool(config: ClientConfig, scheme: str, context: ssl.SSLContext | None) -> urllib3.PoolManager:
    options: dict[str, Any] = {"maxsize": 4}
    if context is not None:
        options["ssl_context"] = context
        if config.tls_server_name:
            options["server_hostname"] = config.tls_server_name
    proxy = config.proxy_url or _environment_proxy(config.server, scheme)
    if not proxy:
        return urllib3.PoolManager(**options)
    if not proxy.startswith(("http://", "https://")):
        raise ClientError(f'proxy URL scheme of "{urlsplit(proxy).scheme}" is not supported')
    return urllib3.ProxyManager(proxy, **options)


def _environment_proxy(server: str, scheme: str) -> str | None:
    if not any(name.lower() in ("http_proxy", "https_proxy") for name in os.environ):
        return None
    from urllib.request import getproxies_environment, proxy_bypass

    host = urlsplit(server).hostname or ""
    if host == "localhost" or host.startswith("127.") or host == "::1" or proxy_bypass(host):
        return None
    return getproxies_environment().get(scheme)
