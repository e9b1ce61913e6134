"""Schemas of the served types, made from the structs, in the form of OpenAPI v2.

A struct becomes an object schema with one property per field; a struct inside another is a reference. Each
definition is made once, when something first refers to it.
"""

import types
import typing
from collections.abc import Iterator
from typing import Any

import msgspec

from imagestreams.api.descriptions import describe_field, describe_list, describe_type
from imagestreams.api.meta import ListMeta
from imagestreams.apiserver.openapi import schema_facts as facts
from imagestreams.apiserver.openapi.plain_definitions import PLAIN_DEFINITIONS
from imagestreams.apiserver.ownership.merge_keys import ATOMIC_STRUCTS, rule_of
from imagestreams.resources.resource import ResourceInfo

GVK = "x-kubernetes-group-version-kind"
REFERENCE = "#/definitions/"
_SCALARS: dict[Any, dict[str, Any]] = {
    str: {"type": "string"},
    bool: {"type": "boolean"},
    int: {"type": "integer", "format": "int64"},
    float: {"type": "number", "format": "double"},
}


class Definitions:
    """The definitions of everything that was asked for, and of what that refers to."""

    def __init__(self) -> None:
        self._made: dict[str, dict[str, Any]] = {}

    def all(self) -> dict[str, dict[str, Any]]:
        """Return all definitions by name, sorted."""
        return dict(sorted(self._made.items()))

    def of_kind(self, info: ResourceInfo) -> str:
        """Return the name of the definition of a resource's objects."""
        group, version = info.kind_home
        name = f"{_group_home(group)}.{version}.{info.kind}"
        item = _item_type(info.object_type)
        if item is not None:
            name = self._list(name, self.struct(item), info.kind.removesuffix("List"))
        else:
            name = self.struct(info.object_type, name)
        self._mark(name, group, version, info.kind)
        return name

    def of_list(self, info: ResourceInfo) -> str:
        """Return the name of the definition of a list of a resource's objects."""
        kind = info.list_kind or f"{info.kind}List"
        name = self._list(f"{_group_home(info.group)}.{info.version}.{kind}", self.of_kind(info), info.kind)
        self._mark(name, info.group, info.version, kind)
        return name

    def of_meta(self, kind: type[Any], group: str, version: str) -> str:
        """Return the name of the definition of a type that is used in all groups, such as `DeleteOptions`."""
        name = self.struct(kind)
        self._mark(name, group, version, kind.__name__)
        return name

    def plain(self, name: str) -> str:
        """Make sure of a definition that has no struct, and return its name."""
        if name not in self._made:
            self._made[name] = definition = _copy(PLAIN_DEFINITIONS[name])
            for reference in _references(definition):
                self.plain(reference)
        return name

    def struct(self, kind: type[Any], name: str = "") -> str:
        """Return the name of the definition of a struct: its usual one or another one."""
        kind = facts.SAME_AS.get(kind, kind)
        name = name or _usual_name(kind)
        if name in self._made:
            return name
        definition: dict[str, Any]
        self._made[name] = definition = {"description": describe_type(kind), "type": "object"}
        # The definition is in place before its fields are looked at: a type may contain itself.
        properties = {field.encode_name: self._property(kind, field) for field in msgspec.structs.fields(kind)}
        definition["properties"] = dict(sorted(properties.items()))
        if required := facts.REQUIRED.get(kind.__name__):
            definition["required"] = list(required)
        if kind in ATOMIC_STRUCTS:
            definition["x-kubernetes-map-type"] = "atomic"
        return name

    def _list(self, name: str, item: str, what: str) -> str:
        meta = self.struct(ListMeta)
        self._made.setdefault(
            name,
            {
                "description": f"A list of objects of kind {what}.",
                "type": "object",
                "required": ["items"],
                "properties": {
                    "apiVersion": {"description": describe_list("apiVersion"), "type": "string"},
                    "items": {"description": describe_list("items"), "type": "array", "items": _reference(item)},
                    "kind": {"description": describe_list("kind"), "type": "string"},
                    "metadata": {"description": describe_list("metadata"), **_reference(meta)},
                },
            },
        )
        return name

    def _mark(self, name: str, group: str, version: str, kind: str) -> None:
        marks = self._made[name].setdefault(GVK, [])
        mark = {"group": group, "kind": kind, "version": version}
        if mark not in marks:
            marks.append(mark)
            marks.sort(key=lambda each: (each["group"], each["version"], each["kind"]))

    def _property(self, kind: type[Any], field: msgspec.structs.FieldInfo) -> dict[str, Any]:
        key = (kind.__name__, field.encode_name)
        schema = self._field_schema(kind, field, key)
        default = facts.DEFAULTS.get(key, _default(field))
        if default is not None and "$ref" not in schema:
            schema["default"] = default
        if values := facts.ENUMS.get(key):
            schema["enum"] = list(values)
        return {"description": describe_field(kind, field.encode_name), **schema, **_merging(kind, field)}

    def _field_schema(self, kind: type[Any], field: msgspec.structs.FieldInfo, key: tuple[str, str]) -> dict[str, Any]:
        if reference := facts.FIELD_REFERENCES.get(key):
            return {"$ref": REFERENCE + self.plain(reference)}
        text = {"type": "string", "format": "byte"} if key in facts.BASE64 else {"type": "string"}
        integer = {"type": "integer", "format": "int32"} if key in facts.INT32 else _SCALARS[int]
        return self._schema(field.type, {**_SCALARS, str: text, int: integer}, facts.FIELD_NAMES.get(key, ""))

    def _schema(self, kind: Any, scalars: dict[Any, dict[str, Any]], name: str = "") -> dict[str, Any]:
        kind = _without_none(kind)
        if reference := facts.UNIONS.get(kind):
            return {"$ref": REFERENCE + self.plain(reference)}
        origin, arguments = typing.get_origin(kind), typing.get_args(kind)
        if kind in scalars:
            return dict(scalars[kind])
        if origin is list:
            return {"type": "array", "items": self._element(arguments[0], scalars)}
        if origin is dict:
            return {"type": "object", "additionalProperties": self._element(arguments[1], scalars)}
        if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
            return {"$ref": REFERENCE + self.struct(kind, name)}
        return {"type": "object"}

    def _element(self, kind: Any, scalars: dict[Any, dict[str, Any]]) -> dict[str, Any]:
        schema = self._schema(kind, scalars)
        if schema == {"type": "string"}:
            schema["default"] = ""
        return schema


