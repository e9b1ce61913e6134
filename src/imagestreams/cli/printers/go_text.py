"""Numbers, strings and JSON as Go prints them: what scripts written for oc and kubectl expect byte for byte."""

import math
import re
from collections.abc import Callable
from typing import Any

_PLAIN = re.compile(r'[^\x00-\x1f"\\<>&\u2028\u2029]*')
_ESCAPED = re.compile(r'[\x00-\x1f"\\<>&\u2028\u2029]')
_SHORT = {"\b": "\\b", "\f": "\\f", "\n": "\\n", "\r": "\\r", "\t": "\\t", '"': '\\"', "\\": "\\\\"}


def json_string(text: str) -> str:
    """Quote a string as Go's `encoding/json` does, which also escapes what HTML could take for a tag."""
    if _PLAIN.fullmatch(text):
        return f'"{text}"'
    return '"' + _ESCAPED.sub(lambda m: _SHORT.get(m[0]) or f"\\u{ord(m[0]):04x}", text) + '"'


def quoted(text: str) -> str:
    """Quote a string as Go's `%q` does."""
    parts = []
    for character in text:
        if character in "\a\b\f\n\r\t\v":
            parts.append("\\" + "abfnrtv"["\a\b\f\n\r\t\v".index(character)])
        elif character in '"\\':
            parts.append("\\" + character)
        elif character.isprintable():
            parts.append(character)
        elif ord(character) < 0x80:
            parts.append(f"\\x{ord(character):02x}")
        else:
            parts.append(f"\\u{ord(character):04x}" if ord(character) < 0x10000 else f"\\U{ord(character):08x}")
    return '"' + "".join(parts) + '"'


def _digits(value: float) -> tuple[str, str, int]:
    """Split a finite number into sign, its shortest decimal digits, and the exponent of the first of them."""
    mantissa, _, exponent = f"{abs(value)!r}".partition("e")
    whole, _, fraction = mantissa.partition(".")
    digits = whole + fraction
    power = int(exponent or 0) + len(whole) - 1
    stripped = digits.lstrip("0")
    power -= len(digits) - len(stripped)
    return ("-" if math.copysign(1, value) < 0 else ""), stripped.rstrip("0") or "0", power if stripped else 0


def _positional(sign: str, digits: str, power: int) -> str:
    if power < 0:
        return f"{sign}0.{'0' * (-power - 1)}{digits}"
    digits = digits.ljust(power + 1, "0")
    head, tail = digits[: power + 1], digits[power + 1 :]
    return f"{sign}{head}.{tail}" if tail else f"{sign}{head}"


def _scientific(sign: str, digits: str, power: int, width: int) -> str:
    tail = f".{digits[1:]}" if len(digits) > 1 else ""
    return f"{sign}{digits[0]}{tail}e{'-' if power < 0 else '+'}{abs(power):0{width}d}"


def general_float(value: float) -> str:
    """Print a float as `%v` does: 1.5, 1e+06."""
    if math.isnan(value) or math.isinf(value):
        return "NaN" if math.isnan(value) else "+Inf" if value > 0 else "-Inf"
    sign, digits, power = _digits(value)
    if power < -4 or power >= 6:
        return _scientific(sign, digits, power, 2)
    return _positional(sign, digits, power)


def json_float(value: float) -> str:
    """Print a float as `encoding/json` does: 1000000, 1e+21, 1e-7."""
    sign, digits, power = _digits(value)
    if digits != "0" and (power < -6 or power >= 21):
        return _scientific(sign, digits, power, 1 if power < 0 else 2)
    return _positional(sign, digits, power)


def json_text(value: Any) -> str:
    """Print a value as compact JSON with sorted keys."""
    out: list[str] = []
    _write(value, out, "", "", "")
    return "".join(out)


def json_document(value: Any, indent: str = "    ", *, as_it_stands: bool = False) -> str:
    """Print a value as indented JSON, without a line break at its end; keys are sorted, or stay `as_it_stands`."""
    out: list[str] = []
    _write(value, out, "\n", indent, " ", list if as_it_stands else sorted)
    return "".join(out)


def _write(
    value: Any, out: list[str], line: str, indent: str, gap: str, order: Callable[[Any], list[str]] = sorted
) -> None:
    if isinstance(value, str):
        out.append(json_string(value))
    elif value is None:
        out.append("null")
    elif value is True or value is False:
        out.append("true" if value else "false")
    elif isinstance(value, int):
        out.append(str(value))
    elif isinstance(value, float):
        out.append(json_float(value))
    elif isinstance(value, dict):
        if not value:
            out.append("{}")
            return
        inner, mark = line + indent, "{"
        for key in order(value):
            out.append(f"{mark}{inner}{json_string(key)}:{gap}")
            _write(value[key], out, inner, indent, gap, order)
            mark = ","
        out.append(line + "}")
    else:
        if not value:
            out.append("[]")
            return
        inner, mark = line + indent, "["
        for item in value:
            out.append(mark + inner)
            _write(item, out, inner, indent, gap, order)
            mark = ","
        out.append(line + "]")


def plain(value: Any) -> str:
    """Print a value as `%v` does: `map[a:1 b:[x y]]`, `<nil>`."""
    if isinstance(value, str):
        return value
    if value is None:
        return "<nil>"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return general_float(value)
    if isinstance(value, dict):
        return "map[" + " ".join(f"{key}:{plain(value[key])}" for key in sorted(value)) + "]"
    if isinstance(value, list):
        return "[" + " ".join(plain(item) for item in value) + "]"
    return str(value)


def syntax(value: Any) -> str:
    """Print a value as `%#v` does: `map[string]interface {}{"a":1}`."""
    if isinstance(value, str):
        return quoted(value)
    if value is None:
        return "interface {}(nil)"
    if isinstance(value, dict):
        inside = ", ".join(f"{quoted(key)}:{syntax(value[key])}" for key in sorted(value))
        return "map[string]interface {}{" + inside + "}"
    if isinstance(value, list):
        return "[]interface {}{" + ", ".join(syntax(item) for item in value) + "}"
    return plain(value)
