"""The rollouts of deployment configs: their newest replication controller is what is to run.

Its annotations show how far the rollout is, for whoever works out the config's own status from them. A rollout that
fails, or that is cancelled, is followed by the last one that succeeded.
"""

from collections.abc import Sequence
from typing import Final

from imagestreams.api.apps.types import ReplicationController
from imagestreams.api.codec import copy, encode
from imagestreams.api.openshift_apps.types import DeploymentConfig
from imagestreams.controllers.rollouts.seen import Seen
from imagestreams.controllers.rollouts.statuses import replication_controller_status
from imagestreams.controllers.rollouts.subjects import Subject
from imagestreams.resources.openshift_apps.rollouts import (
    COMPLETE,
    FAILED,
    PHASE,
    REASON,
    RUNNING,
    active,
    is_cancelled,
    is_over,
    latest,
    phase_of,
    version_of,
)

CANCELLED_BY_USER: Final = "cancelled by the user"
DEADLINE_S: Final = 600
"""How long a rollout may take where its config does not say."""


def wanted_rollout(config: DeploymentConfig, rollouts: Sequence[ReplicationController]) -> ReplicationController | None:
    """Return the rollout that should run: the latest, or the last that succeeded where that has failed."""
    newest = latest(config, rollouts)
    if newest is None or phase_of(newest) == FAILED or (is_cancelled(newest) and not is_over(newest)):
        return active(rollouts)
    return newest


def config_subject(config: DeploymentConfig, rollout: ReplicationController) -> Subject | None:
    """Return what is to run of a config."""
    template = rollout.spec.template
    if template is None:
        return None
    metadata = config.metadata
    return Subject(
        config.api_version,
        config.kind,
        metadata.namespace,
        metadata.name,
        metadata.uid,
        metadata.generation,
        0 if config.spec.test and is_over(rollout) else config.spec.replicas,
        template,
        metadata.labels or {},
        deadline_s=_deadline_s(config),
        change=f"{version_of(rollout)}-{metadata.generation}",
    )


def shown(rollout: ReplicationController, *, wanted: bool, seen: Seen | None, now: str) -> ReplicationController:
    """Return a rollout with how far it is; `seen` is what is known of it, if it is the one that should run.

    Once it is over its size is no matter of ours: whoever keeps the config gives it its pods.
    """
    after = copy(rollout)
    annotations = dict(after.metadata.annotations or {})
    runs = wanted and seen is not None and seen.has_runner
    if not is_over(rollout):
        if is_cancelled(rollout):
            annotations |= {PHASE: FAILED, REASON: CANCELLED_BY_USER}
        elif runs and seen is not None:
            annotations |= _progress(seen)
            if seen.replicas != after.spec.replicas:
                after.spec.replicas = seen.replicas
                after.metadata.generation += 1
    after.metadata.annotations = annotations
    after.status = replication_controller_status(after, seen if runs and seen is not None else Seen(0), now)
    return rollout if encode(after) == encode(rollout) else after


def fails(rollout: ReplicationController, seen: Seen) -> bool:
    """Return whether a rollout comes to a bad end with what is seen, and must not be handed out again."""
    return not is_over(rollout) and _progress(seen)[PHASE] == FAILED


def _progress(seen: Seen) -> dict[str, str]:
    if seen.complete:
        return {PHASE: COMPLETE}
    if seen.timed_out:
        return {PHASE: FAILED, REASON: seen.problem or "the rollout took too long"}
    return {PHASE: RUNNING, **({REASON: seen.problem} if seen.problem else {})}


def _deadline_s(config: DeploymentConfig) -> int:
    strategy = config.spec.strategy
    rolling = strategy.rolling_params.timeout_seconds if strategy.rolling_params is not None else None
    recreate = strategy.recreate_params.timeout_seconds if strategy.recreate_params is not None else None
    return rolling or recreate or strategy.active_deadline_seconds or DEADLINE_S
