"""`isctl delete`: delete objects and wait until they are gone."""

import sys
import time
from typing import Any

import click

from imagestreams.cli.command import verb
from imagestreams.cli.errors import CliError, raise_failures
from imagestreams.cli.flags import choice_flag, flag, switch
from imagestreams.cli.objects.changes import dry_run_flag, dry_run_strategy, file_flags, with_source
from imagestreams.cli.objects.selection import Files, Selection, Selectors, Target, read_all, select
from imagestreams.cli.session import Session
from imagestreams.cli.texts.durations import parse_duration_s
from imagestreams.client.errors import ClientError

_A_WEEK_S = 7 * 24 * 3600.0


@verb("delete", help="Delete objects: 'isctl delete is/python', 'isctl delete istag -l app=web', 'isctl delete -f F'.")
@file_flags
@flag("-l", "--selector", default="", help="Labels of the objects to delete.")
@flag("--field-selector", default="", help="Fields of the objects to delete.")
@switch("--all", "everything", help="Delete all objects of the types.")
@switch("-A", "--all-namespaces", help="Look into all namespaces.")
@choice_flag("--cascade", bare="background", default="background", help="background, foreground or orphan.")
@flag("--grace-period", default=-1, help="Seconds that an object has to end.")
@switch("--now", help="As --grace-period=1.")
@switch("--force", help="Delete at once; with --grace-period=0.")
@switch("--ignore-not-found", default=None, help="Missing objects are no failure.")
@switch("--wait", default=True, help="Wait until the objects are gone.")
@flag("--timeout", default="0s", help="How long to wait; 0 is as long as it takes.")
@flag("-o", "--output", default="", help="name prints only the objects' names.")
@switch("-i", "--interactive", help="Ask before deleting.")
@flag("--raw", default="", help="Send the DELETE to a path.")
@dry_run_flag
@click.argument("arguments", nargs=-1, metavar="(TYPE NAME… | TYPE/NAME… | -f FILE)")
@click.pass_obj
def delete(
    session: Session,
    /,
    arguments: tuple[str, ...],
    filename: tuple[str, ...],
    recursive: bool,
    kustomize: str,
    selector: str,
    field_selector: str,
    everything: bool,
    all_namespaces: bool,
    cascade: str,
    grace_period: int,
    now: bool,
    force: bool,
    ignore_not_found: bool | None,
    wait: bool,
    timeout: str,
    output: str,
    interactive: bool,
    raw: str,
    dry_run: str,
) -> None:
    propagation = _propagation(session, cascade)
    strategy = dry_run_strategy(session, dry_run)
    if ignore_not_found is None:
        ignore_not_found = bool(everything or selector or field_selector)
    if now:
        if grace_period != -1:
            raise CliError("--now and --grace-period cannot be specified together")
        grace_period = 1
    if grace_period == 0 and not force:
        grace_period = 1
    if force and grace_period < 0:
        grace_period = 0
    if output not in ("", "name"):
        raise CliError(f"unexpected -o output mode: {output}. We only support '-o name'")
    if everything and selector:
        raise CliError("cannot set --all and --selector at the same time")
    if everything and field_selector:
        raise CliError("cannot set --all and --field-selector at the same time")
    if force and grace_period == 0:
        session.warn(
            "Immediate deletion does not wait for confirmation that the running resource has been terminated. The"
            " resource may continue to run on the cluster indefinitely."
        )
    elif force and grace_period > 0:
        raise CliError("--force and --grace-period greater than 0 cannot be specified together")
    if raw:
        answer = session.client.request("DELETE", raw)
        session.out.write(answer.body.decode("utf-8", "replace"))
        return
    selection = select(
        session,
        arguments,
        files=Files(filename, recursive, kustomize),
        selectors=Selectors(selector, field_selector, everything),
        all_namespaces=all_namespaces,
    )
    targets = _single_targets(session, selection, ignore_not_found)
    if interactive and targets and not _confirmed(session, targets):
        session.say("deletion is cancelled")
        return
    body: dict[str, Any] = {"propagationPolicy": propagation}
    if grace_period >= 0:
        body["gracePeriodSeconds"] = grace_period
    if strategy == "server":
        body["dryRun"] = ["All"]
    said = "force deleted" if grace_period == 0 else "deleted"
    deleted = _delete_all(session, targets, body, strategy, ignore_not_found, said, output)
    if not targets:
        session.say("No resources found")
    elif wait and strategy == "none":
        limit = parse_duration_s(timeout)
        _wait(session, deleted, time.monotonic() + (limit if limit > 0 else _A_WEEK_S))


