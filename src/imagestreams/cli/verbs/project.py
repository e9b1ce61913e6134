"""`isctl project`: show or change the project to work in."""

from typing import Any

import click

from imagestreams.cli.command import verb
from imagestreams.cli.errors import CliError
from imagestreams.cli.flags import switch
from imagestreams.cli.session import Session
from imagestreams.client.errors import ClientError
from imagestreams.client.kubeconfig import load_kubeconfig
from imagestreams.client.kubeconfig_writing import generated_name, use_context, use_namespace
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
    if name in load_kubeconfig(session.overrides).contexts:
        before = current_context(session)[1]
        use_context(name, session.overrides)
        _tell(session, name, before, name, short)
        return
    try:
        confirm_access(session, name)
    except ClientError as error:
        if error.reason not in ("NotFound", "Forbidden"):
            raise
        raise CliError(_no_such_project(session, name, error)) from error
    switch_to(session, name, short)


def _show(session: Session, short: bool) -> None:
    _, context = current_context(session)
    current = _text(context, "namespace")
    if not current:
        if short:
            raise CliError("no project has been set")
        session.say("No project has been set. Pass a project name to make that the default.")
        return
    try:
        confirm_access(session, current)
    except ClientError as error:
        if error.reason not in ("NotFound", "Forbidden"):
            raise
        raise CliError(
            f'you do not have rights to view project "{current}" specified in your config or the project doesn\'t exist'
        ) from error
    session.say(current if short else f"Using {described(session)}.")


def current_context(session: Session) -> tuple[str, dict[str, Any]]:
    """Return the current context's name and what it says; `-n` and other flags count for nothing here."""
    merged = load_kubeconfig(session.overrides)
    name = session.overrides.context or merged.current_context
    return name, merged.contexts.get(name) or {}


def _text(context: dict[str, Any], key: str) -> str:
    value = context.get(key)
    return value if isinstance(value, str) else ""


def _is_generated(name: str, context: dict[str, Any]) -> bool:
    return name == generated_name(*(_text(context, key) for key in ("namespace", "cluster", "user")))


def described(session: Session) -> str:
    """Say which project of which server is in use; a context is named when the user chose its name."""
    name, context = current_context(session)
    named = "" if _is_generated(name, context) else f' from context named "{name}"'
    return f'project "{_text(context, "namespace")}"{named} on server "{session.config.server}"'


def switch_to(session: Session, name: str, short: bool = False) -> None:
    """Make a project the current one and say so.

    Raises:
        ClientError: the kubeconfig can't be changed, or the server doesn't say who the user is.
    """
    from imagestreams.cli.verbs.whoami import who_am_i

    try:
        user, _ = who_am_i(session)
    except ClientError as error:
        raise CliError(f"unable to default to a user name: {error.message}") from error
    before = current_context(session)[1]
    used = use_namespace(name, user, session.config, session.overrides)
    _tell(session, name, before, used, short)


def _tell(session: Session, argument: str, before: dict[str, Any], used: str, short: bool) -> None:
    """Say what is in use now: the argument named a project or a context; `before` is the context until now."""
    context = load_kubeconfig(session.overrides).contexts.get(used) or {}
    namespace, where = _text(context, "namespace"), f'on server "{session.config.server}"'
    if short:
        session.say(namespace)
    elif not namespace:
        session.say(f'Now using context named "{used}" {where}.')
    elif namespace == _text(before, "namespace"):
        session.say(f'Already on project "{namespace}" {where}.')
    elif argument == namespace and _is_generated(used, context):
        session.say(f'Now using project "{namespace}" {where}.')
    else:
        session.say(f'Now using project "{namespace}" from context named "{used}" {where}.')


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
        text += f"\nYou are not a member of any projects. {request}"
    elif len(projects) == 1:
        text += f"\nYou have one project on this server: {full_name(projects[0])}"
    else:
        text += "\nYour projects are:" + "".join(f"\n* {full_name(one)}" for one in projects)
    if len({cluster.get("server") for cluster in load_kubeconfig(session.overrides).clusters.values()}) > 1:
        text += "\nTo see projects on another server, pass '--server=<server>'."
    return text
