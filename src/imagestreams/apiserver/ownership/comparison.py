"""Which fields two documents differ in, and which fields one document sets.

Both answers are field sets; they decide who owns what after a write. A struct or list that appears or goes away is
itself a field that was added or removed, besides all that is in it; a changed element of an atomic list or struct
counts as a change of the whole.
"""

from dataclasses import dataclass, field
from typing import Any, Final

from imagestreams.apiserver.ownership.field_sets import LEAF, MAX_DEPTH, FieldSet, Path, insert, key_step, value_step
from imagestreams.apiserver.ownership.object_schema import Shape


class _Absent:
    """Stands for a value that isn't there, which `None` (null) is not."""


ABSENT: Final = _Absent()


class IncomparableError(ValueError):
    """Documents nest too deeply to be compared."""


class UnidentifiedElementError(IncomparableError):
    """An element of a list lacks the fields that identify it."""


@dataclass(slots=True)
class Comparison:
    """What changed from one document to another."""

    added: FieldSet = field(default_factory=dict)
    modified: FieldSet = field(default_factory=dict)
    removed: FieldSet = field(default_factory=dict)

    @property
    def is_empty(self) -> bool:
        """Whether the documents are the same."""
        return not (self.added or self.modified or self.removed)


def compare(shape: Shape, old: dict[str, Any], new: dict[str, Any]) -> Comparison:
    """Compare two documents of a type.

    Raises:
        IncomparableError: they nest too deeply, or the elements of a list can't be told apart.
    """
    found = Comparison()
    _compare(shape, old, new, (), found)
    return found


def _compare(shape: Shape | None, old: Any, new: Any, path: Path, found: Comparison) -> None:
    if old is not ABSENT and new is not ABSENT and old == new:
        return
    if len(path) >= MAX_DEPTH:
        raise IncomparableError("exceeded max depth")
    what = branch(shape, new if old is ABSENT or old is None else old)
    if what == "leaf" or (is_empty(old) and is_empty(new)):
        if old is ABSENT:
            insert(found.added, path)
        elif new is ABSENT:
            insert(found.removed, path)
        else:
            insert(found.modified, path)
        return
    assert shape is not None
    if what == "map":
        before, after = _dict(old), _dict(new)
        for key in before.keys() | after.keys():
            step = (*path, f"f:{key}")
            _compare(shape.child(key), before.get(key, ABSENT), after.get(key, ABSENT), step, found)
    else:
        _compare_lists(shape, _list(old), _list(new), path, found)
    if old is ABSENT:
        insert(found.added, path)
    elif new is ABSENT:
        insert(found.removed, path)


def _compare_lists(shape: Shape, old: list[Any], new: list[Any], path: Path, found: Comparison) -> None:
    before, after = grouped(shape, old), grouped(shape, new)
    for step in before.keys() | after.keys():
        mine, theirs = before.get(step, []), after.get(step, [])
        below = (*path, step)
        if len(mine) <= 1 and len(theirs) <= 1:
            _compare(shape.element, mine[0] if mine else ABSENT, theirs[0] if theirs else ABSENT, below, found)
        elif len(mine) > 1 and len(theirs) > 1:
            if mine != theirs:
                insert(found.modified, below)
        elif len(mine) > 1:
            if theirs:
                _compare(shape.element, ABSENT, theirs[0], below, found)
            insert(found.removed, below)
        else:
            if mine:
                _compare(shape.element, mine[0], ABSENT, below, found)
            insert(found.added, below)


def grouped(shape: Shape, elements: list[Any]) -> dict[str, list[Any]]:
    """Return the elements of a list by the step to them, in their order; several stand together."""
    groups: dict[str, list[Any]] = {}
    for step, element in zip(steps(shape, elements), elements, strict=True):
        groups.setdefault(step, []).append(element)
    return groups


def steps(shape: Shape, elements: list[Any]) -> list[str]:
    """Return the steps to the elements of a list.

    Raises:
        UnidentifiedElementError: an element has no key, or isn't a plain value in a set.
    """
    return [element_step(shape, index, element) for index, element in enumerate(elements)]


def element_step(shape: Shape, index: int, element: Any) -> str:
    """Return the step to one element of a list.

    Raises:
        UnidentifiedElementError: it has no key, or isn't a plain value in a set.
    """
    where = f"element {index}: "
    if not shape.keys:
        for kind, told in (
            (dict, "associative list without keys has an element that's a map type"),
            (list, "not supported: associative list with lists as elements"),
            (type(None), "associative list without keys has an element that's an explicit null"),
        ):
            if isinstance(element, kind):
                raise UnidentifiedElementError(where + told)
        return value_step(element)
    if element is None:
        raise UnidentifiedElementError(where + "associative list with keys may not have a null element")
    if not isinstance(element, dict):
        raise UnidentifiedElementError(where + "associative list with keys may not have non-map elements")
    defaults = shape.rule.key_defaults
    step = key_step({**dict(defaults), **element} if defaults else element, shape.keys)
    if step is None:
        names = " ".join(f'"{key}"' for key in shape.keys)
        raise UnidentifiedElementError(
            f"{where}associative list with keys has an element that omits all key fields [{names}] "
            "(and doesn't have default values for any key fields)"
        )
    return step


def branch(shape: Shape | None, value: Any) -> str:
    """Return how a value is walked: `map` (structs too), `list` with identified elements, or `leaf`."""
    if shape is None or shape.atomic:
        return "leaf"
    if shape.kind in ("struct", "map"):
        return "map"
    if shape.kind == "list":
        return "list"
    if shape.kind == "deduced" and isinstance(value, dict):
        return "map"
    return "leaf"


def _dict(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def is_empty(value: Any) -> bool:
    """Return whether a value is absent, null, or holds nothing."""
    return value is ABSENT or not value


def field_set(shape: Shape, document: dict[str, Any]) -> FieldSet:
    """Return the fields that a document sets.

    Raises:
        UnidentifiedElementError: the elements of a list can't be told apart.
    """
    return _fields_of_map(shape, document)


def _fields_of(shape: Shape | None, value: Any) -> FieldSet:
    what = branch(shape, value)
    if what == "leaf" or shape is None:
        return LEAF
    if what == "map":
        return _fields_of_map(shape, _dict(value))
    fields: FieldSet = {}
    for step, group in grouped(shape, _list(value)).items():
        below = _fields_of(shape.element, group[0]) if len(group) == 1 else {}
        fields[step] = {**below, **LEAF}
    return fields


def _fields_of_map(shape: Shape, document: dict[str, Any]) -> FieldSet:
    fields: FieldSet = {}
    for key, value in document.items():
        below = _fields_of(shape.child(key), value)
        if value is None or value == {} or key not in shape.fields:
            below = {**below, **LEAF}
        if below:
            fields[f"f:{key}"] = below
    return fields
