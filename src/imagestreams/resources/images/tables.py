"""The tables of the image group: columns and cells as `kubectl get` prints them."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, Final

from imagestreams.api.ages import ago, parse_time
from imagestreams.api.image import (
    Image,
    ImageStream,
    ImageStreamImage,
    ImageStreamTag,
    ImageTag,
    NamedTagEventList,
    TagReference,
)
from imagestreams.resources.resource import Column, TableView
from imagestreams.streams.apply_import import IMPORT_SUCCESS
from imagestreams.streams.tag_order import by_importance

Clock = Callable[[], datetime]

_NAME: Final = Column(
    "Name",
    format="name",
    description=(
        "Name must be unique within a namespace. Is required when creating resources, although some resources may "
        "allow a client to request the generation of an appropriate name automatically. Name is primarily intended "
        "for creation idempotence and configuration definition. Cannot be updated. More info: "
        "https://kubernetes.io/docs/concepts/overview/working-with-objects/names#names"
    ),
)
_PULL_SPEC: Final = "dockerImageReference is the string that can be used to pull this image."
_UPDATED: Final = Column("Updated", description="Last update time.")
_TAGS_WIDTH: Final = 40


def image_table() -> TableView:
    """Return how images are shown."""

    def cells(image: Image) -> Sequence[Any]:
        return image.metadata.name, image.docker_image_reference

    return TableView((_NAME, Column("Image Reference", description=_PULL_SPEC)), cells)


def stream_table(clock: Clock) -> TableView:
    """Return how streams are shown."""
    repository = (
        "dockerImageRepository represents the effective location this stream may be accessed at. May be empty until "
        "the server determines where the repository is located"
    )

    def cells(stream: ImageStream) -> Sequence[Any]:
        status = stream.status
        times = [parse_time(history.items[0].created) for history in status.tags or [] if history.items]
        newest = max((time for time in times if time is not None), default=None)
        return (
            stream.metadata.name,
            status.public_docker_image_repository
            or stream.spec.docker_image_repository
            or status.docker_image_repository,
            _tags_in_width([history.tag for history in status.tags or []], _TAGS_WIDTH),
            "" if newest is None else ago(newest, clock()),
        )

    columns = (
        _NAME,
        Column("Image Repository", description=repository),
        Column("Tags", description="Human readable list of tags."),
        _UPDATED,
    )
    return TableView(columns, cells)


def _tags_in_width(tags: list[str], width: int) -> str:
    """List as many tags as fit, at least one; a quarter more or less is allowed for an even edge."""
    ordered = by_importance(tags)
    remaining = width
    for number, tag in enumerate(ordered):
        remaining -= len(tag) + 1
        if remaining >= 0:
            continue
        margin = width // 4
        if number > 0 and margin < remaining + len(tag) and margin >= -remaining:
            continue
        ordered = ordered[: max(number, 1)]
        break
    hidden = len(tags) - len(ordered)
    return ",".join(ordered) + (f" + {hidden} more..." if hidden else "")


def image_stream_tag_table(clock: Clock) -> TableView:
    """Return how image stream tags are shown."""

    def cells(istag: ImageStreamTag) -> Sequence[Any]:
        created = ago(parse_time(istag.metadata.creation_timestamp), clock())
        return istag.metadata.name, istag.image.docker_image_reference, created, istag.image.metadata.name

    columns = (
        _NAME,
        Column("Image Reference", description=_PULL_SPEC),
        _UPDATED,
        Column("Image Name", description="image associated with the ImageStream and tag.", priority=1),
    )
    return TableView(columns, cells)


def image_stream_image_table(clock: Clock) -> TableView:
    """Return how image stream images are shown."""

    def cells(found: ImageStreamImage) -> Sequence[Any]:
        created = ago(parse_time(found.metadata.creation_timestamp), clock())
        return found.metadata.name, created, found.image.docker_image_reference, found.image.metadata.name

    columns = (
        _NAME,
        _UPDATED,
        Column("Image Reference", description=_PULL_SPEC, priority=1),
        Column("Image Name", description="image associated with the ImageStream and image name.", priority=1),
    )
    return TableView(columns, cells)


def image_tag_table(clock: Clock) -> TableView:
    """Return how image tags are shown."""

    def cells(itag: ImageTag) -> Sequence[Any]:
        spec, source, problem = _wish_in_words(itag.spec)
        status, updated, events = "", None, 0
        if itag.status is not None:
            events = len(itag.status.items or [])
            spec, source, status, updated = _history_in_words(itag, itag.status, spec, source)
        when = "" if updated is None else ago(updated, clock())
        return itag.metadata.name, spec, status or problem or source, events or None, when

    columns = (
        _NAME,
        Column(
            "Spec",
            description=(
                "spec is the spec tag associated with this image stream tag, and it may be null if only pushes have "
                "occurred to this image stream."
            ),
        ),
        Column(
            "Status",
            description=(
                "status is the status tag details associated with this image stream tag, and it may be null if no "
                "push or import has been performed."
            ),
        ),
        Column("History", type="number", description="Number of history entries"),
        Column("Updated", description="Last updated at"),
    )
    return TableView(columns, cells)


def _wish_in_words(wish: TagReference | None) -> tuple[str, str, str]:
    """Return what kind of spec tag it is, where its image comes from, and what is wrong with that."""
    if wish is None or wish.from_ is None:
        return "", "", ""
    source = wish.from_
    kind = "Scheduled" if wish.import_policy.scheduled else "Ref" if wish.reference else "Tag"
    match source.kind:
        case "DockerImage":
            return kind, source.name, ""
        case "ImageStreamImage":
            _, at, digest = source.name.partition("@")
            return (kind, f"image/{digest}", "") if at else (kind, "", "InvalidRefName")
        case "ImageStreamTag":
            kind = kind if ":" in source.name else "Track"
            return kind, f"istag {source.namespace}/{source.name}" if source.namespace else f"istag/{source.name}", ""
    return kind, "", "InvalidRefKind"


def _history_in_words(
    itag: ImageTag, history: NamedTagEventList, spec: str, source: str
) -> tuple[str, str, str, datetime | None]:
    """Return kind, source, status and time of the last change, as the newest event and the conditions tell."""
    status, last = "", None
    wanted = (itag.spec.generation or 0) if itag.spec is not None else 0
    if history.items:
        event = history.items[0]
        last = parse_time(event.created)
        if wanted > 0 and 0 < event.generation < wanted:
            status = "Importing"
        elif event.image:
            source = f"image/{event.image}"
        elif event.docker_image_reference:
            source = event.docker_image_reference
        if (source and not spec) or (spec != "Track" and 0 < wanted < event.generation):
            # Somebody pushed: there is no wish, or the event is newer than it.
            spec = "Push"
    for condition in history.conditions or []:
        if condition.type == IMPORT_SUCCESS and condition.status == "False":
            status = f"ImportFailed ({condition.reason})"
        changed = parse_time(condition.last_transition_time)
        if changed is not None and (last is None or changed > last):
            last = changed
    return spec, source, status, last
