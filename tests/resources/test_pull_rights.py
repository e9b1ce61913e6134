"""Whoever writes a config that takes images of another namespace must be allowed to pull them there."""

from typing import Any

import pytest

from imagestreams.access.identity import User
from imagestreams.api.build.types import Build, BuildConfig
from imagestreams.api.codec import copy, from_dict
from imagestreams.api.errors import ApiError
from imagestreams.api.openshift_apps.types import DeploymentConfig
from imagestreams.resources.builds.build_logs import BuildLogs
from imagestreams.resources.builds.buildconfigs import BuildConfigStrategy
from imagestreams.resources.builds.builds import BuildStrategy
from imagestreams.resources.builds.uploads import Uploads
from imagestreams.resources.openshift_apps.deploymentconfigs import DeploymentConfigStrategy
from imagestreams.resources.resource import RequestContext
from tests.resources.conftest import Authority

JANE = RequestContext(User("jane", frozenset()), "2026-11-25T03:00:00Z", "here")
BASE = {"kind": "ImageStreamTag", "namespace": "there", "name": "base:1"}
TOLD = (
    'imagestreams.image.openshift.io "base" is forbidden: User "jane" cannot get resource "imagestreams/layers" '
    'in API group "image.openshift.io" in the namespace "there"'
)

STRATEGY = {"strategy": {"dockerStrategy": {"from": BASE}}}
SOURCE = {"source": {"images": [{"from": BASE}]}, "strategy": {"dockerStrategy": {}}}
TRIGGER = {"strategy": {"dockerStrategy": {}}, "triggers": [{"type": "ImageChange", "imageChange": {"from": BASE}}]}
FOLLOWING = {"triggers": [{"type": "ImageChange", "imageChangeParams": {"from": BASE, "containerNames": ["web"]}}]}


def strategy_of(kind: type[Any], authority: Authority, tmp_path: Any) -> Any:
    if kind is BuildConfig:
        return BuildConfigStrategy(authority)
    if kind is DeploymentConfig:
        return DeploymentConfigStrategy(authority)
    return BuildStrategy(BuildLogs(tmp_path / "logs"), Uploads(tmp_path / "uploads"), authority)


def value_of(kind: type[Any], spec: dict[str, Any]) -> Any:
    return from_dict({"metadata": {"name": "app", "namespace": "here"}, "spec": spec}, kind)


@pytest.mark.parametrize(
    ("kind", "spec"),
    [
        (BuildConfig, STRATEGY),
        (BuildConfig, SOURCE),
        (BuildConfig, TRIGGER),
        (Build, STRATEGY),
        (Build, SOURCE),
        (DeploymentConfig, FOLLOWING),
    ],
)
async def test_an_image_of_another_namespace_needs_the_right_to_pull_there(
    kind: type[Any], spec: dict[str, Any], tmp_path: Any
) -> None:
    authority = Authority()
    strategy = strategy_of(kind, authority, tmp_path)

    with pytest.raises(ApiError) as refused:
        await strategy.admit(JANE, value_of(kind, spec), None)
    authority.grant("get", "imagestreams/layers", "there", "base")
    await strategy.admit(JANE, value_of(kind, spec), None)

    assert (refused.value.status.code, refused.value.status.message) == (403, TOLD)


@pytest.mark.parametrize(("kind", "spec"), [(BuildConfig, STRATEGY), (DeploymentConfig, FOLLOWING)])
async def test_what_somebody_else_wrote_into_a_config_hinders_nobody(
    kind: type[Any], spec: dict[str, Any], tmp_path: Any
) -> None:
    old = value_of(kind, spec)
    new = copy(old)
    new.metadata.labels = {"team": "a"}

    await strategy_of(kind, Authority(), tmp_path).admit(JANE, new, old)


async def test_images_of_the_own_namespace_need_no_further_right(tmp_path: Any) -> None:
    own = {"strategy": {"dockerStrategy": {"from": {**BASE, "namespace": "here"}}}}

    await strategy_of(BuildConfig, Authority(), tmp_path).admit(JANE, value_of(BuildConfig, own), None)
