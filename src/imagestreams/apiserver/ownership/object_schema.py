"""The shape of a type as merging sees it: structs, maps, lists with their keys, plain values.

Built once per type from the msgspec structs and `merge_keys`. Everything that compares, merges or prunes documents
walks a document and its `Shape` side by side.
"""

import types
import typing
from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Final, Literal, cast

import msgspec

from imagestreams.apiserver.ownership.merge_keys import ATOMIC_STRUCTS, rule_of
from imagestreams.apiserver.ownership.merge_rule import NO_RULE, MergeRule

Kind = Literal["scalar", "struct", "map", "list", "deduced"]
_SCALARS: Final = {str: "string", bool: "boolean", int: "numeric", float: "numeric", bytes: "string"}


@dataclass(frozen=True, slots=True, eq=False)
class Shape:
    """One type in its place.

    `deduced` is a value of any shape, taken as what it looks like. `scalar` names a plain type as error texts do.
    `atomic` structs, maps and lists are owned and replaced as a whole; `keys` identify the elements of other lists, and
    where there are none the elements are plain values. `rule` is what is declared of the field.
    """

    kind: Kind
    fields: Mapping[str, "Shape"] = field(default_factory=dict)
    element: "Shape | None" = None
    atomic: bool = False
    keys: tuple[str, ...] = ()
    scalar: str = ""
    rule: MergeRule = NO_RULE
    name: str = ""

    def child(self, key: str) -> "Shape | None":
        """Return the shape of a struct's field or a map's value; `None` when a struct has no such field."""
        if self.kind == "deduced":
            return DEDUCED
        return self.fields.get(key, self.element)

    def knows(self, value: Any, known: Any = None) -> bool:
        """Return whether all fields of a document are fields of the type; quick, for it is nearly always so.

        What the document shares with `known`, which is of the type, is not looked into.
        """
        if value is known:
            return True
        if isinstance(value, list):
            element = self.element
            return element is None or element.kind == "scalar" or all(map(element.knows, value))
        if not isinstance(value, dict) or self.kind == "deduced":
            return True
        if self.kind == "map":
            element = self.element
            return element is None or element.kind == "scalar" or all(map(element.knows, value.values()))
        fields = self.fields
        if not value.keys() <= fields.keys():
            return False
        before = known if isinstance(known, dict) else {}
        return all(
            fields[key].knows(element, before.get(key))
            for key, element in value.items()
            if isinstance(element, dict | list)
        )


DEDUCED: Final = Shape("deduced")


def shape_of(struct: type[Any]) -> Shape:
    """Return the shape of a struct."""
    return _shape_of(cast(Hashable, struct))


@lru_cache(maxsize=1024)
def _shape_of(key: Hashable) -> Shape:
    struct = cast(type[msgspec.Struct], key)
    fields = {each.encode_name: _shape(each.type, rule_of(struct, each.encode_name)) for each in _fields(struct)}
    return Shape("struct", fields=fields, atomic=struct in ATOMIC_STRUCTS, name=struct.__name__)


def _fields(struct: type[msgspec.Struct]) -> tuple[msgspec.structs.FieldInfo, ...]:
    return msgspec.structs.fields(struct)


def _shape(kind: Any, rule: MergeRule) -> Shape:
    kind = _plain(kind)
    if kind in _SCALARS:
        return Shape("scalar", scalar=_SCALARS[kind])
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
        return shape_of(kind)
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if origin is list:
        return Shape("list", element=_shape(arguments[0], NO_RULE), atomic=rule.is_atomic, keys=rule.keys, rule=rule)
    if origin is dict and arguments[1] is not Any:
        return Shape("map", element=_shape(arguments[1], NO_RULE), atomic=rule.map_type == "atomic", rule=rule)
    return DEDUCED if rule is NO_RULE else Shape("deduced", rule=rule)


def _plain(kind: Any) -> Any:
    """Strip `| None` and annotations from a type."""
    origin = typing.get_origin(kind)
    if origin is typing.Annotated:
        return _plain(typing.get_args(kind)[0])
    if origin in (typing.Union, types.UnionType):
        members = [member for member in typing.get_args(kind) if member is not type(None)]
        return _plain(members[0]) if len(members) == 1 else Any
    return kind
