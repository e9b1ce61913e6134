"""What is built from stays below the directory of the build, whatever names and links it has."""

import io
import tarfile
import zipfile
from pathlib import Path

import pytest

from imagestreams.runners.builds.inputs import InputError, context_of, inside, merge, unpack, write_files
from imagestreams.runners.builds.plan import Binary, BuildFailure, InputFiles


def test_a_path_that_leads_out_is_refused(tmp_path: Path) -> None:
    (tmp_path / "root").mkdir()
    (tmp_path / "root" / "link").symlink_to(tmp_path)

    for relative in ("../x", "link/x", "a/../../x"):
        with pytest.raises(InputError, match="is outside of the source"):
            inside(tmp_path / "root", relative)
    assert inside(tmp_path / "root", "/a/b") == tmp_path / "root" / "a" / "b"


@pytest.mark.parametrize("context_dir", ["missing", "../..", "file"])
def test_a_context_that_is_no_directory_of_the_source_fails_the_build(tmp_path: Path, context_dir: str) -> None:
    (tmp_path / "file").touch()

    with pytest.raises(BuildFailure, match=r"^The supplied context directory does not exist\.$") as failure:
        context_of(tmp_path, context_dir)

    assert failure.value.reason == "InvalidContextDirectory"


def test_values_become_files(tmp_path: Path) -> None:
    write_files(InputFiles("config/app", {"key": b"value"}), tmp_path)

    assert (tmp_path / "config" / "app" / "key").read_bytes() == b"value"


def test_values_do_not_follow_links_of_the_source(tmp_path: Path) -> None:
    context, elsewhere = tmp_path / "context", tmp_path / "elsewhere"
    context.mkdir()
    elsewhere.mkdir()
    (context / "config").symlink_to(elsewhere)

    with pytest.raises(InputError, match="outside of the source"):
        write_files(InputFiles("config", {"key": b"value"}), context)

    assert not list(elsewhere.iterdir())


def test_files_of_images_do_not_follow_links_of_the_source(tmp_path: Path) -> None:
    source, taken, elsewhere = tmp_path / "source", tmp_path / "taken", tmp_path / "elsewhere"
    (taken / "sub").mkdir(parents=True)
    (taken / "sub" / "file").write_text("new")
    source.mkdir()
    elsewhere.mkdir()
    (source / "sub").symlink_to(elsewhere)

    with pytest.raises(InputError, match="outside of the source"):
        merge(taken, source, "")
    merge(taken, source, "other")

    assert not list(elsewhere.iterdir())
    assert (source / "other" / "sub" / "file").read_text() == "new"


async def test_archives_are_unpacked(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "zip", "w") as zipped:
        zipped.writestr("a/from-zip", "1")
    with tarfile.open(tmp_path / "tar", "w:gz") as tar:
        member = tarfile.TarInfo("a/from-tar")
        member.size = 1
        tar.addfile(member, io.BytesIO(b"2"))
    (tmp_path / "target").mkdir()

    await unpack(Binary(tmp_path / "zip"), tmp_path / "target")
    await unpack(Binary(tmp_path / "tar"), tmp_path / "target")
    await unpack(Binary(tmp_path / "tar", as_file="upload.bin"), tmp_path / "target")

    assert {path.name for path in (tmp_path / "target").rglob("*")} == {"a", "from-zip", "from-tar", "upload.bin"}


async def test_an_archive_that_leads_out_is_refused(tmp_path: Path) -> None:
    with tarfile.open(tmp_path / "tar", "w") as tar:
        tar.addfile(tarfile.TarInfo("../out"))
    (tmp_path / "target").mkdir()

    with pytest.raises(InputError, match="unable to extract binary build input"):
        await unpack(Binary(tmp_path / "tar"), tmp_path / "target")

    assert not (tmp_path / "out").exists()


async def test_what_is_no_archive_is_told_of(tmp_path: Path) -> None:
    (tmp_path / "text").write_text("hello")
    (tmp_path / "target").mkdir()

    with pytest.raises(InputError, match="must be a zip, tar, or gzipped tar, or specified as a file"):
        await unpack(Binary(tmp_path / "text"), tmp_path / "target")
