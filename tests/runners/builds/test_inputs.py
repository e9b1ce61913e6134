"""What is built from stays below the directory of the build, whatever names and links it has."""

import asyncio
import io
import lzma
import random
import shutil
import tarfile
import zipfile
import zlib
from pathlib import Path

import pytest

from imagestreams.runners.builds.archives import UnpackedLimits
from imagestreams.runners.builds.inputs import context_of, inside, merge, unpack, write_files
from imagestreams.runners.builds.plan import Binary, BuildFailure, InputError, InputFiles


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


@pytest.mark.parametrize("name", [".", "/", "a/.."])
@pytest.mark.parametrize("kind", [tarfile.REGTYPE, tarfile.SYMTYPE, tarfile.LNKTYPE])
async def test_the_source_itself_is_no_file_of_an_archive(tmp_path: Path, name: str, kind: bytes) -> None:
    with tarfile.open(tmp_path / "tar", "w") as tar:
        tar.addfile(tarfile.TarInfo("file"))
        member = tarfile.TarInfo("copy" if kind == tarfile.LNKTYPE else name)
        member.type, member.linkname = kind, name if kind == tarfile.LNKTYPE else "file"
        tar.addfile(member)
    (tmp_path / "target").mkdir()

    with pytest.raises(InputError, match="is the source itself"):
        await unpack(Binary(tmp_path / "tar"), tmp_path / "target")


@pytest.mark.parametrize("kind", [tarfile.LNKTYPE, tarfile.FIFOTYPE, tarfile.CHRTYPE])
async def test_an_archive_can_not_make_a_file_of_this_machine_its_own_nor_hold_up_who_reads_it(
    tmp_path: Path, kind: bytes
) -> None:
    (tmp_path / "kubeconfig").write_text("token")
    with tarfile.open(tmp_path / "tar", "w") as tar:
        member = tarfile.TarInfo("Dockerfile")
        member.type, member.linkname = kind, str(tmp_path / "kubeconfig")
        tar.addfile(member)
    (tmp_path / "target").mkdir()

    with pytest.raises(InputError, match="unable to extract binary build input"):
        await unpack(Binary(tmp_path / "tar"), tmp_path / "target")

    assert not (tmp_path / "target" / "Dockerfile").exists()
    assert (tmp_path / "kubeconfig").stat().st_nlink == 1


async def test_a_hard_link_does_not_follow_a_symbolic_one_out_of_the_archive(tmp_path: Path) -> None:
    (tmp_path / "kubeconfig").write_text("token")
    with tarfile.open(tmp_path / "tar", "w") as tar:
        links = ("out", tarfile.SYMTYPE, str(tmp_path)), ("Dockerfile", tarfile.LNKTYPE, "out/kubeconfig")
        for name, kind, to in links:
            member = tarfile.TarInfo(name)
            member.type, member.linkname = kind, to
            tar.addfile(member)
    (tmp_path / "target").mkdir()

    with pytest.raises(InputError, match="unable to extract binary build input"):
        await unpack(Binary(tmp_path / "tar"), tmp_path / "target")


async def test_no_member_is_written_through_a_symbolic_link_of_the_archive(tmp_path: Path) -> None:
    elsewhere, target = tmp_path / "elsewhere", tmp_path / "target"
    elsewhere.mkdir()
    target.mkdir()
    for kind in (tarfile.REGTYPE, tarfile.SYMTYPE, tarfile.DIRTYPE):
        with tarfile.open(tmp_path / "tar", "w") as tar:
            for name, of_kind, to in ("out", tarfile.SYMTYPE, str(elsewhere)), ("out/file", kind, "x"):
                member = tarfile.TarInfo(name)
                member.type, member.linkname = of_kind, to
                tar.addfile(member)

        with pytest.raises(InputError, match="unable to extract binary build input"):
            await unpack(Binary(tmp_path / "tar"), target)

    assert not list(elsewhere.iterdir())


