"""Pods as a resource: stored like workloads, with the images that were meant.

Workloads here have no pods: their runners take them as they are. A pod that a user makes is stored, and shows what
whatever runs it reports.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from imagestreams.api.ages import age
from imagestreams.api.metadata.label_selectors import NONE_SHOWN
from imagestreams.api.pods import Pod
from imagestreams.api.pods.defaulting import default_pod
from imagestreams.api.pods.pod_validation import validate_pod, validate_pod_update
from imagestreams.api.pods.service_quality import service_quality
from imagestreams.api.pods.status import ContainerStatus
from imagestreams.resources.resource import Column, TableView
from imagestreams.resources.workloads.kind import WorkloadKind, workload_info
from imagestreams.resources.workloads.tables import AGE, NAME

PENDING: Final = "Pending"
_FIELDS: Final = (
    "spec.hostNetwork",
    "spec.nodeName",
    "spec.restartPolicy",
    "spec.schedulerName",
    "spec.serviceAccountName",
    "status.nominatedNodeName",
    "status.phase",
    "status.podIP",
)


def pod_kind(clock: Callable[[], datetime]) -> WorkloadKind[Pod]:
    """Return the rules of pods."""
    return WorkloadKind(
        workload_info(Pod, "", _table(clock), "xPOwRZ+Yhw8=", short=("po",), fields=_FIELDS),
        default_pod,
        validate_pod,
        validate_pod_update,
        lambda value, old: [],
        settle=_begin,
        field_values=_field_values,
    )


def _begin(value: Pod, old: Pod | None) -> None:
    if old is None:
        value.status.phase = PENDING
        value.status.qos_class = service_quality(value.spec)


def _field_values(value: Pod) -> Mapping[str, str]:
    spec, status = value.spec, value.status
    values = (
        "true" if spec.host_network else "false",
        spec.node_name,
        spec.restart_policy,
        spec.scheduler_name,
        spec.service_account_name,
        status.nominated_node_name,
        status.phase,
        status.pod_ip,
    )
    return dict(zip(_FIELDS, values, strict=True))


def _table(clock: Callable[[], datetime]) -> TableView:
    def cells(value: Pod) -> Sequence[Any]:
        status = value.status
        running = status.container_statuses or []
        ready = f"{sum(each.ready for each in running)}/{len(value.spec.containers or [])}"
        restarts = str(sum(each.restart_count for each in running))
        since = age(value.metadata.creation_timestamp, clock())
        place = status.pod_ip or NONE_SHOWN, value.spec.node_name or NONE_SHOWN
        wide = *place, status.nominated_node_name or NONE_SHOWN, _gates(value)
        return value.metadata.name, ready, shown_status(value), restarts, since, *wide

    columns = (
        Column("Ready", description="How many containers are ready, of how many there are."),
        Column("Status", description="Where the pod is in its life, or what keeps it from going on."),
        Column("Restarts", description="How many times its containers were started anew."),
        AGE,
        Column("IP", priority=1, description="The address of the pod."),
        Column("Node", priority=1, description="The node that it runs on."),
        Column("Nominated Node", priority=1, description="The node that is cleared for it."),
        Column("Readiness Gates", priority=1, description="How many of its further conditions are true."),
    )
    return TableView((NAME, *columns), cells)


def shown_status(pod: Pod) -> str:
    """Return the status of a pod in a word or two, as `kubectl get pods` shows it."""
    status = pod.status
    shown = status.reason or status.phase
    if any(each.type == "PodScheduled" and each.reason == "SchedulingGated" for each in status.conditions or []):
        shown = "SchedulingGated"
    beginning = _beginning(pod)
    if beginning:
        shown = beginning
    else:
        running = False
        for each in reversed(status.container_statuses or []):
            if reason := _reason(each):
                shown = reason
            elif each.ready and each.state.running is not None:
                running = True
        if shown == "Completed" and running:
            true = any(each.type == "Ready" and each.status == "True" for each in status.conditions or [])
            shown = "Running" if true else "NotReady"
    if pod.metadata.deletion_timestamp:
        return "Unknown" if status.reason == "NodeLost" else "Terminating"
    return shown


def _beginning(pod: Pod) -> str:
    """Return what keeps the pod from having begun; empty when all that runs before the rest is done."""
    first = pod.spec.init_containers or []
    beside = {container.name for container in first if container.restart_policy == "Always"}
    for number, each in enumerate(pod.status.init_container_statuses or []):
        ended = each.state.terminated
        if ended is not None and ended.exit_code == 0:
            continue
        if each.name in beside and each.started:
            continue
        reason = _reason(each)
        if reason and reason != "PodInitializing":
            return f"Init:{reason}"
        return f"Init:{number}/{len(first)}"
    return ""


def _reason(container: ContainerStatus) -> str:
    waiting, ended = container.state.waiting, container.state.terminated
    if waiting is not None and waiting.reason:
        return waiting.reason
    if ended is None:
        return ""
    return ended.reason or (f"Signal:{ended.signal}" if ended.signal else f"ExitCode:{ended.exit_code}")


def _gates(pod: Pod) -> str:
    gates = pod.spec.readiness_gates or []
    if not gates:
        return NONE_SHOWN
    true = {each.type for each in pod.status.conditions or [] if each.status == "True"}
    return f"{sum(gate.condition_type in true for gate in gates)}/{len(gates)}"
