"""When an import is due, decided from the stream alone."""

from typing import Any

from imagestreams.api.codec import from_dict
from imagestreams.api.image import ImageStream
from imagestreams.controllers.due import due_import, scheduled_import

CHECKED = {"openshift.io/image.dockerRepositoryCheck": "2026-01-01T00:00:00Z"}
DIGEST = "sha256:" + "0" * 64


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


def test_scheduled_tags_are_imported_again_but_a_digest_only_until_it_is_there() -> None:
    policy = {"importPolicy": {"scheduled": True}}
    wishes = [tag("a", **policy), tag("b"), tag("c", f"r.io/x@{DIGEST}", **policy)]

    first = scheduled_import(stream(wishes))
    second = scheduled_import(stream(wishes, [imported("a"), imported("c")]))

    assert first is not None and second is not None
    assert [image.to.name for image in first.spec.images or [] if image.to] == ["a", "c"]
    assert [image.to.name for image in second.spec.images or [] if image.to] == ["a"]
    assert scheduled_import(stream([tag("b")])) is None
