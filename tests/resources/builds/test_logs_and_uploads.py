"""What is asked of logs, requests for logs that wait for a build, and sources that are uploaded."""

import asyncio
import stat
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest

from imagestreams.access.identity import User
from imagestreams.api.build.types import Build
from imagestreams.api.codec import copy
from imagestreams.api.errors import ApiError
from imagestreams.api.meta import ObjectMeta
from imagestreams.resources.builds.build_logs import BuildLogs
from imagestreams.resources.builds.builds import build_storage
from imagestreams.resources.builds.log_options import LogOptions, LogView, read_log_options
from imagestreams.resources.builds.log_requests import BuildLogRequests
from imagestreams.resources.builds.uploads import Uploads, UploadTooLarge
from imagestreams.resources.resource import RequestContext
from imagestreams.resources.storage import ObjectStorage
from imagestreams.store.sqlite import SQLiteStore

NOW = datetime(2026, 11, 25, 3, 0, 10, tzinfo=UTC)
CONTEXT = RequestContext(User("jane", frozenset()), "2026-11-25T03:00:10Z", "here", "app-1")
RECORDS = [
    b"2026-11-25T03:00:00.000000000Z one\n",
    b"2026-11-25T03:00:05.000000000Z two\n",
    b"2026-11-25T03:00:09.000000000Z three\n",
]


@pytest.mark.parametrize(
    ("query", "text"),
    [
        ({}, b"one\ntwo\nthree\n"),
        ({"timestamps": "true"}, b"".join(RECORDS)),
        ({"sinceSeconds": "6"}, b"two\nthree\n"),
        ({"sinceSeconds": "999999999999999999"}, b"one\ntwo\nthree\n"),
        ({"sinceTime": "2026-11-25T03:00:09Z"}, b"three\n"),
        ({"limitBytes": "5"}, b"one\nt"),
    ],
)
def test_a_log_is_shown_as_it_is_asked_for(query: dict[str, str], text: bytes) -> None:
    view = LogView(read_log_options(query, NOW))

    assert b"".join(view.text([record]) for record in RECORDS) == text


def test_flags_are_read_as_the_api_server_reads_them() -> None:
    options = read_log_options({"follow": "", "previous": "0", "timestamps": "yes", "nowait": "false"}, NOW)

    assert options == LogOptions(follow=True, timestamps=True)


@pytest.mark.parametrize(
    ("query", "code", "told"),
    [
        ({"tailLines": "-1"}, 422, "tailLines: Invalid value: -1: must be greater than or equal to 0"),
        ({"limitBytes": "0"}, 422, "limitBytes: Invalid value: 0: must be greater than 0"),
        ({"sinceSeconds": "0"}, 422, "sinceSeconds: Invalid value: 0: must be greater than 0"),
        ({"version": "0"}, 422, "version: Invalid value: 0: build version must be greater than 0"),
        (
            {"version": "1", "previous": "true"},
            422,
            "previous: Invalid value: true: cannot use previous when a version is specified",
        ),
        (
            {"sinceSeconds": "1", "sinceTime": "2026-11-25T03:00:09Z"},
            422,
            "at most one of `sinceTime` or `sinceSeconds` may be specified",
        ),
        ({"tailLines": "many"}, 400, 'strconv.ParseInt: parsing "many": invalid syntax'),
        ({"sinceTime": "today"}, 400, "cannot parse"),
    ],
)
def test_options_out_of_bounds_are_refused(query: dict[str, str], code: int, told: str) -> None:
    with pytest.raises(ApiError) as caught:
        read_log_options(query, NOW)

    assert caught.value.status.code == code
    assert told in caught.value.status.message


@dataclass
class Room:
    builds: ObjectStorage[Build]
    logs: BuildLogs
    requests: BuildLogRequests

    async def move(self, phase: str, name: str = "app-1") -> None:
        entry = self.builds.get("here", name)
        value = copy(entry.value)
        value.status.phase = phase
        await self.builds.replace(entry, value)

    async def text(self, **query: str) -> bytes:
        return b"".join([piece async for piece in await self.requests.text(CONTEXT, query)])


