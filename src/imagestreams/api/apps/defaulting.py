"""The values that the server fills in where a workload of `apps/v1` or a replication controller leaves a field empty.

Pure: each function changes the object that it is given.
"""

from typing import Final

from imagestreams.api.apps.types import (
    DaemonSet,
    Deployment,
    ReplicaSet,
    ReplicationController,
    RollingUpdateDaemonSet,
    RollingUpdateDeployment,
    RollingUpdateStatefulSetStrategy,
    StatefulSet,
    StatefulSetPersistentVolumeClaimRetentionPolicy,
)
from imagestreams.api.pods.defaulting import default_claim, default_pod_template

ROLLING_UPDATE: Final = "RollingUpdate"
ORDERED_READY: Final = "OrderedReady"
RETAIN: Final = "Retain"
_A_QUARTER: Final = "25%"
_REVISIONS: Final = 10
_PROGRESS_DEADLINE_S: Final = 600


def default_deployment(value: Deployment) -> None:
    """Fill in a deployment."""
    spec = value.spec
    spec.replicas = _or(spec.replicas, 1)
    spec.strategy.type = spec.strategy.type or ROLLING_UPDATE
    if spec.strategy.type == ROLLING_UPDATE:
        bounds = spec.strategy.rolling_update = spec.strategy.rolling_update or RollingUpdateDeployment()
        bounds.max_unavailable = _A_QUARTER if bounds.max_unavailable is None else bounds.max_unavailable
        bounds.max_surge = _A_QUARTER if bounds.max_surge is None else bounds.max_surge
    spec.revision_history_limit = _or(spec.revision_history_limit, _REVISIONS)
    spec.progress_deadline_seconds = _or(spec.progress_deadline_seconds, _PROGRESS_DEADLINE_S)
    default_pod_template(spec.template)


def default_replica_set(value: ReplicaSet) -> None:
    """Fill in a replica set."""
    value.spec.replicas = _or(value.spec.replicas, 1)
    default_pod_template(value.spec.template)


def default_stateful_set(value: StatefulSet) -> None:
    """Fill in a stateful set."""
    spec = value.spec
    spec.pod_management_policy = spec.pod_management_policy or ORDERED_READY
    update = spec.update_strategy
    update.type = update.type or ROLLING_UPDATE
    if update.type == ROLLING_UPDATE:
        update.rolling_update = update.rolling_update or RollingUpdateStatefulSetStrategy()
        update.rolling_update.partition = _or(update.rolling_update.partition, 0)
    kept = spec.persistent_volume_claim_retention_policy or StatefulSetPersistentVolumeClaimRetentionPolicy()
    kept.when_deleted = kept.when_deleted or RETAIN
    kept.when_scaled = kept.when_scaled or RETAIN
    spec.persistent_volume_claim_retention_policy = kept
    spec.replicas = _or(spec.replicas, 1)
    spec.revision_history_limit = _or(spec.revision_history_limit, _REVISIONS)
    for claim in spec.volume_claim_templates or []:
        claim.kind, claim.api_version = "PersistentVolumeClaim", "v1"
        default_claim(claim)
    default_pod_template(spec.template)


def default_daemon_set(value: DaemonSet) -> None:
    """Fill in a daemon set."""
    spec, update = value.spec, value.spec.update_strategy
    update.type = update.type or ROLLING_UPDATE
    if update.type == ROLLING_UPDATE:
        bounds = update.rolling_update = update.rolling_update or RollingUpdateDaemonSet()
        bounds.max_unavailable = 1 if bounds.max_unavailable is None else bounds.max_unavailable
        bounds.max_surge = 0 if bounds.max_surge is None else bounds.max_surge
    spec.revision_history_limit = _or(spec.revision_history_limit, _REVISIONS)
    default_pod_template(spec.template)


def default_replication_controller(value: ReplicationController) -> None:
    """Fill in a replication controller: its labels and its selector are those of its template."""
    spec = value.spec
    spec.replicas = _or(spec.replicas, 1)
    if spec.template is None:
        return
    labels = spec.template.metadata.labels
    if labels:
        spec.selector = spec.selector or dict(labels)
        value.metadata.labels = value.metadata.labels or dict(labels)
    default_pod_template(spec.template)


def _or(value: int | None, default: int) -> int:
    return default if value is None else value
