"""`imagesignatures`: signatures of an image, kept in the image; each is named `IMAGE@SIGNATURE`.

They can be added and removed, not read: reading the image shows them.
"""

from typing import Final

from msgspec.structs import replace

from imagestreams.api.codec import copy, encode
from imagestreams.api.errors import already_exists, bad_request, invalid, not_found
from imagestreams.api.image import Image, ImageSignature
from imagestreams.api.meta import Status
from imagestreams.api.validation import validate_image_signature
from imagestreams.resources.images.images import check_signatures
from imagestreams.resources.resource import DeleteOptions, Item, RequestContext, Resource, ResourceInfo
from imagestreams.resources.storage import ObjectStorage, StaleObject
from imagestreams.resources.stored import fill_system_fields

GROUP: Final = "image.openshift.io"
_NAMED_IN_ERRORS: Final = "imageSignatures"

INFO: Final = ResourceInfo(
    group=GROUP,
    version="v1",
    plural="imagesignatures",
    singular="imagesignature",
    kind="ImageSignature",
    object_type=ImageSignature,
    verbs=frozenset({"create", "delete"}),
    namespaced=False,
)


class ImageSignatures(Resource):
    """The signatures of images."""

    info = INFO

    def __init__(self, images: ObjectStorage[Image]) -> None:
        self._images = images

    async def create(self, context: RequestContext, obj: ImageSignature) -> Item:
        check_signatures([obj], INFO.kind)
        fill_system_fields(obj, INFO, context.now)
        obj.conditions = obj.signed_claims = obj.created = obj.issued_by = obj.issued_to = None
        obj.image_identity = ""
        errors = validate_image_signature(obj)
        if errors:
            raise invalid(GROUP, INFO.kind, obj.metadata.name, errors)
        image_name, _, _ = obj.metadata.name.partition("@")
        while True:
            entry = self._images.get("", image_name)
            image = copy(entry.value)
            if any(_is_same(one, obj) for one in image.signatures or []):
                raise already_exists(GROUP, _NAMED_IN_ERRORS, obj.metadata.name)
            image.signatures = [*(image.signatures or []), replace(copy(obj), kind="", api_version="")]
            try:
                if not context.dry_run:
                    await self._images.replace(entry, image)
            except StaleObject:
                continue
            return Item(obj, encode(obj))

    async def delete(self, context: RequestContext, options: DeleteOptions) -> Item:
        image_name, _, name = context.name.partition("@")
        if not image_name or not name or "@" in name:
            raise bad_request("ImageSignatures must be accessed with <imageName>@<signatureName>")
        while True:
            entry = self._images.get("", image_name)
            image = copy(entry.value)
            remaining = [one for one in image.signatures or [] if one.metadata.name != context.name]
            if len(remaining) == len(image.signatures or []):
                raise not_found(GROUP, _NAMED_IN_ERRORS, context.name)
            image.signatures = remaining or None
            try:
                if not context.dry_run:
                    await self._images.replace(entry, image)
            except StaleObject:
                continue
            status = Status(kind="Status", api_version="v1", status="Success")
            return Item(status, encode(status))


def _is_same(one: ImageSignature, other: ImageSignature) -> bool:
    same_content = (one.type, one.content) == (other.type, other.content)
    return same_content or one.metadata.name == other.metadata.name
