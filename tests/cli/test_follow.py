"""`isctl tag --follow`: a tag that goes by a version policy, with the real server and a real registry."""

import json
import time
from collections.abc import Iterator
from typing import Any

import pytest

from imagestreams.api.ages import parse_time
from imagestreams.cli.describers.image_stream import describe_image_stream
from imagestreams.cli.errors import CliError
from imagestreams.cli.streams.tag_revisions import revisions_of, tag_name
from imagestreams.cli.streams.tag_wishes import Destination, TagFlags, check, image_stream_tag, source_of, told
from imagestreams.cli.streams.version_moves import moves_of
from tests.running_server import RunningServer

FOLLOW, MOVES = "imagestreams.dev/follow", "imagestreams.dev/moves"
FLAGS = TagFlags(source="docker", follow="semver:~3.6")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    with RunningServer(tmp_path_factory.mktemp("server") / "data") as running:
        body = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "cli"}}
        assert running.request("POST", "/api/v1/namespaces", body)[0] == 201
        yield running


def run(server: RunningServer, *arguments: str) -> str:
    return server.isctl("-n", "cli", *arguments, check=True).stdout


def history(server: RunningServer, revisions: int) -> list[dict[str, Any]]:
    """Return the revisions of `app:stable` once there are so many."""
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        done = server.isctl("-n", "cli", "history", "app:stable", "-o", "json")
        found: list[dict[str, Any]] = json.loads(done.stdout)["revisions"] if done.returncode == 0 else []
        if len(found) >= revisions:
            return found
        time.sleep(0.05)
    raise AssertionError(done.stdout + done.stderr)


def test_a_followed_tag_moves_and_tells_why(server: RunningServer, docker_registry: Any, repository_name: str) -> None:
    repository = f"{docker_registry.host}/{repository_name}"
    docker_registry.image(repository_name, "3.6.1", seed=1)
    docker_registry.image(repository_name, "4.0.0", seed=4)

    said = run(
        server, "tag", "--source=docker", f"{repository}:3.6.0", "app:stable", "--follow=semver:~3.6", "--insecure"
    )
    history(server, 1)
    docker_registry.image(repository_name, "3.6.2", seed=2)
    run(server, "import-image", "app:stable")

    newest, oldest = history(server, 2)
    assert said == f"Tag app:stable set to follow semver:~3.6 in {repository}.\n"
    assert newest["followed"] == {"policy": "semver:~3.6", "from": "3.6.1", "to": "3.6.2"}
    assert oldest["followed"] == {"policy": "semver:~3.6", "from": None, "to": "3.6.1"}
    table = run(server, "history", "app:stable")
    assert "3.6.1 -> 3.6.2 (semver:~3.6): " in table
    assert "3.6.1 (semver:~3.6): first image" in table
    described = run(server, "describe", "is/app")
    assert f"updates automatically from registry {repository}:3.6.0" in described
    assert "    follows semver:~3.6, now at 3.6.2\n" in described
    assert MOVES not in described
    [tag] = json.loads(run(server, "get", "is", "app", "-o", "json"))["spec"]["tags"]
    assert tag["from"]["name"] == f"{repository}:3.6.0"
    assert tag["importPolicy"]["scheduled"] is True


@pytest.mark.parametrize(
    ("policy", "problem"),
    [
        ("~3.6", "must be semver:RANGE, regex:PATTERN [numeric|alphabetical] or newest"),
        ("semver:>=a", 'can\'t read ">=a" in the range ">=a"'),
        ("regex:(", "can't read the pattern: missing ): ("),
    ],
)
def test_a_malformed_policy_is_refused_at_the_door(server: RunningServer, policy: str, problem: str) -> None:
    done = server.isctl("-n", "cli", "tag", "--source=docker", "127.0.0.1:1/x:1", "bad:a", f"--follow={policy}")

    assert done.returncode == 1
    assert f"spec.tags[a].annotations[{FOLLOW}]: Invalid value: {json.dumps(policy)}: {problem}" in done.stderr
    assert server.request("GET", "/apis/image.openshift.io/v1/namespaces/cli/imagestreams/bad")[0] == 404


