"""A template shows what a real cluster shows, whatever its author left out."""

from typing import Any

import pytest

from imagestreams.api.codec import from_dict, to_dict
from imagestreams.api.pods import PersistentVolumeClaim, PodTemplateSpec
from imagestreams.api.pods.defaulting import default_claim, default_pod_template, pull_policy


def shown(spec: dict[str, Any]) -> dict[str, Any]:
    template = from_dict({"spec": spec}, PodTemplateSpec)
    default_pod_template(template)
    pod: dict[str, Any] = to_dict(template)["spec"]
    return pod


def shown_container(**fields: Any) -> dict[str, Any]:
    container: dict[str, Any] = shown({"containers": [{"name": "web", "image": "nginx:1.27", **fields}]})["containers"][
        0
    ]
    return container


def shown_volume(**source: Any) -> Any:
    (volume,) = shown({"containers": [], "volumes": [{"name": "v", **source}]})["volumes"]
    del volume["name"]
    return volume


def test_a_template_of_one_container_is_filled_in_as_a_real_server_does_it() -> None:
    template = from_dict({"spec": {"containers": [{"name": "web", "image": "nginx"}]}}, PodTemplateSpec)

    default_pod_template(template)

    assert to_dict(template) == {
        "metadata": {"creationTimestamp": None},
        "spec": {
            "containers": [
                {
                    "name": "web",
                    "image": "nginx",
                    "resources": {},
                    "terminationMessagePath": "/dev/termination-log",
                    "terminationMessagePolicy": "File",
                    "imagePullPolicy": "Always",
                }
            ],
            "restartPolicy": "Always",
            "terminationGracePeriodSeconds": 30,
            "dnsPolicy": "ClusterFirst",
            "securityContext": {},
            "schedulerName": "default-scheduler",
        },
    }


def test_what_is_said_stays() -> None:
    spec = shown(
        {
            "containers": [],
            "restartPolicy": "Never",
            "dnsPolicy": "None",
            "schedulerName": "mine",
            "terminationGracePeriodSeconds": 0,
        }
    )

    assert (spec["restartPolicy"], spec["dnsPolicy"], spec["schedulerName"]) == ("Never", "None", "mine")
    assert spec["terminationGracePeriodSeconds"] == 0


@pytest.mark.parametrize(
    ("image", "policy"),
    [
        ("nginx", "Always"),
        ("nginx:latest", "Always"),
        ("quay.io:443/org/app", "Always"),
        ("nginx:1.27", "IfNotPresent"),
        (f"nginx@sha256:{'0' * 64}", "IfNotPresent"),
        (f"nginx:latest@sha256:{'0' * 64}", "Always"),
        ("", "IfNotPresent"),
        ("Not An Image", "IfNotPresent"),
    ],
)
def test_only_the_tag_latest_is_always_pulled(image: str, policy: str) -> None:
    assert pull_policy(image) == policy


def test_a_port_is_of_tcp() -> None:
    ports = shown_container(ports=[{"containerPort": 80}, {"containerPort": 53, "protocol": "UDP"}])["ports"]

    assert ports == [{"containerPort": 80, "protocol": "TCP"}, {"containerPort": 53, "protocol": "UDP"}]


def test_a_probe_has_its_times_and_its_request() -> None:
    probe = shown_container(livenessProbe={"httpGet": {"port": "web"}, "periodSeconds": 5})["livenessProbe"]

    assert probe == {
        "httpGet": {"path": "/", "port": "web", "scheme": "HTTP"},
        "timeoutSeconds": 1,
        "periodSeconds": 5,
        "successThreshold": 1,
        "failureThreshold": 3,
    }


def test_hooks_of_a_container_have_their_request() -> None:
    lifecycle = shown_container(lifecycle={"preStop": {"httpGet": {"port": 80}}})["lifecycle"]

    assert lifecycle == {"preStop": {"httpGet": {"path": "/", "port": 80, "scheme": "HTTP"}}}


