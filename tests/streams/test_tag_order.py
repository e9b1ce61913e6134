"""When a repository has more tags than are imported, the ones people use come first."""

from hypothesis import given
from hypothesis import strategies as st

from imagestreams.streams.tag_order import by_importance


def test_the_order_is_that_of_the_real_server() -> None:
    assert by_importance(["3.5", "3.6", "3.6.0", "3.7", "3.8", "latest"]) == [
        "latest",
        "3.8",
        "3.7",
        "3.6",
        "3.5",
        "3.6.0",
    ]


def test_numbers_are_compared_as_numbers_and_names_come_last() -> None:
    assert by_importance(["alpine", "1.9.0", "1.10.0", "1.10.0-rc.1", "v1.10", "1.9"]) == [
        "v1.10",
        "1.9",
        "1.10.0",
        "1.10.0-rc.1",
        "1.9.0",
        "alpine",
    ]


@given(st.lists(st.from_regex(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,12}", fullmatch=True), unique=True))
def test_no_tag_is_lost_and_the_order_does_not_depend_on_the_input(tags: list[str]) -> None:
    ordered = by_importance(tags)

    assert sorted(ordered) == sorted(tags)
    assert by_importance(tags[::-1]) == ordered
