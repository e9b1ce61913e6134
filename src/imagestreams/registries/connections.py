"""One exchange with a registry over pooled connections, and what its failures are called.

Loaded with the first request: the HTTP client is the largest library that a server needs, and many never import.
"""

import errno
import os
import ssl
from collections.abc import Callable, Mapping
from typing import Final

import aiohttp
from yarl import URL

from imagestreams.registries.answer import Answer, asked
from imagestreams.registries.errors import (
    Misbehaved,
    NotSecure,
    RegistryError,
    TimedOut,
    TooLarge,
    Unreachable,
    status_text,
)

_CHUNK_BYTES: Final = 1 << 16
# What OpenSSL makes of an answer that is plain HTTP.
_NOT_TLS: Final = ("WRONG_VERSION_NUMBER", "HTTP_REQUEST", "PACKET_LENGTH_TOO_LONG", "RECORD_LAYER_FAILURE")
_EXPIRED, _NOT_YET_VALID, _WRONG_HOST = 10, 9, 62


class Connections:
    """Connections that are kept open between requests; `connect_s` is how long making one may take, in seconds."""

    def __init__(self, connect_s: float) -> None:
        self._session = aiohttp.ClientSession(
            timeout=aiohttp.ClientTimeout(total=None, connect=None, sock_connect=connect_s),
            connector=aiohttp.TCPConnector(limit=0, ttl_dns_cache=30),
            cookie_jar=aiohttp.DummyCookieJar(),
            auto_decompress=False,
            headers={"User-Agent": "imagestreams"},
        )

    async def close(self) -> None:
        """Close all of them."""
        await self._session.close()

    async def exchange(
        self,
        method: str,
        url: URL,
        headers: Mapping[str, str],
        *,
        max_bytes: int,
        trust: ssl.SSLContext | None,
        proxy: URL | str | None,
        form: Mapping[str, str] | None,
        heard: Callable[[int], None],
    ) -> Answer:
        """Send one request and read its answer to the end; without `trust` any certificate will do.

        `heard` is told the status as soon as it is there, whatever becomes of the body.

        Raises:
            RegistryError: there is no answer, or it has more than `max_bytes`.
            TimeoutError: whoever called set a time, and it is over.
        """
        try:
            async with self._session.request(
                method,
                url,
                # Bytes are compared with digests, so they must come as they are.
                headers={"Accept-Encoding": "identity", **headers},
                data=form,
                allow_redirects=False,
                ssl=trust if trust is not None else False,
                proxy=proxy,
            ) as response:
                heard(response.status)
                body = b"" if method == "HEAD" else await _read(response, max_bytes)
                return Answer(response.status, response.headers, body, url)
        except TooLarge:
            raise TooLarge(f"{asked(method, url)}: more than {max_bytes} bytes") from None
        except (aiohttp.ClientError, ValueError, OSError) as error:
            if isinstance(error, TimeoutError) and not isinstance(error, aiohttp.ClientError):
                raise
            raise _failure(method, url, error) from error


async def _read(response: aiohttp.ClientResponse, max_bytes: int) -> bytes:
    if (response.content_length or 0) > max_bytes:
        raise TooLarge
    body = bytearray()
    async for chunk in response.content.iter_chunked(_CHUNK_BYTES):
        body += chunk
        if len(body) > max_bytes:
            raise TooLarge
    return bytes(body)


def _failure(method: str, url: URL, error: BaseException) -> RegistryError:
    kind: type[RegistryError] = Unreachable
    if isinstance(error, aiohttp.ClientHttpProxyError):
        kind = Unreachable
    elif isinstance(error, (aiohttp.ClientPayloadError, aiohttp.ClientResponseError)):
        kind = Misbehaved
    elif _ssl_cause(error) is not None:
        kind = NotSecure
    elif isinstance(error, aiohttp.ServerTimeoutError):
        kind = TimedOut
    return kind(f"{asked(method, url)}: {_reason(url, error)}")


def _reason(url: URL, error: BaseException) -> str:
    """Say what went wrong in the words of Go's standard library."""
    if isinstance(error, aiohttp.ClientHttpProxyError):
        return f"proxyconnect tcp: {status_text(error.status)}"
    if isinstance(error, aiohttp.ClientProxyConnectionError):
        return f"proxyconnect tcp: {os.strerror(error.os_error.errno or 0).lower()}"
    if isinstance(error, (aiohttp.ClientConnectorDNSError, aiohttp.InvalidURL, UnicodeError)):
        return f"dial tcp: lookup {url.host}: no such host"
    cause = _ssl_cause(error)
    if isinstance(cause, ssl.SSLCertVerificationError):
        return f"tls: failed to verify certificate: x509: {_certificate_problem(url, cause)}"
    if cause is not None:
        if any(mark in str(cause) for mark in _NOT_TLS):
            return "http: server gave HTTP response to HTTPS client"
        return f"tls: {cause.reason or cause}"
    if isinstance(error, aiohttp.ClientConnectorError):
        number = error.os_error.errno or 0
        if number in errno.errorcode:
            return f"dial tcp {_address(url)}: connect: {os.strerror(number).lower()}"
        # Hung up in the middle of the handshake: the system has no number for that.
        return f"dial tcp {_address(url)}: connect: {error.os_error}" if str(error.os_error) else "EOF"
    if isinstance(error, aiohttp.ServerTimeoutError):
        return f"dial tcp {_address(url)}: i/o timeout"
    if isinstance(error, aiohttp.ClientPayloadError):
        return "unexpected EOF"
    if isinstance(error, aiohttp.ServerDisconnectedError):
        return "EOF"
    if isinstance(error, aiohttp.ClientResponseError):
        return "net/http: HTTP/1.x transport connection broken: malformed HTTP response"
    return str(error) or type(error).__name__


def _address(url: URL) -> str:
    host = url.host or ""
    return f"[{host}]:{url.port}" if ":" in host else f"{host}:{url.port}"


def _ssl_cause(error: BaseException | None) -> ssl.SSLError | None:
    for _ in range(5):
        if error is None:
            return None
        # Some of aiohttp's own errors are SSL errors too, but know nothing of the cause.
        if isinstance(error, ssl.SSLError) and not isinstance(error, aiohttp.ClientError):
            return error
        held = getattr(error, "certificate_error", None) or getattr(error, "os_error", None)
        error = held if isinstance(held, ssl.SSLError) else error.__cause__ or error.__context__
    return None


def _certificate_problem(url: URL, error: ssl.SSLCertVerificationError) -> str:
    if error.verify_code in (_EXPIRED, _NOT_YET_VALID):
        return "certificate has expired or is not yet valid"
    if error.verify_code == _WRONG_HOST or "match" in error.verify_message:
        return f"certificate is not valid for {url.host}"
    return "certificate signed by unknown authority"
