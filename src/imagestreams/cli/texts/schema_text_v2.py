"""An OpenAPI v2 schema as older versions of `kubectl explain` printed it, and newer ones still do on request."""

import re
from collections.abc import Iterator, Sequence
from typing import Any, Literal

from imagestreams.cli.errors import CliError

Schema = dict[str, Any]
_Form = Literal["reference", "kind", "map", "array", "arbitrary", "primitive"]

_PREFIX = "#/definitions/"
_GVK = "x-kubernetes-group-version-kind"
_WIDTH = 80
_FIELD_MARGIN = 3
_DESCRIPTION_MARGIN = 5
_BULLET = re.compile(r"(\d+\.?|-|\*)\s")


class SchemaTextV2:
    """Prints parts of one document; `max_depth` 0 goes down without end where `recursive` asks for it."""

    def __init__(self, document: dict[str, Any], *, recursive: bool, max_depth: int) -> None:
        self._definitions: dict[str, Schema] = document.get("definitions") or {}
        self._recursive, self._max_depth = recursive, max_depth

    def explain(self, group: str, version: str, kind: str, fields: Sequence[str]) -> str:
        """Return the text for a kind, or for a field below it.

        Raises:
            CliError: there is no such kind or field.
        """
        group_version = f"{group}/{version}" if group else version
        mark = {"group": group, "version": version, "kind": kind}
        schema = next((each for each in self._definitions.values() if mark in (each.get(_GVK) or [])), None)
        if schema is None:
            raise CliError(f'couldn\'t find resource for "{group}/{version}, Kind={kind}"')
        found = self._lookup(schema, list(fields))
        lines = [f"KIND:     {kind}", f"VERSION:  {group_version}", ""]
        return "\n".join([*lines, *self._model(fields[-1] if fields else "", found)]) + "\n"

    def _lookup(self, schema: Schema, fields: list[str]) -> Schema:
        while fields:
            match _form(schema):
                case "kind":
                    name = fields.pop(0)
                    if name not in schema["properties"]:
                        raise CliError(f'field "{name}" does not exist')
                    schema = schema["properties"][name]
                case "primitive" | "arbitrary":
                    return schema
                case form:
                    schema = self._below(schema, form)
        return schema

    def _below(self, schema: Schema, form: _Form) -> Schema:
        """Return what a reference, list or map leads to."""
        if form == "reference":
            return self._definitions.get(schema["$ref"].removeprefix(_PREFIX)) or {}
        below = schema.get("items" if form == "array" else "additionalProperties")
        # A map of anything counts as a map whose values have its own description.
        return below if isinstance(below, dict) else {"description": schema.get("description")}

    def _type(self, schema: Schema) -> str:
        match _form(schema):
            case "reference":
                return self._type(self._below(schema, "reference"))
            case "array":
                return f"[]{self._type(self._below(schema, 'array'))}"
            case "map":
                return f"map[string]{self._type(self._below(schema, 'map'))}"
            case "kind":
                return "Object"
            case "primitive":
                return str(schema["type"])
        return ""

    def _model(self, name: str, schema: Schema) -> list[str]:
        """Describe a schema and, when it is or leads to an object, list the fields."""
        type_name, texts = self._type(schema), []
        while (form := _form(schema)) in ("reference", "array", "map"):
            texts.append(schema.get("description") or "")
            schema = self._below(schema, form)
        texts.append(schema.get("description") or "")
        described = ["DESCRIPTION:", *_paragraphs(texts)]
        if form == "arbitrary":
            return described
        if form == "primitive":
            return [f"FIELD:    {name} <{type_name}>", "", *described]
        head = [f"RESOURCE: {name} <{type_name}>", ""] if name else []
        fields = self._tree(schema, 1, set()) if self._recursive else self._list(schema)
        return [*head, *described, "", "FIELDS:", *fields]

    def _list(self, schema: Schema) -> Iterator[str]:
        pad = " " * _FIELD_MARGIN
        for name, field in sorted(schema["properties"].items()):
            required = " -required-" if name in (schema.get("required") or []) else ""
            yield f"{pad}{name}\t<{self._type(field)}>{required}"
            yield from _wrapped(field.get("description") or "", _FIELD_MARGIN + 2)
            yield ""

    def _tree(self, schema: Schema, depth: int, seen: set[str]) -> Iterator[str]:
        form = _form(schema)
        if form == "kind":
            for name, field in sorted(schema["properties"].items()):
                yield f"{' ' * (_FIELD_MARGIN * depth)}{name}\t<{self._type(field)}>"
                if not 0 < self._max_depth <= depth:
                    yield from self._tree(field, depth + 1, seen)
        elif form == "reference":
            reference = schema["$ref"]
            if reference not in seen:
                yield from self._tree(self._below(schema, form), depth, seen | {reference})
        elif form in ("array", "map"):
            yield from self._tree(self._below(schema, form), depth, seen)


def _form(schema: Schema) -> _Form:
    if "$ref" in schema:
        return "reference"
    kind = schema.get("type")
    if schema.get("properties") and kind in (None, "object"):
        return "kind"
    if not kind:
        return "arbitrary"
    return "map" if kind == "object" else "array" if kind == "array" else "primitive"


def _paragraphs(texts: Sequence[str]) -> Iterator[str]:
    if not any(texts):
        yield from _wrapped("<empty>", _DESCRIPTION_MARGIN)
    for number, text in enumerate(texts):
        if text:
            if number:
                yield ""
            yield from _wrapped(text, _DESCRIPTION_MARGIN)


def _wrapped(text: str, margin: int) -> Iterator[str]:
    """Break a text into lines, joining short ones; code, list items and empty lines stay as they are."""
    pad, lines, line = " " * margin, list[str](), ""
    last_word = ""

    def flush() -> None:
        nonlocal line, last_word
        if line:
            lines.append(line)
            line = last_word = ""

    for given in text.split("\n"):
        if given.startswith("    "):
            flush()
            lines.append(given)
            continue
        if lines and not given.strip():
            flush()
            lines.append("")
            continue
        if last_word.endswith(":") or not given.strip() or _BULLET.match(given.strip()):
            flush()
        for word in given.split():
            last_word = word
            if line and len(line) + 1 + len(word) > _WIDTH - margin:
                flush()
            line = f"{line} {word}" if line else word
    flush()
    return (pad + each if each else "" for each in lines)
