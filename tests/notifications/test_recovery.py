"""What happens between a change and its delivery may be broken off anywhere: nothing is lost, and little told twice."""

import asyncio
import random
from collections.abc import Callable
from typing import Any

import pytest
from aiohttp import web

from imagestreams.notifications import reports, stream_happenings
from imagestreams.notifications.outbox import OVERFLOW


async def test_what_changed_while_nothing_ran_is_told_exactly_once_after_it(
    room: Any, receiver: Any, digests: list[str]
) -> None:
    await room.sink(url=receiver.url, events=["TagChanged", "TagDeleted"])
    await room.tag("prod", digests[0])
    await receiver.count(1)
    await room.until(lambda: not room.room.outbox.boxes()[0].waiting)

    await room.crash()
    await room.tag("prod", digests[1], digests[0])
    await room.tag("gone", digests[2])
    await room.untag("gone")
    await room.start()
    await receiver.count(5)

    assert [(event["subject"], event["data"]["image"]) for event in receiver.events] == [
        ("ns/app:prod", digests[0]),
        ("ns/app:prod", digests[1]),
        ("ns/app:prod", digests[0]),
        ("ns/app:gone", digests[2]),
        ("ns/app:gone", ""),
    ]


async def test_a_sink_that_nobody_had_seen_yet_hears_of_what_came_after_it(
    room: Any, receiver: Any, digests: list[str]
) -> None:
    await room.tag("prod", digests[0])
    await room.crash()
    await room.room.start()
    await room.sink(url=receiver.url)
    await room.tag("prod", digests[1])

    await room.start()
    await receiver.count(1)

    assert receiver.told() == [("ns/app:prod", digests[1])]


async def test_what_waited_still_waits_after_a_crash_and_keeps_its_order(
    room: Any, receiver: Any, digests: list[str]
) -> None:
    await room.sink(url=receiver.url)
    receiver.answer = lambda body: web.Response(status=503)
    await room.tag("prod", *digests[:3])
    await room.until(lambda: len(room.room.outbox.boxes()[0].waiting) == 3)

    await room.crash()
    receiver.answer = lambda body: None
    receiver.requests.clear()
    await room.start()
    await receiver.count(3)

    assert [image for _, image in receiver.told()] == digests[:3]


