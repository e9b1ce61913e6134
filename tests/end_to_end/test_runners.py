"""Runners of a real server: the real podman and its own error, a command that is told, and a word where none is."""

import json
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.running_server import RunningServer

WAIT_S = 60


def until(look: Callable[[], Any]) -> Any:
    deadline = time.monotonic() + WAIT_S
    while not (found := look()):
        assert time.monotonic() < deadline, "it does not come"
        time.sleep(0.05)
    return found


class Machine:
    """A server with a podman of its own in the namespace `pods`, and a command in the namespace `script`."""

    def __init__(self, directory: Path, run_directory: str) -> None:
        self.calls = directory / "calls"
        command = directory / "on-change"
        command.write_text(f'#!/bin/sh\ncat >> {self.calls}; echo >> {self.calls}; test "$IMAGESTREAMS_NAME" != bad\n')
        command.chmod(0o700)
        self.podman = ["podman", "--root", str(directory / "pods"), "--runroot", run_directory]
        self.podman += ["--storage-driver", "vfs", "--network-config-dir", str(directory / "networks")]
        missing = {"name": "missing", "type": "podman", "command": ["/nowhere/podman"], "namespaces": ["missing"]}
        settings = {
            "runners": [
                {"name": "containers", "type": "podman", "command": self.podman, "namespaces": ["pods"]},
                {"name": "script", "type": "exec", "command": [str(command)], "namespaces": ["script"]},
                missing,
            ]
        }
        (directory / "settings.json").write_text(json.dumps(settings))  # JSON is YAML
        self.server = RunningServer(directory / "data", "--config", str(directory / "settings.json"))
        for name in ("pods", "script", "missing", "nobody"):
            assert self.server.request("POST", "/api/v1/namespaces", {"metadata": {"name": name}})[0] == 201

    def deploy(self, namespace: str, name: str = "web", image: str = "localhost/tiny:1") -> None:
        done = self.server.isctl("-n", namespace, "create", "deployment", name, f"--image={image}")
        assert done.returncode == 0, done.stderr

    def condition(self, namespace: str, kind: str, name: str = "web") -> dict[str, str]:
        deployment = self.server.request("GET", f"/apis/apps/v1/namespaces/{namespace}/deployments/{name}")[1]
        conditions = deployment["status"].get("conditions") or []
        return next((one for one in conditions if one["type"] == kind), {})

    def told(self) -> list[Any]:
        return [json.loads(line) for line in self.calls.read_text().splitlines()] if self.calls.exists() else []

    def pods(self) -> list[str]:
        listed = subprocess.run([*self.podman, "pod", "ps", "--format", "{{.Name}}"], capture_output=True, text=True)
        return listed.stdout.split()


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machine]:
    with tempfile.TemporaryDirectory(prefix="run-", dir="/tmp", ignore_cleanup_errors=True) as run:
        made = Machine(tmp_path_factory.mktemp("machine"), run)
        with made.server:
            yield made


def test_podman_is_called_and_its_own_error_is_what_the_user_sees(machine: Machine, tmp_path: Path) -> None:
    (tmp_path / "Dockerfile").write_text('FROM scratch\nCOPY Dockerfile /\nCMD ["/nothing"]\n')
    build = [*machine.podman, "build", "--isolation", "chroot", "-t", "localhost/tiny:1", str(tmp_path)]
    subprocess.run(build, check=True, capture_output=True)

    machine.deploy("pods")
    until(lambda: machine.condition("pods", "ReplicaFailure") or machine.condition("pods", "Available"))
    failure = until(lambda: machine.condition("pods", "ReplicaFailure"))

    # The image has no program: also where containers may start, this one can't.
    assert failure["message"].startswith("podman kube play: ")
    assert "rror" in failure["message"]
    assert machine.pods() == ["pods_deployment_web_0"]

    machine.server.kubectl("-n", "pods", "delete", "deployment", "web", check=True)
    until(lambda: not machine.pods())


def test_a_runner_that_is_not_installed_is_told_of(machine: Machine) -> None:
    machine.deploy("missing")

    failure = until(lambda: machine.condition("missing", "ReplicaFailure"))

    assert failure["message"] == "/nowhere/podman is not installed: No such file or directory"


def test_a_command_is_told_of_changes_and_kubectl_sees_the_rollout_end(machine: Machine) -> None:
    machine.deploy("script", image="quay.io/shop/web:1")
    status = ("-n", "script", "rollout", "status", "deployment/web", "--timeout=30s")
    assert machine.server.kubectl(*status, check=True).stdout.endswith("successfully rolled out\n")

    machine.server.kubectl("-n", "script", "set", "image", "deployment/web", "web=quay.io/shop/web:2", check=True)
    machine.server.kubectl(*status, check=True)
    machine.server.kubectl("-n", "script", "rollout", "undo", "deployment/web", check=True)
    machine.server.kubectl(*status, check=True)
    machine.server.kubectl("-n", "script", "scale", "deployment/web", "--replicas=3", check=True)
    machine.server.kubectl(*status, check=True)
    machine.server.kubectl("-n", "script", "delete", "deployment", "web", check=True)
    until(lambda: len(machine.told()) == 5)

    told = machine.told()
    assert [(one["action"], one["images"].get("web", "").rpartition(":")[2], one["replicas"]) for one in told] == [
        ("apply", "1", 1),
        ("apply", "2", 1),
        ("apply", "1", 1),
        ("apply", "1", 3),
        ("remove", "", 0),
    ]
    assert len({one["changeID"] for one in told[:4]}) == 4


def test_a_command_that_fails_is_told_of_and_jobs_and_pods_are_done_once(machine: Machine) -> None:
    machine.deploy("script", "bad", "quay.io/shop/bad:1")
    failure = until(lambda: machine.condition("script", "ReplicaFailure", "bad"))
    assert failure["message"].endswith("on-change: exit status 1")

    machine.server.kubectl("-n", "script", "create", "job", "once", "--image=quay.io/shop/once:1", check=True)
    wait = ("-n", "script", "wait", "--for=condition=Complete", "job/once", "--timeout=30s")
    machine.server.kubectl(*wait, check=True)
    assert [one["name"] for one in machine.told()].count("once") == 1

    run = ("-n", "script", "run", "alone", "--image=quay.io/shop/alone:1", "--restart=Never")
    machine.server.kubectl(*run, check=True)
    ended = ("-n", "script", "wait", "--for=jsonpath={.status.phase}=Succeeded", "pod/alone", "--timeout=30s")
    machine.server.kubectl(*ended, check=True)


def test_where_nobody_runs_it_the_status_says_so(machine: Machine) -> None:
    machine.deploy("nobody")

    progress = until(lambda: machine.condition("nobody", "Progressing"))

    assert (progress["status"], progress["reason"]) == ("False", "NoRunner")
    assert progress["message"] == "no runner of this server takes this workload"
