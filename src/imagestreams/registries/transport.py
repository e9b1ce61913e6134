"""One HTTP request to a registry: bounded in bytes, time, redirects and repetitions."""

import asyncio
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from http import HTTPStatus
from typing import TYPE_CHECKING, Final

from multidict import CIMultiDict, CIMultiDictProxy
from yarl import URL

from imagestreams.registries.addresses import check_address, read_address
from imagestreams.registries.answer import Answer, asked
from imagestreams.registries.bounded import Bounded
from imagestreams.registries.clock import SYSTEM, Clock
from imagestreams.registries.echoes import without_login
from imagestreams.registries.errors import Misbehaved, RegistryError, TimedOut, Unreachable
from imagestreams.registries.limits import Limiter, Limits, retry_after_s, used_up_s
from imagestreams.registries.observer import Nobody, RequestObserver
from imagestreams.registries.proxies import ProxyChoice, direct
from imagestreams.registries.silences import Silences
from imagestreams.registries.trust import TrustChoice
from imagestreams.tls_trust import system_trust

if TYPE_CHECKING:
    from imagestreams.registries.connections import Connections

_REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})
_HOSTS_MAX: Final = 4096


@dataclass(frozen=True)
class _Last:
    """The last that was heard of a host."""

    what: Answer | RegistryError

    def repeated(self) -> Answer:
        if isinstance(self.what, RegistryError):
            raise self.what.with_traceback(None)
        return self.what


@dataclass(frozen=True)
class _Request:
    """What is asked, and the bounds of the answer; it prints as messages name it."""

    method: str
    url: URL
    headers: Mapping[str, str]
    max_bytes: int
    insecure: bool
    form: Mapping[str, str] | None

    def __str__(self) -> str:
        return asked(self.method, self.url)


