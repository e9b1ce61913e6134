"""What the senders of webhooks tell, and what is built of it."""

import json
from collections.abc import Mapping
from typing import Any

import pytest

from imagestreams.api.build.types import BuildConfig
from imagestreams.api.codec import from_dict, to_dict
from imagestreams.api.errors import ApiError
from imagestreams.resources.builds.webhooks.payloads import READERS, Push, read_generic

PERSON = {"name": "Jane", "email": "jane@example.com"}
COMMIT = {"commit": "abc", "author": PERSON, "committer": {"name": "Joe"}, "message": "hello"}


def config(ref: str = "", *, git: bool = True) -> BuildConfig:
    source = {"git": {"uri": "u", "ref": ref}} if git else {"dockerfile": "FROM a"}
    return from_dict({"metadata": {"name": "app"}, "spec": {"source": source}}, BuildConfig)


def read(hook: str, event: Any, headers: Mapping[str, str], ref: str = "") -> Push:
    sent = {"content-type": "application/json; charset=utf-8", **headers}
    body = event if isinstance(event, bytes) else json.dumps(event).encode()
    if hook == "generic":
        return read_generic(config(ref), sent, body, allows_env=False)
    return READERS[hook](config(ref), sent, body)


def commit_of(push: Push) -> Any:
    assert push.revision is not None and push.revision.git is not None
    return to_dict(push.revision.git)


GITHUB = {
    "ref": "refs/heads/master",
    "after": "abc",
    "head_commit": {"id": "abc", "message": "hello", "author": PERSON, "committer": {"name": "Joe"}, "added": []},
    "repository": {"url": "https://github.com/a/b"},
}
GITLAB = {
    "ref": "refs/heads/master",
    "commits": [{"id": "old", "author": {}}, {"id": "abc", "message": "hello", "author": PERSON}],
}
BITBUCKET = {
    "push": {
        "changes": [
            {
                "commits": [{"hash": "abc", "message": "hello", "author": {"username": "jane", "raw": "Jane"}}],
                "old": {"type": "branch", "name": "master"},
                "new": {"type": "branch", "name": "master"},
            }
        ]
    }
}
SERVER = {"changes": [{"ref": {"id": "refs/heads/master", "displayId": "master"}, "toHash": "abc"}]}


@pytest.mark.parametrize("header", ["x-github-event", "x-gogs-event"])
def test_github_tells_of_the_newest_commit(header: str) -> None:
    assert commit_of(read("github", GITHUB, {header: "push"})) == COMMIT


def test_gitlab_tells_of_commits_whose_last_is_built() -> None:
    commit = commit_of(read("gitlab", GITLAB, {"x-gitlab-event": "Push Hook"}))

    assert commit == {"commit": "abc", "author": PERSON, "committer": PERSON, "message": "hello"}


def test_bitbucket_tells_in_two_forms() -> None:
    cloud = commit_of(read("bitbucket", BITBUCKET, {"x-event-key": "repo:push"}))
    own = commit_of(read("bitbucket", SERVER, {"x-event-key": "repo:refs_changed"}))

    assert cloud == {"commit": "abc", "author": {"name": "jane"}, "committer": {"name": "jane"}, "message": "hello"}
    assert own == {"commit": "abc", "author": {}, "committer": {}}


@pytest.mark.parametrize(
    ("hook", "event", "headers"),
    [
        ("github", GITHUB, {"x-github-event": "push"}),
        ("gitlab", GITLAB, {"x-gitlab-event": "Push Hook"}),
        ("bitbucket", BITBUCKET, {"x-event-key": "repo:push"}),
        ("bitbucket", SERVER, {"x-event-key": "repo:refs_changed"}),
        ("generic", {"git": {"ref": "refs/heads/master"}}, {}),
    ],
)
def test_other_branches_are_not_built(hook: str, event: Any, headers: dict[str, str]) -> None:
    assert not read(hook, event, headers, ref="main").builds
    assert read(hook, event, headers, ref="refs/heads/master").builds


