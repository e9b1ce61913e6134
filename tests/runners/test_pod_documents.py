"""What podman is told to play: names that don't meet, nothing it can't read, no power over the machine."""

from collections.abc import Callable
from typing import Any

import pytest

from imagestreams.runners.engine import RunnerError
from imagestreams.runners.pod_documents import documents, problems, references, secrets
from imagestreams.runners.runner import Workload

Make = Callable[..., Workload]

SPEC: dict[str, Any] = {
    "initContainers": [{"name": "first", "image": "i", "envFrom": [{"secretRef": {"name": "login"}}]}],
    "containers": [
        {
            "name": "app",
            "image": "i",
            "env": [
                {"name": "MODE", "valueFrom": {"configMapKeyRef": {"name": "settings", "key": "mode"}}},
                {"name": "PASSWORD", "valueFrom": {"secretKeyRef": {"name": "login", "key": "password"}}},
            ],
            "envFrom": [{"configMapRef": {"name": "more"}}],
            "volumeMounts": [{"name": "files", "mountPath": "/files"}, {"name": "data", "mountPath": "/data"}],
        }
    ],
    "volumes": [
        {"name": "files", "secret": {"secretName": "keys"}},
        {"name": "data", "persistentVolumeClaim": {"claimName": "disk"}},
        {"name": "page", "configMap": {"name": "page"}},
    ],
}


def test_each_replica_is_a_pod_that_carries_the_change(workload: Make) -> None:
    pods = documents(workload(replicas=2), "server-1")

    assert [pod["metadata"]["name"] for pod in pods] == ["shop_deployment_web_0", "shop_deployment_web_1"]
    assert pods[1]["spec"]["hostname"] == "web-1"
    assert pods[0]["metadata"]["labels"] == {
        "app": "web",
        "imagestreams.dev/server": "server-1",
        "imagestreams.dev/workload-uid": "u-1",
        "imagestreams.dev/change-id": "u-1-3",
    }


def test_one_object_can_not_ask_for_more_pods_than_a_machine_holds(workload: Make) -> None:
    with pytest.raises(RunnerError, match=r"^2147483647 pods are more than .* of one workload \(500\)$"):
        documents(workload(replicas=2_147_483_647), "server-1")


@pytest.mark.parametrize("where", ["pod", "container"])
def test_a_pod_can_not_choose_to_be_left_alone_by_selinux(workload: Make, where: str) -> None:
    context = {"securityContext": {"seLinuxOptions": {"type": "spc_t"}}}
    container = {"name": "app", "image": "i", **(context if where == "container" else {})}
    spec = {"containers": [container], **(context if where == "pod" else {})}

    with pytest.raises(RunnerError, match="seLinuxOptions is forbidden"):
        documents(workload(spec), "server-1")


def test_no_name_means_something_of_another_workload(workload: Make) -> None:
    def names(**fields: Any) -> set[str]:
        return {pod["metadata"]["name"] for pod in documents(workload(**fields), "s")}

    every = [names(), names(kind="StatefulSet"), names(namespace="shop-deployment"), names(name="web-0")]

    assert len(set.union(*every)) == len(every)


def test_what_a_pod_refers_to_is_found(workload: Make) -> None:
    template = workload(SPEC).template

    assert references(template, "secret") == {"login", "keys"}
    assert references(template, "configMap") == {"settings", "more", "page"}


def test_what_a_pod_refers_to_is_sent_along_under_names_of_its_own(workload: Make) -> None:
    config_map = {"metadata": {"name": "settings", "namespace": "shop", "uid": "u"}, "data": {"mode": "fast"}}

    sent, pod = documents(workload(SPEC, config_maps=(config_map,)), "s")

    assert sent == {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": "shop_deployment_web_settings"},
        "data": {"mode": "fast"},
    }
    container = pod["spec"]["containers"][0]
    assert container["env"][0]["valueFrom"]["configMapKeyRef"]["name"] == "shop_deployment_web_settings"
    assert container["env"][1]["valueFrom"]["secretKeyRef"]["name"] == "shop_deployment_web_login.env"
    assert pod["spec"]["initContainers"][0]["envFrom"] == [{"secretRef": {"name": "shop_deployment_web_login.env"}}]
    assert [mount["name"] for mount in container["volumeMounts"]] == [
        "shop_deployment_web_0.files",
        "shop_deployment_web_0.data",
    ]
    assert pod["spec"]["volumes"] == [
        {
            "name": "shop_deployment_web_0.files",
            "secret": {"secretName": "shop_deployment_web_keys.files", "optional": False},
        },
        {"name": "shop_deployment_web_0.data", "persistentVolumeClaim": {"claimName": "shop_disk"}},
        {
            "name": "shop_deployment_web_0.page",
            "configMap": {"name": "shop_deployment_web_page", "optional": False},
        },
    ]


