"""Follows the store and puts what sinks want to hear into their boxes.

At a start, and whenever it has fallen behind, it goes through the store's log from the oldest cursor on. Where the log
no longer reaches back so far it asks the objects themselves what happened since; then only what left no trace in them,
a deletion, is missed. In between it follows what is written. One write tells of a change to all boxes.
"""

import asyncio
import logging
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final, Protocol

from imagestreams.api.ages import parse_time
from imagestreams.api.codec import decode
from imagestreams.api.core import Stored
from imagestreams.api.notifications import NotificationSink
from imagestreams.notifications.happening import Happening
from imagestreams.notifications.outbox import Outbox
from imagestreams.notifications.selection import reaches, wants
from imagestreams.resources.storage import ObjectStorage
from imagestreams.store.cache import Entry, Subscription
from imagestreams.store.kv import Change, Compacted, Put, Store, StoreClosed, WatcherTooSlow

ADVANCE_S: Final = 60.0
"""How often cursors are written though nothing was found."""
PAUSE_S: Final = 5.0
"""How long to wait after something failed that should not."""
EARLIER_S: Final = 600.0
"""How much earlier than its writing an event may be dated: an import dates what it finds when it begins."""
_MARK: Final = "/imagestreams.dev/notificationmark"

_log: Final = logging.getLogger(__name__)


class Changes(Protocol):
    """Says what a change of an object means."""

    def __call__(self, old: Any, new: Any, now: str, /) -> Sequence[Happening]:
        """Return what happened between two states; `None` for none."""


class Since(Protocol):
    """Says what happened to an object from a time on, as far as the object tells."""

    def __call__(self, value: Any, time: str, now: str, /) -> Sequence[Happening]:
        """Return it."""


@dataclass(frozen=True, slots=True)
class Source:
    """Objects of one kind, of which something may be told: `kinds` are the events that can come of them."""

    name: str
    storage: ObjectStorage[Any]
    kind: type[Stored]
    kinds: frozenset[str]
    changes: Changes
    since: Since

    def read(self, data: bytes) -> Stored:
        """Read a stored state."""
        value: Stored = self.storage.served(decode(data, self.kind))
        return value


