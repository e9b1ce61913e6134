"""What one build is to do, with all references resolved, and what came of it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Final

Pairs = Sequence[tuple[str, str]]
"""Names and values, in their order."""
Log = Callable[[bytes], None]
Clock = Callable[[], datetime]

FAILED: Final = "Failed"
ERROR: Final = "Error"


class BuildFailure(Exception):
    """A build that ends badly; `reason` and the message are those of `build.openshift.io/v1`."""

    def __init__(self, reason: str, message: str, *, phase: str = FAILED) -> None:
        super().__init__(message)
        self.reason = reason
        self.phase = phase


class InputError(Exception):
    """The input is not as it has to be; the message is for the log."""


@dataclass(frozen=True, slots=True)
class GitSource:
    """A repository; `commit` wins over `ref`. `secret` holds the values of a source secret by their keys."""

    uri: str
    ref: str = ""
    commit: str = ""
    proxies: Mapping[str, str] = field(default_factory=dict)
    secret: Mapping[str, bytes] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True)
class Commit:
    """The state of a repository that was fetched."""

    id: str
    message: str
    author_name: str
    author_email: str
    committer_name: str
    committer_email: str
    date: str


@dataclass(frozen=True, slots=True)
class InputFiles:
    """Values of a secret or config map that become files of the build, in a directory below the context."""

    directory: str
    files: Mapping[str, bytes] = field(repr=False)


@dataclass(frozen=True, slots=True)
class InputImage:
    """Files of another image: from where in it to which directory, and the names that it has in the Dockerfile."""

    image: str
    paths: Pairs = ()
    names: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Binary:
    """An upload: an archive, or a file that is called `as_file`."""

    path: Path
    as_file: str = ""


@dataclass(frozen=True, slots=True)
class PostCommit:
    """What checks an image before it is pushed."""

    command: Sequence[str] = ()
    arguments: Sequence[str] = ()
    script: str = ""

    def __bool__(self) -> bool:
        return bool(self.command or self.arguments or self.script)


@dataclass(frozen=True, slots=True)
class BuildPlan:
    """One build. `base` takes the place of the last FROM; nothing is pushed without `push_to`."""

    namespace: str
    name: str
    uid: str
    git: GitSource | None = None
    dockerfile: str | None = None
    binary: Binary | None = None
    context_dir: str = ""
    files: Sequence[InputFiles] = ()
    images: Sequence[InputImage] = ()
    base: str = ""
    dockerfile_path: str = ""
    env: Pairs = ()
    build_args: Pairs = ()
    labels: Pairs = ()
    force_pull: bool = False
    no_cache: bool = False
    post_commit: PostCommit = field(default_factory=PostCommit)
    push_to: str = ""
    timeout_s: float = 3600.0


@dataclass(frozen=True, slots=True)
class BuildResult:
    """What came out: the digest that was pushed, empty where nothing was."""

    digest: str = ""


@dataclass(slots=True)
class Step:
    """One timed step."""

    stage: str
    name: str
    start: datetime
    duration_ms: int


@dataclass(slots=True)
class Progress:
    """How far a build came; it is filled while the build goes on, and holds also for one that fails."""

    clock: Clock
    log: Log
    steps: list[Step] = field(default_factory=list)
    commit: Commit | None = None
    base_images: list[str] = field(default_factory=list)

    def say(self, text: str) -> None:
        """Write a line of our own into the log."""
        self.log(text.encode() + b"\n")
