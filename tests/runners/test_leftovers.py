"""What a killed server left running is ended by the next one, and nothing else is."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from imagestreams.runners.leftovers import Leftovers

SERVER = """
import asyncio, os, sys
from pathlib import Path
from imagestreams.runners.engine import Command
from imagestreams.runners.leftovers import Leftovers
directory = Path(sys.argv[1])
command = Command(["/bin/sh", "-c", sys.argv[2]], os.environ, directory=directory)
asyncio.run(Leftovers(directory / "notes").run("key", command))
"""
# It tells which processes there are, and ends by itself when the gate is opened; its child does not.
PROGRAM = "sleep 1000.0551 & echo $$ $! > new; mv new pids; cat gate"


class Killed:
    """A server that was killed while a program ran."""

    def __init__(self, directory: Path) -> None:
        os.mkfifo(directory / "gate")
        server = subprocess.Popen([sys.executable, "-c", SERVER, str(directory), PROGRAM])
        until((directory / "pids").exists)
        self.leader, self.child = (int(pid) for pid in (directory / "pids").read_text().split())
        (self.note,) = (directory / "notes").iterdir()
        until(lambda: len(self.note.read_text().split()) == 3)
        server.kill()
        server.wait(10)
        self.gate = directory / "gate"
        self.leftovers = Leftovers(directory / "notes")


def until(happened: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 10
    while not happened():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.01)


def is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


@pytest.fixture
def killed(tmp_path: Path) -> Iterator[Killed]:
    made = Killed(tmp_path)
    yield made
    made.leftovers.end()


def test_a_program_that_still_runs_is_ended_with_its_children(killed: Killed) -> None:
    assert killed.leftovers.end() == 1

    until(lambda: not is_alive(killed.leader) and not is_alive(killed.child))
    assert not killed.note.exists()


def test_what_is_left_of_a_program_that_ended_meanwhile_is_ended(killed: Killed) -> None:
    killed.gate.write_text("open")
    until(lambda: not is_alive(killed.leader))
    assert is_alive(killed.child)

    assert killed.leftovers.end() == 1

    until(lambda: not is_alive(killed.child))


def test_a_program_whose_group_could_not_be_noted_any_more_is_ended(killed: Killed) -> None:
    killed.note.write_text(killed.note.read_text().split()[0])

    assert killed.leftovers.end() == 1

    until(lambda: not is_alive(killed.leader) and not is_alive(killed.child))


def test_a_stranger_with_the_same_number_is_left_alone(tmp_path: Path) -> None:
    stranger = subprocess.Popen(["sleep", "1000.0552"], start_new_session=True)
    try:
        (tmp_path / "key.group").write_text(f"{'0' * 32} {stranger.pid} 1\n")

        assert Leftovers(tmp_path).end() == 0

        assert stranger.poll() is None
        assert not list(tmp_path.iterdir())
    finally:
        stranger.kill()
        stranger.wait(10)


@pytest.mark.parametrize("text", ["", "half", "1 2", "a b c"])
def test_a_note_that_can_not_be_read_is_dropped(tmp_path: Path, text: str) -> None:
    (tmp_path / "key.group").write_text(text)

    assert Leftovers(tmp_path).end() == 0

    assert not list(tmp_path.iterdir())
