"""Deployment configs as kubectl and plain requests see them; without a runner the test moves rollouts on."""

import json
import time
from collections.abc import Callable
from typing import Any

import pytest

from tests.running_server import RunningServer

CONFIG = """
apiVersion: apps.openshift.io/v1
kind: DeploymentConfig
metadata: {name: web}
spec:
  replicas: 2
  template:
    metadata: {labels: {app: web}}
    spec:
      containers:
      - {name: web, image: "registry.example.com/web:1"}
"""
MERGE = {"Content-Type": "application/merge-patch+json"}
PHASE = "openshift.io/deployment.phase"


def path(namespace: str, subresource: str = "") -> str:
    base = f"/apis/apps.openshift.io/v1/namespaces/{namespace}/deploymentconfigs/web"
    return f"{base}/{subresource}" if subresource else base


def rollout_path(namespace: str, number: int) -> str:
    return f"/api/v1/namespaces/{namespace}/replicationcontrollers/web-{number}"


def eventually(ask: Callable[[], Any], wanted: Callable[[Any], bool]) -> Any:
    deadline = time.monotonic() + 20
    while True:
        answer = ask()
        if wanted(answer):
            return answer
        assert time.monotonic() < deadline, answer
        time.sleep(0.02)


def rollout(server: RunningServer, namespace: str, number: int) -> dict[str, Any]:
    code, value = eventually(lambda: server.request("GET", rollout_path(namespace, number)), lambda one: one[0] == 200)
    assert code == 200
    found: dict[str, Any] = value
    return found


def complete(server: RunningServer, namespace: str, number: int) -> None:
    """Do what runs pods does when all are there."""
    rollout(server, namespace, number)
    patch = {"metadata": {"annotations": {PHASE: "Complete"}}}
    assert server.request("PATCH", rollout_path(namespace, number), patch, MERGE)[0] == 200


def conditions(value: dict[str, Any]) -> dict[str, Any]:
    return {one["type"]: one.get("reason", "") for one in value["status"].get("conditions") or []}


def change_image(server: RunningServer, namespace: str, image: str) -> None:
    patch = [{"op": "replace", "path": "/spec/template/spec/containers/0/image", "value": image}]
    headers = {"Content-Type": "application/json-patch+json"}
    assert server.request("PATCH", path(namespace), json.dumps(patch).encode(), headers)[0] == 200


@pytest.fixture
def project(server: RunningServer, namespace: str) -> str:
    """A namespace with a config whose first rollout succeeded."""
    server.kubectl("apply", "-n", namespace, "-f", "-", stdin=CONFIG, check=True)
    complete(server, namespace, 1)
    eventually(lambda: rollout(server, namespace, 1), lambda one: one["spec"]["replicas"] == 2)
    return namespace


def test_kubectl_applies_shows_and_scales(server: RunningServer, project: str) -> None:
    again = server.kubectl("apply", "-n", project, "-f", "-", stdin=CONFIG, check=True).stdout
    table = server.kubectl("get", "dc", "-n", project, check=True).stdout
    scaled = server.kubectl("scale", "dc/web", "--replicas=3", "-n", project, check=True).stdout

    assert again == "deploymentconfig.apps.openshift.io/web unchanged\n"
    assert [line.split() for line in table.splitlines()] == [
        ["NAME", "REVISION", "DESIRED", "CURRENT", "TRIGGERED", "BY"],
        ["web", "1", "2", "0", "config"],
    ]
    assert scaled == "deploymentconfig.apps.openshift.io/web scaled\n"
    eventually(lambda: rollout(server, project, 1), lambda one: one["spec"]["replicas"] == 3)
    _, scale = server.request("GET", path(project, "scale"))
    assert scale["status"]["selector"] == "app=web,deploymentconfig=web"
    size = {"kind": "Scale", "apiVersion": "autoscaling/v1", "metadata": {"name": "web"}, "spec": {"replicas": 1}}
    code, scale = server.request("PUT", path(project, "scale"), size)
    assert (code, scale["spec"]) == (200, {"replicas": 1})


def test_a_change_of_the_template_rolls_out_and_takes_over(server: RunningServer, project: str) -> None:
    change_image(server, project, "registry.example.com/web:2")

    new = rollout(server, project, 2)
    assert new["metadata"]["annotations"][PHASE] == "New"
    assert new["metadata"]["annotations"]["openshift.io/deployment.status-reason"] == "config change"
    assert new["spec"]["template"]["spec"]["containers"][0]["image"] == "registry.example.com/web:2"
    complete(server, project, 2)
    eventually(lambda: rollout(server, project, 2), lambda one: one["spec"]["replicas"] == 2)
    eventually(lambda: rollout(server, project, 1), lambda one: one["spec"]["replicas"] == 0)
    value = eventually(
        lambda: server.request("GET", path(project))[1],
        lambda one: conditions(one).get("Progressing") == "NewReplicationControllerAvailable",
    )
    assert value["status"]["latestVersion"] == 2
    assert value["status"]["observedGeneration"] == value["metadata"]["generation"]


def test_a_newer_version_ends_the_rollout_under_way(server: RunningServer, project: str) -> None:
    change_image(server, project, "registry.example.com/web:2")
    rollout(server, project, 2)

    change_image(server, project, "registry.example.com/web:3")

    rollout(server, project, 3)
    annotations = rollout(server, project, 2)["metadata"]["annotations"]
    assert annotations[PHASE] == "Failed"
    assert annotations["openshift.io/deployment.cancelled"] == "true"
    assert annotations["openshift.io/deployment.status-reason"] == "newer deployment was found running"


