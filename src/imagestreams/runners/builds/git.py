"""Fetches a Git repository: no more of it than is needed, and no secret where others could see it.

A name and password, from the secret or the address itself, are given by an askpass program that reads private files;
a key by a private file. Only transports that can't run programs here are allowed, and files of this machine only below
directories that the operator opened. A `.gitconfig` in the secret is not used: it could name programs to run.
"""

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final
from urllib.parse import unquote, urlsplit, urlunsplit

from imagestreams.runners.builds.plan import Commit, GitSource, Log
from imagestreams.runners.engine import Command, Outcome, RunnerError, last_words, run

_REMOTE: Final = "https:http:ssh:git"
_FORMAT: Final = "%H%x00%an%x00%ae%x00%cn%x00%ce%x00%ad%x00%B"


@dataclass(frozen=True)
class Git:
    """Fetches into directories; `private` is for its own files, `directories` may be read as local sources."""

    environment: Mapping[str, str] = field(repr=False)
    private: Path
    log: Log
    timeout_s: float
    directories: Sequence[Path] = ()
    program: str = "git"

    async def fetch(self, source: GitSource, target: Path) -> Commit:
        """Fetch a commit, branch or tag, with its submodules, into a directory that is there and empty.

        Raises:
            RunnerError: it can't be fetched; the message is what git said.
        """
        uri, login = _without_login(source.uri)
        local = local_path(uri)
        if local is not None and not is_below(local, self.directories):
            raise RunnerError(f"{uri} is on this machine, and in none of the directories that builds may read")
        environment = self._environment(source, login, local=local is not None)
        wanted = source.commit or source.ref
        if wanted.startswith("-"):
            raise RunnerError(f"{wanted!r} is no commit, branch or tag")
        where = f"file://{local}" if local is not None else uri
        if not wanted:
            await self._git(environment, target, "clone", "--quiet", "--depth", "1", "--", where, ".")
        else:
            await self._fetch_one(environment, target, where, wanted)
        # Where they are is said by the repository: of this machine it could say any place.
        elsewhere = {**environment, "GIT_ALLOW_PROTOCOL": _REMOTE}
        await self._git(elsewhere, target, "submodule", "--quiet", "update", "--init", "--recursive", "--depth", "1")
        told = await self._git(environment, target, "log", "-1", f"--format={_FORMAT}")
        return _commit(told.stdout)

    async def _fetch_one(self, environment: Mapping[str, str], target: Path, where: str, wanted: str) -> None:
        await self._git(environment, target, "init", "--quiet")
        await self._git(environment, target, "remote", "add", "--", "origin", where)
        try:
            await self._git(environment, target, "fetch", "--quiet", "--depth", "1", "origin", wanted, silent=True)
            await self._git(environment, target, "checkout", "--quiet", "--detach", "FETCH_HEAD")
        except RunnerError:
            # Not every server gives a commit by its name; then all is fetched, and it is looked for in there.
            await self._git(environment, target, "fetch", "--quiet", "--tags", "origin")
            await self._git(environment, target, "checkout", "--quiet", "--detach", wanted, "--")

    async def _git(
        self, environment: Mapping[str, str], directory: Path, *arguments: str, silent: bool = False
    ) -> Outcome:
        asks = arguments[0] == "log"
        log = None if asks or silent else self.log
        command = Command((self.program, *arguments), environment, b"", directory, self.timeout_s, log)
        outcome = await run(command)
        if not outcome.succeeded:
            raise RunnerError(f"git {arguments[0]}: {last_words(outcome, self.timeout_s)}")
        return outcome

    def _environment(self, source: GitSource, login: tuple[str, str], *, local: bool) -> dict[str, str]:
        home = self.private / "home"
        home.mkdir(mode=0o700, parents=True, exist_ok=True)
        found = {
            **self.environment,
            **source.proxies,
            "HOME": str(home),
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_TERMINAL_PROMPT": "0",
            "GIT_ALLOW_PROTOCOL": _REMOTE + (":file" if local else ""),
        }
        secret = source.secret
        username, password = login
        username = secret["username"].decode(errors="replace").strip() if "username" in secret else username
        password = secret["password"].decode(errors="replace").strip() if "password" in secret else password
        if username or password:
            found["GIT_ASKPASS"] = str(self._askpass(username or "git", password))
        if "ssh-privatekey" in secret:
            found["GIT_SSH_COMMAND"] = self._ssh(secret)
        if "ca.crt" in secret:
            found["GIT_SSL_CAINFO"] = str(self._private("ca.crt", secret["ca.crt"]))
        if ".gitconfig" in secret:
            self.log(b"The .gitconfig of the source secret is not used: it could run programs on the server.\n")
        return found

    def _askpass(self, username: str, password: str) -> Path:
        user, word = self._private("username", username.encode()), self._private("password", password.encode())
        text = (
            "#!/bin/sh\n"
            f'case "$1" in Username*) cat {shlex.quote(str(user))} ;; *) cat {shlex.quote(str(word))} ;; esac\n'
        )
        program = self._private("askpass", text.encode())
        program.chmod(0o700)
        return program

    def _ssh(self, secret: Mapping[str, bytes]) -> str:
        # A key without a line end at its end is refused by ssh.
        key = self._private("ssh-privatekey", secret["ssh-privatekey"].rstrip(b"\n") + b"\n")
        words = ["ssh", "-i", str(key), "-o", "IdentitiesOnly=yes", "-o", "BatchMode=yes"]
        if "known_hosts" in secret:
            hosts = self._private("known_hosts", secret["known_hosts"])
            words += ["-o", f"UserKnownHostsFile={hosts}"]
        else:
            words += ["-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null"]
        return shlex.join(words)

    def _private(self, name: str, content: bytes) -> Path:
        path = self.private / name
        path.touch(mode=0o600)
        path.write_bytes(content)
        return path


def local_path(uri: str) -> Path | None:
    """Return the directory of this machine that an address means, `None` if it means another place.

    >>> local_path("file:///srv/app"), local_path("/srv/app"), local_path("https://example.com/app")
    (PosixPath('/srv/app'), PosixPath('/srv/app'), None)
    """
    if uri.startswith("file://"):
        return Path(unquote(urlsplit(uri).path))
    if "://" in uri:
        return None
    # The short form of ssh: host:path, with a colon before the first slash.
    head = uri.partition("/")[0]
    return None if ":" in head else Path(uri)


def is_below(path: Path, directories: Sequence[Path]) -> bool:
    """Return whether a path is in one of some directories, wherever links lead."""
    real = path.resolve()
    return path.is_absolute() and any(real.is_relative_to(directory.resolve()) for directory in directories)


def shown(uri: str) -> str:
    """Return an address as it may be shown: without a login."""
    return _without_login(uri)[0]


def _without_login(uri: str) -> tuple[str, tuple[str, str]]:
    """Return an address without the login in it, and the name and password; over HTTP a name alone may be a token."""
    parts = urlsplit(uri) if "://" in uri else None
    if parts is None or not (parts.password or (parts.username and parts.scheme in ("http", "https"))):
        return uri, ("", "")
    host = parts.netloc.rpartition("@")[2]
    return urlunsplit(parts._replace(netloc=host)), (unquote(parts.username or ""), unquote(parts.password or ""))


def _commit(told: bytes) -> Commit:
    identity, author, author_mail, committer, committer_mail, date, message = (
        part.strip() for part in told.decode(errors="replace").split("\0", 6)
    )
    return Commit(identity, message, author, author_mail, committer, committer_mail, date)
