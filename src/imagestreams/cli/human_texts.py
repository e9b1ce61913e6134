"""Ages and sizes in words.

`oc` writes ages as `About a minute` and sizes as `2.041MB`; kubectl's tables and event lists write `3m25s`. The steps
between the words are theirs, so that a text reads the same whichever of them printed it.
"""

from datetime import UTC, datetime
from typing import Final

_MINUTE: Final = 60
_HOUR: Final = 60 * _MINUTE
_DAY: Final = 24 * _HOUR
_YEAR: Final = 365 * _DAY

# Go's longest duration, in seconds: what it takes for the age of "never".
_FOREVER_S: Final = float((1 << 63) - 1) / 1e9

_SIZE_UNITS: Final = ("B", "kB", "MB", "GB", "TB", "PB", "EB", "ZB", "YB")


def seconds_since(time: str | None, now: datetime) -> float:
    """Return how many seconds ago an RFC 3339 time was.

    No time, the zero time of the API (year 1) and what is no time at all count as Go's longest duration, 292 years.
    """
    try:
        moment = datetime.fromisoformat(time) if time else None
    except ValueError:
        moment = None
    if moment is None:
        return _FOREVER_S
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return min((now - moment).total_seconds(), _FOREVER_S)


def is_no_time(time: str | None) -> bool:
    """Say whether a time of the API stands for none: absent, or the first second of the year 1."""
    return not time or time.startswith("0001-01-01T00:00:00")


def human_duration(seconds: float) -> str:
    """Say a duration in words, as `oc describe` does."""
    whole, minutes, hours = int(seconds), int(seconds / _MINUTE), int(seconds / _HOUR + 0.5)
    if whole < 1:
        return "Less than a second"
    if whole == 1:
        return "1 second"
    if whole < _MINUTE:
        return f"{whole} seconds"
    if minutes == 1:
        return "About a minute"
    if minutes < 60:
        return f"{minutes} minutes"
    if hours == 1:
        return "About an hour"
    if hours < 48:
        return f"{hours} hours"
    if hours < 24 * 7 * 2:
        return f"{hours // 24} days"
    if hours < 24 * 30 * 2:
        return f"{hours // 24 // 7} weeks"
    if hours < 24 * 365 * 2:
        return f"{hours // 24 // 30} months"
    return f"{int(seconds / _HOUR) // 24 // 365} years"


def relative_time(time: str | None, now: datetime) -> str:
    """Say how long ago a time was, without the word `ago`."""
    return human_duration(seconds_since(time, now))


def short_duration(seconds: float) -> str:
    """Say a duration in one or two units, as kubectl's tables and event lists do."""
    whole = int(seconds)
    minutes, hours = whole // _MINUTE, whole // _HOUR
    if whole < -1:
        return "<invalid>"
    if whole < 0:
        return "0s"
    if whole < 2 * _MINUTE:
        return f"{whole}s"
    if minutes < 10:
        return _two_units(minutes, "m", whole % _MINUTE, "s")
    if minutes < 3 * 60:
        return f"{minutes}m"
    if hours < 8:
        return _two_units(hours, "h", minutes % 60, "m")
    if hours < 48:
        return f"{hours}h"
    days = hours // 24
    if hours < 24 * 8:
        return _two_units(days, "d", hours % 24, "h")
    if whole < 2 * _YEAR:
        return f"{days}d"
    if whole < 8 * _YEAR:
        return _two_units(days // 365, "y", days % 365, "d")
    return f"{days // 365}y"


def _two_units(large: int, large_unit: str, small: int, small_unit: str) -> str:
    return f"{large}{large_unit}" + (f"{small}{small_unit}" if small else "")


def age(time: str | None, now: datetime) -> str:
    """Say how long ago a time was, as an AGE column does; `<unknown>` when there is no time."""
    return "<unknown>" if is_no_time(time) else short_duration(seconds_since(time, now))


def human_size(size_bytes: float) -> str:
    """Say a size with four digits and a decimal unit, as `oc describe` does: `2.041MB`."""
    size, unit = float(size_bytes), 0
    while size >= 1000 and unit < len(_SIZE_UNITS) - 1:
        size /= 1000
        unit += 1
    return f"{size:.4g}{_SIZE_UNITS[unit]}"
