"""What a change of a stream means: each event of a tag's history is told once, whatever became of the stream."""

from collections.abc import Callable
from typing import Any

from imagestreams.api.codec import copy
from imagestreams.api.image import ImageStream, TagEventCondition
from imagestreams.notifications.happening import TEXT_MAX
from imagestreams.notifications.stream_happenings import stream_happenings, stream_happenings_since

NOW = "2026-01-01T00:01:00Z"
Make = Callable[..., ImageStream]


def told(old: ImageStream | None, new: ImageStream | None) -> list[tuple[str, str, str]]:
    return [(one.kind, one.subject, one.data.get("image", "")) for one in stream_happenings(old, new, NOW)]


def failed(stream: ImageStream, tag: str, reason: str, generation: int = 1, message: str = "no") -> ImageStream:
    new = copy(stream)
    (history,) = [one for one in new.status.tags or [] if one.tag == tag]
    condition = TagEventCondition(
        type="ImportSuccess",
        status="False",
        reason=reason,
        message=message,
        generation=generation,
        last_transition_time="2026-01-01T00:00:30Z",
    )
    history.conditions = [condition]
    return new


def test_a_new_stream_tells_of_all_events_of_its_tags_oldest_first(make_stream: Make) -> None:
    assert told(None, make_stream(prod=["b", "a"], dev=["c"])) == [
        ("TagChanged", "ns/app:prod", "a"),
        ("TagChanged", "ns/app:prod", "b"),
        ("TagChanged", "ns/app:dev", "c"),
    ]


def test_only_what_is_newer_than_the_earlier_state_is_told(make_stream: Make) -> None:
    old, new = make_stream(prod=["a"]), make_stream(prod=["c", "b", "a"])

    found = stream_happenings(old, new, NOW)

    assert [(one.data["image"], one.data["previousImage"]) for one in found] == [("b", "a"), ("c", "b")]
    assert [one.time for one in found] == ["2026-01-01T00:00:02Z", "2026-01-01T00:00:03Z"]


def test_a_rollback_is_told_and_has_an_identity_of_its_own(make_stream: Make) -> None:
    first, rolled_back = make_stream(prod=["a"]), make_stream(prod=["a", "b", "a"])

    ids = [one.id for one in stream_happenings(None, rolled_back, NOW)]

    assert told(first, rolled_back) == [("TagChanged", "ns/app:prod", "b"), ("TagChanged", "ns/app:prod", "a")]
    assert len(set(ids)) == 3


def test_coming_back_within_one_second_is_told_too(make_stream: Make) -> None:
    old, new = make_stream(prod=["a"]), make_stream(prod=["a", "b", "a"])
    for item in [item for stream in (old, new) for tag in stream.status.tags or [] for item in tag.items or []]:
        item.created = "2026-01-01T00:00:01Z"

    assert [image for _, _, image in told(old, new)] == ["b", "a"]
    assert len({one.id for one in stream_happenings(None, new, NOW)}) == 3


def test_references_that_come_back_within_one_second_have_identities_of_their_own(make_stream: Make) -> None:
    ids = []
    for generation, pull_spec in ((2, "r.example.com/app:1"), (3, "r.example.com/app:2"), (4, "r.example.com/app:1")):
        stream = make_stream(prod=[""])
        ((item,),) = [tag.items or [] for tag in stream.status.tags or []]
        item.generation, item.docker_image_reference = generation, pull_spec
        ids += [one.id for one in stream_happenings(None, stream, NOW)]

    assert len(set(ids)) == 3


def test_failures_of_two_wishes_within_one_second_have_identities_of_their_own(make_stream: Make) -> None:
    stream = make_stream(prod=["a"])
    first, second = failed(stream, "prod", "NotFound", 2), failed(stream, "prod", "NotFound", 3)

    ids = [one.id for old, new in ((stream, first), (first, second)) for one in stream_happenings(old, new, NOW)]

    assert len(set(ids)) == 2


