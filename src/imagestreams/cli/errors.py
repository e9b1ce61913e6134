"""Failures of a command as the user reads them, in the words of oc.

`line_of` is the one translation from an exception to its text; only `main` prints it and sets the exit code.
"""

from imagestreams.client.errors import ClientError


class CliError(Exception):
    """A command can't go on; `args[0]` is the text without its `error: ` in front.

    `plain` texts are printed as they are. `exit_code` is 1 but for a few verbs.
    """

    def __init__(self, message: str, *, plain: bool = False, exit_code: int = 1) -> None:
        super().__init__(message)
        self.message = message
        self.plain = plain
        self.exit_code = exit_code


class Failures(Exception):
    """Several things failed while others went on; each is printed on its own line."""

    def __init__(self, failures: "list[CliError | ClientError]") -> None:
        super().__init__(f"{len(failures)} failures")
        self.failures = failures


class AlreadyTold(Exception):
    """The command failed and has already said why."""


def raise_failures(failures: list[CliError | ClientError]) -> None:
    """Raise what was collected: nothing, the one failure, or all of them together."""
    if len(failures) == 1:
        raise failures[0]
    if failures:
        raise Failures(failures)


def usage_error(message: str, command: str) -> CliError:
    """Wrong arguments: point to the verb's help; `command` is as typed, `isctl tag`."""
    return CliError(f"{message}\nSee '{command} -h' for help and examples")


def flag_required(*names: str) -> CliError:
    """Flags that have no default were not given."""
    return CliError(f"required flag(s) {', '.join(_quoted(name) for name in names)} not set")


def _quoted(name: str) -> str:
    return f'"{name}"'


def line_of(error: BaseException) -> str:
    """Return what stderr gets for a failure, without the line break at its end."""
    if isinstance(error, Failures):
        return "\n".join(standard_message(failure) for failure in error.failures)
    if isinstance(error, ClientError) and error.reason == "Invalid":
        return _invalid(error)
    if isinstance(error, CliError) and not error.plain:
        return error.message if error.message.startswith("error: ") else f"error: {error.message}"
    if isinstance(error, ClientError) and error.status is None and not error.connection:
        return f"error: {error.message}"
    return standard_message(error)


def standard_message(error: BaseException) -> str:
    """Return the message as it stands among others: client-side ones get no prefix."""
    if not isinstance(error, ClientError):
        return str(error)
    if error.status is None:
        return error.message
    if error.reason == "Unauthorized":
        return f"error: You must be logged in to the server ({error.message})"
    if error.reason:
        return f"Error from server ({error.reason}): {error.message}"
    return f"Error from server: {error.message}"


def _invalid(error: ClientError) -> str:
    status = error.status
    assert status is not None
    details = status.details
    text = "The request is invalid"
    if details is None:
        return f"{text}: {status.message}" if status.message else text
    if details.kind or details.name:
        text = f'The {details.kind} "{details.name}" is invalid'
    elif status.message and not details.causes:
        text += f": {status.message}"
    causes = list(dict.fromkeys(f"{cause.field}: {cause.message}" for cause in details.causes or []))
    if not causes:
        return text
    if len(causes) == 1:
        return f"{text}: {causes[0]}"
    return "\n".join([f"{text}: ", *(f"* {cause}" for cause in causes)])
