"""Gives new namespaces their service accounts, and empties and removes those that are being deleted.

Level-driven: what has to be done is read from the namespaces themselves, so that a server that was stopped in the
middle of a deletion goes on with it. A namespace goes when a look that came after a write of its own finds nothing in
it: whoever was let in before it was marked has then written, and nobody is let in afterwards.
"""

import asyncio
import logging
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, Final

from imagestreams.api.codec import copy
from imagestreams.api.core import Namespace, NamespaceCondition
from imagestreams.api.errors import ApiError
from imagestreams.resources.core.group import CoreGroup, ensure_service_accounts, server_context
from imagestreams.resources.core.namespaces import TERMINATING
from imagestreams.resources.owning import BACKGROUND
from imagestreams.resources.resource import DeleteOptions
from imagestreams.resources.storage import StaleObject
from imagestreams.resources.stored import StoredResource
from imagestreams.store.cache import Entry
from imagestreams.store.kv import Compacted, StoreClosed, WatcherTooSlow

LOG: Final = logging.getLogger(__name__)
RETRY_S: Final = 2.0


class NamespaceController:
    """Looks after all namespaces; `contents` are all stored resources that live in namespaces."""

    def __init__(self, core: CoreGroup, contents: Sequence[StoredResource[Any]], clock: Callable[[], datetime]) -> None:
        self._core = core
        self._contents = contents
        self._clock = clock
        self._storage = core.namespaces.storage
        self._task: asyncio.Task[None] | None = None
        self._stopping = False

    async def run(self) -> None:
        """Work until `stop` is called."""
        self._task = asyncio.ensure_future(self._follow())
        try:
            await self._task
        except asyncio.CancelledError:
            if not self._stopping:
                raise

    def stop(self) -> None:
        """Let `run` end."""
        self._stopping = True
        if self._task is not None:
            self._task.cancel()

    async def _follow(self) -> None:
        while not self._stopping:
            cache = self._storage.cache
            try:
                with cache.subscribe(self._storage.prefix(), cache.revision) as changes:
                    while True:
                        unfinished = await self.reconcile()
                        await changes.take(RETRY_S if unfinished else None)
            except (Compacted, WatcherTooSlow):
                continue
            except StoreClosed:
                return

    async def reconcile(self) -> bool:
        """Do once what is to be done; return whether something has to be tried again."""
        unfinished = False
        for entry in list(self._storage.list()):
            try:
                if entry.value.metadata.deletion_timestamp:
                    unfinished |= not await self._finish(entry)
                else:
                    await ensure_service_accounts(self._core, entry.value.metadata.name, self._clock())
            except (ApiError, StaleObject) as error:
                LOG.warning("namespace %s: %s", entry.value.metadata.name, error)
                unfinished = True
        return unfinished

    async def _finish(self, entry: Entry[Namespace]) -> bool:
        """Empty a namespace and remove it; return whether it is gone."""
        name = entry.value.metadata.name
        await self._empty(name)
        entry = await self._report(entry)
        if self._left(name):
            await self._empty(name)
            if self._left(name):
                await self._report(entry)
                return False
        if entry.value.metadata.finalizers:
            return await self._finalized(entry)
        await self._storage.remove(entry)
        return True

    async def _finalized(self, entry: Entry[Namespace]) -> bool:
        """Say that our part is done; somebody else still holds the namespace back."""
        if entry.value.spec.finalizers:
            value = copy(entry.value)
            value.spec.finalizers = None
            await self._storage.replace(entry, value)
        return True

    async def _empty(self, namespace: str) -> None:
        context = server_context(self._clock(), namespace)
        for resource in self._contents:
            for entry in list(resource.storage.list(namespace)):
                each = replace(context, name=entry.value.metadata.name)
                try:
                    await resource.delete(each, DeleteOptions(propagation_policy=BACKGROUND))
                except ApiError as error:
                    if error.status.code != 404:
                        raise

    def _left(self, namespace: str) -> dict[str, list[Any]]:
        """Return what is still in a namespace, by resource."""
        found = {
            resource.info.plural + (f".{resource.info.group}" if resource.info.group else ""): [
                entry.value for entry in resource.storage.list(namespace)
            ]
            for resource in self._contents
        }
        return {name: values for name, values in found.items() if values}

    async def _report(self, entry: Entry[Namespace]) -> Entry[Namespace]:
        """Write the conditions of a deletion, if they changed; the first ones are always a write."""
        now = self._clock().astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        value = copy(entry.value)
        value.status.phase = TERMINATING
        before = {condition.type: condition for condition in value.status.conditions or []}
        value.status.conditions = [
            before[wanted.type] if _same(before.get(wanted.type), wanted) else wanted
            for wanted in _conditions(self._left(value.metadata.name), now)
        ]
        return await self._storage.replace(entry, value)


def _same(before: NamespaceCondition | None, wanted: NamespaceCondition) -> bool:
    if before is None:
        return False
    return (before.status, before.reason, before.message) == (wanted.status, wanted.reason, wanted.message)


def _conditions(left: dict[str, list[Any]], now: str) -> list[NamespaceCondition]:
    finalizers: dict[str, int] = {}
    for values in left.values():
        for value in values:
            for finalizer in value.metadata.finalizers or []:
                finalizers[finalizer] = finalizers.get(finalizer, 0) + 1
    counts = ", ".join(f"{name} has {len(values)} resource instances" for name, values in sorted(left.items()))
    held = ", ".join(f"{name} in {count} resource instances" for name, count in sorted(finalizers.items()))
    return [
        _condition(
            "NamespaceDeletionDiscoveryFailure", "ResourcesDiscovered", "All resources successfully discovered", now
        ),
        _condition("NamespaceDeletionContentFailure", "ContentDeleted", _DELETED, now),
        _condition(
            "NamespaceContentRemaining",
            "SomeResourcesRemain" if counts else "ContentRemoved",
            f"Some resources are remaining: {counts}" if counts else "All content successfully removed",
            now,
            holds=bool(counts),
        ),
        _condition(
            "NamespaceFinalizersRemaining",
            "SomeFinalizersRemain" if held else "ContentHasNoFinalizers",
            f"Some content in the namespace has finalizers remaining: {held}"
            if held
            else "All content-preserving finalizers finished",
            now,
            holds=bool(held),
        ),
    ]


_DELETED: Final = "All content successfully deleted, may be waiting on finalization"


def _condition(kind: str, reason: str, message: str, now: str, *, holds: bool = False) -> NamespaceCondition:
    status = "True" if holds else "False"
    return NamespaceCondition(type=kind, status=status, last_transition_time=now, reason=reason, message=message)
