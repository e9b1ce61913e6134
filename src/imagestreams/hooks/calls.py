"""Writes down when a hook was last called and with what result, but not on every call.

The first call is written a moment after it came, another result a minute later at the earliest, the same one again
only from time to time. That nothing follows a push is no news after another result: a registry tells of each layer
before it tells of the image. What is known at a shutdown and not written yet is lost.
"""

from collections.abc import Callable
from typing import Final

from imagestreams.api.codec import copy
from imagestreams.api.hooks import RegistryHook, RegistryHookCall
from imagestreams.controllers.queue import WorkQueue
from imagestreams.resources.storage import ObjectStorage, StaleObject

NOTHING: Final = "Nothing"
SETTLE_S: Final = 1.0
BETWEEN_WRITES_S: Final = 60.0
SAME_RESULT_S: Final = 600.0


class LastCalls:
    """Keeps `status.lastCall` of all hooks; `monotonic` tells the time in seconds."""

    def __init__(self, hooks: ObjectStorage[RegistryHook], monotonic: Callable[[], float]) -> None:
        self._hooks = hooks
        self._monotonic = monotonic
        self._calls: dict[str, RegistryHookCall] = {}
        self._written: dict[str, tuple[float, str]] = {}
        self._queue = WorkQueue(self._write, workers=1)

    async def run(self) -> None:
        """Write until `stop` is called."""
        await self._queue.run()

    def stop(self) -> None:
        """Let `run` end."""
        self._queue.stop()

    def note(self, key: str, call: RegistryHookCall) -> None:
        """Remember a call; it is written when its time has come."""
        waiting, written = self._calls.get(key), self._written.get(key)
        if call.result == NOTHING and waiting is not None and waiting.result != NOTHING:
            return
        self._calls[key] = call
        if written is None:
            self._queue.add_after(key, SETTLE_S)
            return
        since, result = written
        pause_s = SAME_RESULT_S if call.result in (result, NOTHING) else BETWEEN_WRITES_S
        self._queue.add_after(key, max(0.0, since + pause_s - self._monotonic()))

    async def _write(self, key: str) -> None:
        call = self._calls.pop(key, None)
        while call is not None:
            entry = self._hooks.cache.get(key)
            if entry is None:
                self._written.pop(key, None)
                return
            value = copy(entry.value)
            value.status.last_call = call
            # Noted first, so that what comes in meanwhile waits for its own time.
            self._written[key] = (self._monotonic(), call.result)
            try:
                await self._hooks.replace(entry, value)
            except StaleObject:
                continue
            return
