"""Writes events about streams and other objects: what their users should see without reading the server's log.

Nothing waits for an event: it is put into a bounded queue, and left out when that is full or can't be written. The
name of an event follows from what it says, so the same again is found again, also after a restart: then its count
and last time rise. A warning that repeats is written once in `REPEAT_S` at most, with all its repetitions counted.
An object that has much to tell is cut short, as by Kubernetes' own recorder: 25 new events, then one in five minutes.
"""

import asyncio
import hashlib
import logging
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from imagestreams.api.ages import parse_time
from imagestreams.api.codec import copy
from imagestreams.api.core import Event, EventSource, ObjectReference
from imagestreams.api.errors import ApiError
from imagestreams.api.image import ImageStream
from imagestreams.api.meta import ObjectMeta
from imagestreams.controllers.events.import_events import WARNING, Telling, tellings
from imagestreams.registries.bounded import Bounded
from imagestreams.resources.storage import ObjectStorage, StaleObject
from imagestreams.resources.stored import NamespaceGate
from imagestreams.store.kv import StoreClosed
from imagestreams.streams.import_news import TagNews

COMPONENT: Final = "image-import-controller"
REPEAT_S: Final = 300.0
BURST: Final = 25
REFILL_S: Final = 300.0
_QUEUE_MAX: Final = 1000
_KEPT: Final = 10_000
_NAME_MAX: Final = 253

_log: Final = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Entry:
    about: ObjectReference
    telling: Telling
    now: str
    component: str


class EventRecorder:
    """Hears of what happened and writes events of it; `clock` is a steady one, in seconds."""

    def __init__(self, events: ObjectStorage[Event], namespaces: NamespaceGate, clock: Callable[[], float]) -> None:
        self._events = events
        self._admit_namespace = namespaces
        self._clock = clock
        self._queue: asyncio.Queue[_Entry | None] = asyncio.Queue(_QUEUE_MAX)
        self._repeated: Bounded[str, int] = Bounded(_KEPT)
        self._spent: Bounded[str, tuple[float, float]] = Bounded(_KEPT)

    def imported(self, stream: ImageStream, news: Sequence[TagNews], now: str) -> None:
        """Tell of an import of a stream."""
        for telling in tellings(news):
            self.tell(stream, telling, now)

    def tell(self, stream: ImageStream, telling: Telling, now: str) -> None:
        """Let an event about a stream be written soon."""
        metadata = stream.metadata
        about = ObjectReference(
            kind="ImageStream",
            namespace=metadata.namespace,
            name=metadata.name,
            uid=metadata.uid,
            api_version="image.openshift.io/v1",
            resource_version=metadata.resource_version,
        )
        self.tell_about(about, telling, now)

    def tell_about(self, about: ObjectReference, telling: Telling, now: str, *, component: str = COMPONENT) -> None:
        """Let an event about any object be written soon; `component` is who tells it."""
        try:
            self._queue.put_nowait(_Entry(about, telling, now, component))
        except asyncio.QueueFull:
            _log.debug("an event of %s/%s is left out", about.namespace, about.name)

    async def run(self) -> None:
        """Write until `stop` is called or the store is closed; what was told before is still written."""
        while (entry := await self._queue.get()) is not None:
            try:
                await self._write(entry)
            except StoreClosed:
                return
            except (ApiError, StaleObject) as error:
                _log.debug("an event of %s/%s is left out: %s", entry.about.namespace, entry.about.name, error)
            except Exception:
                _log.exception("an event of %s/%s could not be written", entry.about.namespace, entry.about.name)

    def stop(self) -> None:
        """Let `run` end."""
        if self._queue.full():
            self._queue.get_nowait()
        self._queue.put_nowait(None)

    async def _write(self, entry: _Entry) -> None:
        about = entry.about
        name = event_name(about, entry.telling)
        self._admit_namespace(about.namespace)
        found = self._events.find(about.namespace, name)
        if found is None:
            if self._may_write(about):
                await self._events.create(_new_event(name, entry))
            return
        times = 1 + (self._repeated.get(name) or 0)
        if entry.telling.type == WARNING and not _is_later(found.value.last_timestamp, entry.now):
            self._repeated.put(name, times)
            return
        event = copy(found.value)
        event.count += times
        event.last_timestamp = entry.now
        event.involved_object.resource_version = about.resource_version
        await self._events.replace(found, event)
        self._repeated.drop(name)

    def _may_write(self, about: ObjectReference) -> bool:
        """Take one new event from what an object may write; what it spent comes back with time."""
        key, now = about.uid, self._clock()
        spent, since = self._spent.get(key) or (0.0, now)
        spent = max(0.0, spent - (now - since) / REFILL_S)
        if spent + 1 > BURST:
            return False
        self._spent.put(key, (spent + 1, now))
        return True


def event_name(about: ObjectReference, telling: Telling) -> str:
    """Return the name of an event: that of its object, and a number that stands for what is said."""
    said = "\0".join((about.uid, telling.type, telling.reason, telling.message))
    number = hashlib.blake2b(said.encode(), digest_size=8).hexdigest()
    return f"{about.name[: _NAME_MAX - len(number) - 1].rstrip('.-')}.{number}"


def _new_event(name: str, entry: _Entry) -> Event:
    telling = entry.telling
    return Event(
        kind="Event",
        api_version="v1",
        metadata=ObjectMeta(
            name=name, namespace=entry.about.namespace, uid=str(uuid.uuid4()), creation_timestamp=entry.now
        ),
        involved_object=entry.about,
        reason=telling.reason,
        message=telling.message,
        source=EventSource(component=entry.component),
        first_timestamp=entry.now,
        last_timestamp=entry.now,
        count=1,
        type=telling.type,
        reporting_component=entry.component,
    )


def _is_later(last: str | None, now: str) -> bool:
    """Return whether a repetition is to be written; one whose times can't be read is."""
    before, moment = parse_time(last), parse_time(now)
    if before is None or moment is None:
        return True
    return _distance(before, moment) >= timedelta(seconds=REPEAT_S)


def _distance(one: datetime, other: datetime) -> timedelta:
    # A clock that was set back must not silence a warning for ever.
    return abs(other - one)
