"""An unmodified `kubectl` works on workloads: all that is special about them is in their pod templates."""

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.running_server import RunningServer

MANIFEST: dict[str, Any] = {
    "apiVersion": "apps/v1",
    "kind": "Deployment",
    "metadata": {"name": "app"},
    "spec": {
        "replicas": 1,
        "selector": {"matchLabels": {"app": "app"}},
        "template": {
            "metadata": {"labels": {"app": "app"}},
            "spec": {
                "containers": [
                    {
                        "name": "a",
                        "image": "a:1",
                        "env": [{"name": "X", "value": "1"}, {"name": "Z", "value": "2"}],
                        "ports": [{"containerPort": 53, "protocol": "UDP"}, {"containerPort": 53, "protocol": "TCP"}],
                        "volumeMounts": [{"name": "v", "mountPath": "/v"}],
                        "resources": {"limits": {"cpu": "0.5", "memory": "1024Mi"}},
                    },
                    {"name": "b", "image": "b:1"},
                ],
                "volumes": [{"name": "v", "emptyDir": {}}],
            },
        },
    },
}


class Kubectl:
    """`kubectl` in one namespace."""

    def __init__(self, server: RunningServer, namespace: str) -> None:
        self.server = server
        self.namespace = namespace

    def __call__(self, *arguments: str, stdin: str = "") -> str:
        return self.server.kubectl("-n", self.namespace, *arguments, stdin=stdin, check=True).stdout

    def fails(self, *arguments: str, stdin: str = "") -> str:
        ran = self.server.kubectl("-n", self.namespace, *arguments, stdin=stdin, check=False)
        assert ran.returncode == 1, ran.stdout
        return ran.stderr

    def apply(self, manifest: dict[str, Any], *arguments: str) -> str:
        return self("apply", *arguments, "-f", "-", stdin=json.dumps(manifest))

    def template(self, name: str = "app") -> dict[str, Any]:
        """The description of the pods of a deployment."""
        spec: dict[str, Any] = json.loads(self("get", f"deploy/{name}", "-o", "json"))["spec"]["template"]["spec"]
        return spec

    def containers(self, name: str = "app") -> dict[str, dict[str, Any]]:
        return {container["name"]: container for container in self.template(name)["containers"]}


@pytest.fixture
def kubectl(server: RunningServer, namespace: str) -> Kubectl:
    return Kubectl(server, namespace)


def changed(**containers: dict[str, Any] | None) -> dict[str, Any]:
    """The manifest with fields of containers changed; `None` for a container takes it away."""
    manifest: dict[str, Any] = json.loads(json.dumps(MANIFEST))
    spec = manifest["spec"]["template"]["spec"]
    kept = [each for each in spec["containers"] if containers.get(each["name"], {}) is not None]
    spec["containers"] = [{**each, **(containers.get(each["name"]) or {})} for each in kept]
    return manifest


def test_a_created_deployment_shows_what_a_cluster_shows(kubectl: Kubectl) -> None:
    assert kubectl("create", "deployment", "app", "--image=nginx:1", "--port=80") == "deployment.apps/app created\n"

    assert kubectl.template() == {
        "containers": [
            {
                "name": "nginx",
                "image": "nginx:1",
                "ports": [{"containerPort": 80, "protocol": "TCP"}],
                "resources": {},
                "terminationMessagePath": "/dev/termination-log",
                "terminationMessagePolicy": "File",
                "imagePullPolicy": "IfNotPresent",
            }
        ],
        "restartPolicy": "Always",
        "terminationGracePeriodSeconds": 30,
        "dnsPolicy": "ClusterFirst",
        "securityContext": {},
        "schedulerName": "default-scheduler",
    }


def test_apply_merges_what_the_manifest_the_object_and_others_say(kubectl: Kubectl) -> None:
    kubectl.apply(MANIFEST)
    kubectl("set", "env", "deploy/app", "-c", "a", "BY_HAND=yes")
    kubectl("set", "resources", "deploy/app", "-c", "b", "--requests=cpu=100m")

    kubectl.apply(changed(a={"image": "a:2", "env": [{"name": "X", "value": "3"}]}))

    a, b = kubectl.containers()["a"], kubectl.containers()["b"]
    assert a["image"] == "a:2"
    assert a["env"] == [{"name": "X", "value": "3"}, {"name": "BY_HAND", "value": "yes"}]
    assert a["ports"] == [{"containerPort": 53, "protocol": "UDP"}, {"containerPort": 53, "protocol": "TCP"}]
    assert a["resources"] == {"limits": {"cpu": "500m", "memory": "1Gi"}}
    assert b["resources"] == {"requests": {"cpu": "100m"}}


