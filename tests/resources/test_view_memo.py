"""Views that are kept are bounded and never out of date."""

from typing import Any

from imagestreams.resources.images.view_memo import ListedItem, ViewMemo
from imagestreams.store.cache import Entry


def entry(revision: int) -> Entry[Any]:
    return Entry("/k", revision, None, b"")


def test_the_views_made_first_go_first_when_there_is_no_more_room() -> None:
    memo: ViewMemo[str] = ViewMemo(max_bytes=100)
    for name in "abc":
        memo.keep(("ns", name), entry(1), None, name, 40)

    assert [memo.find(("ns", name)) is not None for name in "abc"] == [False, True, True]
    assert len(memo) == 2


def test_a_view_that_is_made_again_counts_once() -> None:
    memo: ViewMemo[str] = ViewMemo(max_bytes=100)
    for revision in range(10):
        memo.keep(("ns", "a"), entry(revision), None, str(revision), 60)

    found = memo.find(("ns", "a"))

    assert found is not None and found[2] == "9"


def test_a_view_larger_than_all_room_is_given_and_not_kept() -> None:
    memo: ViewMemo[str] = ViewMemo(max_bytes=10)

    assert memo.keep(("ns", "a"), entry(1), None, "view", 60) == "view"
    assert len(memo) == 0


def test_a_member_of_a_list_makes_its_object_when_it_is_looked_at() -> None:
    asked: list[tuple[str, str]] = []

    def make(stream: str, tag: str, image: None) -> str:
        asked.append((stream, tag))
        return f"{stream}:{tag}"

    item = ListedItem(b"{}", make, "s", "t")
    assert (item.encoded, asked) == (b"{}", [])

    assert item.value == "s:t"
