"""`isctl wait`: until objects have a condition, a value, are there, or are gone."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import click

from imagestreams.cli.command import verb
from imagestreams.cli.errors import CliError, raise_failures
from imagestreams.cli.flags import flag, list_flag, switch
from imagestreams.cli.objects.changes import Reporter, file_flags, output_flags
from imagestreams.cli.objects.following import MISSING, OutOfTime, follow_object, reference
from imagestreams.cli.objects.selection import Files, Object, Selection, Selectors, Target, read_target, select
from imagestreams.cli.printers.go_text import quoted
from imagestreams.cli.session import Session
from imagestreams.cli.texts.durations import parse_duration_s
from imagestreams.cli.workloads.selection import for_each, read_each
from imagestreams.client.errors import ClientError

_A_WEEK_S: Final = 7 * 24 * 3600.0
_POLL_S: Final = 0.5
_TIMED_OUT: Final = "timed out waiting for the condition"

Test = Callable[[Object], bool]


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is waited for; without a test the object's existence, or with `gone` the opposite."""

    test: Test | None = None
    gone: bool = False


@verb("wait", help="Wait for objects: 'isctl wait deploy/web --for=condition=Available --timeout=2m'.")
@file_flags
@output_flags
@list_flag("--for", "conditions", help="condition=NAME[=VALUE], jsonpath=EXPRESSION[=VALUE], create or delete.")
@flag("--timeout", default="30s", help="How long to wait; 0 looks once, a negative time is a week.")
@flag("-l", "--selector", default="", help="Labels that the objects must have.")
@flag("--field-selector", default="", help="Fields that the objects must have.")
@switch("--all", "everything", help="All objects of the types.")
@switch("-A", "--all-namespaces", help="Look into all namespaces.")
@click.argument("arguments", nargs=-1, metavar="(TYPE NAME… | TYPE/NAME… | TYPE -l LABELS | -f FILE)")
@click.pass_obj
def wait(
    session: Session,
    /,
    arguments: tuple[str, ...],
    filename: tuple[str, ...],
    recursive: bool,
    kustomize: str,
    conditions: tuple[str, ...],
    timeout: str,
    selector: str,
    field_selector: str,
    everything: bool,
    all_namespaces: bool,
    **printing: Any,
) -> None:
    timeout_s = parse_duration_s(timeout)
    timeout_s = _A_WEEK_S if timeout_s < 0 else timeout_s
    wanted = [_wanted(text) for text in conditions]
    if not wanted:
        raise CliError(f"unrecognized condition: {quoted('')}")
    ends = time.monotonic() + timeout_s
    reporter = Reporter(session, **printing)
    selection = select(
        session,
        arguments,
        files=Files(filename, recursive, kustomize),
        selectors=Selectors(selector, field_selector, everything),
        all_namespaces=all_namespaces,
    )
    if any(each == Wanted() for each in wanted):
        _await_creation(session, selection, ends)
    found, failures = read_each(session, selection)
    for_delete = any(each.gone for each in wanted)
    if for_delete:
        failures = [one for one in failures if not (isinstance(one, ClientError) and one.reason == "NotFound")]
    if not found and not failures and not for_delete:
        raise CliError("no matching resources found")

    def work(target: Target, value: Object) -> None:
        for each in wanted:
            state = value if each == Wanted() else _await(session, target, value, each, timeout_s, ends)
            reporter.report(state, "condition met")

    raise_failures(for_each(found, failures, work))


def _await_creation(session: Session, selection: Selection, ends: float) -> None:
    """Wait until whatever is named is there; of what is selected by labels there may be none."""
    while True:
        _, failures = read_each(session, selection)
        missing = [each for each in failures if isinstance(each, ClientError) and each.reason == "NotFound"]
        for failure in failures:
            if failure not in missing:
                raise failure
        if not missing:
            return
        left_s = ends - time.monotonic()
        if left_s <= 0:
            raise CliError(_TIMED_OUT)
        time.sleep(min(_POLL_S, left_s))


