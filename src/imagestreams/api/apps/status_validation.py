"""What is wrong with the status of a workload, in Kubernetes' words."""

from typing import Final

from imagestreams.api.ages import parse_time
from imagestreams.api.apps.types import (
    DaemonSet,
    Deployment,
    ReplicaSet,
    ReplicationController,
    StatefulSet,
)
from imagestreams.api.batch.types import CronJob, Job, JobCondition
from imagestreams.api.errors import FieldError
from imagestreams.api.field_rules import not_more_than, not_negative

_MORE_THAN_ALL: Final = "cannot be greater than status.replicas"
_MORE_THAN_READY: Final = "cannot be greater than readyReplicas"
_CONDITIONS: Final = "status.conditions"


def validate_deployment_status(value: Deployment, old: Deployment) -> list[FieldError]:
    """Return what is wrong with a deployment's new status."""
    status = value.status
    parts = {
        "status.updatedReplicas": status.updated_replicas,
        "status.readyReplicas": status.ready_replicas,
        "status.availableReplicas": status.available_replicas,
    }
    errors = not_negative(
        [
            ("status.observedGeneration", status.observed_generation),
            ("status.replicas", status.replicas),
            *parts.items(),
            ("status.unavailableReplicas", status.unavailable_replicas),
            ("status.collisionCount", status.collision_count),
        ]
    )
    errors += not_more_than(parts, status.replicas, _MORE_THAN_ALL)
    available = {"status.availableReplicas": status.available_replicas}
    errors += not_more_than(available, status.ready_replicas, _MORE_THAN_READY)
    return errors + _collisions(status.collision_count, old.status.collision_count)


def validate_replicated_status(
    value: ReplicaSet | ReplicationController, old: ReplicaSet | ReplicationController
) -> list[FieldError]:
    """Return what is wrong with the new status of a replica set or a replication controller."""
    status = value.status
    parts = {
        "status.fullyLabeledReplicas": status.fully_labeled_replicas,
        "status.readyReplicas": status.ready_replicas,
        "status.availableReplicas": status.available_replicas,
    }
    fields = [("status.replicas", status.replicas), *parts.items()]
    errors = not_negative([*fields, ("status.observedGeneration", status.observed_generation)])
    errors += not_more_than(parts, status.replicas, _MORE_THAN_ALL)
    available = {"status.availableReplicas": status.available_replicas}
    return errors + not_more_than(available, status.ready_replicas, _MORE_THAN_READY)


def validate_stateful_set_status(value: StatefulSet, old: StatefulSet) -> list[FieldError]:
    """Return what is wrong with a stateful set's new status."""
    status = value.status
    parts = {
        "status.readyReplicas": status.ready_replicas,
        "status.currentReplicas": status.current_replicas,
        "status.updatedReplicas": status.updated_replicas,
        "status.availableReplicas": status.available_replicas,
    }
    errors = not_negative(
        [
            ("status.replicas", status.replicas),
            *parts.items(),
            ("status.observedGeneration", status.observed_generation),
            ("status.collisionCount", status.collision_count),
        ]
    )
    errors += not_more_than(parts, status.replicas, _MORE_THAN_ALL)
    available = {"status.availableReplicas": status.available_replicas}
    errors += not_more_than(available, status.ready_replicas, "cannot be greater than status.readyReplicas")
    return errors + _collisions(status.collision_count, old.status.collision_count)


def validate_daemon_set_status(value: DaemonSet, old: DaemonSet) -> list[FieldError]:
    """Return what is wrong with a daemon set's new status."""
    status = value.status
    errors = not_negative(
        [
            ("status.currentNumberScheduled", status.current_number_scheduled),
            ("status.numberMisscheduled", status.number_misscheduled),
            ("status.desiredNumberScheduled", status.desired_number_scheduled),
            ("status.numberReady", status.number_ready),
            ("status.observedGeneration", status.observed_generation),
            ("status.updatedNumberScheduled", status.updated_number_scheduled),
            ("status.numberAvailable", status.number_available),
            ("status.numberUnavailable", status.number_unavailable),
            ("status.collisionCount", status.collision_count),
        ]
    )
    return errors + _collisions(status.collision_count, old.status.collision_count)


