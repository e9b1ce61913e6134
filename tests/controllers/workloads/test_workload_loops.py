"""The loops that keep the history of workloads, and remove what is owned: over a real store."""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from imagestreams.access.identity import User
from imagestreams.api.codec import copy, from_dict
from imagestreams.api.core import ConfigMap, ObjectReference
from imagestreams.api.meta import ObjectMeta, OwnerReference
from imagestreams.controllers.events.import_events import Telling
from imagestreams.controllers.workloads.garbage_collection import GarbageCollector
from imagestreams.controllers.workloads.revisions import Revisions
from imagestreams.resources.core.configmaps import ConfigMapStrategy, config_map_storage
from imagestreams.resources.resource import DeleteOptions, RequestContext
from imagestreams.resources.stored import StoredResource
from imagestreams.resources.workloads.group import workload_group
from imagestreams.resources.workloads.ownership import controlled_by
from imagestreams.store.cache import CacheEvent
from imagestreams.store.kv import Compacted, WatcherTooSlow
from imagestreams.store.sqlite import SQLiteStore

NOW = "2026-11-25T12:00:00Z"
ROUNDS = 500


class Room:
    """A server's workloads with its loops, which can be stopped and started anew."""

    def __init__(self, store: SQLiteStore) -> None:
        def clock() -> datetime:
            return datetime(2026, 11, 25, 12, tzinfo=UTC)

        self.group = workload_group(store, namespaces=lambda namespace: None, clock=clock, admit_images=None)
        self.config_maps = StoredResource(config_map_storage(store, clock), ConfigMapStrategy(), lambda namespace: None)
        self.context = RequestContext(User("ann"), NOW, "ns")
        self.told: list[str] = []
        self._loops: tuple[Revisions, GarbageCollector] | None = None
        self._tasks: list[asyncio.Task[None]] = []

    def _tell(self, about: ObjectReference, telling: Telling, now: str, component: str) -> None:
        self.told.append(f"{component} {about.kind}/{about.name} {telling.reason}: {telling.message}")

    async def start(self) -> None:
        await self.group.start()
        await self.config_maps.storage.cache.start()

    def run(self) -> None:
        stored = [*self.group.stored(), self.config_maps]
        self._loops = Revisions(self.group, lambda: NOW, self._tell), GarbageCollector(stored, lambda: NOW)
        self._tasks = [asyncio.create_task(loop.run()) for loop in self._loops]

    async def halt(self) -> None:
        for loop in self._loops or ():
            loop.stop()
        await asyncio.gather(*self._tasks)
        self._loops = None

    async def stop(self) -> None:
        await self.halt()
        self.group.stop()
        self.config_maps.storage.cache.stop()

    async def until(self, holds: Callable[[], bool]) -> None:
        """Let the loops work until something holds and nothing is left to do."""
        for _ in range(ROUNDS):
            await asyncio.sleep(0.01)
            if holds() and all(loop.is_idle for loop in self._loops or ()):
                return
        raise AssertionError("the loops did not come to it")

    async def deploy(self, name: str, image: str) -> Any:
        resource, context = self.group.deployments, replace(self.context, name=name)
        template = {"metadata": {"labels": {"app": name}}, "spec": {"containers": [{"name": "c", "image": image}]}}
        document = {"metadata": {"name": name}, "spec": {"selector": {"matchLabels": {"app": name}}}}
        document["spec"]["template"] = template
        if resource.storage.find("ns", name) is None:
            return await resource.create(context, from_dict(document, resource.info.object_type))

        def changed(current: Any) -> Any:
            value = copy(current)
            value.spec.template.spec.containers[0].image = image
            return value

        return await resource.update(context, changed)

    def replica_sets(self) -> list[Any]:
        return [entry.value for entry in self.group.replica_sets.storage.list("ns")]

    def revision(self, name: str) -> str:
        entry = self.group.deployments.storage.find("ns", name)
        annotations = entry.value.metadata.annotations if entry is not None else None
        return (annotations or {}).get("deployment.kubernetes.io/revision", "")

    async def delete(self, resource: StoredResource[Any], name: str, policy: str = "") -> Any:
        options = DeleteOptions(propagation_policy=policy)
        return (await resource.delete(replace(self.context, name=name), options)).value

    async def config_map(self, name: str, *owners: OwnerReference) -> None:
        metadata = ObjectMeta(name=name, namespace="ns", owner_references=list(owners) or None)
        await self.config_maps.create(replace(self.context, name=name), ConfigMap(metadata=metadata))

    async def replica_set(self, name: str, *owners: OwnerReference) -> Any:
        """Make one that belongs to no deployment."""
        template = {"metadata": {"labels": {"app": name}}, "spec": {"containers": [{"name": "c", "image": "app:1"}]}}
        document = {"metadata": {"name": name}, "spec": {"selector": {"matchLabels": {"app": name}}}}
        resource = self.group.replica_sets
        made = from_dict({**document, "spec": {**document["spec"], "template": template}}, resource.info.object_type)
        made.metadata.owner_references = list(owners) or None
        return (await resource.create(replace(self.context, name=name), made)).value

    def reference(self, name: str) -> OwnerReference:
        uid = self.config_maps.storage.get("ns", name).value.metadata.uid
        return OwnerReference(api_version="v1", kind="ConfigMap", name=name, uid=uid)


