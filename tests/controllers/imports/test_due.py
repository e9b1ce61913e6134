"""When an import is due, decided from the stream alone."""

import json
from typing import Any

from imagestreams.api.codec import from_dict
from imagestreams.api.image import ImageStream
from imagestreams.controllers.imports.due import (
    REPOSITORY,
    due_import,
    failing_since,
    repository_import,
    scheduled_checks,
    scheduled_import,
)

CHECKED = {"openshift.io/image.dockerRepositoryCheck": "2026-01-01T00:00:00Z"}
DIGEST = "sha256:" + "0" * 64
MOVE = {"tag": "a", "created": "2026-01-01T00:00:00Z", "image": "i", "to": "3.6.1"}


def stream(tags: list[dict[str, Any]], history: list[dict[str, Any]] | None = None, **more: Any) -> ImageStream:
    return from_dict(
        {
            "metadata": {
                "name": "s",
                "namespace": "n",
                "resourceVersion": "7",
                "annotations": more.pop("notes", CHECKED),
            },
            "spec": {"tags": [{"generation": 1, **tag} for tag in tags], **more},
            "status": {"tags": history or []},
        },
        ImageStream,
    )


def tag(name: str, source: str = "r.io/x:1", **more: Any) -> dict[str, Any]:
    return {"name": name, "from": {"kind": "DockerImage", "name": source}, **more}


def imported(name: str, generation: int = 1) -> dict[str, Any]:
    return {"tag": name, "items": [{"image": "i", "generation": generation}]}


def failed(name: str, generation: int = 1) -> dict[str, Any]:
    return {"tag": name, "conditions": [{"type": "ImportSuccess", "status": "False", "generation": generation}]}


def targets(of: ImageStream, *again: str) -> list[str] | None:
    request = due_import(of, again)
    return None if request is None else [image.to.name for image in request.spec.images or [] if image.to]


def test_a_tag_is_due_until_its_generation_is_answered() -> None:
    assert targets(stream([tag("a")])) == ["a"]
    assert targets(stream([tag("a")], [imported("a")])) is None
    assert targets(stream([tag("a", generation=2)], [imported("a")])) == ["a"]


def test_a_failure_answers_too_and_is_only_repeated_on_request() -> None:
    assert targets(stream([tag("a")], [failed("a")])) is None
    assert targets(stream([tag("a", generation=2)], [failed("a")])) == ["a"]
    assert targets(stream([tag("a")], [failed("a")]), "a") == ["a"]
    assert targets(stream([tag("a")], [imported("a")]), "a") is None


def test_only_tags_that_come_from_a_registry_are_imported() -> None:
    others = [
        {"name": "follows", "from": {"kind": "ImageStreamTag", "name": "a"}},
        {"name": "nothing"},
        tag("reference", reference=True),
        tag(""),
    ]

    assert targets(stream(others, notes={})) is None


def test_the_request_says_what_the_tag_says_and_which_stream_was_seen() -> None:
    wish = tag(
        "a", importPolicy={"insecure": True, "importMode": "PreserveOriginal"}, referencePolicy={"type": "Local"}
    )

    request = due_import(stream([wish, tag("b")], [imported("b")]))

    assert request is not None and request.spec.images is not None
    assert (request.metadata.name, request.metadata.namespace, request.metadata.resource_version) == ("s", "n", "7")
    [image] = request.spec.images
    assert (image.from_.name, image.reference_policy.type) == ("r.io/x:1", "Local")
    assert (image.import_policy.insecure, image.import_policy.import_mode) == (True, "PreserveOriginal")


def test_a_repository_is_imported_once_with_all_tags() -> None:
    unchecked = stream([tag("a")], [imported("a")], notes={}, dockerImageRepository="r.io/y")
    checked = stream([tag("a")], [imported("a")], dockerImageRepository="r.io/y")

    request = due_import(unchecked)

    assert request is not None and request.spec.repository is not None
    assert request.spec.repository.from_.name == "r.io/y"
    assert targets(unchecked) == ["a"]
    assert due_import(checked) is None
    assert due_import(checked, repository_again=True) is not None


