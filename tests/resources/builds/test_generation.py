"""How builds are made: names, labels, fixed images, triggers and options."""

from typing import Any

import pytest

from imagestreams.api.build.defaulting import default_build_config
from imagestreams.api.build.types import Build, BuildConfig, BuildRequest
from imagestreams.api.codec import from_dict
from imagestreams.api.core import ObjectReference
from imagestreams.api.errors import ApiError, not_found
from imagestreams.resources.builds.build_names import joined_name, label_value
from imagestreams.resources.builds.generation import build_of_build, build_of_config

NOW = "2026-11-25T03:00:00Z"


class Sources:
    """Tags and what they point to, in place of streams."""

    def __init__(self, **images: str) -> None:
        self.images = images

    def pull_spec(self, reference: ObjectReference, namespace: str) -> str:
        if reference.kind == "DockerImage":
            return reference.name
        name = reference.name.partition(":")[0]
        if name not in self.images:
            raise not_found("image.openshift.io", "imagestreams", name)
        return self.images[name]

    def login_secrets(self, namespace: str, service_account: str) -> list[Any]:
        return []


def config(**spec: Any) -> BuildConfig:
    base: dict[str, Any] = {
        "source": {"git": {"uri": "u"}},
        "strategy": {"dockerStrategy": {"from": {"kind": "ImageStreamTag", "name": "base:1"}}},
    }
    value = from_dict(
        {"metadata": {"name": "app", "namespace": "here", "uid": "u-1"}, "spec": {**base, **spec}}, BuildConfig
    )
    default_build_config(value)
    return value


def request(**fields: Any) -> BuildRequest:
    return from_dict({"metadata": {"name": "app"}, **fields}, BuildRequest)


def made(value: BuildConfig, sources: Sources | None = None, **fields: Any) -> Build:
    return build_of_config(value, request(**fields), sources or Sources(base="base@1"), NOW)


def base_image(build: Build) -> str:
    strategy = build.spec.strategy.docker_strategy
    assert strategy is not None and strategy.from_ is not None
    return strategy.from_.name


def test_a_build_belongs_to_its_config_and_counts_it() -> None:
    value = config()

    first, second = made(value), made(value)

    assert (first.metadata.name, second.metadata.name, value.status.last_version) == ("app-1", "app-2", 2)
    owner = (first.metadata.owner_references or [])[0]
    assert (owner.kind, owner.name, owner.uid, owner.controller) == ("BuildConfig", "app", "u-1", True)
    assert first.spec.service_account == "builder"
    assert first.status.config == ObjectReference(kind="BuildConfig", name="app", namespace="here")


def test_numbers_of_builds_that_an_earlier_config_left_are_passed_over() -> None:
    value, left = config(), {"app-1", "app-2", "app-4"}

    third = build_of_config(value, request(lastVersion=0), Sources(base="base@1"), NOW, left.__contains__)
    fifth = build_of_build(third, value, request(), NOW, 0, left.__contains__)

    assert (third.metadata.name, fifth.metadata.name, value.status.last_version) == ("app-3", "app-5", 5)
    assert (third.metadata.annotations or {})["openshift.io/build.number"] == "3"


def test_a_tag_that_changed_is_built_as_it_was_told_and_written_down() -> None:
    value = config(triggers=[{"type": "ImageChange"}])

    build = made(
        value,
        Sources(base="base@3"),
        **{
            "from": {"kind": "ImageStreamTag", "name": "base:1", "namespace": "here"},
            "triggeredByImage": {"kind": "DockerImage", "name": "base@2"},
        },
    )

    assert base_image(build) == "base@2"
    [status] = value.status.image_change_triggers or []
    assert (status.last_triggered_image_id, status.from_.name, status.last_trigger_time) == ("base@2", "base:1", NOW)


def test_an_image_that_was_built_already_makes_no_second_build() -> None:
    value = config(triggers=[{"type": "ImageChange"}])
    told: dict[str, Any] = {
        "from": {"kind": "ImageStreamTag", "name": "base:1"},
        "triggeredByImage": {"kind": "DockerImage", "name": "base@2"},
    }
    made(value, **told)

    with pytest.raises(ApiError, match="build config here/app has already instantiated a build for imageid base@2"):
        made(value, **told)


def test_a_manual_build_takes_the_newest_images_of_all_tags_and_keeps_the_time_of_the_last_change() -> None:
    tag = {"kind": "ImageStreamTag", "name": "other:1"}
    value = config(triggers=[{"type": "ImageChange"}, {"type": "ImageChange", "imageChange": {"from": tag}}])
    made(
        value,
        Sources(base="base@1", other="other@1"),
        **{"from": tag, "triggeredByImage": {"kind": "DockerImage", "name": "other@1"}},
    )

    build = made(value, Sources(base="base@2", other="other@2"))

    assert base_image(build) == "base@2"
    seen = [(one.last_triggered_image_id, one.last_trigger_time) for one in value.status.image_change_triggers or []]
    assert seen == [("base@2", None), ("other@2", NOW)]


