"""Sends one request to an address of somebody else's and hears whether it was taken.

Every delivery makes a connection of its own: they are few, and where a name leads is looked at each time, at the very
addresses that are then connected to. Of the answer only status and `Retry-After` are read; what it says is neither
kept nor shown, since it may come from where the maker of the sink has no business. Redirects are not followed. The
HTTP client is loaded with the first request.
"""

import asyncio
import os
import socket
import ssl
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import SplitResult

from imagestreams.notifications.lanes import Outcome, outcome_of
from imagestreams.notifications.presets.request import OutgoingRequest
from imagestreams.registries.limits import retry_after_s
from imagestreams.registries.proxies import ProxyChoice, direct
from imagestreams.resources.notifications.urls import UrlRules, literal_address
from imagestreams.tls_trust import system_trust

if TYPE_CHECKING:
    from aiohttp.abc import AbstractResolver

TOTAL_S: Final = 30.0
CONNECT_S: Final = 10.0
_DISCARDED_BYTES: Final = 64 * 1024


class Forbidden(OSError):
    """The name leads to addresses that nothing may be sent to."""


class Courier:
    """Sends requests under an operator's rules; `trust` makes the TLS context, once."""

    def __init__(
        self,
        rules: UrlRules,
        trust: Callable[[], ssl.SSLContext] = system_trust,
        proxy: ProxyChoice = direct,
        *,
        total_s: float = TOTAL_S,
        resolver: "Callable[[], AbstractResolver] | None" = None,
    ) -> None:
        self._rules = rules
        self._make_trust = trust
        self._trust: ssl.SSLContext | None = None
        self._proxy = proxy
        self._total_s = total_s
        self._resolver = resolver

    async def send(self, url: SplitResult, request: OutgoingRequest) -> Outcome:
        """Send a request; whatever goes wrong is an outcome."""
        try:
            async with asyncio.timeout(self._total_s):
                return await self._send(url, request)
        except TimeoutError:
            return Outcome(False, f"the receiver did not answer within {self._total_s:.0f} s", down=True)

    async def _send(self, url: SplitResult, request: OutgoingRequest) -> Outcome:
        import aiohttp
        from yarl import URL

        literal = literal_address(url.hostname or "")
        if literal is not None and not self._rules.admits(url.scheme, literal):
            return Outcome(False, "the address is one that nothing may be sent to", down=True)
        target = URL(url.geturl(), encoded=True)
        proxy = self._proxy(target)
        if self._trust is None:
            self._trust = self._make_trust()
        # A proxy is the operator's choice, and where it connects to is its own business.
        resolver = None if proxy is not None else _checked(self._rules, url.scheme, self._resolver)
        connector = aiohttp.TCPConnector(resolver=resolver, use_dns_cache=False, force_close=True, ssl=self._trust)
        timeout = aiohttp.ClientTimeout(total=None, sock_connect=CONNECT_S)
        headers = {**request.headers, "Content-Type": request.content_type, "Accept-Encoding": "identity"}
        try:
            async with (
                aiohttp.ClientSession(
                    connector=connector,
                    timeout=timeout,
                    cookie_jar=aiohttp.DummyCookieJar(),
                    auto_decompress=False,
                    headers={"User-Agent": "imagestreams"},
                ) as session,
                session.post(target, data=request.body, headers=headers, allow_redirects=False, proxy=proxy) as answer,
            ):
                # So that a receiver that writes a little is not cut off before it is done.
                await answer.content.read(_DISCARDED_BYTES)
                return outcome_of(answer.status, retry_after_s(answer.headers.get("Retry-After")))
        except TimeoutError:
            return Outcome(False, "the receiver could not be connected to in time", down=True)
        except (aiohttp.ClientError, ValueError, OSError) as error:
            return Outcome(False, _told(error), down=True)


def _checked(rules: UrlRules, scheme: str, make: "Callable[[], AbstractResolver] | None") -> "AbstractResolver":
    """Return a resolver that leaves out the addresses that the rules forbid."""
    from aiohttp import ThreadedResolver
    from aiohttp.abc import AbstractResolver, ResolveResult

    inner = make() if make is not None else ThreadedResolver()

    class Checked(AbstractResolver):
        async def resolve(
            self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
        ) -> list[ResolveResult]:
            found = await inner.resolve(host, port, family)
            admitted = [one for one in found if _admits(rules, scheme, one["host"])]
            if not admitted:
                raise Forbidden
            return admitted

        async def close(self) -> None:
            await inner.close()

    return Checked()


def _admits(rules: UrlRules, scheme: str, host: str) -> bool:
    address = literal_address(host)
    return address is not None and rules.admits(scheme, address)


def _told(error: BaseException) -> str:
    """Say what went wrong without any part of the address."""
    import aiohttp

    causes: list[Any] = [error]
    while (cause := getattr(causes[-1], "os_error", None) or causes[-1].__cause__) is not None and len(causes) < 5:
        causes.append(cause)
    certificate = getattr(error, "certificate_error", None)
    if any(isinstance(cause, Forbidden) for cause in causes):
        return "the name leads to an address that nothing may be sent to"
    if isinstance(certificate, ssl.SSLCertVerificationError):
        return f"the receiver's certificate is not trusted: {certificate.verify_message}"
    if any(isinstance(cause, ssl.SSLError) for cause in causes):
        return "no secure connection to the receiver could be made"
    if isinstance(error, aiohttp.ClientConnectorDNSError) or any(isinstance(one, socket.gaierror) for one in causes):
        return "the receiver's name can't be resolved"
    numbers = [cause.errno for cause in causes if isinstance(cause, OSError) and isinstance(cause.errno, int)]
    if numbers and numbers[-1] > 0:
        return f"the receiver could not be connected to: {os.strerror(numbers[-1]).lower()}"
    if isinstance(error, aiohttp.ServerDisconnectedError):
        return "the receiver hung up without an answer"
    return f"the receiver's answer could not be read ({type(error).__name__})"
