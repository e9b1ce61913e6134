"""What builds write while they run: one private file per build, bounded in size, and followed while it grows.

Each line is stored behind the moment of its first byte, so that a reader can ask for times and for what is new. A log
is *open* from `begin` until `finish`; who follows it waits for more as long as it is open. After the death of the
process no log is open any more: what was written stays, and whoever runs the build again begins anew.

    logs.begin(build.metadata.uid)
    logs.append(build.metadata.uid, b"STEP 1/3: FROM …\\n")
    logs.finish(build.metadata.uid)
"""

import asyncio
import os
import re
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

MAX_LOG_BYTES: Final = 50 * 1024 * 1024
_CHUNK_BYTES: Final = 64 * 1024
_SUFFIX: Final = ".log"
_UID: Final = re.compile(r"[0-9A-Za-z-]{1,64}")
STAMP_LENGTH: Final = len("2026-11-25T03:00:00.000000000Z ")
"""How many bytes of a stored line are its moment and the space behind it."""


class BuildLogError(Exception):
    """A log that can't be kept: no uid, or the disk refuses."""


class _OpenLog:
    """A log that is being written."""

    __slots__ = ("at_line_start", "descriptor", "full", "readers", "size")

    def __init__(self, descriptor: int) -> None:
        self.descriptor = descriptor
        self.size = 0
        self.at_line_start = True
        self.full = False
        self.readers: set[asyncio.Event] = set()

    def wake(self) -> None:
        for reader in self.readers:
            reader.set()