async def test_of_members_with_the_same_name_the_last_counts(tmp_path: Path) -> None:
    (tmp_path / "target").mkdir()
    with tarfile.open(tmp_path / "tar", "w") as tar:
        for name, kind, content in (
            ("file", tarfile.SYMTYPE, b""),
            ("file", tarfile.REGTYPE, b"first"),
            ("same", tarfile.LNKTYPE, b""),
            ("file", tarfile.REGTYPE, b"last"),
            ("file", tarfile.LNKTYPE, b""),
            ("link", tarfile.REGTYPE, b"first"),
            ("link", tarfile.SYMTYPE, b""),
        ):
            member = tarfile.TarInfo(name)
            member.type, member.linkname, member.size = kind, "file", len(content)
            tar.addfile(member, io.BytesIO(content))

    await unpack(Binary(tmp_path / "tar"), tmp_path / "target")

    target = tmp_path / "target"
    assert [(target / name).read_text() for name in ("file", "same", "link")] == ["last", "first", "last"]
    assert (target / "link").readlink() == Path("file")


async def test_links_programs_and_directories_of_an_archive_stay_what_they_are(tmp_path: Path) -> None:
    with tarfile.open(tmp_path / "tar", "w") as tar:
        for name, kind, to, mode in (
            ("bin", tarfile.DIRTYPE, "", 0o755),
            ("bin/run", tarfile.REGTYPE, "", 0o4755),
            ("bin/same", tarfile.LNKTYPE, "bin/run", 0o755),
            ("sh", tarfile.SYMTYPE, "/bin/sh", 0o777),
            ("also", tarfile.LNKTYPE, "sh", 0o777),
        ):
            member = tarfile.TarInfo(name)
            member.type, member.linkname, member.mode, member.mtime = kind, to, mode, 1_700_000_000
            tar.addfile(member)
    target = tmp_path / "target"
    target.mkdir()

    await unpack(Binary(tmp_path / "tar"), target)

    assert [path.stat().st_mode & 0o7777 for path in (target / "bin", target / "bin" / "run")] == [0o755, 0o755]
    assert (target / "bin" / "same").samefile(target / "bin" / "run")
    assert [(target / name).readlink() for name in ("sh", "also")] == [Path("/bin/sh"), Path("/bin/sh")]
    assert [path.stat().st_mtime for path in (target / "bin", target / "bin" / "run")] == [1_700_000_000] * 2


@pytest.mark.parametrize(
    ("compress", "dictionary_bytes", "taken"),
    [
        (lzma.FORMAT_XZ, 64 << 20, True),
        (lzma.FORMAT_ALONE, 64 << 20, True),
        (lzma.FORMAT_XZ, 512 << 20, False),
        (lzma.FORMAT_ALONE, 512 << 20, False),
    ],
)
async def test_an_archive_does_not_say_how_much_memory_it_takes(
    tmp_path: Path, compress: int, dictionary_bytes: int, taken: bool
) -> None:
    plain = io.BytesIO()
    with tarfile.open(fileobj=plain, mode="w") as tar:
        for name in ("first", "second"):
            member = tarfile.TarInfo(name)
            member.size = 100_000
            tar.addfile(member, io.BytesIO(name[:1].encode() * member.size))
    kind = lzma.FILTER_LZMA2 if compress == lzma.FORMAT_XZ else lzma.FILTER_LZMA1
    archive = lzma.compress(plain.getvalue(), compress, filters=[{"id": kind, "dict_size": 1 << 20}])
    (tmp_path / "tar").write_bytes(_with_dictionary(archive, compress, dictionary_bytes))
    (tmp_path / "target").mkdir()

    if taken:
        await unpack(Binary(tmp_path / "tar"), tmp_path / "target")
        assert (tmp_path / "target" / "second").read_bytes() == b"s" * 100_000
    else:
        with pytest.raises(InputError, match="Memory usage limit"):
            await unpack(Binary(tmp_path / "tar"), tmp_path / "target")


