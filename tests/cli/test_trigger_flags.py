"""What the flags of `isctl set triggers` make of triggers, whatever kind of object has them."""

from typing import Any

import pytest

from imagestreams.cli.errors import CliError
from imagestreams.cli.triggers.definition import Change, Definition, ImageTrigger, TriggerFlags

IMAGES = (ImageTrigger("python:3", "", ("web",), True), ImageTrigger("tools:1", "base", ("init",), False))
BEFORE = Definition(True, IMAGES, {"github": ({"secret": "s"},)})


def changed(before: Definition = BEFORE, **flags: Any) -> Definition:
    return Change(TriggerFlags(**flags), "shop", lambda: "new-secret")(before)


def test_a_tag_is_added_for_some_containers() -> None:
    assert changed(Definition(), from_image="base/python:4", containers="a,b").images == (
        ImageTrigger("python:4", "base", ("a", "b"), True),
    )
    assert changed(Definition(), from_image="python:4", manual=True).images == (ImageTrigger("python:4"),)


def test_the_present_namespace_is_left_out() -> None:
    assert changed(Definition(), from_image="shop/python:4").images == (ImageTrigger("python:4", auto=True),)


def test_a_tag_that_is_followed_gets_other_containers() -> None:
    after = changed(from_image="python:3", containers="other", manual=True)

    assert after.images == (ImageTrigger("python:3", "", ("other",), False), IMAGES[1])
    assert after.web_hooks == BEFORE.web_hooks


def test_a_tag_is_removed_whatever_its_namespace() -> None:
    assert changed(remove=True, from_image="tools:1").images == IMAGES[:1]


@pytest.mark.parametrize("auto", [True, False])
def test_all_become_automatic_or_manual(auto: bool) -> None:
    after = changed(auto=auto, manual=not auto)

    assert after.config_change is auto
    assert {one.auto for one in after.images} == {auto}


def test_the_config_trigger_comes_and_goes() -> None:
    assert changed(Definition(), from_config=True).config_change is True
    assert changed(remove=True, from_config=True) == Definition(False, IMAGES, BEFORE.web_hooks)


def test_everything_is_removed() -> None:
    assert changed(remove_all=True) == Definition()


@pytest.mark.parametrize(
    "flag, kind, hook",
    [
        ("from_github", "github", {"secret": "new-secret"}),
        ("from_gitlab", "gitlab", {"secret": "new-secret"}),
        ("from_bitbucket", "bitbucket", {"secret": "new-secret"}),
        ("from_webhook", "generic", {"secret": "new-secret"}),
        ("from_webhook_allow_env", "generic", {"secret": "new-secret", "allowEnv": True}),
    ],
)
def test_web_hooks_get_a_new_secret(flag: str, kind: Any, hook: dict[str, Any]) -> None:
    added = changed(Definition(), **{flag: True})

    assert added.hooks(kind) == (hook,)
    assert changed(added, remove=True, **{flag: True}).hooks(kind) == ()
    assert changed(added, **{flag: False}) == added


@pytest.mark.parametrize(
    "flags, told",
    [
        ({"auto": True, "manual": True}, "you must specify at most one of --auto or --manual"),
        ({"remove": True, "remove_all": True}, "you must specify either --remove or --remove-all"),
        ({"remove_all": True, "from_config": True}, "--remove-all may not be used with any other flag"),
        ({"remove_all": True, "manual": True}, "--remove-all may not be used with any other flag"),
        ({"remove": True}, "--remove requires a flag defining a trigger type to be specified"),
        ({"from_config": True, "from_github": False}, "you may only set one trigger type at a time"),
        (
            {"from_image": "UPPER:x"},
            "the value of --from-image does not appear to be a valid reference to an image: "
            "repository name must be lowercase",
        ),
        (
            {"from_image": "quay.io/a/b:c"},
            "the value of --from-image must point to an image stream tag on this server",
        ),
        ({"from_image": "python"}, "the value of --from-image must include the tag you wish to pull from"),
    ],
)
def test_what_contradicts_itself_is_refused(flags: dict[str, Any], told: str) -> None:
    with pytest.raises(CliError) as error:
        changed(**flags)

    assert error.value.message == told
