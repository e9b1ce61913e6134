"""The engine that makes images, buildah or podman: pull, build, check, push, take files out, tidy up.

It works on a storage of its own, with nobody's logins but those that it is given, and asks registries by a
configuration that is made for the build.
"""

import contextlib
import json
import resource
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from imagestreams.runners.builds.plan import BuildPlan, Log, PostCommit
from imagestreams.runners.builds.signature_policy import registries_only
from imagestreams.runners.engine import Command, Outcome, RunnerError, last_words
from imagestreams.runners.leftovers import Leftovers
from imagestreams.runners.registries_conf import RegistrySource, registries_conf

BUILDAH: Final = "buildah"
PODMAN: Final = "podman"
_TIDY_S: Final = 60.0
_SYS_RESOURCE: Final = 24
_PROCESSES: Final = 32_768
"""How many processes containers may have where nothing else is said."""


@dataclass(frozen=True, slots=True)
class RegistryAccess:
    """How registries are asked: logins (a container `auth.json`), sources, and certificates (PEM) to trust."""

    logins: bytes = field(default=b'{"auths": {}}', repr=False)
    sources: Sequence[RegistrySource] = ()
    certificates: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Access:
    """How the registries of a build are asked: of the images that it needs, and of the one that it is pushed to."""

    pulls: Callable[[Sequence[str]], RegistryAccess]
    push: RegistryAccess = field(default_factory=RegistryAccess)


@dataclass(frozen=True)
class Engine:
    """How the engine is called: `command` stands before all else, `storage` is for builds alone.

    `isolation` and `driver` are the engine's own words.
    """

    command: Sequence[str]
    environment: Mapping[str, str] = field(repr=False)
    storage: Path
    run_directory: Path
    kind: str = BUILDAH
    isolation: str = ""
    driver: str = ""

    @property
    def argv(self) -> tuple[str, ...]:
        """What stands before each verb."""
        driver = ("--storage-driver", self.driver) if self.driver else ()
        return (*self.command, "--root", str(self.storage), "--runroot", str(self.run_directory), *driver)

    @property
    def isolated(self) -> tuple[str, ...]:
        """How what an image runs is kept apart."""
        return ("--isolation", self.isolation) if self.isolation else ()

    @property
    def limited(self) -> tuple[str, ...]:
        """What an image runs gets limits that we may set.

        Since 1.30 buildah sets higher ones than most processes have, which without power over them is an error.
        """
        if self.isolation != "chroot" or _may_raise_limits():
            return ()
        return tuple(part for limit in _limits() for part in ("--ulimit", limit))


def _may_raise_limits() -> bool:
    """Return whether this process has the capability `SYS_RESOURCE`, which even root has not in most containers."""
    with contextlib.suppress(OSError):
        for line in Path("/proc/self/status").read_text().splitlines():
            if line.startswith("CapEff:"):
                return bool(int(line.split()[1], 16) >> _SYS_RESOURCE & 1)
    return False


def _limits() -> list[str]:
    """Return our own limits as the engine takes them; of processes no more than it would give by default."""
    files, processes = (resource.getrlimit(which)[1] for which in (resource.RLIMIT_NOFILE, resource.RLIMIT_NPROC))
    processes = min(processes, _PROCESSES) if processes != resource.RLIM_INFINITY else _PROCESSES
    return [f"nproc={processes}:{processes}"] + ([f"nofile={files}:{files}"] if files != resource.RLIM_INFINITY else [])


def written_digest(digest_file: Path) -> str:
    """Return the digest that a push left in a file, empty if there was none."""
    with contextlib.suppress(OSError):
        return digest_file.read_text().strip()
    return ""


