"""Which blobs and images a stream gives access to: those of all images in its history, and of their sub-manifests."""

from collections.abc import Callable
from typing import Final

from msgspec.structs import replace

from imagestreams.api.image import Image, ImageBlobReferences, ImageLayerData, ImageStream, ImageStreamLayers
from imagestreams.streams.image_from_manifest import DOCKER_MANIFEST, OCI_MANIFEST

FindImage = Callable[[str], Image | None]

_CONFIG_TYPES: Final = {
    DOCKER_MANIFEST: "application/vnd.docker.container.image.v1+json",
    OCI_MANIFEST: "application/vnd.oci.image.config.v1+json",
}


def layers_of(stream: ImageStream, find: FindImage) -> ImageStreamLayers:
    """Return all blobs and images of a stream; an image that `find` does not know is marked as missing."""
    blobs: dict[str, ImageLayerData] = {}
    images: dict[str, ImageBlobReferences] = {}
    for history in stream.status.tags or []:
        for event in history.items or []:
            if event.image:
                _add(event.image, find, blobs, images)
    return ImageStreamLayers(
        kind="ImageStreamLayers",
        api_version="image.openshift.io/v1",
        metadata=replace(stream.metadata),
        blobs=dict(sorted(blobs.items())),
        images=dict(sorted(images.items())),
    )


def _add(name: str, find: FindImage, blobs: dict[str, ImageLayerData], images: dict[str, ImageBlobReferences]) -> None:
    # Lists are walked without recursion: a hostile chain of lists must not exhaust the stack.
    waiting = [name]
    while waiting:
        current = waiting.pop()
        if current in images:
            continue
        image = find(current)
        if image is None:
            images[current] = ImageBlobReferences(image_missing=True)
            continue
        images[current] = _describe(current, image, blobs)
        waiting += images[current].manifests or []


def _describe(name: str, image: Image, blobs: dict[str, ImageLayerData]) -> ImageBlobReferences:
    for layer in image.docker_image_layers or []:
        blobs.setdefault(layer.name, ImageLayerData(size=layer.size, media_type=layer.media_type))
    media_type = image.docker_image_manifest_media_type or DOCKER_MANIFEST
    config = _config_of(image)
    if config is not None:
        config_type = _CONFIG_TYPES[image.docker_image_manifest_media_type]
        blobs.setdefault(config, ImageLayerData(media_type=config_type))
    blobs.setdefault(name, ImageLayerData(media_type=media_type))
    return ImageBlobReferences(
        layers=[layer.name for layer in image.docker_image_layers or []] or None,
        config=config,
        manifests=[manifest.digest for manifest in image.docker_image_manifests or []] or None,
    )


def _config_of(image: Image) -> str | None:
    if image.docker_image_manifest_media_type not in _CONFIG_TYPES:
        return None
    digest = (image.docker_image_metadata or {}).get("Id")
    return digest if isinstance(digest, str) and digest else None


def image_names(stream: ImageStream, find: FindImage) -> set[str]:
    """Return the names of all images of a stream, with the sub-manifests of lists."""
    found: set[str] = set()
    waiting = [event.image for history in stream.status.tags or [] for event in history.items or [] if event.image]
    while waiting:
        name = waiting.pop()
        if name in found:
            continue
        found.add(name)
        image = find(name)
        waiting += (
            [manifest.digest for manifest in (image.docker_image_manifests or []) if manifest.digest]
            if (image is not None)
            else []
        )
    return found
