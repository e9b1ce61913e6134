"""Images: cluster-wide, named by digest, and never changed in content once they are stored."""

import sys
import uuid
from collections.abc import Iterable
from typing import Any, Final

from imagestreams.api.defaulting import default_image
from imagestreams.api.errors import FieldError, bad_request
from imagestreams.api.go_base64 import corrupt_at
from imagestreams.api.image import Image, ImageSignature
from imagestreams.api.image_metadata import metadata_misfit
from imagestreams.api.metadata.object_meta_validation import path_segment_problems
from imagestreams.api.validation import validate_image
from imagestreams.resources.resource import RequestContext, ResourceInfo, TableView
from imagestreams.resources.storage import ObjectStorage
from imagestreams.resources.stored import Strategy
from imagestreams.store.cache import ObservableStore
from imagestreams.streams.image_content import drop_stored_blobs, fill_from_manifest, keep_content

GROUP: Final = "image.openshift.io"
_SHARED_MAX_CHARACTERS: Final = 256
_MANAGED_SIGNATURE: Final = "image.openshift.io/managed-signature"


def image_info(table: TableView | None) -> ResourceInfo:
    """Describe the resource."""
    return ResourceInfo(
        group=GROUP,
        version="v1",
        plural="images",
        singular="image",
        kind="Image",
        object_type=Image,
        verbs=frozenset({"create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"}),
        namespaced=False,
        storage_version_hash="FX/i8Tt+3Fc=",
        table=table,
    )


def image_storage(store: ObservableStore, table: TableView | None = None) -> ObjectStorage[Image]:
    """Return the storage of images."""
    return ObjectStorage(store, image_info(table), Image, served=_share_texts)


def _share_texts(image: Image) -> Image:
    """Let equal texts of all images be one in memory: many share base layers, media types and environment."""
    image.kind, image.api_version = sys.intern(image.kind), sys.intern(image.api_version)
    image.docker_image_manifest_media_type = sys.intern(image.docker_image_manifest_media_type)
    if image.metadata.annotations:
        image.metadata.annotations = _shared(image.metadata.annotations)
    image.docker_image_metadata = _shared(image.docker_image_metadata)
    for layer in image.docker_image_layers or []:
        layer.name, layer.media_type = sys.intern(layer.name), sys.intern(layer.media_type)
    for manifest in image.docker_image_manifests or []:
        manifest.digest, manifest.media_type = sys.intern(manifest.digest), sys.intern(manifest.media_type)
    return image


def _shared(value: Any) -> Any:
    if isinstance(value, str):
        return sys.intern(value) if len(value) <= _SHARED_MAX_CHARACTERS else value
    if isinstance(value, dict):
        return {_shared(key): _shared(each) for key, each in value.items()}
    return [_shared(each) for each in value] if isinstance(value, list) else value


def new_image(image: Image, now: str) -> Image:
    """Give an image that did not come as an object of its own what only the server decides."""
    image.kind, image.api_version = "Image", f"{GROUP}/v1"
    metadata = image.metadata
    metadata.uid, metadata.creation_timestamp, metadata.resource_version = str(uuid.uuid4()), now, ""
    metadata.namespace, metadata.generation = "", 0
    return image


class ImageStrategy(Strategy[Image]):
    """How images are written."""

    async def prepare_create(self, context: RequestContext, value: Image) -> None:
        check_metadata(value, "Image")
        check_signatures(value.signatures or [], "Image")
        default_image(value)
        fill_from_manifest(value, context.now)
        default_image(value)
        drop_stored_blobs(value)
        _drop_managed_annotation(value)

    async def prepare_update(self, context: RequestContext, value: Image, old: Image) -> None:
        check_signatures(value.signatures or [], "Image")
        keep_content(value, old)
        fill_from_manifest(value, context.now)
        default_image(value)
        drop_stored_blobs(value)
        _drop_managed_annotation(value)

    def validate_name(self, name: str) -> list[str]:
        return path_segment_problems(name)

    def validate(self, value: Image) -> list[FieldError]:
        return validate_image(value)


def check_metadata(image: Image, kind: str) -> None:
    """Check that an image's metadata can be read by those who know its type.

    Raises:
        ApiError: 400, a value has the wrong type; `kind` is that of the object that was sent.
    """
    misfit = metadata_misfit(image.docker_image_metadata)
    if misfit is not None:
        raise bad_request(f'{kind} in version "v1" cannot be handled as a {kind}: {misfit}')


def check_signatures(signatures: Iterable[ImageSignature], kind: str) -> None:
    """Check that what signatures hold is base64.

    Raises:
        ApiError: 400, one is not; `kind` is that of the object that was sent.
    """
    for signature in signatures:
        position = corrupt_at(signature.content or "")
        if position is not None:
            problem = f"illegal base64 data at input byte {position}"
            raise bad_request(f'{kind} in version "v1" cannot be handled as a {kind}: {problem}')


def _drop_managed_annotation(image: Image) -> None:
    for signature in image.signatures or []:
        if signature.metadata.annotations is not None:
            signature.metadata.annotations.pop(_MANAGED_SIGNATURE, None)
