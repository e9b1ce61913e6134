"""Whole objects as JSON and YAML, as oc prints them."""

import functools
import itertools
import re
from typing import Any

import yaml

from imagestreams.cli.printers.go_text import general_float, json_document, json_float

_OTHER_TYPES = (
    "y Y yes Yes YES n N no No NO on On ON off Off OFF true True TRUE false False FALSE ~ null Null NULL << "
    ".nan .NaN .NAN .inf .Inf .INF +.inf +.Inf +.INF -.inf -.Inf -.INF"
)
_WORDS = frozenset(_OTHER_TYPES.split())
_INTEGER = re.compile(r"[-+]?(0[xX][0-9a-fA-F]+|0[oO]?[0-7]+|0[bB][01]+|0|[1-9][0-9]*)")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_BASE_60 = re.compile(r"[-+]?[0-9][0-9_]*(:[0-5]?[0-9])+(\.[0-9_]*)?")
_TIME = re.compile(r"\d{4}-\d\d?-\d\d?([Tt ]+\d\d?:\d\d?:\d\d?(\.\d+)?( ?([Zz]|[-+]\d\d(:?\d\d)?))?)?")


def json_text(value: Any, *, as_it_stands: bool = False) -> str:
    """Return a value as a JSON document with four spaces of indentation; keys are sorted, or stay `as_it_stands`."""
    return json_document(value, as_it_stands=as_it_stands) + "\n"


def yaml_text(value: Any) -> str:
    """Return a value as a YAML document with keys in their natural order and lists not indented."""
    text: str = yaml.dump(
        value, Dumper=_Dumper, sort_keys=False, default_flow_style=False, allow_unicode=True, width=80
    )
    return text


def reads_as_string(text: str) -> bool:
    """Tell whether a plain YAML scalar of this text is read as a string by old and new parsers."""
    if not text or text in _WORDS:
        return False
    if text[0] in "+-.0123456789":
        number = text.replace("_", "")
        return not any(
            pattern.fullmatch(candidate)
            for pattern, candidate in ((_INTEGER, number), (_FLOAT, number), (_BASE_60, text), (_TIME, text))
        )
    return True


class _Dumper(getattr(yaml, "CSafeDumper", yaml.SafeDumper)):  # type: ignore[misc]  # the C class has no stub
    """Chooses the styles of scalars and the order of keys."""

    yaml_implicit_resolvers: dict[str, Any] = {}  # noqa: RUF012  # declared so by PyYAML

    def ignore_aliases(self, data: Any) -> bool:
        return True


def _represent_string(dumper: Any, text: str) -> Any:
    style = "|" if "\n" in text else None if reads_as_string(text) else '"'
    if style is None and any(ord(character) > 0xFFFF for character in text):
        style = '"'
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_in_natural_order = functools.cmp_to_key(lambda a, b: natural_order(str(a), str(b)))


def _represent_mapping(dumper: Any, mapping: dict[str, Any]) -> Any:
    keys = sorted(mapping, key=_in_natural_order)
    return dumper.represent_mapping("tag:yaml.org,2002:map", [(key, mapping[key]) for key in keys])


def _plain(text: Any) -> Any:
    # Without implicit resolvers every scalar counts as a string, and a string without quotes prints as itself.
    return lambda dumper, value: dumper.represent_scalar("tag:yaml.org,2002:str", text(value))


def _float_text(value: float) -> str:
    # The way goes through JSON, where a whole number has no point.
    text = json_float(value)
    return text if _INTEGER.fullmatch(text) else general_float(value)


_Dumper.add_representer(str, _represent_string)
_Dumper.add_representer(dict, _represent_mapping)
_Dumper.add_representer(bool, _plain(lambda value: "true" if value else "false"))
_Dumper.add_representer(int, _plain(str))
_Dumper.add_representer(float, _plain(lambda value: _float_text(value)))
_Dumper.add_representer(type(None), _plain(lambda value: "null"))


def natural_order(a: str, b: str) -> int:
    """Compare keys as YAML printers in Go do: other characters before letters, numbers by their value."""
    for at, (left, right) in enumerate(zip(a, b, strict=False)):
        if left == right:
            continue
        if left.isalpha() or right.isalpha():
            if left.isalpha() and right.isalpha():
                return -1 if left < right else 1
            return -1 if right.isalpha() else 1
        return _compare_numbers(a, b, at) or (-1 if left < right else 1)
    return (len(a) > len(b)) - (len(a) < len(b))


def _is_digit(character: str) -> bool:
    return character in "0123456789"


def _compare_numbers(a: str, b: str, at: int) -> int:
    lead = ""
    if a[at] == "0" or b[at] == "0":
        before = re.search(r"[0-9]*$", a[:at])
        lead = "1" if before and before[0].strip("0") else ""
    left_digits, right_digits = ("".join(itertools.takewhile(_is_digit, text[at:])) for text in (a, b))
    left_value, right_value = int(lead + left_digits or "0"), int(lead + right_digits or "0")
    if left_value != right_value:
        return -1 if left_value < right_value else 1
    return (len(left_digits) > len(right_digits)) - (len(left_digits) < len(right_digits))
