"""The kinds of `apps/v1`, and replication controllers of `v1`."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Final

from imagestreams.api.apps.defaulting import (
    default_daemon_set,
    default_deployment,
    default_replica_set,
    default_replication_controller,
    default_stateful_set,
)
from imagestreams.api.apps.status_validation import (
    validate_daemon_set_status,
    validate_deployment_status,
    validate_replicated_status,
    validate_stateful_set_status,
)
from imagestreams.api.apps.types import (
    ControllerRevision,
    DaemonSet,
    Deployment,
    ReplicaSet,
    ReplicationController,
    StatefulSet,
)
from imagestreams.api.apps.validation import (
    validate_controller_revision,
    validate_controller_revision_update,
    validate_daemon_set,
    validate_daemon_set_update,
    validate_deployment,
    validate_deployment_update,
    validate_replica_set,
    validate_replica_set_update,
    validate_replication_controller,
    validate_stateful_set,
    validate_stateful_set_update,
)
from imagestreams.api.meta import LabelSelector
from imagestreams.api.metadata.label_selectors import selector_text
from imagestreams.resources.owning import ORPHAN
from imagestreams.resources.workloads import tables
from imagestreams.resources.workloads.kind import WorkloadKind, workload_info

GROUP: Final = "apps"
TEMPLATE_GENERATION: Final = "deprecated.daemonset.template.generation"

Clock = Callable[[], datetime]


def deployment_kind(clock: Clock) -> WorkloadKind[Deployment]:
    """Return the rules of deployments."""
    table = tables.deployment_table(clock)
    return WorkloadKind(
        workload_info(Deployment, GROUP, table, "8aSe+NMegvE=", short=("deploy",)),
        default_deployment,
        validate_deployment,
        validate_deployment_update,
        validate_deployment_status,
        selector_of=lambda value: selector_text(value.spec.selector),
        counts_annotations=True,
    )


def replica_set_kind(clock: Clock) -> WorkloadKind[ReplicaSet]:
    """Return the rules of replica sets."""
    table = tables.replica_set_table(clock)
    return WorkloadKind(
        workload_info(ReplicaSet, GROUP, table, "P1RzHs8/mWQ=", short=("rs",)),
        default_replica_set,
        validate_replica_set,
        validate_replica_set_update,
        validate_replicated_status,
        selector_of=lambda value: selector_text(value.spec.selector),
    )


def stateful_set_kind(clock: Clock) -> WorkloadKind[StatefulSet]:
    """Return the rules of stateful sets."""
    table = tables.stateful_set_table(clock)
    return WorkloadKind(
        workload_info(StatefulSet, GROUP, table, "H+vl74LkKdo=", short=("sts",)),
        default_stateful_set,
        validate_stateful_set,
        validate_stateful_set_update,
        validate_stateful_set_status,
        selector_of=lambda value: selector_text(value.spec.selector),
    )


def daemon_set_kind(clock: Clock) -> WorkloadKind[DaemonSet]:
    """Return the rules of daemon sets."""
    table = tables.daemon_set_table(clock)
    return WorkloadKind(
        workload_info(DaemonSet, GROUP, table, "dd7pWHUlMKQ=", short=("ds",)),
        default_daemon_set,
        validate_daemon_set,
        validate_daemon_set_update,
        validate_daemon_set_status,
        settle=_count_templates,
    )


def controller_revision_kind(clock: Clock) -> WorkloadKind[ControllerRevision]:
    """Return the rules of the revisions of stateful sets and daemon sets."""
    table = tables.controller_revision_table(clock)
    return WorkloadKind(
        workload_info(ControllerRevision, GROUP, table, "85nkx63pcBU=", in_all=False),
        lambda value: None,
        validate_controller_revision,
        validate_controller_revision_update,
    )


def replication_controller_kind(clock: Clock) -> WorkloadKind[ReplicationController]:
    """Return the rules of replication controllers."""
    table = tables.replication_controller_table(clock)
    return WorkloadKind(
        workload_info(ReplicationController, "", table, "Jond2If31h0=", short=("rc",), fields=("status.replicas",)),
        default_replication_controller,
        validate_replication_controller,
        lambda value, old: validate_replication_controller(value),
        validate_replicated_status,
        selector_of=lambda value: selector_text(LabelSelector(match_labels=value.spec.selector)),
        default_propagation=ORPHAN,
        field_values=_replicas,
    )


def _replicas(value: ReplicationController) -> Mapping[str, str]:
    return {"status.replicas": str(value.status.replicas)}


def _count_templates(value: DaemonSet, old: DaemonSet | None) -> None:
    """Keep the number of the template, which an annotation shows for clients of old."""
    number = 1
    if old is not None:
        before = (old.metadata.annotations or {}).get(TEMPLATE_GENERATION, "1")
        number = (int(before) if before.isdigit() else 1) + (value.spec.template != old.spec.template)
    value.metadata.annotations = {**(value.metadata.annotations or {}), TEMPLATE_GENERATION: str(number)}