@pytest.fixture
async def room(tmp_path: Path) -> AsyncIterator[Room]:
    store = SQLiteStore.open(tmp_path / "store")
    made = Room(store)
    await made.start()
    made.run()
    yield made
    await made.stop()
    await store.close()


async def test_a_deployment_keeps_a_replica_set_for_each_template(room: Room) -> None:
    await room.deploy("web", "app:1")
    await room.until(lambda: room.revision("web") == "1")
    await room.deploy("web", "app:2")
    await room.until(lambda: room.revision("web") == "2")
    await room.deploy("web", "app:1")
    await room.until(lambda: room.revision("web") == "3")

    running = {each.spec.template.spec.containers[0].image: each.spec.replicas for each in room.replica_sets()}
    assert running == {"app:1": 1, "app:2": 0}


async def test_each_new_size_of_a_replica_set_is_told_once(room: Room) -> None:
    await room.deploy("web", "app:1")
    await room.until(lambda: room.revision("web") == "1")
    (first,) = (each.metadata.name for each in room.replica_sets())
    await room.deploy("web", "app:2")
    await room.until(lambda: room.revision("web") == "2")

    (second,) = (each.metadata.name for each in room.replica_sets() if each.metadata.name != first)
    scaled = "deployment-controller Deployment/web ScalingReplicaSet: Scaled {} replica set {} from {} to {}"
    assert room.told == [
        scaled.format("up", first, 0, 1),
        scaled.format("up", second, 0, 1),
        scaled.format("down", first, 1, 0),
    ]


async def test_what_happened_while_the_server_was_down_is_caught_up_with(room: Room) -> None:
    await room.deploy("web", "app:1")
    await room.deploy("gone", "app:1")
    await room.until(lambda: room.revision("web") == room.revision("gone") == "1")
    await room.halt()
    await room.deploy("web", "app:2")
    await room.delete(room.group.deployments, "gone")

    room.run()
    await room.until(lambda: room.revision("web") == "2" and len(room.replica_sets()) == 2)

    assert {each.metadata.owner_references[0].name for each in room.replica_sets()} == {"web"}


async def test_a_replica_set_that_somebody_deletes_comes_back(room: Room) -> None:
    await room.deploy("web", "app:1")
    await room.until(lambda: len(room.replica_sets()) == 1)
    (first,) = room.replica_sets()

    await room.delete(room.group.replica_sets, first.metadata.name)
    await room.until(lambda: [each.metadata.uid for each in room.replica_sets()] not in ([], [first.metadata.uid]))

    assert [each.metadata.name for each in room.replica_sets()] == [first.metadata.name]


async def test_a_name_that_is_taken_is_counted_and_avoided(room: Room) -> None:
    await room.deploy("web", "app:1")
    await room.until(lambda: len(room.replica_sets()) == 1)
    (taken,) = room.replica_sets()
    foreign = copy(taken)
    foreign.metadata = ObjectMeta(name=taken.metadata.name, namespace="ns", labels={"app": "web"})
    foreign.spec.template.spec.containers[0].image = "other:1"
    foreign.metadata.owner_references = [
        OwnerReference(api_version="example.com/v1", kind="Robot", name="r", uid="r", controller=True)
    ]
    await room.halt()
    await room.delete(room.group.replica_sets, taken.metadata.name)
    await room.group.replica_sets.create(replace(room.context, name=taken.metadata.name), foreign)

    room.run()
    await room.until(lambda: len(room.replica_sets()) == 2)

    entry = room.group.deployments.storage.get("ns", "web")
    assert entry.value.status.collision_count == 1


async def test_replica_sets_go_with_their_deployment(room: Room) -> None:
    await room.deploy("web", "app:1")
    await room.until(lambda: len(room.replica_sets()) == 1)

    await room.delete(room.group.deployments, "web")

    await room.until(lambda: not room.replica_sets())


async def test_orphans_stay_and_are_adopted_by_who_comes_after(room: Room) -> None:
    await room.deploy("web", "app:1")
    await room.until(lambda: len(room.replica_sets()) == 1)
    (first,) = room.replica_sets()

    waiting = await room.delete(room.group.deployments, "web", "Orphan")
    await room.until(lambda: room.group.deployments.storage.find("ns", "web") is None)
    (orphan,) = room.replica_sets()
    await room.deploy("web", "app:1")
    await room.until(lambda: bool(room.replica_sets()[0].metadata.owner_references))

    assert waiting.metadata.finalizers == ["orphan"]
    assert orphan.metadata.owner_references is None
    assert [each.metadata.uid for each in room.replica_sets()] == [first.metadata.uid]


