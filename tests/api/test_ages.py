"""Ages in the words of `oc` and kubectl."""

from datetime import UTC, datetime

import pytest

from imagestreams.api.ages import age, ago, duration_in_words, parse_time, relative_time, short_duration

NOW = datetime(2026, 11, 24, 12, 0, 0, tzinfo=UTC)
MINUTE, HOUR, DAY = 60, 3600, 86400


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (-5, "Less than a second"),
        (0.9, "Less than a second"),
        (1.9, "1 second"),
        (59, "59 seconds"),
        (MINUTE, "About a minute"),
        (2 * MINUTE, "2 minutes"),
        (59 * MINUTE + 59, "59 minutes"),
        (HOUR, "About an hour"),
        (1.4 * HOUR, "About an hour"),
        (1.5 * HOUR, "2 hours"),
        (47 * HOUR, "47 hours"),
        (2 * DAY, "2 days"),
        (13 * DAY, "13 days"),
        (14 * DAY, "2 weeks"),
        (60 * DAY, "2 months"),
        (729 * DAY, "24 months"),
        (730 * DAY, "2 years"),
    ],
)
def test_oc_says_durations_in_words(seconds: float, text: str) -> None:
    assert duration_in_words(seconds) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (-3, "<invalid>"),
        (-1, "0s"),
        (119, "119s"),
        (2 * MINUTE, "2m"),
        (3 * MINUTE + 25, "3m25s"),
        (10 * MINUTE + 25, "10m"),
        (179 * MINUTE, "179m"),
        (3 * HOUR, "3h"),
        (7 * HOUR + 5 * MINUTE, "7h5m"),
        (47 * HOUR, "47h"),
        (2 * DAY + 3 * HOUR, "2d3h"),
        (8 * DAY + 3 * HOUR, "8d"),
        (800 * DAY, "2y70d"),
        (3 * 365 * DAY, "3y"),
        (9 * 365 * DAY, "9y"),
    ],
)
def test_kubectl_says_durations_in_two_units(seconds: float, text: str) -> None:
    assert short_duration(seconds) == text


def test_times_are_told_from_now() -> None:
    assert relative_time("2026-11-24T11:58:00Z", NOW) == "2 minutes"
    assert ago(parse_time("2026-11-24T11:58:00Z"), NOW) == "2 minutes ago"
    assert age("2026-11-24T11:58:00.500000Z", NOW) == "119s"


@pytest.mark.parametrize("time", [None, "", "0001-01-01T00:00:00Z", "yesterday"])
def test_no_time_is_as_long_ago_as_can_be_said_or_unknown(time: str | None) -> None:
    assert relative_time(time, NOW) == "292 years"
    assert age(time, NOW) == "<unknown>"
