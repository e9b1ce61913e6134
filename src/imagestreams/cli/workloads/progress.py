"""How far an update of a workload is: pure, from the object alone, in the words of `rollout status`."""

from collections.abc import Callable, Mapping
from typing import Any, Final, NamedTuple

from imagestreams.cli.errors import CliError
from imagestreams.cli.printers.go_text import quoted

Object = Mapping[str, Any]

REVISION: Final = "deployment.kubernetes.io/revision"
_ROLLING: Final = "RollingUpdate"
_UNOBSERVED: Final = "Waiting for {} spec update to be observed..."


class Progress(NamedTuple):
    """What is to be told, and whether the update is done."""

    text: str
    is_done: bool = False


def progress_of(kind: tuple[str, str], value: Object, revision: int) -> Progress:
    """Return how far an object's update is; with a `revision` only that one will do.

    Raises:
        CliError: it failed, or another revision is under way, or there is no such thing for the kind.
    """
    viewer = _VIEWERS.get(kind)
    if viewer is None:
        group, name = kind
        raise CliError(f"no status viewer has been implemented for {name}{'.' + group if group else ''}")
    return viewer(value, revision)


def _deployment(value: Object, revision: int) -> Progress:
    metadata, spec, status = _parts(value)
    name = quoted(str(metadata.get("name", "")))
    if revision:
        running = str((metadata.get("annotations") or {}).get(REVISION, "0"))
        if not running.isdigit():
            problem = f"strconv.ParseInt: parsing {quoted(running)}: invalid syntax"
            raise CliError(f"cannot get the revision of deployment {name}: {problem}")
        _check_revision(revision, int(running))
    if metadata.get("generation", 0) > status.get("observedGeneration", 0):
        return Progress(_UNOBSERVED.format("deployment"))
    if _condition(status, "Progressing").get("reason") == "ProgressDeadlineExceeded":
        raise CliError(f"deployment {name} exceeded its progress deadline")
    wanted, all_pods = spec.get("replicas"), status.get("replicas", 0)
    updated, available = status.get("updatedReplicas", 0), status.get("availableReplicas", 0)
    waiting = f"Waiting for deployment {name} rollout to finish: "
    if wanted is not None and updated < wanted:
        return Progress(f"{waiting}{updated} out of {wanted} new replicas have been updated...")
    if all_pods > updated:
        return Progress(f"{waiting}{all_pods - updated} old replicas are pending termination...")
    if available < updated:
        return Progress(f"{waiting}{available} of {updated} updated replicas are available...")
    return Progress(f"deployment {name} successfully rolled out", True)


def _daemon_set(value: Object, revision: int) -> Progress:
    metadata, spec, status = _parts(value)
    _check_strategy(spec)
    name = quoted(str(metadata.get("name", "")))
    if metadata.get("generation", 0) > status.get("observedGeneration", 0):
        return Progress(_UNOBSERVED.format("daemon set"))
    wanted, updated = status.get("desiredNumberScheduled", 0), status.get("updatedNumberScheduled", 0)
    waiting = f"Waiting for daemon set {name} rollout to finish: "
    if updated < wanted:
        return Progress(f"{waiting}{updated} out of {wanted} new pods have been updated...")
    available = status.get("numberAvailable", 0)
    if available < wanted:
        return Progress(f"{waiting}{available} of {wanted} updated pods are available...")
    return Progress(f"daemon set {name} successfully rolled out", True)


def _stateful_set(value: Object, revision: int) -> Progress:
    metadata, spec, status = _parts(value)
    _check_strategy(spec)
    observed = status.get("observedGeneration", 0)
    if not observed or metadata.get("generation", 0) > observed:
        return Progress(_UNOBSERVED.format("statefulset"))
    wanted, ready, updated = spec.get("replicas"), status.get("readyReplicas", 0), status.get("updatedReplicas", 0)
    if wanted is not None and ready < wanted:
        return Progress(f"Waiting for {wanted - ready} pods to be ready...")
    if (bounds := (spec.get("updateStrategy") or {}).get("rollingUpdate")) is not None:
        partition = bounds.get("partition")
        if wanted is not None and partition is not None and updated < wanted - partition:
            told = f"{updated} out of {wanted - partition} new pods have been updated..."
            return Progress(f"Waiting for partitioned roll out to finish: {told}")
        return Progress(f"partitioned roll out complete: {updated} new pods have been updated...", True)
    to, came_from = status.get("updateRevision", ""), status.get("currentRevision", "")
    if to != came_from:
        told = f"{updated} pods at revision {to}..."
        return Progress(f"waiting for statefulset rolling update to complete {told}")
    current = status.get("currentReplicas", 0)
    return Progress(f"statefulset rolling update complete {current} pods at revision {came_from}...", True)


def _deployment_config(value: Object, revision: int) -> Progress:
    metadata, spec, status = _parts(value)
    name, latest = str(metadata.get("name", "")), status.get("latestVersion", 0)
    if not latest:
        triggers = spec.get("triggers") or []
        if any(each.get("type") == "ImageChange" for each in triggers):
            return Progress(f"Deployment config {quoted(name)} waiting on image update")
        if not triggers:
            hint = f"(use 'isctl rollout latest {name}')"
            raise CliError(f"Deployment config {quoted(name)} waiting on manual update {hint}")
    if revision:
        _check_revision(revision, latest)
    if metadata.get("generation", 0) <= status.get("observedGeneration", 0):
        condition = _condition(status, "Progressing")
        reason, message = condition.get("reason", ""), str(condition.get("message", ""))
        if reason == "NewReplicationControllerAvailable":
            return Progress(message, True)
        if reason in ("ProgressDeadlineExceeded", "RolloutCancelled"):
            raise CliError(message)
        if reason == "DeploymentConfigPaused":
            hint = "Resume to continue watching the status of the rollout."
            raise CliError(f"Deployment config {quoted(name)} is paused. {hint}\n")
        wanted, all_pods = spec.get("replicas", 0), status.get("replicas", 0)
        updated, available = status.get("updatedReplicas", 0), status.get("availableReplicas", 0)
        waiting = "Waiting for rollout to finish: "
        if updated < wanted:
            return Progress(f"{waiting}{updated} out of {wanted} new replicas have been updated...")
        if all_pods > updated:
            return Progress(f"{waiting}{all_pods - updated} old replicas are pending termination...")
        if available < updated:
            return Progress(f"{waiting}{available} of {updated} updated replicas are available...")
    return Progress("Waiting for latest deployment config spec to be observed by the controller loop...")


_VIEWERS: Final[Mapping[tuple[str, str], Callable[[Object, int], Progress]]] = {
    ("apps", "Deployment"): _deployment,
    ("apps", "DaemonSet"): _daemon_set,
    ("apps", "StatefulSet"): _stateful_set,
    ("apps.openshift.io", "DeploymentConfig"): _deployment_config,
}


def _parts(value: Object) -> tuple[Object, Object, Object]:
    return value.get("metadata") or {}, value.get("spec") or {}, value.get("status") or {}


def _condition(status: Object, kind: str) -> Object:
    return next((each for each in status.get("conditions") or [] if each.get("type") == kind), {})


def _check_revision(wanted: int, running: int) -> None:
    if wanted != running:
        raise CliError(f"desired revision ({wanted}) is different from the running revision ({running})")


def _check_strategy(spec: Object) -> None:
    if (spec.get("updateStrategy") or {}).get("type") != _ROLLING:
        raise CliError(f"rollout status is only available for {_ROLLING} strategy type")
