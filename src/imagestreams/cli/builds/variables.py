"""`KEY=VALUE` as flags give it for environments and build arguments, or a file of such lines on standard input."""

import re
from collections.abc import Iterable, Sequence
from typing import Final

from imagestreams.cli.errors import CliError
from imagestreams.cli.printers.go_text import quoted

_FORMAT: Final = "[-._a-zA-Z][-._a-zA-Z0-9]*"
_NAME: Final = re.compile(_FORMAT)
_SEVERAL: Final = re.compile(r".*=.*,.*=.*")
_RULE: Final = (
    "a valid environment variable name must consist of alphabetic characters, digits, '_', '-', or '.', and must not "
    "start with a digit (e.g. 'my.env-name',  or 'MY_ENV.NAME',  or 'MyEnvName1', regex used for validation is "
    f"'{_FORMAT}')"
)

Variable = dict[str, str]


def parse_variables(given: Sequence[str], what: str, stdin: Iterable[str]) -> list[Variable]:
    """Read variables; `-` stands for the lines of standard input, and `what` for them in messages.

    Raises:
        CliError: one is not of the form, or its name can't be one.
    """
    found: list[Variable] = []
    for text in given:
        if text == "-":
            found += _from_lines(stdin)
        elif "=" in text:
            name, _, value = text.partition("=")
            if problems := _problems(name):
                raise CliError(f"{what} {text} is invalid, {'; '.join(problems)}")
            found.append({"name": name, "value": value})
        elif not text.endswith("-"):
            raise CliError(f"{what}s must be of the form key=value, but is {quoted(text)}")
    return found


def several_in_one(given: Sequence[str]) -> list[str]:
    """Return the values that look like several, joined by commas, which is one variable all the same."""
    return [text for text in given if _SEVERAL.fullmatch(text)]


def _from_lines(lines: Iterable[str]) -> list[Variable]:
    found = []
    for line in lines:
        name, equals, value = line.rstrip("\n").partition("#")[0].partition("=")
        if equals:
            found.append({"name": name, "value": value})
    return found


def _problems(name: str) -> list[str]:
    problems = [] if _NAME.fullmatch(name) else [_RULE]
    if name in (".", ".."):
        problems.append(f"must not be '{name}'")
    elif name.startswith(".."):
        problems.append("must not start with '..'")
    return problems
