"""What a stream's tags and images look like when they are read one by one.

The views share the structs of the stream and the image that they are made of, which must not be changed.
"""

from typing import Any, Final

from msgspec.structs import replace

from imagestreams.api.defaulting import METADATA_API_VERSION, METADATA_VERSION
from imagestreams.api.image import (
    Image,
    ImageStream,
    ImageStreamImage,
    ImageStreamTag,
    ImageTag,
    NamedTagEventList,
    TagEvent,
    TagReference,
)
from imagestreams.api.meta import ObjectMeta
from imagestreams.streams.history import history_of, latest_event, spec_tag
from imagestreams.streams.pull_spec import pull_spec_of_event, pull_spec_under

API_VERSION: Final = "image.openshift.io/v1"
DEFAULT_TAG: Final = "latest"
_NO_METADATA: Final[dict[str, Any]] = {
    "kind": "DockerImage",
    "apiVersion": METADATA_API_VERSION,
    "Id": "",
    "Created": None,
    "ContainerConfig": {},
}
"""The metadata of an image of which nothing is told."""


def tag_name(stream: str, tag: str) -> str:
    """Return the name of a stream's tag as an object of its own."""
    return f"{stream}:{tag or DEFAULT_TAG}"


def current_image(stream: ImageStream, tag: str, history: NamedTagEventList | None = None) -> str | None:
    """Return the name of the image that a tag points to; `None` when it points to none or only to a pull spec.

    Who has the tag's history at hand may give it.
    """
    event = newest_event(stream, tag, history or history_of(stream, tag))
    return event.image if event is not None and event.image else None


def image_stream_tag(stream: ImageStream, tag: str, image: Image | None) -> ImageStreamTag:
    """Return a tag with its image; without the image a stub, and of a tag that points to none an empty one.

    The annotations of the tag are those of the spec tag, and show on the image too.
    """
    return _image_stream_tag(stream, tag, image, spec_tag(stream, tag), history_of(stream, tag))


def image_stream_tags(stream: ImageStream) -> list[tuple[str, ImageStreamTag]]:
    """Return stubs of all tags of a stream that point to an image, by tag."""
    wishes = {wish.name: wish for wish in stream.spec.tags or []}
    return [
        (history.tag, _image_stream_tag(stream, history.tag, None, wishes.get(history.tag), history))
        for history in stream.status.tags or []
        if current_image(stream, history.tag, history) is not None
    ]


def _image_stream_tag(
    stream: ImageStream, tag: str, image: Image | None, wish: TagReference | None, history: NamedTagEventList | None
) -> ImageStreamTag:
    event = newest_event(stream, tag, history)
    if event is None or not event.image:
        event = TagEvent(created=stream.metadata.creation_timestamp)
    annotations = wish.annotations or None if wish is not None else None
    metadata = stream.metadata
    return ImageStreamTag(
        kind="ImageStreamTag",
        api_version=API_VERSION,
        metadata=ObjectMeta(
            name=tag_name(metadata.name, tag),
            namespace=metadata.namespace,
            uid=metadata.uid,
            resource_version=metadata.resource_version,
            creation_timestamp=event.created,
            labels=metadata.labels,
            annotations=annotations,
        ),
        tag=wish,
        generation=event.generation,
        lookup_policy=stream.spec.lookup_policy,
        conditions=history.conditions if history is not None else None,
        image=_shown(image, event.image, pull_spec_under(stream, wish, event), annotations),
    )


def newest_event(stream: ImageStream, tag: str, history: NamedTagEventList | None) -> TagEvent | None:
    """Return the event that a tag with this history points to; the tag without a name means `latest`."""
    if not tag:
        return latest_event(stream, tag)
    return history.items[0] if history is not None and history.items else None


def image_tag(stream: ImageStream, tag: str, image: Image | None) -> ImageTag:
    """Return what is wanted of a tag, its history, and its current image where it is given."""
    wish, event = spec_tag(stream, tag), latest_event(stream, tag)
    shown = None
    if image is not None and event is not None:
        shown = _shown(image, image.metadata.name, pull_spec_under(stream, wish, event), None)
    return _image_tag(stream, tag, wish, history_of(stream, tag), shown)


def _image_tag(
    stream: ImageStream, tag: str, wish: TagReference | None, history: NamedTagEventList | None, image: Image | None
) -> ImageTag:
    metadata = replace(stream.metadata, name=tag_name(stream.metadata.name, tag))
    return ImageTag(kind="ImageTag", api_version=API_VERSION, metadata=metadata, spec=wish, status=history, image=image)


def image_tags(stream: ImageStream) -> list[tuple[str, ImageTag]]:
    """Return all tags of a stream that are wanted or have a history, by tag and without their images."""
    wishes = {wish.name: wish for wish in stream.spec.tags or []}
    histories = {history.tag: history for history in stream.status.tags or []}
    return [
        (tag, _image_tag(stream, tag, wishes.get(tag), histories.get(tag), None))
        for tag in sorted(wishes.keys() | histories.keys())
    ]


def image_stream_image(stream: ImageStream, name: str, image: Image) -> ImageStreamImage:
    """Return an image as seen through a stream, under the name by which it was asked for."""
    return ImageStreamImage(
        kind="ImageStreamImage",
        api_version=API_VERSION,
        metadata=ObjectMeta(
            name=name,
            namespace=stream.metadata.namespace,
            creation_timestamp=image.metadata.creation_timestamp,
            annotations=stream.metadata.annotations,
        ),
        image=_shown(image, image.metadata.name, _pull_spec(stream, image), None),
    )


def _pull_spec(stream: ImageStream, image: Image) -> str:
    """Return where an image is pulled from through a stream: as its tags say, current ones first."""
    earlier = None
    for history in stream.status.tags or []:
        for position, event in enumerate(history.items or []):
            if event.image == image.metadata.name:
                pull_spec = pull_spec_of_event(stream, history.tag, event)
                if position == 0:
                    return pull_spec
                earlier = earlier or pull_spec
    return earlier or image.docker_image_reference


def _shown(image: Image | None, name: str, pull_spec: str, annotations: dict[str, str] | None) -> Image:
    if image is None:
        return Image(
            metadata=ObjectMeta(name=name),
            docker_image_reference=pull_spec,
            docker_image_metadata=_NO_METADATA,
            docker_image_metadata_version=METADATA_VERSION,
        )
    metadata = image.metadata
    if annotations:
        metadata = replace(metadata, annotations={**(metadata.annotations or {}), **annotations})
    return replace(
        image,
        kind="",
        api_version="",
        metadata=metadata,
        docker_image_reference=pull_spec,
        docker_image_manifest="",
        docker_image_config="",
    )
