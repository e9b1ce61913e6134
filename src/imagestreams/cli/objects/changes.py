"""What verbs that change objects have in common: dry runs, how success is printed, where an error came from."""

from collections.abc import Callable
from typing import Any, TypeVar

import msgspec

from imagestreams.cli.errors import CliError
from imagestreams.cli.flags import choice_flag, flag, list_flag, switch
from imagestreams.cli.printers import choice
from imagestreams.cli.session import Session
from imagestreams.client.errors import ClientError

F = TypeVar("F", bound=Callable[..., Any])

_TRUE = ("1", "t", "T", "true", "TRUE", "True")
_FALSE = ("0", "f", "F", "false", "FALSE", "False")


def output_flags(function: F) -> F:
    """Add `-o` and what goes with it."""
    for decorate in (
        switch("--allow-missing-template-keys", default=True, help="Missing keys are no failure in templates."),
        switch("--show-managed-fields", help="Keep managedFields in JSON and YAML."),
        flag("--template", default="", hidden=True),
        flag("-o", "--output", default="", help="Print the object instead: json, yaml, name, jsonpath=…."),
    ):
        function = decorate(function)
    return function


def dry_run_flag(function: F) -> F:
    """Add `--dry-run`."""
    return choice_flag(
        "--dry-run", bare="unchanged", default="none", help="none, client (send nothing) or server (change nothing)."
    )(function)


def validate_flag(function: F) -> F:
    """Add `--validate`."""
    return choice_flag(
        "--validate", bare="strict", default="strict", help="What unknown fields are: strict, warn or ignore."
    )(function)


def file_flags(function: F) -> F:
    """Add `-f`, `-R` and `-k`."""
    for decorate in (
        flag("-k", "--kustomize", default="", hidden=True),
        switch("-R", "--recursive", help="Look for files in folders below, too."),
        list_flag("-f", "--filename", split=True, help="File, directory, URL, or - for standard input."),
    ):
        function = decorate(function)
    return function


def dry_run_strategy(session: Session, value: str) -> str:
    """Return `none`, `client` or `server`.

    Raises:
        CliError: the flag says something else.
    """
    if value in ("none", "client", "server"):
        return value
    if value == "unchanged":
        session.warn("--dry-run is deprecated and can be replaced with --dry-run=client.")
        return "client"
    if value in _TRUE or value in _FALSE:
        strategy = "client" if value in _TRUE else "none"
        text = f"--dry-run={value} is deprecated (boolean value) and can be replaced with --dry-run={strategy}."
        session.warn(text)
        return strategy
    raise CliError(f'Invalid dry-run value ({value}). Must be "none", "server", or "client".')


def field_validation(value: str) -> str:
    """Return the API's name of a `--validate` value.

    Raises:
        CliError: there is no such value.
    """
    if value in _TRUE or value == "strict":
        return "Strict"
    if value in _FALSE or value == "ignore":
        return "Ignore"
    if value == "warn":
        return "Warn"
    raise CliError(f'invalid - validate option "{value}"; must be one of: strict (or true), warn, ignore (or false)')


class Reporter:
    """Tells what was done to an object, or prints it when `-o` asks for that."""

    def __init__(
        self,
        session: Session,
        output: str,
        strategy: str = "none",
        show_managed_fields: bool = False,
        allow_missing_template_keys: bool = True,
        template: str = "",
        typed: bool = False,
    ) -> None:
        self._session = session
        self._suffix = {"client": " (dry run)", "server": " (server dry run)"}.get(strategy, "")
        self._render: choice.Render | None = None
        if output or template:
            self._render = choice.printer_for(
                output,
                show_managed_fields=show_managed_fields,
                allow_missing_keys=allow_missing_template_keys,
                template=template,
                typed=typed,
            )

    @property
    def prints_objects(self) -> bool:
        """Whether `-o` was given."""
        return self._render is not None

    def report(self, value: dict[str, Any], operation: str) -> None:
        """Print `kind/name created`, or the object."""
        if self._render is not None:
            self._session.out.write(self._render(value))
        else:
            self._session.say(f"{choice.reference_of(value)} {operation}{self._suffix}")


def with_source(error: ClientError, verb: str, source: str) -> ClientError:
    """Say which file an error is about."""
    text = f'error when {verb} "{source}": {error.message}'
    if error.status is None:
        return error if error.connection else ClientError(text)
    return ClientError.from_status(msgspec.structs.replace(error.status, message=text))
