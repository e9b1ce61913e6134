"""`--sort-by`: objects in the order of one field."""

import functools
import re
from decimal import Decimal
from typing import Any

from imagestreams.cli.printers.go_text import quoted
from imagestreams.cli.printers.jsonpath import JsonPath, relaxed
from imagestreams.cli.printers.jsonpath_syntax import JsonPathError

_QUANTITY = re.compile(r"([-+]?(?:\d+\.?\d*|\.\d+))([eE][-+]?\d{1,3}|[numkMGTPE]|[KMGTPE]i)?")
_SCALES = {"n": -9, "u": -6, "m": -3, "k": 3, "M": 6, "G": 9, "T": 12, "P": 15, "E": 18}
_BINARY = {"Ki": 10, "Mi": 20, "Gi": 30, "Ti": 40, "Pi": 50, "Ei": 60}


def order_of(objects: list[Any], field: str) -> list[int]:
    """Return the positions of the objects in sorted order; those without the field come first.

    Raises:
        JsonPathError: no path, a path that no object has, or values that have no order.
    """
    try:
        expression = relaxed(field)
    except JsonPathError:
        expression = field
    path = JsonPath(expression)
    values = [_first(path.find(item)) for item in objects]
    if objects and all(value is None for value in values):
        raise JsonPathError(f"couldn't find any field with path {quoted(expression)} in the list of objects")

    def compare(left: int, right: int) -> int:
        a, b = values[left], values[right]
        if a is None or b is None:
            return (a is not None) - (b is not None)
        return -1 if _less(a[0], b[0]) else 1 if _less(b[0], a[0]) else 0

    return sorted(range(len(objects)), key=functools.cmp_to_key(compare))


def _first(results: list[list[Any]]) -> tuple[Any] | None:
    return (results[0][0],) if results and results[0] else None


def _less(a: Any, b: Any) -> bool:
    if a is None or b is None:
        return a is None and b is not None
    if isinstance(a, bool | dict | list):
        raise JsonPathError(f"unsortable type: {'bool' if isinstance(a, bool) else 'map or list'}")
    if isinstance(a, str) and isinstance(b, str):
        quantities = quantity(a), quantity(b)
        if quantities[0] is not None and quantities[1] is not None:
            return quantities[0] < quantities[1]
        return a < b
    if type(a) is not type(b):
        raise JsonPathError("unsortable interface: interface")
    return bool(a < b)


def quantity(text: str) -> Decimal | None:
    """Return the number that a Kubernetes quantity such as `500m` or `1Gi` means; None for any other text."""
    match = _QUANTITY.fullmatch(text)
    if match is None:
        return None
    number, suffix = Decimal(match[1]), match[2] or ""
    if suffix in _BINARY:
        return number * (1 << _BINARY[suffix])
    if suffix[:1] in ("e", "E") and len(suffix) > 1:
        return number.scaleb(int(suffix[1:]))
    return number.scaleb(_SCALES.get(suffix, 0))
