"""Imports as the server does them, without a server: what the fixture `import_room` gives."""

import contextlib
import json
import ssl
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

from imagestreams.access.identity import User
from imagestreams.api.codec import copy, encode, from_dict
from imagestreams.api.core import Secret
from imagestreams.api.defaulting import default_image_stream
from imagestreams.api.image import Image, ImageStream, ImageStreamImport
from imagestreams.api.meta import ObjectMeta
from imagestreams.importing.importer import Importer, ImportSettings
from imagestreams.registries.client import RegistryClient
from imagestreams.registries.limits import Limits
from imagestreams.registries.policy import RegistryPolicy
from imagestreams.resources.images.imagestreamimports import ImageStreamImports
from imagestreams.resources.resource import RequestContext, ResourceInfo
from imagestreams.resources.storage import ObjectStorage
from imagestreams.store.sqlite import SQLiteStore
from imagestreams.streams.spec_generation import keep_generations, stamp_generations


class ImportRoom:
    """A store with the resources that imports need, on a registry client that trusts the secure registry."""

    def __init__(self, store: SQLiteStore, client: RegistryClient, settings: ImportSettings) -> None:
        self.client = client
        self.policy = RegistryPolicy()
        self.streams = ObjectStorage(store, _info("imagestreams", ImageStream), ImageStream, served=_served)
        self.images = ObjectStorage(store, _info("images", Image, namespaced=False), Image)
        self.secrets = ObjectStorage(store, _info("secrets", Secret, group=""), Secret)
        importer = Importer(client, settings, lambda: self.policy)
        self.imports = ImageStreamImports(importer, self.streams, self.images, self.secrets, lambda namespace: None)

    async def start(self) -> None:
        for storage in (self.streams, self.images, self.secrets):
            await storage.cache.start()

    async def run(
        self,
        spec: dict[str, Any],
        *,
        name: str = "s",
        namespace: str = "ns",
        now: str = "2026-01-01T00:00:00Z",
        dry_run: bool = False,
        **metadata: Any,
    ) -> dict[str, Any]:
        """POST an import and return its answer as JSON; `import` is true unless the spec says otherwise."""
        body = {"metadata": {"name": name, **metadata}, "spec": {"import": True, **spec}}
        context = RequestContext(User("tester"), now, namespace=namespace, name=name, dry_run=dry_run)
        item = await self.imports.create(context, from_dict(body, ImageStreamImport))
        answer: dict[str, Any] = json.loads(item.encoded)
        return answer

    def stream(self, name: str = "s", namespace: str = "ns") -> dict[str, Any]:
        answer: dict[str, Any] = json.loads(self.streams.get(namespace, name).encoded)
        return answer

    async def add_stream(self, spec: dict[str, Any], *, name: str = "s", namespace: str = "ns", **meta: Any) -> None:
        """Store a stream as a client's POST would, each spec tag with generation 1."""
        metadata = {"name": name, "namespace": namespace, "uid": "u-" + name, "generation": 1, **meta}
        stream = from_dict({"metadata": metadata, "spec": spec}, ImageStream)
        stream.kind, stream.api_version = "ImageStream", "image.openshift.io/v1"
        default_image_stream(stream)
        stamp_generations(stream, None)
        await self.streams.create(stream)

    async def change_stream(
        self, change: Callable[[ImageStream], None], name: str = "s", namespace: str = "ns"
    ) -> None:
        """Change a stream's spec as a client's PUT would."""
        entry = self.streams.get(namespace, name)
        stream = copy(entry.value)
        change(stream)
        keep_generations(stream, entry.value)
        stream.metadata.generation += encode(stream.spec) != encode(entry.value.spec)
        stamp_generations(stream, entry.value)
        await self.streams.replace(entry, stream)

    async def add_secret(self, config: str, *, name: str = "pull", namespace: str = "ns", **metadata: Any) -> None:
        await self.secrets.create(
            Secret(
                kind="Secret",
                api_version="v1",
                metadata=ObjectMeta(name=name, namespace=namespace, **metadata),
                type="kubernetes.io/dockerconfigjson",
                data={".dockerconfigjson": config},
            )
        )


def _info(plural: str, kind: type[Any], *, group: str = "image.openshift.io", namespaced: bool = True) -> ResourceInfo:
    return ResourceInfo(group, "v1", plural, kind.__name__, kind, frozenset(), namespaced=namespaced)


def _served(stream: ImageStream) -> ImageStream:
    stream.status.docker_image_repository = f"our.registry/{stream.metadata.namespace}/{stream.metadata.name}"
    return stream


@contextlib.asynccontextmanager
async def opened(directory: Path, trust: ssl.SSLContext) -> AsyncIterator[ImportRoom]:
    store = SQLiteStore.open(directory)
    limits = Limits(connect_s=2, total_s=10, attempts=2, backoff_s=0.01, longest_wait_s=1)
    async with RegistryClient(limits, trust=trust) as client:
        room = ImportRoom(store, client, ImportSettings(tags_max=50))
        await room.start()
        yield room
    await store.close()
