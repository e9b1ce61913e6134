"""What new and changed spec tags do to a stream's status at once, without asking any registry.

A tag from an image or tag of a stream takes that image when it is written. One that names another stream copies once
and never follows; one that names a tag of its own stream follows from then on (`tracking`). A `reference: true` tag
of a docker image records the pull spec as it was written. All other docker images are for the importer.

The result does not depend on the order of the tags: what comes from elsewhere is settled first, then tags are
settled after the tags that they follow.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Final

from imagestreams.api.core import ObjectReference
from imagestreams.api.errors import FieldError
from imagestreams.api.image import ImageStream, TagEvent, TagReference
from imagestreams.reference import InvalidReference, is_digest, parse
from imagestreams.streams.history import history_of, latest_event, record_event, spec_tag
from imagestreams.streams.spec_generation import tag_reference_changed
from imagestreams.streams.tracking import follow_tags

StreamKey = tuple[str, str]
"""Namespace and name of a stream."""

_GROUP: Final = "image.openshift.io"
SOURCE_SHAPE: Final = "must be of the form <tag>, <repo>:<tag>, <id>, or <repo>@<id>"
_SEPARATORS: Final = {"ImageStreamTag": ":", "ImageStreamImage": "@"}


class NoSuchImage(Exception):
    """No image of a stream, or more than one, fits a digest; the message is the API's."""


@dataclass(frozen=True)
class TagSource:
    """The stream that a spec tag names, and the tag or digest within it."""

    namespace: str
    stream: str
    item: str

    @property
    def key(self) -> StreamKey:
        """Namespace and name of the stream."""
        return self.namespace, self.stream


def source_of(stream: ImageStream, source: ObjectReference) -> TagSource | None:
    """Say which stream a spec tag's source is in; `None` when the source can't be read as a tag or image of one."""
    separator = _SEPARATORS.get(source.kind)
    if separator is None:
        return None
    namespace = source.namespace or stream.metadata.namespace
    match source.name.split(separator):
        case [item]:
            return TagSource(namespace, stream.metadata.name, item)
        case [name, item]:
            return TagSource(namespace, name, item)
    return None


def changed_tags(stream: ImageStream, old: ImageStream | None) -> Iterator[TagReference]:
    """Yield the spec tags with a source that is new or differs from that of the stream before."""
    before = {wish.name: wish for wish in (old.spec.tags or [] if old is not None else [])}
    for wish in stream.spec.tags or []:
        known = before.get(wish.name)
        changed = known is None or tag_reference_changed(known, wish, stream.metadata.namespace)
        if changed and wish.from_ is not None:
            yield wish


def streams_needed(stream: ImageStream, old: ImageStream | None) -> set[StreamKey]:
    """Return the other streams that have to be known to settle the changed tags."""
    own = stream.metadata.namespace, stream.metadata.name
    sources = (source_of(stream, wish.from_) for wish in changed_tags(stream, old) if wish.from_ is not None)
    return {source.key for source in sources if source is not None and source.key != own}


def resolve_tags(
    stream: ImageStream,
    old: ImageStream | None,
    others: Mapping[StreamKey, ImageStream],
    registry: str,
    now: str,
    refused: Collection[StreamKey] = (),
) -> list[FieldError]:
    """Settle all changed spec tags and everything that follows them.

    Args:
        stream: the wanted state, with generations already stamped; its status is changed.
        old: the state before, `None` for a new stream.
        others: those of `streams_needed` that are there.
        registry: the host of our own registry, empty when there is none.
        now: the time of new events.
        refused: streams that must not be read; tags that name them are left alone.

    Returns what is wrong with the sources.
    """
    errors: list[FieldError] = []
    tracking: dict[str, str] = {}
    for wish in changed_tags(stream, old):
        source = source_of(stream, wish.from_) if wish.from_ is not None else None
        if source is not None and source.key in refused:
            continue
        found = _settle(stream, wish, others, registry, now)
        if isinstance(found, FieldError):
            errors.append(found)
        elif found is not None:
            tracking[wish.name] = found
    for name, leader in _leaders_first(tracking):
        _take_over(stream, name, leader)
    follow_tags(stream, _moved(stream, old))
    return errors


