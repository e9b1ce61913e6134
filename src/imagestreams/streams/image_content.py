"""What the server reads out of a manifest that came with an image, and which new content may replace the old.

A registry that has received an image may send its manifest and config along. An image is named by the digest of its
manifest, so whoever changes these later must send bytes that fit.
"""

from typing import Final

import msgspec

from imagestreams.api.foreign_json import UnreadableJson, read_foreign
from imagestreams.api.image import Image
from imagestreams.streams.image_from_manifest import (
    DOCKER_MANIFEST,
    LAYER_ORDER,
    LISTS,
    OCI_MANIFEST,
    UnreadableManifest,
    config_digest,
    digest_of,
    image_from_manifest,
)

BLOB_STORED: Final = "image.openshift.io/manifestBlobStored"
"""The annotation of an image whose manifest a registry keeps, so that we need not."""

_SINGLE: Final = (DOCKER_MANIFEST, OCI_MANIFEST)


class _MediaType(msgspec.Struct, rename="camel"):
    media_type: str = ""


def fill_from_manifest(image: Image, now: str) -> None:
    """Fill in layers, metadata and media type, as far as they are missing, from the manifest and config sent along.

    What can't be read is left out, as on the real server: the registry that sent it has it anyway.
    """
    if not image.docker_image_manifest:
        return
    _order_layers(image)
    metadata = image.docker_image_metadata or {}
    if image.docker_image_layers and metadata.get("Size") and image.docker_image_manifest_media_type:
        return
    manifest = image.docker_image_manifest.encode()
    try:
        stated = read_foreign(manifest, _MediaType).media_type
        media_type = stated or image.docker_image_manifest_media_type or DOCKER_MANIFEST
        config = image.docker_image_config.encode() if image.docker_image_config else None
        found = image_from_manifest(image.docker_image_reference, manifest, media_type, config, now)
    except (UnreadableManifest, UnreadableJson):
        return
    image.docker_image_manifest_media_type = media_type
    image.docker_image_metadata = found.docker_image_metadata
    if media_type in LISTS:
        image.docker_image_manifests = found.docker_image_manifests
        image.docker_image_metadata = {**(found.docker_image_metadata or {}), "Id": image.metadata.name}
        return
    if not image.docker_image_layers:
        image.docker_image_layers = found.docker_image_layers
        image.metadata.annotations = {**(image.metadata.annotations or {}), LAYER_ORDER: "ascending"}


def _order_layers(image: Image) -> None:
    """Bring layers into ascending order; of a manifest of today that does not tell, they count as descending."""
    if not image.docker_image_layers:
        return
    annotations = image.metadata.annotations or {}
    order = annotations.get(LAYER_ORDER)
    if order is None and image.docker_image_manifest_media_type not in _SINGLE:
        return
    if order in {None, "descending"}:
        image.docker_image_layers = image.docker_image_layers[::-1]
    image.metadata.annotations = {**annotations, LAYER_ORDER: "ascending"}


def drop_stored_blobs(image: Image) -> None:
    """Leave out manifest and config where a registry keeps them."""
    if (image.metadata.annotations or {}).get(BLOB_STORED) == "true":
        image.docker_image_manifest = image.docker_image_config = ""


def keep_content(image: Image, old: Image) -> None:
    """Put back what may not change of an image; manifest and config may be given where they fit its name."""
    image.docker_image_metadata = old.docker_image_metadata
    image.docker_image_metadata_version = old.docker_image_metadata_version
    image.docker_image_layers = old.docker_image_layers
    image.docker_image_manifests = old.docker_image_manifests or image.docker_image_manifests
    if old.docker_image_signatures is not None:
        image.docker_image_signatures = old.docker_image_signatures
    manifest, config = image.docker_image_manifest, image.docker_image_config
    if manifest and manifest != old.docker_image_manifest and digest_of(manifest.encode()) != old.metadata.name:
        image.docker_image_manifest = old.docker_image_manifest
    if config and config != old.docker_image_config and not _is_config_of(image, config):
        image.docker_image_config = old.docker_image_config


def _is_config_of(image: Image, config: str) -> bool:
    if image.docker_image_manifest_media_type not in _SINGLE:
        return False
    try:
        return config_digest(image.docker_image_manifest.encode()) == digest_of(config.encode())
    except UnreadableManifest:
        return False
