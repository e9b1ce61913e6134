"""What GitHub, GitLab, Bitbucket and generic callers tell of a push. Pure.

Each reader returns a `Push`: the commit that is to be built, or that nothing is. A branch that the config does not
build is no failure. Rules and texts are those of OpenShift.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final, TypeVar

import msgspec

from imagestreams.api.build.types import (
    BuildConfig,
    DockerStrategyOptions,
    GitSourceRevision,
    SourceControlUser,
    SourceRevision,
)
from imagestreams.api.codec import decode
from imagestreams.api.errors import bad_request
from imagestreams.api.pods import EnvVar
from imagestreams.api.wire import Wire

T = TypeVar("T")

_BRANCHES: Final = "refs/heads/"
_DEFAULT_BRANCH: Final = "master"
_JSON: Final = "application/json"
_IGNORED: Final = "ignoring payload and continuing with build"


@dataclass(frozen=True, slots=True)
class Push:
    """What a call is worth: whether to build, what, and what the caller should know."""

    builds: bool = True
    revision: SourceRevision | None = None
    env: tuple[EnvVar, ...] = ()
    docker_options: DockerStrategyOptions | None = None
    told: str = ""


class _GitInfo(Wire):
    uri: str = ""
    ref: str = ""
    commit: str = ""
    author: SourceControlUser = msgspec.field(default_factory=SourceControlUser)
    committer: SourceControlUser = msgspec.field(default_factory=SourceControlUser)
    message: str = ""
    refs: "list[_GitInfo] | None" = None


class _GenericEvent(Wire):
    type: str = ""
    git: _GitInfo | None = None
    env: list[EnvVar] | None = None
    docker_strategy_options: DockerStrategyOptions | None = None


class _Commit(msgspec.Struct):
    id: str = ""
    author: SourceControlUser = msgspec.field(default_factory=SourceControlUser)
    committer: SourceControlUser = msgspec.field(default_factory=SourceControlUser)
    message: str = ""


class _GitHubPush(msgspec.Struct):
    ref: str = ""
    head_commit: _Commit | None = None


class _GitLabPush(msgspec.Struct):
    ref: str = ""
    commits: list[_Commit] | None = None


class _BitbucketUser(msgspec.Struct):
    username: str = ""


class _BitbucketAuthor(msgspec.Struct):
    username: str = ""
    user: _BitbucketUser | None = None


class _BitbucketCommit(msgspec.Struct):
    hash: str = ""
    message: str = ""
    author: _BitbucketAuthor = msgspec.field(default_factory=_BitbucketAuthor)


class _BitbucketBranch(msgspec.Struct):
    name: str = ""


class _BitbucketChange(msgspec.Struct):
    commits: list[_BitbucketCommit] | None = None
    old: _BitbucketBranch | None = None
    new: _BitbucketBranch | None = None


class _BitbucketChanges(msgspec.Struct):
    changes: list[_BitbucketChange] | None = None


class _BitbucketPush(msgspec.Struct):
    push: _BitbucketChanges = msgspec.field(default_factory=_BitbucketChanges)


class _ServerRef(msgspec.Struct):
    display_id: str = msgspec.field(default="", name="displayId")


class _ServerChange(msgspec.Struct):
    ref: _ServerRef = msgspec.field(default_factory=_ServerRef)
    to_hash: str = msgspec.field(default="", name="toHash")


class _BitbucketServerPush(msgspec.Struct):
    changes: list[_ServerChange] | None = None


def builds_branch(config: BuildConfig, ref: str) -> bool:
    """Return whether a config builds a branch; without one of its own it builds the default one."""
    git = config.spec.source.git
    wanted = git.ref if git is not None and git.ref else _DEFAULT_BRANCH
    return ref.removeprefix(_BRANCHES) == wanted.removeprefix(_BRANCHES)


def read_generic(config: BuildConfig, headers: Mapping[str, str], body: bytes, *, allows_env: bool) -> Push:
    """Read what a generic caller tells; what can't be read is left aside."""
    media_type = headers.get("content-type", "").partition(";")[0].strip().lower()
    if not body:
        return Push()
    if media_type not in (_JSON, "application/yaml"):
        return Push(told="invalid Content-Type on payload, ignoring payload and continuing with build")
    try:
        event = _from_yaml(body) if media_type == "application/yaml" else decode(body, _GenericEvent)
    except (msgspec.DecodeError, ValueError, RecursionError) as error:
        return Push(told=f"error unmarshalling payload: {error}, {_IGNORED}")
    env = tuple(event.env or ()) if allows_env else ()
    options = event.docker_strategy_options
    if config.spec.source.git is None:
        return Push(env=env, docker_options=options)
    if event.git is None:
        told = "no git information found in payload, ignoring and continuing with build"
        return Push(env=env, docker_options=options, told=told)
    if event.git.refs is not None:
        for info in event.git.refs:
            if builds_branch(config, info.ref):
                return Push(True, _revision_of(info), env, options)
        told = f'skipping build. None of the supplied refs matched "{config.spec.source.git.ref}"'
        return Push(builds=False, told=told)
    if not builds_branch(config, event.git.ref):
        told = f'skipping build. Branch reference from "{event.git.ref}" does not match configuration'
        return Push(builds=False, told=told)
    return Push(True, _revision_of(event.git), env, options)


