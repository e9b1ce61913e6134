"""An `Image` object from a manifest of Docker's first format, as the real server makes it.

The format lists layers from the newest to the oldest and says nothing of their sizes, but for images of the oldest
builders. What is known of the image stands in the newest entry of its history.
"""

from collections.abc import Mapping
from typing import Any, Final

import msgspec

from imagestreams.api.defaulting import default_image
from imagestreams.api.foreign_json import UnreadableJson, read_foreign
from imagestreams.api.image import Image, ImageLayer
from imagestreams.api.meta import ObjectMeta
from imagestreams.streams.image_from_manifest import LAYER_ORDER, UnreadableManifest, digest_of, image_metadata

SCHEMA1: Final = "application/vnd.docker.distribution.manifest.v1+json"
SCHEMA1_LAYER: Final = "application/vnd.docker.container.image.rootfs.diff+x-gtar"


class _Layer(msgspec.Struct):
    blob_sum: str = msgspec.field(name="blobSum")


class _Step(msgspec.Struct):
    v1_compatibility: str = msgspec.field(name="v1Compatibility")


class _Manifest(msgspec.Struct):
    fs_layers: list[_Layer] = msgspec.field(name="fsLayers")
    history: list[_Step]


class _Sized(msgspec.Struct):
    size: int = msgspec.field(name="Size", default=0)


class _Identified(msgspec.Struct):
    id: str = ""


def image_from_schema1(pull_spec: str, manifest: bytes) -> Image:
    """Describe an image; where the manifest tells no sizes they are 0 and have to be filled in.

    Args:
        pull_spec: where the image was found, by digest.
        manifest: the manifest's content without signatures; its digest becomes the image's name.

    Raises:
        UnreadableManifest: the manifest is broken.
    """
    parsed = _read(manifest, _Manifest)
    if not parsed.history:
        raise UnreadableManifest("image has no v1Compatibility history and cannot be used")
    if len(parsed.history) != len(parsed.fs_layers):
        raise UnreadableManifest(
            f"the image {digest_of(manifest)} ({pull_spec}) has mismatched history and fslayer cardinality "
            f"({len(parsed.history)} != {len(parsed.fs_layers)})"
        )
    newest = parsed.history[0].v1_compatibility.encode()
    layers = [
        ImageLayer(name=layer.blob_sum, size=_size(step.v1_compatibility), media_type=SCHEMA1_LAYER)
        for layer, step in zip(reversed(parsed.fs_layers), reversed(parsed.history), strict=True)
    ]
    image = Image(
        metadata=ObjectMeta(name=digest_of(manifest), annotations={LAYER_ORDER: "ascending"}),
        docker_image_reference=pull_spec,
        docker_image_manifest_media_type=SCHEMA1,
        docker_image_layers=layers,
        docker_image_metadata=image_metadata(newest, _read(newest, _Identified).id, _total(layers)),
    )
    default_image(image)
    return image


def layers_to_measure(image: Image) -> list[str]:
    """Return the layers whose sizes have to be found out: all, each once, unless the manifest told some."""
    if (image.docker_image_metadata or {}).get("Size"):
        return []
    return list(dict.fromkeys(layer.name for layer in image.docker_image_layers or []))


def fill_sizes(image: Image, sizes: Mapping[str, int]) -> None:
    """Fill in sizes in bytes; a layer that is used again counts, and shows a size, only the first time."""
    measured: set[str] = set()
    for layer in image.docker_image_layers or []:
        if layer.name in sizes and layer.name not in measured:
            measured.add(layer.name)
            layer.size = sizes[layer.name]
    image.docker_image_metadata = {**(image.docker_image_metadata or {}), "Size": sum(sizes[name] for name in measured)}
    default_image(image)


def _total(layers: list[ImageLayer]) -> int:
    sizes: dict[str, int] = {}
    for layer in layers:
        sizes.setdefault(layer.name, layer.size)
    return sum(sizes.values())


def _size(step: str) -> int:
    try:
        return max(0, read_foreign(step.encode(), _Sized).size)
    except UnreadableJson:
        return 0


def _read(data: bytes, kind: type[Any]) -> Any:
    try:
        return read_foreign(data, kind)
    except UnreadableJson as error:
        raise UnreadableManifest(f"unreadable schema 1 manifest: {error}") from error
