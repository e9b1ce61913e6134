"""Deletes jobs that are over, after the time that they ask for (`ttlSecondsAfterFinished`)."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Final

from imagestreams.api.ages import parse_time
from imagestreams.api.batch.types import Job
from imagestreams.api.errors import ApiError
from imagestreams.controllers.queue import Backoff, WorkQueue
from imagestreams.controllers.watching import run_following
from imagestreams.resources.core.group import SERVER
from imagestreams.resources.owning import FOREGROUND
from imagestreams.resources.resource import DeleteOptions, RequestContext
from imagestreams.resources.stored import StoredResource

_BACKOFF: Final = Backoff(first_s=1, longest_s=300)
_LONGEST_WAIT_S: Final = 3600.0


def expires(job: Job) -> datetime | None:
    """Return when a job is to be deleted; `None` if it is not over, or is kept."""
    ttl_s = job.spec.ttl_seconds_after_finished
    if ttl_s is None or job.metadata.deletion_timestamp:
        return None
    for one in job.status.conditions or []:
        if one.type in ("Complete", "Failed") and one.status == "True":
            ended = parse_time(one.last_transition_time)
            return ended + timedelta(seconds=ttl_s) if ended is not None else None
    return None


class FinishedJobs:
    """Looks after all jobs."""

    def __init__(self, jobs: StoredResource[Job], clock: Callable[[], datetime]) -> None:
        self._jobs = jobs
        self._clock = clock
        self._queue = WorkQueue(self._work, workers=1, backoff=_BACKOFF)

    @property
    def is_idle(self) -> bool:
        """Whether nothing is to be done now."""
        return self._queue.is_idle

    async def run(self) -> None:
        """Work until `stop` is called."""
        await run_following(self._queue, self._jobs.storage, lambda entry: self._queue.add(entry.key), lambda key: None)

    def stop(self) -> None:
        """Let `run` end."""
        self._queue.stop()

    async def _work(self, key: str) -> None:
        entry = self._jobs.storage.cache.get(key)
        moment = expires(entry.value) if entry is not None else None
        if entry is None or moment is None:
            return
        now = self._clock()
        if moment > now:
            # A little later than due, so that the timer never comes too early.
            self._queue.add_after(key, min((moment - now).total_seconds() + 0.05, _LONGEST_WAIT_S))
            return
        metadata = entry.value.metadata
        shown = now.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        context = RequestContext(SERVER, shown, metadata.namespace, metadata.name)
        try:
            await self._jobs.delete(context, DeleteOptions(uid=metadata.uid, propagation_policy=FOREGROUND))
        except ApiError as error:
            if error.status.code not in (404, 409):
                raise
