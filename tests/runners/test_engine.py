"""Programs are bounded in what they say and how long they take, and leave nothing behind."""

import asyncio
import os
import sys
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest
import uvloop

from imagestreams.runners import engine
from imagestreams.runners.engine import Command, Outcome, RunnerError, base_environment, last_words, run


def script(text: str, **options: object) -> Command:
    return Command(("/bin/sh", "-c", text), {"PATH": os.environ["PATH"]}, **options)  # type: ignore[arg-type]


def is_alive(pid: int) -> bool:
    """Whether a process runs; one that is dead but not yet reaped by its new parent does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


async def is_gone(pid: int) -> bool:
    """Whether a process that was killed ends soon."""
    for _ in range(250):
        if not is_alive(pid):
            return True
        await asyncio.sleep(0.02)
    return False


async def test_it_gives_back_the_exit_code_and_what_was_said() -> None:
    outcome = await run(script("cat; echo problem >&2; exit 3", stdin=b"told"))

    assert outcome == Outcome(3, b"told", b"problem\n")
    assert not outcome.succeeded


async def test_a_program_sees_only_the_variables_that_it_is_given(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IMAGESTREAMS_SECRET", "s3cret")
    environment = base_environment(os.environ)

    outcome = await run(Command((sys.executable, "-c", "import os; print(sorted(os.environ))"), environment))

    assert b"PATH" in outcome.stdout
    assert b"SECRET" not in outcome.stdout


async def test_a_program_that_can_not_be_noted_is_ended(tmp_path: Path) -> None:
    started: list[int] = []

    def note(group: int) -> None:
        started.append(group)
        raise OSError("the disk is full")

    with pytest.raises(OSError, match="the disk is full"):
        await run(script("sleep 1000", started=note))

    assert await is_gone(started[0])


async def test_a_program_that_is_not_there_is_told_of() -> None:
    with pytest.raises(RunnerError, match=r"^/nowhere/podman is not installed: No such file or directory$"):
        await run(Command(("/nowhere/podman", "ps")))


async def test_a_program_that_may_not_be_run_is_told_of(tmp_path: Path) -> None:
    (tmp_path / "tool").write_text("#!/bin/sh\n")

    with pytest.raises(RunnerError, match="can't be started: Permission denied"):
        await run(Command((str(tmp_path / "tool"),)))


@pytest.mark.parametrize("run_with", [asyncio.run, uvloop.run])
def test_a_text_that_can_not_be_given_is_told_of(run_with: Callable[[Coroutine[Any, Any, Outcome]], Outcome]) -> None:
    for command in (Command(("/bin/true",), {"NAME": "a\0b"}), Command(("/bin/true", "a\0b"))):
        with pytest.raises(RunnerError, match="can't be started: embedded null byte"):
            run_with(run(command))


async def test_of_what_is_said_the_end_is_kept_and_the_log_gets_it_all() -> None:
    told: list[bytes] = []

    outcome = await run(script("yes | head -c 2000000; echo end", log=told.append))

    assert len(outcome.stdout) == engine.OUTPUT_MAX_BYTES
    assert outcome.stdout.endswith(b"end\n")
    assert len(b"".join(told)) == 2_000_004


async def test_a_program_that_takes_too_long_is_ended_with_its_children(tmp_path: Path) -> None:
    text = f"sleep 100 & echo $! > {tmp_path}/child; echo working; wait"

    outcome = await run(script(text, timeout_s=0.5))

    assert outcome.timed_out and not outcome.succeeded
    assert last_words(outcome, 0.5) == "ended because it took too long after 0.5 s: working"
    assert await is_gone(int((tmp_path / "child").read_text()))


async def test_one_that_does_not_want_to_end_is_killed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "GRACE_S", 0.2)

    outcome = await run(script("trap '' TERM; while :; do sleep 0.1; done", timeout_s=0.3))

    assert outcome.code == -9


async def test_what_a_program_leaves_behind_is_ended_and_not_waited_for(tmp_path: Path) -> None:
    outcome = await run(script(f"sleep 100 & echo $! > {tmp_path}/child; exit 0", timeout_s=30))

    assert outcome.succeeded
    assert await is_gone(int((tmp_path / "child").read_text()))


async def test_a_caller_who_is_cancelled_takes_the_program_along(tmp_path: Path) -> None:
    groups: asyncio.Queue[int] = asyncio.Queue()
    running = asyncio.create_task(run(script("sleep 100", timeout_s=100, started=groups.put_nowait)))
    group = await groups.get()

    running.cancel()
    await asyncio.wait([running])

    assert running.cancelled()
    assert await is_gone(group)


async def test_a_caller_who_is_cancelled_twice_leaves_nothing_behind(tmp_path: Path) -> None:
    groups: asyncio.Queue[int] = asyncio.Queue()
    ready = tmp_path / "ready"
    text = f"trap '' TERM; : > {ready}; while :; do sleep 0.1; done"
    running = asyncio.create_task(run(script(text, timeout_s=100, started=groups.put_nowait)))
    group = await groups.get()
    while not ready.exists():  # noqa: ASYNC110 - the program only says so
        await asyncio.sleep(0.01)

    for _ in range(2):
        running.cancel()
        await asyncio.sleep(0.01)
    await asyncio.wait([running])

    assert running.cancelled()
    assert await is_gone(group)


async def test_input_that_is_not_read_does_no_harm() -> None:
    outcome = await run(script("exit 0", stdin=b"x" * 1_000_000))

    assert outcome.succeeded


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        (b"", "exit status 1"),
        (b"Error: no such image\n", "Error: no such image"),
        (b"panic: nil pointer\n\ngoroutine 1\n" + b"frame\n" * 30, "panic: nil pointer"),
        (b"a\n" * 9 + b"Error: the cause\n" + b"usage\n" * 6, "Error: the cause; usage; usage; usage; usage; usage"),
    ],
)
def test_last_words_name_the_cause(said: bytes, shown: str) -> None:
    assert last_words(Outcome(1, stderr=said)) == shown


def test_last_words_are_short() -> None:
    assert len(last_words(Outcome(1, stderr=b"x" * 5000))) <= engine.LAST_WORDS_MAX + 1
