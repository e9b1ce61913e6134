"""An OpenAPI v3 schema as `kubectl explain` prints it: a description, then the fields with types and descriptions."""

from collections.abc import Sequence
from typing import Any

from imagestreams.cli.errors import CliError
from imagestreams.cli.texts.word_wrap import indent, wrap

Schema = dict[str, Any]

_PREFIX = "#/components/schemas/"
_GVK = "x-kubernetes-group-version-kind"
_METHODS = ("get", "post", "put", "patch", "delete")
_WIDTH = 80
_ENUM_LIMIT = 4


class SchemaText:
    """Prints parts of one document; `max_depth` 0 goes down without end where `recursive` asks for it."""

    def __init__(self, document: dict[str, Any], *, recursive: bool, max_depth: int) -> None:
        self._document = document
        self._schemas: dict[str, Schema] = _dict(_dict(document.get("components")).get("schemas"))
        self._recursive, self._max_depth = recursive, max_depth

    def kind_of(self, group: str, version: str, resource: str) -> dict[str, str] | None:
        """Return group, version and kind of a resource's objects according to its paths."""
        root = f"/apis/{group}/{version}" if group else f"/api/{version}"
        plain, namespaced = f"{root}/{resource}", f"{root}/namespaces/{{namespace}}/{resource}"
        found = None
        for path in (plain, f"{plain}/{{name}}", namespaced, f"{namespaced}/{{name}}"):
            item = _dict(_dict(self._document.get("paths")).get(path))
            operations = (_dict(item.get(method)) for method in _METHODS)
            found = next((operation[_GVK] for operation in operations if operation.get(_GVK)), found)
        return found

    def explain(self, kind: dict[str, str], fields: Sequence[str]) -> str:
        """Return the text for a kind, or for a field below it.

        Raises:
            CliError: there is no such kind or field.
        """
        for _, schema in sorted(self._schemas.items()):
            if kind in (schema.get(_GVK) or []):
                if text := self._output(schema, tuple(fields), frozenset()):
                    return text
                raise CliError(f'field "{fields[-1]}" does not exist')
        shown = " ".join(f"{key}:{value}" for key, value in sorted(kind.items()))
        raise CliError(f"GVK map[{shown}] not found in OpenAPI schema")

    def _resolve(self, schema: Schema) -> tuple[str, Schema]:
        """Return the name of the schema that is referred to, empty when none is, and what it is."""
        reference = schema.get("$ref")
        if not isinstance(reference, str):
            return "", schema
        return reference, self._schemas.get(reference.removeprefix(_PREFIX)) or schema

    def _output(self, schema: Schema, fields: tuple[str, ...], seen: frozenset[str]) -> str:
        reference, schema_here = self._resolve(schema)
        if not fields:
            return self._described(schema_here)
        if reference in seen:
            return ""
        below = seen | {reference} if reference else seen
        properties = _dict(schema_here.get("properties"))
        if field := properties.get(fields[0]):
            head = ""
            if len(fields) == 1:
                head = f"FIELD: {fields[0]} <{self._type(field)}>\n{_all_values(field)}\n\n"
            return _unless_empty(head, self._output(field, fields[1:], frozenset()))
        if element := _element(schema_here):
            return self._output(element, fields, below)
        texts = (self._output(part, fields, below) for part in schema_here.get("allOf") or [])
        return next((text for text in texts if text), "")

    def _described(self, schema: Schema) -> str:
        text = f"DESCRIPTION:\n{indent(wrap(self._description(schema) or '<empty>', _WIDTH - 4), 4)}\n"
        if outside := _outside(schema, 0):
            text += f"\n{outside}"
        fields = self._fields(schema, 1, frozenset())
        return f"{text}FIELDS:\n{fields}" if fields else text

    def _description(self, schema: Schema) -> str:
        """Return the texts of the schema and of those that it is made of, a line each."""
        _, schema = self._resolve(schema)
        text = f"{schema['description']}\n" if schema.get("description") else ""
        parts = [*(schema.get("allOf") or []), schema.get("items"), schema.get("additionalProperties")]
        return text + "".join(self._description(part) for part in parts if part and isinstance(part, dict))

    def _fields(self, schema: Schema, level: int, seen: frozenset[str]) -> str:
        reference, schema = self._resolve(schema)
        if reference in seen:
            return ""
        below = seen | {reference} if reference else seen
        text = ""
        for name, field in sorted(_dict(schema.get("properties")).items()):
            text += self._field(name, field, name in (schema.get("required") or []), level)
            if self._recursive and (self._max_depth == 0 or level < self._max_depth):
                text += self._fields(field, level + 1, below)
        parts = [*(schema.get("allOf") or []), schema.get("items"), schema.get("additionalProperties")]
        return text + "".join(self._fields(part, level, below) for part in parts if part and isinstance(part, dict))

    def _field(self, name: str, field: Schema, required: bool, level: int) -> str:
        margin = level * 2
        text = f"{indent(name, margin)}\t<{self._type(field)}>{' -required-' if required else ''}"
        text += f"{_some_values(field, margin)}\n"
        if self._recursive:
            return text
        description = field.get("description") or "<no description>"
        text += f"{indent(wrap(description, _WIDTH - 2 - margin), margin + 2)}\n"
        if outside := _outside(field, margin + 2):
            text += f"\n{outside}"
        return f"{text}\n"

    def _type(self, schema: Schema) -> str:
        """Name a type as Go would: `[]TagReference`, `map[string]string`, `integer`."""
        if schema.get("items"):
            return f"[]{self._type(schema['items'])}"
        if schema.get("additionalProperties") and isinstance(schema["additionalProperties"], dict):
            return f"map[string]{self._type(schema['additionalProperties'])}"
        parts = schema.get("allOf") or []
        if len(parts) == 1 and not schema.get("properties"):
            return self._type(parts[0])
        reference, resolved = self._resolve(schema)
        plain = str(resolved.get("type") or "object")
        if plain != "object":
            return plain
        return reference.rpartition("/")[2].rpartition(".")[2] or "Object"


def _dict(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _element(schema: Schema) -> Schema | None:
    """Return what the elements of a list or the values of a map are."""
    for key in ("items", "additionalProperties"):
        if schema.get(key) and isinstance(schema[key], dict):
            return _dict(schema[key])
    return None


def _unless_empty(head: str, text: str) -> str:
    return head + text if text else ""


def _value(value: Any) -> str:
    if value == "":
        return '""'
    return {True: "true", False: "false"}.get(value, str(value)) if isinstance(value, bool) else str(value)


def _all_values(schema: Schema) -> str:
    values = schema.get("enum")
    return "ENUM:" + "".join(f"\n    {_value(value)}" for value in values) if values else ""


def _some_values(schema: Schema, margin: int) -> str:
    values = schema.get("enum")
    if not values:
        return ""
    more = ", ...." if len(values) > _ENUM_LIMIT else ""
    return f"\n{' ' * margin}enum: " + ", ".join(_value(value) for value in values[:_ENUM_LIMIT]) + more


def _outside(schema: Schema, margin: int) -> str:
    """Return where more is written about it."""
    docs = _dict(schema.get("externalDocs"))
    if not docs:
        return ""
    text = indent("EXTERNAL DOCS:", margin) + "\n"
    if docs.get("description"):
        text += indent(wrap(docs["description"], _WIDTH - 4 - margin), margin + 4) + "\n"
    if docs.get("url"):
        text += indent(f"URL: {docs['url']}", margin + 4) + "\n"
    return text
