"""Builds over a real store, run by the real buildah, with git repositories and registries of the test."""

import asyncio
import shutil
import subprocess
import tempfile
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from imagestreams.access.authorization import BuiltinAuthorizer
from imagestreams.access.identity import User
from imagestreams.api.codec import copy, from_dict, to_dict
from imagestreams.api.core import Namespace
from imagestreams.controllers.builds.loop import Builds
from imagestreams.controllers.builds.plans import BuildPlans
from imagestreams.registries.policy import RegistryPolicy
from imagestreams.resources.builds.build_logs import BuildLogs
from imagestreams.resources.builds.group import build_group
from imagestreams.resources.builds.uploads import Uploads
from imagestreams.resources.core.group import core_group
from imagestreams.resources.images.group import image_group
from imagestreams.resources.images.imagestreams import RegistryHosts
from imagestreams.resources.resource import DeleteOptions, RequestContext
from imagestreams.runners.builds.images import Engine
from imagestreams.runners.builds.pipeline import Builder
from imagestreams.runners.leftovers import Leftovers
from imagestreams.store.sqlite import SQLiteStore


class BuildRoom:
    """The groups, the loop, and what it told."""

    def __init__(self, store: SQLiteStore, directory: Path, builder: Builder | None) -> None:
        self.now = datetime(2026, 11, 25, 3, 0, 0, tzinfo=UTC)
        self.directory = directory
        self.builder = builder
        self.policy = RegistryPolicy()
        self.authorities: dict[str, str] = {}
        self.concurrent = 1
        self.retry_s = 0.05
        self.pushed: list[tuple[str, str]] = []
        self.events: list[tuple[str, str]] = []
        self.core = core_group(store, authorizer=BuiltinAuthorizer(), clock=self.clock)
        self.images = image_group(
            store,
            secrets=self.core.secrets.storage,
            hosts=RegistryHosts("registry.test"),
            authorizer=BuiltinAuthorizer(),
            namespaces=lambda namespace: None,
            clock=self.clock,
        )
        self.group = build_group(
            store,
            streams=self.images.streams,
            secrets=self.core.secrets.storage,
            service_accounts=self.core.service_accounts.storage,
            logs=BuildLogs(directory / "logs"),
            uploads=Uploads(directory / "uploads"),
            authorizer=BuiltinAuthorizer(),
            namespaces=lambda namespace: None,
            clock=self.clock,
        )
        self.resources: dict[str, Any] = {
            "Build": self.group.builds,
            "BuildConfig": self.group.configs,
            "Secret": self.core.secrets,
            "ConfigMap": self.core.config_maps,
            "ImageStream": next(one for one in self.images.resources if one.info.plural == "imagestreams"),
        }

    def clock(self) -> datetime:
        self.now += timedelta(seconds=1)
        return self.now

    async def _note_pushed(self, pull_spec: str, digest: str) -> None:
        self.pushed.append((pull_spec, digest))

    async def start(self) -> None:
        await self.core.start()
        await self.images.start()
        await self.group.start()
        namespace = from_dict({"metadata": {"name": "shop"}}, Namespace)
        await self.core.namespaces.create(self.context("shop", ""), namespace)
        self.begin()

    def begin(self) -> None:
        plans = BuildPlans(
            self.group.sources,
            self.core.secrets.storage,
            self.core.config_maps.storage,
            lambda: self.policy,
            lambda: self.authorities,
            "",
            60,
        )
        self.loop = Builds(
            self.group,
            plans,
            self.builder,
            self._note_pushed,
            lambda about, telling, now, component: self.events.append((telling.reason, telling.message)),
            self.clock,
            concurrent=self.concurrent,
            retry_s=self.retry_s,
        )
        self._task = asyncio.create_task(self.loop.run())

    async def end(self) -> None:
        self.loop.stop()
        await self._task

    async def stop(self) -> None:
        await self.end()
        self.group.stop()
        self.images.stop()
        self.core.stop()

    def context(self, name: str = "", namespace: str = "shop") -> RequestContext:
        return RequestContext(User("tester"), self.now.strftime("%Y-%m-%dT%H:%M:%SZ"), namespace, name)

    async def create(self, document: dict[str, Any]) -> None:
        resource, metadata = self.resources[document["kind"]], {"namespace": "shop", **document["metadata"]}
        value = from_dict({**document, "metadata": metadata}, resource.info.object_type)
        await resource.create(self.context(metadata["name"]), value)

    async def change(self, kind: str, name: str, change: Callable[[Any], None]) -> None:
        def transform(old: Any) -> Any:
            value = copy(old)
            change(value)
            return value

        await self.resources[kind].update(self.context(name), transform)

    async def cancel(self, name: str) -> None:
        await self.change("Build", name, lambda build: setattr(build.status, "cancelled", True))

    async def delete(self, kind: str, name: str) -> None:
        await self.resources[kind].delete(self.context(name), DeleteOptions())

    def build(self, name: str) -> dict[str, Any]:
        return to_dict(self.group.builds.storage.get("shop", name).value)

    def status(self, name: str) -> dict[str, Any]:
        found: dict[str, Any] = self.build(name)["status"]
        return found

    def log(self, name: str) -> str:
        return self.group.logs.read(self.build(name)["metadata"]["uid"]).decode()

    async def until(self, holds: Callable[[], Any]) -> None:
        for _ in range(2000):
            if holds():
                return
            await asyncio.sleep(0.01)
        raise AssertionError("it does not come")

    async def until_phase(self, name: str, phase: str) -> dict[str, Any]:
        await self.until(lambda: self.status(name)["phase"] == phase)
        return self.status(name)


