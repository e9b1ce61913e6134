"""Writes the members of a tar below a directory, and nowhere else.

Symbolic links may point anywhere, as in a repository, so they are made last: until then there is none that a member
could be written through. That depends neither on how a path is resolved nor on the filters of `tarfile`, which the
first releases of Python 3.11 do not have.
"""

import bz2
import gzip
import io
import os
import shutil
import tarfile
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path, PurePosixPath
from typing import Final

from imagestreams.runners.builds.plan import InputError
from imagestreams.runners.builds.xz_reading import XzFile

_Content = io.BufferedIOBase | io.RawIOBase

_HEADER_MAX_BYTES: Final = 64 * 1024
_NAME_MAX: Final = 4_096
_BLOCK_BYTES: Final = 1024 * 1024
_COMPRESSED: Final[Mapping[bytes, Callable[[Path], _Content]]] = {
    b"\x1f\x8b": gzip.GzipFile,
    b"BZh": bz2.BZ2File,
    b"\xfd7zXZ\x00": XzFile,
    b"\x5d\x00\x00": XzFile,
}
"""How a file that begins so is read."""


def extract_tar(archive: Path, target: Path, count: Callable[[int], None]) -> None:
    """Write all members of a tar, plain or compressed, as files of nobody in particular.

    `count` is told of the size in bytes of each before it is written, as of directories that a path only implies, and
    may refuse it.

    Raises:
        InputError: a member leads out, is of no kind that a source may hold, or is refused.
        OSError, EOFError, zlib.error, lzma.LZMAError, tarfile.TarError: it can't be read, or written.
    """
    with _open(archive) as content, tarfile.open(fileobj=(bounded := _BoundedHeaders(content)), mode="r:") as tar:
        extraction = _Extraction(tar, target, count)
        for member in tar:
            count(member.size if member.isreg() else 0)
            bounded.begin_content()
            extraction.take(member)
            # All members are kept until the end, and each has its own copy of the headers that hold for all.
            member.pax_headers = {}
            bounded.begin_headers()
        extraction.finish()


def _open(archive: Path) -> _Content:
    with archive.open("rb") as file:
        begin = file.read(max(map(len, _COMPRESSED)))
    reads = next((reads for magic, reads in _COMPRESSED.items() if begin.startswith(magic)), None)
    return reads(archive) if reads is not None else archive.open("rb")


class _BoundedHeaders(io.RawIOBase):
    """A tar of which only so much is read for what stands in front of one member's content.

    `tarfile` reads names, extended headers and the maps of sparse files into memory, as long as they may be.
    """

    def __init__(self, file: _Content) -> None:
        self._file = file
        self.begin_headers()

    def begin_headers(self) -> None:
        """Bound what is read from now on."""
        self._left_bytes: int | None = _HEADER_MAX_BYTES

    def begin_content(self) -> None:
        """Bound no longer what is read."""
        self._left_bytes = None

    def read(self, size: int = -1, /) -> bytes:
        """Read what the archive has next.

        Raises:
            InputError: the headers of a member are too large.
        """
        if self._left_bytes is not None:
            self._left_bytes -= size
            if size < 0 or self._left_bytes < 0:
                raise InputError(f"a header of the archive is larger than {_HEADER_MAX_BYTES} bytes")
        return self._file.read(size)

    def seek(self, offset: int, whence: int = os.SEEK_SET, /) -> int:
        """Go to a place in the archive."""
        return self._file.seek(offset, whence)

    def tell(self) -> int:
        """Return the place in the archive."""
        return self._file.tell()


class _Extraction:
    """Takes one member after the other; of those with the same name the last counts."""

    def __init__(self, archive: tarfile.TarFile, target: Path, count: Callable[[int], None]) -> None:
        self._archive = archive
        self._target = target
        self._count = count
        self._directories = {target}
        self._links: dict[Path, str] = {}
        self._modified: dict[Path, float] = {}

    def take(self, member: tarfile.TarInfo) -> None:
        """Write a member, or remember a symbolic link."""
        path = self._path(member.name, may_be_all=member.isdir())
        if member.issparse():
            raise InputError("sparse files are not taken: make the archive without them")
        if member.isdir():
            self._make_directory(path, is_member=True)
            # Who may enter a directory is part of the source, and goes into the image.
            path.chmod(member.mode & 0o755 | 0o700)
            self._modified[path] = member.mtime
        elif member.issym():
            self._make_room(path)
            self._links[path] = member.linkname
        elif member.islnk():
            self._link(self._path(member.linkname), path)
        elif member.isreg():
            self._write(member, path)
        else:
            # Whoever reads a pipe never comes to its end.
            raise InputError(f"{member.name!r} is neither a file nor a directory nor a link")

    def finish(self) -> None:
        """Make the symbolic links, and give directories the time that they had."""
        for path, to in self._links.items():
            path.symlink_to(to)
        for path, modified in self._modified.items():
            _set_time(path, modified)

    def _link(self, source: Path, path: Path) -> None:
        if source == path:
            return
        self._make_room(path)
        if source in self._links:
            self._links[path] = self._links[source]
        else:
            # A hard link to a file of this machine would be that file: it could be read, and written to.
            self._make_directory(source.parent)
            os.link(source, path, follow_symlinks=False)

    def _write(self, member: tarfile.TarInfo, path: Path) -> None:
        self._make_room(path)
        content = self._archive.extractfile(member)
        assert content is not None
        with content, path.open("xb") as file:
            shutil.copyfileobj(content, file, _BLOCK_BYTES)
        path.chmod(member.mode & (0o755 if member.mode & 0o100 else 0o644) | 0o600)
        _set_time(path, member.mtime)

    def _path(self, name: str, *, may_be_all: bool = False) -> Path:
        if len(name) > _NAME_MAX:
            raise InputError(f"a name in the archive is longer than {_NAME_MAX} characters")
        parts = PurePosixPath(os.path.normpath(name.lstrip("/"))).parts
        if ".." in parts:
            raise InputError(f"{name!r} is outside of the source")
        if not parts and not may_be_all:
            raise InputError(f"{name!r} is the source itself, and no file in it")
        return self._target.joinpath(*parts)

    def _make_room(self, path: Path) -> None:
        self._make_directory(path.parent)
        self._links.pop(path, None)
        path.unlink(missing_ok=True)

    def _make_directory(self, path: Path, *, is_member: bool = False) -> None:
        missing, known = [], path
        while known not in self._directories:
            missing.append(known)
            known = known.parent
        for each in reversed(missing):
            if each.is_symlink() or not each.is_dir():
                # A member was counted when it was read.
                if not is_member or each != path:
                    self._count(0)
                each.mkdir()
                each.chmod(0o755)
            self._directories.add(each)


def _set_time(path: Path, modified: float) -> None:
    # Times that can't be are as good as none.
    with suppress(OSError, OverflowError, ValueError):
        os.utime(path, (modified, modified))
