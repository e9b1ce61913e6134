"""Triggers of each kind of object: read from a document and written back, as `oc set triggers` does it."""

import json
from typing import Any

import pytest

from imagestreams.cli.errors import CliError
from imagestreams.cli.triggers import annotated, build_config, deployment_config
from imagestreams.cli.triggers.definition import Change, Definition, ImageTrigger, TriggerFlags
from imagestreams.triggers.error import TriggerError

ANNOTATION = "image.openshift.io/triggers"
WEB = '"fieldPath":"spec.template.spec.containers[?(@.name==\\"web\\")].image"'


def workload(annotation: str | None = None, kind: str = "Deployment", **spec: Any) -> dict[str, Any]:
    metadata: dict[str, Any] = {"name": "app", "namespace": "shop"}
    if annotation is not None:
        metadata["annotations"] = {ANNOTATION: annotation}
    pod = {"initContainers": [{"name": "init"}], "containers": [{"name": "web"}, {"name": "log"}]}
    return {
        "apiVersion": "apps/v1",
        "kind": kind,
        "metadata": metadata,
        "spec": {**spec, "template": {"spec": pod}},
    }


def annotation_after(triggers: Definition, before: dict[str, Any] | None = None) -> str:
    text: str = annotated.write(before or workload(), triggers)["metadata"]["annotations"][ANNOTATION]
    return text


def test_an_annotation_is_read_and_written_as_it_was() -> None:
    source = '{"kind":"ImageStreamTag","name":"python:3","namespace":"base"}'
    text = f'[{{"from":{source},{WEB},"paused":true}}]'

    triggers = annotated.read(workload(text))

    assert triggers == Definition(True, (ImageTrigger("python:3", "base", ("web",), False),))
    assert annotation_after(triggers) == text


def test_each_container_has_a_trigger_of_its_own() -> None:
    triggers = Definition(True, (ImageTrigger("a<b:1", "shop", ("web", "init"), True),))

    entries = json.loads(annotation_after(triggers))

    assert [one["fieldPath"] for one in entries] == [
        'spec.template.spec.containers[?(@.name=="web")].image',
        'spec.template.spec.containers[?(@.name=="init")].image',
    ]
    assert {json.dumps(one["from"]) for one in entries} == {'{"kind": "ImageStreamTag", "name": "a<b:1"}'}
    assert "a\\u003cb:1" in annotation_after(triggers)


def test_cron_jobs_have_a_longer_path() -> None:
    job = workload(kind="CronJob")
    job["spec"] = {"jobTemplate": {"spec": job["spec"]}}

    text = annotation_after(Definition(True, (ImageTrigger("a:1", "", ("web",), True),)), job)

    path = json.loads(text)[0]["fieldPath"]
    assert path == 'spec.jobTemplate.spec.template.spec.containers[?(@.name=="web")].image'


def test_no_trigger_is_written_as_null_and_pauses_a_deployment() -> None:
    before = workload("[]", replicas=1)

    after = annotated.write(before, Definition())

    assert after["metadata"]["annotations"][ANNOTATION] == "null"
    assert after["spec"]["paused"] is True
    assert "paused" not in annotated.write(after, Definition(config_change=True))["spec"]
    assert "paused" not in before["spec"]


def test_only_deployments_can_be_paused() -> None:
    assert "paused" not in annotated.write(workload(kind="StatefulSet"), Definition())["spec"]
    assert annotated.read(workload(kind="DaemonSet", paused=True)).config_change is True
    assert annotated.read(workload(paused=True)).config_change is False


def test_triggers_that_mean_no_container_are_left_out() -> None:
    gone = '[{"from":{"kind":"ImageStreamTag","name":"a:1"},"fieldPath":"spec.template.spec.containers[7].image"}]'

    assert annotated.read(workload(gone)).images == ()
    with pytest.raises(TriggerError):
        annotated.read(workload("{"))


@pytest.mark.parametrize(
    "images, told",
    [
        ([ImageTrigger("a:1")], "you must specify --containers when setting --from-image"),
        (
            [ImageTrigger("a:1", "", ("x", "web", "b"))],
            "not all container names exist: b, x (accepts: init, log, web)",
        ),
        (
            [ImageTrigger("a:1", "", ("web", "log")), ImageTrigger("b:1", "", ("log", "web"))],
            "only one trigger may reference each container: log, web",
        ),
    ],
)
def test_what_a_workload_can_not_have_is_refused(images: list[ImageTrigger], told: str) -> None:
    with pytest.raises(CliError) as error:
        annotated.write(workload(), Definition(True, tuple(images)))

    assert error.value.message == told


@pytest.mark.parametrize(
    "kind, named",
    [
        ("github", "GitHub web hooks"),
        ("generic", "web hooks"),
        ("gitlab", "GitLab web hooks"),
        ("bitbucket", "Bitbucket web hooks"),
    ],
)
def test_only_build_configs_have_web_hooks(kind: Any, named: str) -> None:
    hooks = Definition(web_hooks={kind: ({"secret": "s"},)})

    for write, told in (
        (annotated.write, f"does not support {named}"),
        (deployment_config.write, f"deployment configs do not support {named}"),
    ):
        with pytest.raises(CliError) as error:
            write(workload(), hooks)
        assert error.value.message == told