def test_variables_from_the_pod_say_of_which_version_the_field_is() -> None:
    env = shown_container(
        env=[
            {"name": "A", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}},
            {"name": "B", "valueFrom": {"resourceFieldRef": {"resource": "limits.cpu"}}},
        ]
    )["env"]

    assert env[0]["valueFrom"] == {"fieldRef": {"apiVersion": "v1", "fieldPath": "metadata.name"}}
    assert env[1]["valueFrom"] == {"resourceFieldRef": {"resource": "limits.cpu", "divisor": "0"}}


def test_amounts_are_canonical_and_no_finer_than_a_thousandth() -> None:
    resources = shown_container(resources={"limits": {"cpu": 1.5, "memory": "1024Mi"}, "requests": {"cpu": "100u"}})

    assert resources["resources"] == {"limits": {"cpu": "1500m", "memory": "1Gi"}, "requests": {"cpu": "1m"}}


@pytest.mark.parametrize(
    ("source", "filled"),
    [
        ({}, {"emptyDir": {}}),
        ({"emptyDir": {"sizeLimit": "1024Ki"}}, {"emptyDir": {"sizeLimit": "1Mi"}}),
        ({"hostPath": {"path": "/x"}}, {"hostPath": {"path": "/x", "type": ""}}),
        ({"secret": {"secretName": "s"}}, {"secret": {"secretName": "s", "defaultMode": 420}}),
        ({"configMap": {"name": "c", "defaultMode": 256}}, {"configMap": {"name": "c", "defaultMode": 256}}),
        (
            {"projected": {"sources": [{"serviceAccountToken": {"path": "t"}}]}},
            {
                "projected": {
                    "sources": [{"serviceAccountToken": {"expirationSeconds": 3600, "path": "t"}}],
                    "defaultMode": 420,
                }
            },
        ),
        (
            {"downwardAPI": {"items": [{"path": "n", "fieldRef": {"fieldPath": "metadata.name"}}]}},
            {
                "downwardAPI": {
                    "items": [{"path": "n", "fieldRef": {"apiVersion": "v1", "fieldPath": "metadata.name"}}],
                    "defaultMode": 420,
                }
            },
        ),
    ],
)
def test_a_volume_is_filled_in_by_its_kind(source: dict[str, Any], filled: dict[str, Any]) -> None:
    assert shown_volume(**source) == filled


def test_the_service_account_is_told_by_both_its_names() -> None:
    for name in ("serviceAccount", "serviceAccountName"):
        spec = shown({"containers": [], name: "builder"})

        assert (spec["serviceAccount"], spec["serviceAccountName"]) == ("builder", "builder")


def test_empty_lists_are_left_out() -> None:
    spec = shown({"containers": [{"name": "web", "env": [], "resources": {"limits": {}}}], "volumes": []})

    assert "volumes" not in spec
    assert "env" not in spec["containers"][0]
    assert spec["containers"][0]["resources"] == {}


def test_a_claim_in_a_template_waits_for_a_file_system() -> None:
    claim = from_dict({"metadata": {"name": "data"}, "spec": {"accessModes": ["ReadWriteOnce"]}}, PersistentVolumeClaim)

    default_claim(claim)

    assert to_dict(claim) == {
        "kind": "PersistentVolumeClaim",
        "apiVersion": "v1",
        "metadata": {"name": "data", "creationTimestamp": None},
        "spec": {"accessModes": ["ReadWriteOnce"], "resources": {}, "volumeMode": "Filesystem"},
        "status": {"phase": "Pending"},
    }


def test_filling_in_twice_changes_nothing() -> None:
    template = from_dict(
        {"spec": {"containers": [{"name": "a", "resources": {"limits": {"cpu": "1u"}}}], "volumes": [{"name": "v"}]}},
        PodTemplateSpec,
    )
    default_pod_template(template)
    once = to_dict(template)

    default_pod_template(template)

    assert to_dict(template) == once
