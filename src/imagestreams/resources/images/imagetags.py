"""`imagetags`: what is wanted of a tag, its whole history and its image, each by itself.

An update must send metadata and status as they are and may change nothing but the spec.
"""

from collections.abc import Iterable

from imagestreams.access.authorization import Authorizer
from imagestreams.api.defaulting import default_image_tag
from imagestreams.api.errors import FieldError
from imagestreams.api.image import Image, ImageStream, ImageTag, TagReference
from imagestreams.api.validation import validate_image_tag, validate_image_tag_update
from imagestreams.resources.images.stream_tags import ImageStorages, TagResource, set_wish, tag_info
from imagestreams.resources.resource import TableView
from imagestreams.resources.stored import NamespaceGate
from imagestreams.streams.allowed_sources import refused_image_tag
from imagestreams.streams.history import history_of, spec_tag
from imagestreams.streams.tag_views import image_tag, image_tags


class ImageTags(TagResource[ImageTag]):
    """The tags of streams that are wanted or have a history."""

    kind_in_conflicts = "imagetags"
    kind_in_names = "ImageTags"

    def __init__(
        self, storages: ImageStorages, namespaces: NamespaceGate, authorizer: Authorizer, table: TableView
    ) -> None:
        super().__init__(storages, namespaces, authorizer)
        self.info = tag_info(ImageTag, "itag", table, self._fill)

    def _fill(self, value: ImageTag) -> None:
        default_image_tag(value, self._rules.import_mode())

    def view(self, stream: ImageStream, tag: str, image: Image | None) -> ImageTag:
        return image_tag(stream, tag, image)

    def is_there(self, stream: ImageStream, tag: str) -> bool:
        return spec_tag(stream, tag) is not None or history_of(stream, tag) is not None

    def needs_image(self) -> bool:
        return False

    def views(self, stream: ImageStream) -> Iterable[tuple[str, ImageTag]]:
        return image_tags(stream)

    def wish(self, value: ImageTag) -> TagReference | None:
        return value.spec

    def prepare(self, value: ImageTag, tag: str) -> None:
        self._fill(value)
        value.status, value.image = None, None
        if value.spec is not None:
            value.spec.name = value.spec.name or tag

    def prepare_update(self, value: ImageTag, old: ImageTag) -> None:
        self._fill(value)
        value.image = old.image

    def validate(self, value: ImageTag, tag: str) -> list[FieldError]:
        refused = refused_image_tag(value, None, self._rules.allowed())
        return validate_image_tag(value, tag) + refused

    def validate_update(self, value: ImageTag, old: ImageTag, tag: str) -> list[FieldError]:
        refused = refused_image_tag(value, old, self._rules.allowed())
        return validate_image_tag_update(value, old, tag) + refused

    def apply(self, stream: ImageStream, value: ImageTag, tag: str) -> None:
        if value.spec is not None:
            set_wish(stream, value.spec, tag)
        else:
            stream.spec.tags = [wish for wish in stream.spec.tags or [] if wish.name != tag]
