"""The room as a whole: what is served of notification sinks, and what works in the background for them."""

import random
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from imagestreams.access.authorization import Authorizer
from imagestreams.api.core import Secret
from imagestreams.api.notifications import NotificationSink
from imagestreams.notifications.dispatch import Dispatch, Sender
from imagestreams.notifications.intake import Intake, Source
from imagestreams.notifications.outbox import Outbox
from imagestreams.notifications.reports import EventTeller, Reports
from imagestreams.resources.notifications.notificationsinks import NotificationSinkStrategy, notification_sink_storage
from imagestreams.resources.notifications.urls import UrlRules
from imagestreams.resources.storage import ObjectStorage
from imagestreams.resources.stored import NamespaceGate, StoredResource
from imagestreams.store.cache import ObservableStore


@dataclass(frozen=True, slots=True)
class NotificationRoom:
    """`start` before its parts are used; the loops are run by whoever runs all loops."""

    resource: StoredResource[NotificationSink]
    outbox: Outbox
    reports: Reports
    loops: tuple[Intake, Dispatch, Reports]

    async def start(self) -> None:
        """Load what is stored."""
        await self.resource.storage.cache.start()
        await self.outbox.load()

    def stop(self) -> None:
        """Follow the store no longer."""
        self.resource.storage.cache.stop()


def notification_room(
    store: ObservableStore,
    *,
    sources: Sequence[Source],
    secrets: ObjectStorage[Secret],
    sender: Sender,
    rules: UrlRules,
    events: EventTeller,
    authorizer: Authorizer,
    namespaces: NamespaceGate,
    clock: Callable[[], datetime],
    monotonic: Callable[[], float] = time.monotonic,
    chance: Callable[[], float] = random.random,
) -> NotificationRoom:
    """Make the room; `sources` are what is told of, `sender` sends under the `rules`."""

    def now() -> str:
        return clock().astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")

    sinks = notification_sink_storage(store, clock)
    outbox = Outbox(store, [source.name for source in sources])
    reports = Reports(outbox, sinks, events, monotonic=monotonic, now=now)
    dispatch = Dispatch(
        outbox, sinks, secrets, sender, rules, reports, clock=clock, now=now, monotonic=monotonic, chance=chance
    )
    intake = Intake(store, sinks, outbox, sources, dispatch.wake, now)
    resource = StoredResource(sinks, NotificationSinkStrategy(authorizer, rules), namespaces)
    return NotificationRoom(resource, outbox, reports, (intake, dispatch, reports))
