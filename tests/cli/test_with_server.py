"""Tags, their history and descriptions against the real server and a real registry."""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.running_server import RunningServer

OBJECTS = """
apiVersion: v1
kind: Secret
metadata: {name: pull, annotations: {a: "1", b: "two\\nlines"}}
stringData: {password: s3cret}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: settings, labels: {app: web}}
data: {one: "first\\nsecond"}
---
apiVersion: v1
kind: ServiceAccount
metadata: {name: builder}
imagePullSecrets: [{name: pull}]
---
apiVersion: v1
kind: Event
metadata: {name: something}
involvedObject: {kind: ConfigMap, name: settings, namespace: cli}
type: Normal
reason: Seen
message: " it was seen "
source: {component: eye}
firstTimestamp: "2020-01-01T00:00:00Z"
lastTimestamp: "2020-01-01T00:00:00Z"
count: 2
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    with RunningServer(tmp_path_factory.mktemp("server") / "data") as running:
        body = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "cli"}}
        assert running.request("POST", "/api/v1/namespaces", body)[0] == 201
        yield running


def run(server: RunningServer, *arguments: str) -> str:
    return server.isctl("-n", "cli", *arguments, check=True).stdout


def images_of(server: RunningServer, name: str) -> list[str]:
    """The images that a tag pointed to, the newest first."""
    stream, _, tag = name.partition(":")
    answer = json.loads(run(server, "get", "is", stream, "-o", "json"))
    return [item["image"] for one in answer["status"]["tags"] if one["tag"] == tag for item in one["items"]]


@pytest.mark.parametrize("named", ["secret/pull", "cm/settings", "event/something", "ns/cli"])
def test_kubectl_describes_the_same(server: RunningServer, named: str) -> None:
    server.kubectl("-n", "cli", "apply", "-f", "-", stdin=OBJECTS, check=True)

    ours, theirs = server.isctl("-n", "cli", "describe", named), server.kubectl("-n", "cli", "describe", named)

    assert (ours.returncode, ours.stderr) == (0, "")
    assert ours.stdout == theirs.stdout


def test_a_service_account_is_described_as_newer_kubectls_do(server: RunningServer) -> None:
    server.kubectl("-n", "cli", "apply", "-f", "-", stdin=OBJECTS, check=True)

    theirs = server.kubectl("-n", "cli", "describe", "sa/builder").stdout.splitlines(keepends=True)

    # Which secrets may be mounted is no longer said.
    kept = [line for line in theirs if not line.startswith(("Mountable secrets:", "Tokens:"))]
    assert run(server, "describe", "sa/builder") == "".join(kept)


def test_a_project_is_described(server: RunningServer) -> None:
    lines = [line.split("\t") for line in run(server, "describe", "project/cli").splitlines()]

    told = {line[0]: line[-1] for line in lines}
    assert (told["Name:"], told["Status:"], told["Quota:"]) == ("cli", "Active", "<none>")


def test_a_history_names_every_image_and_what_changed(
    server: RunningServer, docker_registry: Any, repository_name: str
) -> None:
    first = docker_registry.image(repository_name, "1", seed=1).digest
    second = docker_registry.image(repository_name, "2", seed=2).digest
    source = f"{docker_registry.host}/{repository_name}"
    for tag in "12":
        run(server, "import-image", f"told:{tag}", f"--from={source}:{tag}", "--confirm", "--insecure")
        run(server, "tag", f"told:{tag}", "told:now")

    back = run(server, "rollback", "told:now")
    history = json.loads(run(server, "history", "told:now", "-o", "json"))["revisions"]

    assert back == f"Tag told:now rolled back to revision 1 (told@{first}).\n"
    assert [(one["revision"], one["image"], one["dockerImageReference"]) for one in history] == [
        (3, first, f"{source}@{first}"),
        (2, second, f"{source}@{second}"),
        (1, first, f"{source}@{first}"),
    ]
    assert history[0]["sameImageAsRevision"] == 1
    assert history[1]["changes"]["layers"] == {"new": 1, "shared": 0, "removed": 1}


def test_rollbacks_at_the_same_time_lose_nothing(
    server: RunningServer, docker_registry: Any, repository_name: str
) -> None:
    for seed in (1, 2):
        docker_registry.image(repository_name, str(seed), seed=seed)
        source = f"{docker_registry.host}/{repository_name}:{seed}"
        run(server, "import-image", f"raced:{seed}", f"--from={source}", "--confirm", "--insecure")
        run(server, "tag", f"raced:{seed}", "raced:now")
    older, newer = reversed(images_of(server, "raced:now"))

    with ThreadPoolExecutor(6) as pool:
        outcomes = list(pool.map(lambda _: server.isctl("-n", "cli", "rollback", "raced:now"), range(6)))

    done = [one for one in outcomes if one.returncode == 0]
    assert all(one.stderr.startswith("Error from server (Conflict)") for one in outcomes if one not in done)
    history = images_of(server, "raced:now")
    assert len(history) == 2 + len(done)
    assert history[-2:] == [newer, older]
    assert all(history[place] != history[place + 1] for place in range(len(history) - 1))


def test_a_rollback_stops_the_schedule_and_keeps_the_description(
    server: RunningServer, docker_registry: Any, repository_name: str
) -> None:
    source = f"{docker_registry.host}/{repository_name}"
    for seed in (1, 2):
        docker_registry.image(repository_name, "now", seed=seed)
        run(server, "import-image", "kept:now", f"--from={source}:now", "--confirm", "--insecure", "--scheduled")
    patch = json.dumps({"metadata": {"annotations": {"description": "the good one"}}})
    server.kubectl("-n", "cli", "patch", "istag", "kept:now", "--type=merge", "-p", patch, check=True)

    run(server, "rollback", "kept:now")

    described = run(server, "describe", "is/kept")
    assert f"\nnow\n  tagged from kept@{images_of(server, 'kept:now')[0]}\n\n  the good one\n\n  * " in described
    assert len(images_of(server, "kept:now")) == 3
