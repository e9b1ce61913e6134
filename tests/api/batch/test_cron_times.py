"""When the times of a timetable are."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imagestreams.api.batch.cron_schedule import read_schedule
from imagestreams.api.batch.cron_times import latest_time, next_time, zone_of


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("schedule", "after", "expected"),
    [
        ("* * * * *", "2026-11-25T03:00:00", "2026-11-25T03:01:00"),
        ("* * * * *", "2026-11-25T03:00:59", "2026-11-25T03:01:00"),
        ("*/15 * * * *", "2026-11-25T03:46:00", "2026-11-25T04:00:00"),
        ("5/20 * * * *", "2026-11-25T03:26:00", "2026-11-25T03:45:00"),
        ("30 2 * * *", "2026-11-25T02:30:00", "2026-11-26T02:30:00"),
        ("0 0 1 jan *", "2026-11-25T03:00:00", "2027-01-01T00:00:00"),
        ("0 0 29 2 *", "2026-11-25T03:00:00", "2028-02-29T00:00:00"),
        ("0 12 * * mon-fri", "2026-11-27T13:00:00", "2026-11-30T12:00:00"),
        ("@hourly", "2026-11-25T03:00:00", "2026-11-25T04:00:00"),
        ("@weekly", "2026-11-25T03:00:00", "2026-11-29T00:00:00"),
        ("@monthly", "2026-12-25T03:00:00", "2027-01-01T00:00:00"),
        ("@every 90s", "2026-11-25T03:00:01", "2026-11-25T03:01:31"),
        ("TZ=Europe/Berlin 0 6 * * *", "2026-11-25T03:00:00", "2026-11-25T05:00:00"),
    ],
)
def test_the_next_time(schedule: str, after: str, expected: str) -> None:
    read = read_schedule(schedule)

    assert next_time(read, at(after), zone_of(read, None)) == at(expected)


def test_a_day_of_the_month_or_of_the_week_will_do_if_both_are_named() -> None:
    both = read_schedule("0 0 13 * fri")  # Friday the 13th, and every other Friday, and every other 13th

    times = [at("2026-11-01T00:00:00")]
    for _ in range(4):
        found = next_time(both, times[-1], UTC)
        assert found is not None
        times.append(found)

    assert [time.day for time in times[1:]] == [6, 13, 20, 27]
    assert next_time(both, at("2026-11-28T00:00:00"), UTC) == at("2026-12-04T00:00:00")


def test_the_30th_of_february_never_comes() -> None:
    assert next_time(read_schedule("0 0 30 2 *"), at("2026-11-25T00:00:00"), UTC) is None


def test_a_time_that_the_clock_skips_is_left_out() -> None:
    berlin = ZoneInfo("Europe/Berlin")  # 02:00 becomes 03:00 on March 29th, 2026

    found = next_time(read_schedule("30 2 * * *"), at("2026-03-28T12:00:00"), berlin)

    assert found is not None
    assert found.astimezone(berlin).isoformat() == "2026-03-30T02:30:00+02:00"


def test_a_time_that_comes_twice_counts_twice() -> None:
    berlin = ZoneInfo("Europe/Berlin")  # 03:00 becomes 02:00 on October 25th, 2026
    schedule = read_schedule("30 2 * * *")

    first = next_time(schedule, at("2026-10-24T12:00:00"), berlin)
    assert first is not None
    second = next_time(schedule, first, berlin)

    assert (first, second) == (at("2026-10-25T00:30:00"), at("2026-10-25T01:30:00"))


@pytest.mark.parametrize(
    ("schedule", "after", "until", "expected"),
    [
        ("*/5 * * * *", "2026-11-25T03:00:00", "2026-11-25T03:04:59", None),
        ("*/5 * * * *", "2026-11-25T03:00:00", "2026-11-25T03:12:00", "2026-11-25T03:10:00"),
        ("*/5 * * * *", "2020-11-25T03:00:00", "2026-11-25T03:12:00", "2026-11-25T03:10:00"),
        ("0 0 1 1 *", "2020-11-25T03:00:00", "2026-11-25T03:12:00", "2026-01-01T00:00:00"),
        ("0 0 29 2 *", "2020-11-25T03:00:00", "2026-11-25T03:12:00", "2024-02-29T00:00:00"),
        ("@every 1h", "2026-11-25T00:30:00", "2026-11-25T03:00:00", "2026-11-25T02:30:00"),
        ("@every 1h", "2026-11-25T02:30:00", "2026-11-25T03:00:00", None),
    ],
)
def test_the_last_time_that_was_missed(schedule: str, after: str, until: str, expected: str | None) -> None:
    found = latest_time(read_schedule(schedule), at(after), at(until), UTC)

    assert found == (at(expected) if expected else None)


@given(
    st.sampled_from(["* * * * *", "*/7 3 * * *", "0 0 1 * *", "15 10 * * sun", "0 2 * * *"]),
    st.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1)),
    st.sampled_from(["UTC", "Europe/Berlin", "America/Sao_Paulo", "Australia/Lord_Howe", "Asia/Kathmandu"]),
)
def test_a_next_time_is_later_and_fits(schedule: str, after: datetime, zone: str) -> None:
    read, moment = read_schedule(schedule), after.replace(tzinfo=UTC)

    found = next_time(read, moment, ZoneInfo(zone))

    assert found is not None
    local = found.astimezone(ZoneInfo(zone))
    assert moment < found < moment + timedelta(days=32)
    assert local.minute in read.minutes and local.hour in read.hours and local.month in read.months
