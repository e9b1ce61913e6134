"""What a change of a workload's status means: its newest revision runs, or stopped getting there. Pure.

The status is written by whatever runs the workload, by the rules of Kubernetes and OpenShift, so it is read as they
document it: the condition `Progressing` of deployments, the revisions of stateful sets, the counts of daemon sets.
"""

from dataclasses import dataclass
from typing import Any, Final

from imagestreams.api.apps.types import DaemonSet, Deployment, StatefulSet
from imagestreams.api.openshift_apps.types import DeploymentConfig
from imagestreams.notifications.happening import Happening, bounded, happening_id

Workload = Deployment | StatefulSet | DaemonSet | DeploymentConfig

_DONE: Final = frozenset({"NewReplicaSetAvailable", "NewReplicationControllerAvailable"})
_STOPPED: Final = frozenset({"ProgressDeadlineExceeded", "RolloutCancelled"})
_REVISION: Final = "deployment.kubernetes.io/revision"
_PLURALS: Final = {
    "Deployment": "apis/apps/v1/namespaces/{}/deployments",
    "StatefulSet": "apis/apps/v1/namespaces/{}/statefulsets",
    "DaemonSet": "apis/apps/v1/namespaces/{}/daemonsets",
    "DeploymentConfig": "apis/apps.openshift.io/v1/namespaces/{}/deploymentconfigs",
}


@dataclass(frozen=True, slots=True)
class _End:
    """How the rollout of a revision ended."""

    kind: str
    revision: str
    reason: str = ""
    message: str = ""


def rollout_happenings(old: Workload | None, new: Workload | None, now: str) -> list[Happening]:
    """Return what happened to a workload between two states, at the time `now`."""
    if new is None or (end := _end(new)) is None:
        return []
    before = _end(old) if old is not None and old.metadata.uid == new.metadata.uid else None
    same = before is not None and (before.kind, before.revision) == (end.kind, end.revision)
    return [] if same else [_ended(new, end, now)]


def rollout_happenings_since(workload: Workload, time: str, now: str) -> list[Happening]:
    """Return how the newest rollout ended; when that was is not told by all workloads, so it may be told again."""
    end = _end(workload)
    return [_ended(workload, end, now)] if end is not None else []


def _end(workload: Workload) -> _End | None:
    status: Any = workload.status
    if isinstance(workload, StatefulSet):
        failure = _failure(status.conditions)
        if failure is not None:
            return _End("RolloutFailed", status.update_revision, failure.reason, failure.message)
        done = status.update_revision and status.current_revision == status.update_revision
        return _End("RolloutCompleted", status.update_revision) if done else None
    revision = str(workload.metadata.generation)
    # What the status says of an earlier state is no end of this one.
    if status.observed_generation != workload.metadata.generation:
        return None
    if isinstance(workload, DaemonSet):
        failure = _failure(status.conditions)
        if failure is not None:
            return _End("RolloutFailed", revision, failure.reason, failure.message)
        done = status.updated_number_scheduled == status.desired_number_scheduled
        return _End("RolloutCompleted", revision) if done else None
    if isinstance(workload, Deployment):
        revision = (workload.metadata.annotations or {}).get(_REVISION, revision)
    else:
        revision = str(workload.status.latest_version)
    for condition in status.conditions or []:
        if condition.type == "Progressing" and condition.reason in _DONE:
            return _End("RolloutCompleted", revision, condition.reason, condition.message)
        if condition.type == "Progressing" and condition.status == "False" and condition.reason in _STOPPED:
            return _End("RolloutFailed", revision, condition.reason, condition.message)
    return None


def _failure(conditions: list[Any] | None) -> Any | None:
    """Return the condition that says why pods do not come; that nothing runs the workload at all is none."""
    for condition in conditions or []:
        if condition.type == "ReplicaFailure" and condition.status == "True" and condition.reason != "NoRunner":
            return condition
    return None


def _ended(workload: Workload, end: _End, now: str) -> Happening:
    kind, metadata = type(workload).__name__, workload.metadata
    template = workload.spec.template
    pods = template.spec if template is not None else None
    images = [container.image for container in (pods.containers if pods is not None else None) or []]
    data = {
        "namespace": metadata.namespace,
        "kind": kind,
        "name": metadata.name,
        "revision": end.revision,
        "reason": end.reason,
        "message": bounded(end.message),
        "images": images,
    }
    return Happening(
        kind=end.kind,
        id=happening_id(end.kind, metadata.uid, metadata.generation, end.revision),
        source=f"/{_PLURALS[kind].format(metadata.namespace)}/{metadata.name}",
        subject=f"{metadata.namespace}/{metadata.name}",
        namespace=metadata.namespace,
        time=now,
        data=data,
    )
