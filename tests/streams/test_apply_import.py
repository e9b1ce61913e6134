"""What an import does to a stream, and above all what it leaves alone."""

from imagestreams.api import codec
from imagestreams.api.defaulting import default_image_stream
from imagestreams.api.image import (
    Image,
    ImageImportStatus,
    ImageStream,
    ImageStreamImport,
    ImageStreamImportStatus,
    RepositoryImportStatus,
    TagImportPolicy,
    TagReferencePolicy,
)
from imagestreams.api.meta import ObjectMeta, Status
from imagestreams.streams.apply_import import CHECKED, apply_failure, apply_import, apply_success, finish_import
from imagestreams.streams.history import history_of, latest_event, spec_tag

NOW, LATER = "2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z"
NOT_FOUND = Status(status="Failure", reason="NotFound", message='dockerimage "r/x:1" not found')


def image(name: str) -> Image:
    return Image(metadata=ObjectMeta(name=name), docker_image_reference=f"r/x@{name}")


def succeed(stream: ImageStream, name: str, now: str = NOW) -> bool:
    policy, reference = TagImportPolicy(import_mode="Legacy"), TagReferencePolicy(type="Source")
    changed = apply_success(stream, "1", image(name), "r/x:1", policy, reference, now)
    written(stream)
    return changed


def fail(stream: ImageStream, now: str = NOW) -> bool:
    policy, reference = TagImportPolicy(import_mode="Legacy"), TagReferencePolicy(type="Source")
    changed = apply_failure(stream, "1", NOT_FOUND, "r/x:1", policy, reference, now)
    written(stream)
    return changed


def written(stream: ImageStream) -> None:
    """What writing the stream does to generations: a wish of 0 gets the stream's next one."""
    if any(wish.generation == 0 for wish in stream.spec.tags or []):
        stream.metadata.generation += 1
        for wish in stream.spec.tags or []:
            wish.generation = wish.generation or stream.metadata.generation


def test_a_first_import_makes_spec_tag_and_history() -> None:
    stream = ImageStream()

    assert succeed(stream, "a")

    wish, newest = spec_tag(stream, "1"), latest_event(stream, "1")
    assert wish is not None and wish.from_ is not None and wish.from_.name == "r/x:1"
    assert newest is not None and (newest.image, newest.created, newest.generation) == ("a", NOW, wish.generation)


def test_an_import_of_what_is_there_changes_nothing_at_all() -> None:
    stream = ImageStream()
    succeed(stream, "a")
    before = codec.encode(stream)

    assert not succeed(stream, "a", LATER)

    assert codec.encode(stream) == before


def test_a_failure_keeps_the_history_and_says_why_once() -> None:
    stream = ImageStream()
    succeed(stream, "a")

    assert fail(stream)
    noted = codec.encode(stream)
    assert not fail(stream, LATER)

    assert codec.encode(stream) == noted
    history = history_of(stream, "1")
    assert history is not None and [one.image for one in history.items or []] == ["a"]
    assert [(one.status, one.reason) for one in history.conditions or []] == [("False", "NotFound")]


def test_a_success_after_a_failure_clears_the_condition() -> None:
    stream = ImageStream()
    fail(stream)
    history = history_of(stream, "1")
    assert history is not None and history.items is None

    assert succeed(stream, "a", LATER)

    history = history_of(stream, "1")
    assert history is not None and history.conditions is None
    assert [one.image for one in history.items or []] == ["a"]


def test_an_import_does_not_change_a_reference_policy_that_somebody_chose() -> None:
    stream = ImageStream()
    succeed(stream, "a")
    wish = spec_tag(stream, "1")
    assert wish is not None
    wish.reference_policy = TagReferencePolicy(type="Local")

    succeed(stream, "b", LATER)

    wish = spec_tag(stream, "1")
    assert wish is not None and wish.reference_policy.type == "Local"