class BuildLogs:
    """The logs of all builds, in one directory.

    `max_bytes` bounds each of them, times included; what comes after is left out, and a last line says so. All calls
    are made in the event loop's thread; a file's own writes are short.
    """

    def __init__(
        self,
        directory: Path,
        *,
        max_bytes: int = MAX_LOG_BYTES,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._directory = directory
        self._max_bytes = max_bytes
        self._clock = clock
        self._open: dict[str, _OpenLog] = {}

    def begin(self, uid: str) -> None:
        """Open a build's log, empty.

        Raises:
            BuildLogError: it can't be made.
        """
        self.finish(uid)
        path = self._path(uid)
        try:
            self._directory.mkdir(mode=0o700, parents=True, exist_ok=True)
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600)
        except OSError as error:
            raise BuildLogError(f"can't keep the log of build {uid}: {error.strerror}") from error
        self._open[uid] = _OpenLog(descriptor)

    def append(self, uid: str, data: bytes) -> None:
        """Add output, in any pieces; the log is begun when it isn't open.

        Raises:
            BuildLogError: it can't be written.
        """
        if uid not in self._open:
            self.begin(uid)
        log = self._open[uid]
        if log.full or not data:
            return
        began_line = log.at_line_start
        stored = self._stamped(log, data)
        if log.size + len(stored) > self._max_bytes:
            stored = self._last_words(log, stored, began_line=began_line)
        try:
            _write_all(log.descriptor, stored)
        except OSError as error:
            raise BuildLogError(f"can't write the log of build {uid}: {error.strerror}") from error
        log.size += len(stored)
        log.wake()

    def finish(self, uid: str) -> None:
        """Close a log: those who follow it come to its end."""
        log = self._open.pop(uid, None)
        if log is not None:
            os.close(log.descriptor)
            log.wake()

    def exists(self, uid: str) -> bool:
        """Return whether there is a log, open or finished."""
        return self._path(uid).is_file()

    def is_open(self, uid: str) -> bool:
        """Return whether a log is still being written."""
        return uid in self._open

    def read(self, uid: str) -> bytes:
        """Return what a build wrote so far; nothing when there is no log."""
        return b"".join(plain(self.records(uid)))

    def records(self, uid: str, start: int = 0) -> Iterator[bytes]:
        """Yield the lines that are there, as they are stored: the moment, a space, the text with its line end.

        `start` is the place in the file where a line begins, in bytes. A last line without an end is yielded too.
        """
        try:
            file = self._path(uid).open("rb")
        except FileNotFoundError:
            return
        with file:
            file.seek(start)
            yield from file

    async def follow_records(self, uid: str, start: int = 0) -> AsyncIterator[list[bytes]]:
        """Yield the lines that are there and those that come, many at a time, until the log is finished.

        A line that is written in pieces is yielded when it is whole, or when the log is finished.
        """
        try:
            file = self._path(uid).open("rb")
        except FileNotFoundError:
            return
        grown = asyncio.Event()
        log = self._open.get(uid)
        if log is not None:
            log.readers.add(grown)
        begun: list[bytes] = []
        try:
            with file:
                file.seek(start)
                while True:
                    grown.clear()
                    ended = log is None or self._open.get(uid) is not log
                    while chunk := file.read(_CHUNK_BYTES):
                        begun.append(chunk)
                        # A long line is put together once, when its end is there, and not with each of its pieces.
                        if b"\n" in chunk:
                            *lines, rest = _split(b"".join(begun))
                            begun = [rest] if rest else []
                            yield lines
                    if ended:
                        break
                    await grown.wait()
                if begun:
                    yield [b"".join(begun)]
        finally:
            if log is not None:
                log.readers.discard(grown)

    async def follow(self, uid: str) -> AsyncIterator[bytes]:
        """Yield what a build wrote and writes, line by line, until the log is finished."""
        async for records in self.follow_records(uid):
            for line in plain(records):
                yield line

    def last_lines(self, uid: str, count: int) -> int:
        """Return where the last `count` lines begin, for `records`."""
        try:
            file = self._path(uid).open("rb")
        except FileNotFoundError:
            return 0
        with file:
            position = end = file.seek(0, os.SEEK_END)
            if count <= 0:
                return end
            wanted = count
            while position > 0:
                begin = max(0, position - _CHUNK_BYTES)
                file.seek(begin)
                block = file.read(position - begin)
                # The end of the last line doesn't begin another one.
                upto = len(block) - 1 if position == end and block.endswith(b"\n") else len(block)
                while (found := block.rfind(b"\n", 0, upto)) >= 0:
                    wanted -= 1
                    if not wanted:
                        return begin + found + 1
                    upto = found
                position = begin
            return 0

    def remove(self, uid: str) -> None:
        """Delete a log, if there is one."""
        self.finish(uid)
        self._path(uid).unlink(missing_ok=True)

    def uids(self) -> list[str]:
        """Return the uids of the builds that have a log."""
        return sorted(path.name.removesuffix(_SUFFIX) for path in self._directory.glob(f"*{_SUFFIX}"))

    def _path(self, uid: str) -> Path:
        if not is_uid(uid):
            raise BuildLogError(f"{uid!r} is no uid of a build")
        return self._directory / (uid + _SUFFIX)

    def _stamped(self, log: _OpenLog, data: bytes) -> bytes:
        stamp = _stamp(self._clock())
        lines = _split(data)
        last = lines.pop()
        if last:
            lines.append(last)
        stored = b"".join(
            line if number == 0 and not log.at_line_start else stamp + line for number, line in enumerate(lines)
        )
        log.at_line_start = data.endswith(b"\n")
        return stored

    def _last_words(self, log: _OpenLog, stored: bytes, *, began_line: bool) -> bytes:
        log.full = True
        fitting = stored[: max(0, self._max_bytes - log.size)]
        fitting = fitting[: fitting.rfind(b"\n") + 1]
        between = b"" if fitting or began_line else b"\n"
        note = f"[the log is longer than {self._max_bytes} bytes: what follows is not kept]\n"
        return fitting + between + _stamp(self._clock()) + note.encode()


def is_uid(text: str) -> bool:
    """Return whether a text may be the uid of an object: it becomes the name of a file."""
    return _UID.fullmatch(text) is not None


def plain(records: Iterable[bytes]) -> Iterator[bytes]:
    """Yield the lines of a log without their times."""
    for record in records:
        yield record[STAMP_LENGTH:]


def _stamp(moment: datetime) -> bytes:
    text = moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S")
    return f"{text}.{moment.microsecond:06d}000Z ".encode()


def _split(data: bytes) -> list[bytes]:
    """Return the lines of some output with their ends; the last piece is what has no end yet, maybe nothing."""
    lines = [line + b"\n" for line in data.split(b"\n")]
    lines[-1] = lines[-1][:-1]
    return lines


def _write_all(descriptor: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]
