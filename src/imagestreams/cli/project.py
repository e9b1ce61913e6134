"""`isctl project`: show or change the project to work in."""

from typing import Any

import click

from imagestreams.cli.command import verb
from imagestreams.cli.errors import CliError
from imagestreams.cli.flags import switch
from imagestreams.cli.session import Session
from imagestreams.client.errors import ClientError
from imagestreams.client.resources import NAMESPACES, PROJECTS

_DISPLAY_NAME = "openshift.io/display-name"


@verb("project", help="Show the current project, or work in another: 'isctl project web'.")
@switch("-q", "--short", help="Print the project's name only.")
@click.argument("names", nargs=-1, metavar="[NAME]")
@click.pass_obj
def project(session: Session, /, names: tuple[str, ...], short: bool) -> None:
    if len(names) > 1:
        raise CliError("Only one argument is supported (project name or context name).")
    if not names or not names[0]:
        _show(session, short)
        return
    name = names[0]
    try:
        confirm_access(session, name)
    except ClientError as error:
        if error.reason not in ("NotFound", "Forbidden"):
            raise
        raise CliError(_no_such_project(session, name, error)) from error
    switch_to(session, name, short)


def _show(session: Session, short: bool) -> None:
    current = session.config.namespace
    try:
        confirm_access(session, current)
    except ClientError as error:
        if error.reason not in ("NotFound", "Forbidden"):
            raise
        raise CliError(
            f'you do not have rights to view project "{current}" specified in your config or the project doesn\'t exist'
        ) from error
    session.say(current if short else f"Using {described(session)}.")


def described(session: Session) -> str:
    """Say which project of which server is in use; a context is named when the user chose its name."""
    config = session.config
    named = f' from context named "{config.context}"' if config.context and not _is_generated(config.context) else ""
    return f'project "{config.namespace}"{named} on server "{config.server}"'


def _is_generated(context: str) -> bool:
    return context.count("/") >= 2


def switch_to(session: Session, name: str, short: bool = False) -> None:
    """Make a project the current one and say so.

    Raises:
        ClientError: the kubeconfig can't be changed.
    """
    from imagestreams.client.kubeconfig_writing import set_namespace

    before, server = session.config.namespace, session.config.server
    set_namespace(name, session.overrides)
    if short:
        session.say(name)
    else:
        session.say(f'{"Already on" if before == name else "Now using"} project "{name}" on server "{server}".')


def confirm_access(session: Session, name: str) -> None:
    """Read a project, or its namespace where the server has no projects.

    Raises:
        ClientError: it isn't there or may not be read.
    """
    try:
        session.resources(PROJECTS).get(name)
    except ClientError as error:
        if error.reason not in ("NotFound", "Forbidden"):
            raise
        try:
            session.resources(NAMESPACES).get(name)
        except ClientError:
            raise error from None


def all_projects(session: Session) -> list[dict[str, Any]]:
    """List the projects, or the namespaces where the server has no projects."""
    try:
        items = session.resources(PROJECTS).list().get("items")
    except ClientError as error:
        if error.reason not in ("NotFound", "Forbidden"):
            raise
        items = session.resources(NAMESPACES).list().get("items")
    return sorted(items or [], key=name_of)


def name_of(value: dict[str, Any]) -> str:
    """Return an object's name."""
    return str((value.get("metadata") or {}).get("name", ""))


def display_name(value: dict[str, Any]) -> str:
    """Return the name that a project has for people, empty without one of its own."""
    annotations = (value.get("metadata") or {}).get("annotations") or {}
    shown = annotations.get(_DISPLAY_NAME) or annotations.get("displayName") or ""
    return "" if shown == name_of(value) else str(shown)


def full_name(value: dict[str, Any]) -> str:
    """Return `Display name (name)`, or the name alone."""
    shown = display_name(value)
    return f"{shown} ({name_of(value)})" if shown else name_of(value)


def _no_such_project(session: Session, name: str, error: ClientError) -> str:
    text = f'A project named "{name}" does not exist on "{session.config.server}".'
    if error.reason == "Forbidden":
        text = f'You are not a member of project "{name}".'
    try:
        projects = all_projects(session)
    except ClientError:
        return text
    if not projects:
        request = "You can request a project to be created with the 'new-project' command."
        return f"{text}\nYou are not a member of any projects. {request}"
    if len(projects) == 1:
        return f"{text}\nYou have one project on this server: {full_name(projects[0])}"
    return f"{text}\nYour projects are:" + "".join(f"\n* {full_name(one)}" for one in projects)
