"""Every object under a prefix in memory: decoded, and encoded once per revision.

This is what makes reads cheap: a GET sends the entry's bytes, a LIST joins them, and all watchers get the same ones.
The cache is told of changes before the writer is, so a read is never older than a write that was answered.
"""

import asyncio
from bisect import bisect_left
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from imagestreams.store.kv import Change, KeyValue, Store

T = TypeVar("T")


class ObservableStore(Store, Protocol):
    """A store that calls back in the commit path."""

    def observe(self, prefix: str, observer: Callable[[Change], None]) -> Callable[[], None]:
        """Call `observer` with each change under a prefix before its writer is answered; return how to stop."""


@dataclass(frozen=True, slots=True)
class Entry(Generic[T]):
    """One stored object: as a value, and as the JSON that is served."""

    key: str
    revision: int
    value: T
    encoded: bytes


class WatchCache(Generic[T]):
    """All objects under a prefix, in the order of their keys."""

    def __init__(self, store: ObservableStore, prefix: str, decode: Callable[[KeyValue], tuple[T, bytes]]) -> None:
        """`decode` turns a stored value into the object and its JSON; it is called once per revision."""
        self._store = store
        self._prefix = prefix
        self._decode = decode
        self._entries: dict[str, Entry[T]] = {}
        self._keys: list[str] = []
        self._waiting: list[Change] | None = []
        self._stop: Callable[[], None] | None = None
        self._starting = asyncio.Lock()

    async def start(self) -> None:
        """Load what is stored and follow it from there; a second call does nothing."""
        async with self._starting:
            if self._stop is not None:
                return
            self._entries.clear()
            self._keys.clear()
            self._waiting = []
            self._stop = self._store.observe(self._prefix, self._observe)
            page = await self._store.range(self._prefix)
            for item in page.items:
                self._set(item)
            # What was committed while the page was read came in here too; the page may hold it already.
            waiting, self._waiting = self._waiting, None
            for change in waiting:
                if change.revision > page.revision:
                    self._apply(change)

    def stop(self) -> None:
        """Follow the store no longer."""
        if self._stop is not None:
            self._stop()
            self._stop = None

    def get(self, key: str) -> Entry[T] | None:
        """Return the current entry of a key."""
        return self._entries.get(key)

    def list(self, prefix: str, start: str = "") -> Iterator[Entry[T]]:
        """Yield the entries whose keys begin with `prefix`, from key `start` on, in the order of their keys."""
        for position in range(bisect_left(self._keys, max(prefix, start)), len(self._keys)):
            key = self._keys[position]
            if not key.startswith(prefix):
                return
            yield self._entries[key]

    def __len__(self) -> int:
        return len(self._entries)

    def _observe(self, change: Change) -> None:
        if self._waiting is not None:
            self._waiting.append(change)
        else:
            self._apply(change)

    def _apply(self, change: Change) -> None:
        if change.value is not None:
            self._set(change.value)
        elif self._entries.pop(change.key, None) is not None:
            del self._keys[bisect_left(self._keys, change.key)]

    def _set(self, item: KeyValue) -> None:
        if item.key not in self._entries:
            self._keys.insert(bisect_left(self._keys, item.key), item.key)
        value, encoded = self._decode(item)
        self._entries[item.key] = Entry(item.key, item.mod_revision, value, encoded)
