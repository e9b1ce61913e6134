"""Scheduled tags and repositories are checked by a simulated clock, at a real registry."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

from imagestreams.api.codec import copy
from imagestreams.api.image import ImageStream
from imagestreams.controllers.imports.schedule import ScheduledImports
from imagestreams.importing.importer import Importer
from imagestreams.registries.client import RegistryClient
from imagestreams.registries.clock import Clock
from imagestreams.registries.limits import Limits
from imagestreams.resources.images.imagestreamimports import ImageStreamImports

INTERVAL_S = 900


class SimulatedTime:
    def __init__(self) -> None:
        self.now = datetime(2026, 1, 1, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def stamp(self) -> str:
        return self.now.strftime("%Y-%m-%dT%H:%M:%SZ")


class Checks:
    """A running schedule whose time passes only when told so."""

    def __init__(self, room: Any, schedule: ScheduledImports, time: SimulatedTime) -> None:
        self.room, self.schedule, self.time = room, schedule, time

    async def known(self, number: int) -> None:
        await until(lambda: len(self.schedule) == number)

    async def pass_time(self, seconds: float, step_s: float = 5) -> None:
        for _ in range(round(seconds / step_s)):
            self.time.now += timedelta(seconds=step_s)
            self.schedule.turn()
            await until(lambda: self.schedule.is_idle)


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(15):
        while not holds():  # noqa: ASYNC110 - any condition can be waited for
            await asyncio.sleep(0.001)


@asynccontextmanager
async def checking(room: Any, time: SimulatedTime) -> AsyncIterator[Checks]:
    schedule = ScheduledImports(room.imports, room.streams, time, interval_s=INTERVAL_S, tick_s=3600)
    task = asyncio.create_task(schedule.run())
    try:
        yield Checks(room, schedule, time)
    finally:
        schedule.stop()
        await asyncio.wait_for(task, 10)


def tag(name: str, source: str, interval: str = "", **policy: Any) -> dict[str, Any]:
    wish = {
        "name": name,
        "from": {"kind": "DockerImage", "name": source},
        "importPolicy": {"insecure": True, "scheduled": True, **policy},
    }
    return {**wish, "annotations": {"imagestreams.dev/import-interval": interval}} if interval else wish


def history(room: Any, name: str = "s") -> dict[str, dict[str, Any]]:
    return {one["tag"]: one for one in room.stream(name)["status"].get("tags", [])}


async def import_all(room: Any, time: SimulatedTime, name: str = "s") -> None:
    """Import the spec tags of a stream, as the import controller does for new ones."""
    images = [
        {"from": one["from"], "to": {"name": one["name"]}, "importPolicy": one["importPolicy"]}
        for one in room.stream(name)["spec"]["tags"]
    ]
    await room.run({"images": images}, name=name, now=time.stamp())


async def test_an_unchanged_tag_costs_one_head_in_an_interval_and_no_write(
    import_room: Any, docker_registry: Any, repository_name: str
) -> None:
    time = SimulatedTime()
    source = f"{docker_registry.host}/{repository_name}"
    for name in "abc":
        docker_registry.image(repository_name, name, seed=ord(name))
    await import_room.add_stream({"tags": [tag(name, f"{source}:{name}") for name in "abc"]})
    await import_all(import_room, time)
    version = import_room.stream()["metadata"]["resourceVersion"]

    async with checking(import_room, time) as checks:
        await checks.known(3)
        mark = docker_registry.mark()
        await checks.pass_time(3 * INTERVAL_S)

    asked = docker_registry.requests(mark)
    assert {method for method, _, _ in asked} == {"HEAD"}
    for name in "abc":
        assert 2 <= sum(path.endswith(f"/{name}") for _, path, _ in asked) <= 4
    assert import_room.stream()["metadata"]["resourceVersion"] == version


async def test_a_moved_tag_is_followed_and_others_are_left_alone(
    import_room: Any, docker_registry: Any, repository_name: str
) -> None:
    time = SimulatedTime()
    first = docker_registry.image(repository_name, "1", seed=1)
    source = f"{docker_registry.host}/{repository_name}:1"
    await import_room.add_stream({"tags": [tag("a", source), tag("b", source, scheduled=False)]})
    await import_all(import_room, time)
    moved = docker_registry.image(repository_name, "1", seed=2)

    async with checking(import_room, time) as checks:
        await checks.known(1)
        await checks.pass_time(1.2 * INTERVAL_S)

    assert [one["image"] for one in history(import_room)["a"]["items"]] == [moved.digest, first.digest]
    assert [one["image"] for one in history(import_room)["b"]["items"]] == [first.digest]
    assert history(import_room)["a"]["items"][0]["created"] > "2026-01-01T00:00:00Z"


async def test_a_tag_has_an_interval_of_its_own(import_room: Any, docker_registry: Any, repository_name: str) -> None:
    time = SimulatedTime()
    source = f"{docker_registry.host}/{repository_name}"
    for name in ("often", "seldom"):
        docker_registry.image(repository_name, name)
    await import_room.add_stream({"tags": [tag("often", f"{source}:often", "60s"), tag("seldom", f"{source}:seldom")]})
    await import_all(import_room, time)

    async with checking(import_room, time) as checks:
        await checks.known(2)
        mark = docker_registry.mark()
        await checks.pass_time(INTERVAL_S)

    asked = [path.rpartition("/")[2] for _, path, _ in docker_registry.requests(mark)]
    assert 14 <= asked.count("often") <= 16
    assert asked.count("seldom") <= 1


async def test_a_restart_does_not_put_checks_off(import_room: Any, docker_registry: Any, repository_name: str) -> None:
    time = SimulatedTime()
    docker_registry.image(repository_name, "1")
    await import_room.add_stream({"tags": [tag("a", f"{docker_registry.host}/{repository_name}:1")]})
    await import_all(import_room, time)
    mark = docker_registry.mark()

    for _ in range(12):
        async with checking(import_room, time) as checks:
            await checks.known(1)
            await checks.pass_time(INTERVAL_S / 6)

    assert 1 <= len([path for _, path, _ in docker_registry.requests(mark) if path.endswith("/1")]) <= 3


async def test_a_failing_tag_backs_off_alone_and_returns_to_normal(
    import_room: Any, docker_registry: Any, repository_name: str
) -> None:
    time = SimulatedTime()
    source = f"{docker_registry.host}/{repository_name}"
    docker_registry.image(repository_name, "good")
    await import_room.add_stream({"tags": [tag("bad", f"{source}:bad", "60s"), tag("good", f"{source}:good", "60s")]})
    await import_all(import_room, time)

    def asked(since: int, name: str) -> int:
        # A check of a tag that is not there may take a HEAD and a GET, to know why.
        methods = [method for method, path, _ in docker_registry.requests(since) if path.endswith(f"/manifests/{name}")]
        return max(methods.count("HEAD"), methods.count("GET"))

    async with checking(import_room, time) as checks:
        await checks.known(2)
        version = import_room.stream()["metadata"]["resourceVersion"]
        mark = docker_registry.mark()
        await checks.pass_time(40 * 60)
        assert 38 <= asked(mark, "good") <= 42
        assert 4 <= asked(mark, "bad") <= 8
        [condition] = history(import_room)["bad"]["conditions"]
        assert (condition["type"], condition["status"], condition["reason"]) == ("ImportSuccess", "False", "NotFound")
        assert import_room.stream()["metadata"]["resourceVersion"] == version

        pushed = docker_registry.image(repository_name, "bad", seed=2)
        await checks.pass_time(18 * 60)
        assert history(import_room)["bad"]["items"][0]["image"] == pushed.digest
        assert "conditions" not in history(import_room)["bad"]
        mark = docker_registry.mark()
        await checks.pass_time(10 * 60)
        assert 9 <= asked(mark, "bad") <= 11


async def test_what_is_no_longer_scheduled_is_forgotten(
    import_room: Any, docker_registry: Any, repository_name: str
) -> None:
    time = SimulatedTime()
    docker_registry.image(repository_name, "1")
    source = f"{docker_registry.host}/{repository_name}:1"
    await import_room.add_stream({"tags": [tag("a", source), tag("b", source)]})
    await import_room.add_stream({"tags": [tag("a", source)]}, name="other")

    def unschedule(stream: ImageStream) -> None:
        assert stream.spec.tags is not None
        stream.spec.tags[1].import_policy.scheduled = False

    async with checking(import_room, time) as checks:
        await checks.known(3)
        await import_room.change_stream(unschedule)
        await checks.known(2)
        await import_room.streams.remove(import_room.streams.get("ns", "other"))
        await checks.known(1)


async def test_a_clock_that_was_wrong_and_is_set_back_does_not_stop_the_checks(
    import_room: Any, docker_registry: Any, repository_name: str
) -> None:
    time = SimulatedTime()
    docker_registry.image(repository_name, "1")
    await import_room.add_stream({"tags": [tag("a", f"{docker_registry.host}/{repository_name}:1")]})
    await import_all(import_room, time)
    right = time.now
    time.now += timedelta(days=300)

    async with checking(import_room, time) as checks:
        await checks.known(1)
        await checks.pass_time(5)
        time.now = right
        mark = docker_registry.mark()
        await checks.pass_time(1.2 * INTERVAL_S)

    assert [path for _, path, _ in docker_registry.requests(mark) if path.endswith("/1")]


async def test_a_scheduled_repository_brings_new_tags_and_leaves_what_comes_from_elsewhere(
    import_room: Any, docker_registry: Any, repository_name: str
) -> None:
    time = SimulatedTime()
    repository = f"{docker_registry.host}/{repository_name}"
    first = docker_registry.image(repository_name, "1", seed=1)
    docker_registry.image(repository_name, "mine", seed=3)
    other = docker_registry.image(f"{repository_name}-other", "x", seed=4)
    notes = {
        "openshift.io/image.insecureRepository": "true",
        "openshift.io/image.dockerRepositoryCheck": time.stamp(),
        "imagestreams.dev/scheduled": "true",
    }
    spec = {
        "dockerImageRepository": repository,
        "tags": [
            tag("1", f"{repository}:1", scheduled=False, importMode="PreserveOriginal"),
            tag("mine", f"{repository}-other:x", scheduled=False),
        ],
    }
    await import_room.add_stream(spec, annotations=notes)
    await import_all(import_room, time)
    second = docker_registry.image(repository_name, "2", seed=2)

    async with checking(import_room, time) as checks:
        await checks.known(1)
        await checks.pass_time(1.2 * INTERVAL_S)
        version = import_room.stream()["metadata"]["resourceVersion"]
        mark = docker_registry.mark()
        await checks.pass_time(1.2 * INTERVAL_S)

    images = {name: one["items"][0]["image"] for name, one in history(import_room).items()}
    assert images == {"1": first.digest, "2": second.digest, "mine": other.digest}
    wishes = {one["name"]: one for one in import_room.stream()["spec"]["tags"]}
    assert wishes["2"]["from"] == {"kind": "DockerImage", "name": f"{repository}:2"}
    assert wishes["1"]["importPolicy"]["importMode"] == "PreserveOriginal"
    assert import_room.stream()["metadata"]["resourceVersion"] == version
    kinds = {(method, path.split("/")[-2]) for method, path, _ in docker_registry.requests(mark)}
    assert kinds == {("GET", "tags"), ("HEAD", "manifests")}


async def test_a_stream_that_changes_meanwhile_is_checked_again_at_once(import_room: Any, flaky_registry: Any) -> None:
    time = SimulatedTime()
    await import_room.add_stream({"tags": [tag("a", f"{flaky_registry.host}/x:1")]})
    changed = asyncio.Event()

    async def change_once() -> None:
        entry = import_room.streams.get("ns", "s")
        value = copy(entry.value)
        value.metadata.labels = {"changed": "yes"}
        await import_room.streams.replace(entry, value)
        changed.set()

    flaky_registry.before_answer = change_once
    async with checking(import_room, time) as checks:
        await checks.known(1)
        await checks.pass_time(1.2 * INTERVAL_S, step_s=30)
        await until(lambda: bool(history(import_room).get("a", {}).get("items")))

    assert changed.is_set()
    assert import_room.stream()["metadata"]["labels"] == {"changed": "yes"}


async def test_a_registry_that_asks_for_hours_is_left_alone_and_then_checked_in_the_next_interval(
    import_room: Any, flaky_registry: Any
) -> None:
    time = SimulatedTime()
    clock = Clock(time, lambda: time.now.timestamp())
    await import_room.add_stream({"tags": [tag("a", f"{flaky_registry.host}/x:1")]})
    async with RegistryClient(Limits(attempts=1), clock=clock) as client:
        rooms = import_room.streams, import_room.images, import_room.secrets
        import_room.imports = ImageStreamImports(Importer(client), *rooms, lambda namespace: None)
        flaky_registry.fail(429, times=1, retry_after="20000")
        async with checking(import_room, time) as checks:
            await checks.known(1)
            await checks.pass_time(2 * INTERVAL_S, step_s=60)
            [condition] = history(import_room)["a"]["conditions"]
            failed_at = datetime.fromisoformat(condition["lastTransitionTime"])
            moment = failed_at + timedelta(seconds=20000)
            await checks.pass_time((moment - time.now).total_seconds() - 60, step_s=60)
            asked, [same] = flaky_registry.manifest_requests, history(import_room)["a"]["conditions"]
            await checks.pass_time(INTERVAL_S * 1.1 + 120, step_s=60)

    assert asked == 1
    assert same == condition
    assert f"(not asked again before {moment:%Y-%m-%dT%H:%M:%SZ})" in condition["message"]
    assert history(import_room)["a"]["items"][0]["image"] == flaky_registry.digest


async def test_a_repository_that_can_not_be_listed_says_so_on_its_stream_until_it_can(
    import_room: Any, docker_registry: Any, repository_name: str
) -> None:
    time = SimulatedTime()
    source = f"{docker_registry.host}/{repository_name}"
    annotations = {"imagestreams.dev/scheduled": "true", "openshift.io/image.insecureRepository": "true"}
    await import_room.add_stream({"dockerImageRepository": source}, annotations=annotations)

    def shown() -> str:
        noted: dict[str, str] = import_room.stream()["metadata"]["annotations"]
        return noted.get("imagestreams.dev/repository-failure", "")

    async with checking(import_room, time) as checks:
        await checks.known(1)
        await checks.pass_time(2 * INTERVAL_S, step_s=60)
        missing, version = shown(), import_room.stream()["metadata"]["resourceVersion"]
        await checks.pass_time(3 * INTERVAL_S, step_s=60)
        unchanged = import_room.stream()["metadata"]["resourceVersion"] == version
        docker_registry.image(repository_name, "1")
        await checks.pass_time(6 * INTERVAL_S, step_s=60)

    assert missing.startswith("since 2026-01-01T00:") and ", NotFound: " in missing
    assert unchanged
    assert shown() == ""
    assert list(history(import_room)) == ["1"]
