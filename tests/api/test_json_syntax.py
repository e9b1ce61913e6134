"""Broken JSON is told as Go tells it."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imagestreams.api.json_syntax import JsonSyntaxError, check_json


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("{not json", "invalid character 'n' looking for beginning of object key string"),
        ("", "unexpected end of JSON input"),
        ('{"a"', "unexpected end of JSON input"),
        ('{"a" 1}', "invalid character '1' after object key"),
        ('{"a":1 "b"}', "invalid character '\"' after object key:value pair"),
        ('{"a":1,}', "invalid character '}' looking for beginning of object key string"),
        ("[1 2]", "invalid character '2' after array element"),
        ("[1,]", "invalid character ']' looking for beginning of value"),
        ("{} x", "invalid character 'x' after top-level value"),
        ("nul!", "invalid character '!' in literal null (expecting 'l')"),
        ("'a'", r"invalid character '\'' looking for beginning of value"),
        ('"a\nb"', r"invalid character '\n' in string literal"),
        (r'"\x"', "invalid character 'x' in string escape code"),
        (r'"\u12g4"', "invalid character 'g' in \\u hexadecimal character escape"),
        ("-x", "invalid character 'x' in numeric literal"),
        ("1.x", "invalid character 'x' after decimal point in numeric literal"),
        ("1e+x", "invalid character 'x' in exponent of numeric literal"),
        ("1.", "unexpected end of JSON input"),
        ("01", "invalid character '1' after top-level value"),
        ("é", "invalid character 'Ã' looking for beginning of value"),
        ("NaN", "invalid character 'N' looking for beginning of value"),
        ("[" * 20_000, "exceeded max depth"),
    ],
)
def test_the_first_character_that_does_not_fit_is_named(text: str, complaint: str) -> None:
    with pytest.raises(JsonSyntaxError) as failure:
        check_json(text.encode())

    assert str(failure.value) == complaint


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@given(VALUES, st.sampled_from([None, 1]))
def test_what_is_json_passes(value: object, indent: int | None) -> None:
    check_json(json.dumps(value, indent=indent).encode())


@given(st.text('{}[]:,"0-.eEtrufalsn \\u', max_size=12))
def test_json_is_refused_exactly_when_it_is_none(text: str) -> None:
    try:
        json.loads(text)
    except ValueError:
        with pytest.raises(JsonSyntaxError):
            check_json(text.encode())
    else:
        check_json(text.encode())
