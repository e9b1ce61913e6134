"""Where the objects of one resource are kept: typed, cached, and written only by who saw the newest state.

Below this the store knows keys and bytes, above it resources and controllers know objects. What is stored is an
object's JSON without its resource version, which is the store's revision; `served` adds what is computed when an
object is read. Cached objects are shared by everybody: copy before you change one.
"""

from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import Any, Final, Generic, TypeVar

import msgspec

from imagestreams.api.codec import decode, encode
from imagestreams.api.core import Stored
from imagestreams.api.errors import ApiError, already_exists, bad_request, conflict, not_found, quoted
from imagestreams.api.metadata.object_meta_validation import path_segment_problems
from imagestreams.resources.resource import ResourceInfo
from imagestreams.store.cache import Entry, ObservableStore, WatchCache
from imagestreams.store.kv import Compare, Delete, KeyValue, Put

T = TypeVar("T", bound=Stored)
U = TypeVar("U", bound=Stored)

OPTIMISTIC_LOCK: Final = "the object has been modified; please apply your changes to the latest version and try again"
_SHARED_MAX_BYTES: Final = 4 * 1024
_OPENSHIFT: Final = ".openshift.io"


class StaleObject(Exception):
    """Somebody wrote the object after it was read: read it again and decide anew."""


def unnameable(name: str) -> ApiError | None:
    """Compose the 400 of a name that no object can have, because it is not one segment of a path."""
    if not name:
        return bad_request("Name parameter required.")
    problems = path_segment_problems(name)
    return bad_request(f"Name parameter invalid: {quoted(name)}: {';'.join(problems)}") if problems else None


def _as_stored(value: T) -> T:
    return value


class _ObjectCodec(Generic[T]):
    """Turns stored bytes into an object and the JSON that is served."""

    def __init__(self, kind: type[T], served: Callable[[T], T]) -> None:
        self._kind = kind
        self.served = served

    def decode(self, item: KeyValue) -> tuple[T, bytes]:
        return self._at(decode(item.value, self._kind), item.mod_revision)

    def removed(self, value: T, revision: int) -> tuple[T, bytes]:
        metadata = msgspec.structs.replace(value.metadata)
        return self._at(msgspec.structs.replace(value, metadata=metadata), revision)

    def again(self, value: T) -> tuple[T, bytes]:
        value = self.served(msgspec.structs.replace(value))
        return value, encode(value)

    def _at(self, value: T, revision: int) -> tuple[T, bytes]:
        value.metadata.resource_version = str(revision)
        _share_fields(value)
        value = self.served(value)
        return value, encode(value)


def _share_fields(value: Stored) -> None:
    """Let equal sets of managed fields be one in memory: they are large, and alike where one program writes a lot."""
    for entry in value.metadata.managed_fields or ():
        data = encode(entry.fields_v1)
        if entry.fields_v1 is not None and len(data) <= _SHARED_MAX_BYTES:
            entry.fields_v1 = _shared_fields(data)


@lru_cache(maxsize=512)
def _shared_fields(data: bytes) -> dict[str, Any]:
    return decode(data, dict[str, Any])


