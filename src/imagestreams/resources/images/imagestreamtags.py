"""`imagestreamtags`: one tag of a stream with the image that it points to.

The annotations of such an object are those of the spec tag, which shows them too; only `metadata.annotations` counts.
"""

from collections.abc import Iterable

from imagestreams.access.authorization import Authorizer
from imagestreams.api.defaulting import default_image_stream_tag
from imagestreams.api.errors import FieldError, bad_request
from imagestreams.api.image import Image, ImageStream, ImageStreamTag, TagReference
from imagestreams.api.validation import validate_image_stream_tag, validate_image_stream_tag_update
from imagestreams.resources.images.stream_tags import ImageStorages, TagResource, set_wish, tag_info
from imagestreams.resources.resource import TableView
from imagestreams.resources.stored import NamespaceGate
from imagestreams.streams.allowed_sources import refused_image_stream_tag
from imagestreams.streams.history import spec_tag
from imagestreams.streams.tag_views import current_image, image_stream_tag, image_stream_tags


class ImageStreamTags(TagResource[ImageStreamTag]):
    """The tags of streams that point to an image."""

    kind_in_conflicts = "imagestreamtag"
    kind_in_names = "ImageStreamTags"

    def __init__(
        self, storages: ImageStorages, namespaces: NamespaceGate, authorizer: Authorizer, table: TableView
    ) -> None:
        super().__init__(storages, namespaces, authorizer)
        self.info = tag_info(ImageStreamTag, "istag", table, self._fill)

    def _fill(self, value: ImageStreamTag) -> None:
        default_image_stream_tag(value, self._rules.import_mode())

    def view(self, stream: ImageStream, tag: str, image: Image | None) -> ImageStreamTag:
        return image_stream_tag(stream, tag, image)

    def is_there(self, stream: ImageStream, tag: str) -> bool:
        return current_image(stream, tag) is not None

    def needs_image(self) -> bool:
        return True

    def views(self, stream: ImageStream) -> Iterable[tuple[str, ImageStreamTag]]:
        return image_stream_tags(stream)

    def wish(self, value: ImageStreamTag) -> TagReference | None:
        return value.tag

    def prepare(self, value: ImageStreamTag, tag: str) -> None:
        self._fill(value)
        value.conditions, value.image = None, Image()
        if value.tag is not None:
            value.tag.name = value.tag.name or tag

    def prepare_update(self, value: ImageStreamTag, old: ImageStreamTag) -> None:
        self._fill(value)
        value.conditions, value.image = old.conditions, old.image
        # The labels are the stream's; older clients do not send them back.
        value.metadata.labels = value.metadata.labels or old.metadata.labels
        if value.tag is not None:
            value.tag.annotations = value.metadata.annotations

    def validate(self, value: ImageStreamTag, tag: str) -> list[FieldError]:
        refused = refused_image_stream_tag(value, None, self._rules.allowed())
        return validate_image_stream_tag(value) + refused

    def validate_update(self, value: ImageStreamTag, old: ImageStreamTag, tag: str) -> list[FieldError]:
        refused = refused_image_stream_tag(value, old, self._rules.allowed())
        return validate_image_stream_tag_update(value, old) + refused

    def apply(self, stream: ImageStream, value: ImageStreamTag, tag: str) -> None:
        wish = value.tag or spec_tag(stream, tag)
        if wish is None:
            where = f"{stream.metadata.namespace}/{stream.metadata.name}"
            detail = f"imagestreamtag {tag} is not a spec tag in imagestream {where}, cannot be updated"
            raise bad_request(detail)
        wish.annotations = value.metadata.annotations or None
        set_wish(stream, wish, tag)
