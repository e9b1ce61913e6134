"""What is sent as the source of a build: a directory, a file, an archive, or a commit of a Git repository."""

import os
import re
import subprocess
import sys
import tarfile
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Final
from urllib.parse import urlsplit

from imagestreams.cli.errors import CliError
from imagestreams.cli.printers.go_text import quoted
from imagestreams.cli.session import Session

DEFAULT_EXCLUDE: Final = r"(^|/)\.git(/|$)"
_PIECE_BYTES: Final = 64 * 1024
_LONG_ENOUGH: Final = 0x101 + 5
_MAGIC: Final = (
    (0x101, b"ustar"),
    (0, b"PK\x03\x04"),
    (0, b"\x1f\x9d"),
    (0, b"\x1f\xa0"),
    (0, b"BZh"),
    (0, b"\x1f\x8b"),
)
_FORMAT: Final = "%H%n%an%n%ae%n%cn%n%ce%n%B"
_TOLD: Final = ("commit", "authorName", "authorEmail", "committerName", "committerEmail", "message")


@dataclass
class Source:
    """What is sent: its bytes, and what the query tells of it."""

    pieces: Iterator[bytes]
    told: dict[str, str] = field(default_factory=dict)


@contextmanager
def opened(
    session: Session, *, directory: str, archive: str, file: str, repository: str, commit: str, exclude: str
) -> Iterator[Source]:
    """Open what the flags name; one of the four is given.

    Raises:
        CliError: it can't be read.
    """
    told = {"revision.commit": commit} if commit else {}
    # A directory may be given as an archive and the other way round.
    directory = directory or archive
    if file == "-":
        raise CliError("--from-file=- is not supported")
    if directory == "-":
        session.note("Uploading archive file from STDIN as binary input for the build ...")
        yield Source(_checked(session, _read(sys.stdin.buffer)), told)
        return
    place = file or directory or repository
    if not repository and place.startswith(("http://", "https://")):
        with _downloaded(session, place, is_file=bool(file), told=told) as source:
            yield source
        return
    path = Path(place)
    try:
        is_directory = path.is_dir()
        path.stat()
    except OSError as error:
        raise CliError(f"stat {path.absolute()}: {(error.strerror or '').lower()}") from error
    shown = quoted(os.path.normpath(place))
    if repository:
        with _checked_out(session, path, shown, commit) as (root, found):
            yield Source(_directory(root, exclude), found)
    elif is_directory:
        session.note(f"Uploading directory {shown} as binary input for the build ...")
        yield Source(_directory(path, exclude), commit_of(path, commit or "HEAD") or told)
    else:
        with path.open("rb") as content:
            if file:
                session.note(f"Uploading file {shown} as binary input for the build ...")
                yield Source(_read(content), {**told, "asFile": path.absolute().name})
            else:
                session.note(f"Uploading archive file {shown} as binary input for the build ...")
                yield Source(_checked(session, _read(content)), told)


def _read(content: IO[bytes]) -> Iterator[bytes]:
    while piece := content.read(_PIECE_BYTES):
        yield piece


def _checked(session: Session, pieces: Iterator[bytes]) -> Iterator[bytes]:
    """Warn of what does not look like an archive; the server decides."""
    first = b""
    for piece in pieces:
        first += piece
        if len(first) >= _LONG_ENOUGH:
            break
    if not is_archive(first):
        session.note(
            "WARNING: the provided file may not be an archive (tar, tar.gz, or zip), use --from-file to prevent "
            "extraction"
        )
    yield first
    yield from pieces


def is_archive(beginning: bytes) -> bool:
    """Return whether a file begins like an archive."""
    return any(beginning[offset : offset + len(magic)] == magic for offset, magic in _MAGIC)


