"""Images of our own workloads are looked up when they are written, as those of other clusters are."""

from typing import Any

import pytest

from imagestreams.access.identity import User
from imagestreams.api.apps.types import Deployment, ReplicaSet
from imagestreams.api.batch.types import CronJob
from imagestreams.api.build.types import Build, BuildConfig
from imagestreams.api.codec import copy, encode, from_dict, to_dict
from imagestreams.api.openshift_apps.types import DeploymentConfig
from imagestreams.resources.resource import RequestContext

CONTEXT = RequestContext(User("tester"), "2026-01-01T00:00:00Z", namespace="team")


def pods(image: str = "app:prod") -> dict[str, Any]:
    return {"spec": {"containers": [{"name": "web", "image": image}]}}


def made(kind: type[Any], spec: dict[str, Any], namespace: str = "team", **metadata: Any) -> Any:
    return from_dict({"metadata": {"name": "web", "namespace": namespace, **metadata}, "spec": spec}, kind)


async def admitted(room: Any, value: Any, old: Any = None) -> str:
    """The JSON of a value after it was admitted."""
    await room.lookup.admit(CONTEXT, value, old)
    return encode(value).decode()


@pytest.mark.parametrize(
    ("kind", "spec"),
    [
        (Deployment, {"template": pods()}),
        (DeploymentConfig, {"template": pods()}),
        (CronJob, {"jobTemplate": {"spec": {"template": pods()}}}),
        (Build, {"strategy": {"dockerStrategy": {"from": {"kind": "DockerImage", "name": "app:prod"}}}}),
    ],
)
async def test_each_kind_gets_the_pull_spec_and_keeps_the_rest(
    room: Any, kind: type[Any], spec: dict[str, Any]
) -> None:
    await room.stream()
    value = made(kind, spec)
    before = to_dict(copy(value))

    after = await admitted(room, value)

    assert room.pull_spec in after
    assert encode(before).decode().replace("app:prod", room.pull_spec) == after


async def test_a_build_config_keeps_the_name(room: Any) -> None:
    await room.stream()
    docker = {"dockerStrategy": {"from": {"kind": "DockerImage", "name": "app:prod"}}}

    assert "app:prod" in await admitted(room, made(BuildConfig, {"strategy": docker}))


async def test_what_a_deployment_made_is_left_to_it(room: Any) -> None:
    await room.stream()
    owner = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web", "uid": "u", "controller": True}

    assert "app:prod" in await admitted(room, made(ReplicaSet, {"template": pods()}, ownerReferences=[owner]))


@pytest.mark.parametrize("namespace", ["default", "openshift-web"])
async def test_namespaces_of_the_platform_are_left_alone(room: Any, namespace: str) -> None:
    await room.stream(namespace)

    assert "app:prod" in await admitted(room, made(Deployment, {"template": pods()}, namespace))


async def test_an_update_of_something_else_keeps_the_image(room: Any) -> None:
    old = made(Deployment, {"template": pods()})
    await room.stream()

    assert "app:prod" in await admitted(room, copy(old), old)


async def test_the_old_state_is_not_touched(room: Any) -> None:
    await room.stream()
    old, new = made(Deployment, {"template": pods("nginx")}), made(Deployment, {"template": pods()})
    before = encode(old)

    assert room.pull_spec in await admitted(room, new, old)
    assert encode(old) == before
