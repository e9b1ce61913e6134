"""Ends programs that a killed server left behind, before what they did is done again.

Each running program is noted in a private file: its process group, and when it began, since numbers of processes are
used again. On systems without `/proc` nothing is noted, and nothing ended.
"""

import contextlib
import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Final

from imagestreams.runners.engine import Command, Outcome, run

_START_FIELD: Final = 19
"""Where in `/proc/<pid>/stat`, counted behind the name, the time stands at which a process began."""
_SUFFIX: Final = ".group"


class Leftovers:
    """Notes of running programs, in one directory; without one nothing is noted."""

    def __init__(self, directory: Path | None = None) -> None:
        self.directory = directory

    async def run(self, key: str, command: Command) -> Outcome:
        """Run a program that is noted while it runs.

        Raises:
            RunnerError: the program is not there or can't be started.
        """
        with self._kept(key) as started:
            return await run(replace(command, started=started))

    @contextmanager
    def _kept(self, key: str) -> Iterator[Callable[[int], None] | None]:
        """Give what notes a process group; the note is gone when the work is done."""
        directory = self.directory
        if directory is None:
            yield None
            return
        path = directory / (key + _SUFFIX)

        def note(group: int) -> None:
            began = _began(group)
            if began is not None:
                directory.mkdir(mode=0o700, parents=True, exist_ok=True)
                path.write_text(f"{group} {began}\n")

        try:
            yield note
        finally:
            path.unlink(missing_ok=True)

    def end(self) -> int:
        """Kill all that is noted and still runs; return how many programs that were."""
        ended = 0
        for path in sorted(self.directory.glob(f"*{_SUFFIX}")) if self.directory is not None else ():
            with contextlib.suppress(ValueError, OSError):
                group, began = path.read_text().split()
                if _began(int(group)) == began:
                    os.killpg(int(group), signal.SIGKILL)
                    ended += 1
            path.unlink(missing_ok=True)
        return ended


def _began(pid: int) -> str | None:
    try:
        text = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return None
    return text.rpartition(")")[2].split()[_START_FIELD]
