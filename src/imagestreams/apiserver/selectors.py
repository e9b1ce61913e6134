"""Label and field selectors: from text to a test, with complaints in the words of Kubernetes' parser."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from imagestreams.api.codec import encode
from imagestreams.api.errors import bad_request
from imagestreams.api.metadata.object_meta_validation import label_value_problems, qualified_name_problems
from imagestreams.resources.resource import FieldRequirement, ResourceInfo

_INTEGER = re.compile(r"[+-]?[0-9]{1,19}")
_TOKEN: Final = re.compile(r"[ \t\r\n]*(?:(!=|==|[=!(),<>])|([^=!(),<> \t\r\n]+))")
_SYMBOLS: Final = frozenset("=!(),<>") | {"!=", "=="}
_BINARY: Final = ("in", "notin", "=", "==", "!=", "gt", "lt")
_OPERATORS: Final = {"=": "in", "==": "in", "!=": "notin", "in": "in", "notin": "notin", ">": ">", "<": "<"}
_DEFAULT_LABELS: Final = frozenset({"metadata.name", "metadata.namespace"})
_END: Final = ""


@dataclass(frozen=True, slots=True)
class LabelRequirement:
    """One condition on one label."""

    key: str
    operator: str
    values: frozenset[str] = frozenset()

    def holds(self, labels: Mapping[str, str]) -> bool:
        """Return whether labels satisfy it; a missing label satisfies `!=` and `notin`."""
        value = labels.get(self.key)
        match self.operator:
            case "in":
                return value in self.values
            case "notin":
                return value not in self.values
            case "exists":
                return value is not None
            case "!":
                return value is None
        number, bound = _integer(value), _integer(next(iter(self.values)))
        if number is None or bound is None:
            return False
        return number > bound if self.operator == ">" else number < bound


def _integer(text: str | None) -> int | None:
    return int(text) if text is not None and _INTEGER.fullmatch(text) else None


def parse_labels(text: str) -> Callable[[Mapping[str, str]], bool] | None:
    """Read a label selector; `None` when it selects everything.

    Raises:
        ApiError: 400, it can't be read.
    """
    if not text:
        return None
    try:
        requirements = list(_Parser(text).requirements())
    except _SelectorError as error:
        raise bad_request(str(error)) from None
    if not requirements:
        return None
    return lambda labels: all(requirement.holds(labels) for requirement in requirements)


class _SelectorError(ValueError):
    """The selector can't be read."""


class _Parser:
    """Reads requirements from left to right; `in` and `notin` are words where no operator can stand."""

    def __init__(self, text: str) -> None:
        self._tokens = [found[1] or found[2] for found in _TOKEN.finditer(text)]
        self._at = 0

    def _peek(self) -> str:
        return self._tokens[self._at] if self._at < len(self._tokens) else _END

    def _take(self) -> str:
        token = self._peek()
        self._at += 1
        return token

    def requirements(self) -> Iterator[LabelRequirement]:
        while (token := self._peek()) != _END:
            if token in _SYMBOLS and token != "!":
                raise _SelectorError(f"found '{token}', expected: !, identifier, or 'end of string'")
            try:
                yield self._requirement()
            except _SelectorError as error:
                raise _SelectorError(f"unable to parse requirement: {error}") from None
            token = self._take()
            if token == _END:
                return
            if token != ",":
                raise _SelectorError(f"found '{token}', expected: ',' or 'end of string'")
            following = self._peek()
            if following == _END or (following in _SYMBOLS and following != "!"):
                raise _SelectorError(f"found '{following}', expected: identifier after ','")

    def _requirement(self) -> LabelRequirement:
        key = self._take()
        missing = key == "!"
        if missing:
            key = self._take()
        if key == _END or key in _SYMBOLS:
            raise _SelectorError(f"found '{key}', expected: identifier")
        _check_key(key)
        if missing:
            return LabelRequirement(key, "!")
        if self._peek() in (_END, ","):
            return LabelRequirement(key, "exists")
        sign = self._take()
        operator = _OPERATORS.get(sign)
        if operator is None:
            raise _SelectorError(f"found '{sign}', expected: {', '.join(_BINARY)}")
        values = self._set() if sign in ("in", "notin") else frozenset({self._value()})
        _check_values(key, operator, values)
        return LabelRequirement(key, operator, values)

    def _value(self) -> str:
        if self._peek() in (_END, ","):
            return ""
        token = self._take()
        if token in _SYMBOLS:
            raise _SelectorError(f"found '{token}', expected: identifier")
        return token

    def _set(self) -> frozenset[str]:
        token = self._take()
        if token != "(":
            raise _SelectorError(f"found '{token}' expected: '('")
        first = self._peek()
        if first == ")":
            self._take()
            return frozenset({""})
        if first == _END or (first in _SYMBOLS and first != ","):
            raise _SelectorError(f"found '{first}', expected: ',', ')' or identifier")
        values, wanted = set(), True
        while (token := self._take()) != ")":
            if token == ",":
                if wanted:
                    values.add("")
                wanted = True
            elif token == _END or token in _SYMBOLS:
                raise _SelectorError(f"found '{token}', expected: ',', or identifier")
            elif not wanted:
                raise _SelectorError(f"found '{token}', expected: ',' or ')'")
            else:
                values.add(token)
                wanted = False
                following = self._peek()
                if following not in (",", ")"):
                    raise _SelectorError(f"found '{following}', expected: ',' or ')'")
        return frozenset(values | {""} if wanted else values)


def _check_key(key: str) -> None:
    problems = qualified_name_problems(key)
    if problems:
        raise _SelectorError(f"<nil>: Invalid value: {_quoted(key)}: {'; '.join(problems)}")


def _check_values(key: str, operator: str, values: frozenset[str]) -> None:
    ordered = sorted(values)
    problems = []
    if operator in ("<", ">") and _integer(ordered[0]) is None:
        told = "for 'Gt', 'Lt' operators, the value must be an integer"
        problems.append(f"values[0]: Invalid value: {_quoted(ordered[0])}: {told}")
    for index, value in enumerate(ordered):
        if wrong := label_value_problems(value):
            problems.append(f"values[{index}][{key}]: Invalid value: {_quoted(value)}: {'; '.join(wrong)}")
    if problems:
        raise _SelectorError(problems[0] if len(problems) == 1 else f"[{', '.join(problems)}]")


def _quoted(text: str) -> str:
    return encode(text).decode()


def parse_fields(text: str, info: ResourceInfo) -> tuple[FieldRequirement, ...]:
    """Read a field selector of a resource; a comma or sign inside a value is escaped by a backslash.

    Raises:
        ApiError: 400, it can't be read or names a field that can't be selected by.
    """
    requirements = []
    for term in re.findall(r"(?:\\.|[^,\\])+", text):
        found = re.fullmatch(r"((?:[^=!\\])+)(==|!=|=)((?:\\.|[^\\])*)", term, re.DOTALL)
        if not found:
            raise bad_request(f"invalid selector: '{text}'; can't understand '{term}'")
        label, sign, value = found[1], found[2], re.sub(r"\\(.)", r"\1", found[3])
        if label not in info.field_labels:
            raise bad_request(_unknown_field(label, info))
        requirements.append(FieldRequirement(label, value, sign != "!="))
    return tuple(requirements)


def _unknown_field(label: str, info: ResourceInfo) -> str:
    # Core kinds with selectable fields of their own have their own words for it.
    if not info.group and info.field_labels - _DEFAULT_LABELS:
        return f"field label not supported: {label}"
    return f'"{label}" is not a known field selector: only "metadata.name", "metadata.namespace"'