def _usual_name(kind: type[Any]) -> str:
    if name := facts.NAMES.get(kind.__name__):
        return name
    home = facts.home_of(kind.__module__) or f"io.k8s.api.{kind.__module__.rpartition('.')[2]}.v1"
    return f"{home}.{kind.__name__}"


def _group_home(group: str) -> str:
    """Return where the kinds of an API group belong, without the version."""
    if not group:
        return facts.CORE.removesuffix(".v1")
    first, _, domain = group.partition(".")
    match domain:
        case "" | "k8s.io" | "authorization.k8s.io":
            return f"io.k8s.api.{first}"
        case "openshift.io":
            return f"com.github.openshift.api.{first}"
    return ".".join(reversed(group.split(".")))


def _without_none(kind: Any) -> Any:
    if typing.get_origin(kind) in (typing.Union, types.UnionType):
        members = [member for member in typing.get_args(kind) if member is not type(None)]
        return members[0] if len(members) == 1 else typing.Union[tuple(members)]  # noqa: UP007
    return kind


def _item_type(kind: type[Any]) -> type[Any] | None:
    """Return the type of a list's items; `None` when the type is not a list."""
    fields = {field.name: field.type for field in msgspec.structs.fields(kind)}
    if fields.get("metadata") is not ListMeta or "items" not in fields:
        return None
    item: type[Any] = typing.get_args(fields["items"])[0]
    return item


def _merging(kind: type[Any], field: msgspec.structs.FieldInfo) -> dict[str, Any]:
    """Return how clients and the server merge a field, as far as it is declared."""
    rule = rule_of(kind, field.encode_name)
    declared = {
        "x-kubernetes-list-map-keys": list(rule.list_map_keys),
        "x-kubernetes-list-type": rule.list_type,
        "x-kubernetes-map-type": rule.map_type,
        "x-kubernetes-patch-merge-key": rule.patch_merge_key,
        "x-kubernetes-patch-strategy": rule.patch_strategy,
    }
    return {key: value for key, value in declared.items() if value}


def _default(field: msgspec.structs.FieldInfo) -> Any:
    """Return the plain value that is written when there is no other; `None` when nothing is.

    Objects have no default: an empty one would often lack required fields.
    """
    if field.default_factory is msgspec.NODEFAULT:
        return None
    value = field.default_factory()
    return value if isinstance(value, str | int) else None


def _reference(name: str) -> dict[str, Any]:
    return {"$ref": REFERENCE + name}


def _copy(schema: Any) -> Any:
    if isinstance(schema, dict):
        return {key: _copy(value) for key, value in schema.items()}
    return [_copy(value) for value in schema] if isinstance(schema, list) else schema


def _references(schema: Any) -> Iterator[str]:
    if isinstance(schema, dict):
        if isinstance(name := schema.get("$ref"), str):
            yield name.removeprefix(REFERENCE)
        for value in schema.values():
            yield from _references(value)
    elif isinstance(schema, list):
        for value in schema:
            yield from _references(value)
