"""Keys that a YAML document gives twice, told with their lines as Go's YAML decoder tells them."""

from collections.abc import Iterator
from typing import Any, Final

import yaml

_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_MERGE: Final = "<<"


def duplicate_keys(text: bytes) -> Iterator[str]:
    """Yield `line 3: key "a" already set in map` for each, in their order.

    The events of the parser are read, not its nodes, so nesting costs no stack. The text was read before: it is YAML.
    """
    open_maps: list[set[str] | None] = []  # the keys of each map; a list has none
    at_key: list[bool] = []
    for event in yaml.parse(text, Loader=_LOADER):
        if isinstance(event, yaml.CollectionEndEvent):
            open_maps.pop()
            at_key.pop()
            continue
        if not isinstance(event, yaml.NodeEvent):
            continue
        seen = open_maps[-1] if open_maps else None
        if seen is not None:
            if at_key[-1] and isinstance(event, yaml.ScalarEvent) and event.value != _MERGE:
                if event.value in seen:
                    line = event.start_mark.line + 1 if event.start_mark else 0
                    yield f'line {line}: key "{event.value}" already set in map'
                seen.add(event.value)
            at_key[-1] = not at_key[-1]
        if isinstance(event, yaml.CollectionStartEvent):
            open_maps.append(set() if isinstance(event, yaml.MappingStartEvent) else None)
            at_key.append(True)