class Transport:
    """Sends requests over pooled connections; one for the whole process."""

    def __init__(
        self,
        limits: Limits,
        trust: ssl.SSLContext | TrustChoice | None = None,
        proxy: ProxyChoice = direct,
        observer: RequestObserver | None = None,
        clock: Clock = SYSTEM,
        silences: Silences | None = None,
    ) -> None:
        self._clock = clock
        self._silences = silences or Silences()
        self._observer = observer or Nobody()
        self._limits = limits
        self._proxy = proxy
        self._trust = _choice(trust or system_trust())
        self._connections: Connections | None = None
        self._limiters: Bounded[str, Limiter[_Last]] = Bounded(_HOSTS_MAX)

    async def close(self) -> None:
        """Close all connections."""
        if self._connections is not None:
            await self._connections.close()
            self._connections = None

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
        host that tells that the present one is used up. A host that asks for more time than we wait is left alone for
        that time, one that fails again and again for a while: what it said last is then the answer to everything.

        Raises:
            RegistryError: there is no answer, or not one within the bounds.
        """
        request = _Request(method, url, headers, max_bytes, insecure, form)
        limiter = self._limiter(url)
        left = self._limits.attempts
        backoff_s = self._limits.backoff_s
        while True:
            async with limiter.slot() as waited_s:
                if waited_s:
                    self._observer.waited(_host(url), waited_s)
                if (last := limiter.last_words()) is not None:
                    return last.repeated()
                answer = await self._attempt(limiter, request)
            left -= 1
            if (reset_s := used_up_s(answer.headers)) is not None:
                limiter.pause(min(reset_s, self._limits.longest_wait_s))
            if answer.status != 429 and answer.status < 500:
                limiter.succeeded()
                return answer
            asked_s = retry_after_s(answer.headers.get("Retry-After"), self._clock.now())
            wait_s = backoff_s if asked_s is None else asked_s
            if wait_s > self._limits.longest_wait_s:
                silence_s, now = min(wait_s, self._limits.longest_silence_s), self._clock.now()
                answer = replace(answer, not_before=now + timedelta(seconds=silence_s))
                limiter.leave_alone(_Last(answer), silence_s)
                self._silences.note(_host(url), now + timedelta(seconds=silence_s), now)
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
            limiter = Limiter(self._limits.concurrency, self._clock)
            self._limiters.put(url.authority, limiter)
            now = self._clock.now()
            if (until := self._silences.until(_host(url), now)) is not None:
                # What it said is not known any more, but that it wanted to hear nothing.
                answer = Answer(429, CIMultiDictProxy(CIMultiDict()), b"", url, until)
                limiter.leave_alone(_Last(answer), (until - now).total_seconds())
        return limiter

    async def _attempt(self, limiter: Limiter[_Last], request: _Request) -> Answer:
        try:
            return await self._within_time(request)
        except TimedOut as error:
            # Each of these has cost a long time; other errors are told at once.
            limiter.failed(_Last(error), self._limits.failures, self._limits.longest_wait_s)
            raise

    async def _within_time(self, request: _Request) -> Answer:
        try:
            async with asyncio.timeout(self._limits.total_s):
                return await self._follow(request)
        except TimeoutError:
            raise TimedOut(f"{request}: context deadline exceeded") from None

    async def _follow(self, request: _Request) -> Answer:
        here = request
        for _ in range(self._limits.redirects + 1):
            answer = await self._once(here)
            location = answer.headers.get("Location")
            if answer.status not in _REDIRECTS or location is None:
                return answer
            there = _target(here.method, here.url, location, request.insecure)
            headers = here.headers
            if there.origin() != here.url.origin():
                # A password or token is for the registry that asked, not for where it sends us.
                headers = {name: value for name, value in headers.items() if name != "Authorization"}
                if request.form is not None:
                    raise Misbehaved(f"{request}: a login is not sent on to {there.origin()}")
            here = replace(here, url=there, headers=headers)
        raise Misbehaved(f"{here}: stopped after {self._limits.redirects} redirects")

    async def _once(self, request: _Request) -> Answer:
        url = request.url
        if _can_not_exist(url):
            raise Unreachable(f"{request}: dial tcp: lookup {url.host}: no such host")
        heard: list[int] = []
        try:
            answer = await self._open().exchange(
                request.method,
                url,
                request.headers,
                max_bytes=request.max_bytes,
                trust=None if request.insecure else self._trust(url),
                proxy=self._proxy(url),
                form=request.form,
                heard=heard.append,
            )
            if answer.status >= HTTPStatus.BAD_REQUEST and answer.body:
                body = without_login(answer.body, request.headers.get("Authorization", ""), request.form)
                answer = replace(answer, body=body)
            return answer
        finally:
            # An answer whose body was no use was an answer all the same.
            self._observer.asked(_host(url), request.method, heard[0] if heard else None)

    def _open(self) -> "Connections":
        if self._connections is None:
            from imagestreams.registries.connections import Connections

            self._connections = Connections(self._limits.connect_s)
        return self._connections


def _host(url: URL) -> str:
    return url.host_port_subcomponent or ""


def _choice(trust: ssl.SSLContext | TrustChoice) -> TrustChoice:
    return (lambda url: trust) if isinstance(trust, ssl.SSLContext) else trust


def _can_not_exist(url: URL) -> bool:
    """Return whether a name is reserved to exist nowhere (RFC 6761, 6.4), so that no resolver need be asked."""
    return f".{url.host or ''}".rstrip(".").endswith(".invalid")


def _target(method: str, here: URL, location: str, insecure: bool) -> URL:
    try:
        there = here.join(read_address(location))
        check_address(there)
        there.origin()
    except ValueError as error:
        raise Misbehaved(f"{asked(method, here)}: unusable Location header") from error
    if there.raw_user is not None:
        raise Misbehaved(f"{asked(method, here)}: redirected to an address with a login")
    if there.scheme != "https" and not (insecure and there.scheme == "http"):
        raise Misbehaved(f"{asked(method, here)}: redirected to {there.scheme}, which is not secure")
    return there
