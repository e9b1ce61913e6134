"""`isctl new-project` and `isctl projects`."""

import click

from imagestreams.cli.command import verb
from imagestreams.cli.errors import CliError
from imagestreams.cli.flags import flag, switch
from imagestreams.cli.session import Session
from imagestreams.cli.verbs.project import (
    all_projects,
    confirm_access,
    current_context,
    described,
    display_name,
    full_name,
    name_of,
    switch_to,
)
from imagestreams.client.errors import ClientError
from imagestreams.client.resources import PROJECT_REQUESTS

_WHAT_NEXT = """
You can add image streams to this project with the 'import-image' command. For example, try:

    isctl import-image python:3.13 --from=docker.io/library/python:3.13 --confirm

to follow a tag of a registry. Or create a simple Kubernetes application:

    isctl create deployment hello-node --image=registry.k8s.io/e2e-test-images/agnhost:2.43 -- /agnhost serve-hostname

"""


@verb("new-project", help="Create a project and work in it: 'isctl new-project web'.")
@flag("--display-name", default="", help="The project's name for people.")
@flag("--description", default="", help="What the project is for.")
@switch("--skip-config-write", help="Stay in the current project.")
@click.argument("names", nargs=-1, metavar="NAME")
@click.pass_obj
def new_project(
    session: Session, /, names: tuple[str, ...], display_name: str, description: str, skip_config_write: bool
) -> None:
    if len(names) != 1:
        raise CliError("must have exactly one argument")
    requests = session.resources(PROJECT_REQUESTS)
    try:
        # Says whether this user may ask for projects at all, with the administrator's message when not.
        requests.list()
    except ClientError as error:
        if error.reason not in ("NotFound", "MethodNotAllowed", "NotAcceptable"):
            raise
    wanted = {
        "apiVersion": PROJECT_REQUESTS.api_version,
        "kind": PROJECT_REQUESTS.kind,
        "metadata": {"name": names[0]},
    }
    wanted |= {"displayName": display_name} if display_name else {}
    wanted |= {"description": description} if description else {}
    created = requests.create(wanted)
    name = name_of(created) or names[0]
    if skip_config_write:
        session.say(
            f'Project "{names[0]}" created on server "{session.config.server}".\n\n'
            f"To switch to this project and start adding image streams, use:\n\n    isctl project {names[0]}"
        )
        return
    switch_to(session, name)
    session.out.write(_WHAT_NEXT)


@verb("projects", help="List the projects.")
@switch("-q", "--short", help="Print the projects' names only.")
@click.argument("arguments", nargs=-1)
@click.pass_obj
def projects(session: Session, /, arguments: tuple[str, ...], short: bool) -> None:
    if arguments:
        raise CliError("no arguments should be passed")
    current = str(current_context(session)[1].get("namespace") or "")
    exists = bool(current)
    try:
        if current:
            confirm_access(session, current)
    except ClientError:
        exists = False
    found = all_projects(session)
    if short:
        session.say("\n".join(name_of(one) for one in found))
        return
    if not found:
        request = "You can request a project to be created with the 'new-project' command."
        session.say(f"You are not a member of any projects. {request}")
        return
    if len(found) == 1:
        session.say(f'You have one project on this server: "{full_name(found[0])}".')
    else:
        session.say(
            "You have access to the following projects and can switch between them with"
            " 'isctl project <projectname>':\n"
        )
        for one in found:
            mark = "" if not exists else "  * " if name_of(one) == current else "    "
            shown = display_name(one)
            session.say(f"{mark}{name_of(one)}{' - ' + shown if shown else ''}")
    if exists:
        session.say(f"\nUsing {described(session)}.")
