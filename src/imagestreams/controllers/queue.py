"""Which key is worked on next: each at most once at a time, failed ones later and later."""

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Final

_log: Final = logging.getLogger(__name__)


class RetryLater(Exception):
    """The work on a key could not be done now; it comes up again after its backoff."""


@dataclass(frozen=True)
class Backoff:
    """The waiting time after the n-th failure in a row: doubled each time, up to the longest."""

    first_s: float = 1
    longest_s: float = 600

    def delay_s(self, failures: int) -> float:
        """Return the seconds to wait after that many failures."""
        return min(self.longest_s, self.first_s * 2.0 ** min(max(failures - 1, 0), 60))


@dataclass(frozen=True, slots=True)
class _Lane:
    """The keys of one lane that wait, and what its workers wait for."""

    ready: deque[str] = field(default_factory=deque)
    wake: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(0))


class WorkQueue:
    """Hands keys to a few workers.

    A key that is added while it waits is worked on once; one that is added while it is worked on comes up again
    afterwards. An exception of the work counts as a failure of that key and never ends a worker. `lane` tells what
    keys have in common whose work may hang together: each lane has workers of its own, and there must be few lanes.
    """

    def __init__(
        self,
        work: Callable[[str], Awaitable[None]],
        *,
        workers: int = 4,
        backoff: Backoff | None = None,
        lane: Callable[[str], str] = lambda key: "",
    ) -> None:
        self._work = work
        self._workers = workers
        self._backoff = backoff or Backoff()
        self._lane = lane
        self._lanes: dict[str, _Lane] = {}
        self._serving: list[asyncio.Task[None]] | None = None
        self._waiting: set[str] = set()
        self._active: set[str] = set()
        self._again: set[str] = set()
        self._timers: dict[str, tuple[float, asyncio.TimerHandle]] = {}
        self._failures: dict[str, int] = {}
        self._stopped = asyncio.Event()

    @property
    def is_idle(self) -> bool:
        """Whether no key is worked on or waits for a worker."""
        return not self._active and not self._waiting

    @property
    def depth(self) -> int:
        """How many keys wait for a worker or are worked on."""
        return len(self._active) + len(self._waiting)

    def add(self, key: str) -> None:
        """Work on a key as soon as a worker is free."""
        if self._stopped.is_set():
            return
        if key in self._active:
            self._again.add(key)
        elif key not in self._waiting:
            self._waiting.add(key)
            lane = self._lane_of(key)
            lane.ready.append(key)
            lane.wake.release()

    def add_after(self, key: str, delay_s: float) -> None:
        """Add a key after a time; of several times the earliest counts."""
        if self._stopped.is_set():
            return
        loop = asyncio.get_running_loop()
        when = loop.time() + delay_s
        if key in self._timers:
            if self._timers[key][0] <= when:
                return
            self._timers[key][1].cancel()
        self._timers[key] = when, loop.call_at(when, self._due, key)

    def add_failed(self, key: str) -> None:
        """Add a key again after the backoff of its failures in a row."""
        self._failures[key] = self._failures.get(key, 0) + 1
        self.add_after(key, self._backoff.delay_s(self._failures[key]))

    def forget(self, key: str) -> None:
        """Start the backoff of a key anew."""
        self._failures.pop(key, None)

    async def run(self) -> None:
        """Work until `stop` is called; work that is under way is then cancelled."""
        self._serving = [self._worker(lane) for lane in self._lanes.values() for _ in range(self._workers)]
        try:
            await self._stopped.wait()
        finally:
            self.stop()
            for worker in self._serving:
                worker.cancel()
            await asyncio.gather(*self._serving, return_exceptions=True)

    def stop(self) -> None:
        """Take no more keys and let `run` end."""
        self._stopped.set()
        for _, timer in self._timers.values():
            timer.cancel()
        self._timers.clear()

    def _due(self, key: str) -> None:
        self._timers.pop(key, None)
        self.add(key)

    def _lane_of(self, key: str) -> _Lane:
        name = self._lane(key)
        lane = self._lanes.get(name)
        if lane is None:
            lane = self._lanes[name] = _Lane()
            if self._serving is not None:
                self._serving += [self._worker(lane) for _ in range(self._workers)]
        return lane

    def _worker(self, lane: _Lane) -> asyncio.Task[None]:
        return asyncio.create_task(self._serve(lane))

    async def _serve(self, lane: _Lane) -> None:
        while True:
            await lane.wake.acquire()
            key = lane.ready.popleft()
            self._waiting.discard(key)
            self._active.add(key)
            try:
                await self._attempt(key)
            finally:
                self._active.discard(key)
                if key in self._again:
                    self._again.discard(key)
                    self.add(key)

    async def _attempt(self, key: str) -> None:
        try:
            await self._work(key)
        except RetryLater as reason:
            _log.debug("work on %s is put off: %s", key, reason)
            self.add_failed(key)
        except Exception:
            _log.exception("work on %s failed", key)
            self.add_failed(key)
        else:
            self.forget(key)
