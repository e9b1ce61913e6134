"""The revisions of a workload: where they are kept, how they are listed, and which one is meant by going back."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from imagestreams.cli.errors import CliError
from imagestreams.cli.objects.selection import Object, Target
from imagestreams.cli.objects.workload_details import controlled, query_of, replica_sets_of
from imagestreams.cli.printers.go_text import quoted
from imagestreams.cli.session import Session
from imagestreams.cli.texts.tab_stops import align
from imagestreams.cli.workloads.progress import REVISION
from imagestreams.cli.workloads.selection import CHUNK_SIZE, DEPLOYMENT_CONFIG, kind_of
from imagestreams.client.discovery import ResourceType

CHANGE_CAUSE: Final = "kubernetes.io/change-cause"
CONFIG_LABEL: Final = "openshift.io/deployment-config.name"
CONFIG_VERSION: Final = "openshift.io/deployment-config.latest-version"
PHASE: Final = "openshift.io/deployment.phase"
PHASE_REASON: Final = "openshift.io/deployment.status-reason"

CONTROLLER_REVISIONS: Final = ResourceType("apps", "v1", "controllerrevisions", "ControllerRevision")
REPLICATION_CONTROLLERS: Final = ResourceType("", "v1", "replicationcontrollers", "ReplicationController")
_DEPLOYMENT: Final = ("apps", "Deployment")
_WITH_STATES: Final = (("apps", "StatefulSet"), ("apps", "DaemonSet"))


@dataclass(frozen=True, slots=True)
class Revision:
    """One state of a workload; `kept` is the object that keeps it, `shown` what stands for it as a document."""

    number: int
    template: Object
    kept: Object
    shown: Object
    cause: str = ""
    phase: str = ""


def revisions_of(session: Session, target: Target, value: Object) -> list[Revision]:
    """Return the revisions of a workload, oldest first.

    Raises:
        CliError: there is no such thing for the kind.
        ClientError: they can't be read.
    """
    kind = kind_of(target.type)
    if kind == _DEPLOYMENT:
        found = _of_deployment(session, value)
    elif kind in _WITH_STATES:
        found = _of_states(session, value)
    elif kind == DEPLOYMENT_CONFIG:
        found = _of_config(session, target)
    else:
        group, name = kind
        raise CliError(f"no history viewer has been implemented for {quoted(f'{name}.{group}' if group else name)}")
    # Of two with one number, which should not be, the later one counts.
    return [revision for _, revision in sorted({each.number: each for each in found}.items())]


def _of_deployment(session: Session, value: Object) -> list[Revision]:
    old, new = replica_sets_of(session, value, CHUNK_SIZE)
    found = []
    for each in [*old, *([new] if new is not None else [])]:
        number = _annotation(each, REVISION) or "0"
        if not number.isdigit():
            continue
        template = _template(each)
        cause = _annotation(each, CHANGE_CAUSE) or _annotation(template, CHANGE_CAUSE)
        if cause:
            metadata = template.get("metadata") or {}
            annotations = {**(metadata.get("annotations") or {}), CHANGE_CAUSE: cause}
            template = {**template, "metadata": {**metadata, "annotations": annotations}}
        whole = {"apiVersion": "apps/v1", "kind": "ReplicaSet", **each}
        found.append(Revision(int(number), template, whole, whole, cause))
    return found


def _of_states(session: Session, value: Object) -> list[Revision]:
    query = query_of((value.get("spec") or {}).get("selector"))
    found = []
    for each in controlled(session, CONTROLLER_REVISIONS, value, query, CHUNK_SIZE):
        patch = (each.get("data") or {}).get("spec") or {}
        template = {key: part for key, part in (patch.get("template") or {}).items() if key != "$patch"}
        shown = {**value, "spec": {**(value.get("spec") or {}), "template": template}}
        number = int(each.get("revision") or 0)
        found.append(Revision(number, template, each, shown, _annotation(each, CHANGE_CAUSE)))
    return found


def _of_config(session: Session, target: Target) -> list[Revision]:
    found = []
    for each in controllers_of_config(session, target.namespace, target.name):
        version, reason = version_of(each), _annotation(each, PHASE_REASON)
        whole = {"apiVersion": "v1", "kind": "ReplicationController", **each}
        found.append(Revision(version, _template(each), whole, whole, reason, _annotation(each, PHASE)))
    return found


def controllers_of_config(session: Session, namespace: str, name: str) -> list[Object]:
    """Return the replication controllers of a deployment config.

    Raises:
        ClientError: they can't be read.
    """
    resources = session.resources(REPLICATION_CONTROLLERS, namespace)
    answer = resources.list(label_selector=f"{CONFIG_LABEL}={name}", chunk_size=CHUNK_SIZE)
    return [each for each in answer.get("items") or [] if isinstance(each, dict)]


def version_of(controller: Object) -> int:
    """Return which version of its deployment config a replication controller is; -1 when it says none."""
    text = _annotation(controller, CONFIG_VERSION)
    return int(text) if text.isdigit() else -1


def listed(revisions: Sequence[Revision], kind: tuple[str, str]) -> str:
    """Return the revisions as a table."""
    if not revisions:
        return "No rollout history found."
    if kind == DEPLOYMENT_CONFIG:
        lines = [f"{each.number}\t{each.phase}\t{each.cause or '<unknown>'}\n" for each in revisions]
        return align("REVISION\tSTATUS\tCAUSE\n" + "".join(lines), padding=1, with_tabs=True)
    lines = [f"{each.number}\t{each.cause or '<none>'}\n" for each in revisions]
    return align("REVISION\tCHANGE-CAUSE\n" + "".join(lines))


def _template(value: Object) -> Object:
    template: Object = (value.get("spec") or {}).get("template") or {}
    return template


def _annotation(value: Mapping[str, Any], name: str) -> str:
    return str(((value.get("metadata") or {}).get("annotations") or {}).get(name) or "")
