"""Lists and maps that hold nothing are left out, as Go does it with fields that it declares so."""

from functools import lru_cache
from typing import Any

import msgspec


def drop_empty(value: msgspec.Struct) -> None:
    """Take the empty lists and maps out of a struct and of all in it, where they may be left out."""
    for name, optional in _fields(type(value)):
        held = getattr(value, name)
        if held is None:
            continue
        if isinstance(held, list | dict):
            if held:
                for element in held if isinstance(held, list) else held.values():
                    if isinstance(element, msgspec.Struct):
                        drop_empty(element)
            elif optional:
                setattr(value, name, None)
        elif isinstance(held, msgspec.Struct):
            drop_empty(held)


@lru_cache(maxsize=512)
def _fields(struct: type[Any]) -> tuple[tuple[str, bool], ...]:
    """Return the names of all fields that are more than plain values, each with whether it may be left out."""
    return tuple(
        (field.name, field.default is None)
        for field in msgspec.structs.fields(struct)
        if field.type not in (str, int, bool, float)
    )
