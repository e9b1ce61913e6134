"""One HTTP request to a registry: bounded in bytes, time, redirects and repetitions."""

import asyncio
import errno
import os
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import aiohttp
from multidict import CIMultiDictProxy
from yarl import URL

from imagestreams.registries.bounded import Bounded
from imagestreams.registries.errors import (
    Misbehaved,
    NotSecure,
    RegistryError,
    TimedOut,
    TooLarge,
    Unreachable,
    status_text,
)
from imagestreams.registries.limits import Limiter, Limits, retry_after_s, used_up_s
from imagestreams.registries.observer import Nobody, RequestObserver
from imagestreams.registries.proxies import ProxyChoice, direct
from imagestreams.registries.trust import TrustChoice

_REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})
_CHUNK_BYTES: Final = 1 << 16
_HOSTS_MAX: Final = 4096
# What OpenSSL makes of an answer that is plain HTTP.
_NOT_TLS: Final = ("WRONG_VERSION_NUMBER", "HTTP_REQUEST", "PACKET_LENGTH_TOO_LONG", "RECORD_LAYER_FAILURE")
_EXPIRED, _NOT_YET_VALID, _WRONG_HOST = 10, 9, 62


@dataclass(frozen=True)
class Answer:
    """What a registry said, read to the end."""

    status: int
    headers: CIMultiDictProxy[str]
    body: bytes
    url: URL


@dataclass(frozen=True)
class _Last:
    """The last that was heard of a host."""

    what: Answer | RegistryError

    def repeated(self) -> Answer:
        if isinstance(self.what, RegistryError):
            raise self.what.with_traceback(None)
        return self.what


