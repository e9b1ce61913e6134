"""`isctl version`, and `isctl options`, which lists the global flags."""

import platform
from typing import Any

import click

from imagestreams import __version__
from imagestreams.cli.command import global_flags, verb
from imagestreams.cli.errors import CliError
from imagestreams.cli.flags import flag, switch
from imagestreams.cli.session import Session
from imagestreams.client.errors import ClientError


@verb("version", help="Show the versions of client and server.")
@switch("--client", help="Show the client's version only; no server is asked.")
@flag("-o", "--output", default="", help="One of yaml or json.")
@click.pass_obj
def version(session: Session, client: bool, output: str) -> None:
    if output not in ("", "yaml", "json"):
        raise CliError("--output must be 'yaml' or 'json'")
    answer: dict[str, Any] = {
        "clientVersion": {
            "gitVersion": f"v{__version__}",
            "platform": f"{platform.system().lower()}/{_machine()}",
            "pythonVersion": platform.python_version(),
        },
        "releaseClientVersion": __version__,
    }
    failure: ClientError | None = None
    if not client:
        try:
            answer["serverVersion"] = session.client.request("GET", "/version").json()
        except ClientError as error:
            failure = error
    if output:
        from imagestreams.cli.printers.documents import json_text, yaml_text

        session.out.write(json_text(answer) if output == "json" else yaml_text(answer))
    else:
        session.say(f"Client Version: {__version__}")
        if "serverVersion" in answer:
            session.say(f"Kubernetes Version: {answer['serverVersion'].get('gitVersion', '')}")
    if failure is not None:
        raise failure


def _machine() -> str:
    return {"x86_64": "amd64", "aarch64": "arm64"}.get(platform.machine(), platform.machine())


@click.command("options", help="List the flags that all commands have.")
@click.pass_context
def options(ctx: click.Context) -> None:
    formatter = ctx.make_formatter()
    formatter.write("The following flags can be passed to any command:\n\n")
    formatter.write_dl([record for option in global_flags() if (record := option.get_help_record(ctx))])
    click.echo(formatter.getvalue().rstrip("\n"))
