"""Checks tags with `importPolicy.scheduled`, and repositories of streams that ask for it, from time to time.

Each tag has an interval of its own and comes up at moments of its own (`timetable`), whatever the other tags of its
stream do; what happens to come up together in one stream is imported together. What is unchanged costs one HEAD a tag
and no write. Nothing about the schedule is stored: when a tag is due follows from its name, how long it has been
failing stands in its condition.
"""

import asyncio
import logging
from collections.abc import Callable, Collection, Mapping
from datetime import UTC, datetime
from typing import Final

from imagestreams.api.errors import ApiError
from imagestreams.api.image import ImageStream, ImageStreamImport
from imagestreams.controllers.imports.due import (
    REPOSITORY,
    failing_since,
    is_insecure,
    repository_import,
    scheduled_checks,
    scheduled_import,
)
from imagestreams.controllers.imports.lanes import WORKERS, lanes
from imagestreams.controllers.imports.timetable import Timetable, next_check_s
from imagestreams.controllers.queue import RetryLater, WorkQueue
from imagestreams.controllers.watching import run_following
from imagestreams.importing.failure import ImportFailed
from imagestreams.reference import InvalidReference
from imagestreams.resources.images.imagestreamimports import ImageStreamImports
from imagestreams.resources.storage import ObjectStorage
from imagestreams.store.cache import Entry
from imagestreams.streams.repository_failure import failing_since as repository_failing_since

INTERVAL_S: Final = 900.0
TICK_S: Final = 1.0
_CLOCK_SET_BACK_S: Final = 5.0
_NEVER_SILENT: Final[Mapping[str, datetime]] = {}

_log: Final = logging.getLogger(__name__)


