"""Streams in a real store, and a cluster in memory that fails when it is told to."""

import asyncio
import copy
import itertools
import json
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from imagestreams.api.codec import copy as copied
from imagestreams.api.codec import from_dict
from imagestreams.api.image import ImageStream
from imagestreams.controllers.queue import Backoff
from imagestreams.controllers.triggers.controller import TriggerController, resolver
from imagestreams.controllers.triggers.followers import Followers, FollowerSettings
from imagestreams.controllers.triggers.observer import Result
from imagestreams.resources.resource import ResourceInfo
from imagestreams.resources.storage import ObjectStorage
from imagestreams.store.sqlite import SQLiteStore
from imagestreams.targets.cluster import Change, Completed, Document, Gone, Notice, ObjectKind, Restarted, Seen
from imagestreams.targets.error import ClusterError, StaleDocument

DEPLOYMENTS = ObjectKind("apps", "v1", "deployments", "Deployment")
BUILD_CONFIGS = ObjectKind("build.openshift.io", "v1", "buildconfigs", "BuildConfig", whole=True)
STREAMS = ResourceInfo("image.openshift.io", "v1", "imagestreams", "ImageStream", ImageStream, frozenset())


class MemoryCluster:
    """Holds documents; `writes` counts what was written, by name, and `failures` are raised by the next writes."""

    name = "memory"
    namespaces = ("",)

    def __init__(self, *kinds: ObjectKind) -> None:
        self.served = kinds or (DEPLOYMENTS, BUILD_CONFIGS)
        self.objects: dict[tuple[str, str, str], Document] = {}
        self.writes: Counter[str] = Counter()
        self.reads: Counter[str] = Counter()
        self.requests: list[Document] = []
        self.notices: list[tuple[str, Notice]] = []
        self.failures: list[ClusterError] = []
        self.unreachable = False
        self.before_read: Callable[[], Awaitable[None]] | None = None
        self.before_write: Callable[[Document], None] | None = None
        self.after_write: Callable[[], Any] | None = None
        self.writing = self.writing_most = 0
        self._versions = itertools.count(1)
        self._watchers: dict[ObjectKind, list[asyncio.Queue[Change]]] = {}

    def put(self, document: Document, kind: ObjectKind = DEPLOYMENTS) -> Document:
        metadata = document["metadata"]
        place = kind.plural, metadata["namespace"], metadata["name"]
        old = self.objects.get(place)
        generation = 1 if old is None else old["metadata"]["generation"] + (old["spec"] != document["spec"])
        metadata |= {"resourceVersion": str(next(self._versions)), "generation": generation, "uid": metadata["name"]}
        self.objects[place] = copy.deepcopy(document)
        self._tell(kind, Seen(copy.deepcopy(document)))
        return document

    def remove(self, name: str, kind: ObjectKind = DEPLOYMENTS, namespace: str = "shop") -> None:
        del self.objects[kind.plural, namespace, name]
        self._tell(kind, Gone(namespace, name))

    def relist(self, kind: ObjectKind = DEPLOYMENTS) -> None:
        for change in self._listing(kind):
            self._tell(kind, change)

    def forget_silently(self, name: str) -> None:
        """Remove an object so that no watch hears of it."""
        del self.objects["deployments", "shop", name]

    def image(self, name: str = "app", namespace: str = "shop") -> str:
        found: str = self.objects["deployments", namespace, name]["spec"]["template"]["spec"]["containers"][0]["image"]
        return found

    async def kinds(self) -> Sequence[ObjectKind]:
        if self.unreachable:
            raise ClusterError("connection refused")
        return self.served

    async def watch(self, kind: ObjectKind, namespace: str) -> AsyncIterator[Change]:
        queue: asyncio.Queue[Change] = asyncio.Queue()
        self._watchers.setdefault(kind, []).append(queue)
        for change in self._listing(kind):
            yield change
        while True:
            yield await queue.get()

    async def get(self, kind: ObjectKind, namespace: str, name: str) -> Document | None:
        if self.before_read is not None:
            reading, self.before_read = self.before_read, None
            await reading()
        self.reads[name] += 1
        found = self.objects.get((kind.plural, namespace, name))
        return copy.deepcopy(found)

    async def replace(self, kind: ObjectKind, document: Document) -> Document:
        self.writing += 1
        self.writing_most = max(self.writing_most, self.writing)
        try:
            await asyncio.sleep(0)
            if self.before_write is not None:
                before, self.before_write = self.before_write, None
                before(document)
            if self.failures:
                raise self.failures.pop(0)
            metadata = document["metadata"]
            there = self.objects.get((kind.plural, metadata["namespace"], metadata["name"]))
            if there is None or there["metadata"]["resourceVersion"] != metadata["resourceVersion"]:
                raise StaleDocument("the object has been modified")
            self.writes[metadata["name"]] += 1
            written = self.put(copy.deepcopy(document), kind)
            if self.after_write is not None:
                after, self.after_write = self.after_write, None
                after()
            for _ in range(5):
                await asyncio.sleep(0)
            return written
        finally:
            self.writing -= 1

    async def create_subresource(
        self, kind: ObjectKind, namespace: str, name: str, subresource: str, body: Document
    ) -> Document:
        if self.failures:
            raise self.failures.pop(0)
        assert subresource == "instantiate"
        self.requests.append(body)
        config = copy.deepcopy(self.objects[kind.plural, namespace, name])
        config.setdefault("status", {})["imageChangeTriggers"] = [
            {"from": cause["imageChangeBuild"]["fromRef"], "lastTriggeredImageID": cause["imageChangeBuild"]["imageID"]}
            for cause in body["triggeredBy"]
        ]
        self.put(config, kind)
        return {"kind": "Build"}

    async def tell(self, kind: ObjectKind, document: Document, notice: Notice) -> None:
        self.notices.append((document["metadata"]["name"], notice))

    async def close(self) -> None:
        self._watchers.clear()

    def _listing(self, kind: ObjectKind) -> list[Change]:
        found = [Seen(copy.deepcopy(one)) for key, one in self.objects.items() if key[0] == kind.plural]
        return [Restarted(), *found, Completed()]

    def _tell(self, kind: ObjectKind, change: Change) -> None:
        for queue in self._watchers.get(kind, ()):
            queue.put_nowait(change)


