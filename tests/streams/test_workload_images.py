"""Where workloads name images, and which of them are looked up when they are written."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imagestreams.streams.workload_images import changed, image_changes, resolves_all

ALL = {"annotations": {"alpha.image.policy.openshift.io/resolve-names": "*"}}


def resolve(image: str, everything: bool) -> str | None:
    return f"r.example.com/{image}" if everything or image.startswith("app") else None


def pods(**images: str) -> dict[str, Any]:
    return {"containers": [{"name": name, "image": image} for name, image in images.items()]}


def deployment(template: dict[str, Any] | None = None, metadata: dict[str, Any] | None = None, **images: str) -> Any:
    body = {"metadata": metadata or {}, "spec": {"template": {"metadata": template or {}, "spec": pods(**images)}}}
    return json.loads(json.dumps(body))


def images(kind: str, new: Any, old: Any = None) -> dict[str, str]:
    return {"/".join(map(str, one.path)): one.image for one in image_changes(kind, new, old, resolve)}


@pytest.mark.parametrize(
    ("kind", "root", "body"),
    [
        ("Pod", "spec", lambda spec: {"spec": spec}),
        ("Deployment", "spec/template/spec", lambda spec: {"spec": {"template": {"spec": spec}}}),
        ("ReplicationController", "spec/template/spec", lambda spec: {"spec": {"template": {"spec": spec}}}),
        ("Rollout", "spec/template/spec", lambda spec: {"spec": {"template": {"spec": spec}}}),
        ("PodTemplate", "template/spec", lambda spec: {"template": {"spec": spec}}),
        (
            "CronJob",
            "spec/jobTemplate/spec/template/spec",
            lambda spec: {"spec": {"jobTemplate": {"spec": {"template": {"spec": spec}}}}},
        ),
    ],
)
def test_each_kind_has_its_pods_somewhere(kind: str, root: str, body: Any) -> None:
    spec = pods(a="app:1", b="nginx") | {"initContainers": [{"name": "i", "image": "app:2"}]}

    assert images(kind, body(spec)) == {
        f"{root}/initContainers/0/image": "r.example.com/app:2",
        f"{root}/containers/0/image": "r.example.com/app:1",
    }


def test_the_images_of_a_build_are_looked_up_but_not_its_tags() -> None:
    docker, tag = {"kind": "DockerImage", "name": "app:1"}, {"kind": "ImageStreamTag", "name": "app:1"}
    build = {
        "spec": {
            "source": {"images": [{"from": tag}, {"from": docker}]},
            "strategy": {"dockerStrategy": {"from": docker}},
        }
    }

    assert images("Build", build) == {
        "spec/source/images/1/from/name": "r.example.com/app:1",
        "spec/strategy/dockerStrategy/from/name": "r.example.com/app:1",
    }


def test_an_update_leaves_images_alone_that_it_does_not_change() -> None:
    old = deployment(a="app:1", b="app:2")

    assert images("Deployment", deployment(a="app:1", b="app:3"), old) == {
        "spec/template/spec/containers/1/image": "r.example.com/app:3"
    }


@pytest.mark.parametrize("place", ["template", "metadata"])
def test_the_annotation_stands_on_the_template_or_the_object(place: str) -> None:
    new = deployment(**{place: ALL}, a="nginx")

    assert resolves_all("Deployment", new)
    assert list(images("Deployment", new).values()) == ["r.example.com/nginx"]


def test_turning_the_annotation_on_or_off_lets_all_images_be_looked_up() -> None:
    off, on = deployment(a="app:1"), deployment(template=ALL, a="app:1")

    assert len(images("Deployment", on, off)) == 1
    assert len(images("Deployment", off, on)) == 1
    assert images("Deployment", on, on) == {}


@pytest.mark.parametrize("value", ["", "true", "app"])
def test_other_values_of_the_annotation_mean_nothing(value: str) -> None:
    metadata = {"annotations": {"alpha.image.policy.openshift.io/resolve-names": value}}

    assert not resolves_all("Deployment", deployment(template=metadata))


def test_what_a_controller_made_is_left_alone() -> None:
    made = deployment(metadata={"ownerReferences": [{"controller": True}]}, a="app:1")
    owned = deployment(metadata={"ownerReferences": [{"controller": False}, {}]}, a="app:1")

    assert images("ReplicaSet", made) == {}
    assert len(images("ReplicaSet", owned)) == 1


@pytest.mark.parametrize("kind", ["Job", "Build"])
def test_what_can_not_change_is_not_changed_by_an_update(kind: str) -> None:
    assert images(kind, deployment(a="app:1"), deployment(a="app:0")) == {}


def test_changes_are_made_in_the_document() -> None:
    new = deployment(a="app:1", b="nginx")

    made = changed(new, image_changes("Deployment", new, None, resolve))

    assert made["spec"]["template"]["spec"]["containers"] == [
        {"name": "a", "image": "r.example.com/app:1"},
        {"name": "b", "image": "nginx"},
    ]


_KEYS = """
metadata annotations ownerReferences controller spec template jobTemplate containers initContainers image name from kind
strategy dockerStrategy source images
"""
_keys = st.sampled_from(_KEYS.split())
_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.just("app:1") | st.just("DockerImage"),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_keys, inner, max_size=4),
    max_leaves=20,
)


@given(
    st.sampled_from(["Pod", "Deployment", "CronJob", "Build", "PodTemplate"]),
    st.dictionaries(_keys, _values, max_size=4),
    st.none() | st.dictionaries(_keys, _values, max_size=4),
)
def test_documents_of_any_form_are_borne(kind: str, new: dict[str, Any], old: dict[str, Any] | None) -> None:
    changes = image_changes(kind, new, old, resolve)

    changed(json.loads(json.dumps(new)), changes)
