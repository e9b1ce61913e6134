"""kubectl's JSONPath: what a template finds in a value, and how that is printed.

The dialect is client-go's, with its ways: several results of one action are joined by a space, objects and lists
print as JSON, missing keys are no error unless that is asked for, and the keys of an object come in sorted order
where Go leaves their order to chance.
"""

import re
from collections.abc import Callable, Sequence
from typing import Any

from imagestreams.cli.printers.go_text import general_float, json_document, json_text, plain
from imagestreams.cli.printers.jsonpath_syntax import (
    Action,
    Boolean,
    Field,
    Filter,
    JsonPathError,
    Node,
    Number,
    Recursive,
    Slice,
    Step,
    Text,
    Union,
    Wildcard,
    Word,
    parse,
)

_RELAXED = re.compile(r"\{\.?([^{}]+)\}|\.?([^{}]+)")
_DEPTH_LIMIT = 200


class _NoValue:
    """What a range without results is walked with; it has no fields and no items."""

    def __str__(self) -> str:
        return "<invalid reflect.Value>"


_NO_VALUE = _NoValue()


class JsonPath:
    """A template that was read and can be applied to any number of values."""

    def __init__(self, template: str, *, allow_missing_keys: bool = True) -> None:
        """Read the template.

        Raises:
            JsonPathError: it is malformed.
        """
        self.template = template
        self._nodes = parse(template)
        self._allow_missing = allow_missing_keys

    def find(self, value: Any) -> list[list[Any]]:
        """Return what each action (and each text between actions) finds, ranges unrolled.

        Raises:
            JsonPathError: the template doesn't fit the value.
        """
        return _Walk(self._nodes, self._allow_missing).run(0, value, 0)

    def render(self, value: Any) -> str:
        """Return the text that the template makes of the value.

        Raises:
            JsonPathError: the template doesn't fit the value.
        """
        return "".join(" ".join(text_of(result) for result in results) for results in self.find(value))

    def render_json(self, value: Any) -> str:
        """Return the results as JSON arrays, one per action.

        Raises:
            JsonPathError: the template doesn't fit the value.
        """
        return "".join(json_document(results) + "\n" for results in self.find(value))


def relaxed(expression: str) -> str:
    """Complete a path as custom columns and `--sort-by` take it: `metadata.name` becomes `{.metadata.name}`.

    Raises:
        JsonPathError: it is no path.
    """
    if not expression:
        return expression
    match = _RELAXED.fullmatch(expression)
    if match is None:
        raise JsonPathError(
            "unexpected path string, expected a 'name1.name2' or '.name1.name2' or '{name1.name2}' or '{.name1.name2}'"
        )
    return "{." + (match[1] or match[2]) + "}"


def text_of(value: Any) -> str:
    """Return one result as text."""
    if isinstance(value, str):
        return value
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return general_float(value)
    if isinstance(value, dict | list):
        return json_text(value)
    return "<no value>" if value is _NO_VALUE else str(value)


class _Walk:
    """One application of a template; the counters say where in nested ranges it is."""

    def __init__(self, nodes: Sequence[Node], allow_missing: bool) -> None:
        self.nodes = nodes
        self.allow_missing = allow_missing
        self.begin = 0
        self.inside = 0
        self.end = 0
        self.last_end = -1

    def run(self, first: int, value: Any, depth: int) -> list[list[Any]]:
        if depth > _DEPTH_LIMIT:
            raise JsonPathError("ranges are nested too deeply")
        found: list[list[Any]] = []
        index = first
        while index < len(self.nodes):
            results = self.walk([value], self.nodes[index])
            if 0 < self.end <= self.inside:
                self.end -= 1
                self.last_end = index
                break
            if self.begin == 0:
                found.append(results)
                index += 1
                continue
            self.begin -= 1
            self.inside += 1
            if results:
                for result in results:
                    found.extend(self.run(index + 1, result, depth + 1))
            else:
                # Walked all the same, to learn where the range ends.
                self.run(index + 1, _NO_VALUE, depth + 1)
            self.inside -= 1
            index = (self.last_end if self.last_end > index else index) + 1
        return found

    def walk(self, values: list[Any], step: Step) -> list[Any]:
        match step:
            case Action(steps):
                for inner in steps:
                    values = self.walk(values, inner)
                return values
            case Text(text):
                return [text]
            case Number(number):
                return [number] * len(values)
            case Boolean(boolean):
                return [boolean] * len(values)
            case Field(name):
                return self.field(values, name)
            case Wildcard():
                return [inner for value in values for inner in _inside(value)]
            case Recursive():
                return _everything_below(values)
            case Slice():
                return _sliced(values, step)
            case Union(branches):
                return [result for branch in branches for result in self.walk(values, branch)]
            case Filter():
                return self.filter(values, step)
            case Word(name):
                return self.word(values, name)

    def word(self, values: list[Any], name: str) -> list[Any]:
        if name == "range":
            self.begin += 1
            return values
        if name != "end":
            raise JsonPathError(f"unrecognized identifier {name}")
        if self.inside == 0:
            raise JsonPathError("not in range, nothing to end")
        self.end += 1
        return []

    def field(self, values: list[Any], name: str) -> list[Any]:
        found = [value[name] for value in values if isinstance(value, dict) and name in value]
        if values and not found and not self.allow_missing:
            raise JsonPathError(f"{name} is not found")
        return found

    def filter(self, values: list[Any], step: Filter) -> list[Any]:
        found: list[Any] = []
        for value in values:
            if not isinstance(value, list):
                raise JsonPathError(f"{_shown(value)} is not array or slice and cannot be filtered")
            found += [item for item in value if self.passes(item, step)]
        return found

    def passes(self, item: Any, step: Filter) -> bool:
        if step.operator == "exists":
            try:
                return bool(self.walk([item], step.left))
            except JsonPathError:
                return False
        sides = []
        for side in (step.left, step.right):
            results = self.walk([item], side)
            if not results:
                return False
            if len(results) > 1:
                raise JsonPathError("can only compare one element at a time")
            sides.append(results[0])
        compare = _OPERATORS.get(step.operator)
        if compare is None:
            raise JsonPathError(f"unrecognized filter operator {step.operator}")
        return compare(sides[0], sides[1])