class Transport:
    """Sends requests over pooled connections; one for the whole process."""

    def __init__(
        self,
        limits: Limits,
        trust: ssl.SSLContext | TrustChoice | None = None,
        proxy: ProxyChoice = direct,
        observer: RequestObserver | None = None,
    ) -> None:
        self._observer = observer or Nobody()
        self._limits = limits
        self._proxy = proxy
        self._trust = _choice(trust or ssl.create_default_context())
        self._session: aiohttp.ClientSession | None = None
        self._limiters: Bounded[str, Limiter[_Last]] = Bounded(_HOSTS_MAX)

    async def close(self) -> None:
        """Close all connections."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def send(
        self,
        method: str,
        url: URL,
        headers: Mapping[str, str],
        *,
        max_bytes: int,
        insecure: bool,
        form: Mapping[str, str] | None = None,
    ) -> Answer:
        """Send a request, again if the server is busy, and return its last answer whatever its status.

        A `Retry-After` is waited for, by all requests to that host, and so is the next allowance, if not for long, of a
        host that tells that the present one is used up. A host that asks for more time than we wait, or
        fails again and again, is left alone for a while: what it said last is then the answer to everything.

        Raises:
            RegistryError: there is no answer, or not one within the bounds.
        """
        limiter = self._limiter(url)
        left = self._limits.attempts
        backoff_s = self._limits.backoff_s
        while True:
            async with limiter.slot() as waited_s:
                if waited_s:
                    self._observer.waited(_host(url), waited_s)
                if (last := limiter.last_words()) is not None:
                    return last.repeated()
                answer = await self._attempt(limiter, method, url, headers, max_bytes, insecure, form)
            left -= 1
            if (reset_s := used_up_s(answer.headers)) is not None:
                limiter.pause(min(reset_s, self._limits.longest_wait_s))
            if answer.status != 429 and answer.status < 500:
                limiter.succeeded()
                return answer
            asked_s = retry_after_s(answer.headers.get("Retry-After"))
            wait_s = backoff_s if asked_s is None else asked_s
            if wait_s > self._limits.longest_wait_s:
                limiter.leave_alone(_Last(answer), min(wait_s, self._limits.longest_silence_s))
                return answer
            if left <= 0:
                if asked_s is not None:
                    limiter.pause(asked_s)
                limiter.failed(_Last(answer), self._limits.failures, self._limits.longest_wait_s)
                return answer
            if asked_s is not None or answer.status == 429:
                limiter.pause(wait_s)
            else:
                await asyncio.sleep(wait_s)
            backoff_s *= 2

    def _limiter(self, url: URL) -> Limiter[_Last]:
        limiter = self._limiters.get(url.authority)
        if limiter is None:
            limiter = Limiter(self._limits.concurrency)
            self._limiters.put(url.authority, limiter)
        return limiter

    async def _attempt(
        self,
        limiter: Limiter[_Last],
        method: str,
        url: URL,
        headers: Mapping[str, str],
        max_bytes: int,
        insecure: bool,
        form: Mapping[str, str] | None,
    ) -> Answer:
        try:
            return await self._within_time(method, url, headers, max_bytes, insecure, form)
        except TimedOut as error:
            # Each of these has cost a long time; other errors are told at once.
            limiter.failed(_Last(error), self._limits.failures, self._limits.longest_wait_s)
            raise

    async def _within_time(
        self,
        method: str,
        url: URL,
        headers: Mapping[str, str],
        max_bytes: int,
        insecure: bool,
        form: Mapping[str, str] | None,
    ) -> Answer:
        try:
            async with asyncio.timeout(self._limits.total_s):
                return await self._follow(method, url, headers, max_bytes, insecure, form)
        except TimeoutError:
            raise TimedOut(f"{_asked(method, url)}: context deadline exceeded") from None

    async def _follow(
        self,
        method: str,
        url: URL,
        headers: Mapping[str, str],
        max_bytes: int,
        insecure: bool,
        form: Mapping[str, str] | None,
    ) -> Answer:
        here, sent = url, dict(headers)
        for _ in range(self._limits.redirects + 1):
            answer = await self._once(method, here, sent, max_bytes, insecure, form)
            location = answer.headers.get("Location")
            if answer.status not in _REDIRECTS or location is None:
                return answer
            there = _target(method, here, location, insecure)
            if there.origin() != here.origin():
                # A password or token is for the registry that asked, not for where it sends us.
                sent.pop("Authorization", None)
                if form is not None:
                    raise Misbehaved(f"{_asked(method, url)}: a login is not sent on to {there.origin()}")
            here = there
        raise Misbehaved(f"{_asked(method, here)}: stopped after {self._limits.redirects} redirects")

    async def _once(
        self,
        method: str,
        url: URL,
        headers: Mapping[str, str],
        max_bytes: int,
        insecure: bool,
        form: Mapping[str, str] | None,
    ) -> Answer:
        code: int | None = None
        if _can_not_exist(url):
            raise Unreachable(f"{_asked(method, url)}: dial tcp: lookup {url.host}: no such host")
        session = self._open()
        try:
            async with session.request(
                method,
                url,
                # Bytes are compared with digests, so they must come as they are.
                headers={"Accept-Encoding": "identity", **headers},
                data=form,
                allow_redirects=False,
                ssl=False if insecure else self._trust(url),
                proxy=self._proxy(url),
            ) as response:
                code = response.status
                body = b"" if method == "HEAD" else await _read(response, max_bytes)
                return Answer(response.status, response.headers, body, url)
        except TooLarge:
            raise TooLarge(f"{_asked(method, url)}: more than {max_bytes} bytes") from None
        except (aiohttp.ClientError, ValueError, OSError) as error:
            if isinstance(error, TimeoutError) and not isinstance(error, aiohttp.ClientError):
                raise
            raise _failure(method, url, error) from error
        finally:
            self._observer.asked(_host(url), method, code)

    def _open(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = aiohttp.ClientSession(
                timeout=aiohttp.ClientTimeout(total=None, connect=None, sock_connect=self._limits.connect_s),
                connector=aiohttp.TCPConnector(limit=0, ttl_dns_cache=30),
                cookie_jar=aiohttp.DummyCookieJar(),
                auto_decompress=False,
                headers={"User-Agent": "imagestreams"},
            )
        return self._session


def _host(url: URL) -> str:
    return url.host_port_subcomponent or ""


def _choice(trust: ssl.SSLContext | TrustChoice) -> TrustChoice:
    return (lambda url: trust) if isinstance(trust, ssl.SSLContext) else trust


def _can_not_exist(url: URL) -> bool:
    """Return whether a name is reserved to exist nowhere (RFC 6761, 6.4), so that no resolver need be asked."""
    return f".{url.host or ''}".rstrip(".").endswith(".invalid")


def _target(method: str, here: URL, location: str, insecure: bool) -> URL:
    try:
        # Signed addresses break when they are quoted anew.
        there = here.join(URL(location, encoded=True))
        there.origin()
    except ValueError as error:
        raise Misbehaved(f"{_asked(method, here)}: unusable Location header") from error
    if there.raw_user is not None:
        raise Misbehaved(f"{_asked(method, here)}: redirected to an address with a login")
    if there.scheme != "https" and not (insecure and there.scheme == "http"):
        raise Misbehaved(f"{_asked(method, here)}: redirected to {there.scheme}, which is not secure")
    return there


async def _read(response: aiohttp.ClientResponse, max_bytes: int) -> bytes:
    if (response.content_length or 0) > max_bytes:
        raise TooLarge
    body = bytearray()
    async for chunk in response.content.iter_chunked(_CHUNK_BYTES):
        body += chunk
        if len(body) > max_bytes:
            raise TooLarge
    return bytes(body)


def _asked(method: str, url: URL) -> str:
    # A query may hold the signature of a redirect, which is a secret, as is a password in an address.
    shown = f"{url.scheme}://{url.host_port_subcomponent or ''}{url.raw_path}"
    return f'{method.capitalize()} "{shown}"'


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
    return kind(f"{_asked(method, url)}: {_reason(url, error)}")


def _reason(url: URL, error: BaseException) -> str:
    """Say what went wrong in the words of Go's standard library."""
    if isinstance(error, aiohttp.ClientHttpProxyError):
        return f"proxyconnect tcp: {status_text(error.status)}"
    if isinstance(error, aiohttp.ClientProxyConnectionError):
        return f"proxyconnect tcp: {os.strerror(error.os_error.errno or 0).lower()}"
    if isinstance(error, aiohttp.ClientConnectorDNSError):
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
