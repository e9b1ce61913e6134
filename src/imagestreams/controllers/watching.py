"""Tells of every stored object, and then of every change, until the store is closed."""

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from typing import Any, TypeVar

from imagestreams.api.core import Stored
from imagestreams.controllers.queue import WorkQueue
from imagestreams.resources.storage import ObjectStorage
from imagestreams.store.cache import Entry
from imagestreams.store.kv import Compacted, StoreClosed, WatcherTooSlow

T = TypeVar("T", bound=Stored)


async def follow(storage: ObjectStorage[T], seen: Callable[[Entry[T]], None], gone: Callable[[str], None]) -> None:
    """Call `seen` with each object and each new state, `gone` with the key of one that was removed.

    After falling behind it starts over with all objects: states may be seen twice, but a removal is never missed, not
    even of an object that came again under its name.
    """
    uids: dict[str, str] = {}
    while True:
        revision = storage.cache.revision
        entries = list(storage.list())
        there = {entry.key: entry.value.metadata.uid for entry in entries}
        for key in [key for key, uid in uids.items() if there.get(key) != uid]:
            gone(key)
        uids = there
        for entry in entries:
            seen(entry)
        try:
            async for event in storage.cache.watch(storage.prefix(), revision):
                if event.new is not None:
                    uids[event.key] = event.new.value.metadata.uid
                    seen(event.new)
                else:
                    uids.pop(event.key, None)
                    gone(event.key)
        except (Compacted, WatcherTooSlow):
            continue
        except StoreClosed:
            return


async def run_following(
    queue: WorkQueue, storage: ObjectStorage[T], seen: Callable[[Entry[T]], None], gone: Callable[[str], None]
) -> None:
    """Run a queue that is fed by a storage's changes, until the queue is stopped or the store is closed."""
    await run_fed(queue, [follow(storage, seen, gone)])


async def run_fed(queue: WorkQueue, feeds: Sequence[Coroutine[Any, Any, None]]) -> None:
    """Run a queue with all that feeds it, until it is stopped or a feed ends; a feed's error is raised."""
    watches = [asyncio.create_task(feed) for feed in feeds]
    for watch in watches:
        watch.add_done_callback(lambda _: queue.stop())
    try:
        await queue.run()
    finally:
        for watch in watches:
            watch.cancel()
        await asyncio.wait(watches)
    for watch in watches:
        if not watch.cancelled() and (error := watch.exception()) is not None:
            raise error
