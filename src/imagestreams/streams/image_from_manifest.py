"""An `Image` object from what a registry gave: a manifest and its config, or a list of manifests."""

import hashlib
from typing import Any, Final, TypeVar

import msgspec

from imagestreams.api.defaulting import METADATA_VERSION, default_image
from imagestreams.api.image import Image, ImageLayer, ImageManifest
from imagestreams.api.meta import ObjectMeta

DOCKER_MANIFEST: Final = "application/vnd.docker.distribution.manifest.v2+json"
DOCKER_LIST: Final = "application/vnd.docker.distribution.manifest.list.v2+json"
OCI_MANIFEST: Final = "application/vnd.oci.image.manifest.v1+json"
OCI_INDEX: Final = "application/vnd.oci.image.index.v1+json"
LISTS: Final = (DOCKER_LIST, OCI_INDEX)
LAYER_ORDER: Final = "image.openshift.io/dockerLayersOrder"

T = TypeVar("T")


class UnreadableManifest(ValueError):
    """A manifest or config is not what its media type says."""


class _Platform(msgspec.Struct):
    architecture: str = ""
    os: str = ""
    variant: str = ""


class _Descriptor(msgspec.Struct, rename="camel"):
    digest: str
    size: int
    media_type: str = ""
    platform: _Platform = msgspec.field(default_factory=_Platform)


class _Manifest(msgspec.Struct):
    config: _Descriptor
    layers: list[_Descriptor]


class _List(msgspec.Struct):
    manifests: list[_Descriptor]


class _Config(msgspec.Struct):
    architecture: str = ""
    author: str = ""
    comment: str = ""
    config: dict[str, Any] | None = None
    container: str = ""
    container_config: dict[str, Any] | None = None
    created: str | None = None
    docker_version: str = ""
    parent: str = ""


def digest_of(data: bytes) -> str:
    """Return the SHA-256 digest of some bytes as registries write it."""
    return "sha256:" + hashlib.sha256(data).hexdigest()


def config_digest(manifest: bytes) -> str:
    """Return the digest of the config that a single manifest names.

    Raises:
        UnreadableManifest: the manifest is not a Docker schema 2 or OCI image manifest.
    """
    return _decode(manifest, _Manifest).config.digest


def image_from_manifest(pull_spec: str, manifest: bytes, media_type: str, config: bytes | None, now: str) -> Image:
    """Describe an image the way the API serves it.

    Args:
        pull_spec: where the image was found, by digest.
        manifest: the manifest's bytes; their digest becomes the image's name.
        media_type: the manifest's media type, which decides between a list and a single image.
        config: the config blob of a single image; `None` for a list.
        now: the time of the import, which a list takes as its creation.

    Raises:
        UnreadableManifest: manifest or config is broken.
    """
    image = Image(
        metadata=ObjectMeta(name=digest_of(manifest)),
        docker_image_reference=pull_spec,
        docker_image_metadata_version=METADATA_VERSION,
        docker_image_manifest_media_type=media_type,
    )
    if media_type in LISTS:
        image.docker_image_manifests = [_listed(entry) for entry in _decode(manifest, _List).manifests]
        image.docker_image_metadata = {"Id": image.metadata.name, "Created": now}
    else:
        if config is None:
            raise UnreadableManifest("a single image needs its config")
        _describe(image, _decode(manifest, _Manifest), config)
    default_image(image)
    return image


def _listed(entry: _Descriptor) -> ImageManifest:
    return ImageManifest(
        digest=entry.digest,
        media_type=entry.media_type,
        manifest_size=entry.size,
        architecture=entry.platform.architecture,
        os=entry.platform.os,
        variant=entry.platform.variant,
    )


def _describe(image: Image, manifest: _Manifest, raw_config: bytes) -> None:
    config = _decode(raw_config, _Config)
    image.metadata.annotations = {LAYER_ORDER: "ascending"}
    image.docker_image_layers = [
        ImageLayer(name=layer.digest, size=layer.size, media_type=layer.media_type) for layer in manifest.layers
    ]
    # A layer that is used twice is stored, and counted, once.
    sizes = {layer.digest: layer.size for layer in manifest.layers}
    image.docker_image_metadata = {
        "Id": manifest.config.digest,
        "Parent": config.parent,
        "Comment": config.comment,
        "Created": config.created,
        "Container": config.container,
        "ContainerConfig": config.container_config,
        "DockerVersion": config.docker_version,
        "Author": config.author,
        "Config": config.config,
        "Architecture": config.architecture,
        "Size": sum(sizes.values()) + len(raw_config),
    }


def _decode(data: bytes, kind: type[T]) -> T:
    try:
        return msgspec.json.decode(data, type=kind)
    except msgspec.DecodeError as error:
        raise UnreadableManifest(f"unreadable {kind.__name__.strip('_').lower()}: {error}") from error
