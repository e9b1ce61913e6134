"""`builds/log`: a build's output as plain text, while it runs and afterwards.

A build that has not started is waited for, as long as a client has patience. What a build wrote is shown even when it
was cancelled or failed before it began: only where nothing was written is there an error to tell.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from datetime import datetime
from typing import Final

from imagestreams.api.build.types import Build, BuildLog
from imagestreams.api.errors import ApiError, bad_request, timeout
from imagestreams.resources.builds.build_logs import BuildLogs
from imagestreams.resources.builds.build_names import config_of, joined_name, number_of
from imagestreams.resources.builds.buildconfigs import GROUP
from imagestreams.resources.builds.log_options import LogOptions, LogView, read_log_options
from imagestreams.resources.resource import RequestContext, Resource, ResourceInfo
from imagestreams.resources.storage import ObjectStorage
from imagestreams.store.kv import Compacted, StoreClosed, WatcherTooSlow

WAIT_S: Final = 30.0
_NO_LOGS: Final = "No logs are available."
_WAITING: Final = ("New", "Pending")
_BATCH: Final = 512

INFO: Final = ResourceInfo(
    group=GROUP,
    version="v1",
    plural="builds",
    kind="BuildLog",
    object_type=BuildLog,
    verbs=frozenset({"get"}),
    subresource="log",
    is_text=True,
)


class BuildLogRequests(Resource):
    """Reads logs; `wait_s` is how long the start of a build is waited for."""

    info = INFO

    def __init__(
        self,
        builds: ObjectStorage[Build],
        logs: BuildLogs,
        clock: Callable[[], datetime],
        wait_s: float = WAIT_S,
    ) -> None:
        self._builds = builds
        self._logs = logs
        self._clock = clock
        self._wait_s = wait_s

    async def text(self, context: RequestContext, options: Mapping[str, str]) -> AsyncIterator[bytes]:
        asked = read_log_options(options, self._clock())
        build = self._builds.get(context.namespace, context.name).value
        if asked.previous:
            name = joined_name(config_of(build), str(number_of(build) - 1))
            build = self._builds.get(context.namespace, name).value
        if build.status.phase in _WAITING and not self._logs.exists(build.metadata.uid):
            if asked.no_wait:
                return _nothing()
            build = await self._started(build)
        if not self._logs.exists(build.metadata.uid):
            raise _without_log(build)
        return self._read(build.metadata.uid, asked)

    async def _read(self, uid: str, options: LogOptions) -> AsyncIterator[bytes]:
        view = LogView(options)
        start = 0 if options.tail_lines is None else self._logs.last_lines(uid, options.tail_lines)
        if options.follow:
            async for records in self._logs.follow_records(uid, start):
                if text := view.text(records):
                    yield text
                if view.is_over:
                    return
            return
        records = []
        for record in self._logs.records(uid, start):
            records.append(record)
            if len(records) == _BATCH:
                yield view.text(records)
                records.clear()
                if view.is_over:
                    return
        if text := view.text(records):
            yield text

    async def _started(self, build: Build) -> Build:
        """Wait until a build runs or is over.

        Raises:
            ApiError: 504, it does not start in time; 400, it is deleted.
        """
        metadata = build.metadata
        key = self._builds.key(metadata.namespace, metadata.name)
        late = timeout(f"timed out waiting for build {metadata.name} to start after {self._wait_s:g}s", 1)
        cache = self._builds.cache
        try:
            with cache.subscribe(key, cache.revision) as changes:
                async with asyncio.timeout(self._wait_s):
                    while (entry := self._builds.find(metadata.namespace, metadata.name)) is not None:
                        if entry.value.status.phase not in _WAITING:
                            break
                        await changes.take()
        except (TimeoutError, StoreClosed, Compacted, WatcherTooSlow):
            raise late from None
        if entry is None or entry.value.metadata.uid != metadata.uid:
            raise bad_request(f"unable to wait for build {metadata.name} to run: build was deleted")
        return entry.value


async def _nothing() -> AsyncIterator[bytes]:
    return
    yield b""


def _without_log(build: Build) -> ApiError:
    name = build.metadata.name
    match build.status.phase:
        case "Cancelled":
            return bad_request(f"build {name} was cancelled. {_NO_LOGS}")
        case "Error":
            return bad_request(f"build {name} is in an error state. {_NO_LOGS}")
    return bad_request(f"build {name} has written no log. {_NO_LOGS}")
