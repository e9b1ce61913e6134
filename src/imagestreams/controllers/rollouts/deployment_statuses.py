"""The status of a deployment: conditions, reasons and messages are those of Kubernetes' own controller. Pure."""

from math import ceil
from typing import Final

from imagestreams.api.ages import parse_time
from imagestreams.api.apps.types import Deployment, DeploymentCondition, DeploymentStatus
from imagestreams.api.pods import IntOrString
from imagestreams.controllers.rollouts.seen import NO_RUNNER, Seen

AVAILABLE: Final = "Available"
PROGRESSING: Final = "Progressing"
REPLICA_FAILURE: Final = "ReplicaFailure"
TIMED_OUT: Final = "ProgressDeadlineExceeded"
NO_RUNNER_REASON: Final = "NoRunner"


def deployment_status(deployment: Deployment, seen: Seen, now: str) -> DeploymentStatus:
    """Return the status that a deployment should have."""
    before = deployment.status
    wanted = {one.type: one for one in (_available(deployment, seen), _progressing(deployment, seen)) if one}
    if seen.problem and seen.has_runner:
        wanted[REPLICA_FAILURE] = _condition(REPLICA_FAILURE, "True", "FailedCreate", seen.problem)
    return DeploymentStatus(
        observed_generation=deployment.metadata.generation,
        replicas=seen.observation.replicas,
        updated_replicas=seen.running,
        ready_replicas=seen.observation.ready,
        available_replicas=seen.available,
        unavailable_replicas=max(0, seen.replicas - seen.available),
        conditions=_merged(before.conditions or [], wanted, now) or None,
        collision_count=before.collision_count,
    )


def left_without_runner_s(deployment: Deployment, now: str) -> float | None:
    """Return in how many seconds a deployment that nobody runs is late, 0 if it is; `None` if that is not known yet."""
    told = next((one for one in deployment.status.conditions or [] if one.type == PROGRESSING), None)
    deadline_s = deployment.spec.progress_deadline_seconds
    if told is None or deadline_s is None or deployment.spec.paused:
        return None
    if deployment.status.observed_generation != deployment.metadata.generation:
        return None
    if told.reason == TIMED_OUT:
        return 0
    since, moment = parse_time(told.last_update_time), parse_time(now)
    if told.reason != NO_RUNNER_REASON or since is None or moment is None:
        return None
    return max(0.0, deadline_s - (moment - since).total_seconds())


def _available(deployment: Deployment, seen: Seen) -> DeploymentCondition:
    if seen.available >= seen.replicas - _max_unavailable(deployment, seen.replicas):
        text = "Deployment has minimum availability."
        return _condition(AVAILABLE, "True", "MinimumReplicasAvailable", text)
    text = "Deployment does not have minimum availability."
    return _condition(AVAILABLE, "False", "MinimumReplicasUnavailable", text)


def _progressing(deployment: Deployment, seen: Seen) -> DeploymentCondition | None:
    about = f'ReplicaSet "{seen.revision}"' if seen.revision else f'Deployment "{deployment.metadata.name}"'
    if seen.waits and seen.has_runner:
        return _condition(PROGRESSING, "Unknown", "DeploymentPaused", "Deployment is paused")
    if seen.complete:
        return _condition(PROGRESSING, "True", "NewReplicaSetAvailable", f"{about} has successfully progressed.")
    if seen.timed_out:
        text = f"{about} has timed out progressing."
        return _condition(PROGRESSING, "False", TIMED_OUT, text if seen.has_runner else f"{text} {NO_RUNNER}")
    if not seen.has_runner:
        return _condition(PROGRESSING, "False", NO_RUNNER_REASON, NO_RUNNER)
    return _condition(PROGRESSING, "True", "ReplicaSetUpdated", f"{about} is progressing.")


def _merged(
    before: list[DeploymentCondition], wanted: dict[str, DeploymentCondition], now: str
) -> list[DeploymentCondition]:
    """Return the conditions in their order, each with the times at which it changed."""
    old = {one.type: one for one in before}
    kept = [one for one in before if one.type in wanted or one.type not in _OURS]
    found = []
    for one in [*(wanted.get(one.type, one) for one in kept), *(one for one in wanted.values() if one.type not in old)]:
        last = old.get(one.type)
        if last is not None and (last.status, last.reason, last.message) == (one.status, one.reason, one.message):
            found.append(last)
            continue
        one.last_update_time = now
        one.last_transition_time = last.last_transition_time if last is not None and last.status == one.status else now
        found.append(one)
    return found


_OURS: Final = frozenset({AVAILABLE, PROGRESSING, REPLICA_FAILURE})


def _condition(kind: str, status: str, reason: str, message: str) -> DeploymentCondition:
    return DeploymentCondition(type=kind, status=status, reason=reason, message=message)


def _max_unavailable(deployment: Deployment, replicas: int) -> int:
    """Return how many pods may be missing; all, where old pods end before new ones begin."""
    strategy = deployment.spec.strategy
    if strategy.type == "Recreate" or strategy.rolling_update is None:
        return 0
    unavailable = _number(strategy.rolling_update.max_unavailable, replicas, up=False)
    surge = _number(strategy.rolling_update.max_surge, replicas, up=True)
    # With neither nothing could ever be replaced.
    return min(replicas, unavailable if unavailable or surge else 1)


def _number(value: IntOrString | None, replicas: int, *, up: bool) -> int:
    if isinstance(value, str):
        share = replicas * float(value.removesuffix("%") or 0) / 100
        return ceil(share) if up else int(share)
    return value or 0
