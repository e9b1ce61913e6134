"""Sizes in the words of `oc`."""

import pytest

from imagestreams.cli.texts.sizes import human_size


@pytest.mark.parametrize(
    ("size", "text"),
    [
        (0, "0B"),
        (999, "999B"),
        (1000, "1kB"),
        (2_040_747, "2.041MB"),
        (251_200_000, "251.2MB"),
        (3_635, "3.635kB"),
        (12_345_678_901, "12.35GB"),
    ],
)
def test_sizes_have_four_digits_and_decimal_units(size: int, text: str) -> None:
    assert human_size(size) == text
