"""Sets of fields, and their form in `fieldsV1`.

A set is a tree of dictionaries: each key is one step (`f:NAME` a field, `k:{…}` a list element by its key, `v:…` an
element that is a plain value), and a node with the key `.` says that the field itself is in the set, apart from what
is below it. On the wire a member without anything below is `{}` instead of `{".": {}}`. Sets are never changed once
made: operations share what they keep. No node is empty, but that of the empty set.
"""

import json
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Any, Final

from imagestreams.api.json_syntax import with_whole_characters

FieldSet = dict[str, Any]
"""A node: step → node. Typed loosely because it nests in itself."""
Path = tuple[str, ...]

SELF: Final = "."
_MARK: Final[FieldSet] = {}
LEAF: Final[FieldSet] = {SELF: _MARK}
EMPTY: Final[FieldSet] = {}

_ORDER: Final = {"f": 0, "k": 1, "v": 2, "i": 3}
MAX_DEPTH: Final = 500
_HTML: Final = str.maketrans(
    {"<": "\\u003c", ">": "\\u003e", "&": "\\u0026", "\u2028": "\\u2028", "\u2029": "\\u2029"}
)  # as Go writes JSON


def scalar_json(value: Any) -> str:
    """Return a plain value as Go writes it in JSON."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).translate(_HTML)


@lru_cache(maxsize=4096, typed=True)
def _key_step(name: str, value: Any) -> str:
    return f"k:{{{scalar_json(name)}:{scalar_json(value)}}}"


def key_step(element: dict[str, Any], keys: tuple[str, ...]) -> str | None:
    """Return the step to a list element that is identified by some of its fields; `None` if it has none of them."""
    if len(keys) == 1:
        value = element.get(keys[0])
        return None if value is None or isinstance(value, dict | list) else _key_step(keys[0], value)
    found = {key: element[key] for key in sorted(keys) if element.get(key) is not None}
    return "k:" + scalar_json(found) if found else None


def value_step(value: Any) -> str:
    """Return the step to a list element that is a plain value."""
    return "v:" + scalar_json(value)


def insert(target: FieldSet, path: Iterable[str]) -> None:
    """Add a field to a set that is being made; the empty path, the whole object, is nobody's."""
    node = target
    for step in path:
        node = node.setdefault(step, {})
    if node is not target:
        node[SELF] = _MARK


def union(left: FieldSet, right: FieldSet) -> FieldSet:
    """Return the fields of both."""
    if not left or not right:
        return left or right
    merged = {**left}
    for step, node in right.items():
        if step == SELF:
            merged[SELF] = _MARK
        else:
            mine = merged.get(step)
            merged[step] = node if mine is None else union(mine, node)
    return merged


def difference(left: FieldSet, right: FieldSet) -> FieldSet:
    """Return the fields of the first that are not in the second; what is below a common field stays.

    The first itself is returned when nothing of it goes.
    """
    rest = left
    for step in left.keys() & right.keys():
        below = {} if step == SELF else difference(left[step], right[step])
        if below is left[step] and step != SELF:
            continue
        if rest is left:
            rest = {**left}
        if below:
            rest[step] = below
        else:
            del rest[step]
    return rest


def intersection(left: FieldSet, right: FieldSet) -> FieldSet:
    """Return the fields that both have."""
    common: FieldSet = {}
    for step in left.keys() & right.keys():
        if step == SELF:
            common[SELF] = _MARK
        elif below := intersection(left[step], right[step]):
            common[step] = below
    return common


def has_below(node: FieldSet) -> bool:
    """Return whether fields below this one are in the set."""
    return len(node) > (SELF in node)


def paths(fields: FieldSet, prefix: Path = ()) -> Iterator[Path]:
    """Yield the fields of a set: those of one level in order, then what is below each."""
    steps = [step for step in sorted(fields, key=_order) if step != SELF]
    for step in steps:
        if SELF in fields[step]:
            yield (*prefix, step)
    for step in steps:
        yield from paths(fields[step], (*prefix, step))


def _order(step: str) -> tuple[int, str]:
    return _ORDER.get(step[0], 4), step


def to_wire(fields: FieldSet) -> dict[str, Any]:
    """Return a set as it stands in `fieldsV1`, in its canonical order."""
    wire: dict[str, Any] = {SELF: {}} if SELF in fields else {}
    for step in sorted(fields, key=_order):
        if step != SELF:
            node = fields[step]
            wire[step] = to_wire(node) if has_below(node) else {}
    return wire


def from_wire(wire: Any, depth: int = 0, *, canonical: bool = False) -> FieldSet:
    """Read a set from `fieldsV1`; of a `canonical` one the steps are known to be as this server writes them.

    Raises:
        ValueError: it is none.
    """
    if not isinstance(wire, dict):
        raise ValueError("fields must be objects")
    if depth > MAX_DEPTH:
        raise ValueError("fields are nested too deeply")
    fields: FieldSet = {}
    for step, below in wire.items():
        if step == SELF:
            if depth:
                fields[SELF] = _MARK
        else:
            node = LEAF if below == {} else from_wire(below, depth + 1, canonical=canonical)
            if node:
                fields[step if canonical else _canonical(step)] = node
    return fields


@lru_cache(maxsize=4096)
def _canonical(step: str) -> str:
    """Return a step in the form in which this server writes it."""
    kind, text = step[:2], with_whole_characters(step[2:])
    match kind:
        case "f:":
            return step
        case "v:":
            return value_step(json.loads(text))
        case "k:":
            found = json.loads(text)
            if isinstance(found, dict):
                return "k:" + scalar_json({key: found[key] for key in sorted(found)})
        case "i:":
            return f"i:{int(text)}"
    raise ValueError(f"unknown path element {step}")


def path_text(path: Path) -> str:
    """Return a field as messages name it: `.spec.tags[name="1"].from`."""
    return "".join(map(_step_text, path))


def _step_text(step: str) -> str:
    kind, text = step[0], step[2:]
    if kind == "f":
        return f".{text}"
    if kind == "v":
        return f"[={text}]"
    if kind == "k":
        return "[" + ",".join(f"{name}={scalar_json(value)}" for name, value in json.loads(text).items()) + "]"
    return f"[{text}]"
