"""Rules that fields of many workloads share."""

import pytest

from imagestreams.api.field_rules import at_most_all, number_of, number_or_percent


@pytest.mark.parametrize(("value", "number"), [(3, 3), ("25%", 25), ("0%", 0), (None, 0)])
def test_a_number_or_a_percentage_is_taken(value: int | str | None, number: int) -> None:
    assert number_or_percent("spec.maxSurge", value) == []
    assert number_of(value) == number


@pytest.mark.parametrize("value", ["", "%", "25", "-1%", "2.5%", "²%", "9" * 19 + "%", "9" * 5000 + "%"])
def test_what_is_no_percentage_that_can_be_counted_with_is_refused(value: str) -> None:
    (error,) = number_or_percent("spec.maxSurge", value)

    assert (error.field, number_of(value), at_most_all("spec.maxSurge", value)) == ("spec.maxSurge", 0, [])


def test_more_than_all_is_refused() -> None:
    (error,) = at_most_all("spec.maxUnavailable", "101%")

    assert "must not be greater than 100%" in error.message