def test_an_event_corrected_in_place_is_told(make_stream: Make) -> None:
    old = make_stream(prod=["b", "a"])
    new = copy(old)
    (history,) = new.status.tags or []
    assert history.items
    history.items[0].docker_image_reference = "mirror.example.com/app@b"

    (found,) = stream_happenings(old, new, NOW)

    assert (found.kind, found.data["pullSpec"]) == ("TagChanged", "mirror.example.com/app@b")
    assert found.id != stream_happenings(None, old, NOW)[-1].id


def test_the_same_is_told_with_the_same_identity(make_stream: Make) -> None:
    old, new = make_stream(prod=["a"]), make_stream(prod=["b", "a"])

    assert stream_happenings(old, new, NOW)[0].id == stream_happenings(None, new, "2027-01-01T00:00:00Z")[-1].id


def test_a_pruned_history_is_no_news(make_stream: Make) -> None:
    old = make_stream(prod=["c", "b", "a"])
    new = copy(old)
    (history,) = new.status.tags or []
    history.items = (history.items or [])[:1]

    assert told(old, new) == []


def test_nothing_else_of_a_stream_is_news(make_stream: Make) -> None:
    old = make_stream(prod=["a"])
    new = copy(old)
    new.metadata.labels = {"a": "b"}
    (history,) = new.status.tags or []
    assert history.items
    history.items[0].generation = 7

    assert told(old, new) == []


def test_a_tag_that_is_deleted_is_told_and_so_is_each_of_a_deleted_stream(make_stream: Make) -> None:
    both, one = make_stream(prod=["a"], dev=["b"]), make_stream(dev=["b"])

    assert told(both, one) == [("TagDeleted", "ns/app:prod", "")]
    assert told(both, None) == [("TagDeleted", "ns/app:prod", ""), ("TagDeleted", "ns/app:dev", "")]


def test_a_stream_made_anew_is_another_one(make_stream: Make) -> None:
    old, new = make_stream(uid="1", prod=["a"]), make_stream(uid="2", prod=["a"])

    assert [kind for kind, _, _ in told(old, new)] == ["TagDeleted", "TagChanged"]


def test_a_failure_is_told_once_and_again_when_it_is_another_one(make_stream: Make) -> None:
    works = make_stream(prod=["a"])
    fails = failed(works, "prod", "Unauthorized")
    still = failed(works, "prod", "Unauthorized", message="no, with another number of the request")
    other = failed(works, "prod", "NotFound")
    wanted_again = failed(works, "prod", "NotFound", generation=2)

    assert told(works, fails) == [("ImportFailed", "ns/app:prod", "")]
    assert told(fails, still) == []
    assert told(still, other) == [("ImportFailed", "ns/app:prod", "")]
    assert told(other, wanted_again) == [("ImportFailed", "ns/app:prod", "")]
    assert told(wanted_again, works) == []


def test_a_message_of_a_failure_is_of_bearable_length(make_stream: Make) -> None:
    works = make_stream(prod=["a"])

    (found,) = stream_happenings(works, failed(works, "prod", "Odd", message="x" * 100_000), NOW)

    assert len(found.data["message"]) == TEXT_MAX


def test_the_pull_spec_is_that_of_the_reference_policy(make_stream: Make) -> None:
    from imagestreams.api.codec import from_dict
    from imagestreams.api.image import TagReference

    stream = make_stream(prod=["sha256:" + "a" * 64])
    stream.spec.tags = [from_dict({"name": "prod", "referencePolicy": {"type": "Local"}}, TagReference)]
    stream.status.docker_image_repository = "own.example.com/ns/app"

    (found,) = stream_happenings(None, stream, NOW)

    assert found.data["pullSpec"] == "own.example.com/ns/app@sha256:" + "a" * 64
    assert found.data["dockerImageReference"].startswith("r.example.com/app@")


def test_what_happened_since_a_time_is_read_off_the_stream(make_stream: Make) -> None:
    stream = failed(make_stream(prod=["c", "b", "a"], dev=["d"]), "dev", "NotFound")

    def since(time: str) -> list[tuple[str, Any]]:
        return [(one.kind, one.data.get("image")) for one in stream_happenings_since(stream, time, NOW)]

    assert since("2026-01-01T00:00:02Z") == [("TagChanged", "b"), ("TagChanged", "c"), ("ImportFailed", None)]
    assert since("2026-01-01T00:00:31Z") == []
