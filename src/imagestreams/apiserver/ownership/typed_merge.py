"""Merging a configuration into a document, and taking fields out of one, as server-side apply does it.

What the configuration says wins; what it leaves out stays. Lists whose elements are identified are merged element by
element and take the order of the configuration. Documents are never changed: results share what they keep.
"""

from typing import Any

from imagestreams.apiserver.ownership.comparison import ABSENT, branch, is_empty, steps
from imagestreams.apiserver.ownership.field_sets import LEAF, SELF, FieldSet, has_below
from imagestreams.apiserver.ownership.object_schema import Shape


def merged(shape: Shape, live: dict[str, Any], config: dict[str, Any]) -> dict[str, Any]:
    """Return a document with a configuration merged into it.

    Raises:
        UnidentifiedElementError: the elements of a list can't be told apart.
    """
    result = _merged(shape, live, config)
    return result if isinstance(result, dict) else {}


def _merged(shape: Shape | None, live: Any, config: Any) -> Any:
    what = branch(shape, config if live is ABSENT or live is None else live)
    if what == "leaf" or shape is None or (is_empty(live) and is_empty(config)):
        return live if config is ABSENT else config
    if what == "map":
        before = live if isinstance(live, dict) else {}
        after = config if isinstance(config, dict) else {}
        result = {
            key: value
            for key in (*before, *(key for key in after if key not in before))
            if (value := _merged(shape.child(key), before.get(key, ABSENT), after.get(key, ABSENT))) is not ABSENT
        }
        return result or ABSENT
    elements = _merged_lists(shape, live if isinstance(live, list) else [], config if isinstance(config, list) else [])
    return elements or ABSENT


def _merged_lists(shape: Shape, live: list[Any], config: list[Any]) -> list[Any]:
    """Merge two lists: the order is the configuration's, and what only the live list has keeps its neighbours."""
    before, after = steps(shape, live), steps(shape, config)
    mine: dict[str, Any] = {}
    for step, element in zip(before, live, strict=True):
        mine[step] = ABSENT if step in mine else element  # of elements given twice none is merged
    theirs = dict(zip(after, config, strict=True))
    shared = [step for step in after if step in mine]
    result: list[Any] = []
    done: set[str] = set()

    def take(step: str) -> None:
        done.add(step)
        if shared and shared[0] == step:
            shared.pop(0)
        value = _merged(shape.element, mine.get(step, ABSENT), theirs[step])
        if value is not ABSENT:
            result.append(value)

    left = right = 0
    while left < len(before) or right < len(after):
        if left < len(before) and right < len(after):
            step = before[left]
            if step == after[right]:
                take(step)
                left, right = left + 1, right + 1
                continue
            if step in theirs and shared and shared[0] != step:
                left += 1
                continue
        if left < len(before):
            step = before[left]
            if step not in theirs:
                result.append(live[left])
                left += 1
                continue
            if step in done:
                left += 1
        if right < len(after):
            take(after[right])
            right += 1
    return result


def without(shape: Shape | None, value: Any, fields: FieldSet) -> Any:
    """Return a value without some of its fields; `None` when nothing is left of it."""
    what = branch(shape, value)
    if shape is None or (what == "leaf" and not (shape.atomic and isinstance(value, dict | list))):
        return value
    if what == "leaf" or not value:
        return None
    if what == "map":
        if not isinstance(value, dict):
            return None
        result: dict[str, Any] = {}
        for key, element in value.items():
            node = fields.get(f"f:{key}")
            if node is None:
                result[key] = element
            elif SELF not in node:
                result[key] = without(shape.child(key), element, node)
        return result or None
    if not isinstance(value, list):
        return None
    kept: list[Any] = []
    for step, element in zip(steps(shape, value), value, strict=True):
        node = fields.get(step)
        if node is None:
            kept.append(element)
        elif SELF not in node:
            kept.append(without(shape.element, element, node))
    return kept or None


def with_named_fields(shape: Shape | None, fields: FieldSet) -> FieldSet:
    """Return a set that also has every struct field below which it has something."""
    result: FieldSet = {}
    for step, node in fields.items():
        if step == SELF:
            result[SELF] = node
            continue
        below = _below(shape, step)
        child = with_named_fields(below, node)
        if shape is not None and shape.kind == "struct" and step[2:] in shape.fields and has_below(node):
            child = {**child, **LEAF}
        result[step] = child
    return result


def _below(shape: Shape | None, step: str) -> Shape | None:
    if shape is None:
        return None
    return shape.child(step[2:]) if step.startswith("f:") else shape.element
