"""The whole chain on real parts: a base image is pushed, and by itself everything that is made of it is made anew.

docker-registry tells of the push, the tag is imported, buildah builds the next image and pushes it, that is imported,
the Deployment gets it, and a command of the operator's carries it out: each exactly once, whatever happens meanwhile.
"""

import json
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.notifying_registry import free_port, notifying_registry
from tests.running_server import RunningServer

WAIT_S = 90
NAMESPACE = "chain"
IMAGE = "/apis/image.openshift.io/v1/namespaces/chain"
APPS = "/apis/apps/v1/namespaces/chain"
BUILD = "/apis/build.openshift.io/v1/namespaces/chain"


def until(look: Callable[[], Any]) -> Any:
    deadline = time.monotonic() + WAIT_S
    while not (found := look()):
        assert time.monotonic() < deadline, "it does not come"
        time.sleep(0.02)
    return found


class Chain:
    """A registry, a server that can die, what is built, and what the operator's command was told."""

    def __init__(self, directory: Path, run_directory: str) -> None:
        self.directory = directory
        self.registry = f"127.0.0.1:{free_port()}"
        self.port = free_port()
        self.calls_file = directory / "calls"
        self.hold = directory / "hold"
        self._buildah = ["buildah", "--root", str(directory / "images"), "--runroot", run_directory]
        self._buildah += ["--storage-driver", "vfs"]
        command = directory / "on-change"
        command.write_text(
            "#!/bin/sh\n"
            f'echo "$IMAGESTREAMS_ACTION $IMAGESTREAMS_CHANGE_ID $IMAGESTREAMS_IMAGE" >> {self.calls_file}\n'
            f"if test -e {self.hold}; then sleep 1000; fi\n"
        )
        command.chmod(0o700)
        source = directory / "source"
        source.mkdir()
        (source / "Dockerfile").write_text('FROM base\nRUN ["/bin/sh", "-c", "echo made of $(cat /version) > /made"]\n')
        settings = {
            "runners": [{"name": "local", "type": "exec", "command": [str(command)]}],
            "builder": {
                "type": "buildah",
                "isolation": "chroot",
                "storageDriver": "vfs",
                "directories": [str(source)],
            },
        }
        (directory / "settings.json").write_text(json.dumps(settings))  # JSON is YAML
        self.server = self.start()

    def start(self) -> RunningServer:
        listen = f"http://127.0.0.1:{self.port}"
        settings = str(self.directory / "settings.json")
        return RunningServer(self.directory / "data", "--config", settings, "--listen", listen)

    def die(self) -> None:
        """Let the server die and come back."""
        self.server.kill()
        self.server = self.start()

    def send(self, method: str, path: str, body: Any) -> Any:
        headers = {"Content-Type": "application/merge-patch+json"} if method == "PATCH" else {}
        code, answer = self.server.request(method, path, body, headers)
        assert code in (200, 201), answer
        return answer

    def get(self, path: str) -> Any:
        return self.server.request("GET", path)[1]

    def push_base(self, version: str) -> str:
        """Push a base image with a shell and a version in it; return its digest."""
        context = self.directory / f"base-{version}"
        (context / "bin").mkdir(parents=True)
        busybox = shutil.which("busybox")
        assert busybox, "busybox is not installed (Debian package busybox-static)"
        shutil.copy(busybox, context / "bin" / "busybox")
        for name in ("sh", "cat"):
            (context / "bin" / name).symlink_to("busybox")
        (context / "version").write_text(version)
        (context / "Dockerfile").write_text("FROM scratch\nCOPY bin /bin\nCOPY version /version\nENV PATH=/bin\n")
        name, digest = f"{self.registry}/org/base:1", self.directory / "digest"
        self._run("bud", "--isolation", "chroot", "-t", name, str(context))
        self._run("push", "--tls-verify=false", "--digestfile", str(digest), name)
        return digest.read_text().strip()

    def _run(self, *arguments: str) -> None:
        done = subprocess.run([*self._buildah, *arguments], capture_output=True, text=True)
        assert done.returncode == 0, done.stderr

    def prepare(self) -> str:
        """Make the streams, the hook and the build config; return the path of the hook."""
        self.send("POST", "/api/v1/namespaces", {"metadata": {"name": NAMESPACE}})
        trusted = {"spec": {"registrySources": {"insecureRegistries": [self.registry]}}}
        self.send("PATCH", "/apis/config.openshift.io/v1/images/cluster", trusted)
        for name in ("base", "app"):
            source = {"kind": "DockerImage", "name": f"{self.registry}/org/{name}:1"}
            self.send("POST", f"{IMAGE}/imagestreams", {"metadata": {"name": name}, "spec": {"tags": [tag(source)]}})
        config = {
            "metadata": {"name": "app"},
            "spec": {
                "source": {"git": {"uri": f"file://{self.directory}/source"}},
                "strategy": {"dockerStrategy": {"from": {"kind": "ImageStreamTag", "name": "base:1"}}},
                "output": {"to": {"kind": "ImageStreamTag", "name": "app:1"}},
                "triggers": [{"type": "ImageChange", "imageChange": {}}],
            },
        }
        self.send("POST", f"{BUILD}/buildconfigs", config)
        trigger = {
            "from": {"kind": "ImageStreamTag", "name": "app:1"},
            "fieldPath": 'spec.template.spec.containers[?(@.name=="web")].image',
        }
        deployment = {
            "metadata": {"name": "web", "annotations": {"image.openshift.io/triggers": json.dumps([trigger])}},
            "spec": {
                "selector": {"matchLabels": {"app": "web"}},
                "template": {
                    "metadata": {"labels": {"app": "web"}},
                    "spec": {"containers": [{"name": "web", "image": " "}]},
                },
            },
        }
        self.send("POST", f"{APPS}/deployments", deployment)
        made = self.server.isctl(
            *("-n", NAMESPACE, "hook", "create", "pushes", "--sender=distribution", f"--registry={self.registry}"),
            *("-o", "jsonpath={.status.path}"),
            check=True,
        )
        return made.stdout

    def history(self, stream: str) -> list[str]:
        """The images of the stream's tag, newest first."""
        tags = self.get(f"{IMAGE}/imagestreams/{stream}")["status"].get("tags") or []
        return [item["image"] for one in tags for item in one["items"] or []]

    def builds(self) -> list[tuple[str, str]]:
        """The builds that there are: phase, and the digest of what they pushed."""
        found = [one["status"] for one in self.get(f"{BUILD}/builds")["items"]]
        return [(one["phase"], one.get("output", {}).get("to", {}).get("imageDigest", "")) for one in found]

    def deployment(self) -> Any:
        return self.get(f"{APPS}/deployments/web")

    def calls(self) -> list[tuple[str, str, str]]:
        """What the command was told: action, change, and the digest of the image."""
        lines = self.calls_file.read_text().splitlines() if self.calls_file.exists() else []
        return [(action, change, image.partition("@")[2]) for action, change, image in (line.split() for line in lines)]

    def changes(self) -> list[str]:
        """The images that the command was told of, those told again left out, as a careful command does it."""
        return list({change: image for _, change, image in self.calls()}.values())

    def await_rollout(self, image: str) -> None:
        """Wait until an image is rolled out, and nothing is left to do."""

        def rolled_out() -> bool:
            deployment = self.deployment()
            conditions = {one["type"]: one.get("reason") for one in deployment["status"].get("conditions") or []}
            current = deployment["status"].get("observedGeneration") == deployment["metadata"]["generation"]
            settled = conditions.get("Progressing") == "NewReplicaSetAvailable"
            return current and settled and self.changes()[-1:] == [image]

        until(rolled_out)

    def await_build(self, count: int) -> str:
        """Wait until so many builds are complete, and the app's tag has the newest image; return it."""

        def built() -> str:
            found = self.builds()
            done = len(found) >= count and all(phase == "Complete" for phase, _ in found)
            return found[-1][1] if done and self.history("app")[:1] == [found[-1][1]] else ""

        image: str = until(built)
        assert len(self.builds()) == count
        return image


