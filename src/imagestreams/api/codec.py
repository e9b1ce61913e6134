"""Structs from and to JSON and plain dictionaries."""

from collections.abc import Hashable
from functools import lru_cache
from typing import Any, TypeVar, cast

import msgspec

T = TypeVar("T")

_encoder = msgspec.json.Encoder()


@lru_cache(maxsize=256)
def _decoder(kind: Hashable) -> msgspec.json.Decoder[Any]:
    return msgspec.json.Decoder(cast(type[Any], kind), strict=True)


def encode(value: Any) -> bytes:
    """Return the JSON of a struct, dictionary or list."""
    return _encoder.encode(value)


def decode(data: bytes | str, kind: type[T]) -> T:
    """Read a struct from JSON; unknown fields are ignored.

    Raises:
        msgspec.DecodeError: not JSON, or (`msgspec.ValidationError`) a value of the wrong type.
    """
    result: T = _decoder(cast(Hashable, kind)).decode(data)
    return result


def to_dict(value: Any) -> dict[str, Any]:
    """Return a struct as the plain dictionary that its JSON describes."""
    result: dict[str, Any] = msgspec.to_builtins(value)
    return result


def from_dict(value: dict[str, Any], kind: type[T]) -> T:
    """Read a struct from a plain dictionary; unknown fields are ignored.

    Raises:
        msgspec.ValidationError: a value of the wrong type.
    """
    return msgspec.convert(value, kind)


def copy(value: T) -> T:
    """Return a copy of a struct that shares nothing with it."""
    return decode(encode(value), type(value))
