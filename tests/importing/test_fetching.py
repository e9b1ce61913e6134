"""What is known is not fetched again: the access log of a real registry tells."""

import asyncio
from typing import Any

import pytest


def wanted(source: str, to: str = "a", mode: str = "Legacy", **more: Any) -> dict[str, Any]:
    policy = {"insecure": True, "importMode": mode}
    return {"from": {"kind": "DockerImage", "name": source}, "to": {"name": to}, "importPolicy": policy, **more}


def summary(requests: list[tuple[str, str, int]]) -> list[tuple[str, str]]:
    """Method and kind of what was asked for, without the look at the API."""
    return sorted((method, path.split("/")[-2]) for method, path, _ in requests if path != "/v2/")


async def test_another_stream_gets_a_known_image_for_one_head(
    import_room: Any, docker_registry: Any, repository_name: str
) -> None:
    docker_registry.image(repository_name, "1")
    source = f"{docker_registry.host}/{repository_name}:1"
    await import_room.run({"images": [wanted(source)]}, name="one")
    mark = docker_registry.mark()

    await import_room.run({"images": [wanted(source)]}, name="two", namespace="elsewhere")

    assert summary(docker_registry.requests(mark)) == [("HEAD", "manifests")]
    assert import_room.stream("two", "elsewhere")["status"]["tags"][0]["items"][0]["image"]


async def test_tags_of_one_image_share_its_config(import_room: Any, docker_registry: Any, repository_name: str) -> None:
    pushed = docker_registry.image(repository_name, "1")
    for tag in "234":
        docker_registry.send(
            "PUT", f"/v2/{repository_name}/manifests/{tag}", pushed.body, Content_Type=pushed.media_type
        )
    source = f"{docker_registry.host}/{repository_name}"
    mark = docker_registry.mark()

    await import_room.run({"images": [wanted(f"{source}:{tag}", tag) for tag in "1234"]})

    once = [("GET", "blobs"), ("GET", "manifests")]
    assert summary(docker_registry.requests(mark)) == once + 4 * [("HEAD", "manifests")]
    assert len(list(import_room.images.list())) == 1


async def test_a_list_that_changed_in_one_child_fetches_that_child_alone(
    import_room: Any, docker_registry: Any, repository_name: str
) -> None:
    first = docker_registry.index(repository_name, "1")
    source = f"{docker_registry.host}/{repository_name}:1"
    await import_room.run({"images": [wanted(source, mode="PreserveOriginal")]})
    new = docker_registry.image(repository_name, seed=999)
    kept = [
        {
            "mediaType": one.media_type,
            "size": one.size,
            "digest": one.digest,
            "platform": {"os": "linux", "architecture": arch},
        }
        for one, arch in ((new, "amd64"), (first.children[1], "arm64"))
    ]
    docker_registry.manifest(
        repository_name, "1", {"schemaVersion": 2, "mediaType": first.media_type, "manifests": kept}
    )
    mark = docker_registry.mark()

    answer = await import_room.run({"images": [wanted(source, mode="PreserveOriginal")]})

    assert summary(docker_registry.requests(mark)) == [
        ("GET", "blobs"),
        ("GET", "manifests"),
        ("GET", "manifests"),
        ("HEAD", "manifests"),
    ]
    assert [one["metadata"]["name"] for one in answer["status"]["images"][0]["manifests"]] == [
        new.digest,
        first.children[1].digest,
    ]


async def test_switching_modes_of_a_known_list_costs_one_head(
    import_room: Any, docker_registry: Any, repository_name: str
) -> None:
    index = docker_registry.index(repository_name, "1")
    source = f"{docker_registry.host}/{repository_name}:1"
    await import_room.run({"images": [wanted(source, mode="PreserveOriginal")]})
    mark = docker_registry.mark()

    for mode in ("Legacy", "PreserveOriginal"):
        await import_room.run({"images": [wanted(source, mode=mode)]})

    assert summary(docker_registry.requests(mark)) == [("HEAD", "manifests")] * 2
    assert [item["image"] for item in import_room.stream()["status"]["tags"][0]["items"]] == [
        index.digest,
        index.children[0].digest,
        index.digest,
    ]


