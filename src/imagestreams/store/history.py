"""The last changes of each cache of a store, kept so that watches and lists can go back a little.

All caches of a store share one budget of memory: whichever changes most may go back as far as the others let it, and
the oldest change of all is forgotten first.
"""

from collections import deque
from collections.abc import Iterator
from typing import Any, Final, Generic, Protocol, TypeVar

HISTORY_EVENTS: Final = 4_096
HISTORY_BYTES: Final = 64 * 1024 * 1024


class Revised(Protocol):
    """Something that happened at a revision."""

    @property
    def revision(self) -> int:
        """Return that revision."""


E = TypeVar("E", bound=Revised)


class HistoryBudget:
    """What the histories of one store may take together, in bytes."""

    def __init__(self, max_bytes: int = HISTORY_BYTES) -> None:
        self.max_bytes = max_bytes
        self._used = 0
        self._histories: list[History[Any]] = []

    def share(self, history: "History[Any]") -> None:
        """Let a history take from the budget from now on."""
        self._histories.append(history)

    def take(self, size: int) -> None:
        """Take bytes, and make room for them where the oldest changes are."""
        self._used += size
        while self._used > self.max_bytes:
            min((each for each in self._histories if each), key=lambda each: each.first_revision).forget_first()

    def give_back(self, size: int) -> None:
        """Give bytes back."""
        self._used -= size


class History(Generic[E]):
    """The last changes of one cache, in order; `oldest` is the revision from which on all of them are there."""

    def __init__(self, budget: HistoryBudget) -> None:
        self.oldest = 0
        self._events: deque[tuple[E, int]] = deque()
        self._budget = budget
        budget.share(self)

    @property
    def first_revision(self) -> int:
        """The revision of the first change that is kept; there must be one."""
        return self._events[0][0].revision

    def __len__(self) -> int:
        return len(self._events)

    def __iter__(self) -> Iterator[E]:
        return (event for event, _ in self._events)

    def __reversed__(self) -> Iterator[E]:
        return (event for event, _ in reversed(self._events))

    def append(self, event: E, size: int) -> None:
        """Keep a change that takes so many bytes of memory."""
        self._events.append((event, size))
        self._budget.take(size)
        while len(self._events) > HISTORY_EVENTS:
            self.forget_first()

    def forget_first(self) -> None:
        """Forget the first change, and those of the same revision: they belong together."""
        self.oldest = self.first_revision
        while self._events and self.first_revision == self.oldest:
            self._budget.give_back(self._events.popleft()[1])

    def begin(self, oldest: int) -> None:
        """Forget all changes: what is kept begins after a revision."""
        self._budget.give_back(sum(size for _, size in self._events))
        self._events.clear()
        self.oldest = oldest