def test_apply_takes_away_a_container_that_the_manifest_leaves_out(kubectl: Kubectl) -> None:
    kubectl.apply(MANIFEST)

    kubectl.apply(changed(b=None))

    assert list(kubectl.containers()) == ["a"]


def test_diff_tells_what_apply_would_do(kubectl: Kubectl) -> None:
    kubectl.apply(MANIFEST)
    assert kubectl("diff", "-f", "-", stdin=json.dumps(MANIFEST)) == ""

    ran = kubectl.server.kubectl(
        "-n", kubectl.namespace, "diff", "-f", "-", stdin=json.dumps(changed(a={"image": "a:2"})), check=False
    )

    assert ran.returncode == 1
    assert "-      - image: a:1" in ran.stdout or "-        image: a:1" in ran.stdout
    assert kubectl.containers()["a"]["image"] == "a:1"


def test_a_patch_of_one_container_leaves_the_others(kubectl: Kubectl) -> None:
    kubectl.apply(MANIFEST)
    patch = {"spec": {"template": {"spec": {"containers": [{"name": "b", "image": "b:2", "stdin": True}]}}}}

    kubectl("patch", "deploy/app", "-p", json.dumps(patch))
    kubectl("set", "image", "deploy/app", "a=a:3")

    assert [each["image"] for each in kubectl.template()["containers"]] == ["a:3", "b:2"]
    assert kubectl.containers()["b"]["stdin"] is True


def test_a_volume_changes_its_kind(kubectl: Kubectl) -> None:
    kubectl.apply(MANIFEST)
    manifest = changed()
    manifest["spec"]["template"]["spec"]["volumes"] = [{"name": "v", "configMap": {"name": "settings"}}]

    kubectl.apply(manifest)

    assert kubectl.template()["volumes"] == [{"name": "v", "configMap": {"name": "settings", "defaultMode": 420}}]


def test_an_edit_is_a_patch_of_what_was_edited(kubectl: Kubectl, tmp_path: Path) -> None:
    kubectl.apply(MANIFEST)
    editor = tmp_path / "editor"
    editor.write_text("#!/bin/sh\nsed -i 's/image: a:1/image: a:9/' \"$1\"\n")
    editor.chmod(0o755)

    subprocess.run(
        ["kubectl", f"--kubeconfig={kubectl.server.kubeconfig}", "-n", kubectl.namespace, "edit", "deploy/app"],
        env={**os.environ, "KUBE_EDITOR": str(editor)},
        check=True,
        capture_output=True,
    )

    assert kubectl.containers()["a"]["image"] == "a:9"


def test_two_managers_of_one_image_are_in_conflict(kubectl: Kubectl) -> None:
    amounts = {"limits": {"cpu": "500m"}}  # in canonical form: another text would be another value here
    kubectl.apply(changed(a={"resources": amounts}), "--server-side", "--field-manager=one")
    other = changed(a={"resources": amounts, "image": "a:2"})

    told = kubectl.fails("apply", "--server-side", "--field-manager=two", "-f", "-", stdin=json.dumps(other))

    assert 'Apply failed with 1 conflict: conflict with "one": .spec.template.spec.containers[name="a"].image' in told
    kubectl.apply(other, "--server-side", "--field-manager=two", "--force-conflicts")
    assert kubectl.containers()["a"]["image"] == "a:2"


