"""How long ago something happened, in the words of OpenShift's tables: `About a minute`."""

from datetime import UTC, datetime
from typing import Final

_HOUR_S: Final = 3600
_FOREVER_S: Final = float((1 << 63) - 1) / 1e9
"""Go's longest duration: the age of what never happened."""


def parse_time(time: str | None) -> datetime | None:
    """Read an RFC 3339 time; `None` for none, the zero time of year 1, and what is no time."""
    try:
        moment = datetime.fromisoformat(time) if time else None
    except ValueError:
        return None
    if moment is None or moment.year == 1:
        return None
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)


def ago(moment: datetime | None, now: datetime) -> str:
    """Say how long ago a moment was; one that never was is 292 years ago, as Go has it."""
    seconds = _FOREVER_S if moment is None else min((now - moment).total_seconds(), _FOREVER_S)
    return f"{_in_words(seconds)} ago"


def _in_words(seconds: float) -> str:
    whole, minutes, hours = int(seconds), int(seconds / 60), int(seconds / _HOUR_S + 0.5)
    if whole < 1:
        return "Less than a second"
    if whole == 1:
        return "1 second"
    if whole < 60:
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