async def test_a_crash_between_the_last_delivery_and_its_report_leaves_no_old_numbers(
    room: Any, receiver: Any, digests: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    await room.sink(url=receiver.url)
    receiver.answer = lambda body: web.Response(status=503)
    await room.tag("prod", digests[0])
    await room.until(lambda: room.stored().status.pending == 1)
    monkeypatch.setattr(reports, "BETWEEN_WRITES_S", 3600.0)
    receiver.answer = lambda body: None
    await room.until(lambda: not room.room.outbox.boxes()[0].waiting)

    await room.crash()
    await room.start()

    await room.until(lambda: room.stored().status.pending == 0)


async def test_where_the_log_is_gone_the_streams_are_asked(room: Any, receiver: Any, digests: list[str]) -> None:
    await room.sink(url=receiver.url)
    await room.tag("old", digests[0])
    await receiver.count(1)
    await room.until(lambda: not room.room.outbox.boxes()[0].waiting)

    await room.crash()
    room.wall = 60
    await room.tag("old", digests[1], digests[2])
    await room.tag("new", digests[3])
    await room.store.compact(room.store.revision)
    await room.start()
    await receiver.count(4)

    assert sorted(receiver.told()[1:]) == sorted(
        [("ns/app:old", digests[1]), ("ns/app:old", digests[2]), ("ns/app:new", digests[3])]
    )


async def test_where_the_log_is_gone_an_import_that_began_before_the_cursor_is_told(
    room: Any, receiver: Any, digests: list[str]
) -> None:
    room.wall = 3600
    await room.sink(url=receiver.url)
    await room.tag("prod", digests[0])
    await receiver.count(1)
    await room.until(lambda: not room.room.outbox.boxes()[0].waiting)

    await room.crash()
    room.wall = 3590
    await room.tag("prod", digests[1])
    await room.store.compact(room.store.revision)
    await room.start()
    await receiver.count(2)

    assert [image for _, image in receiver.told()] == digests[:2]


async def test_one_odd_object_keeps_no_other_from_being_told_of(
    room: Any, receiver: Any, digests: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    await room.sink(url=receiver.url)
    original = stream_happenings._changed

    def odd(stream: Any, *arguments: Any) -> Any:
        if stream.metadata.name == "odd":
            raise KeyError("odd")
        return original(stream, *arguments)

    monkeypatch.setattr(stream_happenings, "_changed", odd)
    await room.tag("prod", digests[0], stream="odd")
    await room.tag("prod", digests[1])
    await receiver.count(1)

    assert receiver.told() == [("ns/app:prod", digests[1])]


async def test_a_store_that_fails_for_a_while_loses_nothing(
    room: Any, receiver: Any, digests: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    await room.sink(url=receiver.url)
    room.room.loops[0]._pause_s = 0.05
    broken = True
    original = room.room.outbox.add

    async def add(*arguments: Any, **options: Any) -> None:
        if broken:
            raise OSError("the disk is full")
        await original(*arguments, **options)

    monkeypatch.setattr(room.room.outbox, "add", add)
    await room.tag("prod", *digests[:3])
    await room.settled()
    broken = False
    await receiver.count(3)

    assert [image for _, image in receiver.told()] == digests[:3]


async def test_a_full_box_puts_its_oldest_events_aside_and_counts_what_it_drops(
    room: Any, digests: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    room.room.outbox._waiting_max, room.room.outbox._dead_max = 3, 2
    await room.sink(url="http://127.0.0.1:1/")

    await room.tag("prod", *digests[:7])
    await room.until(lambda: len(room.room.outbox.boxes()[0].dead) == 2)
    await room.until(lambda: room.room.outbox.boxes()[0].cursor.lost == 2)

    (box,) = room.room.outbox.boxes()
    assert [letter.event.data["image"] for letter in box.waiting.values()] == digests[4:7]
    assert [letter.event.data["image"] for letter in box.dead.values()] == digests[2:4]
    assert {letter.reason for letter in box.dead.values()} == {OVERFLOW}


async def test_cursors_move_on_their_own_but_not_while_nobody_writes(
    room: Any, receiver: Any, digests: list[str]
) -> None:
    await room.sink(url=receiver.url)
    await room.stop()
    room.room = room._make()
    room.room.loops[0]._advance_s = 0.02
    await room.start()
    await room.until(lambda: len(room.room.outbox.boxes()) == 1)
    (box,) = room.room.outbox.boxes()
    before = box.cursor.revisions["imagestreams"]

    await room.secret("other")
    await room.until(lambda: box.cursor.revisions["imagestreams"] > before)
    await asyncio.sleep(0.1)
    settled = room.store.revision
    await asyncio.sleep(0.2)

    assert room.store.revision == settled


async def test_a_stop_leaves_nothing_to_look_at_again(room: Any, receiver: Any, digests: list[str]) -> None:
    await room.sink(url=receiver.url)
    await room.tag("prod", digests[0])
    await receiver.count(1)
    await room.until(lambda: not room.room.outbox.boxes()[0].waiting)

    for _ in range(3):
        await room.crash()
        await room.start()
    await room.tag("prod", digests[1])
    await receiver.count(2)

    assert [image for _, image in receiver.told()] == digests[:2]


@pytest.mark.parametrize("seed", range(12))
async def test_whatever_is_done_and_wherever_it_crashes_each_change_is_told_in_order(
    make_room: Callable[..., Any], receiver: Any, digests: list[str], seed: int
) -> None:
    choice = random.Random(seed)
    room = make_room()
    await room.start()
    await room.sink(url=receiver.url)
    receiver.answer = lambda body: (
        web.Response(status=choice.choice([500, 429, 404])) if choice.random() < 0.3 else None
    )
    expected: dict[str, list[str]] = {"a": [], "b": []}

    for _ in range(40):
        tag = choice.choice("ab")
        image = choice.choice([one for one in digests[:6] if expected[tag][-1:] != [one]])
        await room.tag(tag, image)
        expected[tag].append(image)
        match choice.random():
            case number if number < 0.1:
                await room.crash()
                await room.start()
            case number if number < 0.2:
                await room.crash()
                later = choice.choice([one for one in digests[:6] if expected["a"][-1:] != [one]])
                await room.tag("a", later)
                expected["a"].append(later)
                await room.start()
            case number if number < 0.5:
                await room.settled()

    def told() -> dict[str, list[str]]:
        """What each tag's receiver has seen, with repetitions of an event left out."""
        found: dict[str, list[str]] = {"a": [], "b": []}
        seen: set[str] = set()
        for event in receiver.events:
            if event["id"] not in seen:
                seen.add(event["id"])
                found[event["data"]["tag"]].append(event["data"]["image"])
        return found

    await room.until(lambda: told() == expected and not room.room.outbox.boxes()[0].waiting)
