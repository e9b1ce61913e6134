"""The cache shows what is stored, at once, and encodes each revision of an object once."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from imagestreams.store import history as history_module
from imagestreams.store.cache import CacheEvent, WatchCache
from imagestreams.store.kv import Compacted, Delete, FutureRevision, KeyValue, Put, StoreClosed
from imagestreams.store.sqlite import SQLiteStore


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[SQLiteStore]:
    opened = SQLiteStore.open(tmp_path)
    yield opened
    await opened.close()


class Upper:
    """Objects are text, their JSON stands in as the same text in capitals."""

    def __init__(self) -> None:
        self.calls = 0

    def decode(self, item: KeyValue) -> tuple[str, bytes]:
        self.calls += 1
        return item.value.decode(), item.value.upper()

    def removed(self, value: str, revision: int) -> tuple[str, bytes]:
        return value, f"{value.upper()} until {revision}".encode()

    def again(self, value: str) -> tuple[str, bytes]:
        return value, f"{value.upper()} again".encode()


async def take(events: AsyncIterator[CacheEvent[str]], count: int) -> list[CacheEvent[str]]:
    return [await asyncio.wait_for(anext(events), 10) for _ in range(count)]


async def test_what_was_stored_before_the_start_is_there_in_order(store: SQLiteStore) -> None:
    await store.txn([], [Put("/s/b", b"2"), Put("/s/a", b"1"), Put("/other", b"3")])
    cache = WatchCache(store, "/s/", Upper())

    await cache.start()

    assert [entry.key for entry in cache.list("/s/")] == ["/s/a", "/s/b"]
    assert [entry.key for entry in cache.list("/s/", start="/s/a\0")] == ["/s/b"]
    assert len(cache) == 2


async def test_a_write_is_seen_as_soon_as_it_is_answered(store: SQLiteStore) -> None:
    cache = WatchCache(store, "/s/", Upper())
    await cache.start()

    for number in range(50):
        outcome = await store.txn([], [Put("/s/a", f"v{number}".encode())])
        entry = cache.get("/s/a")
        assert entry is not None
        assert (entry.revision, entry.value, entry.encoded) == (
            outcome.revision,
            f"v{number}",
            f"V{number}".encode(),
        )

    await store.txn([], [Delete("/s/a")])
    assert cache.get("/s/a") is None and list(cache.list("/s/")) == []


async def test_a_write_that_is_read_before_it_is_announced_can_be_followed_from(store: SQLiteStore) -> None:
    outcome = await store.txn([], [Put("/s/a", b"1")])
    # As if its announcement, which comes from the writer's thread, were still under way.
    store._revision = outcome.revision - 1
    cache = WatchCache(store, "/s/", Upper())

    await cache.start()

    assert cache.revision == outcome.revision
    with cache.subscribe("/s/", cache.revision):
        assert [entry.value for entry in cache.list("/s/")] == ["1"]


async def test_writes_during_the_start_are_neither_lost_nor_taken_back(store: SQLiteStore) -> None:
    cache = WatchCache(store, "/s/", Upper())
    writes = [store.txn([], [Put(f"/s/{number % 7}", str(number).encode())]) for number in range(200)]

    await asyncio.gather(*writes[:100], cache.start(), *writes[100:])

    stored = {item.key: (item.mod_revision, item.value.decode()) for item in (await store.range("/s/")).items}
    assert {entry.key: (entry.revision, entry.value) for entry in cache.list("/s/")} == stored


async def test_a_revision_is_encoded_once_however_often_it_is_read(store: SQLiteStore) -> None:
    codec = Upper()
    cache = WatchCache(store, "/s/", codec)
    await cache.start()
    await store.txn([], [Put("/s/a", b"x")])
    for _ in range(10):
        assert [entry.encoded for entry in cache.list("/s/")] == [b"X"]

    assert codec.calls == 1


async def test_a_watch_gets_what_was_before_and_what_is_now(store: SQLiteStore) -> None:
    cache = WatchCache(store, "/s/", Upper())
    await cache.start()
    events = cache.watch("/s/", cache.revision)
    await store.txn([], [Put("/s/a", b"1")])
    first = asyncio.ensure_future(take(events, 3))
    await store.txn([], [Put("/s/a", b"2"), Put("/other", b"x")])
    gone = await store.txn([], [Delete("/s/a")])

    seen = [(event.old and event.old.value, event.new and event.new.value) for event in await first]

    assert seen == [(None, "1"), ("1", "2"), ("2", None)]
    last = await take(cache.watch("/s/", gone.revision - 1), 1)
    assert last[0].removed is not None and last[0].removed.encoded == f"2 until {gone.revision}".encode()


async def test_a_list_can_be_read_as_it_was(store: SQLiteStore) -> None:
    cache = WatchCache(store, "/s/", Upper())
    await cache.start()
    await store.txn([], [Put("/s/a", b"1"), Put("/s/b", b"1")])
    past = cache.revision
    await store.txn([], [Put("/s/a", b"2"), Delete("/s/b"), Put("/s/c", b"2")])
    await store.txn([], [Put("/s/a", b"3")])

    assert [(e.key, e.value) for e in cache.list_at(past, "/s/")] == [("/s/a", "1"), ("/s/b", "1")]
    assert [e.key for e in cache.list_at(past, "/s/", start="/s/b")] == ["/s/b"]
    assert [(e.key, e.value) for e in cache.list_at(cache.revision, "/s/")] == [("/s/a", "3"), ("/s/c", "2")]
    with pytest.raises(FutureRevision):
        cache.list_at(cache.revision + 1, "/s/")


async def test_what_is_no_longer_kept_is_said_to_be_too_old(
    store: SQLiteStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(history_module, "HISTORY_EVENTS", 3)
    cache = WatchCache(store, "/s/", Upper())
    await cache.start()
    start = cache.revision
    for number in range(5):
        await store.txn([], [Put("/s/a", str(number).encode())])

    with pytest.raises(Compacted, match=f"too old resource version: {start} "):
        await anext(cache.watch("/s/", start))
    with pytest.raises(Compacted):
        cache.list_at(start, "/s/")
    kept = await take(cache.watch("/s/", cache.revision - 3), 3)
    assert [event.new and event.new.value for event in kept] == ["2", "3", "4"]


async def test_a_stopped_cache_ends_its_watches(store: SQLiteStore) -> None:
    cache = WatchCache(store, "/s/", Upper())
    await cache.start()
    waiting = asyncio.ensure_future(anext(cache.watch("/s/", cache.revision)))
    await asyncio.sleep(0)

    cache.stop()

    with pytest.raises(StoreClosed):
        await waiting


async def test_a_value_that_cannot_be_decoded_is_reported_and_holds_up_no_writer(store: SQLiteStore) -> None:
    reported: list[str] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: reported.append(context["message"]))
    cache = WatchCache(store, "/s/", Upper())
    await cache.start()

    outcome = await asyncio.wait_for(store.txn([], [Put("/s/a", b"\xff"), Put("/s/b", b"x")]), 10)

    assert outcome.succeeded and cache.get("/s/b") is not None
    assert reported == [f"an observer failed at revision {outcome.revision} of /s/a"]


async def test_a_stopped_cache_follows_no_longer(store: SQLiteStore) -> None:
    cache = WatchCache(store, "/s/", Upper())
    await cache.start()

    cache.stop()
    await store.txn([], [Put("/s/a", b"x")])

    assert cache.get("/s/a") is None


async def test_what_is_served_is_made_anew_and_watches_begin_anew(store: SQLiteStore) -> None:
    cache = WatchCache(store, "/s/", Upper())
    await cache.start()
    await store.txn([], [Put("/s/a", b"v")])
    before = cache.get("/s/a")
    watch = cache.watch("/s/", cache.revision)
    waiting = asyncio.ensure_future(anext(watch))
    await asyncio.sleep(0)

    cache.serve_again()

    after = cache.get("/s/a")
    assert before is not None and after is not None
    assert (after.revision, after.value, after.encoded) == (before.revision, "v", b"V again")
    with pytest.raises(Compacted):
        await asyncio.wait_for(waiting, 10)
    with pytest.raises(Compacted):
        await anext(cache.watch("/s/", cache.revision - 1))
    await store.txn([], [Put("/s/b", b"w")])
    assert [event.key for event in await take(cache.watch("/s/", after.revision), 1)] == ["/s/b"]


async def test_observers_see_a_change_before_its_writer_is_answered(store: SQLiteStore) -> None:
    cache, seen = WatchCache(store, "/s/", Upper()), []
    await cache.start()
    cache.observe(lambda: seen.append(len(cache)))

    await store.txn([], [Put("/s/a", b"v")])
    await store.txn([], [Delete("/s/a")])

    assert seen == [1, 0]
