"""Rules for plain values in pods: functions from a value to texts that say what is wrong with it."""

import re
from collections.abc import Callable, Iterable
from typing import Any, Final

from imagestreams.api.errors import FieldError
from imagestreams.api.pods.values import IntOrString

FILE_MODE_RULE: Final = "must be a number between 0 and 0777 (octal), both inclusive"
NOT_NEGATIVE: Final = "must be greater than or equal to 0"
_PORT_NAME_MAX: Final = 15
_CONFIG_KEY_MAX: Final = 253
_MAX_ID: Final = 2**31 - 1
_PORT_CHARACTERS = re.compile(r"[-a-z0-9]+")
_LETTER = re.compile(r"[a-z]")
_HEADER_FORMAT: Final = "[-A-Za-z0-9]+"
_HEADER = re.compile(_HEADER_FORMAT)
_CONFIG_KEY_FORMAT: Final = "[-._a-zA-Z0-9]+"
_CONFIG_KEY = re.compile(_CONFIG_KEY_FORMAT)


def between(low: int, high: int) -> str:
    """Return the text that tells a range."""
    return f"must be between {low} and {high}, inclusive"


def port_problems(port: int) -> list[str]:
    """Say what forbids a number as that of a port."""
    return [] if 1 <= port <= 65535 else [between(1, 65535)]


def port_name_problems(name: str) -> list[str]:
    """Say what forbids a text as the name of a port."""
    problems = [f"must be no more than {_PORT_NAME_MAX} characters"] if len(name.encode()) > _PORT_NAME_MAX else []
    if not _PORT_CHARACTERS.fullmatch(name):
        problems.append("must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)")
    if not _LETTER.search(name):
        problems.append("must contain at least one letter (a-z)")
    if "--" in name:
        problems.append("must not contain consecutive hyphens")
    if name.startswith("-") or name.endswith("-"):
        problems.append("must not begin or end with a hyphen")
    return problems


def named_port_problems(port: IntOrString) -> list[str]:
    """Say what forbids a number or a name as a port."""
    return port_problems(port) if isinstance(port, int) else port_name_problems(port)


def variable_name_problems(name: str) -> list[str]:
    """Say what forbids a text as the name of an environment variable, or as the beginning of one."""
    if all(" " <= character <= "~" and character != "=" for character in name):
        return []
    return ["a valid environment variable name must consist only of printable ASCII characters other than '='"]


def config_key_problems(key: str) -> list[str]:
    """Say what forbids a text as a key of a config map or secret."""
    problems = [f"must be no more than {_CONFIG_KEY_MAX} characters"] if len(key.encode()) > _CONFIG_KEY_MAX else []
    if not _CONFIG_KEY.fullmatch(key):
        problems.append(
            "a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or "
            f"'KEY_NAME',  or 'key-name', regex used for validation is '{_CONFIG_KEY_FORMAT}')"
        )
    if key in {".", ".."}:
        problems.append(f"must not be '{key}'")
    elif key.startswith(".."):
        problems.append("must not start with '..'")
    return problems


def header_problems(name: str) -> list[str]:
    """Say what forbids a text as the name of an HTTP header."""
    if _HEADER.fullmatch(name):
        return []
    return [
        "a valid HTTP header must consist of alphanumeric characters or '-' (e.g. 'X-Header-Name', regex used for "
        f"validation is '{_HEADER_FORMAT}')"
    ]


def id_problems(number: int) -> list[str]:
    """Say what forbids a number as that of a user or a group."""
    return [] if 0 <= number <= _MAX_ID else [between(0, _MAX_ID)]


def backstep_problems(path: str) -> list[str]:
    """Say what forbids a path that must not go upwards."""
    return ["must not contain '..'"] if ".." in path.split("/") else []


def descending_path_problems(path: str) -> list[str]:
    """Say what forbids a path that must lead into a directory."""
    return (["must be a relative path"] if path.startswith("/") else []) + backstep_problems(path)


def file_path_problems(path: str) -> list[str]:
    """Say what forbids a path for a file that is written into a volume, where names that begin with .. are taken."""
    problems = descending_path_problems(path)
    if path.startswith("..") and not path.startswith("../"):
        problems.append("must not start with '..'")
    return problems


def told(path: str, value: Any, problems: Iterable[str]) -> list[FieldError]:
    """Return an error per text."""
    return [FieldError.invalid(path, value, problem) for problem in problems]


def validate_file_mode(mode: int | None, path: str) -> list[FieldError]:
    """Check the permissions of files."""
    return told(path, mode, [FILE_MODE_RULE] if mode is not None and not 0 <= mode <= 0o777 else [])


def validate_name(name: str, path: str, problems: Callable[[str], list[str]]) -> list[FieldError]:
    """Check a name that must be there."""
    return told(path, name, problems(name)) if name else [FieldError.required(path)]


def validate_choice(value: str, path: str, choices: Iterable[str]) -> list[FieldError]:
    """Check a value that must be there and be one of some."""
    known = list(choices)
    if not value:
        return [FieldError.required(path)]
    return [] if value in known else [FieldError.not_supported(path, value, known)]
