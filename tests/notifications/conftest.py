"""The room over a real store, and real receivers on the loopback interface."""

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from imagestreams.access.authorization import Attributes
from imagestreams.access.identity import User
from imagestreams.api.codec import copy, decode, from_dict
from imagestreams.api.core import ObjectReference, Secret
from imagestreams.api.image import ImageStream, NamedTagEventList, TagEvent
from imagestreams.api.notifications import NotificationSink
from imagestreams.controllers.events.import_events import Telling
from imagestreams.notifications import lanes, reports
from imagestreams.notifications.courier import Courier
from imagestreams.notifications.room import NotificationRoom, notification_room
from imagestreams.notifications.sources import stream_source
from imagestreams.resources.notifications.urls import UrlRules
from imagestreams.resources.resource import RequestContext, ResourceInfo
from imagestreams.resources.storage import ObjectStorage
from imagestreams.store.sqlite import SQLiteStore
from imagestreams.streams.history import record_event

BEGINNING = datetime(2026, 1, 1, tzinfo=UTC)
DIGESTS = [f"sha256:{number:064x}" for number in range(1, 100)]


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let what is tried again be tried soon, and what is written now and then often."""
    monkeypatch.setattr(lanes, "FIRST_S", 0.02)
    monkeypatch.setattr(reports, "BETWEEN_WRITES_S", 0.1)


class Receiver:
    """An address that takes what is sent; `answers` says what it says next, then 200."""

    def __init__(self) -> None:
        self.requests: list[tuple[str, dict[str, str], bytes]] = []
        self.answers: list[web.Response] = []
        self.answer: Callable[[bytes], web.Response | None] = lambda body: None
        self.url = ""
        self._came = asyncio.Condition()

    async def take(self, request: web.Request) -> web.Response:
        body = await request.read()
        self.requests.append((request.path_qs, dict(request.headers), body))
        async with self._came:
            self._came.notify_all()
        if self.answers:
            return self.answers.pop(0)
        return self.answer(body) or web.Response()

    async def count(self, number: int) -> None:
        """Wait until so many requests came in."""
        async with asyncio.timeout(10), self._came:
            await self._came.wait_for(lambda: len(self.requests) >= number)

    @property
    def events(self) -> list[dict[str, Any]]:
        return [decode(body, dict[str, Any]) for _, _, body in self.requests]

    def told(self) -> list[tuple[str, str]]:
        """What was told, as (subject, image)."""
        return [(event["subject"], event["data"].get("image", "")) for event in self.events]


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    made = Receiver()
    application = web.Application(client_max_size=1 << 22)
    application.router.add_route("*", "/{rest:.*}", made.take)
    runner = web.AppRunner(application, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    host, port = runner.addresses[0][:2]
    made.url = f"http://{host}:{port}/in/box"
    yield made
    await runner.cleanup()


class Everything:
    """Allows all but what a test takes away."""

    def __init__(self) -> None:
        self.denied: Callable[[Attributes], bool] = lambda asked: False

    async def allows(self, attributes: Attributes) -> bool:
        return not self.denied(attributes)


class Told:
    """Keeps the events that were told about sinks."""

    def __init__(self) -> None:
        self.tellings: list[Telling] = []

    def tell_about(self, about: ObjectReference, telling: Telling, now: str, *, component: str) -> None:
        self.tellings.append(telling)


class Room:
    """What tests do with sinks, and what came of it; `wall` is the time of day, in seconds from the start."""

    def __init__(self, store: SQLiteStore, rules: UrlRules | None = None) -> None:
        self.store = store
        self.wall = 0
        self.authorizer = Everything()
        self.told = Told()
        self.rules = rules or UrlRules()
        self.streams = ObjectStorage(store, _info("image.openshift.io", "imagestreams", ImageStream), ImageStream)
        self.secrets = ObjectStorage(store, _info("", "secrets", Secret), Secret)
        self.running: list[asyncio.Task[None]] = []
        self.room = self._make()

    def _make(self) -> NotificationRoom:
        return notification_room(
            self.store,
            sources=[stream_source(self.streams)],
            secrets=self.secrets,
            sender=Courier(self.rules),
            rules=self.rules,
            events=self.told,
            authorizer=self.authorizer,
            namespaces=lambda namespace: None,
            clock=lambda: BEGINNING + timedelta(seconds=self.wall),
            chance=lambda: 0.0,
        )

    async def start(self) -> None:
        for storage in (self.streams, self.secrets):
            await storage.cache.start()
        await self.room.start()
        self.running = [asyncio.create_task(loop.run()) for loop in self.room.loops]
        await self.settled()

    async def stop(self) -> None:
        """End the room as a stop of the server does; the store goes on."""
        for loop in self.room.loops:
            loop.stop()
        await asyncio.wait_for(asyncio.gather(*self.running), 10)
        self.room.stop()
        self.running = []

    async def crash(self) -> None:
        """End the room in the middle of whatever it does, and forget what it knew."""
        for task in self.running:
            task.cancel()
        await asyncio.gather(*self.running, return_exceptions=True)
        self.room.stop()
        self.running = []
        self.room = self._make()

    async def settled(self) -> None:
        """Let those who follow the store see what was written."""
        for _ in range(20):
            await asyncio.sleep(0)

    async def until(self, happened: Callable[[], bool]) -> None:
        async with asyncio.timeout(10):
            while not happened():  # noqa: ASYNC110 - nobody tells of it
                await asyncio.sleep(0.01)

    def context(self, namespace: str = "ns", name: str = "", **fields: Any) -> RequestContext:
        return RequestContext(User("tester"), self.now, namespace=namespace, name=name, **fields)

    @property
    def now(self) -> str:
        return (BEGINNING + timedelta(seconds=self.wall)).strftime("%Y-%m-%dT%H:%M:%SZ")

    async def sink(self, name: str = "s", namespace: str = "ns", **spec: Any) -> NotificationSink:
        value = from_dict({"metadata": {"name": name}, "spec": spec}, NotificationSink)
        made = await self.room.resource.create(self.context(namespace), value)
        await self.settled()
        found: NotificationSink = made.value
        return found

    def stored(self, name: str = "s") -> NotificationSink:
        return self.room.resource.storage.get("ns", name).value

    async def annotate(self, annotation: str, value: str, name: str = "s") -> None:
        def transform(old: NotificationSink | None) -> NotificationSink:
            assert old is not None
            new = copy(old)
            new.metadata.annotations = {**(new.metadata.annotations or {}), annotation: value}
            return new

        await self.room.resource.update(self.context(name=name), transform)

    async def secret(self, name: str, **data: str) -> None:
        import base64

        encoded = {key: base64.b64encode(value.encode()).decode() for key, value in data.items()}
        body = {"metadata": {"name": name, "namespace": "ns"}, "data": encoded}
        await self.secrets.create(from_dict(body, Secret))

    async def tag(self, tag: str, *images: str, stream: str = "app", namespace: str = "ns") -> None:
        """Let a tag point to images, one after the other, each by a write of its own."""
        for image in images:
            entry = self.streams.find(namespace, stream)
            value = copy(entry.value) if entry is not None else _stream(stream, namespace)
            pull_spec = f"registry.example.com/{stream}@{image}"
            record_event(value, tag, TagEvent(created=self.now, image=image, docker_image_reference=pull_spec))
            await (self.streams.replace(entry, value) if entry is not None else self.streams.create(value))

    async def untag(self, tag: str, stream: str = "app") -> None:
        entry = self.streams.get("ns", stream)
        value = copy(entry.value)
        value.status.tags = [one for one in value.status.tags or [] if one.tag != tag]
        await self.streams.replace(entry, value)


def _stream(name: str, namespace: str) -> ImageStream:
    body = {"metadata": {"name": name, "namespace": namespace, "uid": f"uid-{namespace}-{name}"}}
    return from_dict(body, ImageStream)


def _info(group: str, plural: str, kind: type[Any]) -> ResourceInfo:
    return ResourceInfo(group, "v1", plural, kind.__name__, kind, frozenset())


@pytest.fixture
def digests() -> list[str]:
    return DIGESTS


@pytest.fixture
async def make_room(tmp_path: Path, quick: None) -> AsyncIterator[Callable[..., Room]]:
    rooms: list[Room] = []

    def make(rules: UrlRules | None = None) -> Room:
        rooms.append(Room(SQLiteStore.open(tmp_path / f"data{len(rooms)}"), rules))
        return rooms[-1]

    yield make
    for room in rooms:
        if room.running:
            await room.stop()
        room.streams.cache.stop()
        room.secrets.cache.stop()
        await room.store.close()


@pytest.fixture
async def room(make_room: Callable[..., Room]) -> Room:
    made = make_room()
    await made.start()
    return made


@pytest.fixture
def make_stream() -> Callable[..., ImageStream]:
    def make(uid: str = "u", **tags: list[str]) -> ImageStream:
        """A stream whose tags point to images, the newest first, each a second after the one below it."""
        histories = [
            NamedTagEventList(
                tag=tag,
                items=[
                    TagEvent(
                        created=f"2026-01-01T00:00:{len(images) - number:02}Z",
                        image=image,
                        docker_image_reference=f"r.example.com/app@{image}",
                    )
                    for number, image in enumerate(images)
                ],
            )
            for tag, images in tags.items()
        ]
        body = {"metadata": {"name": "app", "namespace": "ns", "uid": uid}}
        stream = from_dict(body, ImageStream)
        stream.status.tags = histories
        return stream

    return make
