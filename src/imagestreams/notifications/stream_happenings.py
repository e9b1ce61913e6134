"""What a change of an image stream means for its tags. Pure.

A tag's history is never rewritten but at its top: a newer event is put in front, or the newest one is corrected in
place. So what happened between two states of a stream is what stands in front of the newest event of the earlier one.
A failure is news when it is the tag's first since it worked, or another one: repetitions are not told.
"""

from typing import Any

from imagestreams.api.image import ImageStream, NamedTagEventList, TagEvent, TagEventCondition
from imagestreams.notifications.happening import Happening, bounded, happening_id
from imagestreams.streams.apply_import import IMPORT_SUCCESS
from imagestreams.streams.pull_spec import pull_spec_of_event


def stream_happenings(old: ImageStream | None, new: ImageStream | None, now: str) -> list[Happening]:
    """Return what happened to the tags of a stream between two states, for each tag the oldest first.

    `now` is the time, as the API shows it, of what has none of its own.
    """
    if new is None:
        return (
            [] if old is None else [_deleted(old, history, now) for history in old.status.tags or [] if history.items]
        )
    if old is not None and old.metadata.uid != new.metadata.uid:
        return [*stream_happenings(old, None, now), *stream_happenings(None, new, now)]
    if old is not None and old.status.tags == new.status.tags:
        return []
    before = _histories(old)
    found: list[Happening] = []
    for history in new.status.tags or []:
        known = before.pop(history.tag, None)
        items, fresh = history.items or [], _fresh(known, history)
        found += [_changed(new, history, number, now) for number in range(fresh - 1, -1, -1)]
        if known is not None and known.items and not items:
            found.append(_deleted(new, known, now))
        if _is_news(_failure(known), failure := _failure(history)) and failure is not None:
            found.append(_failed(new, history.tag, failure, now))
    found += [_deleted(new, history, now) for history in before.values() if history.items]
    return found


def stream_happenings_since(stream: ImageStream, time: str, now: str) -> list[Happening]:
    """Return what happened to the tags of a stream from a time on, as far as the stream itself tells."""
    found: list[Happening] = []
    for history in stream.status.tags or []:
        items, failure = history.items or [], _failure(history)
        recent = [number for number, item in enumerate(items) if (item.created or "") >= time]
        found += [_changed(stream, history, number, now) for number in reversed(recent)]
        if failure is not None and (failure.last_transition_time or "") >= time:
            found.append(_failed(stream, history.tag, failure, now))
    return found


def _histories(stream: ImageStream | None) -> dict[str, NamedTagEventList]:
    return {history.tag: history for history in (stream.status.tags if stream is not None else None) or []}


def _fresh(known: NamedTagEventList | None, history: NamedTagEventList) -> int:
    """Return how many of the newest events of a history were not in an earlier one."""
    items, earlier = history.items or [], (known.items if known is not None else None) or []
    if not earlier:
        return len(items)
    newest = earlier[0]
    expected = len(items) - len(earlier)
    if expected >= 0:
        if _same(items[expected], newest):
            return expected
        if len(earlier) == 1 or _same(items[expected + 1], earlier[1]):
            # The newest one was corrected in place, or the tag was made anew with a single event.
            return expected + 1
    # Old events were pruned, or the tag was made anew.
    found = [number for number, item in enumerate(items) if _same(item, newest)]
    if found:
        return found[0]
    recent = [number for number, item in enumerate(items) if (item.created or "") > (newest.created or "")]
    return max(len(recent), min(1, len(items)))


def _same(one: TagEvent, other: TagEvent) -> bool:
    return (one.created, one.image, one.docker_image_reference) == (
        other.created,
        other.image,
        other.docker_image_reference,
    )


def _failure(history: NamedTagEventList | None) -> TagEventCondition | None:
    for condition in (history.conditions if history is not None else None) or []:
        if condition.type == IMPORT_SUCCESS and condition.status == "False":
            return condition
    return None


def _is_news(known: TagEventCondition | None, failure: TagEventCondition | None) -> bool:
    if failure is None or known is None:
        return failure is not None
    return (known.reason, known.generation) != (failure.reason, failure.generation)


def _changed(stream: ImageStream, history: NamedTagEventList, number: int, now: str) -> Happening:
    items = history.items or []
    item, below = items[number], items[number + 1 : number + 2]
    data = _about(stream, history.tag)
    data |= {
        "image": item.image,
        "dockerImageReference": item.docker_image_reference,
        "pullSpec": pull_spec_of_event(stream, history.tag, item),
        "previousImage": below[0].image if below else "",
        "generation": item.generation,
    }
    # The place counts from the oldest event on: the same image may come back within a second. What is only referred to
    # stays in its place, so there the generation tells the events apart.
    place = len(items) - number if item.image else f"generation {item.generation}"
    identity = ("TagChanged", stream.metadata.uid, history.tag, place, item.created, item.image)
    return _happening(
        "TagChanged", stream, history.tag, item.created or now, data, *identity, item.docker_image_reference
    )


def _deleted(stream: ImageStream, history: NamedTagEventList, now: str) -> Happening:
    item = (history.items or [])[0]
    data = _about(stream, history.tag) | {"image": "", "previousImage": item.image}
    identity = ("TagDeleted", stream.metadata.uid, history.tag, len(history.items or []), item.created, item.image)
    return _happening("TagDeleted", stream, history.tag, now, data, *identity, item.generation)


def _failed(stream: ImageStream, tag: str, failure: TagEventCondition, now: str) -> Happening:
    data = _about(stream, tag)
    data |= {"reason": failure.reason, "message": bounded(failure.message), "generation": failure.generation}
    time = failure.last_transition_time or now
    identity = ("ImportFailed", stream.metadata.uid, tag, time, failure.reason, failure.generation)
    return _happening("ImportFailed", stream, tag, time, data, *identity)


def _about(stream: ImageStream, tag: str) -> dict[str, Any]:
    return {"namespace": stream.metadata.namespace, "imageStream": stream.metadata.name, "tag": tag}


def _happening(
    kind: str, stream: ImageStream, tag: str, time: str, data: dict[str, Any], *identity: object
) -> Happening:
    namespace, name = stream.metadata.namespace, stream.metadata.name
    return Happening(
        kind=kind,
        id=happening_id(*identity),
        source=f"/apis/image.openshift.io/v1/namespaces/{namespace}/imagestreams/{name}",
        subject=f"{namespace}/{name}:{tag}",
        namespace=namespace,
        time=time,
        data=data,
        stream=name,
        tag=tag,
    )
