"""YAML bodies are bounded in depth and in what their aliases stand for."""

from typing import Any

import pytest

from imagestreams.apiserver.bodies.yaml_text import YamlError, read_yaml


def read(text: bytes) -> Any:
    return read_yaml(text)[0]


def test_what_json_can_say_is_read() -> None:
    assert read(b"a: 1\nb: [x, null, true]\nc: {d: 2026-11-24T00:00:00Z}\n") == {
        "a": 1,
        "b": ["x", None, True],
        "c": {"d": "2026-11-24T00:00:00Z"},
    }
    assert read(b"") is None


def test_aliases_and_merges_are_written_out() -> None:
    assert read(b"a: &a {x: 1}\nb: *a\nc: {<<: *a, y: 2}\n") == {
        "a": {"x": 1},
        "b": {"x": 1},
        "c": {"x": 1, "y": 2},
    }


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (b"[" * 100_000, "max depth"),
        (b"- " * 100_000, "max depth"),
        (b"a: &a [*a]", "contains itself"),
        (b"a: [", "expected"),
        (b"a: !!python/object/apply:os.system [x]", "could not determine a constructor"),
        (b"\x00", "control characters are not allowed"),
    ],
)
def test_what_can_not_be_read(text: bytes, told: str) -> None:
    with pytest.raises(YamlError, match=told):
        read_yaml(text)


@pytest.mark.parametrize(
    "line",
    ["a{n}: &a{n} [{aliases}]", "a{n}: &a{n} {{<<: [{aliases}], k{n}: 1}}"],
    ids=["aliases", "merges"],
)
def test_powers_of_aliases_are_refused_before_they_are_built(line: str) -> None:
    lines = ["a0: &a0 {x: 1}"]
    lines += [line.format(n=n, aliases=",".join([f"*a{n - 1}"] * 9)) for n in range(1, 12)]

    with pytest.raises(YamlError, match="excessive aliasing"):
        read_yaml("\n".join(lines).encode())


def test_many_aliases_of_one_long_text_are_refused() -> None:
    text = b"a: &a '" + b"x" * 100_000 + b"'\nb: [" + b"*a," * 10_000 + b"]\n"

    with pytest.raises(YamlError, match="excessive aliasing"):
        read_yaml(text)


@pytest.mark.parametrize("rest", [b"---\nb: 2\n", b"---\n[broken\n"])
def test_what_follows_the_first_document_is_not_looked_at(rest: bytes) -> None:
    assert read_yaml(b"a: 1\n" + rest) == ({"a": 1}, ())


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (b"a: [\n", "line 1: did not find expected node content"),
        (b"a: b: c", "mapping values are not allowed in this context"),
        (b"a: 1\nb: c: d", "line 2: mapping values are not allowed in this context"),
    ],
)
def test_what_is_wrong_is_told_in_one_line(text: bytes, told: str) -> None:
    with pytest.raises(YamlError) as failure:
        read_yaml(text)

    assert str(failure.value) == told


def test_numbers_that_json_does_not_have_are_refused() -> None:
    with pytest.raises(YamlError):
        read_yaml(b"a: .nan")
