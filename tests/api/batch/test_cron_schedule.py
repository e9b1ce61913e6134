"""Timetables as cron writes them."""

import pytest

from imagestreams.api.batch.cron_schedule import ScheduleError, read_schedule


@pytest.mark.parametrize(
    "text",
    [
        "* * * * *",
        "*/5 0-6,22 1 jan-mar MON",
        "0 3 ? * 6",
        "5/20 * * * *",
        "@hourly",
        "@every 1h30m",
        "TZ=Europe/Berlin 0 3 * * *",
    ],
)
def test_a_timetable_is_read(text: str) -> None:
    read_schedule(text)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "empty spec string"),
        ("* * * *", "expected exactly 5 fields, found 4: [* * * *]"),
        ("60 * * * *", "end of range (60) above maximum (59): 60"),
        ("* * 0 * *", "beginning of range (0) below minimum (1): 0"),
        ("5-3 * * * *", "beginning of range (5) beyond end of range (3): 5-3"),
        ("*/0 * * * *", "step of range should be a positive number: */0"),
        ("1-2-3 * * * *", "too many hyphens: 1-2-3"),
        ("1/2/3 * * * *", "too many slashes: 1/2/3"),
        ("a * * * *", 'failed to parse int from a: strconv.Atoi: parsing "a": invalid syntax'),
        ("@often", "unrecognized descriptor: @often"),
        ("@every day", 'failed to parse duration @every day: time: invalid duration "day"'),
        ("TZ=No/Where * * * * *", "provided bad location No/Where: unknown time zone No/Where"),
    ],
)
def test_a_timetable_that_cannot_be_read_is_told_in_the_words_of_kubernetes(text: str, told: str) -> None:
    with pytest.raises(ScheduleError) as refused:
        read_schedule(text)

    assert str(refused.value) == told
