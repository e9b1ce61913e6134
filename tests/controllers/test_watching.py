"""Controllers hear of every object, also after they fell behind."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from imagestreams.api.image import ImageStream
from imagestreams.controllers.queue import WorkQueue
from imagestreams.controllers.watching import follow, run_following
from imagestreams.store.cache import CacheEvent, Entry
from imagestreams.store.kv import Compacted, WatcherTooSlow


async def names_seen(seen: list[str], wanted: list[str]) -> None:
    async with asyncio.timeout(10):
        while seen != wanted:  # noqa: ASYNC110 - a list is waited for
            await asyncio.sleep(0.001)


async def test_first_what_is_there_then_what_changes(import_room: Any) -> None:
    await import_room.add_stream({}, name="old")
    seen: list[str] = []
    gone: list[str] = []
    task = asyncio.create_task(
        follow(import_room.streams, lambda entry: seen.append(entry.value.metadata.name), gone.append)
    )

    await names_seen(seen, ["old"])
    await import_room.add_stream({}, name="new")
    await names_seen(seen, ["old", "new"])
    await import_room.streams.remove(import_room.streams.get("ns", "old"))
    await names_seen(gone, [import_room.streams.key("ns", "old")])

    # The end of the store ends the watch without an error.
    import_room.streams.cache.stop()
    await asyncio.wait_for(task, 10)


@pytest.mark.parametrize("reason", [Compacted("too old"), WatcherTooSlow("too slow")])
async def test_falling_behind_means_looking_at_everything_again(
    import_room: Any, monkeypatch: pytest.MonkeyPatch, reason: Exception
) -> None:
    await import_room.add_stream({}, name="a")
    real = import_room.streams.cache.watch
    calls = 0

    async def watch(prefix: str, after: int) -> AsyncIterator[CacheEvent[ImageStream]]:
        nonlocal calls
        calls += 1
        if calls == 1:
            # What happens now is never told by this watch.
            await import_room.add_stream({}, name="missed")
            raise reason
        async for event in real(prefix, after):
            yield event

    monkeypatch.setattr(import_room.streams.cache, "watch", watch)
    seen: list[str] = []
    task = asyncio.create_task(
        follow(import_room.streams, lambda entry: seen.append(entry.value.metadata.name), lambda key: None)
    )

    await names_seen(seen, ["a", "a", "missed"])
    import_room.streams.cache.stop()
    await asyncio.wait_for(task, 10)


async def test_what_was_removed_while_a_watch_was_behind_is_told(
    import_room: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    streams = import_room.streams
    for name in ("stays", "goes", "comes-again"):
        await import_room.add_stream({}, name=name)
    real = streams.cache.watch
    calls = 0

    async def watch(prefix: str, after: int) -> AsyncIterator[CacheEvent[ImageStream]]:
        nonlocal calls
        calls += 1
        if calls == 1:
            await streams.remove(streams.get("ns", "goes"))
            await streams.remove(streams.get("ns", "comes-again"))
            await import_room.add_stream({}, name="comes-again", uid="another")
            raise WatcherTooSlow("too slow")
        async for event in real(prefix, after):
            yield event

    monkeypatch.setattr(streams.cache, "watch", watch)
    told: list[str] = []
    task = asyncio.create_task(
        follow(
            streams,
            lambda entry: told.append(f"+{entry.value.metadata.name}"),
            lambda key: told.append("-" + key.rpartition("/")[2]),
        )
    )

    await names_seen(told, ["+comes-again", "+goes", "+stays", "-comes-again", "-goes", "+comes-again", "+stays"])
    streams.cache.stop()
    await asyncio.wait_for(task, 10)


async def test_a_bug_ends_the_loop_with_its_error(import_room: Any) -> None:
    async def work(key: str) -> None:
        return None

    def broken(entry: Entry[ImageStream]) -> None:
        raise ValueError("a bug")

    await import_room.add_stream({})

    with pytest.raises(ValueError, match="a bug"):
        await asyncio.wait_for(run_following(WorkQueue(work), import_room.streams, broken, lambda key: None), 10)