def tag(source: dict[str, str]) -> dict[str, Any]:
    return {"name": "1", "from": source, "importPolicy": {"insecure": True}}


@pytest.fixture
def chain(tmp_path: Path) -> Iterator[Chain]:
    with tempfile.TemporaryDirectory(prefix="run-", dir="/tmp", ignore_cleanup_errors=True) as run:
        made = Chain(tmp_path, run)
        try:
            path = made.prepare()
            with notifying_registry(tmp_path / "registry", made.registry, f"http://127.0.0.1:{made.port}{path}"):
                yield made
        finally:
            if made.server.process.poll() is None:
                made.server.stop()


def test_a_new_base_image_rebuilds_and_redeploys_once_and_so_does_going_back(chain: Chain) -> None:
    first_base = chain.push_base("one")
    first = chain.await_build(1)
    chain.await_rollout(first)
    assert chain.history("base") == [first_base]
    assert chain.changes() == [first]
    generation = chain.deployment()["metadata"]["generation"]

    second_base = chain.push_base("two")
    second = chain.await_build(2)
    chain.await_rollout(second)
    assert chain.history("base") == [second_base, first_base]
    assert chain.history("app") == [second, first]
    assert chain.deployment()["metadata"]["generation"] == generation + 1
    assert [call[0] for call in chain.calls()] == ["apply", "apply"]

    # The base's tag is rolled back: what is made of it follows once more.
    chain.server.isctl("-n", NAMESPACE, "rollback", "base:1", check=True)
    third = chain.await_build(3)
    chain.await_rollout(third)
    assert chain.deployment()["metadata"]["generation"] == generation + 2
    assert [call[2] for call in chain.calls()] == [first, second, third]

    # The app's own tag is rolled back: nothing is built, and the image of before is rolled out.
    chain.server.isctl("-n", NAMESPACE, "rollback", "app:1", check=True)
    chain.await_rollout(second)
    assert len(chain.builds()) == 3
    assert chain.deployment()["metadata"]["generation"] == generation + 3
    assert [call[2] for call in chain.calls()] == [first, second, third, second]
    told = chain.server.kubectl("-n", NAMESPACE, "rollout", "status", "deployment/web", "--timeout=20s", check=True)
    assert told.stdout == 'deployment "web" successfully rolled out\n'
    log = chain.server.isctl("-n", NAMESPACE, "logs", "build/app-3", check=True).stdout
    assert "Push successful" in log