def test_a_rollout_on_request(server: RunningServer, project: str) -> None:
    request = {"kind": "DeploymentRequest", "apiVersion": "apps.openshift.io/v1", "name": "web", "latest": True}

    nothing = server.request("POST", path(project, "instantiate"), {**request, "force": False})
    forced = server.request("POST", path(project, "instantiate"), {**request, "force": True})

    assert (nothing[0], nothing[1]["code"]) == (201, 204)
    assert nothing[1]["message"] == 'deployment config "web" cannot be instantiated'
    assert (forced[0], forced[1]["status"]["latestVersion"]) == (201, 2)
    assert forced[1]["status"]["details"] == {"message": "manual change", "causes": [{"type": "Manual"}]}
    rollout(server, project, 2)


def test_a_paused_config_waits(server: RunningServer, project: str) -> None:
    server.request("PATCH", path(project), {"spec": {"paused": True}}, MERGE)

    change_image(server, project, "registry.example.com/web:2")
    request = {"kind": "DeploymentRequest", "apiVersion": "apps.openshift.io/v1", "name": "web", "force": True}
    code, status = server.request("POST", path(project, "instantiate"), request)

    assert code == 422
    assert 'deployment config "web" is paused - unpause to request a new deployment' in status["message"]
    server.request("PATCH", path(project), {"spec": {"paused": False}}, MERGE)
    rollout(server, project, 2)


def test_the_way_back_to_an_earlier_revision(server: RunningServer, project: str) -> None:
    change_image(server, project, "registry.example.com/web:2")
    complete(server, project, 2)
    rollback = {
        "kind": "DeploymentConfigRollback",
        "apiVersion": "apps.openshift.io/v1",
        "name": "web",
        "spec": {"revision": 1, "includeTemplate": True},
    }

    code: int = 409
    written: Any = None
    while code == 409:  # The status moves meanwhile.
        code, wanted = server.request("POST", path(project, "rollback"), rollback)
        assert (code, wanted["status"]["latestVersion"]) == (201, 3)
        code, written = server.request("PUT", path(project), wanted)

    assert (code, written["status"]["latestVersion"]) == (200, 3)
    made = rollout(server, project, 3)
    assert made["spec"]["template"]["spec"]["containers"][0]["image"] == "registry.example.com/web:1"


@pytest.mark.parametrize(
    ("spec", "told"),
    [({}, 'no previous deployment exists for "{namespace}/web"'), ({"revision": 1}, "no previous deployment exists")],
)
def test_a_way_back_that_is_not_there(server: RunningServer, project: str, spec: dict[str, int], told: str) -> None:
    rollback = {
        "kind": "DeploymentConfigRollback",
        "apiVersion": "apps.openshift.io/v1",
        "name": "web",
        "spec": spec,
    }

    code, status = server.request("POST", path(project, "rollback"), rollback)

    assert code == 422
    assert told.format(namespace=project) in status["message"]


def test_rollouts_go_with_their_config_or_are_taken_over_by_the_next_one(server: RunningServer, project: str) -> None:
    server.kubectl("delete", "dc", "web", "--cascade=orphan", "-n", project, check=True)
    kept = eventually(lambda: rollout(server, project, 1), lambda one: not one["metadata"].get("ownerReferences"))
    server.kubectl("apply", "-n", project, "-f", "-", stdin=CONFIG, check=True)

    adopted = eventually(lambda: rollout(server, project, 1), lambda one: one["metadata"].get("ownerReferences"))
    assert adopted["metadata"]["uid"] == kept["metadata"]["uid"]
    server.kubectl("delete", "dc", "web", "-n", project, check=True)
    eventually(lambda: server.request("GET", rollout_path(project, 1)), lambda one: one[0] == 404)


def test_old_rollouts_are_forgotten(server: RunningServer, project: str) -> None:
    server.request("PATCH", path(project), {"spec": {"revisionHistoryLimit": 1}}, MERGE)

    for number in (2, 3):
        change_image(server, project, f"registry.example.com/web:{number}")
        complete(server, project, number)

    eventually(lambda: server.request("GET", rollout_path(project, 1)), lambda one: one[0] == 404)
    rollout(server, project, 2)


def test_a_config_is_created_by_its_image(server: RunningServer, namespace: str) -> None:
    create = ["create", "dc", "web", "--image=registry.example.com/shell:1", "-n", namespace]

    shown = server.isctl(*create, "--dry-run=client", "-o", "json", "--", "sleep", "1000")
    made = server.isctl(*create, "--", "sleep", "1000")

    container = json.loads(shown.stdout)["spec"]["template"]["spec"]["containers"][0]
    assert container == {
        "command": ["sleep", "1000"],
        "image": "registry.example.com/shell:1",
        "name": "default-container",
        "resources": {},
    }
    assert made.stdout == "deploymentconfig.apps.openshift.io/web created\n"
    _, stored = server.request("GET", path(namespace))
    assert stored["spec"]["selector"] == {"deployment-config.name": "web"}
    assert stored["spec"]["triggers"] == [{"type": "ConfigChange"}]
    rollout(server, namespace, 1)


def test_a_config_is_not_created_without_an_image(server: RunningServer, namespace: str) -> None:
    refused = server.isctl("create", "deploymentconfig", "web", "-n", namespace, check=False)

    assert (refused.returncode, refused.stderr) == (1, 'error: required flag(s) "image" not set\n')
