"""Rules that fields of many workloads share."""

import re
from collections.abc import Iterable, Mapping
from typing import Any, Final

from imagestreams.api.errors import FieldError
from imagestreams.api.written_numbers import written_number

IMMUTABLE: Final = "field is immutable"
NOT_NEGATIVE: Final = "must be greater than or equal to 0"
_PERCENT: Final = re.compile(r"[0-9]+%")
_NO_PERCENT: Final = (
    "a valid percent string must be a numeric string followed by an ending '%' (e.g. '1%',  or '93%', "
    "regex used for validation is '[0-9]+%')"
)


def not_negative(fields: Iterable[tuple[str, int | None]]) -> list[FieldError]:
    """Refuse numbers below zero."""
    return [
        FieldError.invalid(field, value, NOT_NEGATIVE) for field, value in fields if value is not None and value < 0
    ]


def unchanged(field: str, value: Any, old: Any) -> list[FieldError]:
    """Refuse a new value."""
    return [] if value == old else [FieldError.invalid(field, value, IMMUTABLE)]


def is_percent(text: str) -> bool:
    """Return whether a text is a percentage, of a number that a field could hold.

    >>> is_percent("25%"), is_percent("25"), is_percent("-1%"), is_percent("9" * 5000 + "%")
    (True, False, False, False)
    """
    return _PERCENT.fullmatch(text) is not None and written_number(text[:-1], -1) >= 0


def number_or_percent(field: str, value: int | str | None) -> list[FieldError]:
    """Refuse what is neither a number from zero on nor a percentage."""
    if isinstance(value, str):
        return [] if is_percent(value) else [FieldError.invalid(field, value, _NO_PERCENT)]
    return not_negative([(field, value)])


def at_most_all(field: str, value: int | str | None) -> list[FieldError]:
    """Refuse more than 100%."""
    if isinstance(value, str) and number_of(value) > 100:
        return [FieldError.invalid(field, value, "must not be greater than 100%")]
    return []


def number_of(value: int | str | None) -> int:
    """Return the number in a number or percentage; 0 for what is neither."""
    if isinstance(value, str):
        return int(value[:-1]) if is_percent(value) else 0
    return value or 0


def not_more_than(counts: Mapping[str, int], limit: int, detail: str) -> list[FieldError]:
    """Refuse counts that are larger than the one that they are part of."""
    return [FieldError.invalid(field, count, detail) for field, count in counts.items() if count > limit]