def test_another_tag_may_be_missing_the_strategys_own_may_not() -> None:
    other = {"type": "ImageChange", "imageChange": {"from": {"kind": "ImageStreamTag", "name": "other:1"}}}

    build = made(config(triggers=[{"type": "ImageChange"}, other]))

    assert base_image(build) == "base@1"
    with pytest.raises(ApiError, match="not found"):
        made(config(triggers=[{"type": "ImageChange"}]), Sources())


def test_a_paused_config_makes_no_builds() -> None:
    value = config()
    value.metadata.annotations = {"openshift.io/build-config.paused": "True"}

    with pytest.raises(ApiError, match="can't instantiate from BuildConfig here/app: BuildConfig is paused"):
        made(value)


def test_what_a_request_says_comes_before_the_config() -> None:
    value = config(
        strategy={"dockerStrategy": {"env": [{"name": "A", "value": "1"}], "buildArgs": [{"name": "X", "value": "1"}]}}
    )

    build = made(
        value,
        env=[{"name": "A", "value": "2"}, {"name": "B", "value": "3"}],
        dockerStrategyOptions={"buildArgs": [{"name": "X", "value": "2"}], "noCache": True},
        metadata={"name": "app", "labels": {"mine": "yes", "buildconfig": "other"}},
    )

    strategy = build.spec.strategy.docker_strategy
    assert strategy is not None
    assert [(one.name, one.value) for one in strategy.env or []] == [("A", "2"), ("B", "3")]
    assert [(one.name, one.value) for one in strategy.build_args or []] == [("X", "2")]
    assert strategy.no_cache
    labels = build.metadata.labels or {}
    assert (labels["mine"], labels["buildconfig"]) == ("yes", "app")


@pytest.mark.parametrize(
    ("strategy", "options", "told"),
    [
        (
            {"customStrategy": {"from": {"kind": "DockerImage", "name": "a"}}},
            {"dockerStrategyOptions": {"noCache": True}},
            "Cannot specify Docker build specific options on here/app, not a Docker build.",
        ),
        (
            {"dockerStrategy": {}},
            {"sourceStrategyOptions": {"incremental": True}},
            "Cannot specify Source build specific options on here/app, not a Source build.",
        ),
    ],
)
def test_options_of_another_strategy_are_refused(strategy: Any, options: Any, told: str) -> None:
    with pytest.raises(ApiError, match=told):
        made(config(strategy=strategy), **options)


def test_an_upload_takes_the_place_of_the_repository() -> None:
    build = made(config(), binary={"asFile": "app.jar"})

    assert build.spec.source.git is None
    assert build.spec.source.binary is not None and build.spec.source.binary.as_file == "app.jar"


def test_a_custom_builder_is_told_of_its_own_image() -> None:
    build = made(config(strategy={"customStrategy": {"from": {"kind": "ImageStreamTag", "name": "base:1"}}}))

    custom = build.spec.strategy.custom_strategy
    assert custom is not None
    assert [(one.name, one.value) for one in custom.env or []] == [("OPENSHIFT_CUSTOM_BUILD_BASE_IMAGE", "base@1")]


def test_a_clone_is_a_new_build_of_the_config() -> None:
    value = config()
    build = made(value, binary={})

    clone = build_of_build(build, value, request(env=[{"name": "A", "value": "1"}]), NOW, 0)

    assert clone.metadata.name == "app-2"
    annotations = clone.metadata.annotations or {}
    assert annotations["openshift.io/build.clone-of"] == "app-1"
    assert annotations["openshift.io/build.number"] == "2"
    assert clone.spec.source.binary is None
    assert clone.spec.strategy.docker_strategy is not None
    assert [one.name for one in clone.spec.strategy.docker_strategy.env or []] == ["A"]


def test_a_build_without_a_config_is_cloned_under_a_name_with_the_time() -> None:
    build = from_dict({"metadata": {"name": "by-hand", "namespace": "here"}}, Build)

    clone = build_of_build(build, None, request(), NOW, 1_764_039_600_123_456_789)
    again = build_of_build(clone, None, request(), NOW, 1_764_039_600_999_999_999)

    assert clone.metadata.name == "by-hand-0123456789"
    assert again.metadata.name == "by-hand-0999999999"


def test_long_names_are_cut_and_stay_apart() -> None:
    name = joined_name("a" * 253, "12")

    assert len(name) == 253 and name.endswith("-12")
    assert name != joined_name("a" * 252 + "b", "12")
    assert label_value("a" * 100) == "a" * 63
