"""Sends what waits until it is delivered or dead.

Sinks take turns, so that a slow one holds up the others by one attempt only. What is needed for a request, address and
secrets, is read for each attempt: putting a secret right is enough.
"""

import asyncio
import logging
from collections.abc import Callable
from datetime import datetime
from typing import Final, Protocol
from urllib.parse import SplitResult

from imagestreams.api.ages import parse_time
from imagestreams.api.core import Secret
from imagestreams.api.notifications import NotificationSecretReference, NotificationSink
from imagestreams.controllers.queue import WorkQueue
from imagestreams.controllers.watching import run_following
from imagestreams.notifications.happening import Happening, happening_id
from imagestreams.notifications.lanes import Lanes, Outcome, is_hopeless
from imagestreams.notifications.outbox import Box, Letter, Outbox, sink_name
from imagestreams.notifications.presets import PRESETS
from imagestreams.notifications.presets.request import Occasion, OutgoingRequest
from imagestreams.resources.core.secret_values import secret_value
from imagestreams.resources.notifications.notificationsinks import RETRY_REQUESTED, TEST_REQUESTED, is_header_value
from imagestreams.resources.notifications.urls import UnusableUrl, UrlRules, check_url
from imagestreams.resources.storage import ObjectStorage
from imagestreams.store.cache import Entry

WORKERS: Final = 16
AT_ONCE: Final = 4
"""How many events of one sink, of different subjects, are sent at once; chats get one after the other."""
_CHATS: Final = frozenset({"Slack", "Mattermost"})
_TOKEN_MAX: Final = 256

_log: Final = logging.getLogger(__name__)


class Sender(Protocol):
    """Sends requests."""

    async def send(self, url: SplitResult, request: OutgoingRequest) -> Outcome:
        """Send a request; whatever goes wrong is an outcome."""


class Listener(Protocol):
    """Hears of attempts. It must neither wait nor fail."""

    def tried(self, sink: NotificationSink, letter: Letter, outcome: Outcome, *, dead: bool) -> None:
        """Hear of an attempt."""

    def changed(self, sink: NotificationSink) -> None:
        """Hear that the box of a sink is no longer what it was."""

    def gone(self, sink: str) -> None:
        """Hear that there is no sink of a name any more."""


class _Unready(Exception):
    """No request can be made as things are; the text says why and holds nothing secret."""


