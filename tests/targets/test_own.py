"""Our own server's objects in plain documents, over stored resources."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing
from pathlib import Path
from typing import Any

import msgspec
import pytest

from imagestreams.access.identity import User
from imagestreams.api.codec import decode, encode
from imagestreams.api.core import ObjectReference, Stored
from imagestreams.api.errors import FieldError
from imagestreams.resources.resource import Item, RequestContext, Resource, ResourceInfo
from imagestreams.resources.storage import ObjectStorage
from imagestreams.resources.stored import StoredResource, Strategy
from imagestreams.store.sqlite import SQLiteStore
from imagestreams.targets.cluster import Change, Completed, Gone, Notice, ObjectKind, Restarted, Seen
from imagestreams.targets.error import Refused, StaleDocument
from imagestreams.targets.own import OwnCluster

DEPLOYMENTS = ObjectKind("apps", "v1", "deployments", "Workload")
CONFIGS = ObjectKind("build.openshift.io", "v1", "buildconfigs", "Workload", whole=True)
NOW = "2026-01-01T00:00:00Z"
CONTEXT = RequestContext(User("jane"), NOW, "shop")


class Workload(Stored):
    """Anything with a spec."""

    spec: dict[str, Any] = msgspec.field(default_factory=dict)


class Rules(Strategy[Workload]):
    """Raises the generation with the spec, and refuses bad ones."""

    def __init__(self) -> None:
        self.users: list[str] = []

    async def prepare_create(self, context: RequestContext, value: Workload) -> None:
        value.metadata.generation = 1

    async def prepare_update(self, context: RequestContext, value: Workload, old: Workload) -> None:
        self.users.append(context.user.name)
        value.metadata.generation += value.spec != old.spec

    def validate(self, value: Workload) -> list[FieldError]:
        return [FieldError.invalid("spec.bad", True, "must not be bad")] if value.spec.get("bad") else []


class Instantiate(Resource):
    """Answers with what it was asked."""

    info = ResourceInfo(
        "build.openshift.io", "v1", "buildconfigs", "Workload", Workload, frozenset({"create"}), subresource="answer"
    )

    async def create(self, context: RequestContext, obj: Any) -> Item:
        obj.metadata.name = f"{context.name}-1"
        return Item(obj, encode(obj))


class OwnRoom:
    """A cluster of two stored resources, one of them with a subresource."""

    def __init__(self, store: SQLiteStore) -> None:
        self.rules = Rules()
        self.tracked: list[tuple[Any, ...]] = []
        self.told: list[tuple[ObjectReference, Notice]] = []
        self.deployments = self._stored(store, "apps", "deployments")
        self.configs = self._stored(store, "build.openshift.io", "buildconfigs")
        others = [self._stored(store, "apps", "controllerrevisions"), self._stored(store, "", "secrets")]
        self.cluster = OwnCluster(
            [self.deployments, self.configs, Instantiate(), *others],
            lambda: NOW,
            lambda about, notice: self.told.append((about, notice)),
            self._track,
        )

    def _stored(self, store: SQLiteStore, group: str, plural: str) -> StoredResource[Workload]:
        info = ResourceInfo(group, "v1", plural, "Workload", Workload, frozenset())
        return StoredResource(ObjectStorage(store, info, Workload), self.rules, lambda namespace: None)

    def _track(self, before: Any, wanted: Any, info: ResourceInfo, manager: str, now: str) -> None:
        self.tracked.append((before.spec, wanted.spec, info.plural, manager, now))

    async def create(self, name: str, resource: StoredResource[Workload] | None = None, **metadata: Any) -> None:
        body = {"metadata": {"name": name, **metadata}, "spec": {"image": "old"}}
        await (resource or self.deployments).create(CONTEXT, decode(encode(body), Workload))

    async def taken(self, kind: ObjectKind, count: int) -> list[Change]:
        found: list[Change] = []
        async with asyncio.timeout(10), aclosing(self.cluster.watch(kind, "")) as changes:
            async for change in changes:
                found.append(change)
                if len(found) == count:
                    break
        return found


@pytest.fixture
async def room(tmp_path: Path) -> AsyncIterator[OwnRoom]:
    store = SQLiteStore.open(tmp_path / "store")
    made = OwnRoom(store)
    for resource in (made.deployments, made.configs):
        await resource.storage.cache.start()
    yield made
    await store.close()


async def test_only_what_may_follow_tags_is_a_kind(room: OwnRoom) -> None:
    assert await room.cluster.kinds() == [DEPLOYMENTS, CONFIGS]


async def test_a_watch_tells_of_all_metadata_and_then_of_changes(room: OwnRoom) -> None:
    await room.create("a", annotations={"x": "y"}, labels={"l": "m"})
    watching = asyncio.create_task(room.taken(DEPLOYMENTS, 6))
    await asyncio.sleep(0)
    await room.create("b")
    document = await room.cluster.get(DEPLOYMENTS, "shop", "a")
    assert document is not None
    await room.cluster.replace(DEPLOYMENTS, {**document, "spec": {"image": "new"}})
    await room.deployments.storage.remove(room.deployments.storage.get("shop", "b"))

    first, a, completed, b, changed, gone = await watching

    assert (first, completed, gone) == (Restarted(), Completed(), Gone("shop", "b"))
    assert isinstance(a, Seen) and isinstance(b, Seen) and isinstance(changed, Seen)
    assert set(a.document) == {"metadata"}
    assert a.document["metadata"]["annotations"] == {"x": "y"}
    assert "labels" not in a.document["metadata"]
    assert changed.document["metadata"]["generation"] == 2


async def test_configurations_are_told_of_as_a_whole(room: OwnRoom) -> None:
    await room.create("a", room.configs)

    _, seen, _ = await room.taken(CONFIGS, 3)

    assert isinstance(seen, Seen)
    assert seen.document["spec"] == {"image": "old"}
    assert seen.document["kind"] == "Workload"


async def test_a_write_is_that_of_the_controllers_account(room: OwnRoom) -> None:
    await room.create("a")
    document = await room.cluster.get(DEPLOYMENTS, "shop", "a")
    assert document is not None

    written = await room.cluster.replace(DEPLOYMENTS, {**document, "spec": {"image": "new"}})

    assert written["spec"] == {"image": "new"}
    assert room.rules.users == ["system:serviceaccount:openshift-infra:image-trigger-controller"]
    assert room.tracked == [({"image": "old"}, {"image": "new"}, "deployments", "image-trigger-controller", NOW)]


async def test_a_document_that_is_no_longer_the_newest_is_stale(room: OwnRoom) -> None:
    await room.create("a")
    document = await room.cluster.get(DEPLOYMENTS, "shop", "a")
    assert document is not None
    await room.cluster.replace(DEPLOYMENTS, {**document, "spec": {"image": "newer"}})

    with pytest.raises(StaleDocument):
        await room.cluster.replace(DEPLOYMENTS, {**document, "spec": {"image": "new"}})


async def test_an_object_that_went_away_is_none_and_its_document_stale(room: OwnRoom) -> None:
    await room.create("a")
    document = await room.cluster.get(DEPLOYMENTS, "shop", "a")
    assert document is not None
    await room.deployments.storage.remove(room.deployments.storage.get("shop", "a"))

    assert await room.cluster.get(DEPLOYMENTS, "shop", "a") is None
    with pytest.raises(StaleDocument):
        await room.cluster.replace(DEPLOYMENTS, document)


async def test_what_the_resource_refuses_is_refused(room: OwnRoom) -> None:
    await room.create("a")
    document = await room.cluster.get(DEPLOYMENTS, "shop", "a")
    assert document is not None

    with pytest.raises(Refused, match="must not be bad") as refused:
        await room.cluster.replace(DEPLOYMENTS, {**document, "spec": {"bad": True}})

    assert refused.value.code == 422


async def test_a_subresource_is_asked(room: OwnRoom) -> None:
    answer = await room.cluster.create_subresource(CONFIGS, "shop", "a", "answer", {"spec": {"x": 1}})

    assert (answer["metadata"]["name"], answer["spec"]) == ("a-1", {"x": 1})
    with pytest.raises(Refused, match="buildconfigs have no other"):
        await room.cluster.create_subresource(CONFIGS, "shop", "a", "other", {})


async def test_an_event_names_its_object(room: OwnRoom) -> None:
    document = {"metadata": {"name": "a", "namespace": "shop", "uid": "u", "resourceVersion": "7"}}
    notice = Notice("Normal", "WaitingForImage", "waiting")

    await room.cluster.tell(DEPLOYMENTS, document, notice)

    about = ObjectReference(
        kind="Workload", namespace="shop", name="a", uid="u", api_version="apps/v1", resource_version="7"
    )
    assert room.told == [(about, notice)]