@contextmanager
def _downloaded(session: Session, url: str, *, is_file: bool, told: dict[str, str]) -> Iterator[Source]:
    import urllib3

    try:
        with urllib3.PoolManager() as pool:
            answer = pool.request("GET", url, preload_content=False)
            if answer.status != 200:
                raise CliError(f"unable to download file {quoted(url)}: {answer.status} {answer.reason or ''}".rstrip())
            pieces = answer.stream(_PIECE_BYTES)
            if is_file:
                name = urlsplit(url).path.rpartition("/")[2]
                if not name:
                    raise CliError("unable to determine filename from HTTP headers or URL")
                session.note(f"Uploading file from {quoted(url)} as binary input for the build ...")
                yield Source(pieces, {**told, "asFile": name})
            else:
                session.note(f"Uploading archive from {quoted(url)} as binary input for the build ...")
                yield Source(_checked(session, pieces), told)
    except urllib3.exceptions.HTTPError as error:
        raise CliError(f"unable to download file {quoted(url)}: {error}") from error


def _directory(root: Path, exclude: str) -> Iterator[bytes]:
    """Yield a directory as a compressed archive, in the order of its names, without waiting for all of it."""
    try:
        left_out = re.compile(exclude) if exclude else None
    except re.error as error:
        raise CliError(f"error parsing regexp: {error}") from error
    reading, writing = os.pipe()
    problems: list[Exception] = []

    def write() -> None:
        try:
            with os.fdopen(writing, "wb") as out, tarfile.open(fileobj=out, mode="w|gz") as archive:
                for path in _walk(root):
                    name = path.relative_to(root).as_posix()
                    if left_out is None or left_out.search(name) is None:
                        archive.add(path, name, recursive=False, filter=_nobodys)
        except (OSError, tarfile.TarError) as error:
            problems.append(error)

    writer = threading.Thread(target=write, daemon=True)
    writer.start()
    with os.fdopen(reading, "rb") as content:
        yield from _read(content)
    writer.join()
    if problems:
        raise CliError(f"can't read {root}: {problems[0]}") from problems[0]


def _walk(root: Path) -> Iterator[Path]:
    for path in sorted(root.iterdir()):
        yield path
        if path.is_dir() and not path.is_symlink():
            yield from _walk(path)


def _nobodys(member: tarfile.TarInfo) -> tarfile.TarInfo:
    member.uid = member.gid = 0
    member.uname = member.gname = ""
    return member


def commit_of(directory: Path, commit: str) -> dict[str, str]:
    """Return what Git tells of a commit, as an upload's query has it; nothing where there is no Git or no such one."""
    try:
        told = _git("-C", str(directory), "show", "-s", f"--format={_FORMAT}", commit, "--")
    except (OSError, subprocess.CalledProcessError):
        return {}
    lines = told.split("\n", len(_TOLD) - 1)
    return {f"revision.{name}": line.strip() for name, line in zip(_TOLD, lines, strict=False) if line.strip()}


@contextmanager
def _checked_out(session: Session, path: Path, shown: str, commit: str) -> Iterator[tuple[Path, dict[str, str]]]:
    """Check a commit out into a directory of its own, with its submodules."""
    wanted = commit or "HEAD"
    session.note(f"Uploading {shown} at commit {quoted(wanted)} as binary input for the build ...")
    try:
        top = Path(_git("-C", str(path), "rev-parse", "--show-toplevel").strip())
    except OSError as error:
        told = "Git is required to start a build from a repository. If git is not available, use --from-dir instead."
        raise CliError(f"cannot find git. {told}") from error
    except subprocess.CalledProcessError as error:
        told = error.stderr.strip()
        raise CliError(f"the directory {shown} is not a valid Git repository: {told}") from error
    inside = path.resolve().relative_to(top.resolve())
    if inside.parts:
        session.note(f"WARNING: Using root dir {top} for Git repository")
    with tempfile.TemporaryDirectory(prefix="isctl-clone-") as name:
        try:
            _git("clone", "--recursive", "--quiet", "--", str(top), name)
            _git("-C", name, "checkout", "--quiet", wanted, "--")
        except subprocess.CalledProcessError as error:
            raise CliError(error.stderr.strip()) from error
        yield Path(name) / inside, commit_of(path, wanted)


def _git(*arguments: str) -> str:
    return subprocess.run(["git", *arguments], check=True, capture_output=True, text=True, errors="replace").stdout
