"""Where a body does not fit its type, told in the words of Go's decoder.

msgspec says whether a body fits; only when it does not, or when unknown fields matter, is it walked again here. The
names are those of the Go types, which the structs bear too.
"""

import types
import typing
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

import msgspec

from imagestreams.api.pods.quantities import QuantityError, parse_quantity
from imagestreams.api.pods.values import IntOrString, Quantity

_SCALARS = {str: "string", bool: "bool", int: "int64", float: "float64"}


@lru_cache(maxsize=512)
def _fields(struct: type[msgspec.Struct]) -> dict[str, Any]:
    return {field.encode_name: field.type for field in msgspec.structs.fields(struct)}


def plain_type(kind: Any) -> Any:
    """Strip `| None` and annotations from a type."""
    origin = typing.get_origin(kind)
    if origin is typing.Annotated:
        return plain_type(typing.get_args(kind)[0])
    if origin in (typing.Union, types.UnionType):
        members = [member for member in typing.get_args(kind) if member is not type(None)]
        return plain_type(members[0]) if len(members) == 1 else Any
    return kind


def _go_name(kind: Any) -> str:
    kind = plain_type(kind)
    if kind is Any:
        return "interface {}"
    if kind in _SCALARS:
        return _SCALARS[kind]
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if origin is list:
        return "[]" + _go_name(arguments[0])
    if origin is dict:
        return f"map[string]{_go_name(arguments[1])}"
    return f"v1.{kind.__name__}" if isinstance(kind, type) else "interface {}"


def json_kind(value: Any) -> str:
    """Return what Go's decoder calls a value."""
    match value:
        case bool():
            return "bool"
        case str():
            return "string"
        case int() | float():
            return "number"
        case list():
            return "array"
    return "object"


def mismatch(value: Any, kind: Any) -> str | None:
    """Return Go's complaint about the first value of a wrong type, in the order of the body; `None` when all fit."""
    return next(_mismatches(value, kind, "", ()), None)


def _misfit(where: str, path: tuple[str, ...], found: str, wanted: str) -> str:
    field = f"Go struct field {where}.{'.'.join(path)} of type" if where else "Go value of type"
    return f"json: cannot unmarshal {found} into {field} {wanted}"


def _mismatches(value: Any, kind: Any, where: str, path: tuple[str, ...]) -> Iterator[str]:
    if value is None:
        return
    if _without_none(kind) == Quantity:
        yield from _wrong_quantity(value)
        return
    if _without_none(kind) == IntOrString:
        if not isinstance(value, str):
            yield from _wrong_number(value, where, path, bits=32)
        return
    kind = plain_type(kind)
    if kind is Any:
        return
    origin, arguments = typing.get_origin(kind) or kind, typing.get_args(kind)
    if origin is list and isinstance(value, list):
        for element in value:
            yield from _mismatches(element, arguments[0], where, path)
    elif origin is dict and isinstance(value, dict):
        for element in value.values():
            yield from _mismatches(element, arguments[1] if arguments else Any, where, path)
    elif isinstance(kind, type) and issubclass(kind, msgspec.Struct) and isinstance(value, dict):
        for name, field in _fields(kind).items():
            if name in value:
                yield from _mismatches(value[name], field, kind.__name__, (*path, name))
    elif kind is int:
        yield from _wrong_number(value, where, path, bits=_bits(where, path))
    elif not _is_scalar(value, kind):
        yield _misfit(where, path, json_kind(value), _go_name(kind))


def _bits(where: str, path: tuple[str, ...]) -> int:
    """Return how wide the number in a field is."""
    from imagestreams.apiserver.openapi.schema_facts import INT32  # seldom needed

    return 32 if path and (where, path[-1]) in INT32 else 64


def _wrong_number(value: Any, where: str, path: tuple[str, ...], *, bits: int) -> Iterator[str]:
    limit = 1 << (bits - 1)
    if isinstance(value, float) or (type(value) is int and not -limit <= value < limit):
        yield _misfit(where, path, f"number {value}", f"int{bits}")
    elif type(value) is not int:
        yield _misfit(where, path, json_kind(value), f"int{bits}")


def _without_none(kind: Any) -> Any:
    if typing.get_origin(kind) not in (typing.Union, types.UnionType):
        return kind
    return typing.Union[tuple(member for member in typing.get_args(kind) if member is not type(None))]  # noqa: UP007


def _wrong_quantity(value: Any) -> Iterator[str]:
    try:
        parse_quantity(value if isinstance(value, str | int | float) and not isinstance(value, bool) else "none")
    except QuantityError as error:
        yield str(error)


def _is_scalar(value: Any, kind: Any) -> bool:
    if kind is float:
        return isinstance(value, int | float) and not isinstance(value, bool)
    return type(value) is kind


def unknown_fields(value: Any, kind: Any, path: str = "") -> Iterator[str]:
    """Yield the paths of fields that the type does not have, as `spec.tags[0].bogus`."""
    kind = plain_type(kind)
    origin, arguments = typing.get_origin(kind) or kind, typing.get_args(kind)
    if origin is list and isinstance(value, list):
        for index, element in enumerate(value):
            yield from unknown_fields(element, arguments[0], f"{path}[{index}]")
    elif origin is dict and isinstance(value, dict) and arguments:
        for key, element in value.items():
            yield from unknown_fields(element, arguments[1], f"{path}.{key}" if path else key)
    elif isinstance(kind, type) and issubclass(kind, msgspec.Struct) and isinstance(value, dict):
        known = _fields(kind)
        for name, element in value.items():
            full = f"{path}.{name}" if path else name
            if name not in known:
                yield full
            else:
                yield from unknown_fields(element, known[name], full)
