"""The frame of `isctl`: the verbs' names, the global flags, and the one place where errors become exit codes.

A verb's module is imported when the verb is used, so that `isctl --help` needs none of them.
"""

import importlib
import os
import sys
from collections.abc import Sequence
from typing import Any

import click

from imagestreams.cli.command import global_flags, session_of
from imagestreams.cli.errors import AlreadyTold, CliError, Failures, line_of
from imagestreams.cli.flags import rewrite
from imagestreams.cli.session import Session
from imagestreams.client.errors import ClientError

# name: (where it is, what it does)
VERBS: dict[str, dict[str, tuple[str, str]]] = {
    "Image streams": {
        "import-image": ("import_image:import_image", "Import images from a registry into an image stream"),
        "tag": ("tag:tag", "Point a tag at an image, or delete tags"),
        "history": ("history:history", "Show every image that a tag pointed to"),
        "watch": ("watch:watch", "Follow a tag, and run a command for each change"),
        "rollback": ("rollback:rollback", "Point a tag at an image that it pointed to before"),
        "hook": ("hook:hook", "Let registries tell of pushes, and import at once"),
        "notify": ("notify:notify", "Tell others of what happens to tags, builds and rollouts"),
        "admission": ("admission:admission", "Let other clusters look up images in streams"),
    },
    "Objects": {
        "get": ("get:get", "Show objects"),
        "describe": ("describe:describe", "Show an object in detail"),
        "create": ("create:create", "Create objects from files or flags"),
        "set": ("set:set_", "Set single features of objects, such as triggers or images"),
        "apply": ("apply:apply", "Bring objects into the state that files describe"),
        "edit": ("edit:edit", "Change objects in an editor"),
        "patch": ("patch:patch", "Change fields of objects"),
        "delete": ("delete:delete", "Delete objects"),
        "label": ("label:label", "Change labels"),
        "annotate": ("annotate:annotate", "Change annotations"),
    },
    "Builds": {
        "start-build": ("start_build:start_build", "Make a new build, of a config or like another one"),
        "logs": ("logs:logs", "Show what a build writes or wrote"),
        "cancel-build": ("cancel_build:cancel_build", "End builds that wait or run"),
    },
    "Workloads": {
        "rollout": ("rollout:rollout", "Follow updates of workloads, list them, go back"),
        "scale": ("scale:scale", "Set the size of workloads"),
        "wait": ("wait:wait", "Wait for a condition of objects"),
    },
    "Projects": {
        "project": ("project:project", "Show or change the current project"),
        "projects": ("new_project:projects", "List the projects"),
        "new-project": ("new_project:new_project", "Create a project and work in it"),
    },
    "The API": {
        "api-resources": ("api_resources:api_resources", "List the server's resources"),
        "api-versions": ("api_resources:api_versions", "List the server's groups and versions"),
        "explain": ("explain:explain", "Explain the fields of a resource"),
        "whoami": ("whoami:whoami", "Show as whom you are logged in"),
    },
    "Everything else": {
        "serve": ("serve:serve", "Run the server"),
        "version": ("version:version", "Show the versions of client and server"),
        "completion": ("completion:completion", "Print the completion script of a shell"),
        "options": ("version:options", "List the flags that all commands have"),
    },
}
_PLACES = {name: place for section in VERBS.values() for name, (place, _) in section.items()}


class Frame(click.Group):
    """The group of all verbs."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Name the verbs."""
        return list(_PLACES)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import a verb's module and return the verb."""
        if cmd_name not in _PLACES:
            return None
        module_name, _, attribute = _PLACES[cmd_name].partition(":")
        command: click.Command = getattr(importlib.import_module(f"imagestreams.cli.verbs.{module_name}"), attribute)
        return command

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Read the global flags in front of the verb."""
        session_of(ctx)
        options = [param for param in self.get_params(ctx) if isinstance(param, click.Option)]
        try:
            args = rewrite(args, options, False, ctx.command_path)
        except CliError:
            if not ctx.resilient_parsing:  # completion goes on with what it can read
                raise
        return super().parse_args(ctx, args)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the verb, or say which ones were perhaps meant."""
        name = args[0]
        command = self.get_command(ctx, name)
        if command is None and not ctx.resilient_parsing:
            import difflib

            near = difflib.get_close_matches(name, _PLACES, n=3)
            hint = "\n\nDid you mean this?\n" + "".join(f"\t{verb}\n" for verb in near) if near else ""
            raise CliError(f'unknown command "{name}" for "{ctx.command_path}"{hint}')
        return name, command, args[1:]

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the verbs by what they are for, without importing any."""
        width = max(len(name) for name in _PLACES)
        for section, verbs in VERBS.items():
            with formatter.section(section):
                formatter.write_dl([(name.ljust(width), text) for name, (_, text) in verbs.items()])

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Leave the global flags to `isctl options`."""
        self.format_commands(ctx, formatter)
        formatter.write("\nUse 'isctl <command> --help' for a command, 'isctl options' for the flags of all.\n")


cli = Frame(
    name="isctl",
    params=list(global_flags()),
    help="Image streams: tags with a memory, imported from any registry.",
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110},
)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run `isctl` and exit."""
    code = run(sys.argv[1:] if arguments is None else list(arguments))
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = code or 1
    sys.exit(code)


def run(arguments: list[str]) -> int:
    """Run one command line and return its exit code: the only place where errors become text."""
    if arguments[:1] == ["help"]:
        arguments = [*arguments[1:], "--help"]
    try:
        session = Session()
        result: Any = cli.main(arguments, prog_name="isctl", standalone_mode=False, obj=session)
        session.refuse_warnings()
        return result if isinstance(result, int) and not isinstance(result, bool) else 0
    except (CliError, ClientError, Failures) as error:
        return _tell(line_of(error), error.exit_code if isinstance(error, CliError) else 1)
    except AlreadyTold:
        return 1
    except click.exceptions.NoArgsIsHelpError as error:
        click.echo(error.ctx.get_help() if error.ctx else "", err=False)
        return 0
    except click.exceptions.Exit as error:
        return error.exit_code
    except click.UsageError as error:
        return _tell(f"error: {error.format_message()}", 1)
    except click.ClickException as error:
        return _tell(f"error: {error.format_message()}", 1)
    except (click.Abort, KeyboardInterrupt):
        return 130
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1


def _tell(text: str, code: int) -> int:
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    sys.stderr.write(text if text.endswith("\n") else text + "\n")
    return code


if __name__ == "__main__":
    main()
