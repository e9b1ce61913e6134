"""Runs the builds that may run, a few at a time, and ends those that are cancelled or deleted.

Level-driven, and safe from crashes: a build that was under way when the server died is done again from its begin,
unless its image was pushed already; then it is complete. Its old programs are ended before.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Final

from imagestreams.api.ages import parse_time
from imagestreams.api.build.types import Build
from imagestreams.api.build.validation import is_over
from imagestreams.api.codec import copy
from imagestreams.api.errors import ApiError
from imagestreams.controllers.builds import outcomes
from imagestreams.controllers.builds.outcomes import NEW, PENDING, RUNNING, Told, in_phase, with_told
from imagestreams.controllers.builds.plans import BuildPlans
from imagestreams.controllers.configs.builds_of_configs import BuildsOfConfigs
from imagestreams.controllers.events.import_events import NORMAL, Telling
from imagestreams.controllers.events.object_events import Tell, reference_to
from imagestreams.controllers.queue import Backoff, RetryLater, WorkQueue
from imagestreams.controllers.watching import run_following
from imagestreams.resources.builds.build_logs import BuildLogError
from imagestreams.resources.builds.build_names import config_of
from imagestreams.resources.builds.group import BuildGroup
from imagestreams.resources.builds.image_sources import OutputUnresolved
from imagestreams.resources.builds.run_policy import decide_start
from imagestreams.resources.storage import StaleObject
from imagestreams.runners.builds.pipeline import Builder
from imagestreams.runners.builds.plan import BuildFailure, BuildPlan, Progress
from imagestreams.store.cache import Entry
from imagestreams.store.kv import StoreClosed

RETRY_S: Final = 5.0
"""How soon a build that waits for something that is missing is looked at again."""
UPLOAD_WAIT_S: Final = 60.0
_OTHERS: Final = ""
"""Stands in the queue for all builds that wait."""
_CONFLICT: Final = Backoff(first_s=0.05, longest_s=10)
_WRITES_MAX: Final = 20
_FETCH_FAILED: Final = ("FetchSourceFailed", "Failed to fetch the input source.")
_INTERNAL: Final = ("GenericBuildFailed", "Generic Build failure - check logs for details.")
COMPONENT: Final = "build-controller"
_EVENTS: Final = {
    RUNNING: ("BuildStarted", "is now running"),
    outcomes.COMPLETE: ("BuildCompleted", "completed successfully"),
    outcomes.CANCELLED: ("BuildCancelled", "has been cancelled"),
    "Failed": ("BuildFailed", "failed"),
    "Error": ("BuildFailed", "failed"),
}
_log: Final = logging.getLogger(__name__)

Pushed = Callable[[str, str], Awaitable[None]]
"""Takes the pull spec that was pushed to, and the digest that is there now."""


class Builds:
    """Works on all builds.

    Without a `builder` none is run. `concurrent` is how many run at once, `pushed` is told of each image, `tell` takes
    events, `clock` gives the time.
    """

    def __init__(
        self,
        group: BuildGroup,
        plans: BuildPlans,
        builder: Builder | None,
        pushed: Pushed,
        tell: Tell,
        clock: Callable[[], datetime],
        *,
        concurrent: int = 1,
        retry_s: float = RETRY_S,
    ) -> None:
        self._group = group
        self._builds = group.builds.storage
        self._plans = plans
        self._builder = builder
        self._pushed = pushed
        self._tell = tell
        self._clock = clock
        self._concurrent = concurrent
        self._retry_s = retry_s
        self._running: dict[str, asyncio.Task[None]] = {}
        self._told_to_end: set[str] = set()
        self._of = BuildsOfConfigs(self._builds)
        self._queue = WorkQueue(self._work, backoff=_CONFLICT)

    @property
    def is_idle(self) -> bool:
        """Whether nothing runs and nothing is worked on."""
        return self._queue.is_idle and not self._running

    async def run(self) -> None:
        """Work until `stop` is called or the store is closed."""
        if self._builder is not None:
            builds = [entry.value for entry in self._builds.list()]
            under_way = {build.metadata.uid for build in builds if not is_over(build.status.phase)}
            if ended := await self._builder.begin(under_way):
                _log.info("ended what builds had left running before: %d", ended)
        try:
            await run_following(self._queue, self._builds, self._seen, self._gone)
        finally:
            tasks = list(self._running.values())
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    def stop(self) -> None:
        """Let `run` end; builds that are under way are ended, and done again next time."""
        self._queue.stop()

    def _now(self) -> str:
        return outcomes.time_text(self._clock())

    def _seen(self, entry: Entry[Build]) -> None:
        self._of.seen(entry)
        if not is_over(entry.value.status.phase):
            self._queue.add(entry.key)

    def _gone(self, key: str) -> None:
        self._of.gone(key)
        self._queue.add(key)

    async def _work(self, key: str) -> None:
        if key == _OTHERS:
            self._look_at_others()
            return
        entry = self._builds.cache.get(key)
        try:
            if entry is None or entry.value.metadata.deletion_timestamp:
                self._end(key)
            elif not is_over(entry.value.status.phase):
                await self._advance(entry)
        except StaleObject as error:
            raise RetryLater(str(error)) from error
        except StoreClosed:
            self._queue.stop()

    async def _advance(self, entry: Entry[Build]) -> None:
        build, running = entry.value, self._running.get(entry.key)
        if running is not None and running.get_name() != build.metadata.uid:
            # Another build took the name before it was noticed that the one under way is gone.
            self._tell_to_end(entry.key, running)
        elif build.status.cancelled:
            if running is not None:
                # The build itself says so when its programs are ended.
                self._tell_to_end(entry.key, running)
            else:
                await self._finish(entry, outcomes.CANCELLED, *outcomes.CANCELLED_BY_USER)
        elif running is not None:
            return
        elif self._builder is None:
            await self._wait(entry, *outcomes.NO_BUILDER)
        elif build.status.phase == NEW:
            await self._start(entry, self._builder)
        elif digest := self._builder.pushed(build.metadata.uid):
            await self._tell_pushed(self._plan_or_none(build), digest)
            await self._finish(entry, outcomes.COMPLETE, told=Told(digest))
        else:
            await self._start(entry, self._builder)

    async def _start(self, entry: Entry[Build], builder: Builder) -> None:
        """Begin a build if nothing stands against it."""
        build = entry.value
        if build.status.phase == NEW and not await self._may_start(build):
            return
        if len(self._running) >= self._concurrent:
            # Whoever ends lets others begin.
            return
        binary = self._group.uploads.path(build.metadata.uid) if build.spec.source.binary is not None else None
        if build.spec.source.binary is not None and binary is None:
            await self._await_upload(entry)
            return
        try:
            plan = self._plans.plan(build, binary)
        except BuildFailure as failure:
            await self._finish(entry, failure.phase, failure.reason, str(failure))
            return
        except OutputUnresolved:
            if build.spec.source.binary is not None:
                await self._finish(entry, "Failed", *outcomes.INVALID_OUTPUT)
            else:
                await self._wait(entry, *outcomes.INVALID_OUTPUT)
            return
        except ApiError:
            await self._wait(entry, *outcomes.INVALID_IMAGE)
            return
        if self._plans.missing_push_secret(build):
            await self._wait(entry, *outcomes.MISSING_PUSH_SECRET, phase=PENDING)
            return
        # The place is taken before anything else can be begun.
        task = asyncio.create_task(self._build(entry, plan, builder), name=build.metadata.uid)
        self._running[entry.key] = task
        task.add_done_callback(lambda _: self._ended(entry.key))

    async def _may_start(self, build: Build) -> bool:
        namespace, config = build.metadata.namespace, config_of(build)
        decision = decide_start(build, self._of.of(namespace, config) if config else [])
        for other in decision.cancelled:
            superfluous = self._builds.find(namespace, other.metadata.name)
            if superfluous is not None and not superfluous.value.status.cancelled:
                value = copy(superfluous.value)
                value.status.cancelled = True
                await self._builds.replace(superfluous, value)
        return decision.may_start

    async def _await_upload(self, entry: Entry[Build]) -> None:
        created = parse_time(entry.value.metadata.creation_timestamp)
        if created is None or (self._clock() - created).total_seconds() > UPLOAD_WAIT_S:
            await self._finish(entry, "Failed", *_FETCH_FAILED)
        else:
            self._queue.add_after(entry.key, 0.2)

    async def _wait(self, entry: Entry[Build], reason: str, message: str, phase: str = NEW) -> None:
        """Show what a build waits for, and look again later."""
        status = entry.value.status
        if (status.phase, status.reason, status.message) != (phase, reason, message):
            await self._builds.replace(entry, in_phase(entry.value, phase, self._now(), reason, message))
        if self._builder is not None:
            self._queue.add_after(entry.key, self._retry_s)

    async def _build(self, entry: Entry[Build], plan: BuildPlan, builder: Builder) -> None:
        """Run a build to its end, and write what came of it."""
        uid, logs = entry.value.metadata.uid, self._group.logs
        log = bytearray()

        def keep(data: bytes) -> None:
            log.extend(data)
            del log[:-_TAIL_BYTES]
            # The log of a build that was deleted must not come back.
            if not logs.is_open(uid):
                return
            try:
                logs.append(uid, data)
            except BuildLogError as error:
                _log.warning("%s", error)

        progress = Progress(self._clock, keep)
        try:
            logs.begin(uid)
            entry = await self._begun(entry, plan)
            result = await builder.build(plan, self._plans.access(entry.value, plan.push_to), progress)
        except StaleObject:
            # It was changed or deleted before it began: it comes up again.
            return
        except asyncio.CancelledError:
            if not self._is_cancelled(entry.key):
                raise
            await self._finish(entry, outcomes.CANCELLED, *outcomes.CANCELLED_BY_USER, told=_told(progress, log))
        except BuildFailure as failure:
            told = _told(progress, log)
            await self._finish(entry, failure.phase, failure.reason, str(failure), told=told)
        except Exception:
            _log.exception("build of %s failed", entry.key)
            await self._finish(entry, "Failed", *_INTERNAL, told=_told(progress, log))
        else:
            # First: whoever dies between the two does both again, and neither shows twice.
            await self._tell_pushed(plan, result.digest)
            await self._finish(entry, outcomes.COMPLETE, told=_told(progress, log, result.digest))
        finally:
            logs.finish(uid)
        await builder.forget(uid)

    async def _begun(self, entry: Entry[Build], plan: BuildPlan) -> Entry[Build]:
        now = self._now()
        value = entry.value
        if value.status.phase == NEW:
            value = in_phase(value, PENDING, now)
        value = in_phase(value, RUNNING, now) if value.status.phase == PENDING else outcomes.begun_again(value, now)
        value.status.output_docker_image_reference = plan.push_to
        entry = await self._builds.replace(entry, value)
        self._say(entry.value)
        return entry

    async def _finish(
        self,
        entry: Entry[Build],
        phase: str,
        reason: str = "",
        message: str = "",
        *,
        told: Told | None = None,
    ) -> None:
        """Write the end of a build, whatever else was written to it meanwhile."""
        for _ in range(_WRITES_MAX):
            current = self._builds.cache.get(entry.key)
            if current is None or current.value.metadata.uid != entry.value.metadata.uid:
                return
            if is_over(current.value.status.phase):
                return
            value = in_phase(current.value, phase, self._now(), reason, message)
            try:
                written = await self._builds.replace(current, with_told(value, told) if told is not None else value)
            except StaleObject:
                continue
            self._say(written.value)
            break
        self._wake_others()

    def _say(self, build: Build) -> None:
        reason, words = _EVENTS[build.status.phase]
        telling = Telling(NORMAL, reason, f"Build {build.metadata.namespace}/{build.metadata.name} {words}")
        self._tell(reference_to(build), telling, self._now(), COMPONENT)

    async def _tell_pushed(self, plan: BuildPlan | None, digest: str) -> None:
        if plan is not None and digest:
            await self._pushed(plan.push_to, digest)

    def _plan_or_none(self, build: Build) -> BuildPlan | None:
        try:
            return self._plans.plan(build, None)
        except (BuildFailure, OutputUnresolved, ApiError):
            return None

    def _end(self, key: str) -> None:
        """End a build that is gone."""
        running = self._running.get(key)
        if running is not None:
            self._tell_to_end(key, running)
        self._wake_others()

    def _tell_to_end(self, key: str, running: asyncio.Task[None]) -> None:
        """End a build under way: once, so that it is not disturbed while it ends its programs and notes it."""
        if key not in self._told_to_end:
            self._told_to_end.add(key)
            running.cancel()

    def _ended(self, key: str) -> None:
        task = self._running.pop(key)
        self._told_to_end.discard(key)
        if not task.cancelled() and (error := task.exception()) is not None:
            _log.error("build of %s could not be noted: %s", key, error)
            # Not at once: while nothing can be written it would be begun again and again.
            self._queue.add_after(key, self._retry_s)
            self._queue.add_after(_OTHERS, self._retry_s)
            return
        # A build that was interrupted by another change of it is looked at again.
        self._queue.add(key)
        self._wake_others()

    def _wake_others(self) -> None:
        """Let builds that wait be looked at: once, however many ended before that."""
        self._queue.add(_OTHERS)

    def _look_at_others(self) -> None:
        for entry in self._builds.list():
            # Also those that were under way when the server died: they may have found no place after its start.
            if not is_over(entry.value.status.phase) and entry.key not in self._running:
                self._queue.add(entry.key)

    def _is_cancelled(self, key: str) -> bool:
        """Return whether a build is to be ended, and not the server."""
        entry = self._builds.cache.get(key)
        return entry is None or entry.value.status.cancelled or bool(entry.value.metadata.deletion_timestamp)


_TAIL_BYTES: Final = 16 * 1024


def _told(progress: Progress, log: bytearray, digest: str = "") -> Told:
    return Told(digest, progress.steps, progress.commit, bytes(log))
