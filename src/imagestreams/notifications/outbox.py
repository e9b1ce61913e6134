"""What is yet to be delivered, in the store: a box for each sink, with what waits, what is dead, and a cursor.

The cursor says up to which revision of the store all was looked at. It moves in the same write that puts what was found
into the box, so that nothing is found twice or never. Boxes are small and kept in memory too; a box belongs to one sink
by its uid, so a sink that is made anew begins with an empty one.
"""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import msgspec

from imagestreams.api.codec import decode, encode
from imagestreams.api.notifications import NotificationSink
from imagestreams.notifications.cloudevents import CloudEvent, cloud_event
from imagestreams.notifications.happening import Happening
from imagestreams.store.cache import Entry
from imagestreams.store.kv import Delete, Put, Store

ROOT: Final = "/imagestreams.dev/notificationoutbox/"
WAITING_MAX: Final = 10_000
"""How many events wait for one sink; the oldest ones beyond that become dead letters."""
DEAD_MAX: Final = 1000
"""How many dead letters of one sink are kept; the oldest ones beyond that are lost, and counted."""
RECENT_MAX: Final = 64
OVERFLOW: Final = "too many events were waiting"


class Cursor(msgspec.Struct):
    """How far a sink has got: by the name of each source a revision, and when that was; `next` numbers events.

    `recent` are the ids of what came into the box last: times alone don't tell what was before and what after.
    """

    revisions: dict[str, int]
    times: dict[str, str]
    next: int = 1
    lost: int = 0
    retried: str = ""
    tested: str = ""
    recent: list[str] = msgspec.field(default_factory=lambda: [])


class Letter(msgspec.Struct):
    """An event in a box; `queued` is when it came there, `reason` why it is dead."""

    number: int
    event: CloudEvent
    queued: str
    reason: str = ""


@dataclass(slots=True)
class Box:
    """The events of one sink. Read it freely; only the outbox changes it."""

    sink: str
    uid: str
    cursor: Cursor
    waiting: dict[int, Letter] = field(default_factory=dict)
    dead: dict[int, Letter] = field(default_factory=dict)
    lock: asyncio.Lock = field(default_factory=asyncio.Lock, repr=False)
    is_open: bool = True

    def key(self, part: str, number: int = 0) -> str:
        """Return the key of the cursor, or of an event that waits or is dead."""
        root = f"{ROOT}{self.sink}/{self.uid}/{part}"
        return f"{root}/{number:016d}" if number else root


