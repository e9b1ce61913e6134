"""Puts together what is built from: a repository or directory, an upload, values, files of images, a Dockerfile.

Paths come from whoever made the build, so each is held below the directory of the build, wherever links lead.
"""

import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Final

from imagestreams.daemon_threads import in_daemon_thread
from imagestreams.runners.builds.plan import Binary, BuildFailure, InputFiles

if TYPE_CHECKING:
    import tarfile

DOCKERFILE: Final = "Dockerfile"
FETCH_SOURCE_FAILED: Final = ("FetchSourceFailed", "Failed to fetch the input source.")
INVALID_CONTEXT_DIRECTORY: Final = ("InvalidContextDirectory", "The supplied context directory does not exist.")
MANAGE_DOCKERFILE_FAILED: Final = ("ManageDockerfileFailed", "Failed to prepare the dockerfile for the build.")
GENERIC_BUILD_FAILED: Final = ("GenericBuildFailed", "Generic Build failure - check logs for details.")


class InputError(Exception):
    """The input is not as it has to be; the message is for the log."""


def inside(root: Path, relative: str) -> Path:
    """Return a path below a directory.

    Raises:
        InputError: it is not below, if links are followed.
    """
    path = (root / relative.lstrip("/")).resolve()
    if not path.is_relative_to(root.resolve()):
        raise InputError(f"{relative!r} is outside of the source")
    return path


def context_of(source: Path, context_dir: str) -> Path:
    """Return the directory that is built.

    Raises:
        BuildFailure: there is none.
    """
    try:
        context = inside(source, context_dir)
    except InputError:
        raise BuildFailure(*INVALID_CONTEXT_DIRECTORY) from None
    if not context.is_dir():
        raise BuildFailure(*INVALID_CONTEXT_DIRECTORY)
    return context


async def copy_directory(source: Path, target: Path) -> None:
    """Copy a directory of this machine; links stay links."""
    await in_daemon_thread(lambda: shutil.copytree(source, target, symlinks=True, dirs_exist_ok=True))


async def unpack(binary: Binary, target: Path) -> None:
    """Put an upload into a directory: as a file, or what is in the archive.

    Raises:
        InputError: it is no tar (plain or compressed) and no zip file, or names files elsewhere.
    """
    if binary.as_file:
        await in_daemon_thread(lambda: shutil.copyfile(binary.path, inside(target, binary.as_file)))
    else:
        await in_daemon_thread(lambda: _unpack_archive(binary.path, target))


def _unpack_archive(archive: Path, target: Path) -> None:
    import tarfile
    import zipfile

    try:
        if zipfile.is_zipfile(archive):
            with zipfile.ZipFile(archive) as zipped:
                zipped.extractall(target)
        else:
            with tarfile.open(archive) as tar:
                tar.extractall(target, filter=_harmless)
    except (tarfile.TarError, zipfile.BadZipFile, OSError, EOFError) as error:
        raise InputError(
            f"unable to extract binary build input, must be a zip, tar, or gzipped tar, or specified as a file: {error}"
        ) from error


def _harmless(member: "tarfile.TarInfo", target: str) -> "tarfile.TarInfo":
    """Let a member of an archive pass if it is what a source may hold, without giving it rights.

    A hard link to a file of this machine would be that file: it could be read, and written to. A pipe would never come
    to its end. A symbolic link may point anywhere, as in a repository: whoever reads a path looks where it leads.
    """
    import tarfile

    if member.issym():
        return tarfile.tar_filter(member, target)
    checked = tarfile.data_filter(member, target)
    # Who may enter a directory is part of the source, and goes into the image.
    return checked.replace(mode=member.mode & 0o755 | 0o700, deep=False) if member.isdir() else checked


def write_files(given: InputFiles, context: Path) -> None:
    """Write the values of a secret or config map as files.

    Raises:
        InputError: they should go elsewhere than into the context.
    """
    directory = inside(context, given.directory)
    directory.mkdir(parents=True, exist_ok=True)
    for name, content in given.files.items():
        inside(directory, name).write_bytes(content)


def merge(source: Path, target: Path, directory: str) -> None:
    """Copy what was taken out of an image into a directory of the source.

    Raises:
        InputError: that would be elsewhere, if links that the source has are followed.
    """
    for parent, _, files in os.walk(source):
        below = Path(directory.lstrip("/")) / Path(parent).relative_to(source)
        into = inside(target, str(below))
        into.mkdir(parents=True, exist_ok=True)
        for name in files:
            (into / name).unlink(missing_ok=True)
            shutil.copy2(Path(parent) / name, into / name, follow_symlinks=False)