class Intake:
    """Fills boxes; `wake` is told which sink has got something, `clock` gives the time as the API shows it."""

    def __init__(
        self,
        store: Store,
        sinks: ObjectStorage[NotificationSink],
        outbox: Outbox,
        sources: Sequence[Source],
        wake: Callable[[str], None],
        clock: Callable[[], str],
        *,
        advance_s: float = ADVANCE_S,
        pause_s: float = PAUSE_S,
    ) -> None:
        self._store = store
        self._sinks = sinks
        self._outbox = outbox
        self._sources = sources
        self._wake = wake
        self._clock = clock
        self._advance_s = advance_s
        self._pause_s = pause_s
        self._stopped = asyncio.Event()

    async def run(self) -> None:
        """Work until `stop` is called or the store is closed."""
        work = asyncio.create_task(self._work())
        stopped = asyncio.create_task(self._stopped.wait())
        try:
            await asyncio.wait([work, stopped], return_when=asyncio.FIRST_COMPLETED)
        finally:
            stopped.cancel()
            work.cancel()
            await asyncio.gather(work, stopped, return_exceptions=True)
        if not work.cancelled() and (error := work.exception()) is not None:
            raise error

    def stop(self) -> None:
        """Let `run` end."""
        self._stopped.set()

    async def _work(self) -> None:
        while True:
            try:
                await self._drop_orphans()
                await self._follow()
            except (Compacted, WatcherTooSlow):
                continue
            except StoreClosed:
                return
            except Exception:
                # A full disk, say. The cursors stand where they stood, so nothing is lost by beginning again.
                _log.exception("what happened could not be put into boxes, it is tried again")
                await asyncio.sleep(self._pause_s)

    async def _drop_orphans(self) -> None:
        for box in self._outbox.boxes():
            namespace, _, name = box.sink.partition("/")
            entry = self._sinks.find(namespace, name)
            if entry is None or entry.value.metadata.uid != box.uid:
                await self._outbox.forget(box)

    async def _follow(self) -> None:
        async with AsyncExitStack() as stack:
            # The mark is a write of our own, so that the end of the log up to here is seen when reading it.
            mark = self._store.revision
            if len(self._sinks.cache):
                mark = (await self._store.txn([], [Put(_MARK, self._clock().encode())])).revision
            subscriptions = [
                (source, stack.enter_context(source.storage.cache.subscribe(source.storage.prefix(), mark)))
                for source in self._sources
            ]
            await self._catch_up(mark)
            for box in self._outbox.boxes():
                self._wake(box.sink)
            done = {source.name: mark for source in self._sources}
            tasks = [asyncio.create_task(self._follow_source(*one, done)) for one in subscriptions]
            tasks.append(asyncio.create_task(self._advance(done)))
            try:
                await asyncio.gather(*tasks)
            finally:
                for task in tasks:
                    task.cancel()
                await asyncio.gather(*tasks, return_exceptions=True)

    async def _follow_source(self, source: Source, subscription: Subscription[Any], done: dict[str, int]) -> None:
        """Take each change as it comes; note in `done` up to which revision that was."""
        while True:
            event = await subscription.take(self._advance_s)
            if event is None:
                done[source.name] = source.storage.cache.revision
                continue
            old, new = event.old.value if event.old else None, event.new.value if event.new else None
            await self._take(source, old, new, event.revision)
            done[source.name] = event.revision - 1  # others of the same revision may follow

    async def _advance(self, done: Mapping[str, int]) -> None:
        """Move cursors now and then, so that little is looked at again; not while nobody else writes anything."""
        quiet = self._store.revision
        while True:
            await asyncio.sleep(self._advance_s)
            if self._store.revision != quiet:
                await self._outbox.advance(done, self._clock())
                quiet = self._store.revision

    async def _catch_up(self, mark: int) -> None:
        """Look at what was written after the cursors and up to the mark."""
        now = self._clock()
        boxes = [
            box for entry in list(self._sinks.list()) if (box := await self._outbox.box_of(entry, now)) is not None
        ]
        for box in boxes:
            # A source that is new with this version has no past.
            for source in self._sources:
                if source.name not in box.cursor.revisions:
                    await self._outbox.add(box, [], source.name, mark, now)
        oldest = min((one for box in boxes for one in box.cursor.revisions.values()), default=mark)
        if oldest >= mark:
            return
        try:
            await self._replay(oldest, mark)
        except Compacted:
            for source in self._sources:
                for entry in list(source.storage.list()):
                    await self._take_since(source, entry)
        await self._outbox.advance({source.name: mark for source in self._sources}, self._clock())

    async def _replay(self, oldest: int, mark: int) -> None:
        states: dict[str, Any] = {}
        changes = self._store.watch("", oldest + 1)
        try:
            async for change in changes:
                if change.revision >= mark:
                    return
                await self._replay_one(change, oldest, states)
        finally:
            if isinstance(changes, AsyncGenerator):
                await changes.aclose()

    async def _replay_one(self, change: Change, oldest: int, states: dict[str, Any]) -> None:
        source = next((one for one in self._sources if change.key.startswith(one.storage.prefix())), None)
        if source is None:
            return
        if change.key not in states:
            page = await self._store.range(change.key, limit=1, at=oldest)
            known = page.items[0] if page.items and page.items[0].key == change.key else None
            states[change.key] = source.read(known.value) if known is not None else None
        new = source.read(change.value.value) if change.value is not None else None
        if new is not None or states[change.key] is not None:
            await self._take(source, states[change.key], new, change.revision)
        states[change.key] = new

    async def _take(self, source: Source, old: Any, new: Any, revision: int) -> None:
        namespace = (new if new is not None else old).metadata.namespace
        sinks = self._interested(source, namespace)
        if not sinks:
            return
        try:
            found = source.changes(old, new, self._clock())
        except Exception:
            # One odd object must not keep all others from being told of.
            _log.exception("what happened to one of the %s of %s can't be told", source.name, namespace)
            return
        if found:
            await self._tell(source, sinks, found, revision)

    async def _take_since(self, source: Source, entry: Entry[Any]) -> None:
        now = self._clock()
        for sink in self._interested(source, entry.value.metadata.namespace):
            box = await self._outbox.box_of(sink, now)
            if box is not None and box.cursor.revisions.get(source.name, 0) < entry.revision:
                found = source.since(entry.value, _earlier(box.cursor.times.get(source.name, now)), now)
                wanted = [one for one in found if wants(sink.value, one) and one.id not in box.cursor.recent]
                # The cursor stays: the objects come in no order of their revisions.
                await self._outbox.add(box, wanted, "", 0, now)

    async def _tell(
        self,
        source: Source,
        sinks: Sequence[Entry[NotificationSink]],
        found: Sequence[Happening],
        revision: int,
    ) -> None:
        now, adding = self._clock(), []
        for sink in sinks:
            wanted = [one for one in found if wants(sink.value, one)]
            box = await self._outbox.box_of(sink, now) if wanted else None
            if box is not None and box.cursor.revisions.get(source.name, 0) < revision:
                adding.append((box, wanted))
        await asyncio.gather(*(self._outbox.add(box, wanted, source.name, revision, now) for box, wanted in adding))
        for box, _ in adding:
            self._wake(box.sink)

    def _interested(self, source: Source, namespace: str) -> list[Entry[NotificationSink]]:
        if not len(self._sinks.cache):
            return []
        return [
            entry
            for entry in self._sinks.list()
            if reaches(entry.value, namespace) and not source.kinds.isdisjoint(entry.value.spec.events or [])
        ]


def _earlier(time: str) -> str:
    moment = parse_time(time)
    return (moment - timedelta(seconds=EARLIER_S)).strftime("%Y-%m-%dT%H:%M:%SZ") if moment is not None else time
