"""Shows in the status of sinks how deliveries go, and tells of it in events; not of each one, and never of a secret.

The first attempt is written a moment after it, what comes later two seconds after the last writing.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Protocol

from imagestreams.api.codec import copy
from imagestreams.api.core import ObjectReference
from imagestreams.api.meta import Condition
from imagestreams.api.notifications import NotificationDelivery, NotificationSink
from imagestreams.controllers.events.import_events import NORMAL, WARNING, Telling
from imagestreams.controllers.queue import WorkQueue
from imagestreams.notifications.lanes import Outcome
from imagestreams.notifications.outbox import Box, Letter, Outbox, sink_name
from imagestreams.resources.notifications.urls import shown_url
from imagestreams.resources.storage import ObjectStorage, StaleObject

SETTLE_S: Final = 0.2
BETWEEN_WRITES_S: Final = 2.0
COMPONENT: Final = "notification-controller"
DELIVERING: Final = "Delivering"
DEAD_LETTERED: Final = "DeadLettered"


class EventTeller(Protocol):
    """Writes events, in passing."""

    def tell_about(self, about: ObjectReference, telling: Telling, now: str, *, component: str) -> None:
        """Let an event about an object be written soon."""


@dataclass(slots=True)
class _Last:
    uid: str
    delivery: NotificationDelivery
    fails: bool
    generation: int


def _delivering(last: _Last) -> Condition:
    """Return whether the last event got through; one that was refused for good did not, though somebody answers."""
    delivered = last.delivery.result == "Delivered"
    reason = "Delivered" if delivered else "Failed" if last.fails else "Refused"
    return Condition(
        type=DELIVERING, status="True" if delivered else "False", reason=reason, message=last.delivery.message
    )


class Reports:
    """Hears of attempts; `monotonic` tells the time in seconds, `now` as the API shows it."""

    def __init__(
        self,
        outbox: Outbox,
        sinks: ObjectStorage[NotificationSink],
        events: EventTeller,
        *,
        monotonic: Callable[[], float],
        now: Callable[[], str],
    ) -> None:
        self._outbox = outbox
        self._sinks = sinks
        self._events = events
        self._monotonic = monotonic
        self._now = now
        self._last: dict[str, _Last] = {}
        self._written: dict[str, float] = {}
        self._queue = WorkQueue(self._write, workers=1)
        self.counts: Counter[tuple[str, str]] = Counter()
        """Attempts by preset and result, since the start."""

    async def run(self) -> None:
        """Write until `stop` is called."""
        await self._queue.run()

    def stop(self) -> None:
        """Let `run` end."""
        self._queue.stop()

    def tried(self, sink: NotificationSink, letter: Letter, outcome: Outcome, *, dead: bool) -> None:
        """Note an attempt."""
        result = "Delivered" if outcome.delivered else "DeadLettered" if dead else "Failed"
        self.counts[sink.spec.preset, result] += 1
        before = self._last_of(sink)
        fails = not outcome.delivered and not outcome.final
        delivery = NotificationDelivery(
            time=self._now(),
            result=result,
            id=letter.event.id,
            type=letter.event.type,
            subject=letter.event.subject,
            message=outcome.message,
        )
        self._last[sink_name(sink)] = _Last(sink.metadata.uid, delivery, fails, sink.metadata.generation)
        if dead:
            self._tell(sink, Telling(WARNING, "DeadLettered", f"Gave up {_what(letter)}: {outcome.message}"))
        elif fails and (before is None or not before.fails):
            message = f"Failed to deliver {_what(letter)} to {_where(sink)}: {outcome.message}; it is tried again"
            self._tell(sink, Telling(WARNING, "DeliveryFailed", message))
        elif outcome.delivered and before is not None and before.fails:
            self._tell(sink, Telling(NORMAL, "Delivered", f"Delivers to {_where(sink)} again"))
        self.changed(sink)

    def changed(self, sink: NotificationSink) -> None:
        """Let the status be written when its time has come."""
        key = self._sinks.key_of(sink)
        since = self._written.get(key)
        pause_s = SETTLE_S if since is None else max(SETTLE_S, since + BETWEEN_WRITES_S - self._monotonic())
        self._queue.add_after(key, pause_s)

    def gone(self, sink: str) -> None:
        """Forget a sink."""
        self._last.pop(sink, None)
        self._written.pop(self._sinks.prefix() + sink, None)

    def _tell(self, sink: NotificationSink, telling: Telling) -> None:
        metadata = sink.metadata
        about = ObjectReference(
            kind="NotificationSink",
            namespace=metadata.namespace,
            name=metadata.name,
            uid=metadata.uid,
            api_version="imagestreams.dev/v1",
            resource_version=metadata.resource_version,
        )
        self._events.tell_about(about, telling, self._now(), component=COMPONENT)

    async def _write(self, key: str) -> None:
        while True:
            entry = self._sinks.cache.get(key)
            if entry is None:
                return
            box = self._outbox.box(sink_name(entry.value), entry.value.metadata.uid)
            if box is None:
                return
            value = copy(entry.value)
            self._fill(value, box)
            self._written[key] = self._monotonic()
            try:
                await self._sinks.replace(entry, value)
            except StaleObject:
                continue
            return

    def _last_of(self, sink: NotificationSink) -> _Last | None:
        last = self._last.get(sink_name(sink))
        return last if last is not None and last.uid == sink.metadata.uid else None

    def _fill(self, sink: NotificationSink, box: Box) -> None:
        status, last = sink.status, self._last_of(sink)
        status.pending, status.dead_letters, status.lost = len(box.waiting), len(box.dead), box.cursor.lost
        status.handled_retry, status.handled_test = box.cursor.retried, box.cursor.tested
        if last is not None:
            status.last_delivery = last.delivery
            status.observed_generation = last.generation
            self._set(sink, _delivering(last))
        undelivered = "1 event" if len(box.dead) == 1 else f"{len(box.dead)} events"
        told = f"{undelivered} could not be delivered" if box.dead else "all events were delivered or wait"
        if box.dead or status.conditions:
            dead = "True" if box.dead else "False"
            reason = "Undelivered" if box.dead else "NoDeadLetters"
            self._set(sink, Condition(type=DEAD_LETTERED, status=dead, reason=reason, message=told))

    def _set(self, sink: NotificationSink, condition: Condition) -> None:
        known = {one.type: one for one in sink.status.conditions or []}
        before = known.get(condition.type)
        kept = before is not None and before.status == condition.status
        condition.last_transition_time = before.last_transition_time if before is not None and kept else self._now()
        condition.observed_generation = sink.status.observed_generation
        known[condition.type] = condition
        sink.status.conditions = [known[name] for name in sorted(known)]


def _what(letter: Letter) -> str:
    return f"{letter.event.type} of {letter.event.subject}"


def _where(sink: NotificationSink) -> str:
    return shown_url(sink.spec.url) if sink.spec.url else "its address"
