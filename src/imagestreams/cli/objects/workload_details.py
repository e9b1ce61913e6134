"""What a description of a workload shows besides the workload: its replica sets and its pods."""

from collections import Counter
from collections.abc import Mapping
from typing import Any, Final

import msgspec

from imagestreams.api.meta import LabelSelector
from imagestreams.api.metadata.label_selectors import selector_text
from imagestreams.cli.describers.workloads import PodCounts
from imagestreams.cli.session import Session
from imagestreams.client.discovery import ResourceType
from imagestreams.client.errors import ClientError

Object = dict[str, Any]

PODS: Final = ResourceType("", "v1", "pods", "Pod", "pod")
REPLICA_SETS: Final = ResourceType("apps", "v1", "replicasets", "ReplicaSet", "replicaset")
TEMPLATE_HASH: Final = "pod-template-hash"


def replica_sets_of(session: Session, deployment: Object, chunk_size: int = 500) -> tuple[list[Object], Object | None]:
    """Return the old replica sets of a deployment, and the one with its template.

    Raises:
        ClientError: they can't be read.
    """
    spec = deployment.get("spec") or {}
    found = controlled(session, REPLICA_SETS, deployment, query_of(spec.get("selector")), chunk_size)
    found.sort(key=lambda each: (str(_meta(each).get("creationTimestamp")), str(_meta(each).get("name"))))
    new = next((each for each in found if same_template(spec, each.get("spec") or {})), None)
    return [each for each in found if each is not new], new


def same_template(spec: Object, other: Object) -> bool:
    """Return whether two workloads have one template, but for the label with the template's name."""
    return _without_hash(spec.get("template") or {}) == _without_hash(other.get("template") or {})


def _without_hash(template: Object) -> Object:
    metadata = template.get("metadata") or {}
    labels = {key: value for key, value in (metadata.get("labels") or {}).items() if key != TEMPLATE_HASH}
    return {**template, "metadata": {**metadata, "labels": labels}}


def pods_of(session: Session, workload: Object, selector: str, chunk_size: int = 500) -> PodCounts:
    """Count the pods of a workload; a server that has no pods at all has none of this one."""
    try:
        pods = controlled(session, PODS, workload, selector, chunk_size)
    except ClientError as error:
        if error.status is None:
            raise
        return PodCounts(problem=error.message)
    phases = Counter(str((pod.get("status") or {}).get("phase")) for pod in pods)
    return PodCounts(phases["Running"], phases["Pending"], phases["Succeeded"], phases["Failed"])


def controlled(session: Session, kind: ResourceType, owner: Object, selector: str, chunk_size: int) -> list[Object]:
    """Return the objects of a kind that a selector selects and an object controls.

    Raises:
        ClientError: they can't be read.
    """
    metadata = _meta(owner)
    resources = session.resources(kind, str(metadata.get("namespace") or ""))
    items = resources.list(label_selector=selector, chunk_size=chunk_size).get("items") or []
    return [each for each in items if _controller_uid(each) == metadata.get("uid")]


def query_of(selector: Object | None) -> str:
    """Return a label selector as a query."""
    return selector_text(msgspec.convert(selector, LabelSelector) if selector is not None else None)


def _controller_uid(value: Object) -> Any:
    owners = _meta(value).get("ownerReferences") or []
    return next((owner.get("uid") for owner in owners if owner.get("controller")), None)


def _meta(value: Mapping[str, Any]) -> Object:
    metadata: Object = value.get("metadata") or {}
    return metadata