class ScheduledImports:
    """Re-imports by the wall clock that `clock` shows; `interval_s` is for what has no interval of its own."""

    def __init__(
        self,
        imports: ImageStreamImports,
        streams: ObjectStorage[ImageStream],
        clock: Callable[[], datetime],
        *,
        interval_s: float = INTERVAL_S,
        tick_s: float = TICK_S,
        workers: int = WORKERS,
    ) -> None:
        self._imports = imports
        self._streams = streams
        self._clock = clock
        self._interval_s = interval_s
        self._tick_s = tick_s
        self._timetable = Timetable()
        self._due: dict[str, set[str]] = {}
        self._due_since: dict[str, float] = {}
        self._last_s = 0.0
        self._queue = WorkQueue(self._sync, workers=workers, lane=lanes(streams))

    async def run(self) -> None:
        """Re-import until `stop` is called or the store is closed."""
        ticking = asyncio.create_task(self._tick())
        try:
            await run_following(self._queue, self._streams, self._seen, self._gone)
        finally:
            ticking.cancel()
            await asyncio.wait([ticking])

    def stop(self) -> None:
        """Let `run` end."""
        self._queue.stop()

    @property
    def depth(self) -> int:
        """How many streams are checked or wait for it."""
        return self._queue.depth

    @property
    def lag_s(self) -> float:
        """For how many seconds the check that has waited longest has been due; 0 when none waits."""
        now_s, earliest_s = self._now_s(), self._timetable.earliest_s()
        waiting = [*self._due_since.values(), *([] if earliest_s is None else [earliest_s])]
        return max(0.0, now_s - min(waiting)) if waiting else 0.0

    @property
    def is_idle(self) -> bool:
        """Whether nothing is being checked now."""
        return self._queue.is_idle

    def __len__(self) -> int:
        """Return how many tags and repositories are checked from time to time."""
        return len(self._timetable)

    def turn(self) -> int:
        """Start the checks whose time has come; return how many they are."""
        now_s = self._now_s()
        if now_s < self._last_s - _CLOCK_SET_BACK_S:
            # All moments are planned by a clock that was wrong; they may be days away.
            for key in self._timetable.groups():
                self._plan(key, anew=True)
        self._last_s = now_s
        due = self._timetable.take_due(now_s)
        for key, items in due.items():
            self._due.setdefault(key, set()).update(items)
            self._due_since.setdefault(key, now_s)
            self._queue.add(key)
        return sum(map(len, due.values()))

    async def _tick(self) -> None:
        while True:
            try:
                self.turn()
            except Exception:
                _log.exception("scheduled imports could not be started")
            await asyncio.sleep(self._tick_s)

    def _now_s(self) -> float:
        return self._clock().timestamp()

    def _seen(self, entry: Entry[ImageStream]) -> None:
        self._plan(entry.key)

    def _gone(self, key: str) -> None:
        self._timetable.drop(key)
        self._due.pop(key, None)
        self._due_since.pop(key, None)
        self._queue.forget(key)

    def _plan(
        self,
        key: str,
        *,
        anew: bool = False,
        done: Collection[str] = (),
        silent: Mapping[str, datetime] = _NEVER_SILENT,
    ) -> None:
        """Bring the timetable in line with a stream as it is now.

        `done` are items whose check is over, `silent` says of some until when nobody answers.
        """
        entry = self._streams.cache.get(key)
        if entry is None:
            self._gone(key)
            return
        wanted, known = scheduled_checks(entry.value, self._interval_s), self._timetable.group(key)
        self._timetable.drop(key, [item for item in known if item not in wanted])
        for item, interval_s in wanted.items():
            planned = known.get(item)
            waits = planned is not None and planned.due_s is None and item not in done
            same = planned is not None and planned.interval_s == interval_s and not anew
            if waits or (same and item not in done):
                continue
            if item in silent:
                due_s = next_check_s(f"{key}:{item}", interval_s, silent[item].timestamp())
            else:
                since_s = self._failing_since_s(entry, item)
                due_s = next_check_s(f"{key}:{item}", interval_s, self._now_s(), since_s)
            self._timetable.plan(key, item, interval_s, due_s)

    def _failing_since_s(self, entry: Entry[ImageStream], item: str) -> float | None:
        since = repository_failing_since(entry.value) if item == REPOSITORY else failing_since(entry.value, item)
        try:
            return datetime.strptime(since, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC).timestamp() if since else None
        except ValueError:
            return None

    async def _sync(self, key: str) -> None:
        self._due_since.pop(key, None)
        items, entry = self._due.pop(key, set()), self._streams.cache.get(key)
        if entry is None or not items:
            return
        silent: dict[str, datetime] = {}
        try:
            if REPOSITORY in items:
                silent |= await self._check_repository(entry)
            silent |= await self._perform(scheduled_import(self._current(entry), items - {REPOSITORY}))
        except ApiError as error:
            if error.status.reason == "Conflict":
                self._due.setdefault(key, set()).update(items)
                raise RetryLater(error.status.message) from error
            _log.warning("scheduled import of %s refused: %s", key, error.status.message)
        finally:
            self._plan(key, done=items - self._due.get(key, set()), silent=silent)

    def _current(self, entry: Entry[ImageStream]) -> ImageStream:
        """Return the stream as it is now: the import of its repository may just have changed it."""
        now = self._streams.cache.get(entry.key)
        return (now or entry).value

    async def _check_repository(self, entry: Entry[ImageStream]) -> Mapping[str, datetime]:
        """Check a whole repository; return until when it wants to be left alone, if it does."""
        try:
            silent = await self._perform(await self._repository_request(entry))
        except ImportFailed as error:
            return {REPOSITORY: error.not_before} if error.not_before is not None else {}
        return {REPOSITORY: min(silent.values())} if silent else {}

    async def _perform(self, request: ImageStreamImport | None) -> Mapping[str, datetime]:
        """Do an import; return of which tags the registry wants to be left alone, and until when."""
        if request is None:
            return {}
        return (await self._imports.perform(request, self._stamp(), strict=True)).not_before

    def _stamp(self) -> str:
        return self._clock().astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")

    async def _repository_request(self, entry: Entry[ImageStream]) -> ImageStreamImport | None:
        """Return the import of a stream's repository; `None` when it has nothing to offer or there can't be one.

        Raises:
            ImportFailed: it can't be listed.
        """
        stream = entry.value
        repository = stream.spec.docker_image_repository
        try:
            tags = await self._imports.repository_tags(
                stream.metadata.namespace, repository, insecure=is_insecure(stream)
            )
        except InvalidReference:
            return None
        except ImportFailed as error:
            if not repository_failing_since(stream):
                _log.warning("the tags of %s, the repository of %s, can't be listed: %s", repository, entry.key, error)
            await self._imports.note_repository(stream, error.status, self._stamp())
            raise
        now = await self._imports.note_repository(stream, None, self._stamp())
        return repository_import(now, tags) if now is not None else None
