"""What an import does to a stream, and above all what it leaves alone."""

from imagestreams.api import codec
from imagestreams.api.image import Image, ImageStream, TagImportPolicy, TagReferencePolicy
from imagestreams.api.meta import ObjectMeta, Status
from imagestreams.streams.apply_import import apply_failure, apply_success
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
