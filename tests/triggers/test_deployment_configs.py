from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from imagestreams.triggers.deployment_configs import DeploymentConfigRule
from imagestreams.triggers.reaction import Following, Reaction, StreamTag

RULE = DeploymentConfigRule()


def image_change(tag: str, *containers: str, automatic: bool = True, last: str = "") -> dict[str, Any]:
    params = {"from": {"kind": "ImageStreamTag", "name": tag}, "containerNames": list(containers)}
    if automatic:
        params["automatic"] = True
    if last:
        params["lastTriggeredImage"] = last
    return {"type": "ImageChange", "imageChangeParams": params}


def config(*triggers: dict[str, Any], **images: str) -> dict[str, Any]:
    containers = [{"name": name, "image": image} for name, image in images.items()]
    return {
        "kind": "DeploymentConfig",
        "metadata": {"name": "app", "namespace": "shop"},
        "spec": {
            "triggers": [{"type": "ConfigChange"}, *triggers],
            "template": {"spec": {"initContainers": containers[:1], "containers": containers[1:]}},
        },
    }


def test_an_automatic_trigger_sets_the_containers_and_notes_the_image() -> None:
    before = config(image_change("python:3", "web", "init"), init=" ", web="old", other="o")

    reaction = RULE.react(before, lambda tag: "new")

    assert reaction.document == config(
        image_change("python:3", "web", "init", last="new"), init="new", web="new", other="o"
    )


def test_nothing_happens_while_one_of_the_images_has_never_been_found() -> None:
    before = config(image_change("a:1", "web"), image_change("b:1", "other"), init="i", web=" ", other=" ")

    reaction = RULE.react(before, {StreamTag("shop", "a", "1"): "new"}.get)

    assert reaction == Reaction(waiting=(StreamTag("shop", "b", "1"),))


def test_a_tag_that_went_away_leaves_the_image_that_was_found_before() -> None:
    before = config(image_change("a:1", "web", last="known"), init="i", web="set by hand")

    reaction = RULE.react(before, lambda tag: None)

    assert reaction.document == config(image_change("a:1", "web", last="known"), init="i", web="known")


def test_a_trigger_that_is_not_automatic_is_paused() -> None:
    before = config(image_change("a:1", "web", automatic=False), init="i", web="old")

    assert RULE.react(before, lambda tag: "new") == Reaction()
    assert RULE.follows(before) == [Following(StreamTag("shop", "a", "1"), True, ("web",))]


def test_triggers_without_a_container_that_is_there_follow_nothing() -> None:
    before = config(image_change("a:1", "gone"), init="i", web="old")

    assert RULE.follows(before) == []
    assert RULE.react(before, lambda tag: "new") == Reaction()


def test_what_is_up_to_date_stays_as_it_is() -> None:
    assert RULE.react(config(image_change("a:1", "web", last="x"), init="i", web="x"), lambda tag: "x") == Reaction()


def test_a_config_without_template_or_triggers_follows_nothing() -> None:
    for spec in ({}, {"triggers": None}, {"triggers": [image_change("a:1", "web")], "template": None}):
        assert RULE.react({"metadata": {"namespace": "shop"}, "spec": spec}, lambda tag: "x") == Reaction()


_KEYS = [
    "triggers",
    "imageChangeParams",
    "from",
    "kind",
    "name",
    "containerNames",
    "automatic",
    "template",
    "spec",
    "containers",
]
_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.sampled_from(["ImageStreamTag", "a:b", "web"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(_KEYS), inner, max_size=4),
    max_leaves=20,
)


@given(_JSON, _JSON)
def test_whatever_is_there_is_no_accident(spec: Any, status: Any) -> None:
    document = {"metadata": {"namespace": "shop", "name": "app"}, "spec": spec, "status": status}

    RULE.follows(document)
    RULE.react(document, lambda tag: "new")
