"""The status of each kind of workload, from what is wanted and what was seen. Pure."""

from collections.abc import Callable
from typing import Any

from imagestreams.api.apps.types import (
    DaemonSet,
    DaemonSetCondition,
    DaemonSetStatus,
    Deployment,
    ReplicaSet,
    ReplicaSetCondition,
    ReplicaSetStatus,
    ReplicationController,
    ReplicationControllerCondition,
    ReplicationControllerStatus,
    StatefulSet,
    StatefulSetCondition,
    StatefulSetStatus,
)
from imagestreams.api.batch.types import Job
from imagestreams.api.core import Stored
from imagestreams.api.pods import Pod
from imagestreams.controllers.rollouts.deployment_statuses import deployment_status
from imagestreams.controllers.rollouts.job_statuses import job_status
from imagestreams.controllers.rollouts.pod_statuses import pod_status
from imagestreams.controllers.rollouts.seen import NO_RUNNER, Seen


def status_of(value: Stored, seen: Seen, now: str) -> Any:
    """Return the status that a workload should have; `now` is the time as the API shows it."""
    if isinstance(value, Deployment):
        return deployment_status(value, seen, now)
    if isinstance(value, StatefulSet):
        return _stateful_set_status(value, seen, now)
    if isinstance(value, DaemonSet):
        return _daemon_set_status(value, seen, now)
    if isinstance(value, ReplicaSet):
        return replica_set_status(value, seen, now)
    if isinstance(value, ReplicationController):
        return replication_controller_status(value, seen, now)
    if isinstance(value, Pod):
        return pod_status(value, seen, now)
    assert isinstance(value, Job)
    return job_status(value, seen, now)


def is_anothers(status: Any) -> bool:
    """Return whether somebody else keeps a status: something is in it, and nothing that says that nobody runs it."""
    blank = type(status)()
    if hasattr(status, "collision_count"):
        blank.collision_count = status.collision_count
    return bool(status != blank) and not any(NO_RUNNER in one.message for one in status.conditions or [])


def replica_set_status(value: ReplicaSet, seen: Seen, now: str) -> ReplicaSetStatus:
    """Return the status of a replica set."""
    return ReplicaSetStatus(
        replicas=seen.running,
        fully_labeled_replicas=seen.running,
        ready_replicas=seen.available if seen.is_current else 0,
        available_replicas=seen.available if seen.is_current else 0,
        observed_generation=value.metadata.generation,
        conditions=_failure(value.status.conditions or [], ReplicaSetCondition, seen, now),
    )


def replication_controller_status(value: ReplicationController, seen: Seen, now: str) -> ReplicationControllerStatus:
    """Return the status of a replication controller."""
    return ReplicationControllerStatus(
        replicas=seen.running,
        fully_labeled_replicas=seen.running,
        ready_replicas=seen.available if seen.is_current else 0,
        available_replicas=seen.available if seen.is_current else 0,
        observed_generation=value.metadata.generation,
        conditions=_failure(value.status.conditions or [], ReplicationControllerCondition, seen, now),
    )


def _stateful_set_status(value: StatefulSet, seen: Seen, now: str) -> StatefulSetStatus:
    before = value.status
    # The revision that runs stays the current one until the new one has come up.
    current = seen.revision if seen.complete or not before.current_revision else before.current_revision
    same = current == seen.revision
    return StatefulSetStatus(
        observed_generation=value.metadata.generation,
        replicas=seen.observation.replicas,
        ready_replicas=seen.observation.ready,
        current_replicas=seen.observation.replicas if same else seen.observation.replicas - seen.running,
        updated_replicas=seen.running,
        current_revision=current,
        update_revision=seen.revision,
        collision_count=before.collision_count if before.collision_count is not None else 0,
        conditions=_failure(before.conditions or [], StatefulSetCondition, seen, now),
        available_replicas=seen.available,
    )


def _daemon_set_status(value: DaemonSet, seen: Seen, now: str) -> DaemonSetStatus:
    return DaemonSetStatus(
        current_number_scheduled=seen.observation.replicas,
        desired_number_scheduled=seen.replicas,
        number_ready=seen.observation.ready,
        observed_generation=value.metadata.generation,
        updated_number_scheduled=seen.running,
        number_available=seen.available,
        number_unavailable=max(0, seen.replicas - seen.available),
        collision_count=value.status.collision_count,
        conditions=_failure(value.status.conditions or [], DaemonSetCondition, seen, now),
    )


def _failure(before: list[Any], kind: Callable[..., Any], seen: Seen, now: str) -> list[Any] | None:
    """Return the conditions with one that says why pods do not come, if they do not."""
    others = [one for one in before if one.type != "ReplicaFailure"]
    if not seen.problem:
        return others or None
    reason, message = ("FailedCreate", seen.problem) if seen.has_runner else ("NoRunner", NO_RUNNER)
    last = next((one for one in before if one.type == "ReplicaFailure"), None)
    since = last.last_transition_time if last is not None else now
    failure = kind(type="ReplicaFailure", status="True", last_transition_time=since, reason=reason, message=message)
    return [*others, failure]
