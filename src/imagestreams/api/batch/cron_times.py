"""When the times of a timetable are, in a time zone.

As in Kubernetes, a time that a clock skips when it is put forward is left out that day, and one that comes twice when
it is put back counts twice.
"""

from datetime import UTC, datetime, timedelta, tzinfo
from typing import Final
from zoneinfo import ZoneInfo

from imagestreams.api.batch.cron_schedule import Schedule

_YEARS: Final = 5
"""How far ahead the next time is looked for; some timetables have none, as the 30th of February."""

_LOOKS_BACK: Final = (timedelta(hours=1), timedelta(days=1), timedelta(days=32), timedelta(days=367))
_MINUTE: Final = timedelta(minutes=1)
_HOUR: Final = timedelta(hours=1)


def zone_of(schedule: Schedule, name: str | None) -> tzinfo:
    """Return the zone whose clock counts: the one that is named beside the timetable, or in it, or UTC.

    Raises:
        ZoneInfoNotFoundError: there is no such zone.
    """
    chosen = name or schedule.zone
    return ZoneInfo(chosen) if chosen else UTC


def next_time(schedule: Schedule, after: datetime, zone: tzinfo) -> datetime | None:
    """Return the first time later than a moment, in UTC; `None` if there is none in the next years."""
    if schedule.every_s:
        return (after + timedelta(seconds=schedule.every_s)).astimezone(UTC).replace(microsecond=0)
    moment = after.astimezone(UTC).replace(second=0, microsecond=0) + _MINUTE
    last_year = moment.astimezone(zone).year + _YEARS
    while (local := moment.astimezone(zone)).year <= last_year:
        if local.month not in schedule.months:
            year, month = (local.year, local.month + 1) if local.month < 12 else (local.year + 1, 1)
            moment = max(_midnight(year, month, 1, zone), moment + _MINUTE)
        elif not _is_day(schedule, local):
            following = local.date() + timedelta(days=1)
            moment = max(_midnight(following.year, following.month, following.day, zone), moment + _MINUTE)
        elif local.hour not in schedule.hours:
            moment += _HOUR - timedelta(minutes=local.minute)
        elif local.minute not in schedule.minutes:
            moment += _MINUTE
        else:
            return moment
    return None


def latest_time(schedule: Schedule, after: datetime, until: datetime, zone: tzinfo) -> datetime | None:
    """Return the last time that is later than one moment and not later than another; `None` if there is none."""
    if schedule.every_s:
        turns = int((until - after).total_seconds() // schedule.every_s)
        return (after + timedelta(seconds=turns * schedule.every_s)).astimezone(UTC) if turns > 0 else None
    for length in _LOOKS_BACK:
        # The nearest past is looked through first: of a timetable that is long behind only its last time matters.
        start = max(after, until - length)
        latest = None
        moment = next_time(schedule, start, zone)
        while moment is not None and moment <= until:
            latest, moment = moment, next_time(schedule, moment, zone)
        if latest is not None or start == after:
            return latest
    return _search(schedule, after, until, zone)


def _search(schedule: Schedule, after: datetime, until: datetime, zone: tzinfo) -> datetime | None:
    latest = None
    moment = next_time(schedule, after, zone)
    while moment is not None and moment <= until:
        latest, moment = moment, next_time(schedule, moment, zone)
    return latest


def _is_day(schedule: Schedule, local: datetime) -> bool:
    in_month = local.day in schedule.days
    in_week = local.isoweekday() % 7 in schedule.weekdays
    return in_month and in_week if schedule.any_day or schedule.any_weekday else in_month or in_week


def _midnight(year: int, month: int, day: int, zone: tzinfo) -> datetime:
    return datetime(year, month, day, tzinfo=zone).astimezone(UTC)
