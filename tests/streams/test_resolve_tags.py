"""Spec tags are settled at once, in whatever order they come."""

import random
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from imagestreams.api.codec import copy
from imagestreams.api.core import ObjectReference
from imagestreams.api.image import ImageStream, ImageStreamSpec, TagEvent, TagImportPolicy, TagReference
from imagestreams.api.meta import ObjectMeta
from imagestreams.streams.history import history_of, latest_event, record_event
from imagestreams.streams.resolve_tags import find_image, matches_digest, resolve_tags, source_of, streams_needed
from imagestreams.streams.spec_generation import keep_generations, same_spec, stamp_generations

NOW = "2026-01-01T00:00:00Z"
NAMES = st.sampled_from(["a", "b", "c", "d", "e", "f"])
WISHES = st.one_of(
    st.tuples(st.just("ImageStreamTag"), NAMES),
    st.tuples(st.just("ImageStreamTag"), st.just("other:x")),
    st.tuples(st.just("ImageStreamImage"), st.just("other@sha")),
    st.tuples(st.just("DockerImage"), st.sampled_from(["r/x:1", "r/x:2"])),
)


def stream(name: str, wishes: dict[str, tuple[str, str]] | None = None, generation: int = 1) -> ImageStream:
    tags = [
        TagReference(name=tag, from_=ObjectReference(kind=kind, name=source), generation=generation)
        for tag, (kind, source) in (wishes or {}).items()
    ]
    metadata = ObjectMeta(name=name, namespace="ns", generation=generation)
    return ImageStream(metadata=metadata, spec=ImageStreamSpec(tags=tags))


def other() -> ImageStream:
    made = stream("other")
    record_event(made, "x", TagEvent(created=NOW, docker_image_reference="r/o@sha1", image="sha1", generation=1))
    return made


def settle(wanted: ImageStream, old: ImageStream | None = None) -> ImageStream:
    assert resolve_tags(wanted, old, {("ns", "other"): other()}, "", NOW) == []
    return wanted


@given(st.dictionaries(NAMES, WISHES), st.randoms(use_true_random=False))
def test_the_order_of_spec_tags_does_not_matter(wishes: dict[str, tuple[str, str]], order: random.Random) -> None:
    shuffled = list(wishes.items())
    order.shuffle(shuffled)

    one, two = settle(stream("s", wishes)), settle(stream("s", dict(sorted(shuffled))))
    three = settle(stream("s", dict(shuffled)))

    assert one.status == two.status == three.status


@given(st.dictionaries(NAMES, WISHES))
def test_every_tag_at_the_end_of_a_chain_points_to_what_its_beginning_points_to(
    wishes: dict[str, tuple[str, str]],
) -> None:
    settled = settle(stream("s", wishes))

    for tag, (kind, source) in wishes.items():
        if kind == "ImageStreamTag" and ":" not in source:
            leader, follower = latest_event(settled, source), latest_event(settled, tag)
            assert (leader and leader.image) == (follower and follower.image)


@given(st.lists(st.dictionaries(NAMES, WISHES), min_size=1, max_size=6))
def test_no_update_of_the_wishes_loses_an_event(updates: list[dict[str, tuple[str, str]]]) -> None:
    current = settle(stream("s"))
    seen: dict[str, list[str]] = {}
    for number, wishes in enumerate(updates):
        wanted = stream("s", wishes)
        wanted.metadata.generation = number + 2
        wanted.status = copy(current.status)
        keep_generations(wanted, current)
        stamp_generations(wanted, current)
        current = settle(wanted, current)
        for history in current.status.tags or []:
            images = [event.image for event in history.items or []]
            before = seen.get(history.tag, [])
            assert images[len(images) - len(before) :] == before
            seen[history.tag] = images
        assert set(seen) == {history.tag for history in current.status.tags or []}


