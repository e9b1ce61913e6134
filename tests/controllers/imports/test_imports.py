"""Streams get what they want without anybody asking, from a real registry."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from imagestreams.api.codec import from_dict
from imagestreams.api.core import ObjectReference
from imagestreams.api.image import ImageStream, ImageStreamImportStatus, TagReference
from imagestreams.controllers.imports.controller import ImportController, RetrySettings
from imagestreams.controllers.imports.due import promised_import, silent_for_s
from imagestreams.controllers.queue import Backoff
from imagestreams.importing.importer import Outcome

NOW = "2026-01-01T00:00:00Z"


@asynccontextmanager
async def running(controller: ImportController) -> AsyncIterator[None]:
    task = asyncio.create_task(controller.run())
    try:
        yield
    finally:
        controller.stop()
        await asyncio.wait_for(task, 10)


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(15):
        while not holds():  # noqa: ASYNC110 - any condition can be waited for
            await asyncio.sleep(0.005)


def controller(room: Any, attempts: int = 3) -> ImportController:
    retry = RetrySettings(attempts, Backoff(first_s=0.01, longest_s=0.02))
    return ImportController(room.imports, room.streams, lambda: NOW, retry=retry)


def tag(name: str, source: str, **policy: Any) -> dict[str, Any]:
    return {
        "name": name,
        "from": {"kind": "DockerImage", "name": source},
        "importPolicy": {"insecure": True, **policy},
    }


def history(room: Any, name: str = "s") -> dict[str, dict[str, Any]]:
    return {one["tag"]: one for one in room.stream(name)["status"].get("tags", [])}


async def test_a_stream_that_is_there_at_the_start_is_imported(
    import_room: Any, docker_registry: Any, repository_name: str
) -> None:
    pushed = docker_registry.image(repository_name, "1")
    await import_room.add_stream({"tags": [tag("a", f"{docker_registry.host}/{repository_name}:1")]})

    async with running(controller(import_room)):
        await until(lambda: "a" in history(import_room))

    assert history(import_room)["a"]["items"][0]["image"] == pushed.digest
    assert import_room.stream()["metadata"]["generation"] == 2
    assert import_room.stream()["spec"]["tags"][0]["generation"] == 2


async def test_a_new_spec_tag_is_imported_and_answered_ones_are_left_alone(
    import_room: Any, docker_registry: Any, repository_name: str
) -> None:
    docker_registry.image(repository_name, "1", seed=1)
    second = docker_registry.image(repository_name, "2", seed=2)
    source = f"{docker_registry.host}/{repository_name}"

    def add_tag(stream: ImageStream) -> None:
        wish = TagReference(name="b", from_=ObjectReference(kind="DockerImage", name=f"{source}:2"))
        wish.import_policy.insecure = True
        wish.import_policy.import_mode, wish.reference_policy.type = "Legacy", "Source"
        stream.spec.tags = [*(stream.spec.tags or []), wish]

    async with running(controller(import_room)):
        await import_room.add_stream({"tags": [tag("a", f"{source}:1")]})
        await until(lambda: "a" in history(import_room))
        mark = docker_registry.mark()
        await import_room.change_stream(add_tag)
        await until(lambda: "b" in history(import_room))

    assert history(import_room)["b"]["items"][0]["image"] == second.digest
    asked = {path.rpartition("/")[2] for _, path, _ in docker_registry.requests(mark) if "/manifests/" in path}
    assert asked == {"2", second.digest}


async def test_a_lasting_failure_is_noted_once_and_not_repeated(
    import_room: Any, docker_registry: Any, repository_name: str
) -> None:
    docker_registry.image(repository_name, "1")
    source = f"{docker_registry.host}/{repository_name}"
    mark = docker_registry.mark()

    async with running(controller(import_room)):
        await import_room.add_stream({"tags": [tag("a", f"{source}:nope")]})
        await until(lambda: "a" in history(import_room))
        version = import_room.stream()["metadata"]["resourceVersion"]
        # Another stream that is imported afterwards shows that the first is not tried again.
        await import_room.add_stream({"tags": [tag("a", f"{source}:1")]}, name="other")
        await until(lambda: "a" in history(import_room, "other"))
        await asyncio.sleep(0.1)

    [condition] = history(import_room)["a"]["conditions"]
    assert (condition["reason"], condition["generation"]) == ("NotFound", 2)
    assert import_room.stream()["metadata"]["resourceVersion"] == version
    asked = [(method, path) for method, path, _ in docker_registry.requests(mark) if path.endswith("/nope")]
    assert asked == [(method, f"/v2/{repository_name}/manifests/nope") for method in ("HEAD", "GET")]


async def test_a_passing_failure_is_tried_again_until_it_passes(import_room: Any, flaky_registry: Any) -> None:
    flaky_registry.fail(503, times=5)

    async with running(controller(import_room, attempts=10)):
        await import_room.add_stream({"tags": [tag("a", f"{flaky_registry.host}/x:1")]})
        await until(lambda: bool(history(import_room).get("a", {}).get("items")))

    assert history(import_room)["a"]["items"][0]["image"] == flaky_registry.digest
    assert "conditions" not in history(import_room)["a"]


async def test_an_import_waits_for_as_long_as_the_registry_asks_and_that_is_no_attempt(
    import_room: Any, flaky_registry: Any
) -> None:
    flaky_registry.fail(429, times=1, retry_after="2")
    retry = RetrySettings(1, Backoff(first_s=0.01, longest_s=0.02))
    patient = ImportController(
        import_room.imports, import_room.streams, lambda: f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}", retry=retry
    )

    async with running(patient):
        await import_room.add_stream({"tags": [tag("a", f"{flaky_registry.host}/x:1")]})
        await until(lambda: "a" in history(import_room))
        [condition] = history(import_room)["a"]["conditions"]
        asked = flaky_registry.manifest_requests
        await until(lambda: bool(history(import_room)["a"].get("items")))

    assert asked == 1
    assert "429 Too Many Requests (not asked again before 20" in condition["message"]


async def test_after_a_restart_it_is_tried_when_the_registry_wants_to_hear_of_it_again(
    import_room: Any, flaky_registry: Any
) -> None:
    flaky_registry.fail(429, times=1, retry_after="3")

    def controller_now() -> ImportController:
        return ImportController(
            import_room.imports, import_room.streams, lambda: f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"
        )

    async with running(controller_now()):
        await import_room.add_stream({"tags": [tag("a", f"{flaky_registry.host}/x:1")]})
        await until(lambda: "a" in history(import_room))
    asked = flaky_registry.manifest_requests
    async with running(controller_now()):
        await until(lambda: bool(history(import_room)["a"].get("items")))

    assert asked == 1
    assert history(import_room)["a"]["items"][0]["image"] == flaky_registry.digest


def failed_stream(message: str, failed_at: str, **policy: Any) -> ImageStream:
    condition = {
        "type": "ImportSuccess",
        "status": "False",
        "lastTransitionTime": failed_at,
        "reason": "InternalError",
        "message": message,
        "generation": 1,
    }
    wish = {**tag("a", "quay.io/x:1", **policy), "generation": 1}
    status = {"tags": [{"tag": "a", "items": None, "conditions": [condition]}]}
    return from_dict({"metadata": {"name": "s"}, "spec": {"tags": [wish]}, "status": status}, ImageStream)


@pytest.mark.parametrize(
    ("message", "failed_at", "policy", "delay_s"),
    [
        ("busy (not asked again before 2026-01-01T14:00:00Z)", "2026-01-01T11:00:00Z", {}, 7201.0),
        ("busy (not asked again before 2026-01-01T14:00:00Z)", "2026-01-01T12:00:30Z", {}, 7201.0),
        ("busy (not asked again before 2026-01-01T11:30:00Z)", "2026-01-01T11:00:00Z", {}, 1.0),
        ("busy (not asked again before 2026-01-01T11:59:59Z)", "2026-01-01T11:59:58Z", {}, None),
        ("busy (not asked again before 2026-01-01T14:00:00Z)", "2026-01-01T11:00:00Z", {"scheduled": True}, None),
        ("busy", "2026-01-01T11:00:00Z", {}, None),
    ],
)
def test_what_a_former_process_has_promised_to_try_again(
    message: str, failed_at: str, policy: dict[str, Any], delay_s: float | None
) -> None:
    stream = failed_stream(message, failed_at, **policy)

    promised = promised_import(stream, started="2026-01-01T11:59:00Z", now="2026-01-01T12:00:00Z")

    assert promised == (None if delay_s is None else (frozenset({"a"}), False, delay_s))


def test_a_repository_is_promised_too() -> None:
    text = "since 2026-01-01T11:00:00Z, InternalError: busy (not asked again before 2026-01-01T13:00:00Z)"
    metadata = {"name": "s", "annotations": {"imagestreams.dev/repository-failure": text}}
    stream = from_dict({"metadata": metadata, "spec": {"dockerImageRepository": "quay.io/x"}}, ImageStream)

    promised = promised_import(stream, started="2026-01-01T11:59:00Z", now="2026-01-01T12:00:00Z")

    assert promised == (frozenset(), True, 3601.0)


def test_how_long_it_is_no_use_to_try_again() -> None:
    noon = datetime(2026, 1, 1, 12, tzinfo=UTC)
    outcome = Outcome(ImageStreamImportStatus(), {"a", "b"})
    outcome.not_before = {"a": noon + timedelta(hours=2)}

    one_may_be_tried = silent_for_s(outcome, "2026-01-01T12:00:00Z")
    outcome.not_before["b"] = noon + timedelta(hours=1)
    until_the_first = silent_for_s(outcome, "2026-01-01T12:00:00Z")
    outcome.repository_transient = True
    repository_may_be_tried = silent_for_s(outcome, "2026-01-01T12:00:00Z")

    assert (one_may_be_tried, until_the_first, repository_may_be_tried) == (None, 3601, None)
    assert silent_for_s(Outcome(ImageStreamImportStatus()), "2026-01-01T12:00:00Z") is None


async def test_a_failure_that_does_not_pass_is_given_up(import_room: Any, flaky_registry: Any) -> None:
    flaky_registry.fail(503, times=10_000)

    async with running(controller(import_room, attempts=3)):
        await import_room.add_stream({"tags": [tag("a", f"{flaky_registry.host}/x:1")]})
        await until(lambda: "a" in history(import_room))
        await asyncio.sleep(0.3)
        asked = flaky_registry.manifest_requests
        await asyncio.sleep(0.2)

    assert flaky_registry.manifest_requests == asked
    assert history(import_room)["a"]["conditions"][0]["reason"] == "InternalError"


async def test_a_repository_of_a_stream_is_imported_whole(
    import_room: Any, docker_registry: Any, repository_name: str
) -> None:
    docker_registry.image(repository_name, "1", seed=1)
    docker_registry.image(repository_name, "2", seed=2)
    spec = {"dockerImageRepository": f"{docker_registry.host}/{repository_name}"}
    insecure = {"openshift.io/image.insecureRepository": "true"}

    async with running(controller(import_room)):
        await import_room.add_stream(spec, annotations=insecure)
        await until(lambda: len(history(import_room)) == 2)

    assert set(history(import_room)) == {"1", "2"}


async def test_a_tag_of_a_repository_that_failed_for_now_is_tried_again(import_room: Any, flaky_registry: Any) -> None:
    flaky_registry.fail(503, times=5)
    insecure = {"openshift.io/image.insecureRepository": "true"}

    async with running(controller(import_room, attempts=10)):
        await import_room.add_stream({"dockerImageRepository": f"{flaky_registry.host}/x"}, annotations=insecure)
        await until(lambda: bool(history(import_room).get("1", {}).get("items")))

    assert import_room.stream()["spec"]["tags"][0]["from"]["name"] == f"{flaky_registry.host}/x:1"


async def test_what_makes_an_answered_tag_due_again(
    import_room: Any, docker_registry: Any, repository_name: str
) -> None:
    index = docker_registry.index(repository_name, "1")
    source = f"{docker_registry.host}/{repository_name}:1"

    def wish_of(stream: ImageStream) -> TagReference:
        assert stream.spec.tags is not None
        return stream.spec.tags[0]

    def ask_again(stream: ImageStream) -> None:
        wish_of(stream).generation = 0

    def keep_lists(stream: ImageStream) -> None:
        wish_of(stream).import_policy.import_mode = "PreserveOriginal"

    def pull_through(stream: ImageStream) -> None:
        wish_of(stream).reference_policy.type = "Local"
        wish_of(stream).annotations = {"a": "b"}
        wish_of(stream).import_policy.scheduled = True

    def items() -> list[tuple[str, int]]:
        return [(one["image"], one["generation"]) for one in history(import_room)["a"]["items"]]

    async with running(controller(import_room)):
        await import_room.add_stream({"tags": [tag("a", source)]})
        await until(lambda: "a" in history(import_room))
        assert items() == [(index.children[0].digest, 2)]

        await import_room.change_stream(ask_again)
        await until(lambda: items() == [(index.children[0].digest, 4)])

        await import_room.change_stream(keep_lists)
        await until(lambda: items() == [(index.digest, 6), (index.children[0].digest, 4)])

        mark = docker_registry.mark()
        await import_room.change_stream(pull_through)
        await import_room.add_stream({"tags": [tag("a", f"{source[:-1]}nope")]}, name="other")
        await until(lambda: "a" in history(import_room, "other"))

    assert items() == [(index.digest, 6), (index.children[0].digest, 4)]
    assert {path.rpartition("/")[2] for _, path, _ in docker_registry.requests(mark)} == {"nope"}


async def test_a_new_version_policy_moves_its_tag_at_once(
    import_room: Any, docker_registry: Any, repository_name: str
) -> None:
    repository = f"{docker_registry.host}/{repository_name}"
    first = docker_registry.image(repository_name, "3.6.0", seed=1)
    second = docker_registry.image(repository_name, "3.6.1", seed=2)

    def follow(stream: ImageStream) -> None:
        assert stream.spec.tags is not None
        stream.spec.tags[0].annotations = {"imagestreams.dev/follow": "semver:~3.6"}

    async with running(controller(import_room)):
        await import_room.add_stream({"tags": [tag("a", f"{repository}:3.6.0")]})
        await until(lambda: "a" in history(import_room))
        await import_room.change_stream(follow)
        await until(lambda: len(history(import_room)["a"]["items"]) == 2)
        mark = docker_registry.mark()
        await asyncio.sleep(0.1)

    assert [one["image"] for one in history(import_room)["a"]["items"]] == [second.digest, first.digest]
    assert docker_registry.requests(mark) == []
