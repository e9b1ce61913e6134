"""A tag keeps every image it ever pointed to, and other tags follow it."""

from hypothesis import given
from hypothesis import strategies as st

from imagestreams.api.core import ObjectReference
from imagestreams.api.image import (
    ImageStream,
    ImageStreamSpec,
    NamedTagEventList,
    TagEvent,
    TagEventCondition,
    TagImportPolicy,
    TagReference,
    TagReferencePolicy,
)
from imagestreams.api.meta import ObjectMeta
from imagestreams.streams.history import history_of, latest_event, record_event
from imagestreams.streams.pull_spec import latest_pull_spec
from imagestreams.streams.spec_generation import keep_generations, stamp_generations
from imagestreams.streams.tracking import follow_tags


def event(image: str, pull_spec: str = "", generation: int = 1, created: str = "2026-01-01T00:00:00Z") -> TagEvent:
    pull_spec = pull_spec or f"reg/x@{image}"
    return TagEvent(created=created, docker_image_reference=pull_spec, image=image, generation=generation)


def follows(name: str, source: str, namespace: str = "") -> TagReference:
    return TagReference(name=name, from_=ObjectReference(kind="ImageStreamTag", name=source, namespace=namespace))


def stream_with(*tags: TagReference) -> ImageStream:
    metadata = ObjectMeta(name="s", namespace="ns", generation=1)
    return ImageStream(metadata=metadata, spec=ImageStreamSpec(tags=list(tags)))


def images(stream: ImageStream, tag: str) -> list[str]:
    history = history_of(stream, tag)
    return [] if history is None else [one.image for one in history.items or []]


def test_an_older_image_that_comes_back_is_a_new_event_and_loses_nothing() -> None:
    stream = stream_with()
    for image in ("a", "b", "a"):
        assert record_event(stream, "t", event(image))

    assert images(stream, "t") == ["a", "b", "a"]


def test_the_same_event_again_changes_nothing() -> None:
    stream = stream_with()
    record_event(stream, "t", event("a"))

    assert not record_event(stream, "t", event("a", created="2027-01-01T00:00:00Z"))


def test_a_newer_generation_of_the_same_image_is_noted_in_place() -> None:
    stream = stream_with()
    record_event(stream, "t", event("a"))

    assert record_event(stream, "t", event("a", generation=7, created="2027-01-01T00:00:00Z"))

    newest = latest_event(stream, "t")
    assert newest is not None and (newest.generation, newest.created) == (7, "2026-01-01T00:00:00Z")
    assert images(stream, "t") == ["a"]


def test_the_same_image_from_elsewhere_replaces_only_the_pull_spec() -> None:
    stream = stream_with()
    record_event(stream, "t", event("a", "one/x"))

    assert record_event(stream, "t", event("a", "two/x"))

    newest = latest_event(stream, "t")
    assert newest is not None and newest.docker_image_reference == "two/x"
    assert images(stream, "t") == ["a"]


def test_a_change_clears_the_condition_of_a_failed_import() -> None:
    stream = stream_with()
    failed = TagEventCondition(type="ImportSuccess", status="False")
    stream.status.tags = [NamedTagEventList(tag="t", items=None, conditions=[failed])]

    record_event(stream, "t", event("a"))

    history = history_of(stream, "t")
    assert history is not None and history.conditions is None


def test_a_chain_of_tracking_tags_moves_in_one_update() -> None:
    stream = stream_with(follows("three", "two"), follows("two", "s:one"), follows("one", "base"))
    record_event(stream, "base", event("a"))

    assert follow_tags(stream, ["base"]) == ["one", "two", "three"]

    assert images(stream, "three") == ["a"]


def test_a_cycle_ends_by_itself_and_moves_each_tag_once() -> None:
    stream = stream_with(follows("a", "b"), follows("b", "a"), follows("self", "self"))
    record_event(stream, "a", event("x"))

    assert follow_tags(stream, ["a", "self"]) == ["b"]


def test_a_tag_of_another_stream_or_namespace_is_not_followed() -> None:
    stream = stream_with(follows("x", "other:base"), follows("y", "s:base", namespace="elsewhere"))
    record_event(stream, "base", event("a"))

    assert follow_tags(stream, ["base"]) == []


def test_a_local_reference_policy_gives_our_registry_by_digest() -> None:
    digest = "sha256:" + "ab" * 32
    wish = TagReference(name="t", reference_policy=TagReferencePolicy(type="Local"))
    stream = stream_with(wish)
    record_event(stream, "t", event(digest, "up.example.com/x:1"))

    assert latest_pull_spec(stream, "t") == "up.example.com/x:1"
    stream.status.docker_image_repository = "registry.local:5000/ns/s"

    assert latest_pull_spec(stream, "t") == f"registry.local:5000/ns/s@{digest}"
    assert latest_pull_spec(stream, "none") is None


def docker_image(name: str, mode: str = "Legacy", generation: int | None = None) -> TagReference:
    source = ObjectReference(kind="DockerImage", name=name)
    return TagReference(name="t", from_=source, generation=generation, import_policy=TagImportPolicy(import_mode=mode))


def updated_generation(old: TagReference, new: TagReference) -> int | None:
    before, after = stream_with(old), stream_with(new)
    after.metadata.generation = 5
    keep_generations(after, before)
    stamp_generations(after, before)
    return (after.spec.tags or [])[0].generation


def test_only_a_new_source_or_import_mode_or_a_zero_wants_a_new_import() -> None:
    old = docker_image("a.b/c:1", generation=2)

    assert updated_generation(old, docker_image("a.b/c:1")) == 2
    assert updated_generation(old, docker_image("a.b/c:1", generation=9)) == 2
    assert updated_generation(old, docker_image("a.b/c:2", generation=2)) == 5
    assert updated_generation(old, docker_image("a.b/c:1", "PreserveOriginal", 2)) == 5
    assert updated_generation(old, docker_image("a.b/c:1", generation=0)) == 5


@given(st.lists(st.tuples(st.sampled_from("ab"), st.sampled_from("wxyz")), max_size=40))
def test_no_event_is_ever_lost_and_the_order_is_kept(pushes: list[tuple[str, str]]) -> None:
    stream = stream_with()
    expected: dict[str, list[str]] = {}
    for tag, image in pushes:
        record_event(stream, tag, event(image))
        seen = expected.setdefault(tag, [])
        if not seen or seen[0] != image:
            seen.insert(0, image)

    assert {tag: images(stream, tag) for tag in expected} == expected
    assert [history.tag for history in stream.status.tags or []] == sorted(expected)