def _inside(value: Any) -> list[Any]:
    if isinstance(value, dict):
        return [value[key] for key in sorted(value)]
    if isinstance(value, list):
        return value
    # A Go string is a sequence of bytes.
    return list(value.encode()) if isinstance(value, str) else []


def _everything_below(values: list[Any]) -> list[Any]:
    found: list[Any] = []
    waiting = list(reversed(values))
    while waiting:
        value = waiting.pop()
        if isinstance(value, str):
            if value:
                found.append(value)
        elif inside := _inside(value):
            found.append(value)
            waiting.extend(reversed(inside))
    return found


def _sliced(values: list[Any], step: Slice) -> list[Any]:
    found: list[Any] = []
    for value in values:
        if value is None or value is _NO_VALUE:
            continue
        if not isinstance(value, list):
            raise JsonPathError(f"{_go_type(value)} is not array or slice")
        length = len(value)
        start = step.start or 0
        end = length if step.end is None else step.end
        if start < 0:
            start += length
        if end < 0 or (end == 0 and step.derived):
            end += length
        if end == start:
            return found
        if start >= length or start < 0:
            raise JsonPathError(f"array index out of bounds: index {start}, length {length}")
        if end > length or end < 0:
            raise JsonPathError(f"array index out of bounds: index {end - 1}, length {length}")
        if start > end:
            raise JsonPathError(f"starting index {start} is greater than ending index {end}")
        if step.step is not None and step.step <= 0:
            raise JsonPathError("step must be > 0")
        found += value[start : end : step.step or 1]
    return found


def _go_type(value: Any) -> str:
    if isinstance(value, bool):
        return "bool"
    names = {str: "string", int: "int64", float: "float64", dict: "map[string]interface {}"}
    return names.get(type(value), "interface {}")


def _shown(value: Any) -> str:
    return str(value) if value is _NO_VALUE else plain(value)


def _kind(value: Any) -> str:
    if isinstance(value, bool):
        return "bool"
    kinds = {int: "int", float: "float", str: "string"}
    kind = kinds.get(type(value))
    if kind is None:
        raise JsonPathError("invalid type for comparison")
    return kind


def _equal(left: Any, right: Any) -> bool:
    if _kind(left) != _kind(right):
        raise JsonPathError("incompatible types for comparison")
    return bool(left == right)


def _less(left: Any, right: Any) -> bool:
    kinds = _kind(left), _kind(right)
    if kinds[0] != kinds[1]:
        raise JsonPathError("incompatible types for comparison")
    if kinds[0] == "bool":
        raise JsonPathError("invalid type for comparison")
    return bool(left < right)


_OPERATORS: dict[str, Callable[[Any, Any], bool]] = {
    "==": _equal,
    "!=": lambda left, right: not _equal(left, right),
    "<": _less,
    "<=": lambda left, right: _less(left, right) or _equal(left, right),
    ">": lambda left, right: not (_less(left, right) or _equal(left, right)),
    ">=": lambda left, right: not _less(left, right),
}
