"""JSON from programs that we don't trust: whatever is wrong with it is one error, also what breaks a parser."""

from typing import TypeVar

import msgspec

T = TypeVar("T")


class UnreadableJson(ValueError):
    """It is no JSON, not of the expected type, or nested deeper than anybody reads."""


def read_foreign(data: bytes, kind: type[T]) -> T:
    """Read a value of a type; unknown fields are ignored.

    Raises:
        UnreadableJson: that can't be done.
    """
    try:
        return msgspec.json.decode(data, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise UnreadableJson(str(error)) from error
    except RecursionError as error:
        raise UnreadableJson("nested too deeply") from error
