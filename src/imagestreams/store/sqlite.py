"""The embedded store: one SQLite file in one data directory, used by one process.

One thread writes. Whatever waits when it is free goes into one transaction with one flush to disk (group commit), and
only then is anybody told: acknowledged means on disk. The table `log` holds every write since the last compaction and
serves watches and reads in the past; `kv` holds the present.
"""

import asyncio
import fcntl
import os
import queue
import sqlite3
import threading
from collections.abc import AsyncIterator, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final, TypeVar

from imagestreams.store.history import HistoryBudget
from imagestreams.store.kv import (
    Change,
    Compacted,
    Compare,
    Delete,
    FutureRevision,
    KeyValue,
    Outcome,
    Page,
    Put,
    StoreClosed,
    StoreLocked,
    WatcherTooSlow,
)

T = TypeVar("T")

WATCH_QUEUE: Final = 10_000
GROUP_MAX: Final = 512

_SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS kv (
    key TEXT PRIMARY KEY, value BLOB NOT NULL,
    create_revision INTEGER NOT NULL, mod_revision INTEGER NOT NULL, version INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS log (
    revision INTEGER NOT NULL, key TEXT NOT NULL, value BLOB,
    create_revision INTEGER NOT NULL, version INTEGER NOT NULL,
    PRIMARY KEY (revision, key)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS log_by_key ON log (key, revision);
CREATE TABLE IF NOT EXISTS state (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
INSERT OR IGNORE INTO state VALUES ('revision', 1), ('compacted', 0);
"""
_AT_REVISION: Final = """
SELECT l.key, l.value, l.create_revision, l.revision, l.version FROM log AS l
WHERE l.key >= ? AND l.key < ? AND l.value IS NOT NULL
  AND l.revision = (SELECT max(revision) FROM log WHERE key = l.key AND revision <= ?)
ORDER BY l.key LIMIT ?
"""
_NOW: Final = """
SELECT key, value, create_revision, mod_revision, version FROM kv WHERE key >= ? AND key < ? ORDER BY key LIMIT ?
"""
_SINCE: Final = """
SELECT revision, key, value, create_revision, version FROM log
WHERE revision >= ? AND key >= ? AND key < ? ORDER BY revision, key
"""
_COMPACT: Final = """
DELETE FROM log WHERE revision <= :at AND (
    value IS NULL OR EXISTS (
        SELECT 1 FROM log AS newer
        WHERE newer.key = log.key AND newer.revision > log.revision AND newer.revision <= :at))
"""

_Write = tuple[Callable[[sqlite3.Connection], tuple[object, list[Change]]], "asyncio.Future[object]"]


class _Watcher:
    """The live events of one watch, until it is full."""

    def __init__(self, prefix: str) -> None:
        self.prefix = prefix
        self.events: asyncio.Queue[Change | Exception] = asyncio.Queue()
        self.cut_off = False

    def offer(self, changes: list[Change]) -> None:
        for change in changes:
            if self.cut_off or not change.key.startswith(self.prefix):
                continue
            if self.events.qsize() >= WATCH_QUEUE:
                self.end(WatcherTooSlow(f"a watch of {self.prefix} is {WATCH_QUEUE} events behind"))
            else:
                self.events.put_nowait(change)

    def end(self, reason: Exception) -> None:
        self.cut_off = True
        self.events.put_nowait(reason)


class SQLiteStore:
    """A `Store` in one directory; made by `open`."""

    def __init__(self, directory: Path, lock: int) -> None:
        self.history_budget = HistoryBudget()
        self._path = directory / "store.db"
        self._lock = lock
        self._loop = asyncio.get_running_loop()
        self._queue: queue.SimpleQueue[_Write | None] = queue.SimpleQueue()
        self._watchers: set[_Watcher] = set()
        self._observers: list[tuple[str, Callable[[Change], None]]] = []
        self._closed = False
        writer = self._connect()
        writer.executescript(_SCHEMA)
        self._revision, _ = _state(writer)
        self._reader = self._connect()
        self._readers = ThreadPoolExecutor(1, "store-read")
        self._writer = threading.Thread(target=self._write_loop, args=(writer,), name="store-write", daemon=True)
        self._writer.start()

    @classmethod
    def open(cls, directory: Path) -> "SQLiteStore":
        """Open, or make, the store in a directory.

        Raises:
            StoreLocked: another process has it open.
        """
        directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        lock = os.open(directory / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(lock)
            raise StoreLocked(f"the data directory {directory} is in use by another process") from None
        return cls(directory, lock)

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self._path, isolation_level=None, check_same_thread=False)
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        return connection

    @property
    def revision(self) -> int:
        return self._revision

    async def get(self, key: str) -> KeyValue | None:
        query = "SELECT key, value, create_revision, mod_revision, version FROM kv WHERE key = ?"
        row = await self._read(lambda db: db.execute(query, (key,)).fetchone())
        return None if row is None else KeyValue(*row)

    async def range(self, prefix: str, *, start: str = "", limit: int = 0, at: int = 0) -> Page:
        low, high = max(prefix, start), _after(prefix)
        fetch = limit + 1 if limit > 0 else -1

        def read(db: sqlite3.Connection) -> tuple[list[KeyValue], int]:
            db.execute("BEGIN")
            try:
                current, compacted = _state(db)
                if at > current:
                    raise FutureRevision(f"revision {at} is not written yet, the current one is {current}")
                if at and at < compacted:
                    raise Compacted(f"revision {at} is compacted, the oldest one is {compacted}")
                rows = db.execute(_AT_REVISION, (low, high, at, fetch)) if at else db.execute(_NOW, (low, high, fetch))
                return [KeyValue(*row) for row in rows], at or current
            finally:
                db.execute("COMMIT")

        items, revision = await self._read(read)
        more = 0 < limit < len(items)
        return Page(items[:limit] if more else items, revision, more)

    async def txn(self, compares: Sequence[Compare], changes: Sequence[Put | Delete]) -> Outcome:
        def write(db: sqlite3.Connection) -> tuple[Outcome, list[Change]]:
            revision, _ = _state(db)
            query = "SELECT mod_revision FROM kv WHERE key = ?"
            for compare in compares:
                found = db.execute(query, (compare.key,)).fetchone()
                if (found[0] if found else 0) != compare.mod_revision:
                    return Outcome(False, revision), []
            done = [change for one in changes if (change := _apply(db, revision + 1, one)) is not None]
            if not done:
                return Outcome(True, revision), []
            db.execute("UPDATE state SET value = ? WHERE name = 'revision'", (revision + 1,))
            return Outcome(True, revision + 1), done

        outcome = await self._write(write)
        assert isinstance(outcome, Outcome)
        return outcome

    async def watch(self, prefix: str, from_revision: int) -> AsyncIterator[Change]:
        watcher = _Watcher(prefix)
        self._watchers.add(watcher)
        try:
            seen = 0
            for change in await self._read(lambda db: _since(db, prefix, from_revision)):
                seen = change.revision
                yield change
            while True:
                event = await watcher.events.get()
                if isinstance(event, Exception):
                    raise event
                if event.revision > seen and event.revision >= from_revision:
                    yield event
        finally:
            self._watchers.discard(watcher)

    def observe(self, prefix: str, observer: Callable[[Change], None]) -> Callable[[], None]:
        """Call `observer` with each change under a prefix before its writer is answered; return how to stop."""
        entry = (prefix, observer)
        self._observers.append(entry)
        return lambda: self._observers.remove(entry)

    async def compact(self, revision: int) -> None:
        def write(db: sqlite3.Connection) -> tuple[None, list[Change]]:
            current, compacted = _state(db)
            if revision > current:
                raise FutureRevision(f"revision {revision} is not written yet, the current one is {current}")
            if revision > compacted:
                db.execute(_COMPACT, {"at": revision})
                db.execute("UPDATE state SET value = ? WHERE name = 'compacted'", (revision,))
            return None, []

        await self._write(write)

    async def log_start(self, rows: int, size_bytes: int) -> int:
        """Return the newest revision behind the last `rows` rows or `size_bytes` bytes of the log, 0 if all fit."""

        def read(db: sqlite3.Connection) -> int:
            sizes = db.execute(
                "SELECT revision, ifnull(length(value), 0) + length(key) FROM log ORDER BY revision DESC"
            )
            left_rows, left_bytes = rows, size_bytes
            for revision, size in sizes:
                left_rows, left_bytes = left_rows - 1, left_bytes - size
                if left_rows < 0 or left_bytes < 0:
                    return int(revision)
            return 0

        return await self._read(read)

    async def close(self) -> None:
        if self._closed:
            return
        self._closed = True
        self._queue.put(None)
        await asyncio.to_thread(self._writer.join)
        for watcher in self._watchers:
            watcher.end(StoreClosed("the store is closed"))
        self._readers.shutdown()
        self._reader.close()
        os.close(self._lock)

    async def _read(self, action: Callable[[sqlite3.Connection], T]) -> T:
        if self._closed:
            raise StoreClosed("the store is closed")
        return await self._loop.run_in_executor(self._readers, action, self._reader)

    async def _write(self, action: Callable[[sqlite3.Connection], tuple[object, list[Change]]]) -> object:
        if self._closed:
            raise StoreClosed("the store is closed")
        future: asyncio.Future[object] = self._loop.create_future()
        self._queue.put((action, future))
        return await asyncio.shield(future)

    def _write_loop(self, db: sqlite3.Connection) -> None:
        ending = False
        while not ending:
            first = self._queue.get()
            group = [first]
            while len(group) < GROUP_MAX and not self._queue.empty():
                group.append(self._queue.get())
            ending = None in group
            self._commit(db, [write for write in group if write is not None])
        db.close()

    def _commit(self, db: sqlite3.Connection, group: list[_Write]) -> None:
        results: list[tuple[asyncio.Future[object], object]] = []
        changes: list[Change] = []
        try:
            db.execute("BEGIN IMMEDIATE")
            for action, future in group:
                db.execute("SAVEPOINT one")
                try:
                    result, done = action(db)
                except Exception as error:
                    db.execute("ROLLBACK TO one")
                    results.append((future, error))
                else:
                    results.append((future, result))
                    changes += done
                db.execute("RELEASE one")
            revision, _ = _state(db)
            db.execute("COMMIT")
        except sqlite3.Error as error:
            # The disk is full or broken: nothing of the group is stored, and everybody in it is told.
            if db.in_transaction:
                db.execute("ROLLBACK")
            failed = [(future, error) for _, future in group]
            self._loop.call_soon_threadsafe(self._announce, failed, [], self._revision)
        else:
            self._loop.call_soon_threadsafe(self._announce, results, changes, revision)

    def _tell(self, observer: Callable[[Change], None], change: Change) -> None:
        try:
            observer(change)
        except Exception as error:
            # The write is on disk whatever an observer makes of it, so its writer must still be answered.
            message = f"an observer failed at revision {change.revision} of {change.key}"
            self._loop.call_exception_handler({"message": message, "exception": error})

    def _announce(
        self, results: Sequence[tuple["asyncio.Future[object]", object]], changes: list[Change], revision: int
    ) -> None:
        self._revision = revision
        for prefix, observer in self._observers if changes else ():
            for change in changes:
                if change.key.startswith(prefix):
                    self._tell(observer, change)
        if changes:
            for watcher in self._watchers:
                watcher.offer(changes)
        for future, result in results:
            if future.cancelled():
                continue
            if isinstance(result, Exception):
                future.set_exception(result)
            else:
                future.set_result(result)


def _state(db: sqlite3.Connection) -> tuple[int, int]:
    values = dict(db.execute("SELECT name, value FROM state"))
    return values["revision"], values["compacted"]


def _apply(db: sqlite3.Connection, revision: int, change: Put | Delete) -> Change | None:
    found = db.execute("SELECT create_revision, version FROM kv WHERE key = ?", (change.key,)).fetchone()
    log = "INSERT OR REPLACE INTO log VALUES (?, ?, ?, ?, ?)"
    if isinstance(change, Delete):
        if found is None:
            return None
        db.execute("DELETE FROM kv WHERE key = ?", (change.key,))
        db.execute(log, (revision, change.key, None, found[0], 0))
        return Change(revision, change.key, None)
    created, version = (found[0], found[1] + 1) if found else (revision, 1)
    db.execute(
        "INSERT OR REPLACE INTO kv VALUES (?, ?, ?, ?, ?)", (change.key, change.value, created, revision, version)
    )
    db.execute(log, (revision, change.key, change.value, created, version))
    return Change(revision, change.key, KeyValue(change.key, change.value, created, revision, version))


def _since(db: sqlite3.Connection, prefix: str, from_revision: int) -> list[Change]:
    _, compacted = _state(db)
    if from_revision <= compacted:
        raise Compacted(f"revision {from_revision} is compacted, the oldest one is {compacted + 1}")
    rows = db.execute(_SINCE, (from_revision, prefix, _after(prefix)))
    return [
        Change(revision, key, None if value is None else KeyValue(key, value, created, revision, version))
        for revision, key, value, created, version in rows
    ]


def _after(prefix: str) -> str:
    """Return the first key behind all that begin with the prefix."""
    return prefix + "\U0010ffff"
