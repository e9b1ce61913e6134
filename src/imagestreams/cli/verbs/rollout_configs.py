"""`isctl rollout latest`, `retry` and `cancel`: what only deployment configs have."""

from datetime import UTC, datetime
from typing import Any, Final

import click

from imagestreams.api.ages import duration_in_words, parse_time
from imagestreams.cli.command import verb
from imagestreams.cli.errors import CliError, raise_failures, usage_error
from imagestreams.cli.flags import switch
from imagestreams.cli.objects.changes import Reporter, dry_run_flag, dry_run_strategy, file_flags, output_flags
from imagestreams.cli.objects.selection import Object, Target, read_target
from imagestreams.cli.printers.go_text import quoted
from imagestreams.cli.session import Session
from imagestreams.cli.workloads.revisions import (
    PHASE,
    PHASE_REASON,
    REPLICATION_CONTROLLERS,
    controllers_of_config,
    version_of,
)
from imagestreams.cli.workloads.selection import DEPLOYMENT_CONFIG, for_each, kind_of, meant
from imagestreams.client.discovery import ResourceType
from imagestreams.client.errors import ClientError

CONFIGS: Final = ResourceType("apps.openshift.io", "v1", "deploymentconfigs", "DeploymentConfig", "deploymentconfig")
CANCELLED: Final = "openshift.io/deployment.cancelled"
CANCELLED_BY_USER: Final = "cancelled by the user"
_OPEN_PHASES: Final = ("", "New", "Pending", "Running")
_OVER: Final = ("Complete", "Failed")


@verb(
    "latest",
    help="Start a rollout of a deployment config, with what its triggers see now.",
)
@output_flags
@dry_run_flag
@switch("--again", help="Take the pod template as it is; ask no triggers.")
@click.argument("names", nargs=-1, metavar="DEPLOYMENTCONFIG")
@click.pass_obj
def latest(session: Session, /, names: tuple[str, ...], again: bool, dry_run: str, **printing: Any) -> None:
    if len(names) != 1:
        raise CliError("one deployment config name is needed as argument.")
    strategy = dry_run_strategy(session, dry_run)
    reporter = Reporter(session, strategy=strategy, typed=True, **printing)
    kind, slash, name = names[0].rpartition("/")
    target = Target(session.discovery.resolve(kind) if slash else CONFIGS, session.namespace, name)
    config = read_target(session, target)
    if kind_of(target.type) != DEPLOYMENT_CONFIG:
        raise CliError(f"{name} is not a deployment config")
    if (config.get("spec") or {}).get("paused"):
        raise CliError("cannot deploy a paused deployment config")
    version = _version(config)
    controller = _latest_controller(session, target, version)
    if controller is not None and _phase(controller) not in _OVER:
        raise CliError(f"#{version} is already in progress ({_phase(controller) or 'New'}).")
    if strategy != "client":
        request = {
            "apiVersion": CONFIGS.api_version,
            "kind": "DeploymentRequest",
            "name": name,
            "latest": not again,
            "force": True,
        }
        config = session.resources(target.type, target.namespace).create(request, name=name, subresource="instantiate")
    reporter.report({"apiVersion": CONFIGS.api_version, "kind": CONFIGS.kind, **config}, "rolled out")


@verb("retry", help="Try the last rollout of a deployment config again, which failed.")
@file_flags
@output_flags
@click.argument("arguments", nargs=-1, metavar="(TYPE NAME | TYPE/NAME)")
@click.pass_obj
def retry(
    session: Session,
    /,
    arguments: tuple[str, ...],
    filename: tuple[str, ...],
    recursive: bool,
    kustomize: str,
    **printing: Any,
) -> None:
    if not arguments and not filename:
        raise usage_error("retry (TYPE NAME | TYPE/NAME) [flags]", "isctl rollout retry")
    reporter = Reporter(session, typed=True, **printing)
    found, failures = meant(session, arguments, filename, recursive, kustomize, "")

    def try_again(target: Target, value: Object) -> None:
        name, version = target.name, _version(value)
        if kind_of(target.type) != DEPLOYMENT_CONFIG:
            raise CliError(f"expected deployment configuration, got {target.type.plural}")
        if (value.get("spec") or {}).get("paused"):
            raise CliError(f"unable to retry paused deployment config {quoted(name)}")
        if not version:
            raise CliError(f"no rollouts found for {quoted(name)}")
        controller = _latest_controller(session, target, version)
        if controller is None:
            hint = f"You can start a new rollout with 'isctl rollout latest dc/{name}'."
            raise CliError(f"unable to find the latest rollout (#{version}).\n{hint}")
        phase = _phase(controller)
        if phase != "Failed":
            hint = f"Optionally, you can cancel this deployment with 'isctl rollout cancel dc/{name}'."
            if phase == "Complete":
                hint = f"You can start a new deployment with 'isctl rollout latest dc/{name}'."
            raise CliError(f"rollout #{version} is {phase.lower()}; only failed deployments can be retried.\n{hint}")
        _annotate(session, target, controller, {PHASE: "New", PHASE_REASON: None, CANCELLED: None})
        reporter.report(value, f"retried rollout #{version}")

    raise_failures(for_each(found, failures, try_again))


