"""Removes objects whose owners are gone, and does what deletions in `Foreground` or with `Orphan` ask for.

An object names its owners in `metadata.ownerReferences`. It stays as long as one of them is there, and as long as it
names one of a kind that this server does not store: of that nothing is known. Level-driven: an object is looked at
when it or one of its owners changes, and all are once at the start, so a server that was stopped goes on.
"""

from collections.abc import Callable, Sequence
from typing import Any, Final, NamedTuple

from imagestreams.api.codec import copy
from imagestreams.api.errors import ApiError
from imagestreams.api.meta import OwnerReference
from imagestreams.controllers.queue import Backoff, RetryLater, WorkQueue
from imagestreams.controllers.watching import follow, run_fed
from imagestreams.resources.core.group import SERVER
from imagestreams.resources.owning import BACKGROUND, DELETES_FIRST, FOREGROUND, ORPHAN, ORPHANS
from imagestreams.resources.resource import DeleteOptions, RequestContext
from imagestreams.resources.storage import StaleObject
from imagestreams.resources.stored import StoredResource
from imagestreams.store.cache import Entry

_BACKOFF: Final = Backoff(first_s=0.1, longest_s=60)


class _Owners(NamedTuple):
    """An object's references, by what became of those that they name."""

    there: list[OwnerReference]
    waiting: list[OwnerReference]
    gone: list[OwnerReference]


