"""Forgets events an hour after they happened last, so that they don't pile up."""

import asyncio
from collections.abc import Callable
from datetime import datetime
from typing import Final

from imagestreams.api.core import Event
from imagestreams.resources.core.events import is_over
from imagestreams.resources.storage import ObjectStorage, StaleObject
from imagestreams.store.kv import StoreClosed

SWEEP_INTERVAL_S: Final = 60.0


class EventExpiry:
    """Sweeps once a minute."""

    def __init__(self, events: ObjectStorage[Event], clock: Callable[[], datetime]) -> None:
        self._events = events
        self._clock = clock
        self._stopped = asyncio.Event()

    async def run(self) -> None:
        """Work until `stop` is called."""
        while not self._stopped.is_set():
            try:
                await self.sweep()
            except StoreClosed:
                return
            try:
                async with asyncio.timeout(SWEEP_INTERVAL_S):
                    await self._stopped.wait()
            except TimeoutError:
                continue

    def stop(self) -> None:
        """Let `run` end."""
        self._stopped.set()

    async def sweep(self) -> int:
        """Remove what is over; return how many events that were."""
        now = self._clock()
        over = [entry for entry in self._events.list() if is_over(entry.value, now)]
        for entry in over:
            try:
                await self._events.remove(entry)
            except StaleObject:
                # It happened again just now.
                continue
        return len(over)