def _propagation(session: Session, cascade: str) -> str:
    if cascade in ("true", "false"):
        kept = "background" if cascade == "true" else "orphan"
        session.warn(f"--cascade={cascade} is deprecated (boolean value) and can be replaced with --cascade={kept}.")
        cascade = kept
    if cascade not in ("background", "foreground", "orphan"):
        raise CliError(f'invalid cascade value ({cascade}). Must be "background", "foreground", or "orphan"')
    return cascade.capitalize()


def _single_targets(session: Session, selection: Selection, ignore_not_found: bool) -> list[Target]:
    if all(target.name for target in selection.targets):
        return selection.targets
    try:
        return [target for target, _ in read_all(session, selection)]
    except ClientError as error:
        if ignore_not_found and error.reason == "NotFound":
            return []
        raise


def _confirmed(session: Session, targets: list[Target]) -> bool:
    session.say(f"You are about to delete the following {len(targets)} resource(s):")
    for target in targets:
        session.say(target.type.reference(target.name))
    session.out.write("Do you want to continue? (y/N): ")
    session.out.flush()
    return sys.stdin.readline().strip().lower() == "y"


def _delete_all(
    session: Session,
    targets: list[Target],
    body: dict[str, Any],
    strategy: str,
    ignore_not_found: bool,
    said: str,
    output: str,
) -> list[tuple[Target, str]]:
    deleted: list[tuple[Target, str]] = []
    failures: list[CliError | ClientError] = []
    suffix = {"client": " (dry run)", "server": " (server dry run)"}.get(strategy, "")
    for target in targets:
        uid = ""
        if strategy != "client":
            resources = session.resources(target.type, target.namespace)
            try:
                answer = resources.delete(target.name, body, dry_run="All" if strategy == "server" else "")
            except ClientError as error:
                if error.connection:
                    raise
                if not (ignore_not_found and error.reason == "NotFound"):
                    failures.append(with_source(error, "deleting", target.source) if target.source else error)
                continue
            uid = _uid_of(answer)
        deleted.append((target, uid))
        if output == "name":
            session.say(target.type.reference(target.name))
            continue
        kind = target.type.reference("")[:-1]
        place = f" from {target.namespace} namespace" if target.type.namespaced else ""
        session.say(f'{kind} "{target.name}" {said}{place}{suffix}')
    raise_failures(failures)
    return deleted


def _uid_of(answer: dict[str, Any]) -> str:
    held = answer.get("details") if answer.get("kind") == "Status" else answer.get("metadata")
    return str(held.get("uid") or "") if isinstance(held, dict) else ""


def _wait(session: Session, deleted: list[tuple[Target, str]], deadline: float) -> None:
    pause_s = 0.05
    for target, uid in deleted:
        if "get" not in (target.type.verbs or ("get",)):
            continue
        resources = session.resources(target.type, target.namespace)
        while True:
            try:
                there = resources.get(target.name)
            except ClientError as error:
                # Gone; or waiting is not allowed, which is no failure of the deletion.
                if error.reason in ("NotFound", "Forbidden", "MethodNotAllowed"):
                    break
                raise
            metadata = there.get("metadata") or {}
            if uid and metadata.get("uid") != uid:
                break
            if not uid and not metadata.get("deletionTimestamp"):
                break
            if time.monotonic() >= deadline:
                raise CliError(f"timed out waiting for the condition on {target.type.plural}/{target.name}")
            time.sleep(pause_s)
            pause_s = min(pause_s * 2, 1.0)