def validate_job_status(value: Job, old: Job) -> list[FieldError]:
    """Return what is wrong with a job's new status."""
    status, before = value.status, old.status
    errors = not_negative(
        [
            ("status.active", status.active),
            ("status.succeeded", status.succeeded),
            ("status.failed", status.failed),
            ("status.ready", status.ready),
            ("status.terminating", status.terminating),
        ]
    )
    errors += _job_conditions(status.conditions or []) + _job_times(value)
    if _finished(status.conditions):
        for field, count in (("active", status.active), ("terminating", status.terminating or 0)):
            if count > 0:
                errors.append(FieldError.invalid(f"status.{field}", count, f"{field}>0 is invalid for finished job"))
    if (status.ready or 0) > status.active:
        errors.append(FieldError.invalid("status.ready", status.ready, "cannot set more ready pods than active"))
    for kind in ("Failed", "Complete", "FailureTarget", "SuccessCriteriaMet"):
        if _holds(before.conditions, kind) and not _holds(status.conditions, kind):
            terminal = "" if kind == "SuccessCriteriaMet" else "terminal "
            errors.append(_plain(_CONDITIONS, f"cannot disable the {terminal}{kind}=True condition"))
    for field, count, last in (
        ("failed", status.failed, before.failed),
        ("succeeded", status.succeeded, before.succeeded),
    ):
        if count < last:
            errors.append(FieldError.invalid(f"status.{field}", count, f"cannot decrease the {field} counter"))
    if before.completion_time and status.completion_time not in (None, before.completion_time):
        detail = "completionTime cannot be mutated"
        errors.append(FieldError.invalid("status.completionTime", status.completion_time, detail))
    if before.start_time and before.start_time != status.start_time and not value.spec.suspend:
        errors.append(FieldError.required("status.startTime", "startTime cannot be removed for unsuspended job"))
    return errors


def validate_cron_job_status(value: CronJob, old: CronJob) -> list[FieldError]:
    """Return what is wrong with a cron job's new status: any is right."""
    return []


def _job_conditions(conditions: list[JobCondition]) -> list[FieldError]:
    def both(one: str, other: str, shown: str) -> list[FieldError]:
        if _holds(conditions, one) and _holds(conditions, other):
            return [_plain(_CONDITIONS, f"cannot set {shown} conditions")]
        return []

    errors = both("Complete", "Failed", "Complete=True and Failed=true")
    errors += both("Complete", "FailureTarget", "Complete=True and FailureTarget=true")
    if _holds(conditions, "Failed") and not _holds(conditions, "FailureTarget"):
        errors.append(_plain(_CONDITIONS, _WITHOUT.format("Failed=True", "FailureTarget=true")))
    if _holds(conditions, "Complete") and not _holds(conditions, "SuccessCriteriaMet"):
        errors.append(_plain(_CONDITIONS, _WITHOUT.format("Complete=True", "SuccessCriteriaMet=true")))
    errors += both("SuccessCriteriaMet", "Failed", "SuccessCriteriaMet=True and Failed=true")
    return errors + both("SuccessCriteriaMet", "FailureTarget", "SuccessCriteriaMet=True and FailureTarget=true")


_WITHOUT: Final = "cannot set {} condition without the {} condition"


def _job_times(value: Job) -> list[FieldError]:
    status, field = value.status, "status.completionTime"
    errors, is_complete = [], _holds(value.status.conditions, "Complete")
    if status.completion_time and not is_complete:
        detail = "cannot set completionTime when there is no Complete=True condition"
        errors.append(FieldError.invalid(field, status.completion_time, detail))
    if is_complete and not status.completion_time:
        errors.append(FieldError.required(field, "completionTime is required for Complete jobs"))
    started, ended = parse_time(status.start_time), parse_time(status.completion_time)
    if started is not None and ended is not None and ended < started:
        errors.append(
            FieldError.invalid(field, status.completion_time, "completionTime cannot be set before startTime")
        )
    if not status.start_time and _finished(status.conditions):
        errors.append(FieldError.required("status.startTime", "startTime is required for finished job"))
    return errors


def _finished(conditions: list[JobCondition] | None) -> bool:
    return _holds(conditions, "Complete") or _holds(conditions, "Failed")


def _holds(conditions: list[JobCondition] | None, kind: str) -> bool:
    return any(each.type == kind and each.status == "True" for each in conditions or [])


def _plain(field: str, detail: str) -> FieldError:
    return FieldError("FieldValueInvalid", field, f"Invalid value: {detail}")


def _collisions(count: int | None, before: int | None) -> list[FieldError]:
    if (count or 0) >= (before or 0):
        return []
    return [FieldError.invalid("status.collisionCount", count or 0, "cannot be decremented")]
