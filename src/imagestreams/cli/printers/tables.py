"""The server's tables as text, decorated with what the user asked for: namespace, kind, labels, event type."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from imagestreams.api.ages import age
from imagestreams.api.metadata.label_selectors import shown_labels
from imagestreams.cli.printers.columns import Columns
from imagestreams.cli.printers.go_text import plain

Object = dict[str, Any]

_BREAK = re.compile(r"[\f\n\r]")
_EVENTS = {"ADDED": "ADDED   ", "MODIFIED": "MODIFIED", "DELETED": "DELETED ", "ERROR": "ERROR   "}


@dataclass(frozen=True)
class TableOptions:
    """What the user wants to see besides the server's columns; `kind` is put before names when it is not empty."""

    wide: bool = False
    no_headers: bool = False
    with_namespace: bool = False
    show_labels: bool = False
    label_columns: tuple[str, ...] = ()
    kind: str = ""


class TablePrinter:
    """Prints tables of one resource into columns; the header comes once."""

    def __init__(self, options: TableOptions) -> None:
        self.options = options
        self._columns: list[Object] = []
        self._header_printed = False

    def print(self, answer: Object, into: Columns, event: str = "") -> None:
        """Add the rows of a table, or of an object where the server gave no table."""
        table = answer if answer.get("kind") == "Table" else _fallback_table(answer)
        definitions = table.get("columnDefinitions") or self._columns
        if definitions != self._columns:
            self._header_printed = False
        header = not self.options.no_headers and not self._header_printed
        self._columns = definitions
        rows = table.get("rows") or []
        if not rows:
            return
        self._header_printed = True
        shown = [index for index, column in enumerate(definitions) if self.options.wide or not column.get("priority")]
        if header:
            into.add(self._header([str(definitions[index].get("name", "")).upper() for index in shown], event))
        name_column = next(
            (
                index
                for index, column in enumerate(definitions)
                if column.get("format") == "name" and column.get("type") == "string"
            ),
            -1,
        )
        for row in rows:
            into.add(self._row(row, shown, name_column, event))

    def _header(self, names: list[str], event: str) -> list[str]:
        before = [*(["EVENT"] if event else []), *(["NAMESPACE"] if self.options.with_namespace else [])]
        labels = [label.rpartition("/")[2].upper() for label in self.options.label_columns]
        return [*before, *names, *labels, *(["LABELS"] if self.options.show_labels else [])]

    def _row(self, row: Object, shown: list[int], name_column: int, event: str) -> list[str]:
        cells = row.get("cells") or []
        texts = [_cell(cells[index]) for index in shown if index < len(cells)]
        if self.options.kind and name_column in shown and name_column < len(cells):
            at = shown.index(name_column)
            texts[at] = f"{self.options.kind}/{texts[at]}"
        metadata = (row.get("object") or {}).get("metadata") or {}
        labels = metadata.get("labels") or {}
        if event:
            texts.insert(0, _EVENTS.get(event, event))
        if self.options.with_namespace:
            texts.insert(1 if event else 0, _cell(metadata.get("namespace", "")))
        texts += [_cell(labels.get(label, "")) for label in self.options.label_columns]
        if self.options.show_labels:
            texts.append(_cell(shown_labels(labels)))
        return texts


def escape_terminal(text: str) -> str:
    """Make characters visible that could steer a terminal."""
    return text.replace("\x1b", "^[").replace("\r", "\\r")


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if not isinstance(value, str):
        return escape_terminal(plain(value))
    first = _BREAK.split(value, maxsplit=1)[0]
    # A tab would begin a new cell.
    return escape_terminal(first).replace("\t", " ") + ("..." if len(first) < len(value) else "")


def _fallback_table(answer: Object) -> Object:
    objects = answer.get("items") if isinstance(answer.get("items"), list) else [answer]
    now = datetime.now(UTC)
    rows = []
    for item in objects or []:
        metadata = item.get("metadata") or {}
        rows.append({"cells": [metadata.get("name", ""), age(metadata.get("creationTimestamp"), now)], "object": item})
    definitions = [{"name": "Name", "type": "string", "format": "name"}, {"name": "Age", "type": "string"}]
    return {"kind": "Table", "columnDefinitions": definitions, "rows": rows}
