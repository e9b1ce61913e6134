"""Git repositories, and a builder that runs the real buildah."""

import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from imagestreams.runners.builds.images import Access, Engine, RegistryAccess
from imagestreams.runners.builds.pipeline import Builder
from imagestreams.runners.builds.plan import BuildPlan, BuildResult, Progress
from imagestreams.runners.leftovers import Leftovers
from imagestreams.runners.registries_conf import RegistrySource


@dataclass
class Repository:
    """A Git repository on this machine."""

    path: Path

    def git(self, *arguments: str) -> str:
        identity = ("-c", "user.name=Ann", "-c", "user.email=ann@example.com", "-c", "protocol.file.allow=always")
        done = subprocess.run(["git", *identity, *arguments], cwd=self.path, check=True, capture_output=True, text=True)
        return done.stdout.strip()

    def commit(self, message: str, **files: str) -> str:
        for name, content in files.items():
            path = self.path / name.replace("__", "/")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(content)
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", "-m", message)
        return self.git("rev-parse", "HEAD")


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    path = tmp_path / "sources" / "app"
    path.mkdir(parents=True)
    made = Repository(path)
    made.git("init", "--quiet", "--initial-branch", "main")
    return made


@dataclass
class Workshop:
    """A builder, and what its builds said."""

    builder: Builder
    said: bytearray = field(default_factory=bytearray)
    progress: Progress | None = None

    async def build(self, plan: BuildPlan, access: RegistryAccess | None = None) -> BuildResult:
        self.progress = Progress(lambda: datetime.now(UTC), self.said.extend)
        access = access or RegistryAccess()
        return await self.builder.build(plan, Access(lambda images: access, access), self.progress)

    @property
    def log(self) -> str:
        return self.said.decode()

    @property
    def steps(self) -> list[tuple[str, str]]:
        return [(step.stage, step.name) for step in self.progress.steps] if self.progress else []


@pytest.fixture
def workshop(tmp_path: Path, environment: dict[str, str]) -> Iterator[Workshop]:
    program = shutil.which("buildah")
    assert program, "buildah is not installed (Debian package buildah)"
    with tempfile.TemporaryDirectory(prefix="run-", dir="/tmp", ignore_cleanup_errors=True) as run:
        engine = Engine([program], environment, tmp_path / "images", Path(run), isolation="chroot", driver="vfs")
        work = tmp_path / "work"
        leftovers = Leftovers(tmp_path / "running")
        yield Workshop(Builder(engine, work, leftovers, environment, [tmp_path / "sources"]))


@pytest.fixture(scope="session")
def shell_image(docker_registry: Any, tmp_path_factory: pytest.TempPathFactory) -> str:
    """An image in the plain registry that has a shell: busybox, linked statically."""
    busybox = shutil.which("busybox")
    assert busybox, "busybox is not installed (Debian package busybox-static)"
    context = tmp_path_factory.mktemp("shell-image")
    (context / "bin").mkdir()
    shutil.copy(busybox, context / "bin" / "busybox")
    for name in ("sh", "cat", "test", "sleep", "mkdir"):
        (context / "bin" / name).symlink_to("busybox")
    (context / "Dockerfile").write_text('FROM scratch\nCOPY bin /bin\nENV PATH=/bin\nCMD ["/bin/sh"]\n')
    name = f"{docker_registry.host}/base/shell:1"
    with tempfile.TemporaryDirectory(prefix="run-", dir="/tmp", ignore_cleanup_errors=True) as run:
        buildah = ["buildah", "--root", str(context / "root"), "--runroot", run, "--storage-driver", "vfs"]
        build = [*buildah, "bud", "--isolation", "chroot", "-t", name, str(context)]
        subprocess.run(build, check=True, capture_output=True)
        subprocess.run([*buildah, "push", "--tls-verify=false", name], check=True, capture_output=True)
    return name


@pytest.fixture
def access(docker_registry: Any) -> RegistryAccess:
    host = docker_registry.host
    return RegistryAccess(sources=[RegistrySource(host, host, insecure=True)])
