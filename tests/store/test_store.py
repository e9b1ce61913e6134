"""What every store promises: each test runs on every implementation.

To try another store, add how to open it to `STORES`; it must keep its data under the directory that it is given.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest

from imagestreams.store import sqlite
from imagestreams.store.kv import (
    Change,
    Compacted,
    Compare,
    Delete,
    FutureRevision,
    Put,
    Store,
    StoreClosed,
    WatcherTooSlow,
)
from imagestreams.store.sqlite import SQLiteStore

Open = Callable[[Path], Awaitable[Store]]


async def open_sqlite(directory: Path) -> Store:
    return SQLiteStore.open(directory)


STORES: dict[str, Open] = {"sqlite": open_sqlite}


@pytest.fixture(params=sorted(STORES))
def opened(request: pytest.FixtureRequest) -> Open:
    return STORES[request.param]


@pytest.fixture
async def store(opened: Open, tmp_path: Path) -> AsyncIterator[Store]:
    store = await opened(tmp_path)
    yield store
    await store.close()


async def put(store: Store, key: str, value: str) -> int:
    return (await store.txn([], [Put(key, value.encode())])).revision


async def take(changes: AsyncIterator[Change], count: int) -> list[Change]:
    return [await asyncio.wait_for(anext(changes), 10) for _ in range(count)]


async def test_a_value_knows_when_it_was_created_and_written_and_how_often(store: Store) -> None:
    first = await put(store, "/a", "1")
    second = await put(store, "/a", "2")

    found = await store.get("/a")

    assert found is not None and second > first
    assert (found.value, found.create_revision, found.mod_revision, found.version) == (b"2", first, second, 2)
    assert await store.get("/none") is None


async def test_a_condition_that_does_not_hold_changes_nothing(store: Store) -> None:
    revision = await put(store, "/a", "1")

    refused = await store.txn([Compare("/a", revision - 1)], [Put("/a", b"2"), Put("/b", b"3")])

    assert not refused.succeeded and refused.revision == revision == store.revision
    assert await store.get("/b") is None
    assert (await store.txn([Compare("/b", 0)], [Put("/b", b"3")])).succeeded
    assert not (await store.txn([Compare("/b", 0)], [Put("/b", b"4")])).succeeded


async def test_all_changes_of_a_transaction_have_one_revision(store: Store) -> None:
    outcome = await store.txn([], [Put("/a", b"1"), Put("/b", b"2")])

    page = await store.range("/")

    assert {item.mod_revision for item in page.items} == {outcome.revision}


async def test_removing_what_is_not_there_is_no_change(store: Store) -> None:
    before = store.revision

    assert (await store.txn([], [Delete("/none")])).revision == before


async def test_a_range_is_ordered_paged_and_can_look_into_the_past(store: Store) -> None:
    for name in ("c", "a", "b"):
        await put(store, f"/x/{name}", "old")
    past = store.revision
    await put(store, "/x/a", "new")
    await store.txn([], [Delete("/x/b")])
    await put(store, "/y/z", "elsewhere")

    page = await store.range("/x/", limit=2, at=past)
    rest = await store.range("/x/", start=page.items[-1].key + "\0", at=past)

    assert [item.key for item in page.items + rest.items] == ["/x/a", "/x/b", "/x/c"]
    assert page.more and not rest.more and page.revision == past
    assert {item.value for item in page.items} == {b"old"}
    assert [(item.key, item.value) for item in (await store.range("/x/")).items] == [
        ("/x/a", b"new"),
        ("/x/c", b"old"),
    ]
    with pytest.raises(FutureRevision):
        await store.range("/x/", at=store.revision + 1)


async def test_a_watch_from_the_past_goes_on_into_the_present_without_a_gap(store: Store) -> None:
    start = await put(store, "/w/1", "a")
    await put(store, "/other", "a")
    await store.txn([], [Delete("/w/1")])
    changes = store.watch("/w/", start)

    past = await take(changes, 2)
    for number in range(50):
        await put(store, f"/w/{number}", "b")
    present = await take(changes, 50)

    assert [change.value is None for change in past] == [False, True]
    assert [change.key for change in present] == [f"/w/{number}" for number in range(50)]
    revisions = [change.revision for change in past + present]
    assert revisions == sorted(set(revisions))


async def test_what_is_compacted_can_neither_be_watched_nor_read_but_the_present_stays(store: Store) -> None:
    first = await put(store, "/a", "1")
    await put(store, "/a", "2")
    await put(store, "/b", "1")
    await store.compact(store.revision)

    with pytest.raises(Compacted):
        await anext(store.watch("/", first))
    with pytest.raises(Compacted):
        await store.range("/", at=first)
    await put(store, "/c", "1")
    at_compaction = await store.range("/", at=store.revision - 1)
    assert [(item.key, item.value) for item in at_compaction.items] == [("/a", b"2"), ("/b", b"1")]


async def test_a_watcher_that_does_not_keep_up_is_cut_off(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sqlite, "WATCH_QUEUE", 5)
    changes = store.watch("/", store.revision + 1)
    waiting = asyncio.ensure_future(anext(changes))
    await asyncio.sleep(0.05)
    await store.txn([], [Put(f"/{number}", b"x") for number in range(20)])
    await waiting

    with pytest.raises(WatcherTooSlow):
        await take(changes, 20)


async def test_writers_side_by_side_get_one_revision_each(store: Store) -> None:
    revisions = await asyncio.gather(*(put(store, f"/{number}", "x") for number in range(200)))

    assert len(set(revisions)) == 200 and max(revisions) == store.revision


async def test_what_was_written_is_there_after_a_restart_and_revisions_go_on(opened: Open, tmp_path: Path) -> None:
    first = await opened(tmp_path)
    await put(first, "/a", "1")
    written = await put(first, "/a", "2")
    await first.txn([], [Delete("/b"), Put("/c", b"3")])
    before = first.revision
    await first.close()

    second = await opened(tmp_path)
    found = await second.get("/a")
    revision = second.revision
    after = await put(second, "/d", "4")
    await second.close()

    assert found is not None and (found.value, found.mod_revision, found.version) == (b"2", written, 2)
    assert revision == before and after > before


async def test_a_closed_store_says_so_and_ends_its_watches(opened: Open, tmp_path: Path) -> None:
    store = await opened(tmp_path)
    waiting = asyncio.ensure_future(take(store.watch("/", store.revision + 1), 1))
    await asyncio.sleep(0.05)

    await store.close()
    await store.close()

    with pytest.raises(StoreClosed):
        await waiting
    with pytest.raises(StoreClosed):
        await store.get("/a")
    with pytest.raises(StoreClosed):
        await put(store, "/a", "1")


async def test_a_refused_transaction_among_others_harms_none_of_them(store: Store) -> None:
    revision = await put(store, "/a", "1")
    outcomes = await asyncio.gather(
        *(store.txn([Compare("/a", revision)], [Put("/a", str(number).encode())]) for number in range(20)),
        *(store.txn([], [Put(f"/b/{number}", b"x")]) for number in range(20)),
    )

    assert [outcome.succeeded for outcome in outcomes].count(True) == 21
    assert len((await store.range("/b/")).items) == 20


async def test_compaction_keeps_what_later_watches_and_reads_need(store: Store) -> None:
    await put(store, "/a", "1")
    middle = await put(store, "/a", "2")
    await store.txn([], [Delete("/a")])
    last = await put(store, "/b", "1")
    await store.compact(middle)
    await store.compact(middle)

    changes = await take(store.watch("/", middle + 1), 2)

    assert [(change.key, change.value is None) for change in changes] == [("/a", True), ("/b", False)]
    assert changes[-1].revision == last
    assert [item.value for item in (await store.range("/", at=middle)).items] == [b"2"]
    with pytest.raises(FutureRevision):
        await store.compact(store.revision + 1)
