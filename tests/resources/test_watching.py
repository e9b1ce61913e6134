"""Watches of stored objects: how they begin, what they tell, and how they end."""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from imagestreams.access.identity import User
from imagestreams.api.codec import copy, decode
from imagestreams.api.core import ConfigMap
from imagestreams.api.errors import ApiError
from imagestreams.api.meta import ObjectMeta
from imagestreams.resources import watching
from imagestreams.resources.resource import (
    DeleteOptions,
    FieldRequirement,
    ListOptions,
    RequestContext,
    ResourceInfo,
    WatchEvent,
)
from imagestreams.resources.storage import ObjectStorage
from imagestreams.resources.stored import StoredResource, Strategy
from imagestreams.store import cache as cache_module
from imagestreams.store import history as history_module
from imagestreams.store.sqlite import SQLiteStore

INFO = ResourceInfo("", "v1", "configmaps", "ConfigMap", ConfigMap, frozenset())
HERE = RequestContext(User("jane"), "2026-01-01T00:00:00Z", "here")

Maps = StoredResource[ConfigMap]


@pytest.fixture
async def maps(tmp_path: Path) -> AsyncIterator[Maps]:
    store = SQLiteStore.open(tmp_path)
    storage = ObjectStorage(store, INFO, ConfigMap)
    await storage.cache.start()
    yield StoredResource(storage, Strategy(), lambda namespace: None)
    await store.close()


async def make(maps: Maps, name: str, namespace: str = "here", **labels: str) -> int:
    value = ConfigMap(metadata=ObjectMeta(name=name, labels=labels or None))
    made = await maps.create(replace(HERE, namespace=namespace), value)
    return int(made.value.metadata.resource_version)


async def label(maps: Maps, name: str, **labels: str) -> int:
    def change(current: ConfigMap) -> ConfigMap:
        wanted = copy(current)
        wanted.metadata.labels = labels or None
        return wanted

    updated = await maps.update(replace(HERE, name=name), change)
    return int(updated.item.value.metadata.resource_version)


async def remove(maps: Maps, name: str) -> int:
    await maps.delete(replace(HERE, name=name), DeleteOptions())
    return maps.storage.cache.revision


def red(labels: Any) -> bool:
    return bool(labels.get("colour") == "red")


async def take(events: AsyncIterator[WatchEvent], count: int) -> list[tuple[str, str, int]]:
    """Return the next events as type, name and revision."""
    taken = [await asyncio.wait_for(anext(events), 10) for _ in range(count)]
    return [
        (event.type, event.item.value.metadata.name, int(event.item.value.metadata.resource_version)) for event in taken
    ]


async def nothing(events: AsyncIterator[WatchEvent], maps: Maps) -> None:
    """Check that nothing is left: the next event is that of an object made now."""
    revision = await make(maps, "last", colour="red")
    assert await take(events, 1) == [("ADDED", "last", revision)]


@pytest.mark.parametrize("version", ["", "0"])
async def test_without_a_version_a_watch_begins_with_what_is_there(maps: Maps, version: str) -> None:
    first, second = await make(maps, "b"), await make(maps, "a")
    await make(maps, "a", "there")
    events = maps.watch(HERE, ListOptions(resource_version=version))

    assert await take(events, 2) == [("ADDED", "a", second), ("ADDED", "b", first)]
    await nothing(events, maps)


async def test_from_a_version_on_a_watch_tells_every_later_change_once(maps: Maps) -> None:
    first = await make(maps, "a")
    changed = await label(maps, "a", colour="red")
    made = await make(maps, "b")
    gone = await remove(maps, "a")
    events = maps.watch(HERE, ListOptions(resource_version=str(first)))

    assert await take(events, 3) == [("MODIFIED", "a", changed), ("ADDED", "b", made), ("DELETED", "a", gone)]
    await nothing(events, maps)


async def test_sent_initial_events_end_with_a_bookmark_that_says_so(maps: Maps) -> None:
    first = await make(maps, "a")
    options = ListOptions(
        send_initial_events=True, allow_bookmarks=True, resource_version_match="NotOlderThan", resource_version=""
    )
    events = maps.watch(HERE, options)

    assert await take(events, 1) == [("ADDED", "a", first)]
    bookmark = await asyncio.wait_for(anext(events), 10)

    assert bookmark.type == "BOOKMARK"
    shown = decode(bookmark.item.encoded, ConfigMap)
    assert (shown.kind, shown.api_version, shown.metadata.resource_version) == ("ConfigMap", "v1", str(first))
    assert shown.metadata.annotations == {"k8s.io/initial-events-end": "true"}
    await nothing(events, maps)


async def test_initial_events_can_be_left_out(maps: Maps) -> None:
    await make(maps, "a")
    events = maps.watch(HERE, ListOptions(send_initial_events=False))
    waiting = asyncio.ensure_future(take(events, 1))
    await asyncio.sleep(0)

    made = await make(maps, "b")

    assert await waiting == [("ADDED", "b", made)]


