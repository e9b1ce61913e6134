"""How long ago something was, in words.

OpenShift's tables and descriptions write `About a minute`, kubectl's tables and lists of events `3m25s`. The steps
between the words are theirs, so that server and command line print the same text as the original.
"""

from datetime import UTC, datetime
from typing import Final

_MINUTE_S: Final = 60
_HOUR_S: Final = 60 * _MINUTE_S
_DAY_S: Final = 24 * _HOUR_S
_YEAR_S: Final = 365 * _DAY_S

_FOREVER_S: Final = float((1 << 63) - 1) / 1e9
"""Go's longest duration, 292 years: the age of what never happened."""

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


def parse_time(time: str | None) -> datetime | None:
    """Read an RFC 3339 time; `None` for none, the zero time of year 1, and what is no time."""
    try:
        moment = datetime.fromisoformat(time) if time else None
    except ValueError:
        return None
    if moment is None or moment.year == 1:
        return None
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)


def age(time: str | None, now: datetime) -> str:
    """Say how long ago an RFC 3339 time was, as an AGE column does; `<unknown>` when there is none."""
    moment = parse_time(time)
    return "<unknown>" if moment is None else short_duration((now - moment).total_seconds())


def relative_time(time: str | None, now: datetime) -> str:
    """Say in words how long ago an RFC 3339 time was, without `ago`; no time is as long ago as can be said."""
    return _since(parse_time(time), now)


def ago(moment: datetime | None, now: datetime) -> str:
    """Say in words how long ago a moment was; one that never was is as long ago as can be said."""
    return f"{_since(moment, now)} ago"


def _since(moment: datetime | None, now: datetime) -> str:
    return duration_in_words(_FOREVER_S if moment is None else min((now - moment).total_seconds(), _FOREVER_S))


def duration_in_words(seconds: float) -> str:
    """Say a duration as OpenShift does.

    >>> duration_in_words(75), duration_in_words(3600 * 50)
    ('About a minute', '2 days')
    """
    whole, minutes, hours = int(seconds), int(seconds / _MINUTE_S), int(seconds / _HOUR_S + 0.5)
    if whole < 1:
        return "Less than a second"
    if whole == 1:
        return "1 second"
    if whole < _MINUTE_S:
        return f"{whole} seconds"
    if minutes == 1:
        return "About a minute"
    if minutes < 60:
        return f"{minutes} minutes"
    if hours == 1:
        return "About an hour"
    for limit_hours, unit_hours, unit in ((48, 1, "hours"), (336, 24, "days"), (1440, 168, "weeks")):
        if hours < limit_hours:
            return f"{hours // unit_hours} {unit}"
    if hours < 24 * 365 * 2:
        return f"{hours // 24 // 30} months"
    return f"{int(seconds / _HOUR_S) // 24 // 365} years"


def short_duration(seconds: float) -> str:
    """Say a duration in one or two units, as kubectl does.

    >>> short_duration(205), short_duration(3600 * 50)
    ('3m25s', '2d2h')
    """
    whole = int(seconds)
    if whole < -1:
        return "<invalid>"
    for least, unit, name, small_unit, small_name in _STEPS:
        if whole >= least:
            rest = whole % unit // small_unit if small_unit else 0
            return f"{whole // unit}{name}" + (f"{rest}{small_name}" if rest else "")
    return f"{max(whole, 0)}s"
