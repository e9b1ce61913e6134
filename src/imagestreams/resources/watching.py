"""Watches of stored objects: what is there first, then every change, and bookmarks in quiet times."""

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Final, TypeVar

from imagestreams.api.codec import encode
from imagestreams.api.core import Stored
from imagestreams.api.errors import expired
from imagestreams.api.meta import ObjectMeta
from imagestreams.resources.resource import Item, ListOptions, WatchEvent
from imagestreams.resources.storage import ObjectStorage
from imagestreams.store.cache import CacheEvent
from imagestreams.store.kv import Compacted, StoreClosed, WatcherTooSlow

T = TypeVar("T", bound=Stored)
Selects = Callable[[ListOptions, T], bool]

BOOKMARK_INTERVAL_S: Final = 60.0
INITIAL_EVENTS_END: Final = "k8s.io/initial-events-end"


async def watch_storage(
    storage: ObjectStorage[T], namespace: str, options: ListOptions, selects: Selects[T]
) -> AsyncIterator[WatchEvent]:
    """Yield the events of a watch until the server stops.

    Raises:
        ApiError: 410, the revision to begin at is no longer kept, or the events were not taken in time.
    """
    prefix = storage.prefix(namespace)
    after = int(options.resource_version or 0)
    initial = options.send_initial_events if options.send_initial_events is not None else after == 0
    now = storage.cache.revision
    try:
        with storage.cache.subscribe(prefix, now if initial or not after else after) as subscription:
            if initial:
                for entry in list(storage.cache.list(prefix)):
                    if selects(options, entry.value):
                        yield WatchEvent("ADDED", Item(entry.value, entry.encoded))
                if options.send_initial_events and options.allow_bookmarks:
                    yield _bookmark(storage, now, {INITIAL_EVENTS_END: "true"})
            clock = asyncio.get_running_loop().time
            bookmark_at = clock() + BOOKMARK_INTERVAL_S
            while True:
                # Also where others' changes never let it become quiet, a watcher learns how far it has come.
                change = await subscription.take(max(bookmark_at - clock(), 0.0))
                if change is None:
                    bookmark_at = clock() + BOOKMARK_INTERVAL_S
                    if options.allow_bookmarks:
                        yield _bookmark(storage, storage.cache.revision, None)
                    continue
                event = _event(storage, change, options, selects)
                if event is not None:
                    yield event
    except (Compacted, WatcherTooSlow) as error:
        raise expired(str(error)) from None
    except StoreClosed:
        return


def _event(
    storage: ObjectStorage[T], change: CacheEvent[T], options: ListOptions, selects: Selects[T]
) -> WatchEvent | None:
    """Return what a change means to a watcher who sees only what its selectors let through."""
    before = change.old is not None and selects(options, change.old.value)
    if change.new is None:
        if not before or change.removed is None:
            return None
        return WatchEvent("DELETED", Item(change.removed.value, change.removed.encoded))
    if selects(options, change.new.value):
        return WatchEvent("MODIFIED" if before else "ADDED", Item(change.new.value, change.new.encoded))
    if not before or change.old is None:
        return None
    # The watcher gets the last state that it could see, at the revision at which that state ended.
    left = storage.preview(change.old.value, change.revision)
    return WatchEvent("DELETED", Item(left.value, left.encoded))


def _bookmark(storage: ObjectStorage[T], revision: int, annotations: dict[str, str] | None) -> WatchEvent:
    info = storage.info
    empty: T = info.object_type(
        kind=info.object_type.__name__,
        api_version=info.group_version,
        metadata=ObjectMeta(annotations=annotations, resource_version=str(revision)),
    )
    shown = storage.served(empty)
    return WatchEvent("BOOKMARK", Item(shown, encode(shown)))