async def test_a_zip_file_is_not_compressed_in_a_way_that_takes_any_memory(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "zip", "w", zipfile.ZIP_LZMA) as zipped:
        zipped.writestr("file", "content")
    (tmp_path / "target").mkdir()

    with pytest.raises(InputError, match="'file' is compressed in a way that is not taken"):
        await unpack(Binary(tmp_path / "zip"), tmp_path / "target")


def _with_dictionary(archive: bytes, compress: int, size_bytes: int) -> bytes:
    """Let a compressed file claim another dictionary, without the memory that making it would take."""
    if compress == lzma.FORMAT_ALONE:
        return archive[:1] + size_bytes.to_bytes(4, "little") + archive[5:]
    # In xz the block header comes after the twelve bytes of the stream's: length, flags, filter, its property, zeros.
    length = (archive[12] + 1) * 4
    header = bytearray(archive[12 : 12 + length - 4])
    assert header[2:4] == b"\x21\x01"
    header[4] = (size_bytes.bit_length() - 1 - 12) * 2
    return archive[:12] + bytes(header) + zlib.crc32(header).to_bytes(4, "little") + archive[12 + length :]


async def test_archives_behind_each_other_are_one(tmp_path: Path) -> None:
    plain = io.BytesIO()
    with tarfile.open(fileobj=plain, mode="w") as tar:
        member = tarfile.TarInfo("file")
        member.size = 10_000
        tar.addfile(member, io.BytesIO(b"x" * member.size))
    content = plain.getvalue()
    first, second = lzma.compress(content[:5_000]), lzma.compress(content[5_000:])
    (tmp_path / "tar").write_bytes(first + bytes(8) + second)
    (tmp_path / "cut").write_bytes(first + bytes(8) + second[:20])
    (tmp_path / "target").mkdir()

    await unpack(Binary(tmp_path / "tar"), tmp_path / "target")

    assert (tmp_path / "target" / "file").read_bytes() == b"x" * 10_000
    with pytest.raises(InputError, match="unable to extract binary build input"):
        await unpack(Binary(tmp_path / "cut"), tmp_path / "target")


async def test_an_archive_that_is_broken_inside_is_told_of(tmp_path: Path) -> None:
    with tarfile.open(tmp_path / "tar", "w:xz") as tar:
        member = tarfile.TarInfo("file")
        member.size = 100_000
        tar.addfile(member, io.BytesIO(random.Random(1).randbytes(50_000).hex().encode()))
    whole = (tmp_path / "tar").read_bytes()
    (tmp_path / "tar").write_bytes(whole[:30_000] + bytes(1000) + whole[31_000:])
    (tmp_path / "target").mkdir()

    with pytest.raises(InputError, match="unable to extract binary build input"):
        await unpack(Binary(tmp_path / "tar"), tmp_path / "target")


async def test_what_is_no_archive_is_told_of(tmp_path: Path) -> None:
    (tmp_path / "text").write_text("hello")
    (tmp_path / "target").mkdir()

    with pytest.raises(InputError, match="must be a zip, tar, or gzipped tar, or specified as a file"):
        await unpack(Binary(tmp_path / "text"), tmp_path / "target")


@pytest.mark.parametrize("kind", ["zip", "tar.gz"])
@pytest.mark.parametrize(
    ("limits", "told"),
    [
        (UnpackedLimits(size_bytes=2_000_000), "what is in the archive is larger than 2000000 bytes"),
        (UnpackedLimits(entries=2), "the archive holds more than 2 files"),
    ],
)
async def test_a_small_archive_does_not_become_more_than_it_may(
    tmp_path: Path, kind: str, limits: UnpackedLimits, told: str
) -> None:
    archive, target = tmp_path / "archive", tmp_path / "target"
    target.mkdir()
    if kind == "zip":
        with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as zipped:
            for number in range(3):
                zipped.writestr(f"zeros-{number}", bytes(1_000_000))
    else:
        with tarfile.open(archive, "w:gz") as tar:
            for number in range(3):
                member = tarfile.TarInfo(f"zeros-{number}")
                member.size = 1_000_000
                tar.addfile(member, io.BytesIO(bytes(member.size)))
    assert archive.stat().st_size < 10_000

    with pytest.raises(InputError, match=f"^unable to extract binary build input: {told}$"):
        await unpack(Binary(archive), target, limits)
    assert len(list(target.iterdir())) <= 2
    await unpack(Binary(archive), target, UnpackedLimits(size_bytes=3_000_000, entries=3))

    assert sum(path.stat().st_size for path in target.iterdir()) == 3_000_000


