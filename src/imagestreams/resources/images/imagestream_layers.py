"""`imagestreams/NAME/layers`: the blobs and images that a stream gives access to."""

from collections.abc import Mapping
from typing import Final

from imagestreams.api.codec import encode
from imagestreams.api.image import Image, ImageStreamLayers
from imagestreams.resources.images.stream_tags import GROUP, ImageStorages
from imagestreams.resources.resource import Item, RequestContext, Resource, ResourceInfo
from imagestreams.streams.image_layers import layers_of

INFO: Final = ResourceInfo(
    group=GROUP,
    version="v1",
    plural="imagestreams",
    subresource="layers",
    kind="ImageStreamLayers",
    object_type=ImageStreamLayers,
    verbs=frozenset({"get"}),
)


class ImageStreamLayersResource(Resource):
    """The layers of streams; who may read them may pull from the stream."""

    info = INFO

    def __init__(self, storages: ImageStorages) -> None:
        self._storages = storages

    async def get(self, context: RequestContext, options: Mapping[str, str]) -> Item:
        stream = self._storages.streams.get(context.namespace, context.name).value
        layers = layers_of(stream, self._image)
        return Item(layers, encode(layers))

    def _image(self, name: str) -> Image | None:
        entry = self._storages.image(name)
        return entry.value if entry is not None else None