class Dispatch:
    """Empties boxes; `clock` gives the wall time, `monotonic` a steady one in seconds, `chance` numbers from 0 to 1."""

    def __init__(
        self,
        outbox: Outbox,
        sinks: ObjectStorage[NotificationSink],
        secrets: ObjectStorage[Secret],
        sender: Sender,
        rules: UrlRules,
        listener: Listener,
        *,
        clock: Callable[[], datetime],
        now: Callable[[], str],
        monotonic: Callable[[], float],
        chance: Callable[[], float],
    ) -> None:
        self._outbox = outbox
        self._sinks = sinks
        self._secrets = secrets
        self._sender = sender
        self._rules = rules
        self._listener = listener
        self._clock = clock
        self._now = now
        self._monotonic = monotonic
        self._chance = chance
        self._lanes: dict[str, tuple[str, int, Lanes]] = {}
        self._queue = WorkQueue(self._turn, workers=WORKERS)

    async def run(self) -> None:
        """Work until `stop` is called or the store is closed; an attempt that is under way is broken off."""
        await run_following(self._queue, self._sinks, self._seen, self._queue_gone)

    def stop(self) -> None:
        """Let `run` end."""
        self._queue.stop()

    def wake(self, sink: str) -> None:
        """Look at a sink's box, named by `NAMESPACE/NAME`."""
        self._queue.add(sink)

    def _seen(self, entry: Entry[NotificationSink]) -> None:
        self.wake(sink_name(entry.value))

    def _queue_gone(self, key: str) -> None:
        self.wake(key.removeprefix(self._sinks.prefix()))

    async def _turn(self, name: str) -> None:
        namespace, _, plain = name.partition("/")
        entry = self._sinks.find(namespace, plain)
        uid = entry.value.metadata.uid if entry is not None else ""
        for gone in [box for box in self._outbox.boxes() if box.sink == name and box.uid != uid]:
            await self._outbox.forget(gone)
        box = await self._outbox.box_of(entry, self._now()) if entry is not None else None
        if entry is None or box is None:
            self._lanes.pop(name, None)
            self._listener.gone(name)
            return
        sink = entry.value
        if name not in self._lanes and _is_behind(sink, box):
            # The server ended after the last attempts and before the status told of them.
            self._listener.changed(sink)
        lanes = self._lanes_of(name, sink)
        await self._heed(sink, box, lanes)
        chosen = lanes.choose(box.waiting, self._monotonic(), 1 if sink.spec.preset in _CHATS else AT_ONCE)
        if isinstance(chosen, float):
            self._queue.add_after(name, chosen)
        elif chosen is not None:
            await asyncio.gather(*(self._deliver(sink, box, lanes, letter) for letter in chosen))
            # At the end of the queue: others have waited meanwhile.
            self._queue.add(name)

    def _lanes_of(self, name: str, sink: NotificationSink) -> Lanes:
        """Return what is remembered of a sink; with a new address or secret it begins anew."""
        version = sink.metadata.uid, sink.metadata.generation
        known = self._lanes.get(name)
        if known is None or known[:2] != version:
            known = self._lanes[name] = (*version, Lanes())
        return known[2]

    async def _heed(self, sink: NotificationSink, box: Box, lanes: Lanes) -> None:
        """Do what annotations ask for, once for each value."""
        annotations = sink.metadata.annotations or {}
        retry, test = (annotations.get(name, "")[:_TOKEN_MAX] for name in (RETRY_REQUESTED, TEST_REQUESTED))
        if retry and retry != box.cursor.retried:
            await self._outbox.revive(box, retry, self._now())
            lanes.lanes.clear()
            lanes.failures, lanes.not_before = 0, 0.0
            self._listener.changed(sink)
        if test and test != box.cursor.tested:
            await self._outbox.add(box, [_test_of(sink, test, self._now())], "", 0, self._now(), tested=test)
            self._listener.changed(sink)

    async def _deliver(self, sink: NotificationSink, box: Box, lanes: Lanes, letter: Letter) -> None:
        outcome, dead = await self._attempt(sink, letter), False
        if outcome.delivered:
            lanes.succeeded(letter)
            await self._outbox.deliver(box, letter.number)
        else:
            attempts = lanes.failed(letter, outcome, self._monotonic(), self._chance())
            dead = is_hopeless(outcome, attempts, self._waited_s(letter))
            if dead:
                lanes.gave_up(letter)
                await self._outbox.bury(box, letter.number, outcome.message)
        self._listener.tried(sink, letter, outcome, dead=dead)

    def _waited_s(self, letter: Letter) -> float:
        queued = parse_time(letter.queued)
        return (self._clock() - queued).total_seconds() if queued is not None else 0.0

    async def _attempt(self, sink: NotificationSink, letter: Letter) -> Outcome:
        try:
            url = self._url(sink)
            secret = self._secret(sink, sink.spec.secret_ref) if sink.spec.secret_ref is not None else b""
            occasion = Occasion(secret, url.path or "/", int(self._clock().timestamp()))
            request = PRESETS[sink.spec.preset](letter.event, occasion)
            for header in sink.spec.headers or []:
                request.headers[header.name] = self._header(sink, header.value, header.secret_ref)
        except _Unready as reason:
            return Outcome(False, str(reason), down=True)
        if any(not is_header_value(value) for value in request.headers.values()):
            return Outcome(False, "a secret holds what can't be sent in a header", down=True)
        try:
            return await self._sender.send(url, request)
        except Exception as error:
            # Errors of libraries may hold the address, so only their kind is told.
            _log.warning("a notification could not be sent: %s", type(error).__name__)
            return Outcome(False, "the request could not be sent", down=True)

    def _url(self, sink: NotificationSink) -> SplitResult:
        reference = sink.spec.url_secret_ref
        text = sink.spec.url
        if reference is not None:
            text = self._secret(sink, reference).decode("latin-1").strip()
        try:
            return check_url(text, self._rules)
        except UnusableUrl as error:
            raise _Unready(f"the address {error}") from None

    def _header(self, sink: NotificationSink, value: str, reference: NotificationSecretReference | None) -> str:
        return value if reference is None else self._secret(sink, reference).decode("latin-1")

    def _secret(self, sink: NotificationSink, reference: NotificationSecretReference) -> bytes:
        stored = self._secrets.find(sink.metadata.namespace, reference.name)
        value = secret_value(stored.value if stored is not None else None, reference.key)
        if not value:
            raise _Unready(f"the secret {reference.name} has no value {reference.key}")
        return value


def _is_behind(sink: NotificationSink, box: Box) -> bool:
    status, cursor = sink.status, box.cursor
    shown = (status.pending, status.dead_letters, status.lost, status.handled_retry, status.handled_test)
    return shown != (len(box.waiting), len(box.dead), cursor.lost, cursor.retried, cursor.tested)


def _test_of(sink: NotificationSink, token: str, now: str) -> Happening:
    namespace, name = sink.metadata.namespace, sink.metadata.name
    return Happening(
        kind="Test",
        id=happening_id("Test", sink.metadata.uid, token),
        source=f"/apis/imagestreams.dev/v1/namespaces/{namespace}/notificationsinks/{name}",
        subject=f"{namespace}/{name}",
        namespace=namespace,
        time=now,
        data={"namespace": namespace, "notificationSink": name},
    )
