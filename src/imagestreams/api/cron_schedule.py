"""The timetables of cron: whether one can be read, with complaints in the words of Kubernetes' parser."""

import re
from dataclasses import dataclass, field
from typing import Final
from zoneinfo import ZoneInfo

from imagestreams.api.durations import duration_s

_DESCRIPTORS: Final = frozenset({"@yearly", "@annually", "@monthly", "@weekly", "@daily", "@midnight", "@hourly"})
_EVERY: Final = "@every "
_ZONE_PREFIXES: Final = ("TZ=", "CRON_TZ=")
_MONTHS: Final = "jan feb mar apr may jun jul aug sep oct nov dec"
_DAYS: Final = "sun mon tue wed thu fri sat"


class ScheduleError(ValueError):
    """A timetable can't be read."""


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


def check_schedule(text: str) -> None:
    """Read a timetable.

    Raises:
        ScheduleError: it can't be read.
    """
    if not text:
        raise ScheduleError("empty spec string")
    if text.startswith(_ZONE_PREFIXES):
        zone, _, text = text.partition(" ")
        _check_zone(zone.partition("=")[2])
        text = text.strip()
    if text.startswith("@"):
        _check_descriptor(text)
        return
    parts = text.split()
    if len(parts) != len(_FIELDS):
        found = " ".join(parts)
        raise ScheduleError(f"expected exactly {len(_FIELDS)} fields, found {len(parts)}: [{found}]")
    for part, bounds in zip(parts, _FIELDS, strict=True):
        for expression in filter(None, part.split(",")):
            _check_range(expression, bounds)


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


def _check_descriptor(text: str) -> None:
    if text.startswith(_EVERY):
        try:
            duration_s(text.removeprefix(_EVERY))
        except ValueError as error:
            raise ScheduleError(f"failed to parse duration {text}: {error}") from error
    elif text not in _DESCRIPTORS:
        raise ScheduleError(f"unrecognized descriptor: {text}")


def _check_range(expression: str, bounds: _Bounds) -> None:
    parts = expression.split("/")
    ends = parts[0].split("-")
    start, end, step = bounds.least, bounds.most, 1
    if ends[0] not in ("*", "?"):
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
