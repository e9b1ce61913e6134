"""Does what is to be done with cron jobs, when it is to be done.

Level-driven: a cron job is looked at when it or one of its jobs changes and when its timetable says so. The status is
written after the job is made; a crash in between finds the job by its name, and notes it.
"""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Final

from imagestreams.api.batch.types import CronJob, CronJobStatus, Job
from imagestreams.api.codec import copy
from imagestreams.api.errors import ApiError
from imagestreams.controllers.cronjobs.decisions import (
    Decision,
    decide,
    job_name,
    job_of,
    started,
    superfluous,
    without,
)
from imagestreams.controllers.events.import_events import NORMAL, WARNING, Telling
from imagestreams.controllers.events.object_events import Tell, reference_to
from imagestreams.controllers.queue import Backoff, RetryLater, WorkQueue
from imagestreams.controllers.watching import follow, run_fed
from imagestreams.resources.core.group import SERVER
from imagestreams.resources.owning import BACKGROUND
from imagestreams.resources.resource import DeleteOptions, RequestContext
from imagestreams.resources.storage import StaleObject
from imagestreams.resources.workloads.group import WorkloadGroup
from imagestreams.resources.workloads.ownership import Controlled, controller_of
from imagestreams.store.cache import Entry
from imagestreams.store.kv import StoreClosed

COMPONENT: Final = "cronjob-controller"
_BACKOFF: Final = Backoff(first_s=0.1, longest_s=60)
_LONGEST_WAIT_S: Final = 600.0
"""A clock that is put forward or back is noticed after this time at the latest."""

RunsJobs = Callable[[str, Mapping[str, str]], bool]
"""Whether a job of a namespace with certain labels is run by somebody."""


class CronJobs:
    """Works on all cron jobs whose jobs somebody runs."""

    def __init__(
        self, workloads: WorkloadGroup, runs_jobs: RunsJobs, clock: Callable[[], datetime], tell: Tell
    ) -> None:
        self._jobs = workloads.jobs
        self._cron_jobs = workloads.cron_jobs.storage
        self._runs_jobs = runs_jobs
        self._clock = clock
        self._tell = tell
        self._of: Controlled[Job] = Controlled()
        self._queue = WorkQueue(self._work, backoff=_BACKOFF)

    @property
    def is_idle(self) -> bool:
        """Whether nothing is to be done now."""
        return self._queue.is_idle

    async def run(self) -> None:
        """Work until `stop` is called."""
        # What is owned is known before its owners are looked at.
        jobs = follow(self._jobs.storage, self._seen_job, self._gone_job)
        cron_jobs = follow(self._cron_jobs, lambda entry: self._queue.add(entry.key), lambda key: None)
        await run_fed(self._queue, [jobs, cron_jobs])

    def stop(self) -> None:
        """Let `run` end."""
        self._queue.stop()

    def _seen_job(self, entry: Entry[Job]) -> None:
        self._of.seen(entry)
        self._add_owner(entry.value)

    def _gone_job(self, key: str) -> None:
        if (entry := self._of.gone(key)) is not None:
            self._add_owner(entry.value)

    def _add_owner(self, job: Job) -> None:
        owner = controller_of(job.metadata)
        if owner is not None and owner.kind == "CronJob":
            self._queue.add(self._cron_jobs.key(job.metadata.namespace, owner.name))

    async def _work(self, key: str) -> None:
        entry = self._cron_jobs.cache.get(key)
        if entry is None:
            return
        cron_job = entry.value
        labels = cron_job.spec.job_template.metadata.labels or {}
        if not self._runs_jobs(cron_job.metadata.namespace, labels):
            return
        try:
            next_s = await self._look_after(entry)
        except StaleObject as error:
            raise RetryLater(str(error)) from error
        except StoreClosed:
            self._queue.stop()
            return
        if next_s is not None:
            # A little later than due, so that the timer never comes too early.
            self._queue.add_after(key, min(max(next_s, 0.0) + 0.05, _LONGEST_WAIT_S))

    async def _look_after(self, entry: Entry[CronJob]) -> float | None:
        """Do what is to be done with a cron job; return in how many seconds to look again."""
        cron_job = entry.value
        jobs = [each.value for each in self._of.of(cron_job.metadata.uid)]
        decision = decide(cron_job, jobs, self._clock())
        for telling in decision.told:
            self._say(cron_job, telling)
        status = decision.status
        for each in decision.replaced:
            await self._delete(cron_job, each.name, each.uid)
            status = without(status, each)
        if decision.due is not None:
            status = await self._start(cron_job, decision, decision.due, status)
        if status != cron_job.status:
            value = copy(cron_job)
            value.status = status
            await self._cron_jobs.replace(entry, value)
        for job in superfluous(cron_job, jobs):
            await self._delete(cron_job, job.metadata.name, job.metadata.uid)
        return decision.next_s

    async def _start(
        self, cron_job: CronJob, decision: Decision, due: datetime, status: CronJobStatus
    ) -> CronJobStatus:
        """Make the job of a moment, or find that it is made; return the status after that."""
        namespace = cron_job.metadata.namespace
        try:
            made: Job = (await self._jobs.create(self._context(namespace), job_of(cron_job, due))).value
        except ApiError as error:
            if error.status.reason != "AlreadyExists":
                self._say(cron_job, Telling(WARNING, "FailedCreate", f"Error creating job: {error}"))
                raise RetryLater(str(error)) from error
            made = self._jobs.storage.get(namespace, job_name(cron_job, due)).value
            owner = controller_of(made.metadata)
            if owner is None or owner.uid != cron_job.metadata.uid:
                self._say(cron_job, Telling(WARNING, "FailedCreate", f"Error creating job: {error}"))
                raise RetryLater(str(error)) from error
        else:
            self._say(cron_job, Telling(NORMAL, "SuccessfulCreate", f"Created job {made.metadata.name}"))
        return started(status, made, due)

    async def _delete(self, cron_job: CronJob, name: str, uid: str) -> None:
        context = self._context(cron_job.metadata.namespace, name)
        try:
            await self._jobs.delete(context, DeleteOptions(uid=uid, propagation_policy=BACKGROUND))
        except ApiError as error:
            if error.status.code not in (404, 409):
                raise
            return
        self._say(cron_job, Telling(NORMAL, "SuccessfulDelete", f"Deleted job {name}"))

    def _context(self, namespace: str, name: str = "") -> RequestContext:
        return RequestContext(SERVER, self._now(), namespace, name)

    def _now(self) -> str:
        return self._clock().astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")

    def _say(self, cron_job: CronJob, telling: Telling) -> None:
        self._tell(reference_to(cron_job), telling, self._now(), COMPONENT)
