"""`imagestreammappings`: a registry tells that it has received an image under a tag of a stream.

The image is stored unless it is there already, which is then left as it is, and the tag and all that follow it point
to it. The spec is not touched, so the stream's generation stays.
"""

from dataclasses import replace
from typing import Final

from imagestreams.api.codec import copy, encode
from imagestreams.api.defaulting import default_image_stream_mapping
from imagestreams.api.errors import ApiError, invalid, not_found
from imagestreams.api.image import ImageStream, ImageStreamMapping, TagEvent
from imagestreams.api.meta import Status
from imagestreams.api.validation import validate_image_stream_mapping
from imagestreams.reference import ImageReference, InvalidReference, parse
from imagestreams.resources.images.images import ImageStrategy, check_metadata, check_signatures, new_image
from imagestreams.resources.images.imagestreams import RegistryHosts
from imagestreams.resources.images.stream_tags import GROUP, ImageStorages
from imagestreams.resources.resource import Item, RequestContext, Resource, ResourceInfo
from imagestreams.resources.storage import StaleObject
from imagestreams.resources.stored import NamespaceGate, admit_identity, fill_system_fields
from imagestreams.store.cache import Entry
from imagestreams.streams.allowed_sources import refused_history
from imagestreams.streams.history import record_event
from imagestreams.streams.tracking import follow_tags

MANAGED: Final = "openshift.io/image.managed"
"""The annotation of an image that our own registry holds."""

INFO: Final = ResourceInfo(
    group=GROUP,
    version="v1",
    plural="imagestreammappings",
    singular="imagestreammapping",
    kind="ImageStreamMapping",
    object_type=ImageStreamMapping,
    verbs=frozenset({"create"}),
)


class ImageStreamMappings(Resource):
    """Mappings are done, not kept; a dry run changes nothing."""

    info = INFO

    def __init__(self, storages: ImageStorages, hosts: RegistryHosts, namespaces: NamespaceGate) -> None:
        self._storages = storages
        self._hosts = hosts
        self._admit_namespace = namespaces
        self._images = ImageStrategy()

    async def create(self, context: RequestContext, obj: ImageStreamMapping) -> Item:
        admit_identity(context, obj, INFO)
        self._admit_namespace(context.namespace)
        fill_system_fields(obj, INFO, context.now)
        self._prepare(obj)
        errors = validate_image_stream_mapping(obj)
        if errors:
            raise invalid(GROUP, INFO.kind, obj.metadata.name, errors)
        self._stream(context, obj)
        existed = await self._store_image(context, obj)
        await self._point_tag(context, obj, existed=existed)
        status = Status(kind="Status", api_version="v1", status="Success", code=201)
        return Item(status, encode(status))

    def _prepare(self, mapping: ImageStreamMapping) -> None:
        check_metadata(mapping.image, INFO.kind)
        check_signatures(mapping.image.signatures or [], INFO.kind)
        default_image_stream_mapping(mapping)
        metadata, image = mapping.metadata, mapping.image
        if not image.docker_image_reference and self._hosts.internal:
            place = ImageReference(self._hosts.internal, metadata.namespace, metadata.name, id=image.metadata.name)
            image.docker_image_reference = place.exact()
        image.signatures = None

    def _stream(self, context: RequestContext, mapping: ImageStreamMapping) -> Entry[ImageStream]:
        entry = self._storages.streams.find(context.namespace, mapping.metadata.name)
        if entry is None:
            raise not_found(GROUP, INFO.plural, mapping.metadata.name)
        return entry

    async def _store_image(self, context: RequestContext, mapping: ImageStreamMapping) -> bool:
        """Store the image; return whether it was there already."""
        name = mapping.image.metadata.name
        if self._storages.image(name) is not None:
            return True
        image = new_image(copy(mapping.image), context.now)
        await self._images.prepare_create(context, image)
        errors = self._images.validate(image)
        if errors:
            raise invalid(GROUP, "Image", name, errors)
        if context.dry_run:
            return False
        try:
            await self._storages.images.create(image)
        except ApiError as error:
            if error.status.reason != "AlreadyExists":
                raise
            return True
        return False

    async def _point_tag(self, context: RequestContext, mapping: ImageStreamMapping, *, existed: bool) -> None:
        image = mapping.image
        while True:
            entry = self._stream(context, mapping)
            stream = copy(entry.value)
            pull_spec = image.docker_image_reference
            if existed and (image.metadata.annotations or {}).get(MANAGED) == "true":
                pull_spec = _within(stream, image.metadata.name) or pull_spec
            event = TagEvent(
                created=context.now,
                docker_image_reference=pull_spec,
                image=image.metadata.name,
                generation=stream.metadata.generation,
            )
            if not record_event(stream, mapping.tag, event):
                return
            follow_tags(stream, [mapping.tag])
            if errors := refused_history(stream, entry.value, self._storages.rules.allowed()):
                raise invalid(GROUP, "ImageStream", mapping.metadata.name, errors)
            if context.dry_run:
                return
            try:
                await self._storages.streams.replace(entry, stream)
            except StaleObject:
                continue
            return


def _within(stream: ImageStream, digest: str) -> str | None:
    """Return the pull spec of an image in the stream's own repository."""
    try:
        place = parse(stream.status.docker_image_repository or stream.spec.docker_image_repository)
    except InvalidReference:
        return None
    return replace(place, id=digest).exact()
