"""The description of kinds that nobody wrote one for: every field, with its name in words."""

import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Final

from imagestreams.cli.describers import metadata
from imagestreams.cli.describers.events import write_events
from imagestreams.cli.printers.go_text import plain
from imagestreams.cli.texts.tab_stops import TabbedText

_SHOWN_ABOVE: Final = {
    (),
    ("metadata", "managedFields"),
    ("metadata", "name"),
    ("metadata", "namespace"),
    ("metadata", "labels"),
    ("metadata", "annotations"),
}
_ACRONYMS: Final = {"API", "URL", "UID", "OSB", "GUID"}
_WORD: Final = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|-+")


def describe_anything(obj: Mapping[str, Any], events: Iterable[Mapping[str, Any]] | None, now: datetime) -> str:
    """Return the description of an object of any kind."""
    text = TabbedText()
    meta = obj.get("metadata") or {}
    text.write(f"Name:\t{meta.get('name', '')}\nNamespace:\t{meta.get('namespace', '')}\n")
    metadata.kubectl_labels(text, meta)
    metadata.kubectl_annotations(text, meta)
    _fields(text, 0, obj, ())
    write_events(text, events, now)
    return text.text()


def _fields(text: TabbedText, level: int, content: Mapping[str, Any], path: tuple[str, ...]) -> None:
    indent = "  " * level
    for field in sorted(content):
        value, here = content[field], (*path, field)
        if here in _SHOWN_ABOVE:
            continue
        label = field_in_words(field)
        if isinstance(value, dict):
            text.write(f"{indent}{label}:\n")
            _fields(text, level + 1, value, here)
        elif isinstance(value, list):
            text.write(f"{indent}{label}:\n")
            for child in value:
                if isinstance(child, dict):
                    _fields(text, level + 1, child, here)
                else:
                    text.write(f"{indent}  {plain(child)}\n")
        else:
            text.write(f"{indent}{label}:\t{plain(value)}\n")


def field_in_words(field: str) -> str:
    """Say a field's name in words: `dockerImageReference` is `Docker Image Reference`.

    Names with anything but letters and dashes, such as annotation keys, stay as they are.
    """
    if not all(letter.isalpha() or letter == "-" for letter in field):
        return field
    words = [word.upper() if word.upper() in _ACRONYMS else word.capitalize() for word in _WORD.findall(field)]
    return " ".join(words)
