import contextlib
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imagestreams.triggers.annotation import AnnotationRule, parse_triggers
from imagestreams.triggers.error import TriggerError
from imagestreams.triggers.reaction import Following, Reaction, StreamTag

_KEYS = ["from", "kind", "name", "fieldPath", "paused", "template", "spec", "containers", "image", "jobTemplate"]
RULE = AnnotationRule()
WEB = 'spec.template.spec.containers[?(@.name=="web")].image'


def trigger(tag: str, path: str = WEB, **fields: Any) -> dict[str, Any]:
    return {"from": {"kind": "ImageStreamTag", "name": tag}, "fieldPath": path, **fields}


def deployment(*triggers: dict[str, Any], init: dict[str, str] | None = None, **images: str) -> dict[str, Any]:
    spec: dict[str, Any] = {"containers": [{"name": name, "image": image} for name, image in images.items()]}
    if init:
        spec["initContainers"] = [{"name": name, "image": image} for name, image in init.items()]
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {
            "name": "app",
            "namespace": "shop",
            "annotations": {"image.openshift.io/triggers": json.dumps(list(triggers))},
        },
        "spec": {"replicas": 1, "template": {"spec": spec}},
    }


def images_of(reaction: Reaction, place: str = "containers") -> list[str]:
    assert reaction.document is not None
    return [one["image"] for one in reaction.document["spec"]["template"]["spec"][place]]


def resolved(**tags: str) -> Any:
    """Tags of the namespace shop by stream; all of them `latest`."""
    return lambda tag: tags.get(tag.stream) if (tag.namespace, tag.tag) == ("shop", "latest") else None


def test_the_image_of_a_named_container_becomes_that_of_the_tag() -> None:
    before = deployment(trigger("python:latest"), sidecar="s", web="old")
    kept = json.dumps(before)

    reaction = RULE.react(before, resolved(python="registry/python@sha256:1"))

    assert images_of(reaction) == ["s", "registry/python@sha256:1"]
    assert json.dumps(before) == kept


def test_an_object_that_has_the_image_stays_as_it_is() -> None:
    assert RULE.react(deployment(trigger("python:latest"), web="new"), resolved(python="new")) == Reaction()


@pytest.mark.parametrize("path", ["containers[1]", 'containers[?(@.name=="web")]', "containers[+1]"])
def test_a_container_is_chosen_by_index_or_name(path: str) -> None:
    before = deployment(trigger("python:latest", f"spec.template.spec.{path}.image"), sidecar="s", web="old")

    assert images_of(RULE.react(before, resolved(python="new"))) == ["s", "new"]


@pytest.mark.parametrize("path", ["initContainers[0]", 'initContainers[?(@.name=="set-up")]'])
def test_init_containers_follow_too(path: str) -> None:
    before = deployment(trigger("tool:latest", f"spec.template.spec.{path}.image"), init={"set-up": "old"}, web="w")

    reaction = RULE.react(before, resolved(tool="new"))

    assert images_of(reaction, "initContainers") == ["new"]
    assert images_of(reaction) == ["w"]


def test_several_triggers_make_one_new_document() -> None:
    before = deployment(
        trigger("a:latest", "spec.template.spec.containers[0].image"),
        trigger("b:latest", "spec.template.spec.containers[1].image"),
        one="old",
        two="old",
    )

    assert images_of(RULE.react(before, resolved(a="new-a", b="new-b"))) == ["new-a", "new-b"]


def test_of_two_triggers_for_one_container_the_last_counts() -> None:
    triggers = trigger("a:latest", WEB), trigger("b:latest", "spec.template.spec.containers[0].image")

    assert images_of(RULE.react(deployment(*triggers, web="old"), resolved(a="new-a", b="new-b"))) == ["new-b"]
    assert RULE.react(deployment(*triggers, web="new-b"), resolved(a="new-a", b="new-b")) == Reaction()


def test_a_tag_without_an_image_waits_while_the_others_are_applied() -> None:
    before = deployment(
        trigger("a:latest", "spec.template.spec.containers[0].image"),
        trigger("b:latest", "spec.template.spec.containers[1].image"),
        one="old",
        two="old",
    )

    reaction = RULE.react(before, resolved(a="new"))

    assert images_of(reaction) == ["new", "old"]
    assert reaction.waiting == (StreamTag("shop", "b", "latest"),)


def test_a_paused_trigger_waits_and_is_still_shown() -> None:
    before = deployment(trigger("python:latest", paused=True), web="old")

    assert RULE.react(before, resolved(python="new")) == Reaction()
    assert RULE.follows(before) == [Following(StreamTag("shop", "python", "latest"), True, ("web",))]


def test_cron_jobs_have_their_pod_template_further_down() -> None:
    before = deployment(trigger("python:latest", f"spec.jobTemplate.{WEB}"), web="old")
    before["spec"] = {"jobTemplate": {"spec": before["spec"]}}

    reaction = RULE.react(before, resolved(python="new"))

    assert reaction.document is not None
    template = reaction.document["spec"]["jobTemplate"]["spec"]["template"]
    assert template["spec"]["containers"] == [{"name": "web", "image": "new"}]


