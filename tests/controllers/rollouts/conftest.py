"""Workloads over a real store, the loop, and a runner that notes what it is told and does what the test says."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from imagestreams.access.authorization import BuiltinAuthorizer
from imagestreams.access.identity import User
from imagestreams.api.codec import copy, from_dict, to_dict
from imagestreams.api.core import Namespace
from imagestreams.controllers.configs.deployments_of_configs import ConfigRollouts
from imagestreams.controllers.queue import Backoff
from imagestreams.controllers.rollouts.attachments import Attachments
from imagestreams.controllers.rollouts.handouts import ChosenRunner
from imagestreams.controllers.rollouts.loop import Rollouts
from imagestreams.controllers.rollouts.records import rollout_storage
from imagestreams.controllers.workloads.revisions import Revisions
from imagestreams.registries.policy import RegistryPolicy
from imagestreams.resources.core.group import CoreGroup, core_group
from imagestreams.resources.images.group import image_group
from imagestreams.resources.images.imagestreams import RegistryHosts
from imagestreams.resources.openshift_apps.group import openshift_apps_group
from imagestreams.resources.resource import DeleteOptions, RequestContext
from imagestreams.resources.stored import StoredResource
from imagestreams.resources.workloads.group import workload_group
from imagestreams.runners.engine import RunnerError
from imagestreams.runners.runner import Observation, Workload
from imagestreams.runners.settings import EXEC, RunnerSettings
from imagestreams.store.sqlite import SQLiteStore

ANYBODY = RunnerSettings("fake", EXEC, ("fake",))


@dataclass
class FakeRunner:
    """Carries out nothing, and notes what it should."""

    name: str = "fake"
    needs_objects: bool = True
    observes: bool = False
    calls: list[tuple[str, Workload]] = field(default_factory=list)
    error: str = ""
    hold: asyncio.Event | None = None
    running: dict[str, Observation] = field(default_factory=dict)
    outcome: Observation | None = None

    async def roll_out(self, workload: Workload) -> Observation:
        self.calls.append(("apply", workload))
        if self.hold is not None:
            await self.hold.wait()
        if self.error:
            raise RunnerError(self.error)
        ended = workload.replicas if workload.ends else 0
        seen = self.outcome or Observation(workload.replicas, workload.replicas - ended, succeeded=ended)
        return self.running.setdefault(workload.uid, seen) if self.observes else seen

    async def remove(self, workload: Workload) -> None:
        self.calls.append(("remove", workload))
        if self.error:
            raise RunnerError(self.error)
        self.running.pop(workload.uid, None)

    async def observe(self) -> Mapping[str, Observation]:
        return dict(self.running)

    @property
    def told(self) -> list[str]:
        return [f"{action} {workload.kind}/{workload.name}" for action, workload in self.calls]


class Room:
    """The groups and the loops; the clock stands still unless it is moved."""

    def __init__(self, store: SQLiteStore, runner: FakeRunner) -> None:
        self.now = datetime(2026, 11, 25, 3, 0, 0, tzinfo=UTC)
        self.store = store
        self.runner = runner
        self.events: list[tuple[str, str]] = []
        self.chosen = [ChosenRunner(ANYBODY, runner)]
        self.core: CoreGroup = core_group(store, authorizer=BuiltinAuthorizer(), clock=lambda: self.now)
        images = image_group(
            store,
            secrets=self.core.secrets.storage,
            hosts=RegistryHosts("registry.test"),
            authorizer=BuiltinAuthorizer(),
            namespaces=lambda namespace: None,
            clock=lambda: self.now,
        )
        self.images = images
        self.workloads = workload_group(
            store, namespaces=lambda namespace: None, clock=lambda: self.now, admit_images=None
        )
        self.configs = openshift_apps_group(
            store,
            rollouts=self.workloads.replication_controllers.storage,
            streams=images.streams,
            authorizer=BuiltinAuthorizer(),
            namespaces=lambda namespace: None,
        )
        self.resources: dict[str, StoredResource[Any]] = {
            one.info.kind: one for one in [*self.workloads.stored(), self.configs.configs, *self.core.stored()]
        }
        self._running: list[tuple[Any, asyncio.Task[None]]] = []

    def time(self) -> str:
        return self.now.strftime("%Y-%m-%dT%H:%M:%SZ")

    async def start(self) -> None:
        await self.core.start()
        await self.images.start()
        await self.workloads.start()
        await self.configs.start()
        namespace = from_dict({"metadata": {"name": "shop"}}, Namespace)
        await self.core.namespaces.create(RequestContext(User("tester"), self.time(), "", "shop"), namespace)
        self.begin()

    def begin(self) -> None:
        """Begin to work, as a server that starts does."""
        attachments = Attachments(self.core.config_maps.storage, self.core.secrets.storage, RegistryPolicy)
        records = rollout_storage(self.store)
        self.loop = Rollouts(
            self.workloads,
            self.configs.configs.storage,
            records,
            attachments,
            lambda: self.chosen,
            lambda about, telling, now, component: self.events.append((telling.reason, telling.message)),
            self.time,
            look_interval_s=0.01,
            retry=Backoff(first_s=0.05, longest_s=0.05),
        )
        controllers = self.workloads.replication_controllers
        loops = [
            self.loop,
            Revisions(self.workloads, self.time, lambda *told: None),
            ConfigRollouts(self.configs.configs.storage, controllers, self.time, lambda *told: None),
        ]
        self._running = [(loop, asyncio.create_task(loop.run())) for loop in loops]

    async def end(self) -> None:
        """End to work, as a server that is stopped or dies does."""
        for loop, _ in self._running:
            loop.stop()
        for _, task in self._running:
            await task
        self._running = []

    async def stop(self) -> None:
        await self.end()
        self.configs.stop()
        self.workloads.stop()
        self.images.stop()
        self.core.stop()

    def context(self, name: str = "") -> RequestContext:
        return RequestContext(User("tester"), self.time(), "shop", name)

    async def create(self, document: dict[str, Any]) -> None:
        resource = self.resources[document["kind"]]
        document = {**document, "metadata": {"namespace": "shop", **document["metadata"]}}
        await resource.create(
            self.context(document["metadata"]["name"]), from_dict(document, resource.info.object_type)
        )

    async def change(self, kind: str, name: str, change: Callable[[Any], None]) -> None:
        """Change an object as a client's patch would."""

        def transform(old: Any) -> Any:
            value = copy(old)
            change(value)
            return value

        await self.resources[kind].update(self.context(name), transform)

    async def delete(self, kind: str, name: str) -> None:
        await self.resources[kind].delete(self.context(name), DeleteOptions())

    def get(self, kind: str, name: str) -> dict[str, Any]:
        return to_dict(self.resources[kind].storage.get("shop", name).value)

    def status(self, kind: str, name: str) -> dict[str, Any]:
        found: dict[str, Any] = self.get(kind, name).get("status", {})
        return found

    def condition(self, kind: str, name: str, wanted: str) -> tuple[str, str, str]:
        for one in self.status(kind, name).get("conditions") or []:
            if one["type"] == wanted:
                return one["status"], one.get("reason", ""), one.get("message", "")
        return "", "", ""

    async def until(self, holds: Callable[[], Any]) -> None:
        for _ in range(1000):
            if holds():
                return
            await asyncio.sleep(0.01)
        raise AssertionError("it does not come")

    async def rest(self) -> None:
        """Let the loop come to rest."""
        await asyncio.sleep(0.1)
        await self.until(lambda: self.loop.is_idle)


