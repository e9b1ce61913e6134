"""Rules that secrets and config maps share: the keys and size of what they hold, and when it may change."""

import re
from collections.abc import Mapping
from typing import Final

from imagestreams.api.errors import FieldError, bad_request
from imagestreams.api.go_base64 import corrupt_at, decoded

DATA_MAX_BYTES: Final = 1024 * 1024

_KEY: Final = re.compile("[-._a-zA-Z0-9]+")
_KEY_MAX: Final = 253
_KEY_RULE: Final = (
    "a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or 'KEY_NAME',  or "
    "'key-name', regex used for validation is '[-._a-zA-Z0-9]+')"
)
_FROZEN: Final = "field is immutable when `immutable` is set"


def key_errors(field: str, key: str) -> list[FieldError]:
    """Check one key, which may become the name of a file."""
    problems = []
    if len(key.encode()) > _KEY_MAX:
        problems.append(f"must be no more than {_KEY_MAX} characters")
    if not _KEY.fullmatch(key):
        problems.append(_KEY_RULE)
    if key in {".", ".."}:
        problems.append(f"must not be '{key}'")
    elif key.startswith(".."):
        problems.append("must not start with '..'")
    return [FieldError.invalid(f"{field}[{key}]", key, problem) for problem in problems]


def decode_values(kind: str, values: Mapping[str, str] | None) -> dict[str, bytes]:
    """Return base64 values as bytes.

    Raises:
        ApiError: 400, one of them is not base64; it is not repeated.
    """
    result = {}
    for key, value in (values or {}).items():
        position = corrupt_at(value)
        if position is not None:
            problem = f"illegal base64 data at input byte {position}"
            raise bad_request(f'{kind} in version "v1" cannot be handled as a {kind}: {problem}')
        result[key] = decoded(value)
    return result


def frozen_errors(now: bool | None, before: bool | None, changed: Mapping[str, bool]) -> list[FieldError]:
    """Check that what was once immutable stays so; `changed` says of each field whether it is another."""
    if not before:
        return []
    errors = [] if now else [FieldError.forbidden("immutable", _FROZEN)]
    return errors + [FieldError.forbidden(field, _FROZEN) for field, differs in changed.items() if differs]
