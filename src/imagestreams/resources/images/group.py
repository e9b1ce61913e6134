"""The whole group `image.openshift.io/v1`, made of its storages, but for imports, which need a registry client."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from imagestreams.access.authorization import Authorizer
from imagestreams.api.core import Secret
from imagestreams.api.image import Image, ImageStream
from imagestreams.resources.images.image_rules import NO_RULES, ImageRules
from imagestreams.resources.images.images import ImageStrategy, image_storage
from imagestreams.resources.images.imagesignatures import ImageSignatures
from imagestreams.resources.images.imagestream_layers import ImageStreamLayersResource
from imagestreams.resources.images.imagestream_secrets import ImageStreamSecrets
from imagestreams.resources.images.imagestreamimages import ImageStreamImages
from imagestreams.resources.images.imagestreammappings import ImageStreamMappings
from imagestreams.resources.images.imagestreams import (
    InternalStreamStrategy,
    RegistryHosts,
    StreamStatusResource,
    StreamStrategy,
    stream_storage,
)
from imagestreams.resources.images.imagestreamtags import ImageStreamTags
from imagestreams.resources.images.imagetags import ImageTags
from imagestreams.resources.images.stream_tags import ImageStorages
from imagestreams.resources.images.tables import (
    image_stream_image_table,
    image_stream_tag_table,
    image_table,
    image_tag_table,
    stream_table,
)
from imagestreams.resources.resource import Resource
from imagestreams.resources.storage import ObjectStorage
from imagestreams.resources.stored import NamespaceGate, StoredResource
from imagestreams.store.cache import ObservableStore


@dataclass(frozen=True, slots=True)
class ImageGroup:
    """The storages of streams and images, and the resources that are served over them.

    `writer` writes spec and status of a stream together, under the rules for generations and tags that follow.
    """

    streams: ObjectStorage[ImageStream]
    images: ObjectStorage[Image]
    writer: StoredResource[ImageStream]
    resources: list[Resource]

    async def start(self) -> None:
        """Load what is stored."""
        await self.streams.cache.start()
        await self.images.cache.start()

    def stop(self) -> None:
        """Follow the store no longer."""
        self.streams.cache.stop()
        self.images.cache.stop()


def image_group(
    store: ObservableStore,
    *,
    secrets: ObjectStorage[Secret],
    hosts: RegistryHosts,
    authorizer: Authorizer,
    namespaces: NamespaceGate,
    clock: Callable[[], datetime],
    rules: ImageRules = NO_RULES,
) -> ImageGroup:
    """Make the group's resources; the storages have to be started before they are used."""
    streams = stream_storage(store, hosts, stream_table(clock), rules)
    images = image_storage(store, image_table())
    writer = StoredResource(streams, InternalStreamStrategy(streams, authorizer, hosts, rules), namespaces)
    storages = ImageStorages(streams, images, writer, rules)
    resources: list[Resource] = [
        StoredResource(streams, StreamStrategy(streams, authorizer, hosts, rules), namespaces),
        StreamStatusResource(streams, namespaces, rules),
        ImageStreamLayersResource(storages),
        ImageStreamSecrets(secrets),
        StoredResource(images, ImageStrategy(), namespaces),
        ImageSignatures(images),
        ImageStreamTags(storages, namespaces, authorizer, image_stream_tag_table(clock)),
        ImageTags(storages, namespaces, authorizer, image_tag_table(clock)),
        ImageStreamImages(storages, image_stream_image_table(clock)),
        ImageStreamMappings(storages, hosts, namespaces),
    ]
    return ImageGroup(streams, images, writer, resources)