class GarbageCollector:
    """Looks after the objects of all stored resources that live in namespaces; `now` is the time as it is written."""

    def __init__(self, resources: Sequence[StoredResource[Any]], now: Callable[[], str]) -> None:
        self._resources = {each.storage.prefix(): each for each in resources}
        self._kinds = {(each.info.group_version, each.info.kind): each for each in resources}
        self._now = now
        self._owners: dict[str, tuple[str, ...]] = {}
        self._owned: dict[str, set[str]] = {}
        self._queue = WorkQueue(self._work, workers=8, backoff=_BACKOFF)

    async def run(self) -> None:
        """Work until `stop` is called."""
        await run_fed(
            self._queue,
            [follow(each.storage, self._seen, self._gone) for each in self._resources.values()],
        )

    def stop(self) -> None:
        """Let `run` end."""
        self._queue.stop()

    @property
    def is_idle(self) -> bool:
        """Whether nothing is left to look at."""
        return self._queue.is_idle

    def _seen(self, entry: Entry[Any]) -> None:
        metadata = entry.value.metadata
        if metadata.owner_references or entry.key in self._owners:
            self._index(entry.key, self._keys_of(metadata.namespace, metadata.owner_references or []))
        deleting = metadata.deletion_timestamp and {ORPHANS, DELETES_FIRST}.intersection(metadata.finalizers or [])
        if metadata.owner_references or deleting:
            self._queue.add(entry.key)

    def _gone(self, key: str) -> None:
        for owned in self._owned.get(key, ()):
            self._queue.add(owned)
        for owner in self._owners.get(key, ()):
            self._queue.add(owner)
        self._index(key, ())

    def _index(self, key: str, owners: tuple[str, ...]) -> None:
        for owner in self._owners.pop(key, ()):
            owned = self._owned.get(owner, set())
            owned.discard(key)
            if not owned:
                self._owned.pop(owner, None)
        if owners:
            self._owners[key] = owners
            for owner in owners:
                self._owned.setdefault(owner, set()).add(key)

    def _keys_of(self, namespace: str, references: Sequence[OwnerReference]) -> tuple[str, ...]:
        found = ((self._kinds.get((each.api_version, each.kind)), each.name) for each in references)
        return tuple(resource.storage.key(namespace, name) for resource, name in found if resource is not None)

    def _find(self, key: str) -> tuple[StoredResource[Any], Entry[Any]] | None:
        resource = self._resources["/".join(key.split("/", 3)[:3]) + "/"]
        entry = resource.storage.cache.get(key)
        return (resource, entry) if entry is not None else None

    async def _work(self, key: str) -> None:
        try:
            if (found := self._find(key)) is not None and not await self._owned_still(*found):
                return
            if (found := self._find(key)) is not None:
                await self._finish_deletion(*found)
        except StaleObject as error:
            raise RetryLater(str(error)) from error
        except ApiError as error:
            if error.status.code == 409:
                raise RetryLater(str(error)) from error
            if error.status.code != 404:
                raise

    async def _owned_still(self, resource: StoredResource[Any], entry: Entry[Any]) -> bool:
        """Delete an object without owners, and forget owners that are gone; return whether it stays."""
        metadata = entry.value.metadata
        owners = self._sorted(metadata.namespace, metadata.owner_references or [])
        if not owners.waiting and not owners.gone:
            return True
        if owners.there:
            await _forget(resource, entry, [*owners.waiting, *owners.gone])
            return True
        if metadata.deletion_timestamp:
            return True
        policy = FOREGROUND if owners.waiting and self._owned.get(entry.key) else BACKGROUND
        if not owners.waiting and ORPHANS in (metadata.finalizers or []):
            policy = ORPHAN
        options = DeleteOptions(metadata.uid, metadata.resource_version, policy)
        await resource.delete(RequestContext(SERVER, self._now(), metadata.namespace, metadata.name), options)
        return False

    def _sorted(self, namespace: str, references: Sequence[OwnerReference]) -> _Owners:
        owners = _Owners([], [], [])
        for each in references:
            resource = self._kinds.get((each.api_version, each.kind))
            if resource is None:
                owners.there.append(each)
                continue
            entry = resource.storage.find(namespace, each.name)
            metadata = entry.value.metadata if entry is not None else None
            if metadata is None or metadata.uid != each.uid:
                owners.gone.append(each)
            elif metadata.deletion_timestamp and DELETES_FIRST in (metadata.finalizers or []):
                owners.waiting.append(each)
            else:
                owners.there.append(each)
        return owners

    async def _finish_deletion(self, resource: StoredResource[Any], entry: Entry[Any]) -> None:
        """Do what the deletion of an owner waits for, and let the owner go when it is done."""
        metadata = entry.value.metadata
        if not metadata.deletion_timestamp:
            return
        if ORPHANS in (metadata.finalizers or []):
            for owned, reference in self._owned_by(entry):
                await _forget(*owned, [reference])
            await self._let_go(resource, entry, ORPHANS)
        elif DELETES_FIRST in (metadata.finalizers or []):
            left = self._owned_by(entry)
            for owned, _ in left:
                self._queue.add(owned[1].key)
            if not any(reference.block_owner_deletion for _, reference in left):
                await self._let_go(resource, entry, DELETES_FIRST)

    def _owned_by(self, owner: Entry[Any]) -> list[tuple[tuple[StoredResource[Any], Entry[Any]], OwnerReference]]:
        found = [self._find(key) for key in sorted(self._owned.get(owner.key, ()))]
        return [
            (each, reference)
            for each in found
            if each is not None
            for reference in each[1].value.metadata.owner_references or []
            if reference.uid == owner.value.metadata.uid
        ]

    async def _let_go(self, resource: StoredResource[Any], entry: Entry[Any], finalizer: str) -> None:
        value = copy(entry.value)
        value.metadata.finalizers = [each for each in value.metadata.finalizers or [] if each != finalizer] or None
        if value.metadata.finalizers:
            await resource.storage.replace(entry, value)
            return
        context = RequestContext(SERVER, self._now(), value.metadata.namespace, value.metadata.name)
        await resource.strategy.delete(context, value)
        await resource.storage.remove(entry)


async def _forget(resource: StoredResource[Any], entry: Entry[Any], references: Sequence[OwnerReference]) -> None:
    """Take references out of an object."""
    value = copy(entry.value)
    gone = {each.uid for each in references}
    value.metadata.owner_references = [
        each for each in value.metadata.owner_references or [] if each.uid not in gone
    ] or None
    await resource.storage.replace(entry, value)