def test_a_secret_is_given_in_both_forms_that_podman_reads(workload: Make) -> None:
    secret = {"metadata": {"name": "login"}, "data": {"password": "cHc="}}

    for_variables, for_files = secrets(workload(secrets=(secret,)))

    assert (for_variables.name, for_variables.content) == ("shop_deployment_web_login.env", {"password": "cHc="})
    assert for_files.name == "shop_deployment_web_login.files"
    assert for_files.content["kind"] == "Secret" and for_files.content["data"] == {"password": "cHc="}


def test_each_pod_of_a_stateful_set_has_its_own_claims(workload: Make) -> None:
    pods = documents(workload(kind="StatefulSet", replicas=2, claims=("data",)), "s")

    assert [pod["spec"]["volumes"][0]["persistentVolumeClaim"]["claimName"] for pod in pods] == [
        "shop_data-web-0",
        "shop_data-web-1",
    ]


def test_the_workload_itself_is_left_as_it_is(workload: Make) -> None:
    given = workload(SPEC)

    documents(given, "s")

    assert given.template["spec"]["volumes"][0] == {"name": "files", "secret": {"secretName": "keys"}}
    assert "optional" not in SPEC["volumes"][0]["secret"]


@pytest.mark.parametrize(
    "spec",
    [
        {"hostNetwork": True},
        {"hostPID": True},
        {"securityContext": {"sysctls": [{"name": "kernel.msgmax", "value": "1"}]}},
        {"securityContext": {"seccompProfile": {"type": "Unconfined"}}},
        {"volumes": [{"name": "root", "hostPath": {"path": "/"}}]},
        {"containers": [{"name": "a", "image": "i", "securityContext": {"privileged": True}}]},
        {"containers": [{"name": "a", "image": "i", "securityContext": {"capabilities": {"add": ["SYS_ADMIN"]}}}]},
        {"initContainers": [{"name": "a", "image": "i", "securityContext": {"procMount": "Unmasked"}}]},
        {"containers": [{"name": "a", "image": "i", "volumeDevices": [{"name": "d", "devicePath": "/dev/sda"}]}]},
        {"containers": [{"name": "a", "image": "i", "securityContext": {"seccompProfile": {"type": "Unconfined"}}}]},
    ],
)
def test_power_over_the_machine_is_the_operators_to_give(workload: Make, spec: dict[str, Any]) -> None:
    with pytest.raises(RunnerError, match="is forbidden: the runner is not set to be privileged"):
        documents(workload(spec), "s")

    assert not list(problems(workload(spec), privileged=True))


@pytest.mark.parametrize("image", ["dir:/etc", "docker-archive:/root/x.tar", "Upper/Case", "", "a\nb"])
def test_an_image_that_is_none_is_not_left_to_podman(workload: Make, image: str) -> None:
    with pytest.raises(RunnerError, match="of container 'app' can't be used"):
        documents(workload({"containers": [{"name": "app", "image": image}]}), "s")


def test_annotations_that_podman_could_obey_are_left_out(workload: Make) -> None:
    template = {"metadata": {"annotations": {"io.podman.annotations.privileged": "TRUE"}}, "spec": {"containers": []}}

    (pod,) = documents(workload(template=template), "s")

    assert "annotations" not in pod["metadata"]


def test_a_volume_that_podman_does_not_know_is_told_of(workload: Make) -> None:
    spec = {"volumes": [{"name": "share", "nfs": {"server": "s", "path": "/"}}]}

    with pytest.raises(RunnerError, match="volume 'share': the podman runner has no volumes of type nfs"):
        documents(workload(spec), "s")
