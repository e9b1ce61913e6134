"""The flag syntax of oc and kubectl on top of click.

`--watch`, `--watch=false`, `-w`, `-Aw`, `-n ns`, `-nns`, `-n=ns`, `-ojson`, `--dry-run=client`, flags before and
after arguments, `--` ends them. Arguments are rewritten into the one form that click reads without doubt
(`--name=value`) before it sees them; what is wrong is told in the words of oc.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeVar

import click

from imagestreams.cli.errors import CliError

F = TypeVar("F", bound=Callable[..., Any])

_TRUE = ("1", "t", "T", "true", "TRUE", "True")
_FALSE = ("0", "f", "F", "false", "FALSE", "False")


class Flag(click.Option):
    """A flag of oc's kind; `bare` is the value that it has when given without one."""

    def __init__(self, *args: Any, bare: str | None = None, **attributes: Any) -> None:
        self.bare = bare
        super().__init__(*args, **attributes)

    def get_help_record(self, ctx: click.Context) -> tuple[str, str] | None:
        """Show `-A, --all-namespaces` without a value where none is needed."""
        record = super().get_help_record(ctx)
        if record is None or self.bare is None:
            return record
        return " ".join(word for word in record[0].split(" ") if word.startswith("-")), record[1]


class BoolValue(click.ParamType[bool]):
    name = "bool"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> bool:
        if isinstance(value, bool):
            return value
        if value in _TRUE:
            return True
        if value in _FALSE:
            return False
        raise invalid_argument(param, value, f"strconv.ParseBool: parsing {_quoted(value)}: invalid syntax", _path(ctx))


class IntValue(click.ParamType[int]):
    name = "int"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        try:
            return int(str(value), 10)
        except ValueError:
            text = f"strconv.ParseInt: parsing {_quoted(value)}: invalid syntax"
            raise invalid_argument(param, value, text, _path(ctx)) from None


def invalid_argument(param: click.Parameter | None, value: str, why: str, command: str) -> CliError:
    """Say that a flag's value can't be read."""
    names = ", ".join(sorted(param.opts, key=len)) if param is not None else ""
    return flag_error(f'invalid argument {_quoted(value)} for "{names}" flag: {why}', command)


def flag_error(message: str, command: str) -> CliError:
    """Point to the flags of a command, as all errors about flags do."""
    return CliError(f"{message}\nSee '{command} --help' for usage.")


def _path(ctx: click.Context | None) -> str:
    return ctx.command_path if ctx is not None else "isctl"


def flag(*names: str, default: Any = None, help: str = "", **attributes: Any) -> Callable[[F], F]:
    """Declare a flag with a value."""
    if default is not None and "type" not in attributes and isinstance(default, int):
        attributes["type"] = IntValue()
    return click.option(*names, cls=Flag, default=default, help=help, **attributes)


def switch(*names: str, default: bool | None = False, help: str = "", **attributes: Any) -> Callable[[F], F]:
    """Declare a flag that is on or off, also by `--name=false`; a default of None tells "not given"."""
    return click.option(*names, cls=Flag, bare="true", type=BoolValue(), default=default, help=help, **attributes)


def choice_flag(*names: str, bare: str, default: str = "", help: str = "", **attributes: Any) -> Callable[[F], F]:
    """Declare a flag that may stand alone and then means `bare`, as `--cascade` does."""
    return click.option(*names, cls=Flag, bare=bare, default=default, help=help, **attributes)


def list_flag(*names: str, help: str = "", split: bool = False, **attributes: Any) -> Callable[[F], F]:
    """Declare a flag that may be repeated, and with `split` also takes values joined by commas."""

    def gather(ctx: click.Context, param: click.Parameter, value: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(part for item in value for part in item.split(",")) if split else value

    return click.option(*names, cls=Flag, multiple=True, callback=gather, help=help, **attributes)


def rewrite(
    arguments: Sequence[str],
    options: Sequence[click.Option],
    interspersed: bool,
    command: str,
    on_dashes: Callable[[int], None] = lambda before: None,
) -> list[str]:
    """Bring the arguments into click's plain form: all flags as `--name=value` first, then `--`, then the rest.

    With `interspersed` off everything from the first argument that is no flag is left as it is. `on_dashes` hears how
    many arguments that are no flags stand before a `--`.

    Raises:
        CliError: an unknown flag, or one without its value.
    """
    by_name = {name: option for option in options for name in (*option.opts, *option.secondary_opts)}
    flags: list[str] = []
    rest: list[str] = []
    queue = iter(list(arguments))
    for argument in queue:
        if argument == "--":
            on_dashes(len(rest))
            rest += queue
        elif argument.startswith("--"):
            name, equals, value = argument.partition("=")
            option = by_name.get(name)
            if option is None:
                raise flag_error(f"unknown flag: {name}", command)
            flags += _plain(
                option,
                name,
                value if equals else None,
                queue,
                flag_error(f"flag needs an argument: {name}", command),
                command,
            )
        elif argument.startswith("-") and argument != "-":
            flags += _short(argument, by_name, queue, command)
        elif interspersed:
            rest.append(argument)
        else:
            rest = [argument, *queue]
    return [*flags, "--", *rest] if interspersed else [*flags, *rest]


def _short(argument: str, by_name: dict[str, click.Option], queue: Iterator[str], command: str) -> list[str]:
    flags: list[str] = []
    letters = argument[1:]
    while letters:
        name, letters = f"-{letters[0]}", letters[1:]
        option = by_name.get(name)
        if option is None:
            raise flag_error(f"unknown shorthand flag: '{name[1]}' in {argument}", command)
        missing = flag_error(f"flag needs an argument: '{name[1]}' in {argument}", command)
        if letters.startswith("="):
            value: str | None = letters[1:]
        elif _bare_value(option) is not None:
            flags += _plain(option, name, None, queue, missing, command)
            continue
        else:
            value = letters or None
        return flags + _plain(option, name, value, queue, missing, command)
    return flags


def _bare_value(option: click.Option) -> str | None:
    if option.is_flag or option.count:
        return "true"
    return option.bare if isinstance(option, Flag) else None


def _plain(
    option: click.Option, name: str, value: str | None, queue: Iterator[str], missing: CliError, command: str
) -> list[str]:
    if option.is_flag or option.count:
        if value is None or value in _TRUE:
            return [name]
        if value not in _FALSE:
            text = f"strconv.ParseBool: parsing {_quoted(value)}: invalid syntax"
            raise invalid_argument(option, value, text, command)
        return option.secondary_opts[:1] if name in option.opts else option.opts[:1]
    if value is None:
        value = _bare_value(option)
    if value is None:
        value = next(queue, None)
        if value is None:
            raise missing
    longest = max(option.opts, key=len)
    return [f"{longest}={value}"] if longest.startswith("--") else [longest, value]


def _quoted(value: Any) -> str:
    return '"' + str(value).replace("\\", "\\\\").replace('"', '\\"') + '"'
