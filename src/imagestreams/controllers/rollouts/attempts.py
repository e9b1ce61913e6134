"""What runners are doing right now, so that it can be ended when nobody wants it any more."""

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from typing import Any

from imagestreams.controllers.rollouts.records import Rollout
from imagestreams.store.cache import Entry


class Attempts:
    """The attempts at changes that are under way, and the keys of the objects that each is made for."""

    def __init__(self) -> None:
        self._keys: dict[asyncio.Task[Entry[Rollout]], Sequence[str]] = {}

    def break_off(self, key: str) -> None:
        """End the attempt that is made for an object: nobody waits for what its program still does."""
        for attempt, keys in self._keys.items():
            if key in keys:
                _cancel(attempt)

    async def make(
        self, work: Coroutine[Any, Any, Entry[Rollout]], keys: Sequence[str], is_unwanted: Callable[[], bool]
    ) -> Entry[Rollout] | None:
        """Carry out what objects ask for; return what is noted of it, `None` when it was broken off meanwhile.

        `is_unwanted` says whether that came about since they were looked at, before there was anything to end.
        """
        attempt = asyncio.create_task(work)
        self._keys[attempt] = keys
        try:
            if is_unwanted():
                _cancel(attempt)
            await asyncio.wait([attempt])
        finally:
            del self._keys[attempt]
            if not attempt.done():
                _cancel(attempt)
                await asyncio.wait([attempt])
        return None if attempt.cancelled() else attempt.result()


def _cancel(attempt: asyncio.Task[Any]) -> None:
    """Cancel an attempt once: a second time would break off the end of its program, which takes a while."""
    if not attempt.cancelling():
        attempt.cancel()
