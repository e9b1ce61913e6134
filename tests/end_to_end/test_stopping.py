"""A server that is told to stop does so soon, whatever is under way, and leaves no program behind."""

import socket
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

from tests.running_server import ISCTL, RunningServer

STUBBORN = """#!/bin/sh
case "$*" in *' rm --all'*|*' rmi '*) exit 0;; esac
trap '' TERM
echo begun
echo $$ >> {0}/pids
sleep 1000.0331 & echo $! >> {0}/pids
wait
sleep 1000.0332
"""
BUILD = "/apis/build.openshift.io/v1/namespaces/default"
SOURCE = {"dockerfile": "FROM scratch\nLABEL a=b\n"}


def test_programs_that_will_not_end_and_a_client_that_is_slow_do_not_hold_it_up(tmp_path: Path) -> None:
    program, pids = tmp_path / "stubborn", tmp_path / "pids"
    program.write_text(STUBBORN.format(tmp_path))
    program.chmod(0o700)
    settings = tmp_path / "settings.yaml"
    runner, builder = f"{{name: script, type: exec, command: [{program}]}}", f"{{type: buildah, command: [{program}]}}"
    settings.write_text(f"runners: [{runner}]\nbuilder: {builder}\n")
    with RunningServer(tmp_path / "data", "--config", str(settings)) as server:
        template = {
            "metadata": {"labels": {"app": "web"}},
            "spec": {"containers": [{"name": "web", "image": "registry.example.com/web:1"}]},
        }
        deployment = {"selector": {"matchLabels": {"app": "web"}}, "template": template}
        create(server, "/apis/apps/v1/namespaces/default/deployments", "apps/v1", "Deployment", deployment)
        strategy = {"type": "Docker", "dockerStrategy": {}}
        create(server, f"{BUILD}/builds", "build.openshift.io/v1", "Build", {"source": SOURCE, "strategy": strategy})
        create(
            server,
            f"{BUILD}/buildconfigs",
            "build.openshift.io/v1",
            "BuildConfig",
            {"strategy": strategy, "source": {"binary": {}}},
        )
        until(lambda: pids.exists() and len(pids.read_text().split()) == 4)
        with slow_upload(server), followed_log(server) as follower:
            # More than ten seconds would be too long.
            server.stop()
            _, told = follower.communicate(timeout=60)

    assert follower.returncode == 1
    assert "error: the log of build default/web was cut off: " in told
    assert not [pid for pid in pids.read_text().split() if is_alive(pid)]


def test_one_that_is_told_to_stop_while_it_starts_does_so_in_order(tmp_path: Path) -> None:
    data = tmp_path / "data"
    listeners = ("--listen", "http://127.0.0.1:0")
    with (tmp_path / "log").open("wb") as log:
        process = subprocess.Popen([ISCTL, "serve", "--data-dir", data, *listeners], stdout=log, stderr=log)
        until((data / "store" / "lock").exists)
        process.terminate()
        # More than ten seconds would be too long.
        code = process.wait(10)

    assert code == 0, (tmp_path / "log").read_text()
    assert "Traceback" not in (tmp_path / "log").read_text()


def create(server: RunningServer, path: str, version: str, kind: str, spec: object) -> None:
    status, answer = server.request(
        "POST", path, {"apiVersion": version, "kind": kind, "metadata": {"name": "web"}, "spec": spec}
    )
    assert status == 201, answer


def followed_log(server: RunningServer) -> subprocess.Popen[str]:
    """Begin to follow the log of the build, and return when that is under way."""
    command = [ISCTL, "--kubeconfig", server.kubeconfig, "logs", "-f", "build/web", "-n", "default"]
    follower = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert follower.stdout is not None
    assert follower.stdout.readline()
    return follower


def slow_upload(server: RunningServer) -> socket.socket:
    """Begin to send a source, and leave it at that."""
    address = urlsplit(server.urls["http"])
    connection = socket.create_connection((address.hostname or "", address.port or 0))
    connection.sendall(
        f"POST {BUILD}/buildconfigs/web/instantiatebinary HTTP/1.1\r\nHost: {address.netloc}\r\n"
        f"Authorization: Bearer {server.token}\r\nContent-Type: application/octet-stream\r\n"
        "Content-Length: 1000000\r\n\r\nbegun".encode()
    )
    received = server.data_dir / "builds" / "uploads"
    until(lambda: any(received.glob("*")))
    return connection


def is_alive(pid: str) -> bool:
    """Whether a process runs; one that is dead but not yet reaped by its new parent does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def until(holds: Callable[[], bool]) -> None:
    for _ in range(1500):
        if holds():
            return
        time.sleep(0.02)
    raise AssertionError("it does not come")
