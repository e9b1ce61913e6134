"""The logins of one cloud, kept until shortly before they end."""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final
from weakref import WeakValueDictionary

from imagestreams.registries.bounded import Bounded
from imagestreams.registries.credentials import Login
from imagestreams.registries.errors import NoLoginGiven
from imagestreams.registries.keychains.cloud import Cloud, Lent

_KEPT: Final = 256
_AT_ONCE: Final = 4
_MARGIN_S: Final = 600
_LONGEST_S: Final = 12 * 3600
_REST_S: Final = 60
"""How long a failure counts, and how old a login must be for a new one to be worth asking when it is refused."""

_log: Final = logging.getLogger(__name__)


@dataclass(frozen=True)
class _Kept:
    """What was last given: a login, or why there is none; times in seconds since 1970.

    After `good_until` it is asked for again, and if nothing better comes a login is used until `ends_at`.
    """

    given: Login | NoLoginGiven
    since: float
    good_until: float
    ends_at: float


class Keychain:
    """Asks a cloud once for all who want the same login; `now` gives seconds since 1970."""

    def __init__(self, cloud: Cloud, now: Callable[[], float], timeout_s: float = 30) -> None:
        self._cloud = cloud
        self._now = now
        self._timeout_s = timeout_s
        self._kept: Bounded[str, _Kept] = Bounded(_KEPT)
        self._locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        self._turns = asyncio.Semaphore(_AT_ONCE)

    @property
    def name(self) -> str:
        """The cloud's name."""
        return self._cloud.name

    def opens(self, host: str) -> bool:
        """Return whether a host is a registry of the cloud."""
        return self._cloud.key(host) is not None

    async def login(self, host: str) -> Login:
        """Return the login at a registry of the cloud.

        Raises:
            NoLoginGiven: the cloud gives none, or not in time.
        """
        key = self._cloud.key(host)
        if key is None:
            raise NoLoginGiven("no registry of this cloud")
        async with self._locks.setdefault(key, asyncio.Lock()):
            kept = self._kept.get(key)
            if kept is None or self._now() >= kept.good_until:
                async with self._turns:
                    found = await self._ask(key, host)
                kept = self._better(kept, found)
                self._kept.put(key, kept)
        if isinstance(kept.given, NoLoginGiven):
            raise kept.given.with_traceback(None)
        return kept.given

    def refused(self, host: str) -> None:
        """Note that the registry refused the login: the next one to ask gets a new one, if this is not new itself."""
        key = self._cloud.key(host) or ""
        kept = self._kept.get(key)
        if kept is not None and self._now() - kept.since >= _REST_S:
            self._kept.drop(key)

    async def _ask(self, key: str, host: str) -> _Kept:
        try:
            async with asyncio.timeout(self._timeout_s):
                lent = await self._cloud.fetch(key)
        except TimeoutError:
            return self._without(NoLoginGiven("no answer in time", transient=True), host)
        except NoLoginGiven as error:
            return self._without(error, host)
        except Exception as error:
            # Whatever a library raises: an import must not fail for it, nor its text be shown.
            return self._without(NoLoginGiven(type(error).__name__), host)
        now = self._now()
        return _Kept(lent.login, now, now + _useful_s(lent, now), lent.ends_at)

    def _better(self, before: _Kept | None, found: _Kept) -> _Kept:
        """Return a login that has not ended yet, rather than none."""
        if before is None or isinstance(before.given, NoLoginGiven) or not isinstance(found.given, NoLoginGiven):
            return found
        if self._now() >= before.ends_at:
            return found
        return replace(before, good_until=min(found.good_until, before.ends_at))

    def _without(self, error: NoLoginGiven, host: str) -> _Kept:
        _log.warning("the %s keychain gave no login for %s: %s", self.name, host, error.kind)
        now = self._now()
        return _Kept(error, now, now + _REST_S, now + _REST_S)


def _useful_s(lent: Lent, now: float) -> float:
    """Return how long a login is used: not quite until its end, since requests take their time."""
    lifetime_s = min(max(0.0, lent.ends_at - now), _LONGEST_S)
    return lifetime_s - min(_MARGIN_S, lifetime_s / 10)