def image_change(name: str, *containers: str, **params: Any) -> dict[str, Any]:
    source = {"kind": "ImageStreamTag", "name": name}
    return {
        "type": "ImageChange",
        "imageChangeParams": {"containerNames": list(containers), "from": source, **params},
    }


def deployment_config_with(*triggers: dict[str, Any]) -> dict[str, Any]:
    return {**workload(kind="DeploymentConfig", triggers=list(triggers)), "apiVersion": "apps.openshift.io/v1"}


def test_a_deployment_config_keeps_the_triggers_that_stay() -> None:
    kept, config = image_change("a:1", "web", automatic=True), {"type": "ConfigChange"}
    before = deployment_config_with(config, kept)
    triggers = deployment_config.read(before)
    assert triggers == Definition(True, (ImageTrigger("a:1", "", ("web",), True),))

    more = Definition(False, (*triggers.images, ImageTrigger("b:1", "base", ("log",), False)))
    after = deployment_config.write(before, more)["spec"]["triggers"]

    added = image_change("b:1", "log")
    added["imageChangeParams"]["from"]["namespace"] = "base"
    assert after == [kept, added]


def test_a_trigger_that_has_fired_is_written_anew() -> None:
    before = deployment_config_with(image_change("a:1", "web", automatic=True, lastTriggeredImage="x"))

    after = deployment_config.write(before, deployment_config.read(before))

    assert after["spec"]["triggers"] == [image_change("a:1", "web", automatic=True)]


def test_no_triggers_of_a_deployment_config_are_an_empty_list() -> None:
    assert (
        deployment_config.write(deployment_config_with({"type": "ConfigChange"}), Definition())["spec"]["triggers"]
        == []
    )


def build_config_with(*triggers: dict[str, Any], **source: Any) -> dict[str, Any]:
    strategy = {"type": "Docker", "dockerStrategy": {"from": {"kind": "ImageStreamTag", "name": "base:1", **source}}}
    return {
        "apiVersion": "build.openshift.io/v1",
        "kind": "BuildConfig",
        "metadata": {"name": "app", "namespace": "shop"},
        "spec": {"strategy": strategy, "triggers": list(triggers)},
    }


def test_the_image_of_the_strategy_is_always_shown() -> None:
    by_strategy = {"type": "ImageChange", "imageChange": {"lastTriggeredImageID": "x"}}

    assert build_config.read(build_config_with()).images == (ImageTrigger("base:1"),)
    assert build_config.read(build_config_with(by_strategy)).images == (ImageTrigger("base:1", auto=True),)
    assert build_config.read(build_config_with(namespace="shop")).images == (ImageTrigger("base:1"),)


def test_an_automatic_trigger_of_the_strategy_has_no_source() -> None:
    after = build_config.write(build_config_with(), Definition(True, (ImageTrigger("base:1", auto=True),)))

    assert after["spec"]["triggers"] == [{"type": "ConfigChange"}, {"type": "ImageChange", "imageChange": {}}]


def test_another_tag_is_named() -> None:
    images = (ImageTrigger("base:1"), ImageTrigger("tools:1", "common", auto=True))

    after = build_config.write(build_config_with(), Definition(images=images))

    source = {"kind": "ImageStreamTag", "name": "tools:1", "namespace": "common"}
    assert after["spec"]["triggers"] == [{"type": "ImageChange", "imageChange": {"from": source}}]


def test_what_a_trigger_remembers_is_kept() -> None:
    by_strategy = {"type": "ImageChange", "imageChange": {"lastTriggeredImageID": "x"}}
    github = {"type": "GitHub", "github": {"secret": "s"}}
    before = build_config_with(by_strategy, github)
    triggers = build_config.read(before)

    after = build_config.write(before, Definition(True, triggers.images, triggers.web_hooks))

    assert after["spec"]["triggers"] == [by_strategy, github, {"type": "ConfigChange"}]


def test_manual_triggers_are_taken_away() -> None:
    source = {"kind": "ImageStreamTag", "name": "tools:1", "namespace": "shop"}
    before = build_config_with(
        {"type": "ImageChange", "imageChange": {}}, {"type": "ImageChange", "imageChange": {"from": source}}
    )
    manual = tuple(ImageTrigger(one.source, one.namespace) for one in build_config.read(before).images)

    after = build_config.write(before, Definition(images=manual))

    assert "triggers" not in after["spec"]


@pytest.mark.parametrize("source", [{}, {"from": {"kind": "ImageStreamTag", "name": "tools:1"}}])
def test_a_paused_trigger_stays_so_until_it_is_made_automatic(source: dict[str, Any]) -> None:
    before = build_config_with({"type": "ImageChange", "imageChange": {**source, "paused": True}})
    paused = build_config.read(before)
    automatic = Change(TriggerFlags(auto=True), "shop", lambda: "s")(paused)
    waits = [one.paused for one in paused.images if one.auto]

    untouched = build_config.write(before, Definition(True, paused.images))
    resumed = build_config.write(before, automatic)

    assert waits == [True]
    assert untouched["spec"]["triggers"] == [*before["spec"]["triggers"], {"type": "ConfigChange"}]
    assert {"type": "ImageChange", "imageChange": source} in resumed["spec"]["triggers"]


def test_a_strategy_without_a_tag_has_no_trigger() -> None:
    assert build_config.read(build_config_with(kind="DockerImage")).images == ()
