"""Pod templates are merged, and owned, by what identifies the elements of their lists."""

from typing import Any

import pytest

from imagestreams.api.apps.types import Deployment
from imagestreams.api.pods.containers import EphemeralContainer
from imagestreams.apiserver.ownership.comparison import compare, field_set
from imagestreams.apiserver.ownership.field_sets import path_text, paths
from imagestreams.apiserver.ownership.merge_keys import rule_of
from imagestreams.apiserver.ownership.object_schema import shape_of
from imagestreams.apiserver.ownership.typed_merge import merged
from imagestreams.apiserver.patching.strategic_merge import strategic_merge

SHAPE = shape_of(Deployment)


def deployment(**pod: Any) -> dict[str, Any]:
    return {"spec": {"template": {"spec": pod}}}


def one(**container: Any) -> dict[str, Any]:
    return deployment(containers=[{"name": "a", **container}])


def pod_of(document: dict[str, Any]) -> dict[str, Any]:
    pod: dict[str, Any] = document["spec"]["template"]["spec"]
    return pod


def patched(document: dict[str, Any], patch: dict[str, Any]) -> dict[str, Any]:
    return pod_of(strategic_merge(SHAPE, document, patch))


def applied(live: dict[str, Any], config: dict[str, Any]) -> dict[str, Any]:
    return pod_of(merged(SHAPE, live, config))


def owned(document: dict[str, Any]) -> set[str]:
    return {path_text(path).removeprefix(".spec.template.spec") for path in paths(field_set(SHAPE, document))}


def test_a_patch_finds_containers_variables_and_mounts_by_their_keys() -> None:
    document = one(env=[{"name": "A", "value": "1"}], volumeMounts=[{"name": "v", "mountPath": "/v"}])
    patch = one(env=[{"name": "B", "value": "2"}], volumeMounts=[{"mountPath": "/v", "readOnly": True}])

    (container,) = patched(document, patch)["containers"]

    assert container["env"] == [{"name": "B", "value": "2"}, {"name": "A", "value": "1"}]  # the patch's come first
    assert container["volumeMounts"] == [{"name": "v", "mountPath": "/v", "readOnly": True}]


def test_a_patch_replaces_commands_and_tolerations() -> None:
    document = deployment(containers=[{"name": "a", "command": ["x", "y"]}], tolerations=[{"key": "k"}])
    patch = deployment(containers=[{"name": "a", "command": ["z"]}], tolerations=[{"key": "l"}])

    assert patched(document, patch) == {"containers": [{"name": "a", "command": ["z"]}], "tolerations": [{"key": "l"}]}


def test_a_patch_says_which_source_a_volume_keeps() -> None:
    document = deployment(volumes=[{"name": "v", "emptyDir": {}}, {"name": "w", "emptyDir": {}}])
    patch = deployment(volumes=[{"name": "v", "configMap": {"name": "c"}, "$retainKeys": ["name", "configMap"]}])

    assert patched(document, patch)["volumes"] == [
        {"name": "v", "configMap": {"name": "c"}},
        {"name": "w", "emptyDir": {}},
    ]


def test_ports_of_one_number_differ_by_their_protocol_when_they_are_applied() -> None:
    live = one(ports=[{"containerPort": 53, "protocol": "TCP"}])
    config = one(ports=[{"containerPort": 53, "protocol": "UDP", "name": "dns"}])

    (container,) = applied(live, config)["containers"]

    assert container["ports"] == [
        {"containerPort": 53, "protocol": "TCP"},
        {"containerPort": 53, "protocol": "UDP", "name": "dns"},
    ]


def test_a_port_without_a_protocol_is_one_of_tcp() -> None:
    live = one(ports=[{"containerPort": 80, "protocol": "TCP", "hostPort": 8080}])

    (container,) = applied(live, one(ports=[{"containerPort": 80, "name": "web"}]))["containers"]

    assert container["ports"] == [{"containerPort": 80, "protocol": "TCP", "hostPort": 8080, "name": "web"}]
    assert '.containers[name="a"].ports[containerPort=80,protocol="TCP"].name' in owned(
        one(ports=[{"containerPort": 80, "name": "web"}])
    )


def test_a_constraint_is_known_by_two_fields() -> None:
    spread = [{"topologyKey": "zone", "whenUnsatisfiable": "DoNotSchedule", "maxSkew": 1}]

    assert '.topologySpreadConstraints[topologyKey="zone",whenUnsatisfiable="DoNotSchedule"].maxSkew' in owned(
        deployment(topologySpreadConstraints=spread)
    )


@pytest.mark.parametrize(
    ("pod", "owner_of"),
    [
        ({"nodeSelector": {"disk": "ssd"}}, {".nodeSelector"}),
        ({"tolerations": [{"key": "k"}]}, {".tolerations"}),
        (
            {
                "affinity": {
                    "nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": []}}
                }
            },
            {".affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution"},
        ),
        (
            {"overhead": {"cpu": "1"}},
            {".overhead.cpu"},
        ),
    ],
)
def test_some_values_are_owned_as_a_whole(pod: dict[str, Any], owner_of: set[str]) -> None:
    assert owned(deployment(**pod)) == owner_of


def test_where_a_variable_comes_from_is_one_value() -> None:
    source = {"secretKeyRef": {"name": "s", "key": "k"}}

    fields = owned(one(env=[{"name": "A", "valueFrom": source}]))

    assert '.containers[name="a"].env[name="A"].valueFrom.secretKeyRef' in fields
    assert not any(field.endswith("secretKeyRef.key") for field in fields)


def test_a_changed_image_is_all_that_changed() -> None:
    before, after = one(image="x:1", env=[{"name": "A"}]), one(image="x:2", env=[{"name": "A"}])

    change = compare(SHAPE, before, after)

    assert [path_text(path) for path in paths(change.modified)] == ['.spec.template.spec.containers[name="a"].image']
    assert not change.added and not change.removed


def test_a_type_has_the_rules_of_the_one_that_it_derives_from() -> None:
    assert rule_of(EphemeralContainer, "env").list_map_keys == ("name",)