async def test_big_layers_are_never_fetched(import_room: Any, docker_registry: Any, repository_name: str) -> None:
    docker_registry.image(repository_name, "1", layer_bytes=(3_000_000, 20_000_000))
    mark = docker_registry.mark()

    answer = await import_room.run({"images": [wanted(f"{docker_registry.host}/{repository_name}:1")]})

    assert summary(docker_registry.requests(mark)) == [("GET", "blobs"), ("GET", "manifests"), ("HEAD", "manifests")]
    assert answer["status"]["images"][0]["image"]["dockerImageMetadata"]["Size"] > 23_000_000


async def test_the_bytes_of_a_known_image_are_fetched_again_to_be_shown(
    import_room: Any, docker_registry: Any, repository_name: str
) -> None:
    index = docker_registry.index(repository_name, "1")
    source = f"{docker_registry.host}/{repository_name}:1"
    images = [wanted(source, mode="PreserveOriginal")]
    await import_room.run({"images": images})

    answer = await import_room.run({"import": False, "images": images})

    [outcome] = answer["status"]["images"]
    assert [one["dockerImageManifest"] for one in outcome["manifests"]] == [
        child.body.decode() for child in index.children
    ]
    assert "dockerImageManifest" not in outcome["image"]


async def test_imports_side_by_side_lose_nothing(import_room: Any, docker_registry: Any, repository_name: str) -> None:
    tags = [f"t{number}" for number in range(12)]
    for number, tag in enumerate(tags):
        docker_registry.image(repository_name, tag, seed=number)
    source = f"{docker_registry.host}/{repository_name}"

    await asyncio.gather(*(import_room.run({"images": [wanted(f"{source}:{tag}", tag)]}) for tag in tags))

    stream = import_room.stream()
    assert sorted(tag["tag"] for tag in stream["status"]["tags"]) == sorted(tags)
    assert stream["metadata"]["generation"] == len(tags)
    assert sorted(tag["generation"] for tag in stream["spec"]["tags"]) == list(range(1, len(tags) + 1))


async def test_what_one_namespace_may_see_another_without_login_may_not(
    import_room: Any, secure_registry: Any, repository_name: str
) -> None:
    pushed = secure_registry.image(repository_name, "1")
    source = f"{secure_registry.host}/{repository_name}"
    await import_room.add_secret(secure_registry.docker_config(), namespace="theirs")
    images = [wanted(f"{source}:1"), wanted(f"{source}@{pushed.digest}", "b")]

    theirs = await import_room.run({"images": images}, namespace="theirs")
    ours = await import_room.run({"images": images}, namespace="ours")

    assert [one["status"].get("reason") for one in theirs["status"]["images"]] == [None, None]
    assert [one["status"].get("reason") for one in ours["status"]["images"]] == ["Unauthorized", "Unauthorized"]
    assert all(tag["items"] is None for tag in import_room.stream(namespace="ours")["status"]["tags"])


@pytest.mark.parametrize("gone", [False, True])
async def test_an_import_that_was_overtaken_puts_no_older_image_or_failure_on_the_tag(
    import_room: Any, docker_registry: Any, repository_name: str, monkeypatch: pytest.MonkeyPatch, gone: bool
) -> None:
    if not gone:
        docker_registry.image(repository_name, "1", seed=1)
    source = f"{docker_registry.host}/{repository_name}:1"
    await import_room.add_stream({"tags": []})
    importer, fetched, go = import_room.imports._importer, asyncio.Event(), asyncio.Event()
    run = importer.run

    async def slow_at_first(*arguments: Any) -> Any:
        outcome = await run(*arguments)
        if not fetched.is_set():
            fetched.set()
            await go.wait()
        return outcome

    monkeypatch.setattr(importer, "run", slow_at_first)
    request = {"images": [wanted(source)]}
    slow = asyncio.create_task(import_room.run(request))
    await fetched.wait()
    newer = docker_registry.image(repository_name, "1", seed=2)
    await import_room.run(request)
    go.set()
    answer = await slow

    [tag] = import_room.stream()["status"]["tags"]
    assert ([one["image"] for one in tag["items"]], tag.get("conditions")) == ([newer.digest], None)
    assert answer["status"]["images"][0]["image"]["metadata"]["name"] == newer.digest
