"""Notifications with a real server: by `isctl`, through crashes, and with the proof that receivers look at."""

import base64
import hashlib
import hmac
import json
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from tests.running_server import RunningServer

DIGESTS = [f"sha256:{number:064x}" for number in range(1, 200)]


class Receiver:
    """An address on the loopback interface; `status` is its next answer."""

    def __init__(self) -> None:
        receiver = self
        self.requests: list[tuple[str, dict[str, str], bytes]] = []
        self.status: Callable[[], int] = lambda: 200

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                receiver.requests.append((self.path, dict(self.headers), body))
                self.send_response(receiver.status())
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *arguments: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/events/of/mine"
        self.thread = threading.Thread(target=self.server.serve_forever, daemon=True)
        self.thread.start()

    @property
    def events(self) -> list[dict[str, Any]]:
        return [json.loads(body) for _, _, body in self.requests]

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    made = Receiver()
    yield made
    made.close()


def until(happened: Callable[[], bool], timeout_s: float = 30) -> None:
    deadline = time.monotonic() + timeout_s
    while not happened():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.05)


def point(server: RunningServer, digest: str, namespace: str = "default", tag: str = "prod") -> None:
    """Let a tag point to an image without any registry, as a push to the server's own registry does."""
    body = {
        "kind": "ImageStreamMapping",
        "apiVersion": "image.openshift.io/v1",
        "metadata": {"name": "app", "namespace": namespace},
        "image": {
            "metadata": {"name": digest},
            "dockerImageReference": f"registry.example.com/app@{digest}",
            "dockerImageMetadata": {"kind": "DockerImage", "apiVersion": "1.0"},
        },
        "tag": tag,
    }
    status, answer = server.request(
        "POST", f"/apis/image.openshift.io/v1/namespaces/{namespace}/imagestreammappings", body
    )
    assert status == 201, answer


@pytest.fixture
def data_dir(tmp_path: Path) -> Path:
    return tmp_path / "data"


def in_namespace(server: RunningServer, namespace: str) -> Callable[..., str]:
    """Run `isctl` in a namespace and return what it prints; it must not fail."""

    def run(*arguments: str, stdin: str = "") -> str:
        return server.isctl(*arguments, "-n", namespace, stdin=stdin, check=True).stdout

    return run


def test_a_signed_event_and_a_test_reach_a_receiver(server: RunningServer, namespace: str, receiver: Receiver) -> None:
    isctl = in_namespace(server, namespace)
    isctl("create", "imagestream", "app")
    isctl("create", "secret", "generic", "proof", "--from-literal=secret=abc")
    made = isctl("notify", "create", receiver.url, "--name=ci", "--secret=proof", "--stream=app")
    tested = isctl("notify", "test", "ci")
    point(server, DIGESTS[0], namespace)
    until(lambda: len(receiver.requests) == 2)
    listed = isctl("notify", "list")

    _, headers, body = receiver.requests[1]
    signed = b".".join([headers["webhook-id"].encode(), headers["webhook-timestamp"].encode(), body])
    expected = base64.b64encode(hmac.new(b"abc", signed, hashlib.sha256).digest()).decode()
    assert made == "notificationsink.imagestreams.dev/ci created\n"
    assert tested == "notificationsink.imagestreams.dev/ci: the receiver answered 200\n"
    assert headers["webhook-signature"] == f"v1,{expected}"
    assert json.loads(body)["data"]["pullSpec"] == f"registry.example.com/app@{DIGESTS[0]}"
    assert listed.split()[:8] == ["NAME", "PRESET", "EVENTS", "PENDING", "DEAD", "LAST", "DELIVERY", "RESULT"]


def test_dead_letters_are_listed_counted_and_sent_again(
    server: RunningServer, namespace: str, receiver: Receiver
) -> None:
    isctl = in_namespace(server, namespace)
    receiver.status = lambda: 410
    isctl("create", "imagestream", "app")
    isctl("notify", "create", receiver.url, "--name=ci")
    point(server, DIGESTS[0], namespace)
    until(lambda: "DeadLettered" in isctl("notify", "list"))
    metrics = server.request("GET", "/metrics")[1]
    events = isctl("get", "events")

    receiver.status = lambda: 200
    retried = isctl("notify", "retry", "ci")
    until(lambda: len(receiver.requests) == 2)

    assert "imagestreams_notification_dead_letters 1.0" in metrics
    assert 'imagestreams_notifications_total{preset="CloudEvents",result="DeadLettered"} 1.0' in metrics
    assert f"Gave up dev.imagestreams.tag.changed of {namespace}/app:prod: the receiver answered 410" in events
    assert retried == "notificationsink.imagestreams.dev/ci: 1 dead letter sent again\n"
    assert receiver.events[0] == receiver.events[1]


def test_the_address_of_a_chat_is_kept_in_a_secret_and_goes_with_its_sink(
    server: RunningServer, namespace: str, receiver: Receiver
) -> None:
    isctl = in_namespace(server, namespace)
    isctl("notify", "create", "-", "--preset=slack", "--name=chat", stdin=receiver.url + "\n")
    isctl("notify", "test", "chat")
    shown = isctl("get", "notificationsink", "chat", "-o", "yaml")
    secrets = isctl("get", "secrets", "-o", "name")
    isctl("notify", "delete", "chat")
    left = isctl("get", "secrets", "-o", "name")

    assert receiver.events == [{"text": f"This is a test of notifications by `{namespace}/chat`"}]
    assert "events/of/mine" not in shown + server.log.read_text()
    assert (secrets, left) == ("secret/chat-url\n", "")


