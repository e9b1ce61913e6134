"""Amounts are answered as Kubernetes answers them."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imagestreams.api.pods.quantities import QuantityError, canonical, parse_quantity


@pytest.mark.parametrize(
    ("sent", "answered"),
    [
        ("1", "1"),
        (1, "1"),
        (0.5, "500m"),
        ("0", "0"),
        ("0Gi", "0"),
        ("1000m", "1"),
        ("1500m", "1500m"),
        ("1.5", "1500m"),
        ("0.1", "100m"),
        ("100", "100"),
        ("1000", "1k"),
        ("1500", "1500"),
        ("2000000", "2M"),
        ("0.5Gi", "512Mi"),
        ("1.5Gi", "1536Mi"),
        ("1024Mi", "1Gi"),
        ("1000Mi", "1000Mi"),
        ("1023", "1023"),
        ("512Ki", "512Ki"),
        ("0.5Ki", "512"),
        ("1e3", "1e3"),
        ("12e6", "12e6"),
        ("1E", "1E"),
        ("1e0", "1"),
        ("+3", "3"),
        ("-2.5", "-2500m"),
        ("0.0000000001", "1n"),
        (".5", "500m"),
        ("1.", "1"),
        ("128974848", "128974848"),
        ("129M", "129M"),
        ("123Mi", "123Mi"),
    ],
)
def test_an_amount_is_answered_in_its_canonical_form(sent: str | int | float, answered: str) -> None:
    assert canonical(sent) == answered


@pytest.mark.parametrize("text", ["", "m", "abc", "1 Gi", "1.2.3", "--1", "1Xi", "Gi"])
def test_what_is_no_amount_is_refused_with_the_rule(text: str) -> None:
    with pytest.raises(QuantityError, match="quantities must match the regular expression"):
        parse_quantity(text)


@pytest.mark.parametrize("text", ["1iK", "1Kii", "1mm", "1e", "1K", "1e" + "9" * 20])
def test_an_unknown_unit_is_refused(text: str) -> None:
    with pytest.raises(QuantityError, match="unable to parse quantity's suffix"):
        parse_quantity(text)


def test_what_is_finer_than_asked_for_is_rounded_up() -> None:
    assert str(parse_quantity("1u").rounded_up(-3)) == "1m"
    assert str(parse_quantity("1500u").rounded_up(-3)) == "2m"
    assert str(parse_quantity("-1u").rounded_up(-3)) == "-1m"


def test_no_amount_is_larger_than_64_bits_hold() -> None:
    assert parse_quantity("1e30").value == Fraction(2**63 - 1)


@given(st.from_regex(r"[+-]?[0-9]{1,12}(\.[0-9]{1,6})?(m|k|M|G|Ki|Mi|Gi|e3)?", fullmatch=True))
def test_the_canonical_form_stands_for_itself(text: str) -> None:
    once = canonical(text)

    assert canonical(once) == once


@given(st.text(max_size=30))
def test_any_text_is_an_amount_or_refused(text: str) -> None:
    try:
        amount = parse_quantity(text)
    except QuantityError:
        return

    assert parse_quantity(str(amount)).value == amount.value
