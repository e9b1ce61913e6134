"""Which tags of a repository one import takes."""

import pytest

from imagestreams.api.annotations import TAG_FILTER, TAG_SLICE
from imagestreams.streams.tag_choice import tag_choice, validate_tag_choice

TAGS = ["latest", "3.8", "3.7", "3.6.1", "3.6.0", "3.6-alpine", "v12"]


@pytest.mark.parametrize(
    ("text", "chosen"),
    [
        ("semver:~3.6", ["3.6.1", "3.6.0"]),
        (">=3.7 <4", ["3.8", "3.7"]),
        (r"regex:^v\d+$", ["v12"]),
        ("alpine$", ["3.6-alpine"]),
        ("nothing-like-this", []),
    ],
)
def test_a_filter_is_a_range_or_a_pattern(text: str, chosen: list[str]) -> None:
    assert tag_choice({TAG_FILTER: text}).choose(TAGS, 100) == (chosen, [])


def test_tags_outside_the_filter_are_not_left_for_later() -> None:
    assert tag_choice({TAG_FILTER: "~3"}).choose(TAGS, 3) == (["3.8", "3.7", "3.6.1"], ["3.6.0"])


def test_parts_make_up_the_whole_and_end_where_the_server_ends() -> None:
    parts = [tag_choice({TAG_SLICE: f"{start}:{start + 2}"}).choose(TAGS, 5) for start in (0, 2, 4, 6)]

    assert [taken for taken, _ in parts] == [["latest", "3.8"], ["3.7", "3.6.1"], ["3.6.0"], []]
    assert [len(left) for _, left in parts] == [5, 3, 2, 2]


def test_without_annotations_all_is_taken() -> None:
    assert tag_choice(None).choose(TAGS, 100) == (TAGS, [])


@pytest.mark.parametrize(
    ("name", "text"),
    [
        (TAG_FILTER, ""),
        (TAG_FILTER, "newest"),
        (TAG_FILTER, "semver:what"),
        (TAG_FILTER, "regex:("),
        (TAG_FILTER, "(" * 10),
        (TAG_FILTER, "a" * 300),
        (TAG_SLICE, "1"),
        (TAG_SLICE, "2:2"),
        (TAG_SLICE, "-1:5"),
        (TAG_SLICE, "0:99999999999999"),
    ],
)
def test_what_can_not_be_read_is_refused(name: str, text: str) -> None:
    [error] = validate_tag_choice({name: text})

    assert str(error).startswith(f"metadata.annotations[{name}]: Invalid value: ")
