"""The keys of secrets and config maps from files, literals and env files.

Values never appear in an error.
"""

import os
import re
from collections.abc import Iterator

from imagestreams.cli.errors import CliError
from imagestreams.cli.printers.go_text import quoted

FILE_LIMIT_BYTES = 4 * 1024 * 1024
_KEY = re.compile(r"[-._a-zA-Z0-9]+")
_ENV_NAME = re.compile(r"[-._a-zA-Z][-._a-zA-Z0-9]*")
_KEY_RULE = (
    "a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or 'KEY_NAME', "
    " or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')"
)


def collect(
    kind: str, name: str, files: tuple[str, ...], literals: tuple[str, ...], env_files: tuple[str, ...]
) -> dict[str, bytes]:
    """Return the data that the flags name; `kind` and `name` are the object's, for errors.

    Raises:
        CliError: a malformed source, an unreadable file, a bad or repeated key.
    """
    if env_files and (files or literals):
        raise CliError("from-env-file cannot be combined with from-file or from-literal")
    data: dict[str, bytes] = {}
    sources = [_literals(literals), _files(files), _env_files(env_files, kind)]
    for source in sources:
        for key, value in source:
            if problems := key_problems(key):
                told = "valid key name for a Secret " if kind == "Secret" else "a valid key name for a ConfigMap: "
                raise CliError(f"{quoted(key)} is not {told}{';'.join(problems)}")
            if key in data:
                again = "another key by that name already exists"
                if kind == "Secret":
                    raise CliError(f"cannot add key {key}, {again}")
                raise CliError(f"cannot add key {quoted(key)}, {again} in Data for ConfigMap {quoted(name)}")
            data[key] = value
    return data


def key_problems(key: str) -> list[str]:
    """Say why a text can't be a key."""
    problems = []
    if len(key) > 253:
        problems.append("must be no more than 253 characters")
    if not _KEY.fullmatch(key):
        problems.append(_KEY_RULE)
    if key == ".":
        problems.append("must not be '.'")
    elif key == "..":
        problems.append("must not be '..'")
    elif key.startswith(".."):
        problems.append("must not start with '..'")
    return problems


def _literals(literals: tuple[str, ...]) -> Iterator[tuple[str, bytes]]:
    for literal in literals:
        key, equals, value = literal.partition("=")
        if not equals or not key:
            # What was given may be a secret: only its key is repeated.
            shown = "" if not equals else "=..."
            raise CliError(f"invalid literal source {shown or key}, expected key=value")
        yield key, value.encode()


def _files(sources: tuple[str, ...]) -> Iterator[tuple[str, bytes]]:
    for source in sources:
        key, path = _file_source(source)
        _stat(path)
        if not os.path.isdir(path):
            yield key, _read(path)
            continue
        if "=" in source:
            raise CliError("cannot give a key name for a directory path")
        for name in sorted(os.listdir(path)):
            inside = os.path.join(path, name)
            if os.path.isfile(inside) and not os.path.islink(inside):
                yield name, _read(inside)


def _file_source(source: str) -> tuple[str, str]:
    count = source.count("=")
    if count == 0:
        return os.path.basename(source.rstrip("/")) or source, source
    if count > 1:
        raise CliError("key names or file paths cannot contain '='")
    key, _, path = source.partition("=")
    if not key:
        raise CliError(f"key name for file path {path} missing")
    if not path:
        raise CliError(f"file path for key name {key} missing")
    return key, path


def _stat(path: str) -> None:
    try:
        os.stat(path)
    except OSError as error:
        raise CliError(f"error reading {path}: {(error.strerror or '').lower()}") from error


def _read(path: str) -> bytes:
    try:
        with open(path, "rb") as file:
            data = file.read(FILE_LIMIT_BYTES + 1)
    except OSError as error:
        raise CliError(f"open {path}: {(error.strerror or '').lower()}") from error
    if len(data) > FILE_LIMIT_BYTES:
        raise CliError(f"{path} is larger than {FILE_LIMIT_BYTES} bytes")
    return data


def read_whole(path: str) -> bytes:
    """Return what is in a file.

    Raises:
        CliError: it can't be read.
    """
    try:
        return _read(path)
    except CliError as error:
        raise CliError(f"Cannot read file {path}, {error.message}") from error


def _env_files(paths: tuple[str, ...], kind: str) -> Iterator[tuple[str, bytes]]:
    for path in paths:
        _stat(path)
        if os.path.isdir(path):
            raise CliError(f"env {'secret' if kind == 'Secret' else 'config'} file cannot be a directory")
        try:
            lines = _read(path).decode("utf-8-sig").splitlines()
        except UnicodeDecodeError as error:
            raise CliError(f"env file {path} contains invalid utf8 bytes") from error
        for number, line in enumerate(lines, 1):
            text = line.lstrip()
            if not text or text.startswith("#"):
                continue
            name, equals, value = text.partition("=")
            if not _ENV_NAME.fullmatch(name):
                raise CliError(f"{path}: line {number}: {quoted(name) if equals else 'the line'} is not a valid name")
            # A name alone takes its value from the environment.
            yield name, (value if equals else os.environ.get(name, "")).encode()
