"""What is said to be pushed is imported at once, once, and only if it is there; from a real registry."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest

from imagestreams.controllers.imports.controller import RetrySettings
from imagestreams.controllers.imports.pending_imports import PendingImports
from imagestreams.controllers.imports.pushed import PushedImports
from imagestreams.controllers.queue import Backoff
from imagestreams.store.kv import StoreError

NOW = "2026-01-01T00:00:00Z"


@asynccontextmanager
async def running(
    room: Any, *, settle_s: float = 0.05, pending: PendingImports | None = None
) -> AsyncIterator[PushedImports]:
    retry = RetrySettings(5, Backoff(first_s=0.01, longest_s=0.02))
    pushed = PushedImports(room.imports, room.streams, lambda: NOW, settle_s=settle_s, retry=retry, pending=pending)
    task = asyncio.create_task(pushed.run())
    try:
        yield pushed
    finally:
        pushed.stop()
        await asyncio.wait_for(task, 10)


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(15):
        while not holds():  # noqa: ASYNC110 - any condition can be waited for
            await asyncio.sleep(0.005)


def tag(name: str, source: str) -> dict[str, Any]:
    return {"name": name, "from": {"kind": "DockerImage", "name": source}, "importPolicy": {"insecure": True}}


def images(room: Any, name: str = "s") -> dict[str, list[str]]:
    tags = room.stream(name)["status"].get("tags") or []
    return {one["tag"]: [item["image"] for item in one["items"] or []] for one in tags}


def key(room: Any, name: str = "s") -> str:
    found: str = room.streams.key("ns", name)
    return found


async def test_a_burst_for_one_tag_is_one_import(import_room: Any, docker_registry: Any, repository_name: str) -> None:
    pushed_image = docker_registry.image(repository_name, "1")
    source = f"{docker_registry.host}/{repository_name}"
    await import_room.add_stream({"tags": [tag("a", f"{source}:1"), tag("b", f"{source}:2")]})
    mark = docker_registry.mark()

    async with running(import_room) as pushed:
        for _ in range(100):
            pushed.import_now(key(import_room), {"a"})
        await until(lambda: "a" in images(import_room))
        await asyncio.sleep(0.2)

    asked = [
        path.rpartition("/manifests/")[2] for _, path, _ in docker_registry.requests(mark) if "/manifests/" in path
    ]
    assert images(import_room) == {"a": [pushed_image.digest]}
    assert [reference for reference in asked if ":" not in reference] == ["1"]


async def test_a_word_that_comes_during_an_import_is_another_import(
    import_room: Any, docker_registry: Any, repository_name: str
) -> None:
    first = docker_registry.image(repository_name, "1", seed=1)
    await import_room.add_stream({"tags": [tag("a", f"{docker_registry.host}/{repository_name}:1")]})

    async with running(import_room) as pushed:
        pushed.import_now(key(import_room), {"a"})
        await until(lambda: "a" in images(import_room))
        second = docker_registry.image(repository_name, "1", seed=2)
        pushed.import_now(key(import_room), {"a"})
        await until(lambda: len(images(import_room)["a"]) == 2)

    assert images(import_room)["a"] == [second.digest, first.digest]


async def test_a_new_tag_of_a_whole_repository_comes_in_and_a_false_one_leaves_no_trace(
    import_room: Any, docker_registry: Any, repository_name: str
) -> None:
    new = docker_registry.image(repository_name, "new")
    await import_room.add_stream(
        {"dockerImageRepository": f"{docker_registry.host}/{repository_name}"},
        annotations={"openshift.io/image.insecureRepository": "true"},
    )

    async with running(import_room) as pushed:
        pushed.import_now(key(import_room), {"new", "invented"})
        await until(lambda: "new" in images(import_room))
        version = import_room.stream()["metadata"]["resourceVersion"]
        pushed.import_now(key(import_room), {"invented"})
        await asyncio.sleep(0.3)

    assert images(import_room) == {"new": [new.digest]}
    assert [one["name"] for one in import_room.stream()["spec"]["tags"]] == ["new"]
    assert import_room.stream()["metadata"]["resourceVersion"] == version


async def test_a_passing_failure_is_tried_again(import_room: Any, flaky_registry: Any) -> None:
    await import_room.add_stream({"tags": [tag("a", f"{flaky_registry.host}/x:1")]})
    flaky_registry.fail(503, times=3)

    async with running(import_room) as pushed:
        pushed.import_now(key(import_room), {"a"})
        await until(lambda: bool(images(import_room).get("a")))

    assert images(import_room) == {"a": [flaky_registry.digest]}


async def test_a_failure_that_stays_is_given_up(import_room: Any, flaky_registry: Any) -> None:
    await import_room.add_stream({"tags": [tag("a", f"{flaky_registry.host}/x:1")]})
    flaky_registry.fail(503, times=1000)

    async with running(import_room) as pushed:
        pushed.import_now(key(import_room), {"a"})
        await until(lambda: "a" in images(import_room))
        await asyncio.sleep(0.5)
        asked = flaky_registry.manifest_requests
        await asyncio.sleep(0.3)

    assert flaky_registry.manifest_requests == asked
    assert images(import_room) == {"a": []}


async def test_a_stream_that_is_gone_or_wants_none_of_it_is_left_alone(import_room: Any, docker_registry: Any) -> None:
    await import_room.add_stream({"tags": [{"name": "a", "from": {"kind": "ImageStreamTag", "name": "s:b"}}]})
    version = import_room.stream()["metadata"]["resourceVersion"]

    async with running(import_room) as pushed:
        pushed.import_now(key(import_room), {"a", "unknown"})
        pushed.import_now(key(import_room, "gone"), {"a"})
        await asyncio.sleep(0.2)

    assert import_room.stream()["metadata"]["resourceVersion"] == version


async def test_what_was_told_is_imported_by_the_next_server_if_this_one_dies_before(
    import_room: Any, docker_registry: Any, repository_name: str
) -> None:
    image = docker_registry.image(repository_name, "1")
    source = f"{docker_registry.host}/{repository_name}:1"
    for name in ("s", "other"):
        await import_room.add_stream({"tags": [tag("a", source), tag("b", source)]}, name=name)

    def pending() -> PendingImports:
        return PendingImports(import_room.streams._store, import_room.streams.prefix())

    async with running(import_room, settle_s=1000, pending=pending()) as pushed:
        pushed.import_now(key(import_room), {"a"})
        pushed.import_now(key(import_room), {"b"})
        await asyncio.gather(pushed.noted(), pushed.noted())
        pushed.import_now(key(import_room, "other"), {"a"})
        await pushed.noted()
    assert images(import_room) == images(import_room, "other") == {}

    after = pending()
    async with running(import_room, pending=after):
        await until(lambda: bool(images(import_room) and images(import_room, "other")))
        await until(lambda: not list(after.all()))

    assert images(import_room) == {"a": [image.digest], "b": [image.digest]}
    assert images(import_room, "other") == {"a": [image.digest]}


async def test_what_is_told_during_an_import_is_not_forgotten_with_it(
    import_room: Any, docker_registry: Any, repository_name: str
) -> None:
    docker_registry.image(repository_name, "1", seed=1)
    await import_room.add_stream({"tags": [tag("a", f"{docker_registry.host}/{repository_name}:1")]})
    pending = PendingImports(import_room.streams._store, import_room.streams.prefix())

    async with running(import_room, settle_s=0, pending=pending) as pushed:
        for _ in range(20):
            pushed.import_now(key(import_room), {"a"})
            await pushed.noted()
        second = docker_registry.image(repository_name, "1", seed=2)
        pushed.import_now(key(import_room), {"a"})
        await pushed.noted()
        await until(lambda: images(import_room).get("a", [""])[0] == second.digest)
        await until(lambda: not list(pending.all()))


async def test_what_can_not_be_stored_is_imported_when_it_can(
    import_room: Any, docker_registry: Any, repository_name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    image = docker_registry.image(repository_name, "1")
    await import_room.add_stream({"tags": [tag("a", f"{docker_registry.host}/{repository_name}:1")]})
    perform, refused = import_room.imports.perform, 0

    async def full_disk(*arguments: Any) -> Any:
        nonlocal refused
        refused += 1
        if refused == 1:
            raise StoreError("the disk is full")
        return await perform(*arguments)

    monkeypatch.setattr(import_room.imports, "perform", full_disk)
    async with running(import_room) as pushed:
        pushed.import_now(key(import_room), {"a"})
        await until(lambda: images(import_room) == {"a": [image.digest]})
