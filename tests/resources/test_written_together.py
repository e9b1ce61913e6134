"""An object and a new one of another resource are stored in one write: both, or neither."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from imagestreams.access.identity import User
from imagestreams.api.codec import copy
from imagestreams.api.core import Stored
from imagestreams.api.errors import ApiError, FieldError
from imagestreams.api.meta import ObjectMeta
from imagestreams.resources.resource import RequestContext, ResourceInfo
from imagestreams.resources.storage import ObjectStorage
from imagestreams.resources.stored import StoredResource, Strategy
from imagestreams.store.sqlite import SQLiteStore

CONTEXT = RequestContext(User("jane"), "2026-01-01T00:00:00Z", "shop", "counter", patches=True)


class Thing(Stored):
    """Anything with a number."""

    number: int = 0


class Rules(Strategy[Thing]):
    """Refuses the number 13."""

    def validate(self, value: Thing) -> list[FieldError]:
        return [FieldError.invalid("number", value.number, "brings bad luck")] if value.number == 13 else []


class Room:
    """A resource of counters, and one of what they count."""

    def __init__(self, store: SQLiteStore) -> None:
        self.counters, self.tickets = (self._resource(store, plural) for plural in ("counters", "tickets"))

    def _resource(self, store: SQLiteStore, plural: str) -> StoredResource[Thing]:
        info = ResourceInfo("example.com", "v1", plural, "Thing", Thing, frozenset())
        return StoredResource(ObjectStorage(store, info, Thing), Rules(), lambda namespace: None)

    async def count(self, name: str = "") -> Thing:
        made: list[Thing] = []

        def transform(current: Thing) -> Thing:
            changed = copy(current)
            changed.number += 1
            made[:] = [Thing(metadata=ObjectMeta(name=name or f"ticket-{changed.number}"), number=changed.number)]
            return changed

        entry = await self.counters.update_and_create(CONTEXT, transform, self.tickets, lambda: made[0])
        return entry.value

    def number(self) -> int:
        return self.counters.storage.get("shop", "counter").value.number

    def names(self) -> list[str]:
        return [entry.value.metadata.name for entry in self.tickets.storage.list()]


@pytest.fixture
async def room(tmp_path: Path) -> AsyncIterator[Room]:
    store = SQLiteStore.open(tmp_path / "store")
    made = Room(store)
    for resource in (made.counters, made.tickets):
        await resource.storage.cache.start()
    await made.counters.create(CONTEXT, Thing(metadata=ObjectMeta(name="counter")))
    yield made
    await store.close()


async def test_both_are_stored_at_one_revision(room: Room) -> None:
    ticket = await room.count()

    counted = room.counters.storage.get("shop", "counter")
    assert (counted.value.number, ticket.metadata.name) == (1, "ticket-1")
    assert ticket.metadata.uid
    assert ticket.metadata.resource_version == counted.value.metadata.resource_version


async def test_a_new_object_that_is_refused_leaves_the_other_as_it_was(room: Room) -> None:
    for _ in range(12):
        await room.count()

    with pytest.raises(ApiError, match="brings bad luck"):
        await room.count()

    assert (room.number(), len(room.names())) == (12, 12)


async def test_a_name_that_is_taken_leaves_the_other_as_it_was(room: Room) -> None:
    await room.count(name="same")

    with pytest.raises(ApiError, match="already exists"):
        await room.count(name="same")

    assert (room.number(), room.names()) == (1, ["same"])


async def test_of_many_at_a_time_none_gets_the_same_number(room: Room) -> None:
    tickets = await asyncio.gather(*(room.count() for _ in range(10)))

    assert sorted(ticket.number for ticket in tickets) == list(range(1, 11))
    assert room.number() == 10


async def test_an_object_that_is_not_there_counts_nothing(room: Room) -> None:
    await room.counters.storage.remove(room.counters.storage.get("shop", "counter"))

    with pytest.raises(ApiError, match="not found"):
        await room.count()

    assert room.names() == []
