"""Logs of builds: kept in private files, bounded, read and followed."""

import asyncio
import stat
from datetime import UTC, datetime
from pathlib import Path

import pytest

from imagestreams.resources.builds import build_logs
from imagestreams.resources.builds.build_logs import BuildLogError, BuildLogs

UID = "6f1c8e52-3f05-4b51-9f46-0d3f0f6a1b11"
NOW = datetime(2026, 11, 25, 3, 4, 5, 678901, UTC)


def make_logs(directory: Path, max_bytes: int = 10_000) -> BuildLogs:
    return BuildLogs(directory / "logs", max_bytes=max_bytes, clock=lambda: NOW)


def test_what_a_build_wrote_is_read_as_it_was_written(tmp_path: Path) -> None:
    logs = make_logs(tmp_path)

    logs.append(UID, b"STEP 1/2: FROM scr")
    logs.append(UID, b"atch\nSTEP 2/2: COPY")
    logs.append(UID, b" . /\n\nwithout an end")
    logs.finish(UID)

    assert logs.read(UID) == b"STEP 1/2: FROM scratch\nSTEP 2/2: COPY . /\n\nwithout an end"


def test_every_line_knows_the_moment_of_its_first_byte(tmp_path: Path) -> None:
    logs = make_logs(tmp_path)

    logs.append(UID, b"one\ntw")
    logs.append(UID, b"o\n")

    assert list(logs.records(UID)) == [
        b"2026-11-25T03:04:05.678901000Z one\n",
        b"2026-11-25T03:04:05.678901000Z two\n",
    ]


def test_a_log_is_for_the_server_alone(tmp_path: Path) -> None:
    logs = make_logs(tmp_path)

    logs.append(UID, b"hello\n")

    path = tmp_path / "logs" / f"{UID}.log"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_a_name_that_is_no_uid_reaches_no_file(tmp_path: Path) -> None:
    logs = make_logs(tmp_path)

    with pytest.raises(BuildLogError, match="is no uid of a build"):
        logs.append("../outside", b"x")


async def test_a_follower_gets_whole_lines_until_the_log_is_finished(tmp_path: Path) -> None:
    logs = make_logs(tmp_path)
    logs.append(UID, b"one\ntw")
    seen: list[bytes] = []

    async def follow() -> None:
        async for line in logs.follow(UID):
            seen.append(line)

    follower = asyncio.create_task(follow())
    await asyncio.sleep(0)
    assert seen == [b"one\n"]
    logs.append(UID, b"o\nthree")
    await asyncio.sleep(0)
    assert seen == [b"one\n", b"two\n"]
    logs.finish(UID)
    await follower

    assert seen == [b"one\n", b"two\n", b"three"]


async def test_a_line_without_an_end_is_put_together_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    logs = make_logs(tmp_path, 10_000_000)
    for _ in range(60):
        logs.append(UID, b"x" * 100_000)
    logs.append(UID, b"\nlast")
    logs.finish(UID)
    split, looked_at = build_logs._split, 0

    def counted(data: bytes) -> list[bytes]:
        nonlocal looked_at
        looked_at += len(data)
        return split(data)

    monkeypatch.setattr(build_logs, "_split", counted)
    followed = [line async for line in logs.follow(UID)]

    assert [len(line) for line in followed] == [6_000_001, 4]
    assert looked_at < 7_000_000


async def test_a_log_that_nobody_writes_any_more_is_not_waited_for(tmp_path: Path) -> None:
    make_logs(tmp_path).append(UID, b"before the crash\n")

    after_restart = make_logs(tmp_path)

    assert [line async for line in after_restart.follow(UID)] == [b"before the crash\n"]
    assert [line async for line in after_restart.follow("no-such-build")] == []


def test_a_build_that_is_run_again_begins_a_new_log(tmp_path: Path) -> None:
    logs = make_logs(tmp_path)
    logs.append(UID, b"first try\n")

    logs.begin(UID)
    logs.append(UID, b"second try\n")

    assert logs.read(UID) == b"second try\n"


@pytest.mark.parametrize("pieces", [1, 7, 100, 5000])
def test_a_log_is_bounded_and_says_so(tmp_path: Path, pieces: int) -> None:
    logs = make_logs(tmp_path, max_bytes=1000)
    output = b"0123456789\n" * 1000

    for start in range(0, len(output), pieces):
        logs.append(UID, output[start : start + pieces])
    logs.finish(UID)

    lines = logs.read(UID).splitlines()
    assert lines[-1] == b"[the log is longer than 1000 bytes: what follows is not kept]"
    assert lines[:-1].count(b"0123456789") >= 20
    assert (tmp_path / "logs" / f"{UID}.log").stat().st_size < 1200


@pytest.mark.parametrize(("count", "expected"), [(0, 0), (1, 1), (3, 3), (5000, 5000), (9999, 9000)])
def test_the_last_lines_are_found_from_the_end(tmp_path: Path, count: int, expected: int) -> None:
    logs = BuildLogs(tmp_path, clock=lambda: NOW)
    logs.append(UID, b"".join(b"line %d\n" % number for number in range(9000)))

    records = list(logs.records(UID, logs.last_lines(UID, count)))

    assert len(records) == expected
    assert not records or records[-1].endswith(b" line 8999\n")


def test_a_removed_log_is_gone(tmp_path: Path) -> None:
    logs = make_logs(tmp_path)
    logs.append(UID, b"x\n")
    assert logs.uids() == [UID]

    logs.remove(UID)
    logs.remove(UID)

    assert logs.uids() == []
    assert logs.read(UID) == b""