def _from_yaml(body: bytes) -> _GenericEvent:
    import yaml

    try:
        return msgspec.convert(yaml.safe_load(body), _GenericEvent)
    except yaml.YAMLError as error:
        raise ValueError(str(error)) from error


def _revision_of(info: _GitInfo) -> SourceRevision:
    git = GitSourceRevision(commit=info.commit, author=info.author, committer=info.committer, message=info.message)
    return SourceRevision(type="Git", git=git)


def read_github(config: BuildConfig, headers: Mapping[str, str], body: bytes) -> Push:
    """Read a notification of GitHub, Gogs or Gitea; a `ping` builds nothing.

    Raises:
        ApiError: 400, it is none.
    """
    event = _event(headers, ("x-github-event", "x-gogs-event"), "missing X-GitHub-Event or X-Gogs-Event")
    if event == "ping":
        return Push(builds=False)
    if event != "push":
        raise bad_request(f"Unknown X-GitHub-Event or X-Gogs-Event {event}")
    push = _decoded(body, _GitHubPush)
    # A branch that was deleted has no commit any more.
    if push.head_commit is None or not builds_branch(config, push.ref):
        return Push(builds=False)
    return Push(revision=_revision(push.head_commit, push.head_commit.committer))


def read_gitlab(config: BuildConfig, headers: Mapping[str, str], body: bytes) -> Push:
    """Read a notification of GitLab; of several commits the last one is built.

    Raises:
        ApiError: 400, it is none.
    """
    event = _event(headers, ("x-gitlab-event",), "missing X-Gitlab-Event")
    if event != "Push Hook":
        raise bad_request(f"Unknown X-Gitlab-Event {event}")
    push = _decoded(body, _GitLabPush)
    # A branch that was deleted, or made without a commit of its own, has none here.
    if not push.commits or not builds_branch(config, push.ref):
        return Push(builds=False)
    last = push.commits[-1]
    return Push(revision=_revision(last, last.author))


def read_bitbucket(config: BuildConfig, headers: Mapping[str, str], body: bytes) -> Push:
    """Read a notification of Bitbucket, in the cloud or on a server.

    Raises:
        ApiError: 400, it is none, or tells of no commit.
    """
    event = _event(headers, ("x-event-key",), "missing X-Event-Key")
    if event == "repo:push":
        branch, revision = _from_cloud(_decoded(body, _BitbucketPush))
    elif event == "repo:refs_changed":
        changes = _decoded(body, _BitbucketServerPush).changes
        if not changes:
            raise bad_request("Unable to extract valid event from payload")
        branch = changes[0].ref.display_id
        revision = SourceRevision(type="Git", git=GitSourceRevision(commit=changes[0].to_hash))
    else:
        raise bad_request(f"Unknown Bitbucket X-Event-Key {event}")
    return Push(revision=revision) if builds_branch(config, branch) else Push(builds=False)


def _from_cloud(push: _BitbucketPush) -> tuple[str, SourceRevision]:
    changes = push.push.changes
    commits = changes[0].commits if changes else None
    if not changes or not commits:
        raise bad_request("Unable to extract valid event from payload")
    author = SourceControlUser(name=commits[0].author.username)
    git = GitSourceRevision(commit=commits[0].hash, author=author, committer=author, message=commits[0].message)
    # A new branch has no old state, a deleted one no new.
    branch = changes[0].old or changes[0].new or _BitbucketBranch()
    return branch.name, SourceRevision(type="Git", git=git)


def _revision(commit: _Commit, committer: SourceControlUser) -> SourceRevision:
    git = GitSourceRevision(commit=commit.id, author=commit.author, committer=committer, message=commit.message)
    return SourceRevision(type="Git", git=git)


def _event(headers: Mapping[str, str], names: tuple[str, ...], missing: str) -> str:
    content_type = headers.get("content-type", "")
    if content_type.partition(";")[0].strip().lower() != _JSON:
        raise bad_request(f"unsupported Content-Type {content_type}")
    event = next((headers[name] for name in names if headers.get(name)), "")
    if not event:
        raise bad_request(missing)
    return event


def _decoded(body: bytes, kind: type[T]) -> T:
    try:
        return decode(body, kind)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise bad_request(str(error)) from error


Reader = Callable[[BuildConfig, Mapping[str, str], bytes], Push]
READERS: Final[Mapping[str, Reader]] = {"github": read_github, "gitlab": read_gitlab, "bitbucket": read_bitbucket}
"""The readers of those that sign nothing and set no variables, by the end of their address."""