def test_a_server_that_dies_anywhere_on_the_way_converges_and_does_nothing_twice_that_shows(chain: Chain) -> None:
    first_base = chain.push_base("one")
    first = chain.await_build(1)
    chain.await_rollout(first)
    generation = chain.deployment()["metadata"]["generation"]

    # It dies when the base is imported, before or while the triggers do their work.
    second_base = chain.push_base("two")
    until(lambda: chain.history("base")[:1] == [second_base])
    chain.die()
    second = chain.await_build(2)
    chain.await_rollout(second)
    assert chain.deployment()["metadata"]["generation"] == generation + 1
    assert chain.history("base") == [second_base, first_base]

    # It dies while the command is at work: the change is told again, under its id.
    chain.hold.touch()
    third_base = chain.push_base("three")
    third = chain.await_build(3)
    until(lambda: chain.calls()[-1][2] == third)
    chain.hold.unlink()
    chain.die()
    chain.await_rollout(third)

    assert chain.history("base") == [third_base, second_base, first_base]
    assert chain.history("app") == [third, second, first]
    assert [phase for phase, _ in chain.builds()] == ["Complete"] * 3
    assert chain.deployment()["metadata"]["generation"] == generation + 2
    assert chain.changes() == [first, second, third]
    assert len(chain.calls()) == 4