class ObjectStorage(Generic[T]):
    """The objects of one resource.

    `served` makes what is shown of what is stored (it may change the object that it is given), `stored` the reverse.
    """

    def __init__(
        self,
        store: ObservableStore,
        info: ResourceInfo,
        kind: type[T],
        *,
        served: Callable[[T], T] = _as_stored,
        stored: Callable[[T], T] = _as_stored,
    ) -> None:
        self.info = info
        self._store = store
        self.served = served
        self._stored = stored
        self._root = f"/{info.group or 'core'}/{info.plural}/"
        self.cache: WatchCache[T] = WatchCache(store, self._root, _ObjectCodec(kind, served))

    def prefix(self, namespace: str = "") -> str:
        """Return what the keys of a namespace's objects, or of all, begin with."""
        return f"{self._root}{namespace}/" if namespace else self._root

    def key(self, namespace: str, name: str) -> str:
        """Return the key of an object."""
        return f"{self._root}{namespace}/{name}" if self.info.namespaced else self._root + name

    def key_of(self, value: T) -> str:
        """Return the key under which an object is kept."""
        return self.key(value.metadata.namespace, value.metadata.name)

    def shown_key(self, value: T) -> str:
        """Return the key as messages show it, with the prefixes of the real servers."""
        group, plural, metadata = self.info.group, self.info.plural, value.metadata
        root = f"/openshift.io/{plural}" if group.endswith(_OPENSHIFT) else f"/registry/{plural}"
        return f"{root}/{metadata.namespace}/{metadata.name}" if self.info.namespaced else f"{root}/{metadata.name}"

    def find(self, namespace: str, name: str) -> Entry[T] | None:
        """Return an object as it is now, `None` when there is none."""
        return self.cache.get(self.key(namespace, name))

    def get(self, namespace: str, name: str) -> Entry[T]:
        """Return an object as it is now.

        Raises:
            ApiError: 404, there is none.
        """
        entry = self.find(namespace, name)
        if entry is None:
            raise self.missing(name)
        return entry

    def list(self, namespace: str = "") -> Iterator[Entry[T]]:
        """Yield the objects of a namespace, or all, in the order of their keys; take them without waiting."""
        return self.cache.list(self.prefix(namespace))

    async def create(self, value: T) -> Entry[T]:
        """Store a new object.

        Raises:
            ApiError: 409, there is one of that name.
        """
        key = self.key_of(value)
        outcome = await self._store.txn([Compare(key, 0)], [Put(key, self._bytes(value))])
        if not outcome.succeeded:
            raise self.exists(value.metadata.name)
        return self._written(key, value, outcome.revision)

    async def replace(self, entry: Entry[T], value: T) -> Entry[T]:
        """Store a new state in place of the one that was read; what is equal to it is not written.

        Raises:
            StaleObject: the object changed or went away meanwhile.
        """
        data = self._bytes(value)
        if data == self._bytes(entry.value):
            return entry
        outcome = await self._store.txn([Compare(entry.key, entry.revision)], [Put(entry.key, data)])
        if not outcome.succeeded:
            raise StaleObject(entry.key)
        return self._written(entry.key, value, outcome.revision)

    async def replace_and_create(
        self, entry: Entry[T], value: T, others: "ObjectStorage[U]", new: U
    ) -> tuple[Entry[T], Entry[U]]:
        """Store a new state, and a new object of another resource with it: both or neither.

        Raises:
            StaleObject: the object changed or went away meanwhile.
            ApiError: 409, there is one of the new object's name.
        """
        key = others.key_of(new)
        outcome = await self._store.txn(
            [Compare(entry.key, entry.revision), Compare(key, 0)],
            [Put(entry.key, self._bytes(value)), Put(key, others._bytes(new))],
        )
        if not outcome.succeeded:
            now = self.cache.get(entry.key)
            if now is None or now.revision != entry.revision:
                raise StaleObject(entry.key)
            raise others.exists(new.metadata.name)
        return self._written(entry.key, value, outcome.revision), others._written(key, new, outcome.revision)

    async def remove(self, entry: Entry[T]) -> None:
        """Remove an object as it was read.

        Raises:
            StaleObject: the object changed or went away meanwhile.
        """
        outcome = await self._store.txn([Compare(entry.key, entry.revision)], [Delete(entry.key)])
        if not outcome.succeeded:
            raise StaleObject(entry.key)

    def preview(self, value: T, revision: int = 0) -> Entry[T]:
        """Return the entry that a write would give, for a dry run."""
        value = self._stored(value)
        metadata = msgspec.structs.replace(value.metadata, resource_version=str(revision) if revision else "")
        shown = self.served(msgspec.structs.replace(value, metadata=metadata))
        return Entry(self.key_of(shown), revision, shown, encode(shown))

    def missing(self, name: str) -> ApiError:
        """Compose the error of an object that is not there: 404, or 400 when there can't be one of that name."""
        return unnameable(name) or not_found(self.info.group, self.info.plural, name)

    def exists(self, name: str) -> ApiError:
        """Compose the 409 of a name that is taken."""
        return already_exists(self.info.group, self.info.plural, name)

    def modified(self, name: str, detail: str = OPTIMISTIC_LOCK) -> ApiError:
        """Compose the 409 of an object that somebody else wrote first."""
        return conflict(self.info.group, self.info.plural, name, detail)

    def _bytes(self, value: T) -> bytes:
        value = self._stored(value)
        if value.metadata.resource_version:
            metadata = msgspec.structs.replace(value.metadata, resource_version="")
            value = msgspec.structs.replace(value, metadata=metadata)
        return encode(value)

    def _written(self, key: str, value: T, revision: int) -> Entry[T]:
        entry = self.cache.get(key)
        if entry is not None and entry.revision == revision:
            return entry
        # Somebody wrote again, or removed it, before this writer was told: it is still told what it wrote.
        return self.preview(value, revision)
