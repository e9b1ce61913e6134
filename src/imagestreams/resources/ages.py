"""How old something is, in the words of kubectl's tables: `3m25s`."""

from datetime import datetime
from typing import Final

from imagestreams.resources.relative_time import parse_time

_MINUTE_S: Final = 60
_HOUR_S: Final = 60 * _MINUTE_S
_DAY_S: Final = 24 * _HOUR_S
_YEAR_S: Final = 365 * _DAY_S

# From how many seconds on an age is told in which units: the first, and what of the rest is told behind it.
_STEPS: Final = (
    (8 * _YEAR_S, _YEAR_S, "y", 0, ""),
    (2 * _YEAR_S, _YEAR_S, "y", _DAY_S, "d"),
    (8 * _DAY_S, _DAY_S, "d", 0, ""),
    (2 * _DAY_S, _DAY_S, "d", _HOUR_S, "h"),
    (8 * _HOUR_S, _HOUR_S, "h", 0, ""),
    (3 * _HOUR_S, _HOUR_S, "h", _MINUTE_S, "m"),
    (10 * _MINUTE_S, _MINUTE_S, "m", 0, ""),
    (2 * _MINUTE_S, _MINUTE_S, "m", 1, "s"),
)


def age(time: str | None, now: datetime) -> str:
    """Say how long ago an RFC 3339 time was; `<unknown>` when there is none."""
    moment = parse_time(time)
    return "<unknown>" if moment is None else duration_in_words(int((now - moment).total_seconds()))


def duration_in_words(seconds: int) -> str:
    """Say a duration in two or three digits.

    >>> duration_in_words(205), duration_in_words(3600 * 50)
    ('3m25s', '2d2h')
    """
    if seconds < -1:
        return "<invalid>"
    for least, unit, name, small_unit, small_name in _STEPS:
        if seconds >= least:
            rest = seconds % unit // small_unit if small_unit else 0
            return f"{seconds // unit}{name}" + (f"{rest}{small_name}" if rest else "")
    return f"{max(seconds, 0)}s"
