"""The timetables of cron: what one says, with complaints in the words of Kubernetes' parser."""

import re
from dataclasses import dataclass, field
from typing import Final
from zoneinfo import ZoneInfo

from imagestreams.api.durations import duration_s

_DESCRIPTORS: Final = {
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
    "@monthly": "0 0 1 * *",
    "@weekly": "0 0 * * 0",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@hourly": "0 * * * *",
}
_EVERY: Final = "@every "
_ZONE_PREFIXES: Final = ("TZ=", "CRON_TZ=")
_MONTHS: Final = "jan feb mar apr may jun jul aug sep oct nov dec"
_DAYS: Final = "sun mon tue wed thu fri sat"


class ScheduleError(ValueError):
    """A timetable can't be read."""


@dataclass(frozen=True, slots=True)
class Schedule:
    """What a timetable says.

    `any_day` and `any_weekday` say that one of these was left open; if neither was, a day need fit only one of them.
    With `every_s` all else is empty. `zone` is the one that the timetable itself names.
    """

    minutes: frozenset[int] = frozenset()
    hours: frozenset[int] = frozenset()
    days: frozenset[int] = frozenset()
    months: frozenset[int] = frozenset()
    weekdays: frozenset[int] = frozenset()
    any_day: bool = False
    any_weekday: bool = False
    every_s: float = 0.0
    zone: str = ""


@dataclass(frozen=True, slots=True)
class _Bounds:
    least: int
    most: int
    names: dict[str, int] = field(default_factory=lambda: {})


_FIELDS: Final = (
    _Bounds(0, 59),
    _Bounds(0, 23),
    _Bounds(1, 31),
    _Bounds(1, 12, {name: number for number, name in enumerate(_MONTHS.split(), 1)}),
    _Bounds(0, 6, {name: number for number, name in enumerate(_DAYS.split())}),
)


def read_schedule(text: str) -> Schedule:
    """Read a timetable.

    Raises:
        ScheduleError: it can't be read.
    """
    if not text:
        raise ScheduleError("empty spec string")
    zone = ""
    if text.startswith(_ZONE_PREFIXES):
        prefix, _, text = text.partition(" ")
        zone = prefix.partition("=")[2]
        _check_zone(zone)
        text = text.strip()
    if text.startswith("@"):
        if text.startswith(_EVERY):
            return Schedule(every_s=_interval_s(text), zone=zone)
        if text not in _DESCRIPTORS:
            raise ScheduleError(f"unrecognized descriptor: {text}")
        text = _DESCRIPTORS[text]
    parts = text.split()
    if len(parts) != len(_FIELDS):
        found = " ".join(parts)
        raise ScheduleError(f"expected exactly {len(_FIELDS)} fields, found {len(parts)}: [{found}]")
    read = [_field(part, bounds) for part, bounds in zip(parts, _FIELDS, strict=True)]
    (minutes, _), (hours, _), (days, any_day), (months, _), (weekdays, any_weekday) = read
    return Schedule(minutes, hours, days, months, weekdays, any_day, any_weekday, zone=zone)


def is_time_zone(name: str) -> bool:
    """Return whether a time zone of this name is known."""
    try:
        ZoneInfo(name)
    except (KeyError, OSError, ValueError):  # unknown, or no name at all
        return False
    return True


def _check_zone(name: str) -> None:
    if not is_time_zone(name):
        raise ScheduleError(f"provided bad location {name}: unknown time zone {name}")


def _interval_s(text: str) -> float:
    try:
        seconds = duration_s(text.removeprefix(_EVERY))
    except ValueError as error:
        raise ScheduleError(f"failed to parse duration {text}: {error}") from error
    return max(1.0, float(int(seconds)))


def _field(part: str, bounds: _Bounds) -> tuple[frozenset[int], bool]:
    """Return the values of a field, and whether it is left open."""
    values: set[int] = set()
    is_open = False
    for expression in filter(None, part.split(",")):
        numbers, open_too = _range(expression, bounds)
        values.update(numbers)
        is_open = is_open or open_too
    return frozenset(values), is_open


def _range(expression: str, bounds: _Bounds) -> tuple[range, bool]:
    parts = expression.split("/")
    ends = parts[0].split("-")
    start, end, step = bounds.least, bounds.most, 1
    is_open = ends[0] in ("*", "?")
    if not is_open:
        start = end = _number_or_name(ends[0], bounds.names)
        if len(ends) == 2:
            end = _number_or_name(ends[1], bounds.names)
        elif len(ends) > 2:
            raise ScheduleError(f"too many hyphens: {expression}")
    if len(parts) == 2:
        step = _number(parts[1])
        if len(ends) == 1:
            end = bounds.most
    elif len(parts) > 2:
        raise ScheduleError(f"too many slashes: {expression}")
    if start < bounds.least:
        raise ScheduleError(f"beginning of range ({start}) below minimum ({bounds.least}): {expression}")
    if end > bounds.most:
        raise ScheduleError(f"end of range ({end}) above maximum ({bounds.most}): {expression}")
    if start > end:
        raise ScheduleError(f"beginning of range ({start}) beyond end of range ({end}): {expression}")
    if step == 0:
        raise ScheduleError(f"step of range should be a positive number: {expression}")
    return range(start, end + 1, step), is_open and step == 1


def _number_or_name(text: str, names: dict[str, int]) -> int:
    named = names.get(text.lower())
    return named if named is not None else _number(text)


def _number(text: str) -> int:
    if re.fullmatch(r"[+-]?[0-9]{1,18}", text) is None:
        raise ScheduleError(f'failed to parse int from {text}: strconv.Atoi: parsing "{text}": invalid syntax')
    number = int(text)
    if number < 0:
        raise ScheduleError(f"negative number ({number}) not allowed: {text}")
    return number
