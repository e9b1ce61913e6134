"""The store's protocol: values, conditions, changes and errors."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Protocol


class StoreError(Exception):
    """Anything that a store can't do."""


class Compacted(StoreError):
    """The revision asked for is no longer kept; start again from the present."""


class FutureRevision(StoreError):
    """The revision asked for has not been written yet."""


class StoreLocked(StoreError):
    """Another process uses the data directory."""


class WatcherTooSlow(StoreError):
    """A watcher did not take its events in time and was cut off; start again from the present."""


class StoreClosed(StoreError):
    """The store was closed while the operation waited."""


@dataclass(frozen=True, slots=True)
class KeyValue:
    """A stored value; `version` counts the writes since the key was created."""

    key: str
    value: bytes
    create_revision: int
    mod_revision: int
    version: int


@dataclass(frozen=True, slots=True)
class Compare:
    """Holds when the key was last written at this revision; 0: the key is not there."""

    key: str
    mod_revision: int


@dataclass(frozen=True, slots=True)
class Put:
    """Write a value."""

    key: str
    value: bytes


@dataclass(frozen=True, slots=True)
class Delete:
    """Remove a key; one that is not there is no error and no change."""

    key: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """Whether the conditions held, and the store's revision after the operation."""

    succeeded: bool
    revision: int


@dataclass(frozen=True, slots=True)
class Change:
    """One key's change at a revision; `value` is `None` when the key was removed."""

    revision: int
    key: str
    value: KeyValue | None


@dataclass(frozen=True, slots=True)
class Page:
    """Values in the order of their keys, as of `revision`; `more` when the limit cut the rest off."""

    items: list[KeyValue]
    revision: int
    more: bool


class Store(Protocol):
    """What every store can do; all of it is safe to call side by side."""

    @property
    def revision(self) -> int:
        """The revision of the last change; it only rises, also over restarts."""

    async def get(self, key: str) -> KeyValue | None:
        """Return the current value of a key."""

    async def range(self, prefix: str, *, start: str = "", limit: int = 0, at: int = 0) -> Page:
        """Return the values whose keys begin with `prefix`, from key `start` on, `limit` at most (0: all).

        `at` asks for the state at that revision (0: now).

        Raises:
            Compacted: that revision is no longer kept.
            FutureRevision: that revision is not written yet.
        """

    async def txn(self, compares: Sequence[Compare], changes: Sequence[Put | Delete]) -> Outcome:
        """Make all changes at one revision if all conditions hold; when it returns they are on disk."""

    def watch(self, prefix: str, from_revision: int) -> AsyncIterator[Change]:
        """Yield each change of keys beginning with `prefix` from that revision on, in order, without a gap.

        Raises:
            Compacted: that revision is no longer kept.
            WatcherTooSlow: the events were not taken in time.
        """

    async def compact(self, revision: int) -> None:
        """Forget what was overwritten or removed at or before this revision."""

    async def close(self) -> None:
        """Finish what is under way, end all watches and let go of the data."""