def _await(session: Session, target: Target, value: Object, wanted: Wanted, timeout_s: float, ends: float) -> Object:
    """Wait for one object; return its last state.

    Raises:
        CliError: it did not come to it in time.
        ClientError: it is not there, or the server can't be reached.
    """
    if not timeout_s:
        return _look_once(session, target, value, wanted)
    state = value
    try:
        for event, seen in follow_object(session, target, max(0.0, ends - time.monotonic())):
            if event in (MISSING, "DELETED"):
                if wanted.gone:
                    return state
                if event == MISSING:
                    read_target(session, target)  # which says that it is not there
                continue
            state = seen
            if wanted.test is not None and wanted.test(seen):
                return seen
    except OutOfTime:
        pass
    raise CliError(f"{_TIMED_OUT} on {reference(target)}")


def _look_once(session: Session, target: Target, value: Object, wanted: Wanted) -> Object:
    try:
        state = read_target(session, target)
    except ClientError as error:
        if wanted.gone and error.reason == "NotFound":
            return value
        raise
    if wanted.test is not None and wanted.test(state):
        return state
    raise CliError(f"condition not met for {reference(target)}")


def _wanted(text: str) -> Wanted:
    lowered = text.lower()
    if lowered == "delete":
        return Wanted(gone=True)
    if lowered == "create":
        return Wanted()
    if text.startswith("condition="):
        name, _, value = text.removeprefix("condition=").partition("=")
        return Wanted(_has_condition(name, value if "=" in text.removeprefix("condition=") else "true"))
    if text.startswith("jsonpath="):
        return Wanted(_has_value(text.removeprefix("jsonpath=")))
    raise CliError(f"unrecognized condition: {quoted(text)}")


def _has_condition(name: str, value: str) -> Test:
    def test(state: Object) -> bool:
        metadata, status = state.get("metadata") or {}, state.get("status") or {}
        for condition in status.get("conditions") or []:
            if not isinstance(condition, dict) or str(condition.get("type", "")).lower() != name.lower():
                continue
            observed = condition.get("observedGeneration", status.get("observedGeneration"))
            generation = metadata.get("generation")
            if generation is not None and observed is not None and observed < generation:
                return False
            return str(condition.get("status", "")).lower() == value.lower()
        return False

    return test


def _has_value(text: str) -> Test:
    from imagestreams.cli.printers.jsonpath import JsonPath, relaxed, text_of
    from imagestreams.cli.printers.jsonpath_syntax import JsonPathError

    parts = _split(text)
    if len(parts) > 2:
        form = "--for=jsonpath='{.status.readyReplicas}'"
        raise CliError(f"jsonpath wait format must be {form}=3 or {form}")
    try:
        expression = relaxed(parts[0])
        if not expression:
            raise CliError("jsonpath expression cannot be empty")
        path = JsonPath(expression)
    except JsonPathError as error:
        raise CliError(str(error)) from error
    wanted = parts[1].strip("'\"") if len(parts) == 2 else None
    if wanted == "":
        example = "--for=jsonpath='{.status.readyReplicas}'=3"
        raise CliError(f"jsonpath wait has to have a value after equal sign, like {example}")

    def test(state: Object) -> bool:
        try:
            results = path.find(state)
        except JsonPathError as error:
            raise CliError(str(error)) from error
        if not results or not results[0]:
            return False
        if len(results) > 1:
            raise CliError("given jsonpath expression matches more than one list")
        if len(results[0]) > 1:
            raise CliError("given jsonpath expression matches more than one value")
        if wanted is None:
            return True
        if isinstance(results[0][0], dict | list):
            raise CliError("jsonpath leads to a nested object or list which is not supported")
        return text_of(results[0][0]).strip() == wanted.strip()

    return test


def _split(text: str) -> list[str]:
    """Split at single `=`; a double one belongs to a comparison."""
    parts, at = [""], 0
    while at < len(text):
        if text.startswith("==", at):
            parts[-1] += "=="
            at += 2
            continue
        if text[at] == "=":
            parts.append("")
        else:
            parts[-1] += text[at]
        at += 1
    return parts