@pytest.fixture
async def room(tmp_path: Path) -> AsyncIterator[Room]:
    store = SQLiteStore.open(tmp_path / "store")
    builds = build_storage(store, lambda: NOW)
    await builds.cache.start()
    annotations = {"openshift.io/build.number": "1", "openshift.io/build-config.name": "app"}
    metadata = ObjectMeta(name="app-1", namespace="here", uid="u-1", annotations=annotations)
    build = Build(kind="Build", api_version="build.openshift.io/v1", metadata=metadata)
    build.status.phase = "New"
    await builds.create(build)
    logs = BuildLogs(tmp_path / "logs", clock=lambda: NOW)
    yield Room(builds, logs, BuildLogRequests(builds, logs, lambda: NOW, wait_s=0.2))
    builds.cache.stop()
    await store.close()


async def test_the_log_of_a_build_that_starts_is_waited_for_and_followed(room: Room) -> None:
    asking = asyncio.create_task(room.text(follow="true"))
    await asyncio.sleep(0)
    room.logs.begin("u-1")
    await room.move("Running")
    room.logs.append("u-1", b"STEP 1\n")
    await asyncio.sleep(0)
    room.logs.append("u-1", b"STEP 2\n")
    room.logs.finish("u-1")

    assert await asking == b"STEP 1\nSTEP 2\n"


async def test_who_waits_too_long_is_told_so(room: Room) -> None:
    with pytest.raises(ApiError) as caught:
        await room.text()

    assert caught.value.status.code == 504
    assert caught.value.status.message == "timed out waiting for build app-1 to start after 0.2s"


async def test_a_build_that_is_deleted_is_waited_for_no_longer(room: Room) -> None:
    asking = asyncio.create_task(room.text())
    await asyncio.sleep(0)

    await room.builds.remove(room.builds.get("here", "app-1"))

    with pytest.raises(ApiError, match="unable to wait for build app-1 to run: build was deleted"):
        await asking


@pytest.mark.parametrize(
    ("phase", "told"),
    [
        ("Cancelled", "build app-1 was cancelled. No logs are available."),
        ("Error", "build app-1 is in an error state. No logs are available."),
        ("Complete", "build app-1 has written no log. No logs are available."),
    ],
)
async def test_a_build_that_wrote_nothing_is_told_of(room: Room, phase: str, told: str) -> None:
    await room.move(phase)

    with pytest.raises(ApiError) as caught:
        await room.text()

    assert (caught.value.status.code, caught.value.status.message) == (400, told)


async def test_what_a_failed_build_wrote_can_be_read(room: Room) -> None:
    room.logs.append("u-1", b"error: buildah is not installed\n")
    room.logs.finish("u-1")
    await room.move("Error")

    assert await room.text() == b"error: buildah is not installed\n"


async def pieces(*parts: bytes) -> AsyncIterator[bytes]:
    for part in parts:
        yield part


async def test_an_upload_is_there_when_it_is_given_to_a_build(tmp_path: Path) -> None:
    uploads = Uploads(tmp_path / "uploads")

    received = await uploads.receive(pieces(b"one", b"two"))
    assert uploads.path("u-1") is None
    await uploads.give(received, "u-1")

    path = uploads.path("u-1")
    assert path is not None and path.read_bytes() == b"onetwo"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    uploads.remove("u-1")
    assert uploads.path("u-1") is None


async def test_an_upload_is_bounded_and_leaves_nothing_behind(tmp_path: Path) -> None:
    uploads = Uploads(tmp_path / "uploads", max_bytes=4)

    with pytest.raises(UploadTooLarge, match="limit is 4"):
        await uploads.receive(pieces(b"one", b"two"))

    assert list((tmp_path / "uploads").iterdir()) == []


async def test_after_a_restart_only_sources_that_are_needed_stay(tmp_path: Path) -> None:
    uploads = Uploads(tmp_path / "uploads")
    for uid in ("u-1", "u-2"):
        await uploads.give(await uploads.receive(pieces(b"x")), uid)
    await uploads.receive(pieces(b"never given"))

    uploads.keep_only({"u-2"})

    assert [path.name for path in (tmp_path / "uploads").iterdir()] == ["u-2"]
