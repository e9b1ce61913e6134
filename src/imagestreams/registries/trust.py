"""Whose certificates are believed: the system's authorities for everybody, others for single hosts."""

import hashlib
import logging
import ssl
from collections.abc import Callable, Mapping
from typing import Final

from yarl import URL

from imagestreams.registries.bounded import Bounded

TrustChoice = Callable[[URL], ssl.SSLContext]
"""Says which authorities are believed for an address."""

_KEPT: Final = 64
_log: Final = logging.getLogger(__name__)


class HostTrust:
    """Adds the authorities of single hosts, which may change at any time, to those that hold for all.

    `make` makes a context with the common ones; `authorities` gives certificates (PEM) by `host` or `host:port`, of
    which the more exact counts.
    """

    def __init__(self, make: Callable[[], ssl.SSLContext], authorities: Callable[[], Mapping[str, str]]) -> None:
        self._make = make
        self._common = make()
        self._authorities = authorities
        self._made: Bounded[bytes, ssl.SSLContext] = Bounded(_KEPT)

    def __call__(self, url: URL) -> ssl.SSLContext:
        """Return the context for an address."""
        known = self._authorities()
        host = (url.host or "").lower()
        pem = known.get(f"{host}:{url.port}") or known.get(host)
        return self._with(pem, host) if pem else self._common

    def _with(self, pem: str, host: str) -> ssl.SSLContext:
        key = hashlib.sha256(pem.encode()).digest()
        context = self._made.get(key)
        if context is None:
            context = self._make()
            try:
                context.load_verify_locations(cadata=pem)
            except (ssl.SSLError, ValueError) as error:
                _log.warning("the additional authorities of %s are not usable: %s", host, error)
            self._made.put(key, context)
        return context
