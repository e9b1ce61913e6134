"""`imagestreamimages`: an image seen through a stream that has it, now or in its history.

The name is `STREAM@` and a digest or the beginning of one. The sub-manifests of a list belong to the stream too.
"""

from collections.abc import Mapping

from imagestreams.api.codec import encode
from imagestreams.api.errors import bad_request, not_found
from imagestreams.api.image import Image, ImageStreamImage
from imagestreams.resources.images.stream_tags import GROUP, ImageStorages
from imagestreams.resources.images.view_memo import VIEW_BYTES, ViewMemo
from imagestreams.resources.resource import Item, RequestContext, Resource, ResourceInfo, TableView
from imagestreams.resources.storage import unnameable
from imagestreams.streams.image_layers import image_names
from imagestreams.streams.resolve_tags import matches_digest
from imagestreams.streams.tag_views import image_stream_image


class ImageStreamImages(Resource):
    """The images of streams."""

    def __init__(self, storages: ImageStorages, table: TableView) -> None:
        self._storages = storages
        self._memo: ViewMemo[Item] = ViewMemo()
        self.info = ResourceInfo(
            group=GROUP,
            version="v1",
            plural="imagestreamimages",
            singular="imagestreamimage",
            kind="ImageStreamImage",
            object_type=ImageStreamImage,
            verbs=frozenset({"get"}),
            short_names=("isimage",),
            table=table,
        )

    async def get(self, context: RequestContext, options: Mapping[str, str]) -> Item:
        key = context.namespace, context.name
        streams, images = self._storages.streams, self._storages.images
        known = self._memo.find(key)
        if known is not None:
            made_of, image_entry, item, _ = known
            same = streams.cache.get(made_of.key) is made_of
            if same and image_entry is not None and images.cache.get(image_entry.key) is image_entry:
                return item
        name, _, digest = context.name.partition("@")
        if not name or not digest or "@" in digest:
            raise bad_request("ImageStreamImages must be retrieved with <name>@<id>")
        entry = streams.find(context.namespace, name)
        if entry is None:
            raise unnameable(name) or not_found(GROUP, self.info.plural, name)
        fitting = sorted(one for one in image_names(entry.value, self._image) if matches_digest(one, digest))
        if not fitting:
            raise not_found(GROUP, self.info.singular, context.name)
        # Of several the real server gives any; an image that is there is worth more than one that is not.
        chosen = next((one for one in fitting if self._storages.image(one) is not None), fitting[0])
        image = self._storages.image(chosen)
        if image is None:
            raise not_found(GROUP, self.info.plural, chosen)
        view = image_stream_image(entry.value, context.name, image.value)
        item = Item(view, encode(view))
        return self._memo.keep(key, entry, image, item, len(item.encoded) + VIEW_BYTES)

    def _image(self, name: str) -> Image | None:
        entry = self._storages.image(name)
        return entry.value if entry is not None else None