class Counts:
    """Counts results, and keeps how long followers took."""

    def __init__(self) -> None:
        self.results: Counter[Result] = Counter()
        self.lags: list[float] = []

    def fired(self, cluster: str, kind: str, result: Result) -> None:
        self.results[result] += 1

    def followed(self, cluster: str, seconds: float) -> None:
        self.lags.append(seconds)


class TriggerRoom:
    """Streams, a cluster and what connects them."""

    def __init__(self, store: SQLiteStore, cluster: MemoryCluster) -> None:
        self.streams = ObjectStorage(store, STREAMS, ImageStream)
        self.cluster = cluster
        self.counts = Counts()
        self.settings = FollowerSettings(
            workers=4, backoff=Backoff(0.01, 0.05), discovery_s=0.05, discovery_backoff=Backoff(0.01, 0.02)
        )
        self.followers = self._followers()

    def _followers(self) -> Followers:
        return Followers(
            self.cluster, resolver(self.streams), time.monotonic, settings=self.settings, observer=self.counts
        )

    async def point(self, tag: str, image: str, *, stream: str = "python", namespace: str = "shop") -> None:
        """Point a tag to an image, as an import, a push or a rollback does."""
        entry = self.streams.find(namespace, stream)
        event = {"created": "2026-01-01T00:00:00Z", "dockerImageReference": image, "image": f"sha256:{image}"}
        if entry is None:
            value = {
                "metadata": {"name": stream, "namespace": namespace, "uid": stream},
                "status": {"tags": [{"tag": tag, "items": [event]}]},
            }
            await self.streams.create(from_dict(value, ImageStream))
            return
        changed = copied(entry.value)
        tags = [one for one in changed.status.tags or [] if one.tag != tag]
        made = from_dict({"status": {"tags": [{"tag": tag, "items": [event]}]}}, ImageStream)
        changed.status.tags = [*tags, *(made.status.tags or [])]
        await self.streams.replace(entry, changed)

    async def delete_stream(self, stream: str = "python", namespace: str = "shop") -> None:
        await self.streams.remove(self.streams.get(namespace, stream))

    @asynccontextmanager
    async def running(self, settle_s: float = 0.02) -> AsyncIterator[None]:
        self.followers = self._followers()
        controller = TriggerController(self.streams, [self.followers], time.monotonic, settle_s=settle_s)
        task = asyncio.create_task(controller.run())
        try:
            yield
        finally:
            controller.stop()
            await asyncio.wait_for(task, 10)

    async def until(self, look: Callable[[], Any]) -> None:
        async with asyncio.timeout(10):
            while not look():  # noqa: ASYNC110 - what is looked at is not ours
                await asyncio.sleep(0.002)

    async def settled(self) -> None:
        """Wait until all that could happen now has happened."""
        for _ in range(20):
            await asyncio.sleep(0.01)
            await self.until(lambda: self.followers.depth == 0)


@pytest.fixture
async def room(tmp_path: Path) -> AsyncIterator[TriggerRoom]:
    store = SQLiteStore.open(tmp_path / "store")
    made = TriggerRoom(store, MemoryCluster())
    await made.streams.cache.start()
    yield made
    made.streams.cache.stop()
    await store.close()


@pytest.fixture
def deployment() -> Callable[..., Document]:
    """Makes a Deployment whose first container follows a tag."""

    def make(name: str = "app", tag: str = "python:3", image: str = " ", **trigger: Any) -> Document:
        source = {"kind": "ImageStreamTag", "name": tag}
        followed = {"from": source, "fieldPath": "spec.template.spec.containers[0].image", **trigger}
        return {
            "apiVersion": "apps/v1",
            "kind": "Deployment",
            "metadata": {
                "name": name,
                "namespace": "shop",
                "annotations": {"image.openshift.io/triggers": json.dumps([followed])},
            },
            "spec": {"template": {"spec": {"containers": [{"name": "web", "image": image}]}}},
        }

    return make


@pytest.fixture
def build_configs() -> ObjectKind:
    return BUILD_CONFIGS


@pytest.fixture
def build_config() -> Callable[..., Document]:
    """Makes a BuildConfig that is built when its base image changes."""

    def make(name: str = "app", tag: str = "python:3") -> Document:
        source = {"kind": "ImageStreamTag", "name": tag}
        return {
            "apiVersion": "build.openshift.io/v1",
            "kind": "BuildConfig",
            "metadata": {"name": name, "namespace": "shop"},
            "spec": {
                "strategy": {"dockerStrategy": {"from": source}},
                "triggers": [{"type": "ImageChange", "imageChange": {}}],
            },
        }

    return make
