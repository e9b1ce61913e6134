"""Pods themselves: what is filled in besides what templates get, what may change, how well they are off."""

from typing import Any

import pytest

from imagestreams.api.codec import copy, from_dict, to_dict
from imagestreams.api.pods import Pod
from imagestreams.api.pods.defaulting import default_pod
from imagestreams.api.pods.pod_validation import validate_pod, validate_pod_update
from imagestreams.api.pods.service_quality import service_quality


def pod(*containers: dict[str, Any], **spec: Any) -> Pod:
    named = [{"name": f"c{number}", "image": "x", **each} for number, each in enumerate(containers or ({},))]
    made = from_dict({"metadata": {"name": "p"}, "spec": {"containers": named, **spec}}, Pod)
    default_pod(made)
    return made


def told(errors: list[Any]) -> list[str]:
    return [f"{error.field}: {error.message}" for error in errors]


def test_requests_are_the_limits_where_nothing_else_is_said() -> None:
    (container,) = (
        pod({"resources": {"limits": {"cpu": "1", "memory": "1Gi"}, "requests": {"cpu": "100m"}}}).spec.containers or []
    )

    assert container.resources.requests == {"cpu": "100m", "memory": "1Gi"}


def test_ports_in_the_hosts_network_are_ports_of_the_host() -> None:
    made = to_dict(pod({"ports": [{"containerPort": 80}]}, hostNetwork=True))["spec"]

    assert made["containers"][0]["ports"] == [{"hostPort": 80, "containerPort": 80, "protocol": "TCP"}]
    assert made["enableServiceLinks"] is True


@pytest.mark.parametrize(
    ("resources", "quality"),
    [
        ([{}], "BestEffort"),
        ([{"requests": {"example.com/gpu": "1"}, "limits": {"example.com/gpu": "1"}}], "BestEffort"),
        ([{"requests": {"cpu": "1"}}], "Burstable"),
        ([{"limits": {"cpu": "1", "memory": "1Gi"}}], "Guaranteed"),
        ([{"limits": {"cpu": "1000m", "memory": "1Gi"}, "requests": {"cpu": "1", "memory": "1024Mi"}}], "Guaranteed"),
        ([{"limits": {"cpu": "1", "memory": "1Gi"}, "requests": {"cpu": "500m"}}], "Burstable"),
        ([{"limits": {"cpu": "1", "memory": "1Gi"}}, {}], "Burstable"),
    ],
)
def test_how_well_a_pod_is_off(resources: list[dict[str, Any]], quality: str) -> None:
    assert service_quality(pod(*({"resources": each} for each in resources)).spec) == quality


def test_a_sound_pod_is_accepted() -> None:
    assert validate_pod(pod()) == []


@pytest.mark.parametrize(
    ("made", "error"),
    [
        (
            pod({"image": " x"}),
            'spec.containers[0].image: Invalid value: " x": must not have leading or trailing whitespace',
        ),
        (
            pod(volumes=[{"name": "v", "projected": {"sources": [{"serviceAccountToken": {"path": "t"}}]}}]),
            "spec.volumes[0].projected.sources[0].serviceAccountToken: Forbidden: must not be specified when "
            "serviceAccountName is not set",
        ),
        (
            pod(ephemeralContainers=[{"name": "e", "image": "x"}]),
            "spec.ephemeralContainers: Forbidden: cannot be set on create",
        ),
        (
            pod(nodeName="n", schedulingGates=[{"name": "g"}]),
            "spec.nodeName: Forbidden: cannot be set until all schedulingGates have been cleared",
        ),
    ],
)
def test_what_pods_may_not_have_at_first(made: Pod, error: str) -> None:
    assert told(validate_pod(made)) == [error]


def test_images_tolerations_and_a_shorter_deadline_may_change() -> None:
    old = pod(tolerations=[{"key": "a", "operator": "Exists"}], activeDeadlineSeconds=10)
    new = copy(old)
    for container in new.spec.containers or []:
        container.image = "y"
    new.spec.active_deadline_seconds = 5
    added = pod(tolerations=[{"key": "b", "operator": "Exists"}]).spec.tolerations or []
    new.spec.tolerations = [*(old.spec.tolerations or []), *added]

    assert validate_pod_update(new, old) == []


@pytest.mark.parametrize(
    ("new", "error"),
    [
        (pod({}, {}), "spec.containers: Forbidden: pod updates may not add or remove containers"),
        (pod({"image": "", "imagePullPolicy": "Always"}), "spec.containers[0].image: Required value"),
        (pod({"tty": True}), "spec: Forbidden: pod updates may not change fields other than "),
        (pod(hostNetwork=True), "spec: Forbidden: pod updates may not change fields other than "),
        (
            pod(tolerations=[]),
            "spec.tolerations: Forbidden: existing toleration can not be modified except its tolerationSeconds",
        ),
        (
            pod(tolerations=[{"key": "a", "operator": "Exists"}], activeDeadlineSeconds=20),
            "spec.activeDeadlineSeconds: Invalid value: 20: must be less than or equal to previous value",
        ),
    ],
)
def test_nothing_else_may_change(new: Pod, error: str) -> None:
    old = pod(tolerations=[{"key": "a", "operator": "Exists"}], activeDeadlineSeconds=10)
    if new.spec.active_deadline_seconds is None:
        new.spec.active_deadline_seconds = 10
    if new.spec.tolerations is None and "toleration" not in error:
        new.spec.tolerations = old.spec.tolerations

    (found,) = told(validate_pod_update(new, old))

    assert found.startswith(error)
