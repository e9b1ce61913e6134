"""`isctl watch` in scripts: with a real server that goes away and comes back."""

import os
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.running_server import ISCTL, RunningServer

DIGESTS = [f"sha256:{number:064x}" for number in range(1, 20)]


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    with RunningServer(tmp_path_factory.mktemp("watch") / "data") as server:
        yield server


def stream(server: RunningServer, name: str) -> None:
    server.isctl("create", "imagestream", name, check=True)


def point(server: RunningServer, name: str, digest: str) -> None:
    body = {
        "kind": "ImageStreamMapping",
        "apiVersion": "image.openshift.io/v1",
        "metadata": {"name": name, "namespace": "default"},
        "image": {
            "metadata": {"name": digest},
            "dockerImageReference": f"registry.example.com/{name}@{digest}",
            "dockerImageMetadata": {"kind": "DockerImage", "apiVersion": "1.0"},
        },
        "tag": "prod",
    }
    path = "/apis/image.openshift.io/v1/namespaces/default/imagestreammappings"
    status, answer = server.request("POST", path, body)
    assert status == 201, answer


class Watch:
    """An `isctl watch` that runs, with its output in a file."""

    def __init__(self, file: Path, server: RunningServer, *arguments: str) -> None:
        self.file = file
        environment = {**os.environ, "KUBECONFIG": str(server.kubeconfig)}
        with file.open("wb") as out:
            command = [str(ISCTL), "watch", *arguments]
            self.process = subprocess.Popen(command, stdout=out, stderr=subprocess.STDOUT, env=environment)

    def until(self, happened: Callable[[str], bool]) -> str:
        deadline = time.monotonic() + 30
        while not happened(text := self.file.read_text()):
            assert time.monotonic() < deadline, text
            assert self.process.poll() is None or happened(self.file.read_text()), self.file.read_text()
            time.sleep(0.02)
        return text

    def __enter__(self) -> "Watch":
        return self

    def __exit__(self, *raised: object) -> None:
        self.process.kill()
        self.process.wait(10)


def test_each_change_runs_the_command_with_its_environment(own: RunningServer, tmp_path: Path) -> None:
    stream(own, "app")
    point(own, "app", DIGESTS[0])
    command = 'echo "$IMAGESTREAMS_EVENT $IMAGESTREAMS_TAG $IMAGESTREAMS_PULL_SPEC"; exit 3'

    with Watch(tmp_path / "out", own, "app:prod", "--initial", "--exec", command) as watch:
        watch.until(lambda text: "initial" in text)
        point(own, "app", DIGESTS[1])
        text = watch.until(lambda text: "changed" in text and text.count("exit code 3") == 2)

    assert f"initial app:prod registry.example.com/app@{DIGESTS[0]}\n" in text
    assert f"changed app:prod registry.example.com/app@{DIGESTS[1]}\n" in text
    assert f"the command for {DIGESTS[1]} ended with exit code 3\n" in text


def test_without_a_command_each_change_is_a_line(own: RunningServer, tmp_path: Path) -> None:
    with Watch(tmp_path / "out", own, "lib:prod") as watch:
        watch.until(lambda text: "imagestreamtag lib:prod is not there yet, waiting for it\n" in text)
        stream(own, "lib")
        for digest in DIGESTS[:5]:
            point(own, "lib", digest)
        text = watch.until(lambda text: text.count("lib:prod sha256") == 5)

    assert [line.split()[2] for line in text.splitlines()[1:]] == DIGESTS[:5]


@pytest.mark.parametrize("arguments", [(), ("--exec", 'echo "now $IMAGESTREAMS_IMAGE"')])
def test_a_deletion_is_told_and_nothing_is_done_for_it(
    own: RunningServer, tmp_path: Path, arguments: tuple[str, ...]
) -> None:
    name = f"gone{len(arguments)}"
    stream(own, name)
    point(own, name, DIGESTS[0])

    with Watch(tmp_path / "out", own, f"{name}:prod", "--initial", *arguments) as watch:
        watch.until(lambda text: DIGESTS[0] in text)
        own.isctl("tag", "-d", f"{name}:prod", check=True)
        watch.until(lambda text: f"imagestreamtag {name}:prod was deleted\n" in text)
        point(own, name, DIGESTS[1])
        text = watch.until(lambda text: DIGESTS[1] in text)

    assert len(text.splitlines()) == 3


def test_a_deletion_is_not_the_change_that_once_waits_for(own: RunningServer, tmp_path: Path) -> None:
    stream(own, "single")
    point(own, "single", DIGESTS[0])

    with Watch(tmp_path / "out", own, "single:prod", "--once") as watch:
        time.sleep(1)  # until it watches; nothing tells of that
        own.isctl("tag", "-d", "single:prod", check=True)
        point(own, "single", DIGESTS[1])
        text = watch.until(lambda text: DIGESTS[1] in text)

    assert text.splitlines()[-1].split()[2] == DIGESTS[1]


def test_changes_during_a_command_are_one(own: RunningServer, tmp_path: Path) -> None:
    stream(own, "busy")
    point(own, "busy", DIGESTS[0])
    going = tmp_path / "going"
    command = f'echo "run $IMAGESTREAMS_IMAGE"; while [ ! -e {going} ]; do sleep 0.05; done'

    with Watch(tmp_path / "out", own, "busy:prod", "--initial", "--exec", command) as watch:
        watch.until(lambda text: "run" in text)
        for digest in DIGESTS[1:8]:
            point(own, "busy", digest)
        time.sleep(0.5)
        going.touch()
        text = watch.until(lambda text: DIGESTS[7] in text)

    assert text.splitlines() == [f"run {DIGESTS[0]}", f"run {DIGESTS[7]}"]


@pytest.mark.parametrize(("command", "code"), [("exit 7", 7), ("kill -9 $$", 137), ("true", 0)])
def test_once_ends_with_the_code_of_the_command(own: RunningServer, command: str, code: int) -> None:
    name = f"once{code}"
    stream(own, name)
    point(own, name, DIGESTS[0])

    done = own.isctl("watch", f"{name}:prod", "--initial", "--once", "--exec", command)

    assert done.returncode == code


def test_a_time_that_is_over_has_a_code_of_its_own(own: RunningServer) -> None:
    stream(own, "quiet")
    point(own, "quiet", DIGESTS[0])

    once = own.isctl("watch", "quiet:prod", "--once", "--timeout=300ms")
    watched = own.isctl("watch", "quiet:prod", "--timeout=300ms")

    assert (once.returncode, once.stderr) == (124, "error: timed out waiting for a change of quiet:prod\n")
    assert (watched.returncode, watched.stdout) == (0, "")


def test_a_server_that_is_restarted_loses_no_change(tmp_path: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}"
    server = RunningServer(tmp_path / "data", "--listen", url)
    stream(server, "app")
    point(server, "app", DIGESTS[0])
    address = ("--server", url, "--token", server.token)
    with Watch(tmp_path / "out", server, "app:prod", "--initial", *address) as watch:
        watch.until(lambda text: DIGESTS[0] in text)
        server.kill()

        with RunningServer(tmp_path / "data") as elsewhere:
            point(elsewhere, "app", DIGESTS[1])
        with RunningServer(tmp_path / "data", "--listen", url) as again:
            point(again, "app", DIGESTS[2])
            text = watch.until(lambda text: DIGESTS[2] in text)

    seen = [line.split()[2] for line in text.splitlines() if "app:prod sha256" in line]
    assert seen == DIGESTS[:3]
