"""What is to be done with a cron job at a moment: rules and words are those of Kubernetes' own controller.

Pure: from the cron job, the jobs that it started and the time.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from typing import Final
from zoneinfo import ZoneInfoNotFoundError

from imagestreams.api.ages import parse_time
from imagestreams.api.batch.cron_schedule import Schedule, ScheduleError, read_schedule
from imagestreams.api.batch.cron_times import latest_time, next_time, zone_of
from imagestreams.api.batch.types import CronJob, CronJobStatus, Job
from imagestreams.api.codec import copy
from imagestreams.api.core import ObjectReference
from imagestreams.api.meta import ObjectMeta
from imagestreams.controllers.events.import_events import NORMAL, WARNING, Telling
from imagestreams.resources.workloads.ownership import controlled_by

SCHEDULED_AT: Final = "batch.kubernetes.io/cronjob-scheduled-timestamp"
COMPLETE: Final = "Complete"
FAILED: Final = "Failed"
_EVER_S: Final = 1_000_000_000
"""Longer ago than any cron job: times have no room for whatever deadline one may name."""
_FORBID: Final = "Forbid"
_REPLACE: Final = "Replace"


@dataclass(frozen=True, slots=True)
class Decision:
    """What is to be done now.

    `status` is what the cron job's should be before anything is started, `due` the moment for which a job is to be
    started, if one is, `replaced` the jobs that have to go first; `next_s` says in how many seconds to look again.
    """

    status: CronJobStatus
    told: Sequence[Telling] = ()
    due: datetime | None = None
    replaced: Sequence[ObjectReference] = ()
    next_s: float | None = None


def outcome_of(job: Job) -> str:
    """Return how a job ended, `Complete` or `Failed`; empty while it is not over."""
    true = {one.type for one in job.status.conditions or [] if one.status == "True"}
    return next((kind for kind in (COMPLETE, FAILED) if kind in true), "")


def decide(cron_job: CronJob, jobs: Iterable[Job], now: datetime) -> Decision:
    """Say what is to be done with a cron job; `jobs` are those that it controls."""
    status, told = _status(cron_job, {job.metadata.uid: job for job in jobs})
    spec = cron_job.spec
    if cron_job.metadata.deletion_timestamp or spec.suspend:
        return Decision(status, told)
    try:
        schedule = read_schedule(spec.schedule)
        zone = zone_of(schedule, spec.time_zone)
    except ScheduleError as error:
        unparsed = Telling(WARNING, "UnparseableSchedule", f"unparseable schedule: {spec.schedule} : {error}")
        return Decision(status, [*told, unparsed])
    except (ZoneInfoNotFoundError, ValueError) as error:
        unknown = Telling(WARNING, "UnknownTimeZone", f'invalid timeZone: "{spec.time_zone}": {error}')
        return Decision(status, [*told, unknown])
    following = next_time(schedule, now, zone)
    next_s = (following - now).total_seconds() if following is not None else None
    due = _due(cron_job, schedule, zone, now)
    if due is None:
        return Decision(status, told, next_s=next_s)
    active = status.active or []
    if any(each.name == job_name(cron_job, due) for each in active):
        return Decision(status, told, next_s=next_s)
    if spec.concurrency_policy == _FORBID and active:
        message = "Not starting job because prior execution is running and concurrency policy is Forbid"
        return Decision(status, [*told, Telling(NORMAL, "JobAlreadyActive", message)], next_s=next_s)
    replaced = active if spec.concurrency_policy == _REPLACE else []
    return Decision(status, told, due, replaced, next_s)


def job_name(cron_job: CronJob, due: datetime) -> str:
    """Return the name of the job that is started for a moment."""
    return f"{cron_job.metadata.name}-{int(due.timestamp()) // 60}"


def job_of(cron_job: CronJob, due: datetime) -> Job:
    """Return the job that is to be started for a moment."""
    template = copy(cron_job.spec.job_template)
    try:
        shown = due.astimezone(zone_of(read_schedule(cron_job.spec.schedule), cron_job.spec.time_zone))
    except (ScheduleError, ZoneInfoNotFoundError, ValueError):
        shown = due
    annotations = {**(template.metadata.annotations or {}), SCHEDULED_AT: _rfc3339(shown)}
    metadata = ObjectMeta(
        name=job_name(cron_job, due),
        namespace=cron_job.metadata.namespace,
        labels=template.metadata.labels,
        annotations=annotations,
        owner_references=[controlled_by(cron_job)],
    )
    return Job(kind="Job", api_version="batch/v1", metadata=metadata, spec=template.spec)


def started(status: CronJobStatus, job: Job, due: datetime) -> CronJobStatus:
    """Return the status of a cron job after a job was started for a moment."""
    after = copy(status)
    reference = _reference(job)
    others = [each for each in after.active or [] if each.uid != reference.uid]
    after.active = others + ([reference] if not outcome_of(job) else []) or None
    after.last_schedule_time = _rfc3339(due)
    return after


def without(status: CronJobStatus, gone: ObjectReference) -> CronJobStatus:
    """Return a status without an active job."""
    after = copy(status)
    after.active = [each for each in after.active or [] if each.uid != gone.uid] or None
    return after


def superfluous(cron_job: CronJob, jobs: Iterable[Job]) -> list[Job]:
    """Return the finished jobs that are more than a cron job keeps, those that began first at the front."""
    by_outcome: dict[str, list[Job]] = {COMPLETE: [], FAILED: []}
    for job in jobs:
        if outcome := outcome_of(job):
            by_outcome[outcome].append(job)
    spec = cron_job.spec
    gone: list[Job] = []
    for outcome, limit in (
        (COMPLETE, spec.successful_jobs_history_limit),
        (FAILED, spec.failed_jobs_history_limit),
    ):
        finished = sorted(by_outcome[outcome], key=lambda job: (job.status.start_time or "", job.metadata.name))
        if limit is not None and len(finished) > limit:
            gone += finished[: len(finished) - limit]
    return gone


def _status(cron_job: CronJob, jobs: dict[str, Job]) -> tuple[CronJobStatus, list[Telling]]:
    """Return the status that follows from the jobs as they are, and what is to be told about the changes."""
    status = copy(cron_job.status)
    known = {each.uid for each in status.active or []}
    told: list[Telling] = []
    kept: list[ObjectReference] = []
    for each in status.active or []:
        job = jobs.get(each.uid)
        if job is None:
            told.append(Telling(NORMAL, "MissingJob", f"Active job went missing: {each.name}"))
        elif outcome := outcome_of(job):
            message = f"Saw completed job: {each.name}, condition: {outcome}"
            told.append(Telling(NORMAL, "SawCompletedJob", message))
        else:
            kept.append(each)
    for uid, job in jobs.items():
        if uid not in known and not outcome_of(job):
            message = f"Saw a job that the controller did not create or forgot: {job.metadata.name}"
            told.append(Telling(WARNING, "UnexpectedJob", message))
        ended = job.status.completion_time
        if outcome_of(job) == COMPLETE and ended and ended > (status.last_successful_time or ""):
            status.last_successful_time = ended
    status.active = kept or None
    return status, told


def _due(cron_job: CronJob, schedule: Schedule, zone: tzinfo, now: datetime) -> datetime | None:
    """Return the last moment for which no job was started yet."""
    last = cron_job.status.last_schedule_time
    since = parse_time(last or cron_job.metadata.creation_timestamp) or now
    if since >= now:
        return None
    deadline_s = cron_job.spec.starting_deadline_seconds
    # What is longer ago than the deadline would be too late anyway.
    longest_s = _EVER_S if deadline_s is None else min(deadline_s, _EVER_S)
    since = max(since, now - timedelta(seconds=longest_s))
    return latest_time(schedule, since, now, zone)


def _reference(job: Job) -> ObjectReference:
    metadata = job.metadata
    return ObjectReference(
        kind="Job",
        namespace=metadata.namespace,
        name=metadata.name,
        uid=metadata.uid,
        api_version="batch/v1",
        resource_version=metadata.resource_version,
    )


def _rfc3339(moment: datetime) -> str:
    text = moment.replace(microsecond=0).isoformat()
    return text.removesuffix("+00:00") + "Z" if text.endswith("+00:00") else text
