"""Repositories are fetched by the real git: as little as is needed, by no transport that runs programs here."""

import base64
import contextlib
import http.server
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from imagestreams.runners.builds.git import Git, shown
from imagestreams.runners.builds.plan import GitSource
from imagestreams.runners.engine import RunnerError


@pytest.fixture
def git(tmp_path: Path, environment: dict[str, str]) -> Git:
    private = tmp_path / "private"
    private.mkdir()
    (tmp_path / "target").mkdir()
    return Git(environment, private, bytearray().extend, 30, [tmp_path / "sources"])


async def test_the_newest_commit_is_fetched_and_only_it(git: Git, repository: Any, tmp_path: Path) -> None:
    repository.commit("first", file="1")
    newest = repository.commit("second\n\nwith a body", file="2")

    commit = await git.fetch(GitSource(f"file://{repository.path}"), tmp_path / "target")

    assert (tmp_path / "target" / "file").read_text() == "2"
    assert (commit.id, commit.message) == (newest, "second\n\nwith a body")
    assert (commit.author_name, commit.committer_email) == ("Ann", "ann@example.com")
    assert type(repository)(tmp_path / "target").git("rev-list", "--count", "HEAD") == "1"


@pytest.mark.parametrize("wanted", ["branch", "tag", "commit", "short"])
async def test_a_branch_a_tag_or_a_commit_is_fetched(git: Git, repository: Any, tmp_path: Path, wanted: str) -> None:
    first = repository.commit("first", file="1")
    repository.git("tag", "v1")
    repository.git("branch", "old")
    repository.commit("second", file="2")
    named = {
        "branch": GitSource(str(repository.path), ref="old"),
        "tag": GitSource(str(repository.path), ref="v1"),
        "commit": GitSource(str(repository.path), ref="main", commit=first),
        "short": GitSource(str(repository.path), ref=first[:8]),
    }

    commit = await git.fetch(named[wanted], tmp_path / "target")

    assert commit.id == first
    assert (tmp_path / "target" / "file").read_text() == "1"


@pytest.mark.parametrize("uri", ["ext::sh -c id", "/etc", "file:///etc", "--upload-pack=/bin/id"])
async def test_an_address_that_reads_or_runs_things_here_is_refused(git: Git, tmp_path: Path, uri: str) -> None:
    with pytest.raises(RunnerError):
        await git.fetch(GitSource(uri), tmp_path / "target")

    assert not list((tmp_path / "target").iterdir())


