"""Fields that a JSON text gives twice, by their paths: `spec.tags[0].name`."""

import json
from collections.abc import Iterator
from itertools import islice
from typing import Any, Final

_MAX_TOLD: Final = 100


class _Pairs(list[tuple[str, Any]]):
    """An object as it is written, with every field that it gives."""


def duplicate_paths(text: str) -> tuple[str, ...]:
    """Return each path once, in the order of the text, and no more than 100; the text was read before: it is JSON."""
    found = dict.fromkeys(_duplicates(json.loads(text, object_pairs_hook=_Pairs), ""))
    return tuple(islice(found, _MAX_TOLD))


def _duplicates(value: Any, path: str) -> Iterator[str]:
    if isinstance(value, _Pairs):
        seen: set[str] = set()
        for key, element in value:
            below = f"{path}.{key}" if path else key
            if key in seen:
                yield below
            seen.add(key)
            yield from _duplicates(element, below)
    elif isinstance(value, list):
        for index, element in enumerate(value):
            yield from _duplicates(element, f"{path}[{index}]")
