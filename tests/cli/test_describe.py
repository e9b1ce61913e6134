"""`isctl describe` against a small server: which objects it finds, and that it prints what kubectl prints."""

import base64
import json
from pathlib import Path
from typing import Any

import pytest

from .conftest import Api


def a_secret(name: str, namespace: str = "default", **metadata: Any) -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": name, "namespace": namespace, **metadata},
        "type": "Opaque",
        "data": {"password": base64.b64encode(b"s3cret").decode()},
    }


def a_config_map(name: str) -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": name, "namespace": "default", "annotations": {"note": "x" * 200}},
        # One key only: this kubectl shows several in any order.
        "data": {"one": "first\nsecond\n\ttab\there"},
        "binaryData": {"raw": base64.b64encode(b"123").decode()},
    }


EVENTS = [
    {
        "metadata": {"name": "a", "namespace": "default"},
        "involvedObject": {"kind": "ConfigMap", "name": "settings"},
        "type": "Warning",
        "reason": "Odd",
        "message": " Strange text ",
        "count": 3,
        "firstTimestamp": "2020-01-01T00:00:00Z",
        "lastTimestamp": "2020-02-01T00:00:00Z",
        "source": {"component": "checker"},
    },
    {
        "metadata": {"name": "b", "namespace": "default"},
        "type": "Normal",
        "reason": "Made",
        "eventTime": "2019-01-01T00:00:00.000000Z",
        "reportingComponent": "maker",
        "message": "made",
    },
]


@pytest.mark.parametrize(
    "arguments",
    [
        ["secret", "pull"],
        ["secret/pull"],
        ["secrets"],
        ["secret", "pull", "push"],
        ["secret/pull", "cm/settings"],
        ["secret", "pu"],
        ["secret", "nope"],
        ["secret/nope", "secret/pull", "secret/gone"],
        ["secret", "-l", "app=web"],
        ["secret", "-l", "app=none"],
        ["secret", "-A"],
        ["secret", "-A", "-l", "app=none"],
        ["cm/settings"],
        ["cm/settings", "--show-events=false"],
        ["ns/default"],
        ["namespaces"],
        ["nothing"],
        ["secret,cm"],
        ["secret/a/b"],
        ["secret", "secret/pull"],
        ["secret", "pull", "-l", "app=web"],
    ],
)
def test_kubectl_prints_the_same(api: Api, arguments: list[str]) -> None:
    api.put(a_secret("pull", labels={"app": "web", "tier": "x"}))
    api.put(a_secret("push", annotations={"a": "1", "b": "2\n3"}))
    api.put(a_secret("far", "other"))
    api.put(a_config_map("settings"))
    events = {"kind": "EventList", "metadata": {}, "items": EVENTS}
    api.answers[("GET", "/api/v1/namespaces/default/events")] = (200, events)

    ours, theirs = api.run("describe", *arguments), api.kubectl("describe", *arguments)

    assert ours.stdout == theirs.stdout
    assert ours.stderr.replace("isctl", "kubectl") == theirs.stderr
    assert ours.code == theirs.code


def test_objects_can_be_named_by_a_file(api: Api, tmp_path: Path) -> None:
    api.put(a_secret("pull"))
    file = tmp_path / "secret.json"
    file.write_text(json.dumps(a_secret("pull")))

    ours, theirs = api.run("describe", "-f", str(file)), api.kubectl("describe", "-f", str(file))

    assert (ours.code, ours.stdout) == (0, theirs.stdout)


def test_a_kind_must_be_named(api: Api) -> None:
    outcome = api.run("describe")

    assert (outcome.code, outcome.stdout) == (1, "")
    assert outcome.stderr == (
        'error: You must specify the type of resource to describe. Use "isctl api-resources" for a complete list of '
        "supported resources.\n"
    )


def test_a_stream_is_described_by_name_or_prefix(api: Api) -> None:
    api.stream("python")
    api.stream("pypy")

    by_name, by_prefix = api.run("describe", "is", "python"), api.run("describe", "is", "py")

    assert by_name.stdout.startswith("Name:\t\t\tpython\nNamespace:\t\tdefault\nCreated:\t\t")
    assert by_name.stdout.endswith("Tags:\t\t\t<none>\n")
    assert by_prefix.stdout.count("Image Lookup:") == 2
    assert by_prefix.stdout.endswith("Tags:\t\t\t<none>\n\n")


IMAGE = {
    "metadata": {"name": "sha256:1"},
    "dockerImageReference": "r.io/a@sha256:1",
    "dockerImageMetadata": {"Architecture": "amd64"},
}


def test_all_tags_of_a_namespace_are_described_whole(api: Api) -> None:
    root = "/apis/image.openshift.io/v1/namespaces/default/imagestreamtags"
    stubs = [{"metadata": {"name": name, "namespace": "default"}} for name in ("s:1", "s:gone")]
    kind = {"kind": "ImageStreamTag", "apiVersion": "image.openshift.io/v1"}
    whole = {**kind, "metadata": {"name": "s:1"}, "image": IMAGE}
    api.answers[("GET", root)] = (200, {"kind": "ImageStreamTagList", "metadata": {}, "items": stubs})
    api.answers[("GET", f"{root}/s:1")] = (200, whole)

    outcome = api.run("describe", "istag")

    assert outcome.code == 1
    assert outcome.stdout.startswith("Image Name:\tsha256:1\nDocker Image:\tr.io/a@sha256:1\n")
    assert "Arch:\t\tamd64\n" in outcome.stdout
    assert outcome.stderr == 'Error from server (NotFound): imagestreamtags.image.openshift.io "s:gone" not found\n'


def test_only_tags_that_begin_with_the_name_are_read(api: Api) -> None:
    root = "/apis/image.openshift.io/v1/namespaces/default/imagestreamtags"
    stubs = [{"metadata": {"name": name, "namespace": "default"}} for name in ("s:10", "t:1")]
    kind = {"kind": "ImageStreamTag", "apiVersion": "image.openshift.io/v1"}
    api.answers[("GET", root)] = (200, {"kind": "ImageStreamTagList", "metadata": {}, "items": stubs})
    api.answers[("GET", f"{root}/s:10")] = (200, {**kind, "metadata": {"name": "s:10"}, "image": IMAGE})

    outcome = api.run("describe", "istag", "s:1")

    assert (outcome.code, outcome.stderr) == (0, "")
    assert outcome.stdout.count("Image Name:") == 1
    assert [path for path, _, _ in api.asked("GET") if path.startswith(f"{root}/")] == [f"{root}/s:1", f"{root}/s:10"]
