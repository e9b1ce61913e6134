"""What is told of a deployment config's rollouts: counts and conditions. Pure."""

import math
from collections.abc import Sequence
from typing import Final

from imagestreams.api.apps.types import ReplicationController
from imagestreams.api.openshift_apps.defaulting import ROLLING
from imagestreams.api.openshift_apps.types import DeploymentCondition, DeploymentConfig, DeploymentConfigStatus
from imagestreams.api.pods import IntOrString
from imagestreams.api.written_numbers import written_number
from imagestreams.resources.openshift_apps.rollouts import (
    COMPLETE,
    FAILED,
    PENDING,
    RUNNING,
    is_cancelled,
    latest,
    phase_of,
)

AVAILABLE: Final = "Available"
PROGRESSING: Final = "Progressing"
CREATED_REASON: Final = "NewReplicationControllerCreated"
CREATE_FAILED_REASON: Final = "ReplicationControllerCreateError"
_UPDATED_REASON: Final = "ReplicationControllerUpdated"
_AVAILABLE_REASON: Final = "NewReplicationControllerAvailable"
_CANCELLED_REASON: Final = "RolloutCancelled"
_TIMED_OUT_REASON: Final = "ProgressDeadlineExceeded"


def condition(kind: str, status: str, reason: str, message: str, now: str) -> DeploymentCondition:
    """Return a condition that is written and has changed now."""
    return DeploymentCondition(
        type=kind, status=status, last_update_time=now, last_transition_time=now, reason=reason, message=message
    )


def status_of(
    config: DeploymentConfig,
    rollouts: Sequence[ReplicationController],
    now: str,
    *,
    observed: bool = True,
    also: DeploymentCondition | None = None,
) -> DeploymentConfigStatus:
    """Return the status that a config has with these rollouts.

    `observed` says whether the config's newest generation is taken into account; `also` is a condition that replaces
    what follows from the rollouts.
    """
    current, last = config.status, latest(config, rollouts)
    available = sum(rollout.status.available_replicas for rollout in rollouts)
    wanted = sum(rollout.spec.replicas or 0 for rollout in rollouts)
    status = DeploymentConfigStatus(
        latest_version=current.latest_version,
        observed_generation=config.metadata.generation if observed else current.observed_generation,
        replicas=sum(rollout.status.replicas for rollout in rollouts),
        updated_replicas=last.status.replicas if last is not None else 0,
        available_replicas=available,
        unavailable_replicas=max(0, wanted - available),
        details=current.details,
        conditions=list(current.conditions or []),
        ready_replicas=sum(rollout.status.ready_replicas for rollout in rollouts),
    )
    _set(status, _availability(config, status, now))
    if last is not None and (progress := _progress(config, status, last, now)) is not None:
        _set(status, progress)
    if also is not None:
        _set(status, also)
    return status


def _availability(config: DeploymentConfig, status: DeploymentConfigStatus, now: str) -> DeploymentCondition:
    enough = config.spec.replicas - max_unavailable(config)
    if status.available_replicas >= enough and status.available_replicas > 0:
        return condition(AVAILABLE, "True", "", "Deployment config has minimum availability.", now)
    return condition(AVAILABLE, "False", "", "Deployment config does not have minimum availability.", now)


def _progress(
    config: DeploymentConfig, status: DeploymentConfigStatus, last: ReplicationController, now: str
) -> DeploymentCondition | None:
    name = f'replication controller "{last.metadata.name}"'
    match phase_of(last):
        case phase if phase == PENDING:
            waiting = f'{name} is waiting for pod "{last.metadata.name}-deploy" to run'
            return condition(PROGRESSING, "Unknown", "", waiting, now)
        case phase if phase == RUNNING:
            before = config.status
            fewer_old = status.replicas - status.updated_replicas < before.replicas - before.updated_replicas
            if status.updated_replicas <= before.updated_replicas and not fewer_old:
                return None
            # Each progress counts as a transition, so that its time says when there was some last.
            status.conditions = [one for one in status.conditions or [] if one.type != PROGRESSING]
            return condition(PROGRESSING, "True", _UPDATED_REASON, f"{name} is progressing", now)
        case phase if phase == FAILED and is_cancelled(last):
            return condition(PROGRESSING, "False", _CANCELLED_REASON, f"rollout of {name} was cancelled", now)
        case phase if phase == FAILED:
            return condition(PROGRESSING, "False", _TIMED_OUT_REASON, f"{name} has failed progressing", now)
        case phase if phase == COMPLETE:
            return condition(PROGRESSING, "True", _AVAILABLE_REASON, f"{name} successfully rolled out", now)
    return None


def _set(status: DeploymentConfigStatus, new: DeploymentCondition) -> None:
    """Put a condition in the place of the one of its type, unless that says the same."""
    conditions = status.conditions or []
    before = next((one for one in conditions if one.type == new.type), None)
    if before is not None and (before.status, before.reason) == (new.status, new.reason):
        return
    if before is not None and before.status == new.status:
        new.last_transition_time = before.last_transition_time
    status.conditions = [*(one for one in conditions if one.type != new.type), new]


def max_unavailable(config: DeploymentConfig) -> int:
    """Return how many pods may be missing while a config is rolled out step by step."""
    strategy, wanted = config.spec.strategy, config.spec.replicas
    params = strategy.rolling_params
    if strategy.type != ROLLING or params is None:
        return 0
    surge = _count(params.max_surge, wanted, up=True)
    unavailable = _count(params.max_unavailable, wanted, up=False)
    return 1 if not surge and not unavailable else unavailable


def _count(value: IntOrString | None, of: int, *, up: bool) -> int:
    if not isinstance(value, str):
        return value or 0
    share = written_number(value.removesuffix("%"), 0) * of / 100
    return math.ceil(share) if up else math.floor(share)