class Outbox:
    """All boxes. A sink is named by `NAMESPACE/NAME`."""

    def __init__(
        self, store: Store, sources: Sequence[str], *, waiting_max: int = WAITING_MAX, dead_max: int = DEAD_MAX
    ) -> None:
        self._store = store
        self._sources = sources
        self._waiting_max = waiting_max
        self._dead_max = dead_max
        self._boxes: dict[tuple[str, str], Box] = {}
        self._beginning = asyncio.Lock()

    async def load(self) -> None:
        """Read what is stored."""
        self._boxes.clear()
        page = await self._store.range(ROOT)
        for item in page.items:
            namespace, name, uid, part, *number = item.key.removeprefix(ROOT).split("/")
            owner = (f"{namespace}/{name}", uid)
            if part == "cursor":
                self._boxes[owner] = Box(*owner, decode(item.value, Cursor))
            elif owner in self._boxes:
                # Keys come in order: the cursor before what is dead and what waits.
                box = self._boxes[owner]
                (box.waiting if part == "waiting" else box.dead)[int(number[0])] = decode(item.value, Letter)

    def box(self, sink: str, uid: str) -> Box | None:
        """Return a sink's box, if it has one."""
        return self._boxes.get((sink, uid))

    def boxes(self) -> list[Box]:
        """Return all boxes, also those of sinks that are gone."""
        return list(self._boxes.values())

    async def box_of(self, entry: Entry[NotificationSink], now: str) -> Box | None:
        """Return the box of a sink, `None` when the sink is gone.

        A new box begins with what comes after its sink was made, whenever the sink is seen first.
        """
        metadata = entry.value.metadata
        sink, uid = sink_name(entry.value), metadata.uid
        if (known := self.box(sink, uid)) is not None:
            return known
        async with self._beginning:
            stored = await self._store.get(entry.key)
            if (known := self.box(sink, uid)) is not None or stored is None:
                return known
            revisions = dict.fromkeys(self._sources, stored.create_revision)
            box = Box(sink, uid, Cursor(revisions, dict.fromkeys(revisions, metadata.creation_timestamp or now)))
            await self._store.txn([], [Put(box.key("cursor"), encode(box.cursor))])
            self._boxes[sink, uid] = box
            return box

    async def forget(self, box: Box) -> None:
        """Remove all that belongs to a sink that is gone."""
        async with box.lock:
            box.is_open = False
            self._boxes.pop((box.sink, box.uid), None)
            page = await self._store.range(box.key(""))
            await self._store.txn([], [Delete(item.key) for item in page.items])

    async def add(
        self, box: Box, found: Sequence[Happening], source: str, revision: int, now: str, *, tested: str = ""
    ) -> None:
        """Put events into a box, and note up to which revision of a source all was looked at."""
        async with box.lock:
            if not box.is_open:
                return
            cursor = _moved(box.cursor, source, revision, now)
            cursor.tested = tested or cursor.tested
            cursor.recent = [*cursor.recent, *(happening.id for happening in found)][-RECENT_MAX:]
            letters = []
            for happening in found:
                letters.append(Letter(cursor.next, cloud_event(happening, cursor.next), now))
                cursor.next += 1
            waiting = {**box.waiting, **{letter.number: letter for letter in letters}}
            buried = self._overflowing(waiting)
            await self._commit(box, cursor, waiting, {**box.dead, **buried})

    async def deliver(self, box: Box, number: int) -> None:
        """Take an event out of a box that its sink has got."""
        async with box.lock:
            if box.is_open and number in box.waiting:
                await self._store.txn([], [Delete(box.key("waiting", number))])
                del box.waiting[number]

    async def bury(self, box: Box, number: int, reason: str) -> None:
        """Put an event aside that can't be delivered."""
        async with box.lock:
            if box.is_open and number in box.waiting:
                waiting = dict(box.waiting)
                letter = waiting.pop(number)
                dead = {**box.dead, number: msgspec.structs.replace(letter, reason=reason)}
                await self._commit(box, box.cursor, waiting, dead)

    async def revive(self, box: Box, token: str, now: str) -> int:
        """Let the dead letters wait again, the newest ones if there is no room for all; return how many."""
        async with box.lock:
            if not box.is_open:
                return 0
            room = max(0, self._waiting_max - len(box.waiting))
            chosen = sorted(box.dead)[-room:] if room else []
            revived = {number: msgspec.structs.replace(box.dead[number], queued=now, reason="") for number in chosen}
            cursor = msgspec.structs.replace(box.cursor, retried=token)
            dead = {number: letter for number, letter in box.dead.items() if number not in revived}
            await self._commit(box, cursor, dict(sorted({**box.waiting, **revived}.items())), dead)
            return len(revived)

    async def advance(self, revisions: Mapping[str, int], now: str) -> None:
        """Note for all boxes up to which revisions sources were looked at."""
        for box in self.boxes():
            async with box.lock:
                known = box.cursor.revisions
                ahead = {source: at for source, at in revisions.items() if known.get(source, 0) < at}
                if ahead and box.is_open:
                    times = {**box.cursor.times, **dict.fromkeys(ahead, now)}
                    cursor = msgspec.structs.replace(box.cursor, revisions={**known, **ahead}, times=times)
                    await self._commit(box, cursor, box.waiting, box.dead)

    def _overflowing(self, waiting: dict[int, Letter]) -> dict[int, Letter]:
        """Take out of what waits what is too much, the oldest first."""
        over = list(waiting)[: max(0, len(waiting) - self._waiting_max)]
        return {number: msgspec.structs.replace(waiting.pop(number), reason=OVERFLOW) for number in over}

    async def _commit(self, box: Box, cursor: Cursor, waiting: dict[int, Letter], dead: dict[int, Letter]) -> None:
        """Write a new state of a box, which somebody who holds its lock has made, and only then show it."""
        dropped = sorted(dead)[: max(0, len(dead) - self._dead_max)]
        if dropped:
            dead = {number: letter for number, letter in dead.items() if number > dropped[-1]}
            cursor = msgspec.structs.replace(cursor, lost=cursor.lost + len(dropped))
        changes: list[Put | Delete] = [
            *_changes(box, "waiting", box.waiting, waiting),
            *_changes(box, "dead", box.dead, dead),
        ]
        if cursor is not box.cursor:
            changes.append(Put(box.key("cursor"), encode(cursor)))
        if not changes:
            return
        await self._store.txn([], changes)
        box.cursor, box.waiting, box.dead = cursor, waiting, dead


def sink_name(sink: NotificationSink) -> str:
    """Return the name of a sink in here."""
    return f"{sink.metadata.namespace}/{sink.metadata.name}"


def _moved(cursor: Cursor, source: str, revision: int, now: str) -> Cursor:
    if not source:
        return msgspec.structs.replace(cursor)
    revisions, times = {**cursor.revisions, source: revision}, {**cursor.times, source: now}
    return msgspec.structs.replace(cursor, revisions=revisions, times=times)


def _changes(box: Box, part: str, old: dict[int, Letter], new: dict[int, Letter]) -> Iterator[Put | Delete]:
    yield from (Delete(box.key(part, number)) for number in old if number not in new)
    for number, letter in new.items():
        if old.get(number) is not letter:
            yield Put(box.key(part, number), encode(letter))