@pytest.mark.parametrize("kind", ["zip", "tar"])
async def test_directories_that_are_only_implied_count_too(tmp_path: Path, kind: str) -> None:
    archive = tmp_path / "archive"
    names = ("a/b/", "a/b/file", "a/b/c/file")
    if kind == "zip":
        with zipfile.ZipFile(archive, "w") as zipped:
            for name in names:
                zipped.writestr(name, "")
    else:
        with tarfile.open(archive, "w") as tar:
            for name in names:
                member = tarfile.TarInfo(name)
                member.type = tarfile.DIRTYPE if name.endswith("/") else tarfile.REGTYPE
                tar.addfile(member)
    for target in ("refused", "taken"):
        (tmp_path / target).mkdir()

    with pytest.raises(InputError, match="the archive holds more than 4 files"):
        await unpack(Binary(archive), tmp_path / "refused", UnpackedLimits(entries=4))
    await unpack(Binary(archive), tmp_path / "taken", UnpackedLimits(entries=5))

    assert len(list((tmp_path / "taken").rglob("*"))) == 5


async def test_a_name_longer_than_a_path_can_be_is_refused(tmp_path: Path) -> None:
    with tarfile.open(tmp_path / "tar", "w") as tar:
        tar.addfile(tarfile.TarInfo("a/" * 20_000 + "file"))
    (tmp_path / "target").mkdir()

    with pytest.raises(InputError, match="a name in the archive is longer than 4096 characters"):
        await unpack(Binary(tmp_path / "tar"), tmp_path / "target")


async def test_unpacking_leaves_half_of_the_free_space_to_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with tarfile.open(tmp_path / "tar", "w") as tar:
        member = tarfile.TarInfo("file")
        member.size = 600
        tar.addfile(member, io.BytesIO(bytes(600)))
    (tmp_path / "target").mkdir()
    usage = shutil.disk_usage(tmp_path)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage._replace(free=1000))

    with pytest.raises(InputError, match="what is in the archive is larger than 500 bytes"):
        await unpack(Binary(tmp_path / "tar"), tmp_path / "target")


@pytest.mark.parametrize("form", [tarfile.PAX_FORMAT, tarfile.GNU_FORMAT])
async def test_a_header_of_an_archive_does_not_fill_the_memory(tmp_path: Path, form: int) -> None:
    with tarfile.open(tmp_path / "tar", "w:gz", format=form) as tar:
        tar.addfile(tarfile.TarInfo("first"))
        tar.addfile(tarfile.TarInfo("n" * 1_000_000))
    (tmp_path / "target").mkdir()

    with pytest.raises(InputError, match="a header of the archive is larger than 65536 bytes"):
        await unpack(Binary(tmp_path / "tar"), tmp_path / "target")


@pytest.mark.parametrize("form", ["gnu", "pax-0.1", "pax-1.0"])
async def test_a_file_is_not_larger_than_what_is_stored_of_it(tmp_path: Path, form: str) -> None:
    with (tmp_path / "disk").open("wb") as file:
        file.truncate(1_000_000_000)
        file.seek(500_000_000)
        file.write(b"x")
    kind, _, version = form.partition("-")
    options = [f"--format={kind}", *([f"--sparse-version={version}"] if version else [])]
    packing = await asyncio.create_subprocess_exec("tar", "-S", *options, "-cf", "tar", "disk", cwd=tmp_path)
    assert await packing.wait() == 0
    (tmp_path / "target").mkdir()

    with pytest.raises(InputError, match="sparse files are not taken"):
        await unpack(Binary(tmp_path / "tar"), tmp_path / "target")