@pytest.fixture
async def open_room(tmp_path: Path) -> AsyncIterator[Callable[..., Any]]:
    """Makes rooms, each with a builder unless that is `None`."""
    async with AsyncExitStack() as stack:
        run = stack.enter_context(tempfile.TemporaryDirectory(prefix="run-", dir="/tmp", ignore_cleanup_errors=True))
        environment = {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME": str(tmp_path)}
        engine = Engine(["buildah"], environment, tmp_path / "images", Path(run), isolation="chroot", driver="vfs")
        leftovers = Leftovers(tmp_path / "running")
        builder = Builder(engine, tmp_path / "work", leftovers, environment, [tmp_path / "sources"])

        async def make(*, builder: Builder | None = builder) -> BuildRoom:
            store = SQLiteStore.open(tmp_path / "data")
            stack.push_async_callback(store.close)
            room = BuildRoom(store, tmp_path, builder)
            stack.push_async_callback(room.stop)
            await room.start()
            return room

        yield make


@pytest.fixture
async def room(open_room: Callable[..., Any], docker_registry: Any) -> Any:
    made = await open_room()
    made.policy = RegistryPolicy(insecure=(docker_registry.host,))
    return made


@pytest.fixture
def shell(tmp_path: Path) -> str:
    """A Dockerfile of an image with a shell: busybox, linked statically, in `sources/shell`."""
    directory = tmp_path / "sources" / "shell"
    (directory / "bin").mkdir(parents=True)
    busybox = shutil.which("busybox")
    assert busybox, "busybox is not installed (Debian package busybox-static)"
    shutil.copy(busybox, directory / "bin" / "busybox")
    for name in ("sh", "sleep", "echo", "test", "cat"):
        (directory / "bin" / name).symlink_to("busybox")
    (directory / "Dockerfile").write_text(
        "FROM scratch\nCOPY bin /bin\nENV PATH=/bin\nCOPY script /script\nRUN . /script\n"
    )
    (directory / "script").write_text("echo done\n")
    return str(directory)


@pytest.fixture
def build(docker_registry: Any, repository_name: str, shell: str) -> Callable[..., dict[str, Any]]:
    """Makes the document of a build `web-1` of a directory, pushed to the plain registry."""

    def make(name: str = "web-1", script: str = "echo done\n", **spec: Any) -> dict[str, Any]:
        directory = Path(shell).with_name(f"shell-{name}")
        if not directory.exists():
            shutil.copytree(shell, directory, symlinks=True)
            (directory / "script").write_text(script)
        target = f"{docker_registry.host}/{repository_name}:1"
        made = {
            "source": {"type": "Git", "git": {"uri": f"file://{directory}"}},
            "strategy": {"type": "Docker", "dockerStrategy": {}},
            "output": {"to": {"kind": "DockerImage", "name": target}},
        }
        return {
            "apiVersion": "build.openshift.io/v1",
            "kind": "Build",
            "metadata": {"name": name},
            "spec": {**made, **spec},
        }

    return make


@pytest.fixture
def git() -> Callable[..., str]:
    """Makes a repository of a directory; returns its commit."""

    def make(directory: str) -> str:
        def run(*arguments: str) -> str:
            command = ["git", "-c", "user.name=Ann", "-c", "user.email=ann@example.com", *arguments]
            return subprocess.run(command, cwd=directory, check=True, capture_output=True, text=True).stdout.strip()

        run("init", "--quiet", "--initial-branch", "main")
        run("add", "--all")
        run("commit", "--quiet", "-m", "start")
        return run("rev-parse", "HEAD")

    return make
