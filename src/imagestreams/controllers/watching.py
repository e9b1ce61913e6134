"""Tells of every stored object, and then of every change, until the store is closed."""

import asyncio
from collections.abc import Callable
from typing import TypeVar

from imagestreams.api.core import Stored
from imagestreams.controllers.queue import WorkQueue
from imagestreams.resources.storage import ObjectStorage
from imagestreams.store.cache import Entry
from imagestreams.store.kv import Compacted, StoreClosed, WatcherTooSlow

T = TypeVar("T", bound=Stored)


async def follow(storage: ObjectStorage[T], seen: Callable[[Entry[T]], None], gone: Callable[[str], None]) -> None:
    """Call `seen` with each object and each new state, `gone` with the key of one that was removed.

    After falling behind it starts over with all objects, so states may be seen twice and removals be missed.
    """
    while True:
        revision = storage.cache.revision
        for entry in list(storage.list()):
            seen(entry)
        try:
            async for event in storage.cache.watch(storage.prefix(), revision):
                if event.new is not None:
                    seen(event.new)
                else:
                    gone(event.key)
        except (Compacted, WatcherTooSlow):
            continue
        except StoreClosed:
            return


async def run_following(
    queue: WorkQueue, storage: ObjectStorage[T], seen: Callable[[Entry[T]], None], gone: Callable[[str], None]
) -> None:
    """Run a queue that is fed by a storage's changes, until the queue is stopped or the store is closed."""
    watch = asyncio.create_task(follow(storage, seen, gone))
    watch.add_done_callback(lambda _: queue.stop())
    try:
        await queue.run()
    finally:
        watch.cancel()
        await asyncio.wait([watch])
    if not watch.cancelled() and (error := watch.exception()) is not None:
        raise error
