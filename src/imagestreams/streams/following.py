"""Spec tags that follow a version policy: where they stand, where they go next, and the record of their moves.

The spec keeps saying what its writer said: its `from` names the repository to look at, and the version that was
chosen shows in a list of moves, an annotation of the stream (`imagestreams.dev/moves`), beside the tag's event. A tag
never goes down by itself: if the version it stands at is taken away it stays where it is.
"""

from collections.abc import Iterable
from typing import Final

import msgspec

from imagestreams.api.annotations import FOLLOW, MOVES
from imagestreams.api.image import ImageStream, TagReference
from imagestreams.streams.history import latest_event, spec_tag
from imagestreams.streams.versions import Candidate, UnusablePolicy, VersionPolicy, read_policy

NO_VERSION: Final = "NoMatchingVersion"
"""The reason in the condition of a tag whose policy finds nothing to go to."""
MOVES_KEPT: Final = 100
_MOVES_BYTES: Final = 64 << 10


class NothingToFollow(Exception):
    """No version that a tag could go to; the message says why."""


class Move(msgspec.Struct, frozen=True, rename={"from_": "from"}, omit_defaults=True):
    """That a tag came to stand at a version: with which image and event, from which version, by which policy."""

    tag: str
    created: str
    image: str
    policy: str
    to: str
    from_: str = ""


def policy_of(wish: TagReference | None) -> VersionPolicy | None:
    """Return the policy of a spec tag; `None` when it has none that can be read."""
    text = (wish.annotations or {}).get(FOLLOW) if wish is not None else None
    try:
        return read_policy(text) if text is not None else None
    except UnusablePolicy:
        return None


def followed_policy(stream: ImageStream | None, tag: str, source: str) -> VersionPolicy | None:
    """Return the policy that an import into a tag goes by: that of the spec tag, if it comes from the same source."""
    wish = spec_tag(stream, tag) if stream is not None else None
    if wish is None or wish.from_ is None or wish.from_.kind != "DockerImage" or wish.reference:
        return None
    return policy_of(wish) if wish.from_.name == source else None


def moves_of(stream: ImageStream) -> list[Move]:
    """Return the recorded moves of a stream's tags, newest first; what can't be read is none."""
    text = (stream.metadata.annotations or {}).get(MOVES, "")
    if not text or len(text) > _MOVES_BYTES:
        return []
    try:
        return msgspec.json.decode(text, type=list[Move])
    except (msgspec.DecodeError, RecursionError):
        return []


def is_followed(stream: ImageStream, wish: TagReference) -> bool:
    """Say whether a spec tag came to where it stands by its present policy, or has none."""
    if policy_of(wish) is None:
        return True
    last = next((one for one in moves_of(stream) if one.tag == wish.name), None)
    return last is not None and last.policy == (wish.annotations or {}).get(FOLLOW)


def current_version(stream: ImageStream, tag: str) -> str:
    """Return the version where a tag stands by its present policy; empty when that is not known.

    What it came to by another policy, or an image that it got in another way, does not count.
    """
    wish, event = spec_tag(stream, tag), latest_event(stream, tag)
    text = (wish.annotations or {}).get(FOLLOW) if wish is not None else None
    move = next((one for one in moves_of(stream) if one.tag == tag), None)
    if move is None or event is None or move.policy != text or move.image != event.image:
        return ""
    return move.to


def choose_version(policy: VersionPolicy, text: str, candidates: Iterable[Candidate], current: Candidate | None) -> str:
    """Return the tag that a policy chooses; `current` is where the spec tag stands.

    Raises:
        NothingToFollow: no candidate is within the bounds, or only such that would be a step down.
    """
    ranks = {one.tag: rank for one in candidates if (rank := policy.rank(one)) is not None}
    ranked = [(rank, tag) for tag, rank in ranks.items()]
    if not ranked:
        raise NothingToFollow(f"no tag of the repository is within {text}")
    highest, chosen = max(ranked)
    reached = policy.rank(current) if current is not None else None
    # One that is still there may have been pushed again, with an image that was made before.
    if current is not None and current.tag not in ranks and reached is not None and highest < reached:
        raise NothingToFollow(
            f"{current.tag} is no longer in the repository, and the highest tag within {text} is {chosen}, "
            "to which a tag never goes down by itself"
        )
    return chosen


def record_move(stream: ImageStream, tag: str, version: str) -> None:
    """Note that the newest event of a followed tag is a version; what is already noted changes nothing."""
    wish, event = spec_tag(stream, tag), latest_event(stream, tag)
    policy = (wish.annotations or {}).get(FOLLOW) if wish is not None else None
    if policy is None or event is None:
        return
    moves = moves_of(stream)
    last = next((one for one in moves if one.tag == tag), None)
    created = event.created or ""
    again = last is not None and (last.image, last.policy, last.to) == (event.image, policy, version)
    if last is not None and again and last.created == created:
        return
    # One that comes back to where its policy had it, as after a rollback, was elsewhere, and at no version.
    move = Move(tag, created, event.image, policy, version, last.to if last is not None and not again else "")
    there = {one.name for one in stream.spec.tags or []}
    kept = [move, *(one for one in moves if one.tag in there)][:MOVES_KEPT]
    stream.metadata.annotations = {**(stream.metadata.annotations or {}), MOVES: msgspec.json.encode(kept).decode()}