@given(st.lists(st.tuples(NAMES, WISHES, st.sampled_from([None, 0, 1, 7])), max_size=15))
def test_generations_only_rise_and_never_pass_that_of_the_stream(
    writes: list[tuple[str, tuple[str, str], int | None]],
) -> None:
    current = stream("s")
    states = [current]
    for tag, (kind, source), sent in writes:
        wanted = copy(current)
        wish = TagReference(
            name=tag,
            from_=ObjectReference(kind=kind, name=source),
            generation=sent,
            import_policy=TagImportPolicy(import_mode="Legacy"),
        )
        wanted.spec.tags = [*(one for one in wanted.spec.tags or [] if one.name != tag), wish]
        keep_generations(wanted, current)
        if not same_spec(wanted.spec, current.spec):
            wanted.metadata.generation += 1
        stamp_generations(wanted, current)
        current = wanted
        states.append(current)

    for before, after in pairwise(states):
        assert after.metadata.generation >= before.metadata.generation
        known = {wish.name: wish.generation or 0 for wish in before.spec.tags or []}
        for wish in after.spec.tags or []:
            assert known.get(wish.name, 1) <= (wish.generation or 0) <= after.metadata.generation


def test_a_tag_that_waits_for_its_import_goes_on_waiting_when_it_gets_a_follower() -> None:
    old = stream("s", {"base": ("DockerImage", "r/x:1")})
    record_event(old, "base", TagEvent(created=NOW, docker_image_reference="r/x@1", image="1", generation=1))
    wanted = stream("s", {"base": ("DockerImage", "r/x:2"), "t": ("ImageStreamTag", "base")}, generation=2)
    wanted.status = copy(old.status)

    settle(wanted, old)

    base, follower = latest_event(wanted, "base"), latest_event(wanted, "t")
    assert base is not None and base.generation == 1
    assert follower is not None and (follower.image, follower.generation) == ("1", 2)


def test_of_an_image_with_several_pull_specs_the_newest_counts() -> None:
    made = stream("s")
    for tag, time in (("a", "2026-01-01T00:00:00Z"), ("b", "2026-02-01T00:00:00Z"), ("c", "2026-01-15T00:00:00Z")):
        record_event(made, tag, TagEvent(created=time, docker_image_reference=f"r/{tag}", image="sha256:1"))

    assert find_image(made, "sha256:1", NOW).docker_image_reference == "r/b"


def test_a_digest_is_matched_with_and_without_its_algorithm() -> None:
    digest = "sha256:" + "ab" * 32

    assert all(matches_digest(digest, prefix) for prefix in ("", "ab", "abab", "sha256:", "sha256:ab", digest))
    assert not matches_digest(digest, "ba") and not matches_digest(digest, digest + "0")
    assert matches_digest("plain", "pl") and not matches_digest("plain", "ain")


def test_only_streams_that_changed_tags_name_are_needed() -> None:
    wishes = {"a": ("ImageStreamTag", "other:1"), "b": ("ImageStreamTag", "s:a"), "c": ("ImageStreamImage", "third@x")}
    old = stream("s", {"a": ("ImageStreamTag", "other:1")})

    assert streams_needed(stream("s", wishes), None) == {("ns", "other"), ("ns", "third")}
    assert streams_needed(stream("s", wishes), old) == {("ns", "third")}


def test_a_source_that_is_neither_tag_nor_image_has_no_stream() -> None:
    for kind, name in (("ImageStreamTag", "a:b:c"), ("ImageStreamImage", "a@b@c"), ("DockerImage", "a"), ("", "")):
        assert source_of(stream("s"), ObjectReference(kind=kind, name=name)) is None


def test_the_history_of_a_tag_that_is_no_longer_wanted_stays() -> None:
    old = settle(stream("s", {"t": ("ImageStreamTag", "other:x")}))
    wanted = stream("s")
    wanted.status = copy(old.status)

    settle(wanted, old)

    assert history_of(wanted, "t") == history_of(old, "t")
