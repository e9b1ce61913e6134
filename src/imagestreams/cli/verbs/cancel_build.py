"""`isctl cancel-build`: end builds that wait or run."""

import time
from typing import Final

import click

from imagestreams.cli.builds.following import show_log
from imagestreams.cli.builds.selection import Object, builds_of, meant, phase_of
from imagestreams.cli.command import verb
from imagestreams.cli.errors import AlreadyTold, CliError, standard_message
from imagestreams.cli.flags import list_flag, switch
from imagestreams.cli.printers.choice import reference_of
from imagestreams.cli.session import Session
from imagestreams.client.errors import ClientError
from imagestreams.client.resources import BUILD_CONFIGS, BUILDS

TIMEOUT_S: Final = 30.0
_PAUSE_S: Final = 0.5
_STATES: Final = ("new", "pending", "running")


@verb(
    "cancel-build",
    help="""Cancel running, pending, or new builds.

A build that runs is asked to end, which may take a moment.

\b
  isctl cancel-build ruby-build-2
  isctl cancel-build ruby-build-2 --dump-logs
  isctl cancel-build ruby-build-2 --restart
  isctl cancel-build bc/ruby-build --state=new
""",
)
@list_flag("--state", split=True, help="Only builds in this state: new, pending or running.")
@switch("--dump-logs", help="Show what the builds wrote before they are cancelled.")
@switch("--restart", help="Make a new build like each one that was cancelled.")
@click.argument("arguments", nargs=-1, metavar="(BUILD | BUILDCONFIG)…")
@click.pass_obj
def cancel_build(
    session: Session, /, arguments: tuple[str, ...], state: tuple[str, ...], dump_logs: bool, restart: bool
) -> None:
    if not arguments:
        raise CliError("build or a buildconfig name is required")
    states = tuple(one for one in state if one) or _STATES
    if any(one not in _STATES for one in states):
        raise CliError("invalid --state flag value, must be one of 'new', 'pending', or 'running'")
    told = _Told(session)
    chosen = _chosen(session, arguments, states, told)
    if dump_logs:
        for build in chosen:
            _dump(session, build, told)
    for build in chosen:
        _cancel(session, build, told)
    for build in chosen if restart else []:
        _restart(session, build, told)
    if told.problems:
        session.note("error: failure during the build cancellation")
        raise AlreadyTold


class _Told:
    """What went wrong while others went on."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self.problems = 0

    def of(self, text: str) -> None:
        self.problems += 1
        self._session.note(f"error: {text}")


def _chosen(session: Session, arguments: tuple[str, ...], states: tuple[str, ...], told: _Told) -> list[Object]:
    """Return the builds that are meant and in one of the states."""
    names: list[str] = []
    for argument in arguments:
        resource, name = meant(session, argument, BUILDS)
        if resource is BUILD_CONFIGS:
            names += [str(build["metadata"]["name"]) for build in builds_of(session, name)]
        else:
            names.append(name.strip())
    found: list[Object] = []
    for name in names:
        try:
            build = session.resources(BUILDS).get(name)
        except ClientError:
            told.of(f"build {session.namespace}/{name} not found")
            continue
        if phase_of(build).lower() in states:
            found.append(build)
    return found


def _where(session: Session, build: Object) -> str:
    return f"{session.namespace}/{build['metadata']['name']}"


def _dump(session: Session, build: Object, told: _Told) -> None:
    if phase_of(build) == "New":
        return
    where = _where(session, build)
    session.say(f"==== Build {where} logs ====")
    try:
        show_log(session, str(build["metadata"]["name"]), nowait="true")
    except ClientError as error:
        told.of(f"unable to fetch logs for {where}: {standard_message(error)}")


def _cancel(session: Session, build: Object, told: _Told) -> None:
    resources, name, where = session.resources(BUILDS), str(build["metadata"]["name"]), _where(session, build)
    try:
        resources.patch(name, {"status": {"cancelled": True}})
    except ClientError as error:
        told.of(f"build {where} failed to update: {standard_message(error)}")
        return
    session.say(f"{reference_of(build)} marked for cancellation, waiting to be cancelled")
    session.out.flush()
    ends = time.monotonic() + TIMEOUT_S
    while phase_of(resources.get(name)) != "Cancelled":
        if time.monotonic() > ends:
            told.of(f"build {where} failed to cancel: context deadline exceeded")
            return
        time.sleep(_PAUSE_S)
    session.say(f"{reference_of(build)} cancelled")


def _restart(session: Session, build: Object, told: _Told) -> None:
    name = str(build["metadata"]["name"])
    request = {"apiVersion": BUILDS.api_version, "kind": "BuildRequest", "metadata": {"name": name}}
    try:
        session.resources(BUILDS).create(request, name=name, subresource="clone")
    except ClientError as error:
        told.of(f"build {_where(session, build)} failed to restart: {standard_message(error)}")
        return
    session.say(f"{reference_of(build)} restarted")
