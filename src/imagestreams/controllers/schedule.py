"""Imports tags with `importPolicy.scheduled` again from time to time.

Every stream that has such tags comes up once in an interval, each at a time of its own, so that registries are not
asked for everything at once. What is unchanged costs one HEAD a tag and no write.
"""

import logging
from collections.abc import Callable
from random import Random
from typing import Final

from imagestreams.api.errors import ApiError
from imagestreams.api.image import ImageStream
from imagestreams.controllers.due import scheduled_import
from imagestreams.controllers.queue import RetryLater, WorkQueue
from imagestreams.controllers.watching import run_following
from imagestreams.resources.imagestreamimports import ImageStreamImports
from imagestreams.resources.storage import ObjectStorage
from imagestreams.store.cache import Entry

INTERVAL_S: Final = 900.0
_JITTER: Final = 0.1

_log: Final = logging.getLogger(__name__)


class ScheduledImports:
    """Re-imports in an interval; `random` spreads the streams over it, `clock` gives the time as the API shows it."""

    def __init__(
        self,
        imports: ImageStreamImports,
        streams: ObjectStorage[ImageStream],
        clock: Callable[[], str],
        *,
        interval_s: float = INTERVAL_S,
        random: Random | None = None,
        workers: int = 4,
    ) -> None:
        self._imports = imports
        self._streams = streams
        self._clock = clock
        self._interval_s = interval_s
        self._random = random or Random()
        self._scheduled: set[str] = set()
        self._queue = WorkQueue(self._sync, workers=workers)

    async def run(self) -> None:
        """Re-import until `stop` is called or the store is closed."""
        await run_following(self._queue, self._streams, self._seen, self._scheduled.discard)

    def stop(self) -> None:
        """Let `run` end."""
        self._queue.stop()

    def _seen(self, entry: Entry[ImageStream]) -> None:
        if entry.key in self._scheduled or scheduled_import(entry.value) is None:
            return
        # A new tag was just imported, and after a restart all streams are seen at once: spread them.
        self._scheduled.add(entry.key)
        self._queue.add_after(entry.key, self._interval_s * self._random.uniform(0.5, 1))

    async def _sync(self, key: str) -> None:
        entry = self._streams.cache.get(key)
        request = scheduled_import(entry.value) if entry is not None else None
        if request is None:
            self._scheduled.discard(key)
            return
        try:
            await self._imports.perform(request, self._clock(), strict=True)
        except ApiError as error:
            if error.status.reason == "Conflict":
                raise RetryLater(error.status.message) from error
            _log.warning("scheduled import of %s refused: %s", key, error.status.message)
        self._queue.add_after(key, self._interval_s * self._random.uniform(1 - _JITTER, 1 + _JITTER))