@pytest.fixture
def runner() -> FakeRunner:
    return FakeRunner()


@pytest.fixture
async def room(tmp_path: Path, runner: FakeRunner) -> AsyncIterator[Room]:
    async with AsyncExitStack() as stack:
        store = SQLiteStore.open(tmp_path / "data")
        stack.push_async_callback(store.close)
        made = Room(store, runner)
        stack.push_async_callback(made.stop)
        await made.start()
        yield made


@pytest.fixture
def workload() -> Callable[..., dict[str, Any]]:
    """Makes the document of a workload `web` with one container of an image."""

    def make(kind: str = "Deployment", image: str = "r/web:1", **spec: Any) -> dict[str, Any]:
        if kind == "Pod":
            spec = {"containers": [{"name": "app", "image": image}], **spec}
            return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "web"}, "spec": spec}
        versions = {"Job": "batch/v1", "ReplicationController": "v1", "DeploymentConfig": "apps.openshift.io/v1"}
        template: dict[str, Any] = {
            "metadata": {"labels": {"app": "web"}},
            "spec": {"containers": [{"name": "app", "image": image}]},
        }
        made: dict[str, Any] = {"template": template, **spec}
        if kind in ("Deployment", "StatefulSet", "DaemonSet", "ReplicaSet"):
            made["selector"] = {"matchLabels": {"app": "web"}}
        if kind == "Job":
            template["spec"]["restartPolicy"] = "Never"
        version = versions.get(kind, "apps/v1")
        return {"apiVersion": version, "kind": kind, "metadata": {"name": "web"}, "spec": made}

    return make
