"""A registry that does not come to an end holds up its own imports, and no others."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from imagestreams.api.codec import from_dict
from imagestreams.api.image import ImageStream
from imagestreams.controllers.imports.controller import ImportController
from imagestreams.controllers.imports.lanes import LANES, lane_of
from imagestreams.controllers.imports.pushed import PushedImports
from imagestreams.controllers.imports.schedule import ScheduledImports

NOW = "2026-01-01T00:00:00Z"


def spec(source: str, **policy: bool) -> dict[str, Any]:
    origin = {"kind": "DockerImage", "name": source}
    return {"tags": [{"name": "a", "from": origin, "importPolicy": {"insecure": True, **policy}}]}


def stream(**fields: Any) -> ImageStream:
    return from_dict({"spec": fields}, ImageStream)


async def slow_registry(start: Callable[..., Any], other: str) -> Any:
    """A registry that never answers, in another lane than the other one."""

    async def never(asked: Any, writer: asyncio.StreamWriter) -> None:
        await asyncio.Event().wait()

    never.pings = True  # type: ignore[attr-defined]  # not even the first look is answered
    for _ in range(50):
        registry = await start(never)
        if lane_of(stream(**spec(f"{registry.host}/x"))) != lane_of(stream(**spec(f"{other}/x"))):
            return registry
    raise AssertionError("all registries are in one lane")


@pytest.mark.parametrize("kind", ["changes", "pushes"])
async def test_a_registry_that_never_answers_holds_up_no_other(
    import_room: Any, docker_registry: Any, repository_name: str, lying_registry: Any, kind: str
) -> None:
    docker_registry.image(repository_name, "1")
    slow = await slow_registry(lying_registry, docker_registry.host)
    for number in range(40):
        await import_room.add_stream(spec(f"{slow.host}/x:1"), name=f"slow-{number:02d}")
    loop: ImportController | PushedImports
    if kind == "changes":
        loop = ImportController(import_room.imports, import_room.streams, lambda: NOW)
    else:
        loop = PushedImports(import_room.imports, import_room.streams, lambda: NOW, settle_s=0)
        for entry in import_room.streams.list():
            loop.import_now(entry.key, ["a"])

    running = asyncio.create_task(loop.run())
    try:
        while loop.depth < 40:  # noqa: ASYNC110 - the streams are seen soon
            await asyncio.sleep(0.01)
        await import_room.add_stream(spec(f"{docker_registry.host}/{repository_name}:1"), name="quick")
        if isinstance(loop, PushedImports):
            loop.import_now(import_room.streams.get("ns", "quick").key, ["a"])
        async with asyncio.timeout(10):
            while "tags" not in import_room.stream("quick")["status"]:  # noqa: ASYNC110 - it comes with the import
                await asyncio.sleep(0.01)
        assert loop.depth >= 40
    finally:
        loop.stop()
        await asyncio.wait_for(running, 10)


async def test_a_registry_that_never_answers_holds_up_no_check_of_another(
    import_room: Any, docker_registry: Any, repository_name: str, lying_registry: Any
) -> None:
    docker_registry.image(repository_name, "1")
    slow = await slow_registry(lying_registry, docker_registry.host)
    for number in range(40):
        await import_room.add_stream(spec(f"{slow.host}/x:1", scheduled=True), name=f"slow-{number:02d}")
    now = datetime(2026, 1, 1, tzinfo=UTC)
    loop = ScheduledImports(import_room.imports, import_room.streams, lambda: now, tick_s=3600)

    running = asyncio.create_task(loop.run())
    try:
        while len(loop) < 40:  # noqa: ASYNC110 - the streams are seen soon
            await asyncio.sleep(0.01)
        now += timedelta(hours=1)
        loop.turn()
        await import_room.add_stream(spec(f"{docker_registry.host}/{repository_name}:1", scheduled=True), name="quick")
        while len(loop) < 41:  # noqa: ASYNC110 - the stream is seen soon
            await asyncio.sleep(0.01)
        now += timedelta(hours=1)
        loop.turn()
        async with asyncio.timeout(10):
            while "tags" not in import_room.stream("quick")["status"]:  # noqa: ASYNC110 - it comes with the check
                await asyncio.sleep(0.01)
        assert loop.depth >= 40
    finally:
        loop.stop()
        await asyncio.wait_for(running, 10)


def test_the_lane_is_that_of_the_registry_that_is_named_first() -> None:
    hub = lane_of(stream(dockerImageRepository="python"))

    assert lane_of(stream(**spec("docker.io/library/python:3"))) == hub
    assert lane_of(stream(tags=[{"name": "a"}], dockerImageRepository="docker.io/x/y")) == hub
    assert lane_of(stream()) == ""
    assert len({lane_of(stream(dockerImageRepository=f"r{number}.example.com/x")) for number in range(999)}) == LANES
