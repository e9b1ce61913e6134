"""Our own server as a cluster: its resources, without HTTP in between."""

from collections.abc import AsyncIterator, Callable, Sequence
from typing import Any, Final

import msgspec

from imagestreams.access.identity import ADMINISTRATORS, AUTHENTICATED, User, service_account_groups
from imagestreams.api.codec import decode, encode, to_dict
from imagestreams.api.core import ObjectReference, Stored
from imagestreams.api.errors import ApiError
from imagestreams.resources.resource import RequestContext, Resource, ResourceInfo
from imagestreams.resources.stored import StoredResource
from imagestreams.store.cache import Entry
from imagestreams.store.kv import Compacted, StoreClosed, WatcherTooSlow
from imagestreams.targets.cluster import (
    COMPONENT,
    OWN,
    Change,
    Completed,
    Document,
    Gone,
    Notice,
    ObjectKind,
    Restarted,
    Seen,
)
from imagestreams.targets.error import ClusterError, Refused, StaleDocument
from imagestreams.targets.kinds import is_usual, is_whole

_NAMESPACE: Final = "openshift-infra"
CONTROLLER: Final = User(
    f"system:serviceaccount:{_NAMESPACE}:{COMPONENT}",
    service_account_groups(_NAMESPACE) | {AUTHENTICATED, ADMINISTRATORS},
)
"""As whom objects are changed: the account that does it on OpenShift, which may follow tags of all namespaces."""

Tell = Callable[[ObjectReference, Notice], None]
"""Lets an event about an object be written soon."""


Track = Callable[[Any, Any, ResourceInfo, str, str], None]
"""Notes in a new state of an object who set which field: given are the state before, the new one, who, and when."""


class OwnCluster:
    """The resources of this server whose objects may follow tags; `clock` gives the time as the API shows it."""

    name = OWN
    namespaces = ("",)

    def __init__(self, resources: Sequence[Resource], clock: Callable[[], str], tell: Tell, track: Track) -> None:
        self._track = track
        self._clock = clock
        self._tell = tell
        self._stored: dict[ObjectKind, StoredResource[Any]] = {}
        self._below: dict[tuple[str, str, str], Resource] = {}
        for resource in resources:
            info = resource.info
            if not is_usual(info.group, info.plural):
                continue
            if info.subresource:
                self._below[info.group, info.plural, info.subresource] = resource
            elif isinstance(resource, StoredResource):
                whole = is_whole(info.group, info.plural)
                self._stored[ObjectKind(info.group, info.version, info.plural, info.kind, whole)] = resource

    async def kinds(self) -> Sequence[ObjectKind]:
        return list(self._stored)

    async def watch(self, kind: ObjectKind, namespace: str) -> AsyncIterator[Change]:
        storage = self._stored[kind].storage
        show = _whole if kind.whole else _metadata
        while True:
            revision = storage.cache.revision
            yield Restarted()
            for entry in list(storage.list(namespace)):
                yield Seen(show(entry))
            yield Completed()
            try:
                async for event in storage.cache.watch(storage.prefix(namespace), revision):
                    if event.new is not None:
                        yield Seen(show(event.new))
                    elif event.old is not None:
                        yield Gone(event.old.value.metadata.namespace, event.old.value.metadata.name)
            except (Compacted, WatcherTooSlow):
                continue
            except StoreClosed:
                return

    async def get(self, kind: ObjectKind, namespace: str, name: str) -> Document | None:
        entry = self._stored[kind].storage.find(namespace, name)
        return None if entry is None else _whole(entry)

    async def replace(self, kind: ObjectKind, document: Document) -> Document:
        resource, metadata = self._stored[kind], document["metadata"]
        context = self._context(metadata["namespace"], metadata["name"])

        def transform(current: Any) -> Any:
            # A write that came in between is a conflict: the document has the version that it was made of.
            wanted = decode(encode(document), resource.info.object_type)
            self._track(current, wanted, resource.info, COMPONENT, context.now)
            return wanted

        try:
            updated = await resource.update(context, transform)
        except ApiError as error:
            raise _told(error) from error
        return _read(updated.item.encoded)

    async def create_subresource(
        self, kind: ObjectKind, namespace: str, name: str, subresource: str, body: Document
    ) -> Document:
        resource = self._below.get((kind.group, kind.plural, subresource))
        if resource is None:
            raise Refused(f"{kind.plural} have no {subresource}", 404)
        try:
            item = await resource.create(
                self._context(namespace, name), decode(encode(body), resource.info.object_type)
            )
        except ApiError as error:
            raise _told(error) from error
        return _read(item.encoded)

    async def tell(self, kind: ObjectKind, document: Document, notice: Notice) -> None:
        metadata = document["metadata"]
        about = ObjectReference(
            kind=kind.kind,
            api_version=kind.api_version,
            namespace=metadata.get("namespace", ""),
            name=metadata["name"],
            uid=metadata.get("uid", ""),
            resource_version=metadata.get("resourceVersion", ""),
        )
        self._tell(about, notice)

    async def close(self) -> None:
        """Nothing is open: watches end with the store."""

    def _context(self, namespace: str, name: str) -> RequestContext:
        return RequestContext(CONTROLLER, self._clock(), namespace, name, field_manager=COMPONENT)


def _metadata(entry: Entry[Stored]) -> Document:
    metadata = entry.value.metadata
    owners = metadata.owner_references
    return {
        "metadata": {
            "name": metadata.name,
            "namespace": metadata.namespace,
            "uid": metadata.uid,
            "resourceVersion": metadata.resource_version,
            "generation": metadata.generation,
            "annotations": metadata.annotations or {},
            "ownerReferences": [to_dict(owner) for owner in owners] if owners else [],
        }
    }


def _whole(entry: Entry[Any]) -> Document:
    return _read(entry.encoded)


def _read(encoded: bytes) -> Document:
    document: Document = msgspec.json.decode(encoded)
    return document


def _told(error: ApiError) -> ClusterError:
    status = error.status
    if status.code in (404, 409):
        return StaleDocument(status.message)
    return Refused(status.message, status.code)
