"""What the embedded store promises beyond the contract of all stores: one process, and nothing lost by a kill."""

import asyncio
import random
import signal
import sqlite3
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from imagestreams.store.kv import Put, StoreLocked
from imagestreams.store.sqlite import SQLiteStore


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[SQLiteStore]:
    opened = SQLiteStore.open(tmp_path)
    yield opened
    await opened.close()


async def test_a_second_process_is_told_that_the_directory_is_in_use(store: SQLiteStore, tmp_path: Path) -> None:
    with pytest.raises(StoreLocked, match="is in use by another process"):
        SQLiteStore.open(tmp_path)


WRITER = """
import asyncio, sys
from pathlib import Path
from imagestreams.store.kv import Delete, Put
from imagestreams.store.sqlite import SQLiteStore

# Each write is a pair of keys under one revision; every seventh is taken back, and the log is compacted on the way.
async def main():
    store = SQLiteStore.open(Path(sys.argv[1]))
    print("start", store.revision, flush=True)

    async def write(worker):
        number = 0
        while True:
            key = f"/{sys.argv[2]}/{worker}/{number}"
            outcome = await store.txn([], [Put(key, key.encode()), Put(key + "/twin", key.encode())])
            sys.stdout.write(f"put {outcome.revision} {key}\\n")
            if number % 7 == 6:
                outcome = await store.txn([], [Delete(key), Delete(key + "/twin")])
                sys.stdout.write(f"delete {outcome.revision} {key}\\n")
            if number % 20 == 19:
                await store.compact(store.revision)
            sys.stdout.flush()
            number += 1

    await asyncio.gather(*(write(worker) for worker in range(4)))

asyncio.run(main())
"""

ROUNDS = 25


async def test_after_many_kills_every_acknowledged_write_is_there_and_revisions_only_rose(tmp_path: Path) -> None:
    acknowledged, attempted_deletes = await asyncio.to_thread(write_and_kill, tmp_path)

    store = SQLiteStore.open(tmp_path)
    stored = {item.key: item for item in (await store.range("/")).items}
    after = (await store.txn([], [Put("/after", b"x")])).revision
    await store.close()

    assert sum(revision is not None for revision in acknowledged.values()) > ROUNDS * 5
    for key, revision in acknowledged.items():
        if revision is None:
            assert key not in stored and key + "/twin" not in stored
        elif key not in attempted_deletes:
            assert stored[key].mod_revision == revision
    for key, item in stored.items():
        # A transaction is there as a whole or not at all.
        other = key.removesuffix("/twin") if key.endswith("/twin") else key + "/twin"
        assert stored[other].mod_revision == item.mod_revision
    assert after > max(item.mod_revision for item in stored.values())
    with sqlite3.connect(tmp_path / "store.db") as db:
        assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)


def write_and_kill(directory: Path) -> tuple[dict[str, int | None], set[str]]:
    """Let processes write and kill each at some point.

    Return what they were told: the revision of each key, `None` for one that was deleted; and the keys whose deletion
    may have been under way.
    """
    chance = random.Random(20261124)
    acknowledged: dict[str, int | None] = {}
    deleting: set[str] = set()
    highest = 0
    for number in range(ROUNDS):
        process = subprocess.Popen(
            [sys.executable, "-c", WRITER, str(directory), str(number)], stdout=subprocess.PIPE, text=True
        )
        assert process.stdout is not None
        lines = [process.stdout.readline() for _ in range(chance.randrange(1, 80))]
        process.send_signal(signal.SIGKILL)
        lines += process.stdout.readlines()
        process.wait()
        before = highest
        for line in lines:
            words = line.split()
            if not line.endswith("\n") or len(words) < 2:
                continue
            revision = int(words[1])
            assert revision >= before, "a revision was given twice"
            highest = max(highest, revision)
            if words[0] == "put":
                assert revision > before
                acknowledged[words[2]] = revision
                if int(words[2].rpartition("/")[2]) % 7 == 6:
                    deleting.add(words[2])
            elif words[0] == "delete":
                acknowledged[words[2]] = None
    return acknowledged, deleting
