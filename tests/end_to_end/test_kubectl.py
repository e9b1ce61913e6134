"""An unmodified `kubectl` does the main job."""

import json
import os
import subprocess
import time
from typing import Any

import pytest

from tests.running_server import RunningServer

STREAM = {
    "apiVersion": "image.openshift.io/v1",
    "kind": "ImageStream",
    "metadata": {"name": "app", "labels": {"tier": "web"}},
}


class Kubectl:
    """`kubectl` in one namespace."""

    def __init__(self, server: RunningServer, namespace: str) -> None:
        self.server = server
        self.namespace = namespace

    def __call__(self, *arguments: str, stdin: str = "") -> str:
        return self.server.kubectl("-n", self.namespace, *arguments, stdin=stdin, check=True).stdout


@pytest.fixture
def kubectl(server: RunningServer, namespace: str) -> Kubectl:
    return Kubectl(server, namespace)


def test_a_stream_is_applied_patched_labelled_and_deleted(kubectl: Kubectl) -> None:
    manifest = json.dumps(STREAM)
    assert kubectl("apply", "-f", "-", stdin=manifest) == "imagestream.image.openshift.io/app created\n"
    assert kubectl("apply", "-f", "-", stdin=manifest) == "imagestream.image.openshift.io/app unchanged\n"
    changed = json.dumps({**STREAM, "spec": {"lookupPolicy": {"local": True}}})
    assert kubectl("apply", "-f", "-", stdin=changed) == "imagestream.image.openshift.io/app configured\n"

    kubectl("patch", "is/app", "--type=merge", "-p", '{"metadata":{"annotations":{"a":"1"}}}')
    kubectl("patch", "is/app", "--type=json", "-p", '[{"op":"add","path":"/metadata/annotations/b","value":"2"}]')
    kubectl("label", "is/app", "team=blue")

    stream = json.loads(kubectl("get", "is/app", "-o", "json"))
    assert stream["spec"]["lookupPolicy"]["local"] is True
    assert (stream["metadata"]["annotations"]["a"], stream["metadata"]["annotations"]["b"]) == ("1", "2")
    assert stream["metadata"]["labels"] == {"tier": "web", "team": "blue"}
    assert "app" in kubectl("describe", "is/app")
    assert kubectl("delete", "is/app").startswith('imagestream.image.openshift.io "app" deleted')


def test_server_side_apply_tells_conflicts_and_can_be_forced(kubectl: Kubectl) -> None:
    tag = {"name": "1", "from": {"kind": "ImageStreamTag", "name": "other"}}
    one = json.dumps({**STREAM, "spec": {"tags": [tag]}})
    two = json.dumps({**STREAM, "spec": {"tags": [{**tag, "from": {"kind": "ImageStreamTag", "name": "else"}}]}})
    kubectl("apply", "--server-side", "--field-manager=one", "-f", "-", stdin=one)

    refused = kubectl.server.kubectl(
        "-n", kubectl.namespace, "apply", "--server-side", "--field-manager=two", "-f", "-", stdin=two
    )
    assert refused.returncode == 1
    assert 'conflict with "one"' in refused.stderr

    kubectl("apply", "--server-side", "--field-manager=two", "--force-conflicts", "-f", "-", stdin=two)
    assert kubectl("get", "is/app", "-o", "jsonpath={.spec.tags[0].from.name}") == "else"


def test_what_is_imported_shows_as_streams_and_tags(kubectl: Kubectl, docker_registry: Any) -> None:
    image = docker_registry.image("kubectl/app", "1", seed=77)
    source = {"kind": "DockerImage", "name": f"{docker_registry.host}/kubectl/app:1"}
    tag = {"name": "1", "from": source, "importPolicy": {"insecure": True}}
    kubectl("create", "-f", "-", stdin=json.dumps({**STREAM, "spec": {"tags": [tag]}}))

    for _ in range(100):
        names = kubectl("get", "istag", "-o", "name")
        if names:
            break
        time.sleep(0.1)

    assert names == "imagestreamtag.image.openshift.io/app:1\n"
    assert kubectl("get", "istag/app:1", "-o", "jsonpath={.image.metadata.name}") == image.digest
    header, row = kubectl("get", "is").splitlines()
    assert header.split() == ["NAME", "IMAGE", "REPOSITORY", "TAGS", "UPDATED"]
    assert row.split()[0] == "app"
    assert image.digest in kubectl("get", "istag")


def test_a_watch_sees_every_change(kubectl: Kubectl) -> None:
    kubectl("create", "-f", "-", stdin=json.dumps(STREAM))
    command = ["kubectl", "-n", kubectl.namespace, "get", "is", "-w", "-o", "name"]
    environment = {**os.environ, "KUBECONFIG": str(kubectl.server.kubeconfig)}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as watch:
        assert watch.stdout is not None
        assert watch.stdout.readline() == "imagestream.image.openshift.io/app\n"
        kubectl("label", "is/app", "turn=1")
        assert watch.stdout.readline() == "imagestream.image.openshift.io/app\n"
        watch.terminate()


@pytest.mark.parametrize("options", [(), ("--recursive",)])
def test_fields_are_explained(kubectl: Kubectl, options: tuple[str, ...]) -> None:
    told = kubectl("explain", "imagestream.spec.tags.importPolicy", *options)

    assert "importMode" in told
    assert "scheduled" in told


def test_an_editor_changes_an_object(kubectl: Kubectl, namespace: str) -> None:
    kubectl("create", "-f", "-", stdin=json.dumps(STREAM))
    done = subprocess.run(
        ["kubectl", "-n", namespace, "edit", "is/app"],
        capture_output=True,
        text=True,
        env={
            **os.environ,
            "KUBECONFIG": str(kubectl.server.kubeconfig),
            "KUBE_EDITOR": "sed -i s/tier:.web/tier:\\ db/",
        },
    )

    assert done.returncode == 0, done.stderr
    assert kubectl("get", "is/app", "-o", "jsonpath={.metadata.labels.tier}") == "db"
