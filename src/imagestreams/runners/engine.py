"""Runs a program of this machine: its own process group, a time limit, a bound on what it says, and a tidy end.

Secrets go in by standard input or by private files, never as an argument, which every user of the machine can read.
The program sees only the variables that it is given; `base_environment` picks those that hold no secrets of ours.
"""

import asyncio
import contextlib
import math
import os
import signal
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

OUTPUT_MAX_BYTES: Final = 256 * 1024
GRACE_S: Final = 5.0
"""How long a program that was told to end may take before it is killed."""
LAST_WORDS_MAX: Final = 1024
_LAST_LINES: Final = 5
_LOOK_S: Final = 0.02
_PIPES_S: Final = 1.0
_PASSED_ON: Final = ("PATH", "HOME", "LANG", "TZ", "TMPDIR", "XDG_RUNTIME_DIR", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY")
_CHUNK: Final = 32 * 1024


class RunnerError(Exception):
    """What was asked for could not be done; the message is for the user."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a program ended: its exit code (negative: the signal), and the end of what it said."""

    code: int
    stdout: bytes = b""
    stderr: bytes = b""
    timed_out: bool = False

    @property
    def succeeded(self) -> bool:
        """Whether the program says so."""
        return self.code == 0 and not self.timed_out


@dataclass(frozen=True, slots=True)
class Command:
    """A program to run; `log`, if given, gets all that it says as it says it."""

    argv: Sequence[str]
    environment: Mapping[str, str] = field(default_factory=dict)
    stdin: bytes = field(default=b"", repr=False)
    directory: Path | None = None
    timeout_s: float = 60.0
    log: Callable[[bytes], None] | None = None
    started: Callable[[int], None] | None = None
    """Called with the process group, before anything else happens."""


async def run(command: Command) -> Outcome:
    """Run a program to its end; a caller who is cancelled takes it along.

    Raises:
        RunnerError: the program is not there or can't be started.
    """
    if any("\0" in text for text in (*command.argv, *command.environment.values())):
        # The system ends a text there; what it stands for would be something else.
        raise RunnerError(f"{command.argv[0]} can't be started: embedded null byte")
    try:
        process = await asyncio.create_subprocess_exec(
            *command.argv,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env=dict(command.environment),
            cwd=command.directory,
            start_new_session=True,
        )
    except FileNotFoundError as error:
        missing = command.directory is not None and not command.directory.is_dir()
        what = f"directory {command.directory}" if missing else command.argv[0]
        raise RunnerError(f"{what} is not installed: {error.strerror}") from error
    except OSError as error:
        raise RunnerError(f"{command.argv[0]} can't be started: {error.strerror}") from error
    said, complained = bytearray(), bytearray()
    pipes = [
        asyncio.create_task(_feed(process, command.stdin)),
        asyncio.create_task(_take(process.stdout, said, command.log)),
        asyncio.create_task(_take(process.stderr, complained, command.log)),
    ]
    timed_out = False
    try:
        if command.started is not None:
            command.started(process.pid)
        async with asyncio.timeout(command.timeout_s):
            await _exit_of(process)
    except TimeoutError:
        timed_out = True
    finally:
        try:
            await _end(process)
            # Something that fled its group may hold the pipes open for ever; what it says is not waited for.
            await asyncio.wait(pipes, timeout=_PIPES_S)
        finally:
            for pipe in pipes:
                pipe.cancel()
            await asyncio.gather(*pipes, return_exceptions=True)
    return Outcome(process.returncode or 0, bytes(said), bytes(complained), timed_out)


def base_environment(environment: Mapping[str, str]) -> dict[str, str]:
    """Return those of our own variables that other programs need: where things are, and the way out.

    >>> base_environment({"PATH": "/bin", "IMAGESTREAMS_TOKEN": "s3cret", "https_proxy": "http://proxy"})
    {'PATH': '/bin', 'https_proxy': 'http://proxy'}
    """
    found = {name: value for name, value in environment.items() if name.upper() in _PASSED_ON}
    return {"PATH": os.defpath, **found}


def last_words(outcome: Outcome, timeout_s: float | None = None) -> str:
    """Return what a program said about its failure, short enough for a condition.

    >>> last_words(Outcome(125, stderr=b"Trying to pull...\\nError: no such image\\n"))
    'Trying to pull...; Error: no such image'
    """
    text = (outcome.stderr.strip() or outcome.stdout.strip()).decode(errors="replace")
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    crashes = [line for line in lines if line.startswith("panic: ")]
    errors = [line for line in lines if line.lower().startswith(("error", "fatal"))]
    told = "; ".join(crashes[:1] or (lines[-_LAST_LINES:] if len(lines) <= _LAST_LINES else _around(lines, errors)))
    if len(told) > LAST_WORDS_MAX:
        told = "…" + told[-LAST_WORDS_MAX:]
    if outcome.timed_out:
        limit = f" after {timeout_s:g} s" if timeout_s is not None else ""
        return f"ended because it took too long{limit}" + (f": {told}" if told else "")
    return told or (f"killed by signal {-outcome.code}" if outcome.code < 0 else f"exit status {outcome.code}")


def _around(lines: list[str], errors: list[str]) -> list[str]:
    """Return the last lines, with the error among them even where a program goes on talking."""
    tail = lines[-_LAST_LINES:]
    return tail if not errors or errors[-1] in tail else [errors[-1], *tail]


async def _exit_of(process: asyncio.subprocess.Process, within_s: float = math.inf) -> None:
    """Wait for the program itself, or a time: `wait` would also wait for whoever else still holds its pipes."""
    loop = asyncio.get_running_loop()
    until = loop.time() + within_s
    while process.returncode is None and loop.time() < until:  # noqa: ASYNC110 - only the process itself knows
        await asyncio.sleep(_LOOK_S)


async def _feed(process: asyncio.subprocess.Process, data: bytes) -> None:
    assert process.stdin is not None
    # A program need not read what it is told; of one that has ended already uvloop says that its handler is closed.
    with contextlib.suppress(BrokenPipeError, ConnectionResetError, RuntimeError):
        process.stdin.write(data)
        await process.stdin.drain()
    with contextlib.suppress(BrokenPipeError, ConnectionResetError):
        process.stdin.close()


async def _take(stream: asyncio.StreamReader | None, kept: bytearray, log: Callable[[bytes], None] | None) -> None:
    """Read to the end; only the end is kept, so that a program can say as much as it likes."""
    assert stream is not None
    while chunk := await stream.read(_CHUNK):
        if log is not None:
            log(chunk)
        kept += chunk
        if len(kept) > 2 * OUTPUT_MAX_BYTES:
            del kept[:-OUTPUT_MAX_BYTES]
    del kept[:-OUTPUT_MAX_BYTES]


async def _end(process: asyncio.subprocess.Process) -> None:
    """End a program with its whole group: also what it left behind when it ended by itself.

    Who is cancelled once more meanwhile does not wait, and kills it.
    """
    try:
        if process.returncode is None:
            _signal(process.pid, signal.SIGTERM)
            # No `asyncio.timeout`: before Python 3.11.4 it cancels for good whoever was cancelled before.
            await _exit_of(process, GRACE_S)
    finally:
        _signal(process.pid, signal.SIGKILL)
    await _exit_of(process)


def _signal(group: int, number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(group, number)
