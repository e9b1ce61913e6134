"""What is heard of the schedule from outside: repositories that can't be listed, and how late it is."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from imagestreams.api.image import ImageStream
from imagestreams.controllers.imports.schedule import ScheduledImports
from imagestreams.importing.importer import Importer
from imagestreams.resources.images.imagestreamimports import ImageStreamImports
from imagestreams.streams.import_news import Result, TagNews

INTERVAL_S = 900


class Clock:
    def __init__(self) -> None:
        self.now = datetime(2026, 1, 1, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now


class Listener:
    def __init__(self) -> None:
        self.heard: list[tuple[str, TagNews, str]] = []

    def imported(self, stream: ImageStream, news: Sequence[TagNews], now: str) -> None:
        self.heard += [(stream.metadata.name, one, now) for one in news]


class Broken:
    def imported(self, stream: ImageStream, news: Sequence[TagNews], now: str) -> None:
        raise RuntimeError("can't bear it")


def imports_of(room: Any, listener: Any) -> ImageStreamImports:
    rooms = room.streams, room.images, room.secrets
    return ImageStreamImports(Importer(room.client), *rooms, lambda namespace: None, listener)


async def until(holds: Any) -> None:
    async with asyncio.timeout(15):
        while not holds():  # noqa: ASYNC110 - any condition can be waited for
            await asyncio.sleep(0.001)


async def test_a_repository_that_can_not_be_listed_is_told_at_each_check(import_room: Any, flaky_registry: Any) -> None:
    clock, listener = Clock(), Listener()
    flaky_registry.fail(404, times=0)
    source = f"{flaky_registry.host}/x"
    annotations = {"imagestreams.dev/scheduled": "true"}
    await import_room.add_stream({"dockerImageRepository": source}, annotations=annotations)
    schedule = ScheduledImports(
        imports_of(import_room, listener), import_room.streams, clock, interval_s=INTERVAL_S, tick_s=3600
    )
    running = asyncio.create_task(schedule.run())
    await until(lambda: len(schedule) == 1)

    clock.now += timedelta(seconds=2 * INTERVAL_S)
    schedule.turn()
    await until(lambda: listener.heard and schedule.is_idle)
    schedule.stop()
    await asyncio.wait_for(running, 10)

    # The registry speaks plain HTTP, which nobody has allowed.
    [(name, news, now)] = listener.heard
    assert (name, news.tag, news.source, news.result) == ("s", "", source, Result.FAILED)
    assert news.message.endswith("http: server gave HTTP response to HTTPS client")
    assert now == "2026-01-01T00:30:00Z"
    shown = import_room.stream()["metadata"]["annotations"]["imagestreams.dev/repository-failure"]
    assert shown == f"since 2026-01-01T00:30:00Z, InternalError: {news.message}"


async def test_the_lag_is_how_long_the_longest_due_check_has_waited(import_room: Any, flaky_registry: Any) -> None:
    clock = Clock()
    for name in ("one", "two"):
        wish = {
            "name": "a",
            "from": {"kind": "DockerImage", "name": f"{flaky_registry.host}/x:1"},
            "importPolicy": {"insecure": True, "scheduled": True},
        }
        await import_room.add_stream({"tags": [wish]}, name=name)
    schedule = ScheduledImports(
        import_room.imports, import_room.streams, clock, interval_s=INTERVAL_S, tick_s=3600, workers=1
    )
    seen: list[tuple[int, float]] = []

    async def look() -> None:
        clock.now += timedelta(seconds=30)
        seen.append((schedule.depth, schedule.lag_s))

    flaky_registry.before_answer = look
    running = asyncio.create_task(schedule.run())
    await until(lambda: len(schedule) == 2)
    assert (schedule.depth, schedule.lag_s) == (0, 0.0)

    clock.now += timedelta(seconds=2 * INTERVAL_S)
    schedule.turn()
    await until(lambda: seen and schedule.is_idle)
    schedule.stop()
    await asyncio.wait_for(running, 10)

    assert seen == [(2, 30.0)]


async def test_who_can_not_bear_to_hear_of_an_import_does_not_stop_it(import_room: Any, flaky_registry: Any) -> None:
    import_room.imports = imports_of(import_room, Broken())
    image = {
        "from": {"kind": "DockerImage", "name": f"{flaky_registry.host}/x:1"},
        "to": {"name": "a"},
        "importPolicy": {"insecure": True},
    }

    answer = await import_room.run({"images": [image]})

    assert answer["status"]["images"][0]["status"]["status"] == "Success"
    assert import_room.stream()["status"]["tags"][0]["items"][0]["image"] == flaky_registry.digest