async def test_a_link_does_not_lead_out_of_the_open_directories(git: Git, repository: Any, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (tmp_path / "sources" / "link").symlink_to(outside)

    with pytest.raises(RunnerError, match="in none of the directories that builds may read"):
        await git.fetch(GitSource(str(tmp_path / "sources" / "link")), tmp_path / "target")


async def test_a_submodule_does_not_lead_out_of_the_open_directories(git: Git, repository: Any, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    private = type(repository)(outside)
    private.git("init", "--quiet", "--initial-branch", "main")
    private.commit("first", password="pr1vate")
    repository.git("submodule", "--quiet", "add", f"file://{outside}", "inner")
    repository.commit("with a submodule", file="1")

    with pytest.raises(RunnerError, match=r"git submodule: .*transport 'file' not allowed"):
        await git.fetch(GitSource(str(repository.path)), tmp_path / "target")

    assert not (tmp_path / "target" / "inner" / "password").exists()


async def test_a_ref_that_would_be_an_option_is_refused(git: Git, repository: Any, tmp_path: Path) -> None:
    with pytest.raises(RunnerError, match="'--output=/x' is no commit, branch or tag"):
        await git.fetch(GitSource(str(repository.path), ref="--output=/x"), tmp_path / "target")


async def test_what_is_not_there_is_told_of_in_gits_words(git: Git, repository: Any, tmp_path: Path) -> None:
    repository.commit("first", file="1")

    with pytest.raises(RunnerError, match="git checkout: fatal: invalid reference: nowhere"):
        await git.fetch(GitSource(str(repository.path), ref="nowhere"), tmp_path / "target")


@contextlib.contextmanager
def private_server(repository: Path, username: str, password: str) -> Iterator[tuple[str, list[str]]]:
    """Serve a repository to whoever has the login; tell of the logins that came."""
    subprocess.run(["git", "update-server-info"], cwd=repository, check=True)
    wanted = "Basic " + base64.b64encode(f"{username}:{password}".encode()).decode()
    came: list[str] = []

    class Handler(http.server.SimpleHTTPRequestHandler):
        def __init__(self, *arguments: Any) -> None:
            super().__init__(*arguments, directory=str(repository / ".git"))

        def do_GET(self) -> None:
            given = self.headers.get("Authorization", "")
            came.append(given)
            if given == wanted:
                super().do_GET()
            else:
                self.send_response(401)
                self.send_header("WWW-Authenticate", 'Basic realm="git"')
                self.send_header("Content-Length", "0")
                self.end_headers()

        def log_message(self, *arguments: Any) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/", came
        server.shutdown()


async def test_a_token_in_place_of_a_name_is_no_argument_either(git: Git, repository: Any, tmp_path: Path) -> None:
    newest = repository.commit("first", file="1")
    program = tmp_path / "git"
    program.write_text(f'#!/bin/sh\necho "$*" >> {tmp_path}/calls\nexec git "$@"\n')
    program.chmod(0o700)
    recorded = Git(git.environment, git.private, git.log, 30, git.directories, str(program))
    with private_server(repository.path, "v3ry-pr1vate", "") as (url, _):
        commit = await recorded.fetch(
            GitSource(url.replace("//", "//v3ry-pr1vate@"), commit=newest), tmp_path / "target"
        )

    assert commit.id == newest
    assert "v3ry-pr1vate" not in (tmp_path / "calls").read_text()


@pytest.mark.parametrize("where", ["secret", "address"])
async def test_a_login_is_given_and_is_no_argument(git: Git, repository: Any, tmp_path: Path, where: str) -> None:
    newest = repository.commit("first", file="1")
    program = tmp_path / "git"
    program.write_text(f'#!/bin/sh\necho "$*" >> {tmp_path}/calls\nexec git "$@"\n')
    program.chmod(0o700)
    recorded = Git(git.environment, git.private, git.log, 30, git.directories, str(program))
    with private_server(repository.path, "ann", "v3ry-pr1vate") as (url, came):
        source = GitSource(url, commit=newest, secret={"username": b"ann\n", "password": b"v3ry-pr1vate\n"})
        if where == "address":
            source = GitSource(url.replace("//", "//ann:v3ry-pr1vate@"), commit=newest)
        commit = await recorded.fetch(source, tmp_path / "target")

    assert commit.id == newest
    assert came[-1].startswith("Basic ")
    assert "v3ry-pr1vate" not in (tmp_path / "calls").read_text()


async def test_a_gitconfig_of_a_secret_runs_nothing(git: Git, repository: Any, tmp_path: Path) -> None:
    repository.commit("first", file="1")
    config = f"[core]\n\tfsmonitor = touch {tmp_path}/ran\n".encode()
    said = bytearray()
    told = Git(git.environment, git.private, said.extend, 30, git.directories)

    await told.fetch(GitSource(str(repository.path), secret={".gitconfig": config}), tmp_path / "target")

    assert not (tmp_path / "ran").exists()
    assert b"The .gitconfig of the source secret is not used" in said


def test_an_address_is_shown_without_its_password() -> None:
    assert shown("https://ann:secret@example.com/app.git") == "https://example.com/app.git"
    assert shown("https://t0ken@example.com/app.git") == "https://example.com/app.git"
    assert shown("git@example.com:app.git") == "git@example.com:app.git"
    assert shown("ssh://git@example.com/app.git") == "ssh://git@example.com/app.git"
