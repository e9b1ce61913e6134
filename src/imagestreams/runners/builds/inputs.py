"""Puts together what is built from: a repository or directory, an upload, values, files of images, a Dockerfile.

Paths come from whoever made the build, so each is held below the directory of the build, wherever links lead.
"""

import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Final

from imagestreams.daemon_threads import in_daemon_thread
from imagestreams.runners.builds.plan import Binary, BuildFailure, InputError, InputFiles

if TYPE_CHECKING:
    from imagestreams.runners.builds.archives import UnpackedLimits

DOCKERFILE: Final = "Dockerfile"
FETCH_SOURCE_FAILED: Final = ("FetchSourceFailed", "Failed to fetch the input source.")
INVALID_CONTEXT_DIRECTORY: Final = ("InvalidContextDirectory", "The supplied context directory does not exist.")
MANAGE_DOCKERFILE_FAILED: Final = ("ManageDockerfileFailed", "Failed to prepare the dockerfile for the build.")
GENERIC_BUILD_FAILED: Final = ("GenericBuildFailed", "Generic Build failure - check logs for details.")


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


def _extract(archive: Path, target: Path, limits: "UnpackedLimits | None") -> None:
    # The modules for archives are large, and most servers build nothing.
    from imagestreams.runners.builds.archives import UnpackedLimits, extract

    extract(archive, target, limits or UnpackedLimits())


async def unpack(binary: Binary, target: Path, limits: "UnpackedLimits | None" = None) -> None:
    """Put an upload into a directory: as a file, or what is in the archive.

    Raises:
        InputError: it is no tar (plain or compressed) and no zip file, names files elsewhere, or is too large.
    """
    if binary.as_file:
        await in_daemon_thread(lambda: shutil.copyfile(binary.path, inside(target, binary.as_file)))
    else:
        await in_daemon_thread(lambda: _extract(binary.path, target, limits))


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
