"""`isctl describe`: objects in detail, with what belongs to them."""

import click

from imagestreams.cli.command import verb
from imagestreams.cli.errors import CliError, raise_failures
from imagestreams.cli.flags import flag, list_flag, switch
from imagestreams.cli.objects.described import Describer, needs_reading
from imagestreams.cli.objects.selection import (
    Files,
    Object,
    Selection,
    Selectors,
    Target,
    items_of,
    parse_arguments,
    read_target,
    select,
)
from imagestreams.cli.session import Session
from imagestreams.client.errors import ClientError

Found = tuple[Target, Object]
Failure = CliError | ClientError


@verb(
    "describe",
    help="""Show details of objects.

A name that no object has stands for all objects whose names begin with it.

\b
  isctl describe is/python
  isctl describe istag/python:3.6 secret/pull
  isctl describe is -l app=web
  isctl describe -f stream.yaml
""",
)
@flag("-l", "--selector", default="", help="Labels that the objects must have: a=b,c!=d,e in (f,g).")
@switch("-A", "--all-namespaces", help="Look into all namespaces.")
@switch("--show-events", default=None, help="Show what happened to the objects; that of streams only when given.")
@flag("--chunk-size", default=500, help="How many objects one request may bring; 0 is all.")
@list_flag("-f", "--filename", split=True, help="Describe the objects that a file, directory or URL names.")
@flag("-k", "--kustomize", default="", hidden=True)
@switch("-R", "--recursive", help="Look for files in folders below, too.")
@click.argument("arguments", nargs=-1, metavar="(TYPE [NAME_PREFIX…] | TYPE/NAME…)")
@click.pass_obj
def describe(
    session: Session,
    /,
    arguments: tuple[str, ...],
    selector: str,
    all_namespaces: bool,
    show_events: bool | None,
    chunk_size: int,
    filename: tuple[str, ...],
    kustomize: str,
    recursive: bool,
) -> None:
    files = Files(filename, recursive, kustomize)
    if not arguments and not files:
        raise CliError(
            'You must specify the type of resource to describe. Use "isctl api-resources" for a complete list of '
            "supported resources."
        )
    selection = select(
        session,
        arguments,
        files=files,
        selectors=Selectors(selector),
        all_namespaces=all_namespaces,
        whole_collections=True,
    )
    describer = Describer(session, show_events is not False, chunk_size, events_wanted=bool(show_events))
    found, failures = _read(session, selection, chunk_size)
    if failures and len(arguments) == 2 and not found and _is_prefix(arguments, failures):
        _describe_matching(session, describer, arguments, failures[0], chunk_size)
        return
    for number, (target, value) in enumerate(found):
        text = describer.describe(target.type, value)
        session.out.write(("\n\n" if number else "") + text)
    if not found and not failures:
        session.note(
            "No resources found" if all_namespaces else f"No resources found in {session.namespace} namespace."
        )
    raise_failures(_distinct(failures))


def _read(session: Session, selection: Selection, chunk_size: int) -> tuple[list[Found], list[Failure]]:
    """Read all objects whole; what fails is collected."""
    found: list[Found] = []
    failures: list[Failure] = []
    for target in selection.targets:
        try:
            members = [(target, None)] if target.name else _members(session, target, selection.selectors, chunk_size)
        except ClientError as error:
            failures.append(_answered(error))
            continue
        for one, value in members:
            try:
                found.append((one, _whole(session, one, value)))
            except ClientError as error:
                failures.append(_answered(error))
    return found, failures


def _answered(error: ClientError) -> ClientError:
    """Return an error that the server gave; one that says there is no server ends everything."""
    if error.status is None:
        raise error
    return error


def _members(
    session: Session, target: Target, selectors: Selectors, chunk_size: int
) -> list[tuple[Target, Object | None]]:
    answer = session.resources(target.type, target.namespace).list(
        chunk_size=chunk_size, label_selector=selectors.labels.strip()
    )
    found: list[tuple[Target, Object | None]] = []
    for item in items_of(answer, target.type):
        metadata = item.get("metadata") or {}
        place, name = str(metadata.get("namespace") or ""), str(metadata.get("name") or "")
        found.append((Target(target.type, place, name), item))
    return found


def _whole(session: Session, target: Target, listed: Object | None) -> Object:
    """Return an object as it is listed, or read it where a list says too little."""
    return read_target(session, target) if listed is None or needs_reading(target.type) else listed


def _is_prefix(arguments: tuple[str, ...], failures: list[Failure]) -> bool:
    missing = [error for error in failures if isinstance(error, ClientError) and error.reason == "NotFound"]
    return len(missing) == len(failures) == 1 and bool(parse_arguments(arguments, "isctl").names)


def _describe_matching(
    session: Session, describer: Describer, arguments: tuple[str, ...], missing: Failure, chunk_size: int
) -> None:
    """Describe all objects whose names begin with the one that wasn't found.

    Raises:
        ClientError: there are none; the first failure is told.
    """
    kind, prefix = arguments
    selection = select(session, (kind,), whole_collections=True)
    if len(selection.targets) != 1:
        raise CliError("you may only specify a single resource type")
    members = _members(session, selection.targets[0], Selectors(), chunk_size)
    matching = [(target, value) for target, value in members if target.name.startswith(prefix)]
    if not matching:
        raise missing
    for target, value in matching:
        session.out.write(describer.describe(target.type, _whole(session, target, value)) + "\n")


def _distinct(failures: list[Failure]) -> list[Failure]:
    return list({str(failure): failure for failure in failures}.values())