def test_an_import_that_fails_is_told_once(server: RunningServer, namespace: str, receiver: Receiver) -> None:
    isctl = in_namespace(server, namespace)
    isctl("notify", "create", receiver.url, "--name=ci", "--on=import-failed")
    server.isctl("import-image", "app:prod", "--from=127.0.0.1:1/team/app:1", "--confirm", "-n", namespace)
    server.isctl("import-image", "app:prod", "-n", namespace)
    isctl("notify", "test", "ci")

    assert [event["type"] for event in receiver.events] == ["dev.imagestreams.import.failed", "dev.imagestreams.test"]
    data = receiver.events[0]["data"]
    assert (data["imageStream"], data["tag"], data["reason"]) == ("app", "prod", "InternalError")
    assert data["message"].endswith("dial tcp 127.0.0.1:1: connect: connection refused")


def test_a_build_that_is_over_is_told(server: RunningServer, namespace: str, receiver: Receiver) -> None:
    builds = f"/apis/build.openshift.io/v1/namespaces/{namespace}/builds"
    build = {
        "kind": "Build",
        "apiVersion": "build.openshift.io/v1",
        "metadata": {"name": "app-1"},
        "spec": {
            "source": {"type": "Dockerfile", "dockerfile": "FROM scratch"},
            "strategy": {"type": "Docker", "dockerStrategy": {}},
        },
    }
    in_namespace(server, namespace)("notify", "create", receiver.url, "--name=ci", "--on=build-completed,build-failed")
    status, made = server.request("POST", builds, build)
    assert status == 201, made
    over = made["status"] | {"phase": "Complete", "output": {"to": {"imageDigest": DIGESTS[0]}}}
    path = f"{builds}/app-1"
    until(lambda: server.request("PUT", path, {**server.request("GET", path)[1], "status": over})[0] == 200)
    until(lambda: len(receiver.requests) == 1)

    (event,) = receiver.events
    assert (event["type"], event["subject"]) == ("dev.imagestreams.build.completed", f"{namespace}/app-1")
    assert event["data"]["image"] == DIGESTS[0]


@pytest.mark.parametrize("wait_s", [0.0, 0.05])
def test_a_crash_right_after_changes_loses_none_of_them(data_dir: Path, receiver: Receiver, wait_s: float) -> None:
    server = RunningServer(data_dir)
    server.isctl("create", "imagestream", "app", check=True)
    server.isctl("notify", "create", receiver.url, "--name=ci", "--on=tag-changed,tag-deleted", check=True)
    for digest in DIGESTS[:30]:
        point(server, digest)
    server.isctl("tag", "-d", "app:prod", check=True)
    for digest in DIGESTS[30:40]:
        point(server, digest)
    time.sleep(wait_s)
    server.kill()

    told: dict[str, str] = {}

    def all_told() -> bool:
        for event in receiver.events:
            told.setdefault(event["id"], event["data"]["image"])
        return len(told) == 41

    with RunningServer(data_dir):
        until(all_told)

    assert list(told.values()) == [*DIGESTS[:30], "", *DIGESTS[30:40]]


def test_what_a_receiver_did_not_take_before_a_crash_it_gets_after_it(data_dir: Path, receiver: Receiver) -> None:
    receiver.status = lambda: 503
    server = RunningServer(data_dir)
    server.isctl("create", "imagestream", "app", check=True)
    server.isctl("notify", "create", receiver.url, "--name=ci", check=True)
    point(server, DIGESTS[0])
    until(lambda: len(receiver.requests) >= 1)
    server.kill()
    receiver.status = lambda: 200

    with RunningServer(data_dir) as again:
        seen = len(receiver.requests)
        until(lambda: len(receiver.requests) > seen or seen > 1)
        until(lambda: "Delivered" in again.isctl("notify", "list").stdout)

    assert {event["id"] for event in receiver.events} == {receiver.events[0]["id"]}


def test_operators_can_forbid_addresses_that_are_not_public(data_dir: Path, receiver: Receiver) -> None:
    with RunningServer(data_dir, environment={"IMAGESTREAMS_NOTIFICATIONS_FORBID_PRIVATE": "true"}) as server:
        literal = server.isctl("notify", "create", receiver.url, "--name=literal")
        server.isctl("notify", "create", f"http://localhost:{receiver.server.server_port}/", "--name=named", check=True)
        tested = server.isctl("notify", "test", "named")

    assert literal.returncode == 1
    assert 'spec.url: Invalid value: "<hidden>": must be a public address' in literal.stderr
    assert tested.stderr == (
        "error: notificationsink.imagestreams.dev/named: the name leads to an address that nothing may be sent to\n"
    )
    assert receiver.requests == []


def test_each_rollout_is_told_when_it_is_done(data_dir: Path, receiver: Receiver, tmp_path: Path) -> None:
    settings = tmp_path / "settings.yaml"
    settings.write_text("runners:\n- {name: local, type: exec, command: [/bin/true]}\n")
    with RunningServer(data_dir, "--config", str(settings)) as server:
        on = "--on=rollout-completed,rollout-failed,build-completed,build-failed"
        server.isctl("notify", "create", receiver.url, "--name=ci", on, check=True)
        server.isctl("create", "deployment", "web", "--image=nginx:1", check=True)
        until(lambda: len(receiver.requests) == 1)
        server.isctl("set", "image", "deploy/web", "nginx=nginx:2", check=True)
        until(lambda: len(receiver.requests) == 2)

    assert [event["type"] for event in receiver.events] == ["dev.imagestreams.rollout.completed"] * 2
    assert [event["data"]["images"] for event in receiver.events] == [["nginx:1"], ["nginx:2"]]
    assert [event["data"]["revision"] for event in receiver.events] == ["1", "2"]
    assert receiver.events[0]["subject"] == "default/web"
