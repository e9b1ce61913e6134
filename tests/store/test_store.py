"""What every store promises, shown on the embedded one."""

import asyncio
import random
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
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
    StoreLocked,
    WatcherTooSlow,
)
from imagestreams.store.sqlite import SQLiteStore


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[SQLiteStore]:
    opened = SQLiteStore.open(tmp_path)
    yield opened
    await opened.close()


async def put(store: SQLiteStore, key: str, value: str) -> int:
    return (await store.txn([], [Put(key, value.encode())])).revision


async def take(changes: AsyncIterator[Change], count: int) -> list[Change]:
    return [await asyncio.wait_for(anext(changes), 10) for _ in range(count)]


async def test_a_value_knows_when_it_was_created_and_written_and_how_often(store: SQLiteStore) -> None:
    first = await put(store, "/a", "1")
    second = await put(store, "/a", "2")

    found = await store.get("/a")

    assert found is not None and second > first
    assert (found.value, found.create_revision, found.mod_revision, found.version) == (b"2", first, second, 2)
    assert await store.get("/none") is None


async def test_a_condition_that_does_not_hold_changes_nothing(store: SQLiteStore) -> None:
    revision = await put(store, "/a", "1")

    refused = await store.txn([Compare("/a", revision - 1)], [Put("/a", b"2"), Put("/b", b"3")])

    assert not refused.succeeded and refused.revision == revision == store.revision
    assert await store.get("/b") is None
    assert (await store.txn([Compare("/b", 0)], [Put("/b", b"3")])).succeeded
    assert not (await store.txn([Compare("/b", 0)], [Put("/b", b"4")])).succeeded


async def test_all_changes_of_a_transaction_have_one_revision(store: SQLiteStore) -> None:
    outcome = await store.txn([], [Put("/a", b"1"), Put("/b", b"2")])

    page = await store.range("/")

    assert {item.mod_revision for item in page.items} == {outcome.revision}


async def test_removing_what_is_not_there_is_no_change(store: SQLiteStore) -> None:
    before = store.revision

    assert (await store.txn([], [Delete("/none")])).revision == before


async def test_a_range_is_ordered_paged_and_can_look_into_the_past(store: SQLiteStore) -> None:
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


async def test_a_watch_from_the_past_goes_on_into_the_present_without_a_gap(store: SQLiteStore) -> None:
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


async def test_what_is_compacted_can_neither_be_watched_nor_read_but_the_present_stays(store: SQLiteStore) -> None:
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


async def test_a_watcher_that_does_not_keep_up_is_cut_off(store: SQLiteStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sqlite, "WATCH_QUEUE", 5)
    changes = store.watch("/", store.revision + 1)
    waiting = asyncio.ensure_future(anext(changes))
    await asyncio.sleep(0.05)
    await store.txn([], [Put(f"/{number}", b"x") for number in range(20)])
    await waiting

    with pytest.raises(WatcherTooSlow):
        await take(changes, 20)


async def test_writers_side_by_side_get_one_revision_each(store: SQLiteStore) -> None:
    revisions = await asyncio.gather(*(put(store, f"/{number}", "x") for number in range(200)))

    assert len(set(revisions)) == 200 and max(revisions) == store.revision


async def test_a_second_process_is_told_that_the_directory_is_in_use(store: SQLiteStore, tmp_path: Path) -> None:
    with pytest.raises(StoreLocked, match="is in use by another process"):
        SQLiteStore.open(tmp_path)


WRITER = """
import asyncio, sys
from pathlib import Path
from imagestreams.store.kv import Put
from imagestreams.store.sqlite import SQLiteStore

async def main():
    store = SQLiteStore.open(Path(sys.argv[1]))
    async def write(worker):
        number = 0
        while True:
            key = f"/{sys.argv[2]}/{worker}/{number}"
            outcome = await store.txn([], [Put(key, key.encode())])
            sys.stdout.write(f"{outcome.revision} {key}\\n")
            sys.stdout.flush()
            number += 1
    await asyncio.gather(*(write(worker) for worker in range(4)))

asyncio.run(main())
"""


async def test_after_a_kill_every_acknowledged_write_is_there_and_revisions_go_on_rising(tmp_path: Path) -> None:
    acknowledged = await asyncio.to_thread(write_and_kill, tmp_path, 8)

    store = SQLiteStore.open(tmp_path)
    stored = {item.key: item for item in (await store.range("/")).items}
    after = await put(store, "/after", "x")
    await store.close()

    assert len(acknowledged) > 20
    assert {key: stored[key].mod_revision for key in acknowledged} == acknowledged
    assert after > max(acknowledged.values())


def write_and_kill(directory: Path, rounds: int) -> dict[str, int]:
    """Let processes write and kill each at some point; return what they were told is stored."""
    chance = random.Random(20261124)
    acknowledged: dict[str, int] = {}
    for number in range(rounds):
        process = subprocess.Popen(
            [sys.executable, "-c", WRITER, str(directory), str(number)], stdout=subprocess.PIPE, text=True
        )
        assert process.stdout is not None
        lines = [process.stdout.readline() for _ in range(chance.randrange(1, 60))]
        process.send_signal(signal.SIGKILL)
        lines += process.stdout.readlines()
        process.wait()
        highest = max(acknowledged.values(), default=0)
        for line in lines:
            if line.endswith("\n") and line.strip():
                revision, key = line.split()
                assert int(revision) > highest
                acknowledged[key] = int(revision)
    return acknowledged
