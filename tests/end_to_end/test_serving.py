"""How the server starts, refuses to start, and stops."""

import http.client
import os
import socket
import subprocess
from pathlib import Path
from urllib.parse import urlsplit

from tests.running_server import ISCTL, RunningServer

STREAMS = "/apis/image.openshift.io/v1/namespaces/default/imagestreams"
STREAM = {"apiVersion": "image.openshift.io/v1", "kind": "ImageStream", "metadata": {"name": "kept"}}


def serve(*arguments: str) -> "subprocess.CompletedProcess[str]":
    environment = {**os.environ, "PYTHONUNBUFFERED": "1"}
    return subprocess.run(
        [ISCTL, "serve", *arguments],
        capture_output=True,
        text=True,
        timeout=60,
        env=environment,
        stdin=subprocess.DEVNULL,
    )


def test_a_stop_ends_open_watches_and_exits_with_zero(tmp_path: Path) -> None:
    server = RunningServer(tmp_path / "data")
    where = urlsplit(server.urls["http"])
    connection = http.client.HTTPConnection(str(where.hostname), where.port, timeout=30)
    connection.request("GET", f"{STREAMS}?watch=1", headers={"Authorization": f"Bearer {server.token}"})
    watch = connection.getresponse()
    assert watch.status == 200

    code = server.stop()

    assert code == 0
    assert watch.read() == b""


def test_a_restart_keeps_objects_token_and_certificate(tmp_path: Path) -> None:
    with RunningServer(tmp_path / "data") as first:
        assert first.request("POST", STREAMS, STREAM)[0] == 201
        token, certificate = first.token, (first.data_dir / "tls" / "server.crt").read_bytes()

    with RunningServer(tmp_path / "data") as second:
        assert second.token == token
        assert (second.data_dir / "tls" / "server.crt").read_bytes() == certificate
        assert second.request("GET", f"{STREAMS}/kept", scheme="https", token=token)[0] == 200


def test_a_second_server_on_the_same_directory_is_refused(tmp_path: Path) -> None:
    with RunningServer(tmp_path / "data") as server:
        refused = serve("--data-dir", str(server.data_dir), "--listen", "http://127.0.0.1:0")

    assert refused.returncode == 1
    assert refused.stderr == (f"error: the data directory {server.data_dir / 'store'} is in use by another process\n")


def test_a_taken_port_is_named_and_nothing_is_left_running(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        refused = serve("--data-dir", str(tmp_path / "data"), "--listen", f"http://127.0.0.1:{port}")

    assert refused.returncode == 1
    told = f"can't listen on http://127.0.0.1:{port}: address already in use; choose other addresses with --listen"
    assert refused.stderr == f"error: {told}\n"
    with RunningServer(tmp_path / "data") as server:
        assert server.request("GET", "/readyz") == (200, "ok")


def test_wrong_settings_are_one_line_on_standard_error(tmp_path: Path) -> None:
    refused = serve("--data-dir", str(tmp_path), "--store", "etcd://127.0.0.1:2379")

    assert (refused.returncode, refused.stdout) == (1, "")
    assert refused.stderr.startswith("error: store must be sqlite")
    assert refused.stderr.count("\n") == 1


def test_the_data_directory_is_readable_by_its_owner_only(tmp_path: Path) -> None:
    with RunningServer(tmp_path / "data") as server:
        server.request("POST", STREAMS, STREAM)

    for path in [server.data_dir, *server.data_dir.rglob("*")]:
        assert path.stat().st_mode & 0o077 == 0, path


def test_the_token_is_in_no_log_and_no_process_argument(tmp_path: Path) -> None:
    with RunningServer(tmp_path / "data") as server:
        server.request("GET", STREAMS, token="wrong")
        server.request("GET", STREAMS)
        arguments = Path(f"/proc/{server.process.pid}/cmdline").read_text()

    assert server.token not in arguments
    assert server.token not in server.log.read_text()


def test_health_is_open_and_everything_else_is_not(tmp_path: Path) -> None:
    with RunningServer(tmp_path / "data") as server:
        where = urlsplit(server.urls["http"])
        answers = {}
        for path in ("/livez", "/readyz", "/healthz", "/version", "/apis", "/metrics", STREAMS):
            connection = http.client.HTTPConnection(str(where.hostname), where.port, timeout=30)
            connection.request("GET", path)
            answers[path] = connection.getresponse().status
            connection.close()

    assert answers == {
        "/livez": 200,
        "/readyz": 200,
        "/healthz": 200,
        "/version": 200,
        "/apis": 403,
        "/metrics": 403,
        STREAMS: 403,
    }
