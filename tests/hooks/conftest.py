"""The room over a real store, with everything that is to be imported written down instead."""

import asyncio
from collections.abc import AsyncIterator, Callable, Collection
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from imagestreams.access.authorization import Attributes
from imagestreams.access.identity import User
from imagestreams.api.codec import from_dict
from imagestreams.api.core import Secret
from imagestreams.api.hooks import RegistryHook
from imagestreams.api.image import ImageStream
from imagestreams.hooks.room import HookRoom, hook_room
from imagestreams.resources.resource import RequestContext, ResourceInfo
from imagestreams.resources.storage import ObjectStorage
from imagestreams.store.sqlite import SQLiteStore

NOW = datetime(2026, 1, 1, tzinfo=UTC)


class Everything:
    """Allows all but what a test takes away."""

    def __init__(self) -> None:
        self.denied: Callable[[Attributes], bool] = lambda asked: False

    async def allows(self, attributes: Attributes) -> bool:
        return not self.denied(attributes)


class Room:
    """What tests do with hooks, and what came of it; `seconds` is the clock that rates are measured with."""

    def __init__(self, store: SQLiteStore) -> None:
        self.seconds = 0.0
        self.imported: list[tuple[str, set[str]]] = []
        self.noted: list[int] = []
        self.authorizer = Everything()
        self.streams = ObjectStorage(store, _info("image.openshift.io", "imagestreams", ImageStream), ImageStream)
        self.secrets = ObjectStorage(store, _info("", "secrets", Secret), Secret)
        self.room: HookRoom = hook_room(
            store,
            secrets=self.secrets,
            streams=self.streams,
            import_now=self._import_now,
            noted=self._noted,
            authorizer=self.authorizer,
            namespaces=lambda namespace: None,
            clock=lambda: NOW,
            monotonic=lambda: self.seconds,
        )

    def _import_now(self, key: str, tags: Collection[str]) -> None:
        self.imported.append((key, set(tags)))

    async def _noted(self) -> None:
        self.noted.append(len(self.imported))

    def context(self, namespace: str = "ns", name: str = "", **fields: Any) -> RequestContext:
        return RequestContext(User("tester"), "2026-01-01T00:00:00Z", namespace=namespace, name=name, **fields)

    async def hook(self, name: str = "h", namespace: str = "ns", **spec: Any) -> str:
        """Create a hook; return the path of its address."""
        value = from_dict({"metadata": {"name": name}, "spec": spec}, RegistryHook)
        made = await self.room.resource.create(self.context(namespace), value)
        await self.settled()
        path: str = made.value.status.path
        return path

    async def stream(self, *sources: str, name: str = "s", namespace: str = "ns") -> None:
        """Store a stream with the tags `t0`, `t1`, …"""
        tags = [
            {"name": f"t{number}", "from": {"kind": "DockerImage", "name": source}}
            for number, source in enumerate(sources)
        ]
        body = {"metadata": {"name": name, "namespace": namespace}, "spec": {"tags": tags}}
        await self.streams.create(from_dict(body, ImageStream))
        await self.settled()

    async def secret(self, name: str, **data: str) -> None:
        body = {"metadata": {"name": name, "namespace": "ns"}, "data": data}
        await self.secrets.create(from_dict(body, Secret))

    async def settled(self) -> None:
        """Let those who follow the store see what was written."""
        for _ in range(20):
            await asyncio.sleep(0)

    async def call(
        self, path: str, body: bytes | list[bytes], method: str = "POST", **headers: str
    ) -> tuple[int, bytes, dict[bytes, bytes]]:
        """Send a request to the endpoint; a list is a body that comes in parts."""
        parts = body if isinstance(body, list) else [body]
        messages = [
            {"type": "http.request", "body": part, "more_body": number < len(parts) - 1}
            for number, part in enumerate(parts)
        ]
        sent: list[Any] = []

        async def receive() -> Any:
            return messages.pop(0) if messages else await asyncio.Event().wait()

        async def send(message: Any) -> None:
            sent.append(message)

        named = {"content-type": "application/json", **{key.replace("_", "-"): text for key, text in headers.items()}}
        raw = [(key.encode(), text.encode()) for key, text in named.items()]
        await self.room.endpoint({"type": "http", "method": method, "path": path, "headers": raw}, receive, send)
        return sent[0]["status"], sent[1]["body"], dict(sent[0]["headers"])


def _info(group: str, plural: str, kind: type[Any]) -> ResourceInfo:
    return ResourceInfo(group, "v1", plural, kind.__name__, kind, frozenset())


@pytest.fixture
async def room(tmp_path: Path) -> AsyncIterator[Room]:
    store = SQLiteStore.open(tmp_path / "data")
    made = Room(store)
    for storage in (made.streams, made.secrets):
        await storage.cache.start()
    await made.room.start()
    tasks = [asyncio.create_task(loop.run()) for loop in made.room.loops]
    await made.settled()
    yield made
    for loop in made.room.loops:
        loop.stop()
    await asyncio.wait_for(asyncio.gather(*tasks), 10)
    made.room.stop()
    await store.close()
