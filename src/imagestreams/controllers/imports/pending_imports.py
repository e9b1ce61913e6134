"""Which imports were asked for and are not done yet, kept in the store.

Whoever tells of a push is answered only when this is written, for he will not tell again: a server that dies before the
import does it when it comes back. The records are not served.
"""

from collections.abc import Collection, Iterator
from typing import Final

import msgspec

from imagestreams.api.core import Stored
from imagestreams.api.errors import ApiError
from imagestreams.api.meta import ObjectMeta
from imagestreams.resources.resource import ResourceInfo
from imagestreams.resources.storage import ObjectStorage, StaleObject
from imagestreams.store.cache import ObservableStore


class PendingImport(Stored):
    """The tags of one stream, by whose namespace and name the record is called."""

    tags: list[str] = msgspec.field(default_factory=lambda: [])


_INFO: Final = ResourceInfo("imagestreams.dev", "v1", "pendingimports", "PendingImport", PendingImport, frozenset())


class PendingImports:
    """The records, by the keys of their streams; `start` before, `stop` after they are used."""

    def __init__(self, store: ObservableStore, streams_prefix: str) -> None:
        self._records = ObjectStorage(store, _INFO, PendingImport)
        self._prefix = streams_prefix

    async def start(self) -> None:
        """Load what is stored."""
        await self._records.cache.start()

    def stop(self) -> None:
        """Follow the store no longer."""
        self._records.cache.stop()

    def all(self) -> Iterator[tuple[str, list[str]]]:
        """Yield the streams that wait, with their tags."""
        for entry in list(self._records.list()):
            metadata = entry.value.metadata
            yield f"{self._prefix}{metadata.namespace}/{metadata.name}", entry.value.tags

    async def add(self, key: str, tags: Collection[str]) -> None:
        """Note tags of a stream."""
        namespace, name = key.removeprefix(self._prefix).split("/")
        while True:
            entry = self._records.find(namespace, name)
            known = set(entry.value.tags) if entry is not None else set()
            wanted = PendingImport(metadata=ObjectMeta(name=name, namespace=namespace), tags=sorted(known | set(tags)))
            try:
                if entry is None:
                    await self._records.create(wanted)
                elif known != set(wanted.tags):
                    await self._records.replace(entry, wanted)
                return
            except StaleObject:
                continue
            except ApiError as error:
                if error.status.code != 409:
                    raise

    async def done(self, key: str, tags: Collection[str]) -> None:
        """Forget tags of a stream."""
        namespace, name = key.removeprefix(self._prefix).split("/")
        while (entry := self._records.find(namespace, name)) is not None:
            left = sorted(set(entry.value.tags) - set(tags))
            if left == entry.value.tags:
                return
            try:
                if not left:
                    await self._records.remove(entry)
                    return
                metadata = ObjectMeta(name=name, namespace=namespace)
                await self._records.replace(entry, PendingImport(metadata=metadata, tags=left))
            except StaleObject:
                continue