def test_managers_own_elements_of_lists_by_their_keys(kubectl: Kubectl) -> None:
    manifest = changed(a={"ports": [{"containerPort": 53}]})
    kubectl.apply(manifest, "--server-side", "--field-manager=one")
    mine = {
        **{key: manifest[key] for key in ("apiVersion", "kind", "metadata")},
        "spec": {"template": {"spec": {"containers": [{"name": "a", "env": [{"name": "MINE", "value": "1"}]}]}}},
    }
    kubectl.apply(mine, "--server-side", "--field-manager=two")

    kubectl.apply(manifest, "--server-side", "--field-manager=one")

    a = kubectl.containers()["a"]
    assert [each["name"] for each in a["env"]] == ["X", "Z", "MINE"]
    document = json.loads(kubectl("get", "deploy/app", "-o", "json", "--show-managed-fields"))
    (one,) = [each for each in document["metadata"]["managedFields"] if each["manager"] == "one"]
    owned = one["fieldsV1"]["f:spec"]["f:template"]["f:spec"]["f:containers"]['k:{"name":"a"}']
    assert 'k:{"containerPort":53,"protocol":"TCP"}' in owned["f:ports"]
    assert 'k:{"mountPath":"/v"}' in owned["f:volumeMounts"]


def test_unknown_fields_are_refused_by_their_path(kubectl: Kubectl) -> None:
    manifest = changed(b={"imge": "b:1"})

    told = kubectl.fails("create", "-f", "-", stdin=json.dumps(manifest))

    assert told == (
        'Error from server (BadRequest): error when creating "STDIN": Deployment in version "v1" cannot be handled as '
        'a Deployment: strict decoding error: unknown field "spec.template.spec.containers[1].imge"\n'
    )
    kubectl("create", "--validate=ignore", "-f", "-", stdin=json.dumps(manifest))


def test_an_unsound_template_is_refused_with_all_that_is_wrong(kubectl: Kubectl) -> None:
    told = kubectl.fails("create", "-f", "-", stdin=json.dumps(changed(a={"image": ""}, b={"name": "a"})))

    assert told.splitlines() == [
        'The Deployment "app" is invalid: ',
        "* spec.template.spec.containers[0].image: Required value",
        '* spec.template.spec.containers[1].name: Duplicate value: "a"',
    ]


def test_fields_are_explained(kubectl: Kubectl) -> None:
    explained = kubectl("explain", "deployment.spec.template.spec.containers.resources")

    assert "FIELD: resources <ResourceRequirements>" in explained
    assert "limits\t<map[string]Quantity>" in explained
    assert "containerPort\t<integer> -required-" in kubectl("explain", "sts.spec.template.spec.containers.ports")
    assert "maxSurge\t<IntOrString>" in kubectl("explain", "deploy.spec.strategy.rollingUpdate")


def test_jobs_are_created_also_from_cron_jobs(kubectl: Kubectl) -> None:
    kubectl("create", "cronjob", "nightly", "--image=busybox", "--schedule=*/5 * * * *", "--", "date")

    kubectl("create", "job", "now", "--from=cronjob/nightly")

    job = json.loads(kubectl("get", "job/now", "-o", "json"))
    (container,) = job["spec"]["template"]["spec"]["containers"]
    assert (container["image"], container["command"]) == ("busybox", ["date"])
    assert job["metadata"]["ownerReferences"][0]["kind"] == "CronJob"


def test_a_pod_is_run_by_hand_and_its_image_changed(kubectl: Kubectl) -> None:
    assert kubectl("run", "one", "--image=ruby:3", "--port=80") == "pod/one created\n"
    kubectl("set", "image", "pod/one", "one=ruby:4")

    shown = json.loads(kubectl("get", "pod/one", "-o", "json"))
    assert shown["spec"]["containers"][0]["image"] == "ruby:4"
    assert shown["status"] == {"phase": "Pending", "qosClass": "BestEffort"}
    assert "pod updates may not change fields" in kubectl.fails("set", "env", "pod/one", "A=b")
    assert kubectl("get", "pods", "--field-selector=status.phase=Running") == ""


def test_workloads_are_described_with_their_pods(kubectl: Kubectl) -> None:
    template = MANIFEST["spec"]["template"]
    manifest = {
        **MANIFEST,
        "kind": "StatefulSet",
        "spec": {**MANIFEST["spec"], "serviceName": "s", "template": template},
    }
    kubectl.apply(manifest)

    assert "0 Running / 0 Waiting / 0 Succeeded / 0 Failed" in kubectl("describe", "sts/app")
