"""Tags that follow a version policy move as their repository grows, at a real registry."""

import json
from typing import Any

import pytest

FOLLOW, MOVES = "imagestreams.dev/follow", "imagestreams.dev/moves"


def wish(source: str, policy: str, name: str = "a") -> dict[str, Any]:
    return {
        "name": name,
        "annotations": {FOLLOW: policy},
        "from": {"kind": "DockerImage", "name": source},
        "importPolicy": {"insecure": True},
    }


async def check(room: Any, now: str = "2026-01-01T00:00:00Z") -> list[dict[str, Any]]:
    """Import all tags from where they come from, as every check does; return the outcomes."""
    images = [
        {"from": tag["from"], "to": {"name": tag["name"]}, "importPolicy": tag["importPolicy"]}
        for tag in room.stream()["spec"]["tags"]
    ]
    answer = await room.run({"images": images}, now=now)
    outcomes: list[dict[str, Any]] = answer["status"]["images"]
    return outcomes


def items(room: Any, name: str = "a") -> list[str]:
    tags = {one["tag"]: one for one in room.stream()["status"].get("tags", [])}
    return [one["image"] for one in tags[name]["items"] or []]


def moves(room: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(room.stream()["metadata"]["annotations"][MOVES])
    return found


async def test_a_tag_moves_within_its_bounds_and_its_wish_stays(
    import_room: Any, docker_registry: Any, repository_name: str
) -> None:
    repository = f"{docker_registry.host}/{repository_name}"
    first = docker_registry.image(repository_name, "3.6.1", seed=1)
    docker_registry.image(repository_name, "4.0.0", seed=4)
    await import_room.add_stream({"tags": [wish(f"{repository}:3.6.0", "semver:~3.6")]})

    [outcome] = await check(import_room)
    assert (outcome["tag"], items(import_room)) == ("3.6.1", [first.digest])
    second = docker_registry.image(repository_name, "3.6.2", seed=2)
    docker_registry.image(repository_name, "3.7.0-rc.1", seed=5)
    await check(import_room, "2026-01-02T00:00:00Z")

    assert items(import_room) == [second.digest, first.digest]
    tag = import_room.stream()["spec"]["tags"][0]
    assert (tag["from"]["name"], tag["annotations"]) == (f"{repository}:3.6.0", {FOLLOW: "semver:~3.6"})
    assert [(one["to"], one.get("from"), one["policy"], one["created"]) for one in moves(import_room)] == [
        ("3.6.2", "3.6.1", "semver:~3.6", "2026-01-02T00:00:00Z"),
        ("3.6.1", None, "semver:~3.6", "2026-01-01T00:00:00Z"),
    ]


async def test_what_did_not_grow_is_listed_and_asked_for_once_and_not_written(
    import_room: Any, docker_registry: Any, repository_name: str
) -> None:
    source = f"{docker_registry.host}/{repository_name}:3.6.0"
    docker_registry.image(repository_name, "3.6.0")
    await import_room.add_stream({"tags": [wish(source, "semver:~3.6"), wish(source, r"regex:^3\.(.*)$", "b")]})
    await check(import_room)
    version, mark = import_room.stream()["metadata"]["resourceVersion"], docker_registry.mark()

    await check(import_room, "2026-01-02T00:00:00Z")

    asked = [(method, path.rpartition("/")[2]) for method, path, _ in docker_registry.requests(mark)]
    assert sorted(asked) == [("GET", "list"), ("HEAD", "3.6.0")]
    assert import_room.stream()["metadata"]["resourceVersion"] == version


async def test_a_version_that_is_pushed_again_is_taken_again(
    import_room: Any, docker_registry: Any, repository_name: str
) -> None:
    docker_registry.image(repository_name, "3.6.0", seed=1)
    await import_room.add_stream({"tags": [wish(f"{docker_registry.host}/{repository_name}", "semver:3.x")]})
    await check(import_room)
    again = docker_registry.image(repository_name, "3.6.0", seed=2)

    await check(import_room)

    assert items(import_room)[0] == again.digest
    assert [(one.get("from"), one["to"]) for one in moves(import_room)] == [("3.6.0", "3.6.0"), (None, "3.6.0")]


async def test_a_policy_that_matches_nothing_leaves_the_tag_alone_and_says_so(
    import_room: Any, docker_registry: Any, repository_name: str
) -> None:
    repository = f"{docker_registry.host}/{repository_name}"
    first = docker_registry.image(repository_name, "3.6.0")
    await import_room.add_stream({"tags": [wish(f"{repository}:3.6.0", "semver:~3.6")]})
    await check(import_room)

    def want_four(stream: Any) -> None:
        stream.spec.tags[0].annotations = {FOLLOW: "semver:^4"}

    await import_room.change_stream(want_four)
    await check(import_room)
    await check(import_room)

    [tag] = import_room.stream()["status"]["tags"]
    [condition] = tag["conditions"]
    assert [one["image"] for one in tag["items"]] == [first.digest]
    assert (condition["type"], condition["status"], condition["reason"]) == (
        "ImportSuccess",
        "False",
        "NoMatchingVersion",
    )
    assert condition["message"] == f"{repository}: no tag of the repository is within semver:^4"

    fourth = docker_registry.image(repository_name, "4.1.0", seed=4)
    await check(import_room)
    assert items(import_room) == [fourth.digest, first.digest]
    assert "conditions" not in import_room.stream()["status"]["tags"][0]


async def test_a_tag_stays_when_its_version_is_taken_away(
    import_room: Any, docker_registry: Any, repository_name: str
) -> None:
    repository = f"{docker_registry.host}/{repository_name}"
    docker_registry.image(repository_name, "3.6.0", seed=1)
    second = docker_registry.image(repository_name, "3.6.1", seed=2)
    await import_room.add_stream({"tags": [wish(f"{repository}:3.6.0", "semver:~3.6")]})
    await check(import_room)
    docker_registry.send("DELETE", f"/v2/{repository_name}/manifests/{second.digest}")

    await check(import_room)

    [tag] = import_room.stream()["status"]["tags"]
    assert [one["image"] for one in tag["items"]] == [second.digest]
    assert tag["conditions"][0]["message"].startswith(f"{repository}: 3.6.1 is no longer in the repository")


async def test_the_newest_image_is_followed_by_when_it_was_made(
    import_room: Any, docker_registry: Any, repository_name: str
) -> None:
    def push(tag: str, created: str, seed: int) -> Any:
        return docker_registry.image(repository_name, tag, seed=seed, config={"created": created})

    push("z-old", "2020-01-01T00:00:00Z", 1)
    newest = push("a-new", "2024-01-01T00:00:00Z", 2)
    docker_registry.artifact(repository_name, "zz-no-image")
    await import_room.add_stream({"tags": [wish(f"{docker_registry.host}/{repository_name}", "newest")]})
    await check(import_room)
    assert items(import_room) == [newest.digest]

    mark = docker_registry.mark()
    await check(import_room)
    asked = docker_registry.requests(mark)
    assert {path.rpartition("/")[2] for method, path, _ in asked if method == "HEAD"} == {
        "z-old",
        "a-new",
        "zz-no-image",
    }
    assert [path.rpartition("/")[2] for method, path, _ in asked if method != "HEAD"] == ["list"]

    newer = push("m-newer", "2025-01-01T00:00:00Z", 3)
    await check(import_room)
    assert items(import_room) == [newer.digest, newest.digest]


async def test_a_version_beyond_the_tags_that_are_looked_at_is_not_taken_for_gone(
    import_room: Any, docker_registry: Any, repository_name: str
) -> None:
    def push(tag: str, created: str, seed: int) -> Any:
        return docker_registry.image(repository_name, tag, seed=seed, config={"created": created})

    push("t00", "2020-01-01T00:00:00Z", 1)
    newest = push("zz", "2024-01-01T00:00:00Z", 2)
    await import_room.add_stream({"tags": [wish(f"{docker_registry.host}/{repository_name}", "newest")]})
    await check(import_room)
    for number in range(1, 60):
        push(f"t{number:02d}", "2021-01-01T00:00:00Z", 3)

    [outcome] = await check(import_room)

    assert (outcome["status"]["status"], items(import_room)) == ("Success", [newest.digest])
    assert "conditions" not in import_room.stream()["status"]["tags"][0]


async def test_the_newest_version_that_is_pushed_again_with_an_older_image_is_not_taken_for_gone(
    import_room: Any, docker_registry: Any, repository_name: str
) -> None:
    def push(tag: str, created: str, seed: int) -> Any:
        return docker_registry.image(repository_name, tag, seed=seed, config={"created": created})

    push("1", "2020-01-01T00:00:00Z", 1)
    before = push("2", "2024-01-01T00:00:00Z", 2)
    await import_room.add_stream({"tags": [wish(f"{docker_registry.host}/{repository_name}", "newest")]})
    await check(import_room)
    again = push("2", "2023-01-01T00:00:00Z", 3)

    [outcome] = await check(import_room)

    assert (outcome["status"]["status"], items(import_room)) == ("Success", [again.digest, before.digest])


async def test_a_repository_that_can_not_be_listed_is_told_in_the_condition(
    import_room: Any, docker_registry: Any, repository_name: str
) -> None:
    await import_room.add_stream({"tags": [wish(f"{docker_registry.host}/{repository_name}:1", "semver:*")]})

    [outcome] = await check(import_room)

    assert outcome["status"]["reason"] == "NotFound"
    assert import_room.stream()["status"]["tags"][0]["conditions"][0]["reason"] == "NotFound"


@pytest.mark.parametrize("tag", ["3.5.0", "3.7.0"])
async def test_an_import_from_somewhere_else_is_no_matter_of_the_policy(
    import_room: Any, docker_registry: Any, repository_name: str, tag: str
) -> None:
    repository = f"{docker_registry.host}/{repository_name}"
    for number, version in enumerate(("3.5.0", "3.6.0", "3.7.0")):
        docker_registry.image(repository_name, version, seed=number)
    await import_room.add_stream({"tags": [wish(f"{repository}:3.6.0", "semver:~3.6")]})
    image = {
        "from": {"kind": "DockerImage", "name": f"{repository}:{tag}"},
        "to": {"name": "a"},
        "importPolicy": {"insecure": True},
    }

    answer = await import_room.run({"images": [image]})

    assert answer["status"]["images"][0]["tag"] == tag
    assert import_room.stream()["spec"]["tags"][0]["from"]["name"] == f"{repository}:{tag}"


async def test_no_more_tags_are_dated_than_an_import_takes(
    import_room: Any, docker_registry: Any, repository_name: str
) -> None:
    pushed = docker_registry.image(repository_name, "1.0")
    for number in range(60):
        path = f"/v2/{repository_name}/manifests/t{number:02d}"
        docker_registry.send("PUT", path, pushed.body, Content_Type=pushed.media_type)
    await import_room.add_stream({"tags": [wish(f"{docker_registry.host}/{repository_name}", "newest")]})
    mark = docker_registry.mark()

    await check(import_room)

    asked = docker_registry.requests(mark)
    assert len({path for method, path, _ in asked if method == "HEAD"}) == 50
    # One to date all tags, and at most one more to import the chosen one.
    assert len([path for method, path, _ in asked if method == "GET" and "/manifests/" in path]) <= 2
    assert items(import_room) == [pushed.digest]
