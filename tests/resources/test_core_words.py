"""Ages in tables, and base64 as Go reads it."""

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imagestreams.api.ages import short_duration
from imagestreams.api.go_base64 import corrupt_at, decoded

MINUTE, HOUR, DAY = 60, 3600, 86400


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (-5, "<invalid>"),
        (-1, "0s"),
        (0, "0s"),
        (119, "119s"),
        (2 * MINUTE, "2m"),
        (2 * MINUTE + 1, "2m1s"),
        (10 * MINUTE + 59, "10m"),
        (3 * HOUR - 1, "179m"),
        (3 * HOUR, "3h"),
        (3 * HOUR + 5 * MINUTE, "3h5m"),
        (47 * HOUR, "47h"),
        (2 * DAY, "2d"),
        (2 * DAY + 3 * HOUR, "2d3h"),
        (8 * DAY + 3 * HOUR, "8d"),
        (729 * DAY, "729d"),
        (731 * DAY, "2y1d"),
        (8 * 365 * DAY, "8y"),
    ],
)
def test_an_age_is_told_in_two_or_three_digits(seconds: int, words: str) -> None:
    assert short_duration(seconds) == words


@given(st.binary(max_size=50))
def test_what_was_encoded_can_be_read_also_when_it_is_broken_into_lines(data: bytes) -> None:
    for text in (base64.b64encode(data).decode(), base64.encodebytes(data).decode()):
        assert corrupt_at(text) is None
        assert decoded(text) == data


@given(st.text(alphabet="AZaz09+/=-_ \n", max_size=12))
def test_what_is_found_sound_can_be_decoded(text: str) -> None:
    position = corrupt_at(text)
    if position is None:
        assert base64.b64decode(text, validate=False) == decoded(text)
    else:
        assert 0 <= position <= len(text)
