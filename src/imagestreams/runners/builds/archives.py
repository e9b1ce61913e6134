"""Unpacks what was uploaded: small archives can become very large, and hold what no source needs.

What comes out is bounded, so that an upload fills neither the disk, which the server writes to as well, nor the memory:
by how much is in it, by how many files there are, and by what one header may hold.
"""

import lzma
import shutil
import tarfile
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

from imagestreams.runners.builds.plan import InputError
from imagestreams.runners.builds.tar_extraction import extract_tar

_ZIPPED: Final = frozenset({zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2})
"""How files of a zip are compressed that need little memory to be read; nobody says how much LZMA may take."""
_NO_ARCHIVE: Final = (
    tarfile.TarError,
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    OSError,
    EOFError,
    # A zip file that is encrypted or compressed in an unknown way, a tar with numbers that are none.
    RuntimeError,
    ValueError,
)


@dataclass(frozen=True, slots=True)
class UnpackedLimits:
    """How many bytes may be in an archive's files together, and how many files, directories and links there may be."""

    size_bytes: int = 10 * 1024 * 1024 * 1024
    entries: int = 500_000

    def of_disk(self, directory: Path) -> Self:
        """Return them with at most half of the space that is free where a directory is."""
        return type(self)(min(self.size_bytes, shutil.disk_usage(directory).free // 2), self.entries)


class _Count:
    """What came out of an archive so far."""

    def __init__(self, limits: UnpackedLimits) -> None:
        self._limits = limits
        self._left_bytes = limits.size_bytes
        self._left_entries = limits.entries

    def add(self, size_bytes: int) -> None:
        """Count one entry before it is written.

        Raises:
            InputError: it is one too many, or too large.
        """
        self._left_entries -= 1
        self._left_bytes -= size_bytes
        if self._left_entries < 0:
            raise InputError(f"the archive holds more than {self._limits.entries} files")
        if self._left_bytes < 0:
            raise InputError(f"what is in the archive is larger than {self._limits.size_bytes} bytes")


def extract(archive: Path, target: Path, limits: UnpackedLimits) -> None:
    """Write what is in an archive into a directory.

    Raises:
        InputError: it is no tar (plain or compressed) and no zip file, names files elsewhere, or is too large.
    """
    try:
        count = _Count(limits.of_disk(target))
        if zipfile.is_zipfile(archive):
            with zipfile.ZipFile(archive) as zipped:
                _check(zipped, count)
                zipped.extractall(target)
        else:
            extract_tar(archive, target, count.add)
    except _NO_ARCHIVE as error:
        raise InputError(
            f"unable to extract binary build input, must be a zip, tar, or gzipped tar, or specified as a file: {error}"
        ) from error
    except InputError as error:
        raise InputError(f"unable to extract binary build input: {error}") from error


def _check(archive: zipfile.ZipFile, count: _Count) -> None:
    directories: set[str] = set()
    for entry in archive.infolist():
        # No more is written of a file than the archive says that it holds.
        count.add(entry.file_size)
        if entry.compress_type not in _ZIPPED:
            raise InputError(f"{entry.filename!r} is compressed in a way that is not taken")
        name = entry.filename.rstrip("/")
        if entry.is_dir():
            directories.add(name)
        while (name := name.rpartition("/")[0]) and name not in directories:
            directories.add(name)
            count.add(0)
