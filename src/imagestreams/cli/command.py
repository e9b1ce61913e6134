"""How verbs are declared: `@verb("get")` is a click command with oc's flag syntax and the global flags.

@verb("label", help="Change the labels of objects.")
@switch("--overwrite", help="Allow existing labels to change.")
@click.argument("arguments", nargs=-1)
@click.pass_obj
def label(session: Session, overwrite: bool, arguments: tuple[str, ...]) -> None: ...
"""

from collections.abc import Callable
from functools import partial
from operator import setitem
from typing import Any, Final

import click

from imagestreams.cli.errors import AlreadyTold, CliError, usage_error
from imagestreams.cli.flags import BoolValue, Flag, rewrite
from imagestreams.cli.session import Session

_BEFORE_DASHES: Final = "imagestreams.cli.before_dashes"


def _keep(ctx: click.Context, param: click.Parameter, value: Any) -> None:
    """Put a global flag into the session; one after the verb outranks one before it."""
    if param.name is not None and value is not None and value != ():
        session_of(ctx).flags[param.name] = value


def session_of(ctx: click.Context) -> Session:
    """Return the run's session, shared by the frame and the verb."""
    root = ctx.find_root()
    if not isinstance(root.obj, Session):
        root.obj = Session()
    if ctx.obj is None:
        ctx.obj = root.obj
    return root.obj


def name_and_command(arguments: tuple[str, ...]) -> tuple[str, list[str]]:
    """Return the NAME, and the command that follows it, of a verb that makes something which runs a command.

    Raises:
        CliError: before a `--`, or without one in all, there is not one argument.
    """
    ctx = click.get_current_context()
    names = ctx.meta.get(_BEFORE_DASHES, len(arguments))
    if names != 1:
        raise usage_error(f"exactly one NAME is required, got {names}", ctx.command_path)
    return arguments[0], list(arguments[1:])


def global_flags() -> list[click.Option]:
    """Make the flags that every verb understands."""

    def option(*names: str, help: str, hidden: bool = False, **attributes: Any) -> Flag:
        return Flag(names, expose_value=False, callback=_keep, help=help, hidden=hidden, **attributes)

    return [
        option("-n", "--namespace", help="The namespace to work in."),
        option("--kubeconfig", help="The kubeconfig file to use."),
        option("--context", help="The context of the kubeconfig to use."),
        option("--cluster", help="The cluster of the kubeconfig to use."),
        option("--user", help="The user of the kubeconfig to use."),
        option("-s", "--server", help="URL of the API server."),
        option("--token", help="Bearer token to log in with."),
        option("--certificate-authority", help="File with the authority that signed the server's certificate."),
        option("--client-certificate", help="File with a client certificate to log in with."),
        option("--client-key", help="File with the key of the client certificate."),
        option(
            "--insecure-skip-tls-verify",
            bare="true",
            type=BoolValue(),
            default=None,
            help="Don't check the server's certificate.",
        ),
        option("--tls-server-name", help="Name to expect in the server's certificate."),
        option("--as", "as_user", help="User to act as."),
        option("--as-group", "as_groups", multiple=True, help="Group to act as; may be repeated."),
        option("--as-uid", "as_uid", help="UID to act as."),
        option("--request-timeout", help="How long one request may take, such as 5s or 2m; 0 is no limit."),
        option("-v", "--v", "verbosity", hidden=True, help="Kept for scripts written for oc; has no effect."),
        option("--loglevel", "loglevel", hidden=True, help="Kept for scripts written for oc; has no effect."),
        option("--match-server-version", hidden=True, bare="true", type=BoolValue(), default=None, help="No effect."),
        option("--warnings-as-errors", bare="true", type=BoolValue(), default=None, help="Fail when the server warns."),
        option("--cache-dir", hidden=True, help="No effect: nothing is cached on disk."),
    ]


class _Flags(click.Command):
    """Adds the global flags to a command and reads all flags as oc does."""

    interspersed = True

    def __init__(self, *args: Any, **attributes: Any) -> None:
        super().__init__(*args, **attributes)
        self.context_settings.setdefault("help_option_names", ["-h", "--help"])
        own = {name for param in self.params for name in param.opts}
        self.global_options = [option for option in global_flags() if not own.intersection(option.opts)]

    def get_params(self, ctx: click.Context) -> list[click.Parameter]:
        """Add the global flags to the verb's own."""
        return [*super().get_params(ctx), *self.global_options]

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Rewrite the arguments, then let click read them."""
        session_of(ctx)
        options = [param for param in self.get_params(ctx) if isinstance(param, click.Option)]
        try:
            args = rewrite(
                args, options, self.interspersed, ctx.command_path, partial(setitem, ctx.meta, _BEFORE_DASHES)
            )
        except CliError:
            if not ctx.resilient_parsing:  # completion goes on with what it can read
                raise
        return super().parse_args(ctx, args)

    def get_short_help_str(self, limit: int = 45) -> str:
        """Say in a list what this does: the first sentence of the help, whole, without its example."""
        paragraph = " ".join((self.short_help or self.help or "").split("\n\n")[0].split())
        return paragraph.partition(": '")[0].partition(". ")[0].rstrip(".")

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the verb's own flags, and point to the others."""
        everything, self.global_options = self.global_options, []
        try:
            super().format_options(ctx, formatter)
        finally:
            self.global_options = everything
        formatter.write("\nUse 'isctl options' for the flags that all commands have.\n")


class Verb(_Flags):
    """A verb."""


class VerbGroup(_Flags, click.Group):
    """A verb with words of its own, such as `create secret`; an alias is found but not listed."""

    interspersed = False

    def __init__(self, *args: Any, **attributes: Any) -> None:
        super().__init__(*args, **attributes)
        self._aliases: dict[str, click.Command] = {}

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Read the arguments; where a word is missing, show the words and fail, as kubectl does."""
        if not args and self.no_args_is_help and not ctx.resilient_parsing:
            click.echo(ctx.get_help(), err=True)
            raise AlreadyTold
        return super().parse_args(ctx, args)

    def add_verb(self, command: click.Command, name: str, *aliases: str) -> None:
        """Add a word and its short forms."""
        self.add_command(command, name)
        self._aliases.update(dict.fromkeys(aliases, command))

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Find a word or its short form."""
        return super().get_command(ctx, cmd_name) or self._aliases.get(cmd_name)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the word, or say that there is none."""
        command = self.get_command(ctx, args[0])
        if command is None and not ctx.resilient_parsing:
            rest = " ".join(args)
            # A group with flags of its own does something without a word, too.
            told = f"Unexpected args: [{rest}]" if self.params else f'unknown command "{rest}"'
            raise usage_error(told, ctx.command_path)
        return args[0], command, args[1:]


def verb(name: str, **attributes: Any) -> Callable[[Callable[..., Any]], Verb]:
    """Declare a verb."""
    return click.command(name, cls=Verb, **attributes)