@pytest.mark.parametrize(
    ("hook", "event", "headers"),
    [
        ("github", {}, {"x-github-event": "ping"}),
        ("github", {"ref": "refs/heads/master", "head_commit": None}, {"x-github-event": "push"}),
        ("gitlab", {"ref": "refs/heads/master", "commits": []}, {"x-gitlab-event": "Push Hook"}),
    ],
)
def test_what_brings_no_commit_is_not_built(hook: str, event: Any, headers: dict[str, str]) -> None:
    assert read(hook, event, headers) == Push(builds=False)


@pytest.mark.parametrize(
    ("hook", "event", "headers", "told"),
    [
        ("github", {}, {}, "missing X-GitHub-Event or X-Gogs-Event"),
        ("github", {}, {"x-github-event": "issues"}, "Unknown X-GitHub-Event or X-Gogs-Event issues"),
        ("github", b"{", {"x-github-event": "push"}, "truncated"),
        ("github", {}, {"x-github-event": "push", "content-type": "text/plain"}, "unsupported Content-Type text/plain"),
        ("gitlab", {}, {}, "missing X-Gitlab-Event"),
        ("gitlab", {}, {"x-gitlab-event": "Issue Hook"}, "Unknown X-Gitlab-Event Issue Hook"),
        ("bitbucket", {}, {}, "missing X-Event-Key"),
        ("bitbucket", {}, {"x-event-key": "pr:opened"}, "Unknown Bitbucket X-Event-Key pr:opened"),
        ("bitbucket", {}, {"x-event-key": "repo:push"}, "Unable to extract valid event from payload"),
        ("bitbucket", {}, {"x-event-key": "repo:refs_changed"}, "Unable to extract valid event from payload"),
    ],
)
def test_what_is_no_push_is_refused(hook: str, event: Any, headers: dict[str, str], told: str) -> None:
    with pytest.raises(ApiError) as caught:
        read(hook, event, headers)

    assert caught.value.status.code == 400
    assert told in caught.value.status.message


def test_a_generic_caller_may_say_nothing() -> None:
    assert read("generic", b"", {}) == Push()


def test_a_generic_caller_chooses_one_of_several_branches() -> None:
    event = {"git": {"refs": [{"ref": "refs/heads/dev", "commit": "no"}, {"ref": "refs/heads/main", "commit": "abc"}]}}

    push = read("generic", event, {}, ref="main")

    assert commit_of(push)["commit"] == "abc"
    assert read("generic", event, {}, ref="other").told == 'skipping build. None of the supplied refs matched "other"'


@pytest.mark.parametrize(
    ("body", "media_type", "told"),
    [
        (b"x", "text/plain", "invalid Content-Type on payload, ignoring payload and continuing with build"),
        (b"{", "application/json", "ignoring payload and continuing with build"),
        (b"a: [", "application/yaml", "ignoring payload and continuing with build"),
        (b"{}", "application/json", "no git information found in payload, ignoring and continuing with build"),
    ],
)
def test_what_a_generic_caller_says_badly_is_left_aside(body: bytes, media_type: str, told: str) -> None:
    push = read("generic", body, {"content-type": media_type})

    assert push.builds and push.revision is None
    assert told in push.told


def test_variables_are_taken_only_where_the_hook_allows_it() -> None:
    body = b"env: [{name: A, value: '1'}]\ndockerStrategyOptions: {noCache: true}\n"
    headers = {"content-type": "application/yaml"}

    allowed = read_generic(config(git=False), headers, body, allows_env=True)
    not_allowed = read_generic(config(git=False), headers, body, allows_env=False)

    assert [(one.name, one.value) for one in allowed.env] == [("A", "1")]
    assert not_allowed.env == ()
    assert allowed.docker_options is not None and allowed.docker_options.no_cache
    assert allowed.revision is None
