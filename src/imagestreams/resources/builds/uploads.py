"""Sources that are uploaded for single builds: private files beside the logs, there only when they are whole."""

import os
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Final

from imagestreams.resources.builds.build_logs import is_uid

MAX_UPLOAD_BYTES: Final = 1024 * 1024 * 1024


class UploadError(Exception):
    """An upload that can't be kept."""


class UploadTooLarge(UploadError):
    """More was sent than may be."""


class Uploads:
    """The uploads of all builds, in one directory; `max_bytes` bounds each of them."""

    def __init__(self, directory: Path, *, max_bytes: int = MAX_UPLOAD_BYTES) -> None:
        self._directory = directory
        self._max_bytes = max_bytes

    async def receive(self, uid: str, pieces: AsyncIterator[bytes]) -> int:
        """Keep what is sent for a build; return how many bytes it was.

        Raises:
            UploadTooLarge: it is more than may be.
            UploadError: the disk refuses.
        """
        path = self._file(uid)
        unfinished = path.with_name(path.name + ".new")
        size = 0
        try:
            self._directory.mkdir(mode=0o700, parents=True, exist_ok=True)
            flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW
            with os.fdopen(os.open(unfinished, flags, 0o600), "wb") as file:
                async for piece in pieces:
                    size += len(piece)
                    if size > self._max_bytes:
                        raise UploadTooLarge(f"limit is {self._max_bytes}")
                    file.write(piece)
            unfinished.replace(path)
        except OSError as error:
            raise UploadError(f"can't keep the source of build {uid}: {error.strerror}") from error
        finally:
            unfinished.unlink(missing_ok=True)
        return size

    def path(self, uid: str) -> Path | None:
        """Return the file of a build's source; `None` when nothing whole was uploaded for it."""
        path = self._file(uid)
        return path if path.is_file() else None

    def remove(self, uid: str) -> None:
        """Delete what was uploaded for a build, if anything was."""
        self._file(uid).unlink(missing_ok=True)

    def uids(self) -> list[str]:
        """Return the uids of the builds for which something was uploaded."""
        return sorted(path.name for path in self._directory.glob("*") if is_uid(path.name))

    def _file(self, uid: str) -> Path:
        if not is_uid(uid):
            raise UploadError(f"{uid!r} is no uid of a build")
        return self._directory / uid
