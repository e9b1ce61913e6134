"""Parts of JSON documents that nobody has checked, and copies that differ in one place."""

from collections.abc import Mapping, Sequence
from typing import Any

Document = Mapping[str, Any]
Path = tuple[str | int, ...]


def mapping(value: Any, *keys: str) -> Document:
    """Return the mapping below some keys; an empty one where there is none."""
    for key in keys:
        value = value.get(key) if isinstance(value, Mapping) else None
    return value if isinstance(value, Mapping) else {}


def items(value: Any, *keys: str) -> list[Document]:
    """Return the mappings of the list below some keys; nothing else in it counts."""
    found = mapping(value, *keys[:-1]).get(keys[-1])
    return [item for item in found if isinstance(item, Mapping)] if isinstance(found, list) else []


def text(value: Any, *keys: str) -> str:
    """Return the text below some keys; an empty one where there is none."""
    found = mapping(value, *keys[:-1]).get(keys[-1])
    return found if isinstance(found, str) else ""


def replaced(value: Any, path: Sequence[str | int], new: Any) -> Any:
    """Return the value with `new` in one place; all that does not lie on the way there is shared with the old one."""
    if not path:
        return new
    step, *rest = path
    if isinstance(step, int):
        return [*value[:step], replaced(value[step], rest, new), *value[step + 1 :]]
    return {**value, step: replaced(value.get(step, {}), rest, new)}
