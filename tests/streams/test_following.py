"""Where a followed tag stands, where it goes, and what is recorded of it. Pure."""

import json
from typing import Any

import pytest

from imagestreams.api.codec import from_dict
from imagestreams.api.image import ImageStream, TagEvent
from imagestreams.streams.annotation_rules import validate_annotations
from imagestreams.streams.following import (
    MOVES_KEPT,
    NothingToFollow,
    choose_version,
    current_version,
    followed_policy,
    moves_of,
    record_move,
)
from imagestreams.streams.history import record_event
from imagestreams.streams.versions import Candidate, read_policy

FOLLOW, MOVES = "imagestreams.dev/follow", "imagestreams.dev/moves"


def stream(policy: str = "semver:~3.6", source: str = "r.io/x:3.6.0", **tag: Any) -> ImageStream:
    wish = {"name": "a", "annotations": {FOLLOW: policy}, "from": {"kind": "DockerImage", "name": source}, **tag}
    return from_dict({"metadata": {"name": "s", "namespace": "n"}, "spec": {"tags": [wish]}}, ImageStream)


def arrive(of: ImageStream, image: str, version: str, created: str = "2026-01-01T00:00:00Z") -> None:
    record_event(of, "a", TagEvent(created, f"r.io/x@{image}", image, 1))
    record_move(of, "a", version)


def chosen(current: str | None, *tags: str, policy: str = "semver:~3.6") -> str:
    standing = Candidate(current) if current is not None else None
    return choose_version(read_policy(policy), policy, [Candidate(tag) for tag in tags], standing)


def test_a_tag_goes_up_within_its_bounds_and_stays_where_it_is_highest() -> None:
    assert chosen(None, "3.6.0", "3.6.1", "3.7.0") == "3.6.1"
    assert chosen("3.6.0", "3.6.0", "3.6.1", "3.7.0") == "3.6.1"
    assert chosen("3.6.1", "3.6.0", "3.6.1") == "3.6.1"


def test_a_tag_never_goes_down_by_itself() -> None:
    with pytest.raises(NothingToFollow, match=r"^3\.6\.4 is no longer in the repository, .* is 3\.6\.1, to which"):
        chosen("3.6.4", "3.6.0", "3.6.1")

    assert chosen("9.9.9", "3.6.0", "3.6.1") == "3.6.1"


def test_a_policy_that_matches_nothing_says_so() -> None:
    with pytest.raises(NothingToFollow, match=r"^no tag of the repository is within semver:~3\.6$"):
        chosen(None, "4.0.0", "latest")


def test_each_move_is_recorded_with_its_reason_newest_first() -> None:
    one = stream()
    arrive(one, "sha256:1", "3.6.0", "2026-01-01T00:00:00Z")
    arrive(one, "sha256:2", "3.6.1", "2026-01-02T00:00:00Z")
    before = dict(one.metadata.annotations or {})
    record_move(one, "a", "3.6.1")

    assert one.metadata.annotations == before
    assert json.loads(before[MOVES]) == [
        {
            "tag": "a",
            "created": "2026-01-02T00:00:00Z",
            "image": "sha256:2",
            "policy": "semver:~3.6",
            "to": "3.6.1",
            "from": "3.6.0",
        },
        {
            "tag": "a",
            "created": "2026-01-01T00:00:00Z",
            "image": "sha256:1",
            "policy": "semver:~3.6",
            "to": "3.6.0",
        },
    ]
    assert current_version(one, "a") == "3.6.1"


def test_a_tag_that_comes_back_to_its_version_after_a_rollback_has_moved_again() -> None:
    one = stream()
    arrive(one, "sha256:1", "3.6.0", "2026-01-01T00:00:00Z")
    arrive(one, "sha256:2", "3.6.1", "2026-01-02T00:00:00Z")
    record_event(one, "a", TagEvent("2026-01-03T00:00:00Z", "r.io/x@sha256:1", "sha256:1", 2))

    arrive(one, "sha256:2", "3.6.1", "2026-01-04T00:00:00Z")

    newest, *_ = moves_of(one)
    assert (newest.created, newest.to, newest.from_) == ("2026-01-04T00:00:00Z", "3.6.1", "")
    assert len(moves_of(one)) == 3


def test_where_a_tag_stands_is_known_only_of_its_present_policy_and_image() -> None:
    one = stream()
    arrive(one, "sha256:2", "3.6.1")
    assert one.spec.tags is not None

    one.spec.tags[0].annotations = {FOLLOW: "semver:~3.5"}
    assert current_version(one, "a") == ""
    one.spec.tags[0].annotations = {FOLLOW: "semver:~3.6"}
    record_event(one, "a", TagEvent("2026-01-03T00:00:00Z", "r.io/x@sha256:9", "sha256:9", 1))
    assert current_version(one, "a") == ""


def test_the_list_of_moves_is_bounded_and_what_can_not_be_read_counts_as_none() -> None:
    one = stream()
    for number in range(MOVES_KEPT + 20):
        arrive(one, f"sha256:{number}", f"3.6.{number}")
    assert len(moves_of(one)) == MOVES_KEPT
    assert moves_of(one)[0].to == f"3.6.{MOVES_KEPT + 19}"

    for broken in ("", "{", "[1]", "{}", "[" * 100_000):
        one.metadata.annotations = {MOVES: broken}
        assert moves_of(one) == []


def test_a_policy_counts_for_imports_from_where_its_tag_comes_from() -> None:
    assert followed_policy(stream(), "a", "r.io/x:3.6.0") is not None
    assert followed_policy(stream(), "a", "r.io/x:3.5.0") is None
    assert followed_policy(stream(), "b", "r.io/x:3.6.0") is None
    assert followed_policy(stream(reference=True), "a", "r.io/x:3.6.0") is None
    assert followed_policy(stream("nonsense"), "a", "r.io/x:3.6.0") is None
    assert followed_policy(None, "a", "r.io/x:3.6.0") is None


def test_a_malformed_policy_is_refused_with_its_field() -> None:
    [error] = validate_annotations(stream("semver:~~1"))

    assert error.field == f"spec.tags[a].annotations[{FOLLOW}]"
    assert error.message == 'Invalid value: "semver:~~1": can\'t read "~~1" in the range "~~1"'
    assert validate_annotations(stream()) == []
