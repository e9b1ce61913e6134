"""Tracking tags: a tag of a stream that follows another tag of the same stream."""

from collections.abc import Iterable

from imagestreams.api.image import ImageStream, TagReference
from imagestreams.streams.history import latest_event, record_event


def tracked_tag(stream: ImageStream, wish: TagReference) -> str | None:
    """Return the tag of this stream that a spec tag follows; `None` when it follows none.

    `from.name` may be `<tag>` or `<stream>:<tag>`; a tag of another stream or namespace is copied once, not followed.
    """
    source = wish.from_
    if source is None or source.kind != "ImageStreamTag":
        return None
    if source.namespace not in {"", stream.metadata.namespace}:
        return None
    name, colon, tag = source.name.partition(":")
    if not colon:
        return source.name or None
    return tag if name == stream.metadata.name and tag and ":" not in tag else None


def follow_tags(stream: ImageStream, changed: Iterable[str]) -> list[str]:
    """Let all tags that follow the changed ones, through any number of hops, point to the same image.

    Each tag is moved once at most, so a cycle ends by itself. The real server follows a chain only as far as the
    order of a Go map happens to lead; this always follows it to its end. Returns the tags that moved, in order.
    """
    followers: dict[str, list[str]] = {}
    for wish in sorted(stream.spec.tags or [], key=lambda one: one.name):
        followed = tracked_tag(stream, wish)
        if followed is not None:
            followers.setdefault(followed, []).append(wish.name)

    waiting = sorted(set(changed))
    seen = set(waiting)
    moved = []
    while waiting:
        leader = waiting.pop(0)
        event = latest_event(stream, leader)
        for follower in followers.get(leader, []) if event is not None else []:
            if follower in seen:
                continue
            seen.add(follower)
            waiting.append(follower)
            if event is not None and record_event(stream, follower, event):
                moved.append(follower)
    return moved