class Images:
    """The images of one build; `private` is a directory for its files."""

    def __init__(self, engine: Engine, private: Path, log: Log, leftovers: Leftovers) -> None:
        self._engine = engine
        self._private = private
        self._log = log
        self._leftovers = leftovers
        self._auth = private / "auth.json"
        self._conf = private / "registries.conf"
        self._certificates = private / "certs"
        self._policy = private / "policy.json"
        _write(self._policy, json.dumps(registries_only(_own_policy(engine.environment.get("HOME", "")))).encode())
        scratch = private / "tmp"
        for directory in (self._certificates, scratch):
            directory.mkdir(mode=0o700, exist_ok=True)
        # The engine's own settings of this machine's user must not count, and nothing of ours must be seen.
        self._environment = {
            **engine.environment,
            "CONTAINERS_REGISTRIES_CONF": str(self._conf),
            "REGISTRY_AUTH_FILE": str(self._auth),
            "TMPDIR": str(scratch),
        }
        self.use(RegistryAccess())

    def use(self, access: RegistryAccess) -> None:
        """Ask registries in this way from now on."""
        _write(self._auth, access.logins)
        _write(self._conf, registries_conf(sources=access.sources).encode())
        for number, certificate in enumerate(access.certificates):
            _write(self._certificates / f"{number}.crt", certificate.encode())

    async def pull(self, image: str, timeout_s: float) -> None:
        """Get an image, or its newest state.

        Raises:
            RunnerError: it can't be got.
        """
        policy = ("--policy", "always") if self._engine.kind == BUILDAH and "@" not in image else ()
        await self._call("pull", "--quiet", *policy, *self._access(), image, timeout_s=timeout_s)

    async def build(self, plan: BuildPlan, context: Path, dockerfile: Path, tag: str, timeout_s: float) -> None:
        """Build an image from a prepared Dockerfile.

        Raises:
            RunnerError: a step failed.
        """
        arguments = ["--pull=false", "--layers=false", *self._engine.isolated, *self._engine.limited, *self._access()]
        arguments += ["--no-cache"] if plan.no_cache else []
        arguments += ["-f", str(dockerfile), "-t", tag, str(context)]
        await self._call("build", *arguments, timeout_s=timeout_s)

    async def check(self, tag: str, hook: PostCommit, timeout_s: float) -> None:
        """Run a command in the image that was built.

        Raises:
            RunnerError: it failed.
        """
        entry, arguments = list(hook.command), list(hook.arguments)
        if hook.script:
            entry, arguments = ["/bin/sh", "-ic"], [hook.script, *([hook.script, *arguments] if arguments else [])]
        if self._engine.kind == PODMAN:
            entrypoint = ("--entrypoint", json.dumps(entry)) if entry else ()
            await self._call("run", "--rm", *entrypoint, tag, *arguments, timeout_s=timeout_s)
            return
        given = ("--pull=false", *self._engine.limited, tag)
        container = (await self._call("from", *given, timeout_s=timeout_s, log=False)).stdout
        name = container.decode().strip()
        try:
            command = [*(entry or await self._entrypoint(name, timeout_s)), *arguments]
            await self._call("run", *self._engine.isolated, name, "--", *command, timeout_s=timeout_s)
        finally:
            await self._call("rm", name, timeout_s=_TIDY_S, log=False)

    async def push(self, tag: str, target: str, digest_file: Path, timeout_s: float) -> str:
        """Push an image; return its digest, which stands in the file from then on.

        Raises:
            RunnerError: the registry did not take it.
        """
        arguments = ("--digestfile", str(digest_file), *self._access())
        await self._call("push", *arguments, tag, f"docker://{target}", timeout_s=timeout_s)
        return written_digest(digest_file)

    async def holds(self, tag: str) -> bool:
        """Return whether an image is in the storage."""
        try:
            await self._call("images", "--quiet", tag, timeout_s=_TIDY_S, log=False)
        except RunnerError:
            return False
        return True

    async def extract(self, image: str, paths: Sequence[str], target: Path, timeout_s: float) -> None:
        """Put files of an image into a directory, the n-th path below `n/`.

        Raises:
            RunnerError: there is no such image, or no such file in it.
        """
        lines = ["FROM scratch"]
        for number, path in enumerate(paths):
            # As `cp -r` does it: the directory itself, unless the path says that its content is meant.
            whole = path.endswith("/.")
            to = f"/{number}/" if whole else f"/{number}/{Path(path).name}"
            lines.append(f"COPY --from={image} {json.dumps([path, to])}")
        work = self._private / "extract"
        work.mkdir(exist_ok=True)
        (work / "Dockerfile").write_text("\n".join(lines) + "\n")
        output = ("--output", f"type=local,dest={target}")
        given = (*self._engine.isolated, *self._engine.limited, *self._access(), *output)
        source = ("-f", str(work / "Dockerfile"), str(work))
        await self._call("build", "--pull=false", "--layers=false", *given, *source, timeout_s=timeout_s)

    async def empty(self) -> None:
        """Remove all that the storage holds: also what builds left that were interrupted."""
        await self._quietly("rm", "--all", timeout_s=_TIDY_S)
        await self._quietly("rmi", "--all", "--force", timeout_s=_TIDY_S)

    async def forget(self, tag: str, spare: Sequence[str] = ()) -> None:
        """Remove an image that was built, others that make way, and what no name stands for; what is used stays."""
        await self._quietly("rmi", "--force", tag, timeout_s=_TIDY_S)
        for image in spare:
            await self._quietly("rmi", image, timeout_s=_TIDY_S)
        prune = ("rmi", "--prune") if self._engine.kind == BUILDAH else ("image", "prune", "--force")
        await self._quietly(*prune, timeout_s=_TIDY_S)

    async def _entrypoint(self, container: str, timeout_s: float) -> list[str]:
        told = await self._call(
            "inspect", "--format", "{{json .OCIv1.Config.Entrypoint}}", container, timeout_s=timeout_s, log=False
        )
        return list(json.loads(told.stdout) or [])

    def _access(self) -> tuple[str, ...]:
        files = ("--authfile", str(self._auth), "--cert-dir", str(self._certificates))
        return (*files, "--signature-policy", str(self._policy))

    async def _quietly(self, *arguments: str, timeout_s: float) -> None:
        try:
            await self._call(*arguments, timeout_s=timeout_s, log=False)
        except RunnerError:
            return

    async def _call(self, *arguments: str, timeout_s: float, log: bool = True) -> Outcome:
        argv = (*self._engine.argv, *arguments)
        command = Command(argv, self._environment, timeout_s=timeout_s, log=self._log if log else None)
        outcome = await self._leftovers.run(self._private.name, command)
        if not outcome.succeeded:
            raise RunnerError(f"{self._engine.kind} {arguments[0]}: {last_words(outcome, timeout_s)}")
        return outcome


def _own_policy(home: str) -> dict[str, Any]:
    """Read what this machine asks of images, as the engines would find it."""
    for path in (Path(home) / ".config" / "containers" / "policy.json", Path("/etc/containers/policy.json")):
        try:
            found = json.loads(path.read_bytes())
        except FileNotFoundError:
            continue
        except (OSError, ValueError) as error:
            raise RunnerError(f"{path} can't be used: {error}") from error
        return found if isinstance(found, dict) else {}
    return {}


def _write(path: Path, content: bytes) -> None:
    path.touch(mode=0o600)
    path.write_bytes(content)
