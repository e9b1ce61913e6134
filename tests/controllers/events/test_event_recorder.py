"""Events of imports: what is worth one, how repetitions are counted, and what bounds them."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest

from imagestreams.api.core import Event
from imagestreams.api.errors import forbidden
from imagestreams.api.image import ImageStream
from imagestreams.api.meta import ObjectMeta
from imagestreams.controllers.events.import_events import Telling, tellings
from imagestreams.controllers.events.recorder import BURST, REFILL_S, EventRecorder
from imagestreams.resources.core.events import EventStrategy, event_storage
from imagestreams.resources.storage import ObjectStorage
from imagestreams.store.sqlite import SQLiteStore
from imagestreams.streams.import_news import Result, TagNews

STREAM = ImageStream(metadata=ObjectMeta(name="app", namespace="ns", uid="u-1", resource_version="7"))
FAILED = TagNews("1", "r.example.com/a:1", Result.FAILED, reason="NotFound", message="not there")


class Room:
    """A store of events and a recorder whose events are all written when `written` returns."""

    def __init__(self, events: ObjectStorage[Event], gate: Callable[[str], None] = lambda namespace: None) -> None:
        self.events, self.seconds = events, 0.0
        self.gate = gate

    async def written(self, *told: tuple[TagNews, str]) -> list[Event]:
        """Let a recorder that has just been started tell, and return all events."""
        recorder = EventRecorder(self.events, self.gate, lambda: self.seconds)
        for news, now in told:
            recorder.imported(STREAM, [news], now)
        await run_to_the_end(recorder)
        return [entry.value for entry in self.events.list("ns")]


async def run_to_the_end(recorder: EventRecorder) -> None:
    recorder.stop()
    await asyncio.wait_for(recorder.run(), 10)


@asynccontextmanager
async def opened(directory: Path) -> AsyncIterator[ObjectStorage[Event]]:
    store = SQLiteStore.open(directory)
    events = event_storage(store, lambda: datetime.now(UTC))
    await events.cache.start()
    yield events
    events.cache.stop()
    await store.close()


@pytest.fixture
async def room(tmp_path: Path) -> AsyncIterator[Room]:
    async with opened(tmp_path / "data") as events:
        yield Room(events)


def at(minute: int, second: int = 0) -> str:
    return f"2026-01-01T00:{minute:02}:{second:02}Z"


async def test_a_repeated_failure_is_written_rarely_and_counted_in_full(room: Room) -> None:
    [event] = await room.written(*((FAILED, at(0, second)) for second in range(0, 50, 10)), (FAILED, at(6)))

    assert (event.count, event.first_timestamp, event.last_timestamp) == (6, at(0), at(6))
    assert EventStrategy().validate(event) == []


async def test_a_failure_within_minutes_costs_no_write(room: Room) -> None:
    [before] = await room.written((FAILED, at(0)))

    [after] = await room.written((FAILED, at(3)), (FAILED, at(4)))

    assert after.metadata.resource_version == before.metadata.resource_version
    assert (after.count, after.last_timestamp) == (1, at(0))


async def test_a_restarted_server_goes_on_counting_the_same_event(room: Room) -> None:
    await room.written((FAILED, at(0)))

    [event] = await room.written((FAILED, at(20)))

    assert (event.count, event.first_timestamp, event.last_timestamp) == (2, at(0), at(20))


async def test_a_clock_that_was_set_back_does_not_silence_a_failure(room: Room) -> None:
    [event] = await room.written((FAILED, at(30)), (FAILED, at(10)))

    assert (event.count, event.last_timestamp) == (2, at(10))


async def test_another_reason_is_another_event(room: Room) -> None:
    refused = TagNews("1", FAILED.source, Result.REFUSED, reason="Forbidden", message="forbidden: registry x blocked")

    events = await room.written((FAILED, at(0)), (refused, at(0)))

    assert sorted(event.reason for event in events) == ["ImportFailed", "ImportRefused"]
    assert {event.metadata.name.rpartition(".")[0] for event in events} == {"app"}


async def test_a_stream_that_has_too_much_to_tell_is_cut_short_for_a_while(room: Room) -> None:
    recorder = EventRecorder(room.events, lambda namespace: None, lambda: room.seconds)
    running = asyncio.create_task(recorder.run())

    async def tell(first: int, count: int) -> int:
        for number in range(first, first + count):
            recorder.tell(STREAM, Telling("Normal", "Imported", str(number)), at(0))
        last = ImageStream(metadata=ObjectMeta(name="last", namespace="ns", uid=f"u-last-{first}"))
        recorder.tell(last, Telling("Normal", "Imported", str(first)), at(0))
        async with asyncio.timeout(10):
            while not any(  # noqa: ASYNC110 - the recorder tells nobody
                one.value.involved_object.uid == last.metadata.uid for one in room.events.list("ns")
            ):
                await asyncio.sleep(0.001)
        return sum(entry.value.involved_object.uid == "u-1" for entry in room.events.list("ns"))

    assert await tell(0, BURST + 10) == BURST
    room.seconds += 2 * REFILL_S
    assert await tell(1000, 10) == BURST + 2

    recorder.stop()
    await asyncio.wait_for(running, 10)


async def test_a_namespace_that_goes_away_gets_no_events(room: Room) -> None:
    def closed(namespace: str) -> None:
        raise forbidden("", "namespaces", namespace, "it is being terminated")

    room.gate = closed

    assert await room.written((FAILED, at(0))) == []


async def test_more_than_the_queue_holds_is_left_out_and_stops_nobody(room: Room) -> None:
    recorder = EventRecorder(room.events, lambda namespace: None, lambda: 0.0)

    for number in range(2000):
        recorder.tell(STREAM, Telling("Normal", "Imported", str(number)), at(0))
    await run_to_the_end(recorder)

    assert len(list(room.events.list("ns"))) == BURST


def test_what_is_unchanged_is_not_told() -> None:
    assert list(tellings([TagNews("1", "r.example.com/a:1", Result.UNCHANGED, "sha256:1")])) == []


def test_few_tags_are_told_one_by_one_and_many_together() -> None:
    def changed(count: int) -> list[TagNews]:
        return [TagNews(f"1.{number}", "r.example.com/a", Result.CHANGED, "sha256:1") for number in range(count)]

    assert [one.message for one in tellings(changed(2))] == [
        "Imported sha256:1 from r.example.com/a into tag 1.0",
        "Imported sha256:1 from r.example.com/a into tag 1.1",
    ]
    [many] = tellings(changed(12))
    names = ", ".join(f"1.{number}" for number in range(10))
    assert many == Telling("Normal", "Imported", f"Imported 12 tags from r.example.com/a: {names} and 2 more")


def test_each_kind_of_news_has_its_reason() -> None:
    news = [
        TagNews("stable", "r.example.com/a", Result.FOLLOWED, "sha256:2", "3.6.1"),
        TagNews("x", "r.example.com/x:1", Result.REFUSED, reason="Forbidden", message="forbidden: registry blocked"),
        TagNews("", "r.example.com/y", Result.FAILED, reason="Unauthorized", message="no"),
    ]

    assert list(tellings(news)) == [
        Telling("Normal", "Followed", "Tag stable now follows version 3.6.1 of r.example.com/a: sha256:2"),
        Telling("Warning", "ImportFailed", "Failed to import repository r.example.com/y: Unauthorized: no"),
        Telling(
            "Warning",
            "ImportRefused",
            "Refused to import tag x from r.example.com/x:1: Forbidden: forbidden: registry blocked",
        ),
    ]


def test_a_long_message_is_cut_where_events_end() -> None:
    [telling] = tellings([TagNews("1", "r.example.com/a:1", Result.FAILED, message="ä" * 5000)])

    assert len(telling.message.encode()) <= 1024
    assert telling.message.endswith("ä...")
