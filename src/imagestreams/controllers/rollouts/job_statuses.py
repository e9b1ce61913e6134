"""The status of a job: conditions, reasons and messages are those of Kubernetes' own controller. Pure."""

from typing import Final

from imagestreams.api.batch.types import Job, JobCondition, JobStatus, UncountedTerminatedPods
from imagestreams.controllers.rollouts.seen import NO_RUNNER, Seen

COMPLETE: Final = "Complete"
FAILED: Final = "Failed"
_REACHED: Final = ("CompletionsReached", "Reached expected number of succeeded pods")
_GIVEN_UP: Final = ("BackoffLimitExceeded", "Job has reached the specified backoff limit")
_TOO_LONG: Final = ("DeadlineExceeded", "Job was active longer than specified deadline")


def is_finished(job: Job) -> bool:
    """Return whether a job is over, well or badly."""
    return any(one.type in (COMPLETE, FAILED) and one.status == "True" for one in job.status.conditions or [])


def job_status(job: Job, seen: Seen, now: str) -> JobStatus:
    """Return the status that a job should have; one that is over stays as it is."""
    if is_finished(job):
        return job.status
    succeeded, failed = seen.observation.succeeded, seen.observation.failed
    active = max(0, seen.observation.replicas - succeeded - failed)
    conditions = list(job.status.conditions or [])
    ended = None
    if seen.rolled_out and succeeded >= seen.replicas:
        conditions += _conditions(("SuccessCriteriaMet", COMPLETE), *_REACHED, now)
        ended, active = now, 0
    elif seen.given_up or seen.timed_out:
        reason, message = _TOO_LONG if seen.timed_out else _GIVEN_UP
        told = f"{message}: {seen.problem}" if seen.problem else message
        conditions += _conditions(("FailureTarget", FAILED), reason, told, now)
        failed, active = max(1, failed), 0
    else:
        conditions = _waiting(conditions, seen, now)
    return JobStatus(
        conditions=conditions or None,
        start_time=job.status.start_time or (None if seen.waits or not seen.has_runner else now),
        completion_time=ended,
        active=active,
        succeeded=succeeded,
        failed=failed,
        terminating=0,
        uncounted_terminated_pods=UncountedTerminatedPods(),
        ready=0 if not active else min(active, seen.observation.ready),
    )


def _waiting(before: list[JobCondition], seen: Seen, now: str) -> list[JobCondition]:
    """Return the conditions of a job that is not over: what it waits for, if it does."""
    if not seen.has_runner:
        wanted = ("Suspended", "False", "NoRunner", NO_RUNNER)
    elif seen.waits:
        wanted = ("Suspended", "True", "JobSuspended", "Job suspended")
    elif seen.problem:
        wanted = ("Suspended", "False", "FailedCreate", seen.problem)
    elif any(one.type == "Suspended" for one in before):
        wanted = ("Suspended", "False", "JobResumed", "Job resumed")
    else:
        return before
    kind, status, reason, message = wanted
    last = next((one for one in before if one.type == kind), None)
    if last is not None and (last.status, last.reason, last.message) == (status, reason, message):
        return before
    changed = _conditions((kind,), reason, message, now)
    changed[0].status = status
    if last is not None and last.status == status:
        changed[0].last_transition_time = last.last_transition_time
    return [one for one in before if one.type != kind] + changed


def _conditions(kinds: tuple[str, ...], reason: str, message: str, now: str) -> list[JobCondition]:
    return [
        JobCondition(
            type=kind, status="True", reason=reason, message=message, last_probe_time=now, last_transition_time=now
        )
        for kind in kinds
    ]
