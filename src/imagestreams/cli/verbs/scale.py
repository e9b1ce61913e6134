"""`isctl scale`: how many pods a workload should have."""

import time
from typing import Any, Final

import click

from imagestreams.cli.command import verb
from imagestreams.cli.errors import CliError, flag_required, raise_failures
from imagestreams.cli.flags import flag, switch
from imagestreams.cli.objects.changes import Reporter, dry_run_flag, dry_run_strategy, file_flags, output_flags
from imagestreams.cli.objects.selection import Files, Object, Selectors, Target, select
from imagestreams.cli.printers.go_text import quoted
from imagestreams.cli.session import Session
from imagestreams.cli.texts.durations import parse_duration_s
from imagestreams.cli.workloads.selection import read_each
from imagestreams.client.errors import ClientError

_RETRY_S: Final = 300.0
_PAUSE_S: Final = 1.0
_NOT_GIVEN: Final = -(1 << 31)


@verb("scale", help="Set the size of workloads: 'isctl scale deploy/web --replicas=3'.")
@file_flags
@output_flags
@dry_run_flag
@switch("--all", "everything", help="All objects of the types.")
@flag("-l", "--selector", default="", help="Labels that the objects must have.")
@flag("--replicas", default=_NOT_GIVEN, help="The wanted number of pods.")
@flag("--current-replicas", default=-1, help="Do it only if this many are wanted now; -1 is any.")
@flag("--resource-version", default="", help="Do it only if the object has this version.")
@flag("--timeout", default="0s", help="How long to wait until that many are there; 0 is not at all.")
@click.argument("arguments", nargs=-1, metavar="(TYPE NAME | TYPE/NAME)")
@click.pass_obj
def scale(
    session: Session,
    /,
    arguments: tuple[str, ...],
    filename: tuple[str, ...],
    recursive: bool,
    kustomize: str,
    everything: bool,
    selector: str,
    replicas: int,
    current_replicas: int,
    resource_version: str,
    timeout: str,
    dry_run: str,
    **printing: Any,
) -> None:
    if replicas == _NOT_GIVEN:
        raise flag_required("replicas")
    strategy = dry_run_strategy(session, dry_run)
    timeout_s = parse_duration_s(timeout)
    if replicas < 0:
        raise CliError("The --replicas=COUNT flag is required, and COUNT must be greater than or equal to 0")
    if current_replicas < -1:
        raise CliError("The --current-replicas must specify an integer of -1 or greater")
    selection = select(
        session,
        arguments,
        files=Files(filename, recursive, kustomize),
        selectors=Selectors(selector, everything=everything),
    )
    found, failures = read_each(session, selection)
    if resource_version and len(found) > 1:
        raise CliError("cannot use --resource-version with multiple resources")
    if not found:
        told = [failure.message for failure in failures]
        why = f"[{', '.join(told)}]" if len(told) > 1 else "".join(told)
        raise CliError(f"no objects passed to scale {why}".rstrip())
    reporter = Reporter(session, strategy=strategy, **printing)
    conditions = (current_replicas, resource_version)
    for target, value in found:
        size = replicas
        if strategy != "client":
            size = _scale(session, target, replicas, conditions, dry_run=strategy == "server")
            if timeout_s and strategy == "none":
                _wait(session, target, replicas, timeout_s)
        reporter.report({**value, "spec": {**(value.get("spec") or {}), "replicas": size}}, "scaled")
    raise_failures(failures)


def _scale(session: Session, target: Target, replicas: int, conditions: tuple[int, str], *, dry_run: bool) -> int:
    """Write the size, again and again while others write too; return what it is then."""
    resources = session.resources(target.type, target.namespace)
    ends, asked = time.monotonic() + _RETRY_S, "All" if dry_run else ""
    while True:
        try:
            if conditions == (-1, ""):
                patch = {"spec": {"replicas": replicas}}
                answer = resources.patch(target.name, patch, subresource="scale", dry_run=asked)
            else:
                there = resources.get(target.name, subresource="scale")
                _check(there, *conditions)
                there["spec"] = {**(there.get("spec") or {}), "replicas": replicas}
                answer = resources.update(target.name, there, subresource="scale", dry_run=asked)
            return int((answer.get("spec") or {}).get("replicas", 0))
        except ClientError as error:
            if error.reason != "Conflict":
                raise
            if time.monotonic() >= ends:
                raise CliError("timed out waiting for the condition") from error
        time.sleep(_PAUSE_S)


def _check(scale: Object, size: int, version: str) -> None:
    now = (scale.get("spec") or {}).get("replicas", 0)
    if size != -1 and now != size:
        raise CliError(f"Expected replicas to be {size}, was {now}")
    found = str((scale.get("metadata") or {}).get("resourceVersion", ""))
    if version and found != version:
        raise CliError(f"Expected resource version to be {version}, was {found}")


def _wait(session: Session, target: Target, replicas: int, timeout_s: float) -> None:
    resources = session.resources(target.type, target.namespace)
    ends = time.monotonic() + timeout_s
    while True:
        scale = resources.get(target.name, subresource="scale")
        wanted = (scale.get("spec") or {}).get("replicas", 0)
        # Another size is wished for by now: then this one is waited for no longer.
        if wanted != replicas or (scale.get("status") or {}).get("replicas", 0) == replicas:
            return
        left_s = ends - time.monotonic()
        if left_s <= 0:
            raise CliError(f"timed out waiting for {quoted(target.name)} to be synced")
        time.sleep(min(_PAUSE_S, left_s))