async def test_an_object_enters_and_leaves_the_selection(maps: Maps) -> None:
    start = await make(maps, "a")
    entered = await label(maps, "a", colour="red")
    stayed = await label(maps, "a", colour="red", size="big")
    left = await label(maps, "a", colour="blue")
    await label(maps, "a", colour="green")
    await remove(maps, "a")
    events = maps.watch(HERE, ListOptions(labels=red, resource_version=str(start)))

    added = await take(events, 2)
    deleted = await asyncio.wait_for(anext(events), 10)

    assert added == [("ADDED", "a", entered), ("MODIFIED", "a", stayed)]
    assert deleted.type == "DELETED"
    # The last state that could be seen, at the version at which it ended.
    assert deleted.item.value.metadata.labels == {"colour": "red", "size": "big"}
    assert deleted.item.value.metadata.resource_version == str(left)
    assert decode(deleted.item.encoded, ConfigMap) == deleted.item.value
    await nothing(events, maps)


async def test_one_object_can_be_watched(maps: Maps) -> None:
    start = await make(maps, "a")
    options = ListOptions(fields=(FieldRequirement("metadata.name", "b"),), resource_version=str(start))
    await label(maps, "a", colour="red")
    made = await make(maps, "b")
    events = maps.watch(HERE, options)

    assert await take(events, 1) == [("ADDED", "b", made)]


async def test_bookmarks_come_in_quiet_times_and_where_others_are_busy(
    maps: Maps, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watching, "BOOKMARK_INTERVAL_S", 0.1)
    start = await make(maps, "a")
    options = ListOptions(labels=red, allow_bookmarks=True, resource_version=str(start))
    events = maps.watch(HERE, options)
    running = True

    async def keep_busy() -> None:
        number = 0
        while running:
            number += 1
            await label(maps, "a", colour="blue", number=str(number))

    busy = asyncio.ensure_future(keep_busy())
    first = await take(events, 1)
    running = False
    await busy
    second = await take(events, 2)

    assert first[0][0] == second[0][0] == "BOOKMARK" and first[0][2] > start
    assert second[1] == ("BOOKMARK", "", maps.storage.cache.revision)


async def test_who_did_not_ask_for_bookmarks_gets_none(maps: Maps, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watching, "BOOKMARK_INTERVAL_S", 0.01)
    start = await make(maps, "a")
    events = maps.watch(HERE, ListOptions(resource_version=str(start)))
    waiting = asyncio.ensure_future(take(events, 1))
    await asyncio.sleep(0.1)

    made = await make(maps, "b")

    assert await waiting == [("ADDED", "b", made)]


async def expired(events: AsyncIterator[WatchEvent], count: int) -> ApiError:
    with pytest.raises(ApiError) as caught:
        await take(events, count)
    return caught.value


async def test_a_watch_from_what_is_forgotten_is_told_to_list_again(
    maps: Maps, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(history_module, "HISTORY_EVENTS", 2)
    start = await make(maps, "a")
    for number in range(4):
        await make(maps, f"b{number}")

    error = await expired(maps.watch(HERE, ListOptions(resource_version=str(start))), 1)

    assert (error.status.code, error.status.reason) == (410, "Expired")
    assert error.status.message.startswith(f"too old resource version: {start} (")


async def test_a_watcher_that_is_too_slow_is_told_to_list_again(maps: Maps, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cache_module, "WATCHER_EVENTS", 3)
    start = await make(maps, "a")
    events = maps.watch(HERE, ListOptions(resource_version=str(start)))
    await make(maps, "b")
    await take(events, 1)
    for number in range(6):
        await make(maps, f"c{number}")

    error = await expired(events, 6)

    assert (error.status.code, error.status.reason) == (410, "Expired")


async def test_a_watch_ends_with_the_server(maps: Maps) -> None:
    await make(maps, "a")
    events = maps.watch(HERE, ListOptions())
    await take(events, 1)

    maps.storage.cache.stop()

    with pytest.raises(StopAsyncIteration):
        await asyncio.wait_for(anext(events), 10)


async def test_a_watch_that_is_given_up_leaves_nothing_behind(maps: Maps) -> None:
    watches: list[Callable[[], Any]] = []
    for _ in range(3):
        events = maps.watch(HERE, ListOptions())
        waiting = asyncio.ensure_future(anext(events))
        await asyncio.sleep(0)
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)
        watches.append(events.aclose)  # type: ignore[attr-defined]  # an async generator

    for close in watches:
        await close()

    assert maps.storage.cache._subscriptions == set()


async def test_a_watch_and_its_list_miss_nothing_between_them(maps: Maps) -> None:
    """A client that lists and then watches knows in the end what a list tells."""
    known: dict[str, int] = {}

    async def follow() -> None:
        page = await maps.list(HERE, ListOptions())
        known.update({i.value.metadata.name: int(i.value.metadata.resource_version) for i in page.items})
        async for event in maps.watch(HERE, ListOptions(resource_version=page.resource_version)):
            name, revision = event.item.value.metadata.name, int(event.item.value.metadata.resource_version)
            if event.type == "DELETED":
                del known[name]
            else:
                assert revision > known.get(name, 0)
                known[name] = revision
            if name == "end":
                return

    writers = [make(maps, f"a{number}") for number in range(50)]
    followers = [asyncio.ensure_future(follow())]
    await asyncio.gather(*writers)
    for number in range(0, 50, 2):
        await remove(maps, f"a{number}")
    await make(maps, "end")
    await asyncio.wait_for(asyncio.gather(*followers), 30)

    page = await maps.list(HERE, ListOptions())
    assert known == {item.value.metadata.name: int(item.value.metadata.resource_version) for item in page.items}
