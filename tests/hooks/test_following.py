"""Exactly those tags follow a push that are imported from where it went."""

from typing import Any

import pytest

from imagestreams.api.codec import from_dict
from imagestreams.api.image import ImageStream
from imagestreams.hooks.following import following_tags, repositories_of
from imagestreams.hooks.notification import Push

DIGEST, OTHER = "sha256:" + "a" * 64, "sha256:" + "b" * 64
HOST = "registry.example.com"


def stream(*tags: dict[str, Any], repository: str = "", status: list[dict[str, Any]] | None = None) -> ImageStream:
    spec = {"tags": list(tags), "dockerImageRepository": repository}
    return from_dict({"metadata": {"name": "s"}, "spec": spec, "status": {"tags": status or []}}, ImageStream)


def tag(name: str, source: str, kind: str = "DockerImage", **fields: Any) -> dict[str, Any]:
    return {"name": name, "from": {"kind": kind, "name": source}, **fields}


def test_the_tags_of_the_pushed_repository_and_tag_follow_scheduled_or_not() -> None:
    found = stream(
        tag("a", f"{HOST}/org/app:1"),
        tag("b", f"{HOST}/org/app:1", importPolicy={"scheduled": True}),
        tag("other-tag", f"{HOST}/org/app:2"),
        tag("other-repository", f"{HOST}/org/application:1"),
        tag("other-registry", "registry.example.org/org/app:1"),
    )

    assert following_tags(found, [HOST], [Push("org/app", "1")]) == {"a", "b"}


def test_a_tag_without_a_tag_in_its_source_follows_latest() -> None:
    assert following_tags(stream(tag("a", f"{HOST}/org/app")), [HOST], [Push("org/app", "latest")]) == {"a"}


@pytest.mark.parametrize(
    ("source", "hosts", "repository"),
    [
        ("python:3", ["docker.io"], "library/python"),
        ("docker.io/python:3", ["docker.io"], "library/python"),
        ("index.docker.io/library/python:3", ["docker.io"], "library/python"),
        ("docker.io/library/python:3", ["index.docker.io"], "python"),
        ("org/python:3", ["registry-1.docker.io"], "org/python"),
        (f"{HOST}:443/org/app:3", [HOST], "org/app"),
        (f"{HOST}/org/app:3", [f"{HOST}:443"], "org/app"),
        (f"{HOST}:80/org/app:3", ["Registry.Example.COM"], "org/app"),
        ("inner.name:5000/org/app:3", [HOST, "inner.name:5000"], "org/app"),
        ("[::1]:5000/org/app:3", ["[::1]:5000"], "org/app"),
    ],
)
def test_all_spellings_of_a_registry_are_one(source: str, hosts: list[str], repository: str) -> None:
    assert following_tags(stream(tag("a", source)), hosts, [Push(repository, "3")]) == {"a"}


def test_another_port_is_another_registry() -> None:
    assert following_tags(stream(tag("a", f"{HOST}:5000/org/app:1")), [HOST], [Push("org/app", "1")]) == set()


def test_what_is_not_imported_does_not_follow() -> None:
    found = stream(
        tag("reference", f"{HOST}/org/app:1", reference=True),
        tag("alias", "mine", kind="ImageStreamTag"),
        {"name": "bare"},
        tag("broken", "!!"),
        tag("", f"{HOST}/org/app:1"),
    )

    assert following_tags(found, [HOST], [Push("org/app", "1")]) == set()
    assert list(repositories_of(found)) == []


def test_a_push_without_a_tag_is_for_those_that_wait_for_that_digest() -> None:
    have = {"tag": "there", "items": [{"image": DIGEST}]}
    failed = {"tag": "failed", "items": [{"image": DIGEST}], "conditions": [{"type": "ImportSuccess"}]}
    found = stream(
        tag("moving", f"{HOST}/org/app:1"),
        tag("missing", f"{HOST}/org/app@{DIGEST}"),
        tag("failed", f"{HOST}/org/app@{DIGEST}"),
        tag("there", f"{HOST}/org/app@{DIGEST}"),
        tag("another", f"{HOST}/org/app@{OTHER}"),
        status=[have, failed],
    )

    assert following_tags(found, [HOST], [Push("org/app", "", DIGEST)]) == {"missing", "failed"}


def test_a_stream_of_a_whole_repository_follows_all_of_its_tags_but_those_from_elsewhere() -> None:
    found = stream(
        tag("mine", f"{HOST}/org/app:mine"),
        tag("elsewhere", f"{HOST}/org/other:1"),
        repository=f"{HOST}/org/app",
    )
    pushes = [Push("org/app", name) for name in ("mine", "elsewhere", "new")] + [Push("org/app", "", DIGEST)]

    assert following_tags(found, [HOST], pushes) == {"mine", "new"}
