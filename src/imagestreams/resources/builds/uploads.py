"""Sources that are uploaded for single builds: private files beside the logs, there only when they are whole.

What was given to a build is on the disk, like the build itself.
"""

import asyncio
import os
import uuid
from collections.abc import AsyncIterator, Container
from pathlib import Path
from typing import Final

from imagestreams.resources.builds.build_logs import is_uid

MAX_UPLOAD_BYTES: Final = 1024 * 1024 * 1024
_UNFINISHED: Final = ".new"


class UploadError(Exception):
    """An upload that can't be kept."""


class UploadTooLarge(UploadError):
    """More was sent than may be."""


class Uploads:
    """The uploads of all builds, in one directory; `max_bytes` bounds each of them."""

    def __init__(self, directory: Path, *, max_bytes: int = MAX_UPLOAD_BYTES) -> None:
        self._directory = directory
        self._max_bytes = max_bytes

    async def receive(self, pieces: AsyncIterator[bytes]) -> Path:
        """Keep what is sent, for now under a name of its own; `give` makes it a build's.

        Raises:
            UploadTooLarge: it is more than may be.
            UploadError: the disk refuses.
        """
        size = 0
        path = self._directory / f"{uuid.uuid4()}{_UNFINISHED}"
        try:
            self._directory.mkdir(mode=0o700, parents=True, exist_ok=True)
            flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW
            with os.fdopen(os.open(path, flags, 0o600), "wb") as file:
                async for piece in pieces:
                    size += len(piece)
                    if size > self._max_bytes:
                        raise UploadTooLarge(f"limit is {self._max_bytes}")
                    file.write(piece)
                file.flush()
                await asyncio.to_thread(os.fsync, file.fileno())
        except OSError as error:
            path.unlink(missing_ok=True)
            raise UploadError(f"can't keep an uploaded source: {error.strerror}") from error
        except BaseException:
            path.unlink(missing_ok=True)
            raise
        return path

    async def give(self, received: Path, uid: str) -> None:
        """Make what was received the source of a build.

        Raises:
            UploadError: the disk refuses.
        """
        try:
            await asyncio.to_thread(self._move, received, self._file(uid))
        except OSError as error:
            raise UploadError(f"can't keep an uploaded source: {error.strerror}") from error

    def _move(self, received: Path, target: Path) -> None:
        received.replace(target)
        descriptor = os.open(self._directory, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

    def forget(self, received: Path) -> None:
        """Delete what was received and given to no build."""
        received.unlink(missing_ok=True)

    def path(self, uid: str) -> Path | None:
        """Return the file of a build's source; `None` when nothing whole was uploaded for it."""
        path = self._file(uid)
        return path if path.is_file() else None

    def remove(self, uid: str) -> None:
        """Delete what was uploaded for a build, if anything was."""
        self._file(uid).unlink(missing_ok=True)

    def keep_only(self, uids: Container[str]) -> None:
        """Delete everything but the sources of these builds, also what a stopped server left unfinished."""
        for path in self._directory.glob("*"):
            if path.name not in uids:
                path.unlink(missing_ok=True)

    def _file(self, uid: str) -> Path:
        if not is_uid(uid):
            raise UploadError(f"{uid!r} is no uid of a build")
        return self._directory / uid