def test_malformed_annotations_of_a_stream_are_422_with_their_fields(server: RunningServer) -> None:
    stream = {
        "apiVersion": "image.openshift.io/v1",
        "kind": "ImageStream",
        "metadata": {"name": "bad", "annotations": {"imagestreams.dev/import-interval": "soon"}},
        "spec": {"tags": [{"name": "a", "annotations": {FOLLOW: "x", "imagestreams.dev/import-interval": "5s"}}]},
    }

    code, status = server.request("POST", "/apis/image.openshift.io/v1/namespaces/cli/imagestreams", stream)

    assert (code, status["reason"]) == (422, "Invalid")
    assert [cause["field"] for cause in status["details"]["causes"]] == [
        "metadata.annotations[imagestreams.dev/import-interval]",
        "spec.tags[a].annotations[imagestreams.dev/import-interval]",
        f"spec.tags[a].annotations[{FOLLOW}]",
    ]


def test_following_means_a_scheduled_import_by_an_annotation() -> None:
    source, destination = source_of("quay.io/org/app:3.6.0", FLAGS, "ns"), Destination("ns", "app:stable")

    wanted = image_stream_tag(FLAGS, source, destination, "ns")

    assert wanted["metadata"]["annotations"] == wanted["tag"]["annotations"] == {FOLLOW: "semver:~3.6"}
    assert wanted["tag"]["importPolicy"] == {"scheduled": True}
    assert told(FLAGS, source, destination, "ns") == "Tag app:stable set to follow semver:~3.6 in quay.io/org/app."


@pytest.mark.parametrize("more", [{"alias": True}, {"delete": True}, {"reference": True}, {"source": "istag"}])
def test_only_what_is_imported_can_be_followed(more: dict[str, Any]) -> None:
    flags = TagFlags(**{"source": "docker", "follow": "newest", **more})
    source = None if flags.delete else source_of("app:1", flags, "ns")

    with pytest.raises(CliError, match="follow"):
        check(flags, source, [Destination("ns", "app:stable")], "ns")


def a_stream(moves: Any) -> dict[str, Any]:
    event = {"created": "2026-01-02T00:00:00Z", "image": "sha256:2", "dockerImageReference": "r/x@sha256:2"}
    return {
        "metadata": {"name": "app", "annotations": {MOVES: moves if isinstance(moves, str) else json.dumps(moves)}},
        "spec": {
            "tags": [{"name": "a", "annotations": {FOLLOW: "newest"}, "from": {"kind": "DockerImage", "name": "r/x"}}]
        },
        "status": {"tags": [{"tag": "a", "items": [event]}]},
    }


def test_a_version_that_was_pushed_again_says_so() -> None:
    move = {
        "tag": "a",
        "image": "sha256:2",
        "created": "2026-01-02T00:00:00Z",
        "to": "2",
        "from": "2",
        "policy": "newest",
    }

    [revision] = revisions_of(a_stream([move]), tag_name("app:a"))

    assert str(revision.move) == "2 was pushed again (newest)"


@pytest.mark.parametrize("moves", ["", "{", "{}", "[1, null]", [{"tag": "b", "to": "1"}]])
def test_moves_that_can_not_be_read_are_none(moves: Any) -> None:
    stream = a_stream(moves)

    assert moves_of(stream, "a") == []
    assert "    follows newest\n" in describe_image_stream(stream, parse_time("2026-01-03T00:00:00Z"))


def test_a_rollback_pins_the_tag_and_lets_the_policy_sleep(
    server: RunningServer, docker_registry: Any, repository_name: str
) -> None:
    repository = f"{docker_registry.host}/{repository_name}"
    first = docker_registry.image(repository_name, "1.0.0", seed=1)
    run(server, "tag", "--source=docker", repository, "app:stable", "--follow=semver:*", "--insecure")
    history_of_first = history(server, 1)
    run(server, "annotate", "istag", "app:stable", "imagestreams.dev/import-interval=5m")
    docker_registry.image(repository_name, "1.1.0", seed=2)
    run(server, "import-image", "app:stable")

    run(server, "rollback", "app:stable")

    newest = history(server, len(history_of_first) + 2)[0]
    assert newest["image"] == first.digest
    [tag] = json.loads(run(server, "get", "is", "app", "-o", "json"))["spec"]["tags"]
    assert tag["from"]["kind"] == "ImageStreamImage"
    assert tag["annotations"] == {FOLLOW: "semver:*", "imagestreams.dev/import-interval": "5m"}
    refused = server.isctl(
        "-n", "cli", "annotate", "istag", "app:stable", "imagestreams.dev/import-interval=5s", "--overwrite"
    )
    assert "must be a duration such as 90s, 15m or 1h30m" in refused.stderr
