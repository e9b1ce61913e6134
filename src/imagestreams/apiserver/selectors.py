"""Label and field selectors: from text to a test."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from imagestreams.api.errors import bad_request
from imagestreams.resources.resource import FieldRequirement, ResourceInfo

_PART = r"[A-Za-z0-9](?:[-A-Za-z0-9_.]*[A-Za-z0-9])?"
_KEY = rf"(?:[a-z0-9](?:[-a-z0-9.]*[a-z0-9])?/)?{_PART}"
_SET = re.compile(rf"({_KEY})\s+(in|notin)\s*\(([^()]*)\)")
_COMPARISON = re.compile(rf"({_KEY})\s*(==|=|!=|>|<)\s*({_PART})?")
_EXISTENCE = re.compile(rf"(!?)\s*({_KEY})")
_VALUE = re.compile(rf"(?:{_PART})?")
_LABEL_LENGTH = 63
_DEFAULT_LABELS = frozenset({"metadata.name", "metadata.namespace"})


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
    return int(text) if text is not None and re.fullmatch(r"[+-]?[0-9]{1,19}", text) else None


def parse_labels(text: str) -> Callable[[Mapping[str, str]], bool] | None:
    """Read a label selector; `None` when it selects everything.

    Raises:
        ApiError: 400, it can't be read.
    """
    requirements = [_label_requirement(part.strip(), text) for part in _split(text)] if text.strip() else []
    if not requirements:
        return None
    return lambda labels: all(requirement.holds(labels) for requirement in requirements)


def _split(text: str) -> list[str]:
    parts, depth = [""], 0
    for character in text:
        depth += {"(": 1, ")": -1}.get(character, 0)
        if character == "," and depth == 0:
            parts.append("")
        else:
            parts[-1] += character
    return parts


def _label_requirement(part: str, selector: str) -> LabelRequirement:
    if found := _SET.fullmatch(part):
        values = frozenset(value.strip() for value in found[3].split(","))
        requirement = LabelRequirement(found[1], found[2], values)
    elif found := _COMPARISON.fullmatch(part):
        operator = {"=": "in", "==": "in", "!=": "notin"}.get(found[2], found[2])
        requirement = LabelRequirement(found[1], operator, frozenset({found[3] or ""}))
    elif found := _EXISTENCE.fullmatch(part):
        requirement = LabelRequirement(found[2], "!" if found[1] else "exists")
    else:
        raise _unreadable(selector, f"found '{part}', expected: a label requirement")
    if requirement.operator in "<>" and _integer(next(iter(requirement.values))) is None:
        raise _unreadable(selector, f"for '{requirement.operator}' operator, the value must be an integer")
    for value in requirement.values:
        if len(value) > _LABEL_LENGTH or not _VALUE.fullmatch(value):
            raise _unreadable(selector, f"'{value}' is not a label value")
    return requirement


def _unreadable(selector: str, why: str) -> Exception:
    return bad_request(f'unable to parse requirement: {why} in "{selector}"')


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