async def test_in_the_foreground_the_owner_goes_last(room: Room) -> None:
    await room.deploy("web", "app:1")
    await room.until(lambda: len(room.replica_sets()) == 1)
    await room.halt()

    waiting = await room.delete(room.group.deployments, "web", "Foreground")
    held = room.group.deployments.storage.find("ns", "web")
    room.run()
    await room.until(lambda: room.group.deployments.storage.find("ns", "web") is None)

    assert held is not None
    assert waiting.metadata.finalizers == ["foregroundDeletion"]
    assert room.replica_sets() == []


async def test_a_choice_can_be_changed_while_a_deletion_waits(room: Room) -> None:
    await room.deploy("web", "app:1")
    await room.until(lambda: len(room.replica_sets()) == 1)
    await room.halt()
    await room.delete(room.group.deployments, "web", "Foreground")

    changed = await room.delete(room.group.deployments, "web", "Orphan")
    room.run()
    await room.until(lambda: room.group.deployments.storage.find("ns", "web") is None)

    assert changed.metadata.finalizers == ["orphan"]
    assert len(room.replica_sets()) == 1


async def test_an_object_stays_as_long_as_one_of_its_owners(room: Room) -> None:
    await room.config_map("one")
    await room.config_map("two")
    owners = [
        OwnerReference(
            api_version="v1",
            kind="ConfigMap",
            name=name,
            uid=room.config_maps.storage.get("ns", name).value.metadata.uid,
        )
        for name in ("one", "two")
    ]
    await room.config_map("owned", *owners)

    await room.delete(room.config_maps, "one")
    await room.until(
        lambda: len(room.config_maps.storage.get("ns", "owned").value.metadata.owner_references or []) == 1
    )
    await room.delete(room.config_maps, "two")

    await room.until(lambda: room.config_maps.storage.find("ns", "owned") is None)


async def test_of_an_owner_that_is_kept_elsewhere_nothing_is_concluded(room: Room) -> None:
    elsewhere = OwnerReference(api_version="example.com/v1", kind="Robot", name="r", uid="r")
    await room.config_map("owned", elsewhere)
    await room.config_map("owner")
    await room.config_map("seen-later", room.reference("owner"))

    await room.delete(room.config_maps, "owner")
    await room.until(lambda: room.config_maps.storage.find("ns", "seen-later") is None)

    assert room.config_maps.storage.find("ns", "owned") is not None


async def test_an_object_of_the_same_name_is_not_the_owner(room: Room) -> None:
    await room.config_map("owner")
    before = OwnerReference(api_version="v1", kind="ConfigMap", name="owner", uid="an-earlier-one")
    await room.config_map("owned", before)

    await room.until(lambda: room.config_maps.storage.find("ns", "owned") is None)


@pytest.fixture
async def deaf(room: Room, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Callable[[Exception], None]]:
    """Makes watches of config maps tell nothing, until the call of what is returned ends them with a reason."""
    cache = room.config_maps.storage.cache
    heard: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    real = cache.watch

    async def watch(prefix: str, after: int) -> AsyncIterator[CacheEvent[ConfigMap]]:
        if not heard.done():
            await asyncio.shield(heard)
        async for event in real(prefix, after):
            yield event

    monkeypatch.setattr(cache, "watch", watch)
    yield heard.set_exception
    monkeypatch.undo()


@pytest.mark.parametrize("reason", [Compacted("too old"), WatcherTooSlow("too slow")])
async def test_an_owner_that_went_while_the_watch_had_fallen_behind_is_noticed(
    room: Room, deaf: Callable[[Exception], None], reason: Exception
) -> None:
    await room.halt()
    for name in ("gone", "replaced", "stays"):
        await room.config_map(name)
        await room.replica_set(f"of-{name}", room.reference(name))

    room.run()
    await room.until(lambda: True)
    await room.delete(room.config_maps, "gone")
    await room.delete(room.config_maps, "replaced")
    await room.config_map("replaced")
    await room.until(lambda: True)
    assert [each.metadata.name for each in room.replica_sets()] == ["of-gone", "of-replaced", "of-stays"]

    deaf(reason)

    await room.until(lambda: [each.metadata.name for each in room.replica_sets()] == ["of-stays"])


async def test_an_owner_in_the_foreground_goes_when_the_last_removal_was_not_told_either(
    room: Room, deaf: Callable[[Exception], None]
) -> None:
    await room.halt()
    replica_sets = room.group.replica_sets
    await room.config_map("owned", controlled_by(await room.replica_set("web")))
    await room.delete(replica_sets, "web", "Foreground")

    room.run()
    await room.until(lambda: room.config_maps.storage.find("ns", "owned") is None)
    assert replica_sets.storage.find("ns", "web") is not None

    deaf(WatcherTooSlow("too slow"))

    await room.until(lambda: replica_sets.storage.find("ns", "web") is None)