def _settle(
    stream: ImageStream, wish: TagReference, others: Mapping[StreamKey, ImageStream], registry: str, now: str
) -> FieldError | str | None:
    """Settle a tag that follows none of its stream; of one that does, return the name of the tag it follows."""
    source = wish.from_
    if source is None:
        return None
    if source.kind == "DockerImage" and source.name:
        if wish.reference:
            event = TagEvent(created=now, docker_image_reference=source.name, generation=wish.generation or 0)
            record_event(stream, wish.name, event)
        return None
    path = f"spec.tags[{wish.name}].from.name"
    found = source_of(stream, source)
    if found is None:
        return FieldError.invalid(path, source.name, SOURCE_SHAPE)
    own = found.key == (stream.metadata.namespace, stream.metadata.name)
    if own and source.kind == "ImageStreamTag":
        return found.item or "latest"
    origin = stream if own else others.get(found.key)
    if origin is None:
        return FieldError.not_found(path, source.name)
    try:
        event_or_none = _current(origin, source.kind, found.item, now)
    except NoSuchImage as error:
        return FieldError.invalid(path, source.name, f"error generating tag event: {error}")
    if event_or_none is None:
        return None
    event_or_none.generation = wish.generation or 0
    if not wish.reference and not own:
        pull_spec = event_or_none.docker_image_reference
        event_or_none.docker_image_reference = _through_own_stream(pull_spec, origin, stream, registry)
    record_event(stream, wish.name, event_or_none)
    return None


def _current(stream: ImageStream, kind: str, item: str, now: str) -> TagEvent | None:
    if kind == "ImageStreamImage":
        return find_image(stream, item, now)
    newest = latest_event(stream, item)
    return None if newest is None else _copy(newest, newest.generation)


def find_image(stream: ImageStream, digest: str, now: str) -> TagEvent:
    """Return a new event of the one image in a stream's history whose digest begins so.

    Raises:
        NoSuchImage: none does, or several.
    """
    fitting: dict[str, TagEvent] = {}
    for history in stream.status.tags or []:
        for event in history.items or []:
            if matches_digest(event.image, digest):
                known = fitting.get(event.image)
                if known is None or (event.created or "") > (known.created or ""):
                    fitting[event.image] = event
    if not fitting:
        raise NoSuchImage(f'imagestreamimage.{_GROUP} "{digest}" not found')
    if len(fitting) > 1:
        several = f'multiple images match the prefix "{digest}": {", ".join(sorted(fitting))}'
        raise NoSuchImage(f'Operation cannot be fulfilled on imagestreamimage.{_GROUP} "{digest}": {several}')
    (event,) = fitting.values()
    return TagEvent(created=now, docker_image_reference=event.docker_image_reference, image=event.image)


def matches_digest(image: str, prefix: str) -> bool:
    """Say whether an image's name begins like this, with or without the digest's algorithm."""
    if is_digest(image) and image.partition(":")[2].startswith(prefix):
        return True
    return image.startswith(prefix)


def _through_own_stream(pull_spec: str, origin: ImageStream, stream: ImageStream, registry: str) -> str:
    """Let an image that our registry serves for the other stream be pulled through this one from now on."""
    try:
        reference = parse(pull_spec)
    except InvalidReference:
        return pull_spec
    place = origin.metadata.namespace, origin.metadata.name
    if not registry or reference.registry != registry or (reference.namespace, reference.name) != place:
        return pull_spec
    return replace(reference, namespace=stream.metadata.namespace, name=stream.metadata.name).exact()


def _leaders_first(tracking: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Yield followers with the tags they follow, a leader before its followers; of a cycle the tags by name."""
    waiting = dict(sorted(tracking.items()))
    while waiting:
        ready = [name for name, leader in waiting.items() if leader not in waiting]
        for name in ready or list(waiting):
            yield name, waiting.pop(name)


def _take_over(stream: ImageStream, name: str, leader: str) -> None:
    """Point a tag to the image of the tag that it begins to follow.

    As on the real server the leader's newest event then answers the present generation too, but not while the
    leader's own source still has to be imported: that import would seem to be done, and the leader never move.
    """
    newest, wish = latest_event(stream, leader), spec_tag(stream, name)
    if newest is None or wish is None:
        return
    generation = wish.generation or 0
    if not _waits_for_import(stream, leader, newest):
        newest.generation = generation
    record_event(stream, name, _copy(newest, generation))


def _waits_for_import(stream: ImageStream, tag: str, newest: TagEvent) -> bool:
    wish = spec_tag(stream, tag)
    if wish is None or wish.from_ is None or wish.from_.kind != "DockerImage" or wish.reference:
        return False
    return (wish.generation or 0) > newest.generation


def _moved(stream: ImageStream, old: ImageStream | None) -> list[str]:
    """Return the tags whose newest event is not the one before."""
    moved = []
    for history in stream.status.tags or []:
        if not history.items:
            continue
        before = history_of(old, history.tag) if old is not None else None
        if before is None or not before.items or before.items[0] != history.items[0]:
            moved.append(history.tag)
    return moved


def _copy(event: TagEvent, generation: int) -> TagEvent:
    return TagEvent(
        created=event.created,
        docker_image_reference=event.docker_image_reference,
        image=event.image,
        generation=generation,
    )
