"""What every served type and field means, in words for users.

The texts stand in TOML files beside this module, one table per type: `_` is the type's own description, every other
key a field by its wire name. A table `module.Type` is about the type of that module alone. Lines of a text belong
together; an empty line begins a new paragraph. They are read only when the OpenAPI documents are made. A type
without a field's text takes it from the type that it derives from.
"""

import re
import tomllib
from functools import cache
from importlib import resources
from typing import Any

_PARAGRAPH = re.compile(r"\n\s*\n")


def describe_type(kind: type[Any]) -> str:
    """Return what a type is; empty when nothing is written about it."""
    return _texts_of(kind).get("_", "")


def describe_field(kind: type[Any], field: str) -> str:
    """Return what a field, given by its wire name, means; empty when nothing is written about it."""
    for ancestor in kind.__mro__:
        if text := _texts_of(ancestor).get(field):
            return text
    return ""


def describe_list(field: str) -> str:
    """Return what a field of a list means, the same for lists of all types."""
    return _texts()["List"][field]


def described() -> dict[str, frozenset[str]]:
    """Return the names of all types that have texts, each with the fields that are described."""
    return {kind: frozenset(fields) - {"_"} for kind, fields in _texts().items()}


def _texts_of(kind: type[Any]) -> dict[str, str]:
    texts = _texts()
    own = f"{kind.__module__.split('.')[2]}.{kind.__name__}"
    return texts[own] if own in texts else texts.get(kind.__name__, {})


@cache
def _texts() -> dict[str, dict[str, str]]:
    texts: dict[str, dict[str, str]] = {}
    for file in resources.files(__name__).iterdir():
        if not file.name.endswith(".toml"):
            continue
        tables = tomllib.loads(file.read_text(encoding="utf-8"))
        for kind, fields in tables.items():
            texts[kind] = {field: _flowing(text) for field, text in fields.items()}
    return texts


def _flowing(text: str) -> str:
    return "\n".join(" ".join(paragraph.split()) for paragraph in _PARAGRAPH.split(text.strip()))
