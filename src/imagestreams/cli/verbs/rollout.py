"""`isctl rollout`: how far an update is, what was there before, and back to it; pause, resume, restart."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Final

import click

from imagestreams.cli.command import VerbGroup, verb
from imagestreams.cli.describers.pod_template import pod_template_text
from imagestreams.cli.errors import CliError, raise_failures
from imagestreams.cli.flags import flag, switch
from imagestreams.cli.objects.changes import Reporter, dry_run_flag, dry_run_strategy, output_flags
from imagestreams.cli.objects.following import OutOfTime, follow_object
from imagestreams.cli.objects.selection import Object, Target
from imagestreams.cli.printers.choice import reference_of
from imagestreams.cli.printers.go_text import quoted
from imagestreams.cli.session import Session
from imagestreams.cli.texts.durations import parse_duration_s
from imagestreams.cli.verbs.rollout_configs import cancel, latest, retry
from imagestreams.cli.workloads.progress import progress_of
from imagestreams.cli.workloads.revisions import listed, revisions_of
from imagestreams.cli.workloads.selection import DEPLOYMENT_CONFIG, Failure, for_each, kind_of, meant, meant_flags
from imagestreams.cli.workloads.undo import roll_back
from imagestreams.client.errors import ClientError

RESTARTED_AT: Final = "kubectl.kubernetes.io/restartedAt"
_DEPLOYMENT: Final = ("apps", "Deployment")
_RESTARTED: Final = frozenset({_DEPLOYMENT, ("apps", "StatefulSet"), ("apps", "DaemonSet")})
_PAUSED: Final = frozenset({_DEPLOYMENT, DEPLOYMENT_CONFIG})


@click.group("rollout", cls=VerbGroup, help="Look after the updates of workloads.")
def rollout() -> None:
    """Everything is done by the words below."""


@verb("status", help="Watch an update until it is done: 'isctl rollout status deploy/web --timeout=2m'.")
@meant_flags
@switch("-w", "--watch", default=True, help="Go on until the update is done.")
@flag("--revision", default=0, help="Only this revision will do; 0 is the last one.")
@flag("--timeout", default="0s", help="How long to wait; 0 is as long as it takes.")
@click.argument("arguments", nargs=-1, metavar="(TYPE NAME | TYPE/NAME)")
@click.pass_obj
def status(
    session: Session,
    /,
    arguments: tuple[str, ...],
    watch: bool,
    revision: int,
    timeout: str,
    **named: Any,
) -> None:
    timeout_s = parse_duration_s(timeout)
    if revision < 0:
        raise CliError(f"revision must be a positive integer: {revision}")
    found, failures = meant(session, arguments, **named)
    if not found and not failures:
        _nothing(session)
    for target, value in found:
        _watch(session, target, value, revision, timeout_s or None, once=not watch)
    raise_failures(failures)


def _watch(
    session: Session, target: Target, value: Object, revision: int, timeout_s: float | None, *, once: bool
) -> None:
    progress_kind = kind_of(target.type)
    progress_of(progress_kind, value, revision)  # what can't be followed at all is told before anything is
    try:
        for event, state in follow_object(session, target, timeout_s):
            if event == "DELETED":
                raise CliError("object has been deleted")
            if event not in ("ADDED", "MODIFIED"):
                continue
            progress = progress_of(progress_kind, state, revision)
            session.say(progress.text)
            session.out.flush()
            if progress.is_done or once:
                return
    except OutOfTime:
        raise CliError("timed out waiting for the condition") from None


@verb("history", help="List the revisions of a workload, or show one: 'isctl rollout history deploy/web --revision=2'.")
@meant_flags
@output_flags
@flag("--revision", default=0, help="Show this revision in detail.")
@click.argument("arguments", nargs=-1, metavar="(TYPE NAME | TYPE/NAME)")
@click.pass_obj
def history(
    session: Session,
    /,
    arguments: tuple[str, ...],
    revision: int,
    filename: tuple[str, ...],
    recursive: bool,
    kustomize: str,
    selector: str,
    **printing: Any,
) -> None:
    if revision < 0:
        raise CliError(f"revision must be a positive integer: {revision}")
    reporter = Reporter(session, typed=True, **printing)
    found, failures = meant(session, arguments, filename, recursive, kustomize, selector)

    def show(target: Target, value: Object) -> None:
        revisions = revisions_of(session, target, value)
        chosen = [each for each in revisions if not revision or each.number == revision]
        if revision and revisions and not chosen:
            raise CliError("unable to find the specified revision")
        if reporter.prints_objects:
            if revision and not chosen:
                raise CliError("unable to find the specified revision")
            for each in chosen:
                reporter.report(each.shown, "")
            return
        text = pod_template_text(chosen[0].template) if revision and chosen else listed(chosen, kind_of(target.type))
        session.say(f"{reference_of(value)} {f'with revision #{revision}' if revision else ''}\n{text}")

    raise_failures(for_each(found, failures, show))


@verb("undo", help="Go back to an earlier revision: 'isctl rollout undo deploy/web --to-revision=2'.")
@meant_flags
@output_flags
@dry_run_flag
@flag("--to-revision", default=0, help="The revision to go back to; 0 is the one before.")
@click.argument("arguments", nargs=-1, metavar="(TYPE NAME | TYPE/NAME)")
@click.pass_obj
def undo(
    session: Session,
    /,
    arguments: tuple[str, ...],
    to_revision: int,
    dry_run: str,
    filename: tuple[str, ...],
    recursive: bool,
    kustomize: str,
    selector: str,
    **printing: Any,
) -> None:
    strategy = dry_run_strategy(session, dry_run)
    reporter = Reporter(session, strategy=strategy, typed=True, **printing)
    found, failures = meant(session, arguments, filename, recursive, kustomize, selector)

    def go_back(target: Target, value: Object) -> None:
        reporter.report(value, roll_back(session, target, value, to_revision, strategy))

    raise_failures(for_each(found, failures, go_back))


def _changing(name: str, done: str, patch: Callable[[tuple[str, str], Object], Object], help: str) -> click.Command:
    @verb(name, help=help)
    @meant_flags
    @output_flags
    @flag("--field-manager", default="kubectl-rollout", help="The name under which fields are managed.")
    @click.argument("arguments", nargs=-1, metavar="(TYPE NAME | TYPE/NAME)")
    @click.pass_obj
    def changed(
        session: Session,
        /,
        arguments: tuple[str, ...],
        field_manager: str,
        filename: tuple[str, ...],
        recursive: bool,
        kustomize: str,
        selector: str,
        **printing: Any,
    ) -> None:
        reporter = Reporter(session, typed=True, **printing)
        found, failures = meant(session, arguments, filename, recursive, kustomize, selector)
        if not found and not failures:
            _nothing(session)

        def change(target: Target, value: Object) -> None:
            try:
                body = patch(kind_of(target.type), value)
            except CliError as error:
                group = f".{target.type.group}" if target.type.group else ""
                told = f"error: {target.type.plural}{group} {quoted(target.name)} {error.message}"
                raise CliError(told, plain=True) from error
            resources = session.resources(target.type, target.namespace)
            try:
                answer = resources.patch(target.name, body, field_manager=field_manager)
            except ClientError as error:
                if error.status is None:
                    raise
                raise CliError(f"failed to patch: {error.message}") from error
            reporter.report(answer, done)

        all_failures: list[Failure] = for_each(found, failures, change)
        raise_failures(all_failures)

    return changed


def _restart(kind: tuple[str, str], value: Object) -> Object:
    if kind not in _RESTARTED:
        raise CliError("restarting is not supported")
    if (value.get("spec") or {}).get("paused"):
        raise CliError("can't restart paused deployment (run rollout resume first)")
    now = datetime.now().astimezone().isoformat(timespec="seconds").replace("+00:00", "Z")
    return {"spec": {"template": {"metadata": {"annotations": {RESTARTED_AT: now}}}}}


def _pause(kind: tuple[str, str], value: Object) -> Object:
    if kind not in _PAUSED:
        raise CliError("pausing is not supported")
    if _is_paused(value):
        raise CliError("is already paused")
    return {"spec": {"paused": True}}


def _resume(kind: tuple[str, str], value: Object) -> Object:
    if kind not in _PAUSED:
        raise CliError("resuming is not supported")
    if not _is_paused(value):
        raise CliError("is not paused")
    return {"spec": {"paused": None}}


def _is_paused(value: Mapping[str, Any]) -> bool:
    return bool((value.get("spec") or {}).get("paused"))


def _nothing(session: Session) -> None:
    session.note(f"No resources found in {session.namespace} namespace.")


restart = _changing("restart", "restarted", _restart, "Start all pods of a workload anew.")
pause = _changing("pause", "paused", _pause, "Let new templates of a deployment wait.")
resume = _changing("resume", "resumed", _resume, "Take back 'pause'.")

for _command in (history, pause, restart, resume, status, undo, cancel, latest, retry):
    rollout.add_verb(_command, str(_command.name))
