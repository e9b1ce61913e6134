"""Which objects a command about workloads means; those that can't be read don't keep it from the others."""

from collections.abc import Callable
from typing import Any, Final

from imagestreams.cli.errors import CliError
from imagestreams.cli.flags import flag
from imagestreams.cli.objects.changes import file_flags
from imagestreams.cli.objects.selection import (
    Files,
    Object,
    Selection,
    Selectors,
    Target,
    items_of,
    read_collection,
    read_target,
    select,
)
from imagestreams.cli.session import Session
from imagestreams.client.discovery import ResourceType
from imagestreams.client.errors import ClientError

Found = tuple[Target, Object]
Failure = CliError | ClientError

CHUNK_SIZE: Final = 500
DEPLOYMENT_CONFIG: Final = ("apps.openshift.io", "DeploymentConfig")


def meant_flags(function: Any) -> Any:
    """Add `-f`, its companions, and `-l`."""
    return file_flags(flag("-l", "--selector", default="", help="Labels that the objects must have.")(function))


def meant(
    session: Session,
    arguments: tuple[str, ...],
    filename: tuple[str, ...],
    recursive: bool,
    kustomize: str,
    selector: str,
) -> tuple[list[Found], list[Failure]]:
    """Return the objects that a command is about, and what could not be read.

    Raises:
        CliError: nothing is named.
        ClientError: no server, or an unknown type.
    """
    if not arguments and not filename and not kustomize:
        raise CliError("required resource not specified")
    files = Files(filename, recursive, kustomize)
    selection = select(session, arguments, files=files, selectors=Selectors(selector), whole_collections=True)
    return read_each(session, selection)


def read_each(session: Session, selection: Selection) -> tuple[list[Found], list[Failure]]:
    """Read the objects of a selection one after the other; return them, and what could not be read.

    Raises:
        ClientError: there is no server.
    """
    found: list[Found] = []
    failures: list[Failure] = []
    for target in selection.targets:
        try:
            found += _members(session, target, selection.selectors)
        except ClientError as error:
            if error.connection:
                raise
            failures.append(error)
    return found, failures


def _members(session: Session, target: Target, selectors: Selectors) -> list[Found]:
    if target.name:
        return [(target, read_target(session, target))]
    answer = read_collection(session, target, selectors, chunk_size=CHUNK_SIZE)
    members = []
    for item in items_of(answer, target.type):
        metadata = item.get("metadata") or {}
        place, name = str(metadata.get("namespace") or ""), str(metadata.get("name") or "")
        members.append((Target(target.type, place, name), item))
    return members


def kind_of(kind: ResourceType) -> tuple[str, str]:
    """Return group and kind, by which commands tell what they can do."""
    return kind.group, kind.kind


def for_each(found: list[Found], failures: list[Failure], work: Callable[[Target, Object], None]) -> list[Failure]:
    """Do something with each object; a failure does not keep it from the next one.

    Raises:
        ClientError: there is no server.
    """
    for target, value in found:
        try:
            work(target, value)
        except CliError as error:
            failures.append(error)
        except ClientError as error:
            if error.connection:
                raise
            failures.append(error)
    return failures