@verb("cancel", help="Cancel the rollout of a deployment config that is under way.")
@file_flags
@output_flags
@click.argument("arguments", nargs=-1, metavar="(TYPE NAME | TYPE/NAME)")
@click.pass_obj
def cancel(
    session: Session,
    /,
    arguments: tuple[str, ...],
    filename: tuple[str, ...],
    recursive: bool,
    kustomize: str,
    **printing: Any,
) -> None:
    if not arguments and not filename:
        raise usage_error("a resource or filename must be specified", "isctl rollout cancel")
    reporter = Reporter(session, typed=True, **printing)
    found, failures = meant(session, arguments, filename, recursive, kustomize, "")

    def stop(target: Target, value: Object) -> None:
        if kind_of(target.type) != DEPLOYMENT_CONFIG:
            raise CliError(f"expected deployment configuration, got {target.type.plural}")
        if (value.get("spec") or {}).get("paused"):
            raise CliError(f"unable to cancel paused deployment {target.namespace}/{target.name}")
        controllers = controllers_of_config(session, target.namespace, target.name)
        if not controllers:
            raise CliError(f"there have been no replication controllers for {target.namespace}/{target.name}\n")
        controllers.sort(key=version_of, reverse=True)
        cancelled = False
        for controller in controllers:
            if _phase(controller) not in _OPEN_PHASES:
                continue
            if _annotations(controller).get(CANCELLED) == "true":
                reporter.report(value, "already cancelled")
                continue
            _annotate(session, target, controller, {CANCELLED: "true", PHASE_REASON: CANCELLED_BY_USER})
            reporter.report(value, "cancelling")
            cancelled = True
        if not cancelled:
            session.say(_nothing_to_cancel(controllers[0]))

    raise_failures(for_each(found, failures, stop))


def _nothing_to_cancel(controller: Object) -> str:
    phase = _phase(controller)
    ending = _annotations(controller).get(CANCELLED) == "true" and phase not in _OVER
    made = parse_time((controller.get("metadata") or {}).get("creationTimestamp"))
    ago = duration_in_words((datetime.now(UTC) - made).total_seconds()).lower() if made is not None else ""
    told = f"latest rollout #{version_of(controller)} {phase.lower()}{' (cancelling)' if ending else ''} {ago} ago"
    return f"No rollout is in progress ({told})"


def _latest_controller(session: Session, target: Target, version: int) -> Object | None:
    resources = session.resources(REPLICATION_CONTROLLERS, target.namespace)
    try:
        return resources.get(f"{target.name}-{version}")
    except ClientError as error:
        if error.reason != "NotFound":
            raise
        return None


def _annotate(session: Session, target: Target, controller: Object, annotations: dict[str, str | None]) -> None:
    name = str((controller.get("metadata") or {}).get("name", ""))
    patch = {"metadata": {"annotations": annotations}}
    session.resources(REPLICATION_CONTROLLERS, target.namespace).patch(name, patch)


def _version(config: Object) -> int:
    return int((config.get("status") or {}).get("latestVersion") or 0)


def _phase(controller: Object) -> str:
    return str(_annotations(controller).get(PHASE) or "")


def _annotations(value: Object) -> Object:
    annotations: Object = (value.get("metadata") or {}).get("annotations") or {}
    return annotations