def request_of(*wanted: tuple[str, str | None]) -> ImageStreamImport:
    images = [
        {"from": {"kind": "DockerImage", "name": source}, **({"to": {"name": to}} if to is not None else {})}
        for source, to in wanted
    ]
    return codec.from_dict({"spec": {"import": True, "images": images}}, ImageStreamImport)


def outcomes(*names: str | None) -> ImageStreamImportStatus:
    return ImageStreamImportStatus(
        images=[
            ImageImportStatus(status=NOT_FOUND) if name is None else ImageImportStatus(image=image(name))
            for name in names
        ]
    )


def imported(before: ImageStream | None, request: ImageStreamImport, status: ImageStreamImportStatus) -> ImageStream:
    stream = codec.copy(before) if before is not None else ImageStream()
    apply_import(stream, request, status, NOW)
    finish_import(stream, before, NOW)
    return stream


def test_a_request_is_applied_as_a_whole() -> None:
    stream = imported(None, request_of(("r/x:1", "a"), ("r/x:2", "b"), ("r/x@c", None)), outcomes("a", None, "c"))

    assert [(wish.name, wish.generation) for wish in stream.spec.tags or []] == [("a", 1), ("b", 1)]
    assert stream.metadata.generation == 1
    assert stream.metadata.annotations == {CHECKED: NOW}
    assert {one.tag: bool(one.conditions) for one in stream.status.tags or []} == {"a": False, "b": True}


def test_two_entries_with_one_target_both_enter_its_history() -> None:
    stream = imported(None, request_of(("r/x:1", "a"), ("r/x:2", "a")), outcomes("a", "b"))

    history = history_of(stream, "a")
    assert history is not None and [one.image for one in history.items or []] == ["b", "a"]


def test_a_chain_of_followers_moves_with_its_leader() -> None:
    before = codec.from_dict(
        {
            "metadata": {"generation": 4},
            "spec": {
                "tags": [
                    {"name": "one", "generation": 1, "from": {"kind": "ImageStreamTag", "name": "a"}},
                    {"name": "two", "generation": 1, "from": {"kind": "ImageStreamTag", "name": "one"}},
                ]
            },
        },
        ImageStream,
    )

    default_image_stream(before)

    stream = imported(before, request_of(("r/x:1", "a")), outcomes("a"))

    tops = {one.tag: (one.items or [])[0].image for one in stream.status.tags or []}
    assert tops == {"a": "a", "one": "a", "two": "a"}
    assert {wish.name: wish.generation for wish in stream.spec.tags or []} == {"a": 5, "one": 1, "two": 1}


def test_a_second_identical_import_has_nothing_to_write_unless_it_is_the_first_check() -> None:
    request, status = request_of(("r/x:1", "a")), outcomes("a")
    before = imported(None, request, status)
    again = codec.copy(before)
    apply_import(again, request, status, LATER)

    assert not finish_import(again, before, LATER)
    before.metadata.annotations = None
    again = codec.copy(before)
    apply_import(again, request, status, LATER)
    assert finish_import(again, before, LATER)
    assert (again.metadata.annotations, again.metadata.generation) == ({CHECKED: LATER}, before.metadata.generation)


def test_a_failed_tag_of_a_repository_is_noted_but_not_wanted() -> None:
    spec = {"import": True, "repository": {"from": {"kind": "DockerImage", "name": "r/x"}}}
    request = codec.from_dict({"spec": spec}, ImageStreamImport)
    tags = [
        ImageImportStatus(image=image("a"), tag="1"),
        ImageImportStatus(status=NOT_FOUND, tag="2"),
    ]
    status = ImageStreamImportStatus(repository=RepositoryImportStatus(images=tags))

    stream = imported(None, request, status)

    assert [(wish.name, wish.from_ and wish.from_.name) for wish in stream.spec.tags or []] == [("1", "r/x:1")]
    assert [one.tag for one in stream.status.tags or []] == ["1", "2"]
