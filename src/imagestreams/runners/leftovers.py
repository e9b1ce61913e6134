"""Ends programs that a killed server left behind, before what they did is done again.

Each program is noted in a private file: before it starts by a word that only it and its children have in their
environment, and once it runs by its process group and when that began, since numbers of processes are used again. So
neither one that the server had no time to note is missed, nor what is left of one that ended while there was no server.
On systems without `/proc` nothing is noted, and nothing ended.
"""

import contextlib
import os
import secrets
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from imagestreams.runners.engine import Command, Outcome, run

MARK: Final = "IMAGESTREAMS_PROGRAM"
_GROUP_FIELD, _SESSION_FIELD, _START_FIELD = 2, 3, 19
"""Where these stand in `/proc/<pid>/stat`, counted behind the name; the last is the time at which a process began."""
_SUFFIX: Final = ".group"
_PROC: Final = Path("/proc")


@dataclass(frozen=True, slots=True)
class _Process:
    pid: int
    group: int
    session: int
    mark: str


class Leftovers:
    """Notes of running programs, in one directory; without one nothing is noted."""

    def __init__(self, directory: Path | None = None) -> None:
        self.directory = directory

    async def run(self, key: str, command: Command) -> Outcome:
        """Run a program that is noted while it runs.

        Raises:
            RunnerError: the program is not there or can't be started.
        """
        mark = secrets.token_hex(16)
        with self._kept(key, mark) as started:
            environment = {**command.environment, MARK: mark} if started is not None else command.environment
            return await run(replace(command, environment=environment, started=started))

    @contextmanager
    def _kept(self, key: str, mark: str) -> Iterator[Callable[[int], None] | None]:
        """Note a program that is about to start, and give what notes its group; the notes go when the work is done."""
        directory = self.directory
        if directory is None or not _PROC.is_dir():
            yield None
            return
        path = directory / (key + _SUFFIX)

        def note(group: int) -> None:
            began = _began(group)
            if began is not None:
                with path.open("a") as file:
                    file.write(f" {group} {began}\n")

        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        path.write_text(mark)
        try:
            yield note
        finally:
            path.unlink(missing_ok=True)

    def end(self) -> int:
        """Kill all that is noted and still runs; return how many programs that were."""
        ended = 0
        noted = sorted(self.directory.glob(f"*{_SUFFIX}")) if self.directory is not None else []
        marked = _marked() if noted else []
        for path in noted:
            with contextlib.suppress(ValueError, IndexError, OSError):
                group = _group_of(path.read_text().split(), marked)
                if group is not None:
                    os.killpg(group, signal.SIGKILL)
                    ended += 1
            path.unlink(missing_ok=True)
        return ended


def _group_of(note: list[str], marked: list[_Process]) -> int | None:
    """Return the process group that a note means, if something of it still runs."""
    mark, *started = note
    ours = [process for process in marked if process.mark == mark]
    if not started:
        # Killed before the group could be noted. What fled into a session of its own is not looked for.
        return next((process.group for process in ours if process.pid == process.session == process.group), None)
    group, began = int(started[0]), started[1]
    alive = _began(group) == began or any(process.group == group for process in ours)
    return group if alive else None


def _marked() -> list[_Process]:
    """Return all processes that have a mark, as far as they may be looked at."""
    found = []
    for directory in _PROC.iterdir():
        if not directory.name.isdigit():
            continue
        with contextlib.suppress(OSError):
            variables = (directory / "environ").read_bytes().split(b"\0")
            mark = next((one.partition(b"=")[2] for one in variables if one.startswith(f"{MARK}=".encode())), b"")
            if mark:
                fields = _fields(int(directory.name))
                group, session = int(fields[_GROUP_FIELD]), int(fields[_SESSION_FIELD])
                found.append(_Process(int(directory.name), group, session, mark.decode(errors="replace")))
    return found


def _began(pid: int) -> str | None:
    try:
        return _fields(pid)[_START_FIELD]
    except OSError:
        return None


def _fields(pid: int) -> list[str]:
    return (_PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()
