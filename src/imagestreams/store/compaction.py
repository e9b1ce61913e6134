"""Keeps the log of writes short: by age, by number, and by size.

Whoever reads the past does so a few minutes back at most, and mostly from memory. How old a revision is, is known by
noting now and then which one is current; after a restart the count of time begins anew.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Protocol

from imagestreams.store.kv import Store, StoreClosed, StoreError

LOG: Final = logging.getLogger(__name__)


class LoggedStore(Store, Protocol):
    """A store whose log can be measured."""

    async def log_start(self, rows: int, size_bytes: int) -> int:
        """Return the newest revision behind the last `rows` rows or `size_bytes` bytes of the log, 0 if all fit."""


@dataclass(frozen=True, slots=True)
class CompactionPolicy:
    """What the log may hold; it is looked at once an interval."""

    age_s: float = 600.0
    rows: int = 20_000
    size_bytes: int = 64 * 1024 * 1024
    interval_s: float = 60.0


class Compaction:
    """Compacts a store as a policy says; `clock` gives seconds that only rise."""

    def __init__(self, store: LoggedStore, clock: Callable[[], float], policy: CompactionPolicy | None = None) -> None:
        self._store = store
        self._clock = clock
        self._policy = policy or CompactionPolicy()
        self._marks: deque[tuple[float, int]] = deque()
        self._compacted = 0
        self._stopped = asyncio.Event()

    async def run(self) -> None:
        """Work until `stop` is called."""
        while not self._stopped.is_set():
            try:
                await self.step()
            except StoreClosed:
                return
            except (StoreError, OSError):
                LOG.exception("the log could not be compacted, it is tried again")
            try:
                async with asyncio.timeout(self._policy.interval_s):
                    await self._stopped.wait()
            except TimeoutError:
                continue

    def stop(self) -> None:
        """Let `run` end."""
        self._stopped.set()

    async def step(self) -> int:
        """Note the current revision and compact what the policy no longer keeps; return up to where, or 0."""
        now = self._clock()
        old = 0
        while self._marks and self._marks[0][0] + self._policy.age_s <= now:
            old = self._marks.popleft()[1]
        self._marks.append((now, self._store.revision))
        revision = max(old, await self._store.log_start(self._policy.rows, self._policy.size_bytes))
        if revision <= self._compacted:
            return 0
        await self._store.compact(revision)
        self._compacted = revision
        return revision
