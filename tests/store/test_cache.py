"""The cache shows what is stored, at once, and encodes each revision of an object once."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from imagestreams.store.cache import WatchCache
from imagestreams.store.kv import Delete, KeyValue, Put
from imagestreams.store.sqlite import SQLiteStore


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[SQLiteStore]:
    opened = SQLiteStore.open(tmp_path)
    yield opened
    await opened.close()


def upper(item: KeyValue) -> tuple[str, bytes]:
    return item.value.decode(), item.value.upper()


async def test_what_was_stored_before_the_start_is_there_in_order(store: SQLiteStore) -> None:
    await store.txn([], [Put("/s/b", b"2"), Put("/s/a", b"1"), Put("/other", b"3")])
    cache = WatchCache(store, "/s/", upper)

    await cache.start()

    assert [entry.key for entry in cache.list("/s/")] == ["/s/a", "/s/b"]
    assert [entry.key for entry in cache.list("/s/", start="/s/a\0")] == ["/s/b"]
    assert len(cache) == 2


async def test_a_write_is_seen_as_soon_as_it_is_answered(store: SQLiteStore) -> None:
    cache = WatchCache(store, "/s/", upper)
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


async def test_writes_during_the_start_are_neither_lost_nor_taken_back(store: SQLiteStore) -> None:
    cache = WatchCache(store, "/s/", upper)
    writes = [store.txn([], [Put(f"/s/{number % 7}", str(number).encode())]) for number in range(200)]

    await asyncio.gather(*writes[:100], cache.start(), *writes[100:])

    stored = {item.key: (item.mod_revision, item.value.decode()) for item in (await store.range("/s/")).items}
    assert {entry.key: (entry.revision, entry.value) for entry in cache.list("/s/")} == stored


async def test_a_revision_is_encoded_once_however_often_it_is_read(store: SQLiteStore) -> None:
    calls = 0

    def counting(item: KeyValue) -> tuple[str, bytes]:
        nonlocal calls
        calls += 1
        return upper(item)

    cache = WatchCache(store, "/s/", counting)
    await cache.start()
    await store.txn([], [Put("/s/a", b"x")])
    for _ in range(10):
        assert [entry.encoded for entry in cache.list("/s/")] == [b"X"]

    assert calls == 1


async def test_a_value_that_cannot_be_decoded_is_reported_and_holds_up_no_writer(store: SQLiteStore) -> None:
    reported: list[str] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: reported.append(context["message"]))
    cache = WatchCache(store, "/s/", upper)
    await cache.start()

    outcome = await asyncio.wait_for(store.txn([], [Put("/s/a", b"\xff"), Put("/s/b", b"x")]), 10)

    assert outcome.succeeded and cache.get("/s/b") is not None
    assert reported == [f"an observer failed at revision {outcome.revision} of /s/a"]


async def test_a_stopped_cache_follows_no_longer(store: SQLiteStore) -> None:
    cache = WatchCache(store, "/s/", upper)
    await cache.start()

    cache.stop()
    await store.txn([], [Put("/s/a", b"x")])

    assert cache.get("/s/a") is None
