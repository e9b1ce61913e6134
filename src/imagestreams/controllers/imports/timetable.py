"""When each scheduled check is due: every item has a moment of its own in each interval.

The moment follows from the item's name and the calendar, and from nothing that would have to be kept: the checks of
many items are spread evenly, two servers or one after a restart find the same moments, and nothing is written for a
check that finds nothing new. A part of the interval is jitter, drawn anew for each turn from name and turn, so that
items that once come together do not always do.

While an item fails, the time until its next check grows with the time that it has been failing, which doubles the
distance between checks, up to sixteen intervals.
"""

import heapq
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from hashlib import blake2b
from typing import Final

JITTER: Final = 0.1
LONGEST_BACKOFF: Final = 16.0
"""How many intervals the checks of an item that fails and fails are apart."""


def next_check_s(name: str, interval_s: float, now_s: float, failing_since_s: float | None = None) -> float:
    """Return when an item is next due, later than `now_s`; all times in seconds since the epoch."""
    if failing_since_s is None:
        return _slot_s(name, interval_s, now_s)
    wait_s = min(max(now_s - failing_since_s, interval_s), LONGEST_BACKOFF * interval_s)
    return _slot_s(name, interval_s, now_s + wait_s - interval_s / 2)


def _slot_s(name: str, interval_s: float, after_s: float) -> float:
    """Return the first moment of an item later than a time."""
    phase_s = _fraction(name) * interval_s
    turn = math.floor((after_s - phase_s) / interval_s)
    moment_s = _moment_s(name, interval_s, phase_s, turn)
    return moment_s if moment_s > after_s else _moment_s(name, interval_s, phase_s, turn + 1)


def _moment_s(name: str, interval_s: float, phase_s: float, turn: int) -> float:
    return phase_s + (turn + JITTER * _fraction(f"{turn} {name}")) * interval_s


def _fraction(text: str) -> float:
    """Return a number from 0 to 1, evenly spread over texts, the same in every process."""
    return int.from_bytes(blake2b(text.encode(), digest_size=6).digest()) / (1 << 48)


@dataclass(frozen=True, slots=True)
class Planned:
    """One item's next check; `due_s` is `None` while it is under way."""

    interval_s: float
    due_s: float | None


class Timetable:
    """The next checks of all items; an item is a name within a group."""

    def __init__(self) -> None:
        self._groups: dict[str, dict[str, Planned]] = {}
        self._heap: list[tuple[float, str, str]] = []
        self._entries = 0

    def __len__(self) -> int:
        return self._entries

    def group(self, group: str) -> Mapping[str, Planned]:
        """Return the items of a group."""
        return self._groups.get(group, {})

    def groups(self) -> list[str]:
        """Return the names of all groups."""
        return list(self._groups)

    def plan(self, group: str, item: str, interval_s: float, due_s: float) -> None:
        """Set when an item is due, in place of what was planned for it."""
        self._set(group, item, Planned(interval_s, due_s))
        heapq.heappush(self._heap, (due_s, group, item))
        # What was planned anew stays in the heap until its time: not for ever, and never more than the half.
        if len(self._heap) > 2 * self._entries + 64:
            self._heap = [
                (one.due_s, name, item)
                for name, items in self._groups.items()
                for item, one in items.items()
                if one.due_s is not None
            ]
            heapq.heapify(self._heap)

    def drop(self, group: str, items: Iterable[str] | None = None) -> None:
        """Forget some items of a group, or all."""
        known = self._groups.get(group, {})
        for item in list(known) if items is None else items:
            if known.pop(item, None) is not None:
                self._entries -= 1
        if not known:
            self._groups.pop(group, None)

    def earliest_s(self) -> float | None:
        """Return when the next item is due; of one that was planned anew, it may be when it was due before."""
        return self._heap[0][0] if self._heap else None

    def take_due(self, now_s: float) -> dict[str, set[str]]:
        """Return the items whose time has come, by group; they are under way until they are planned again."""
        due: dict[str, set[str]] = {}
        while self._heap and self._heap[0][0] <= now_s:
            due_s, group, item = heapq.heappop(self._heap)
            planned = self._groups.get(group, {}).get(item)
            if planned is not None and planned.due_s == due_s:
                self._set(group, item, Planned(planned.interval_s, None))
                due.setdefault(group, set()).add(item)
        return due

    def _set(self, group: str, item: str, planned: Planned) -> None:
        items = self._groups.setdefault(group, {})
        self._entries += item not in items
        items[item] = planned