def test_a_path_outside_of_the_pod_spec_changes_nothing() -> None:
    before = deployment(trigger("python:latest", "spec.image"), web="old")

    assert RULE.react(before, resolved(python="new")) == Reaction()


@pytest.mark.parametrize(
    "path, told",
    [
        ('spec.template.spec.containers[?(@.name=="none")].image', "no such container: "),
        ("spec.template.spec.containers[7].image", "no such container: "),
        ("spec.template.spec.containers[-1].image", "no such container: "),
        (f"spec.template.spec.containers[{'9' * 5000}].image", "no such container: "),
        ("spec.template.spec.containers[@.name=web].image", "no such container: "),
        ('spec.template.spec.containers[?(@.name=="web")]', "field path is not valid: "),
        ('spec.template.spec.containers[?(@.name=="web").image', "field path is not valid: "),
        ("spec.template.spec.ephemeralContainers[0].image", "field path is not valid: "),
        ("spec.template.spec.containers[0].imagePullPolicy", "field path is not valid: "),
    ],
)
def test_a_path_that_means_no_image_is_told(path: str, told: str) -> None:
    with pytest.raises(TriggerError) as error:
        RULE.react(deployment(trigger("python:latest", path), web="old"), resolved(python="new"))

    assert str(error.value) == told + path


def test_an_object_without_a_pod_template_has_no_images() -> None:
    before = deployment(trigger("python:latest"))
    before["spec"] = {}

    with pytest.raises(TriggerError, match="no list of images available for this object"):
        RULE.react(before, resolved(python="new"))


def test_the_namespace_of_a_tag_is_that_of_the_object_unless_it_says_another() -> None:
    other = trigger("python:3.12")
    other["from"]["namespace"] = "base"

    assert RULE.follows(deployment(trigger("a:b"))) == [Following(StreamTag("shop", "a", "b"), False, ("web",))]
    assert RULE.follows(deployment(other)) == [Following(StreamTag("base", "python", "3.12"), False, ("web",))]


@pytest.mark.parametrize(
    "source",
    [
        {"kind": "DockerImage", "name": "a:b"},
        {"kind": "ImageStreamTag", "name": "a"},
        {"kind": "ImageStreamTag", "name": ":b"},
        {"kind": "ImageStreamTag", "name": "a:b", "apiVersion": "other/v1"},
    ],
)
def test_what_is_no_tag_of_a_stream_is_not_followed(source: dict[str, str]) -> None:
    before = deployment({"from": source, "fieldPath": WEB}, web="old")

    assert RULE.follows(before) == []
    assert RULE.react(before, lambda tag: "new") == Reaction()


def test_two_triggers_for_one_field_are_refused() -> None:
    with pytest.raises(TriggerError, match="duplicate triggers are not allowed"):
        RULE.follows(deployment(trigger("a:b"), trigger("c:d")))


@pytest.mark.parametrize(
    "annotation, told",
    [
        ("", "unexpected end of JSON input"),
        ("[{]", "invalid character ']' looking for beginning of object key string"),
        ("{}", "json: cannot unmarshal object into Go value of type []trigger.ObjectFieldTrigger"),
        ('["a"]', "json: cannot unmarshal string into Go value of type trigger.ObjectFieldTrigger"),
        (
            '[{"paused": "true"}]',
            "json: cannot unmarshal string into Go struct field ObjectFieldTrigger.paused of type bool",
        ),
        (
            '[{"from": {"name": 1}}]',
            "json: cannot unmarshal number into Go struct field ObjectFieldTrigger.from.name of type string",
        ),
    ],
)
def test_an_unreadable_annotation_is_told(annotation: str, told: str) -> None:
    with pytest.raises(TriggerError) as error:
        parse_triggers(annotation)

    assert str(error.value) == told


def test_an_annotation_may_say_null_or_write_its_names_in_another_case() -> None:
    assert parse_triggers("null") == []
    (found,) = parse_triggers('[{"FROM": {"Kind": "K", "ApiVersion": "v"}, "fieldpath": "p", "more": 1}]')
    assert (dict(found.source)["kind"], dict(found.source)["apiVersion"], found.field_path) == ("K", "v", "p")


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(_KEYS), inner, max_size=4),
    max_leaves=12,
)


@given(st.text() | _JSON.map(json.dumps), _JSON)
def test_whatever_is_there_is_followed_or_told(annotation: str, spec: Any) -> None:
    document = {
        "metadata": {"namespace": "n", "annotations": {"image.openshift.io/triggers": annotation}},
        "spec": spec,
    }

    for act in (RULE.follows, lambda document: RULE.react(document, lambda tag: "new")):
        with contextlib.suppress(TriggerError):
            act(document)