def test_scheduled_tags_are_checked_but_a_digest_only_until_it_is_there() -> None:
    policy = {"importPolicy": {"scheduled": True}}
    often = {"annotations": {"imagestreams.dev/import-interval": "60s"}}
    wishes = [tag("a", **policy), tag("b"), tag("c", f"r.io/x@{DIGEST}", **policy, **often)]

    request = scheduled_import(stream(wishes), {"a", "b"})

    assert scheduled_checks(stream(wishes), 900) == {"a": 900, "c": 60}
    assert scheduled_checks(stream(wishes, [imported("a"), imported("c")]), 900) == {"a": 900}
    assert request is not None
    assert [image.to.name for image in request.spec.images or [] if image.to] == ["a"]
    assert scheduled_import(stream([tag("b")]), {"b"}) is None


def test_a_repository_is_checked_when_its_stream_asks_for_it() -> None:
    notes = {"imagestreams.dev/scheduled": "true", "imagestreams.dev/import-interval": "1h"}

    assert scheduled_checks(stream([], notes=notes, dockerImageRepository="r.io/y"), 900) == {REPOSITORY: 3600}
    assert scheduled_checks(stream([], dockerImageRepository="r.io/y"), 900) == {}
    assert scheduled_checks(stream([], notes=notes), 900) == {}


def test_a_repository_adds_its_new_tags_and_keeps_what_is_said_of_known_ones() -> None:
    wishes = [
        tag("1", "r.io/y:1", importPolicy={"importMode": "PreserveOriginal"}),
        tag("2", "r.io/elsewhere:2"),
        tag("3", "r.io/y:3", reference=True),
    ]
    notes = {"openshift.io/image.insecureRepository": "true"}

    request = repository_import(stream(wishes, notes=notes, dockerImageRepository="r.io/y"), ["4", "3", "2", "1"])

    assert request is not None
    images = {image.to.name: image for image in request.spec.images or [] if image.to is not None}
    assert {name: image.from_.name for name, image in images.items()} == {"1": "r.io/y:1", "4": "r.io/y:4"}
    assert images["1"].import_policy.import_mode == "PreserveOriginal"
    assert images["4"].import_policy.insecure
    assert repository_import(stream([], dockerImageRepository="r.io/y"), []) is None


def test_since_when_a_tag_fails_stands_in_its_condition() -> None:
    failure = failed("a")
    failure["conditions"][0]["lastTransitionTime"] = "2026-01-01T00:00:00Z"

    assert failing_since(stream([tag("a")], [failure]), "a") == "2026-01-01T00:00:00Z"
    assert failing_since(stream([tag("a")], [imported("a")]), "a") is None
    assert failing_since(stream([tag("a")]), "a") is None


def test_a_tag_that_waits_for_a_version_does_not_fail() -> None:
    waiting = failed("a")
    waiting["conditions"][0] |= {"lastTransitionTime": "2026-01-01T00:00:00Z", "reason": "NoMatchingVersion"}

    assert failing_since(stream([tag("a")], [waiting]), "a") is None


def test_a_new_version_policy_is_due_until_it_led_somewhere_or_failed() -> None:
    def moved_by(policy: str) -> dict[str, str]:
        return {**CHECKED, "imagestreams.dev/moves": json.dumps([{**MOVE, "policy": policy}])}

    wish = tag("a", annotations={"imagestreams.dev/follow": "semver:~3.6"})

    assert targets(stream([wish], [imported("a")])) == ["a"]
    assert targets(stream([wish], [imported("a")], notes=moved_by("semver:~3.5"))) == ["a"]
    assert targets(stream([wish], [imported("a")], notes=moved_by("semver:~3.6"))) is None
    assert targets(stream([wish], [failed("a")])) is None
    assert targets(stream([tag("a", annotations={"imagestreams.dev/follow": "?"})], [imported("a")])) is None


def test_a_followed_tag_that_starts_at_a_digest_is_never_settled() -> None:
    notes = {"annotations": {"imagestreams.dev/follow": "newest"}}
    wish = tag("a", f"r.io/x@{DIGEST}", importPolicy={"scheduled": True}, **notes)

    assert scheduled_checks(stream([wish], [imported("a")]), 900) == {"a": 900}
