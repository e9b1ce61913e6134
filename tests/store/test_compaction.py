"""The log of writes is kept short: by age, by number and by size."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from imagestreams.store.compaction import Compaction, CompactionPolicy
from imagestreams.store.kv import Compacted, Put
from imagestreams.store.sqlite import SQLiteStore


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[SQLiteStore]:
    opened = SQLiteStore.open(tmp_path)
    yield opened
    await opened.close()


class Clock:
    def __init__(self) -> None:
        self.now_s = 0.0

    def __call__(self) -> float:
        return self.now_s


async def write(store: SQLiteStore, times: int, value: bytes = b"x") -> int:
    for _ in range(times):
        await store.txn([], [Put("/a", value)])
    return store.revision


def rows(directory: Path) -> int:
    with sqlite3.connect(directory / "store.db") as db:
        return int(db.execute("SELECT count(*) FROM log").fetchone()[0])


async def test_what_is_older_than_the_policy_keeps_is_forgotten(store: SQLiteStore, tmp_path: Path) -> None:
    clock = Clock()
    compaction = Compaction(store, clock, CompactionPolicy(age_s=100))
    old = await write(store, 10)

    assert await compaction.step() == 0
    clock.now_s = 60
    middle = await write(store, 10)
    assert await compaction.step() == 0
    clock.now_s = 100
    assert await compaction.step() == old

    with pytest.raises(Compacted):
        await store.range("/", at=old - 1)
    assert (await store.range("/", at=old)).items[0].mod_revision == old
    assert rows(tmp_path) == 11
    clock.now_s = 159
    assert await compaction.step() == 0
    clock.now_s = 160
    assert await compaction.step() == middle
    assert rows(tmp_path) == 1


async def test_more_rows_than_the_policy_keeps_are_forgotten_at_once(store: SQLiteStore, tmp_path: Path) -> None:
    compaction = Compaction(store, Clock(), CompactionPolicy(rows=5))
    last = await write(store, 50)

    assert await compaction.step() == last - 5
    assert rows(tmp_path) == 6
    page = await store.range("/", at=last - 5)
    assert page.items[0].mod_revision == last - 5


async def test_a_larger_log_than_the_policy_keeps_is_cut(store: SQLiteStore, tmp_path: Path) -> None:
    compaction = Compaction(store, Clock(), CompactionPolicy(size_bytes=10_000))
    last = await write(store, 50, b"x" * 1000)

    assert await compaction.step() == last - 9
    assert rows(tmp_path) == 10


async def test_a_log_that_never_grew_is_left_alone(store: SQLiteStore) -> None:
    clock = Clock()
    compaction = Compaction(store, clock, CompactionPolicy(age_s=100))
    await write(store, 3)
    await compaction.step()
    clock.now_s = 1000

    assert await compaction.step() > 0
    clock.now_s = 2000
    assert await compaction.step() == 0


async def test_the_background_task_ends_when_told_or_when_the_store_is_closed(tmp_path: Path) -> None:
    opened = SQLiteStore.open(tmp_path / "other")
    told = Compaction(opened, Clock())
    running = asyncio.ensure_future(told.run())
    await asyncio.sleep(0)
    told.stop()
    await asyncio.wait_for(running, 10)

    await opened.close()
    await asyncio.wait_for(Compaction(opened, Clock()).run(), 10)
