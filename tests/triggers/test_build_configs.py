from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from imagestreams.triggers.build_configs import BuildConfigRule
from imagestreams.triggers.reaction import Following, Reaction, StreamTag

RULE = BuildConfigRule()
BASE = {"kind": "ImageStreamTag", "name": "base:1"}
TOOLS = {"kind": "ImageStreamTag", "name": "tools:1", "namespace": "common"}


def config(*triggers: dict[str, Any], last: dict[str, str] | None = None) -> dict[str, Any]:
    return {
        "kind": "BuildConfig",
        "metadata": {"name": "app", "namespace": "shop"},
        "spec": {
            "strategy": {"type": "Docker", "dockerStrategy": {"from": BASE}},
            "triggers": [
                {"type": "ConfigChange"},
                *({"type": "ImageChange", "imageChange": trigger} for trigger in triggers),
            ],
        },
        "status": {
            "lastVersion": 1,
            "imageChangeTriggers": [
                {"from": {"name": name, "namespace": "shop"}, "lastTriggeredImageID": image}
                for name, image in (last or {}).items()
            ],
        },
    }


def test_a_new_image_of_the_strategy_asks_for_a_build() -> None:
    reaction = RULE.react(config({}), {StreamTag("shop", "base", "1"): "base@new"}.get)

    assert reaction.request == {
        "kind": "BuildRequest",
        "apiVersion": "build.openshift.io/v1",
        "metadata": {"name": "app", "namespace": "shop"},
        "triggeredByImage": {"kind": "DockerImage", "name": "base@new"},
        "from": BASE,
        "triggeredBy": [
            {"message": "Image change", "imageChangeBuild": {"imageID": "base@new", "fromRef": BASE}},
        ],
    }


def test_two_tags_that_moved_are_two_causes_of_one_build() -> None:
    reaction = RULE.react(config({}, {"from": TOOLS}), lambda tag: f"{tag.stream}@new")

    assert reaction.request is not None
    assert reaction.request["triggeredByImage"]["name"] == "base@new"
    causes = [one["imageChangeBuild"] for one in reaction.request["triggeredBy"]]
    assert causes == [
        {"imageID": "base@new", "fromRef": BASE},
        {"imageID": "tools@new", "fromRef": TOOLS},
    ]


def test_one_tag_in_two_triggers_is_one_cause() -> None:
    reaction = RULE.react(config({}, {"from": BASE}), lambda tag: "new")

    assert reaction.request is not None
    assert len(reaction.request["triggeredBy"]) == 1


def test_an_image_that_was_built_is_not_built_again() -> None:
    assert RULE.react(config({}, last={"base:1": "seen"}), lambda tag: "seen") == Reaction()
    assert RULE.react(config({"lastTriggeredImageID": "seen"}), lambda tag: "seen") == Reaction()


def test_an_image_that_comes_back_is_built_again() -> None:
    assert RULE.react(config({}, last={"base:1": "newer"}), lambda tag: "older").request is not None


def test_a_paused_trigger_asks_for_nothing() -> None:
    before = config({"paused": True}, {"from": TOOLS, "paused": True})

    assert RULE.react(before, lambda tag: "new") == Reaction()
    assert RULE.follows(before) == [
        Following(StreamTag("shop", "base", "1"), True),
        Following(StreamTag("common", "tools", "1"), True),
    ]


def test_a_tag_without_an_image_is_waited_for() -> None:
    assert RULE.react(config({}), lambda tag: None) == Reaction(waiting=(StreamTag("shop", "base", "1"),))


def test_a_strategy_that_begins_with_no_tag_is_not_followed() -> None:
    before = config({})
    before["spec"]["strategy"] = {"dockerStrategy": {"from": {"kind": "DockerImage", "name": "base:1"}}}

    assert RULE.follows(before) == []
    assert RULE.react(before, lambda tag: "new") == Reaction()


_KEYS = [
    "triggers",
    "imageChange",
    "from",
    "kind",
    "name",
    "paused",
    "strategy",
    "dockerStrategy",
    "status",
    "imageChangeTriggers",
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
