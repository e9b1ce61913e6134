"""`isctl logs`: what a build writes or wrote."""

from datetime import timedelta
from typing import Any

import click

from imagestreams.cli.builds.following import show_log
from imagestreams.cli.builds.selection import builds_of, newest
from imagestreams.cli.command import verb
from imagestreams.cli.errors import CliError, usage_error
from imagestreams.cli.flags import flag, switch
from imagestreams.cli.printers.go_text import quoted
from imagestreams.cli.session import Session
from imagestreams.cli.texts.durations import parse_duration_s
from imagestreams.client.resources import BUILD_CONFIGS, BUILDS


@verb(
    "logs",
    help="""Print the log of a build.

Of a build config it is that of its newest build, or of the one with the number that --version gives.

\b
  isctl logs build/hello-world-2
  isctl logs -f bc/hello-world
  isctl logs bc/hello-world --version=1 --tail=20
""",
)
@switch("-f", "--follow", help="Show what comes, until the build is over.")
@switch("-p", "--previous", help="The log of the build before.")
@switch("--timestamps", help="Show the time of each line.")
@flag("--tail", default=-1, help="How many lines of the end to show; -1 is all.")
@flag("--limit-bytes", default=0, help="How many bytes to show at most; 0 is no limit.")
@flag("--since", default="0s", help="Show what is newer than this, such as 5s, 2m or 3h.")
@flag("--since-time", default="", help="Show what is newer than this time (RFC 3339).")
@flag("--version", default=0, help="Of a build config: the number of the build.")
@click.argument("arguments", nargs=-1, metavar="TYPE/NAME")
@click.pass_context
def logs(ctx: click.Context, /, arguments: tuple[str, ...], version: int, **given: Any) -> None:
    session: Session = ctx.obj
    if len(arguments) == 2:
        arguments = ("/".join(arguments),)
    if len(arguments) != 1:
        raise usage_error("expected 'logs TYPE/NAME', such as 'logs build/NAME' or 'logs bc/NAME'", ctx.command_path)
    options = _options(given)
    kind, slash, name = arguments[0].partition("/")
    resource = session.discovery.resolve(kind if slash else "pods")
    if (resource.group, resource.plural) == (BUILDS.group, BUILDS.plural):
        if version:
            raise CliError("cannot specify a version and a build")
        session.resources(BUILDS).get(name)
        show_log(session, name, **options)
    elif (resource.group, resource.plural) == (BUILD_CONFIGS.group, BUILD_CONFIGS.plural):
        show_log(session, _build_of(session, name, version), **options)
    else:
        raise CliError(f"cannot get the logs from {resource.kind}: only builds and build configs have logs here")


def _build_of(session: Session, config: str, version: int) -> str:
    """Return the name of the build of a config that is meant."""
    session.resources(BUILD_CONFIGS).get(config)
    builds = builds_of(session, config)
    if not builds:
        raise CliError(f"no builds found for {quoted(config)}")
    return f"{config}-{version}" if version else str(newest(builds)["metadata"]["name"])


def _options(given: dict[str, Any]) -> dict[str, str]:
    """Return the parameters of the request.

    Raises:
        CliError: flags contradict each other or are out of their bounds.
    """
    since_s = parse_duration_s(given["since"])
    if given["since_time"] and since_s:
        raise CliError("at most one of `sinceTime` or `sinceSeconds` may be specified")
    if given["limit_bytes"] < 0:
        raise CliError("--limit-bytes must be greater than 0")
    if since_s < 0:
        raise CliError("--since must be greater than 0")
    if given["tail"] < -1:
        raise CliError("--tail must be greater than or equal to -1")
    options = {name: "true" for name in ("follow", "previous", "timestamps") if given[name]}
    if given["tail"] != -1:
        options["tailLines"] = str(given["tail"])
    if given["limit_bytes"]:
        options["limitBytes"] = str(given["limit_bytes"])
    if since_s:
        options["sinceSeconds"] = str(round(timedelta(seconds=since_s).total_seconds()))
    if given["since_time"]:
        options["sinceTime"] = given["since_time"]
    return options
