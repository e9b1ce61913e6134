"""What an import request answers and what it leaves in the store, against a real registry."""

import asyncio
from typing import Any

import pytest

from imagestreams.api.core import ObjectReference
from imagestreams.api.errors import ApiError
from imagestreams.api.image import ImageStream, TagImportPolicy, TagReference

NOW, LATER = "2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z"
CHECKED = "openshift.io/image.dockerRepositoryCheck"


def image(source: str, to: str | None = None, **more: Any) -> dict[str, Any]:
    wanted: dict[str, Any] = {
        "from": {"kind": "DockerImage", "name": source},
        "importPolicy": {"insecure": True, **more.pop("importPolicy", {})},
        **more,
    }
    return wanted if to is None else {**wanted, "to": {"name": to}}


async def test_an_import_makes_the_stream_and_its_images(
    import_room: Any, docker_registry: Any, repository_name: str
) -> None:
    pushed = docker_registry.image(repository_name, "1.0", layer_bytes=(1000, 2000))
    source = f"{docker_registry.host}/{repository_name}"

    answer = await import_room.run({"images": [image(f"{source}:1.0", "one")]}, now=NOW)

    stream = import_room.stream()
    assert answer["status"]["import"] == {
        key: value for key, value in stream.items() if key not in {"kind", "apiVersion"}
    }
    assert stream["metadata"]["generation"] == 1
    assert stream["metadata"]["annotations"] == {CHECKED: NOW}
    assert stream["spec"]["tags"] == [
        {
            "name": "one",
            "annotations": None,
            "from": {"kind": "DockerImage", "name": f"{source}:1.0"},
            "generation": 1,
            "importPolicy": {"insecure": True, "importMode": "Legacy"},
            "referencePolicy": {"type": "Source"},
        }
    ]
    assert stream["status"]["tags"] == [
        {
            "tag": "one",
            "items": [
                {
                    "created": NOW,
                    "dockerImageReference": f"{source}@{pushed.digest}",
                    "image": pushed.digest,
                    "generation": 1,
                }
            ],
        }
    ]
    [outcome] = answer["status"]["images"]
    assert outcome["status"] == {"metadata": {}, "status": "Success"}
    assert outcome["tag"] == "1.0"
    stored = import_room.images.get("", pushed.digest).value
    assert outcome["image"]["metadata"]["uid"] == stored.metadata.uid
    assert stored.docker_image_metadata["Size"] == outcome["image"]["dockerImageMetadata"]["Size"] > 3000
    assert (stored.docker_image_manifest, stored.docker_image_config) == ("", "")


async def test_each_image_of_a_request_has_its_own_outcome(
    import_room: Any, docker_registry: Any, repository_name: str
) -> None:
    docker_registry.image(repository_name, "1")
    source = f"{docker_registry.host}/{repository_name}"

    answer = await import_room.run(
        {"images": [image(f"{source}:1", "a"), image(f"{source}:nope", "b"), image(f"{source}:1")]}
    )

    good, bad, _unnamed = answer["status"]["images"]
    assert [tag["name"] for tag in import_room.stream()["spec"]["tags"]] == ["1", "a", "b"]
    assert good["status"]["status"] == "Success"
    assert bad == {
        "status": {
            "metadata": {},
            "status": "Failure",
            "message": f'dockerimage.image.openshift.io "{source}:nope" not found',
            "reason": "NotFound",
            "details": {"name": f"{source}:nope", "group": "image.openshift.io", "kind": "dockerimage"},
            "code": 404,
        },
        "tag": "nope",
    }
    failed = next(tag for tag in import_room.stream()["status"]["tags"] if tag["tag"] == "b")
    assert failed["items"] is None
    assert [(one["status"], one["reason"]) for one in failed["conditions"]] == [("False", "NotFound")]


async def test_plain_http_must_be_allowed(import_room: Any, docker_registry: Any) -> None:
    source = f"{docker_registry.host}/x:1"

    answer = await import_room.run({"images": [image(source, "a", importPolicy={"insecure": False})]})

    text = f'{source}: Get "https://{docker_registry.host}/v2/": http: server gave HTTP response to HTTPS client'
    assert answer["status"]["images"][0]["status"] == {
        "metadata": {},
        "status": "Failure",
        "message": f"Internal error occurred: {text}",
        "reason": "InternalError",
        "details": {"causes": [{"message": text}]},
        "code": 500,
    }


async def test_the_namespaces_secrets_open_a_closed_registry(
    import_room: Any, secure_registry: Any, repository_name: str
) -> None:
    secure_registry.image(repository_name, "1")
    source = f"{secure_registry.host}/{repository_name}:1"
    wanted = {"images": [image(source, "a", importPolicy={"insecure": False})]}

    closed = await import_room.run(wanted)
    await import_room.add_secret(secure_registry.docker_config())
    opened = await import_room.run(wanted)

    assert closed["status"]["images"][0]["status"] == {
        "metadata": {},
        "status": "Failure",
        "message": f'you may not have access to the container image "{source}"',
        "reason": "Unauthorized",
        "code": 401,
    }
    assert opened["status"]["images"][0]["status"]["status"] == "Success"
    assert "conditions" not in import_room.stream()["status"]["tags"][0]


async def test_an_unchanged_tag_costs_one_head_and_no_write(
    import_room: Any, docker_registry: Any, repository_name: str
) -> None:
    tags = [f"t{number:02d}" for number in range(50)]
    for number, tag in enumerate(tags):
        docker_registry.image(repository_name, tag, seed=number)
    wanted = {"images": [image(f"{docker_registry.host}/{repository_name}:{tag}", tag) for tag in tags]}
    await import_room.run(wanted, now=NOW)
    before, mark = import_room.stream(), docker_registry.mark()

    answer = await import_room.run(wanted, now=LATER)

    requests = docker_registry.requests(mark)
    assert sorted(requests) == sorted(("HEAD", f"/v2/{repository_name}/manifests/{tag}", 200) for tag in tags)
    assert import_room.stream() == before
    assert {one["status"]["status"] for one in answer["status"]["images"]} == {"Success"}


async def test_a_moved_tag_gets_a_new_item_and_keeps_its_history(
    import_room: Any, docker_registry: Any, repository_name: str
) -> None:
    first = docker_registry.image(repository_name, "1", seed=1)
    wanted = {"images": [image(f"{docker_registry.host}/{repository_name}:1", "a")]}
    await import_room.run(wanted, now=NOW)
    second = docker_registry.image(repository_name, "1", seed=2)

    await import_room.run(wanted, now=LATER)

    items = import_room.stream()["status"]["tags"][0]["items"]
    assert [(one["image"], one["created"], one["generation"]) for one in items] == [
        (second.digest, LATER, 2),
        (first.digest, NOW, 1),
    ]
    assert import_room.stream()["spec"]["tags"][0]["generation"] == 2


async def test_tags_that_follow_an_imported_tag_follow_at_once(
    import_room: Any, docker_registry: Any, repository_name: str
) -> None:
    pushed = docker_registry.image(repository_name, "1")
    follow = {"kind": "ImageStreamTag", "name": "a"}
    await import_room.add_stream({"tags": [{"name": "b", "from": follow}]})

    await import_room.run({"images": [image(f"{docker_registry.host}/{repository_name}:1", "a")]})

    assert {tag["tag"]: tag["items"][0]["image"] for tag in import_room.stream()["status"]["tags"]} == {
        "a": pushed.digest,
        "b": pushed.digest,
    }


async def test_a_list_is_kept_with_all_its_images(import_room: Any, docker_registry: Any, repository_name: str) -> None:
    index = docker_registry.index(repository_name, "latest", oci=True)
    source = f"{docker_registry.host}/{repository_name}"

    answer = await import_room.run(
        {"images": [image(f"{source}:latest", "a", importPolicy={"importMode": "PreserveOriginal"})]}
    )

    [outcome] = answer["status"]["images"]
    assert outcome["image"]["metadata"]["name"] == index.digest
    assert [one["digest"] for one in outcome["image"]["dockerImageManifests"]] == [one.digest for one in index.children]
    assert [one["metadata"]["name"] for one in outcome["manifests"]] == [one.digest for one in index.children]
    for child in index.children:
        stored = import_room.images.get("", child.digest).value
        assert stored.docker_image_reference == f"{source}@{child.digest}"
        assert stored.docker_image_metadata["Architecture"]


async def test_a_list_in_legacy_mode_is_the_image_of_the_preferred_platform(
    import_room: Any, docker_registry: Any, repository_name: str
) -> None:
    index = docker_registry.index(repository_name, "latest")
    source = f"{docker_registry.host}/{repository_name}:latest"
    await import_room.add_stream(
        {
            "tags": [
                {
                    "name": "arm",
                    "annotations": {"importer.image.openshift.io/prefer-arch": "arm64"},
                    "from": {"kind": "DockerImage", "name": source},
                }
            ]
        }
    )

    await import_room.run({"images": [image(source, "arm"), image(source, "own")]})
    mark = docker_registry.mark()
    await import_room.run({"images": [image(source, "arm"), image(source, "own")]})

    tops = {tag["tag"]: tag["items"][0]["image"] for tag in import_room.stream()["status"]["tags"]}
    assert tops == {"arm": index.children[1].digest, "own": index.children[0].digest}
    assert {method for method, _, _ in docker_registry.requests(mark)} == {"HEAD"}


async def test_an_artifact_is_an_image_too(import_room: Any, docker_registry: Any, repository_name: str) -> None:
    pushed = docker_registry.artifact(repository_name, "1")

    answer = await import_room.run({"images": [image(f"{docker_registry.host}/{repository_name}:1", "a")]})

    found = answer["status"]["images"][0]["image"]
    assert found["metadata"]["name"] == pushed.digest
    assert found["dockerImageMetadata"]["Created"] is None
    assert found["dockerImageLayers"][0]["mediaType"] == "application/vnd.example.file"


async def test_a_digest_is_imported_like_a_tag(import_room: Any, docker_registry: Any, repository_name: str) -> None:
    pushed = docker_registry.image(repository_name)
    source = f"{docker_registry.host}/{repository_name}@{pushed.digest}"

    answer = await import_room.run({"images": [image(source, "a"), image(source)]})

    named, unnamed = answer["status"]["images"]
    assert "tag" not in named
    assert unnamed["image"]["metadata"]["name"] == pushed.digest
    assert [tag["tag"] for tag in import_room.stream()["status"]["tags"]] == ["a"]


async def test_a_repository_is_imported_in_the_order_of_importance(
    import_room: Any, docker_registry: Any, repository_name: str
) -> None:
    tags = ["latest", "3.8", "3.7", *(f"t{number:02d}" for number in range(57))]
    pushed = docker_registry.image(repository_name, "latest")
    for tag in tags[1:]:
        docker_registry.send(
            "PUT", f"/v2/{repository_name}/manifests/{tag}", pushed.body, Content_Type=pushed.media_type
        )
    source = f"{docker_registry.host}/{repository_name}"

    answer = await import_room.run(
        {"repository": {"from": {"kind": "DockerImage", "name": source}, "importPolicy": {"insecure": True}}}
    )

    outcome = answer["status"]["repository"]
    assert outcome["status"] == {"metadata": {}, "status": "Success"}
    assert [one["tag"] for one in outcome["images"]] == tags[:50]
    assert outcome["additionalTags"] == tags[50:]
    spec = {tag["name"]: tag["from"]["name"] for tag in import_room.stream()["spec"]["tags"]}
    assert spec == {tag: f"{source}:{tag}" for tag in tags[:50]}


async def test_a_repository_that_is_not_there_is_told_in_its_status(import_room: Any, docker_registry: Any) -> None:
    source = f"{docker_registry.host}/no/such"

    answer = await import_room.run(
        {"repository": {"from": {"kind": "DockerImage", "name": source}, "importPolicy": {"insecure": True}}}
    )

    assert answer["status"]["repository"]["status"]["message"] == f'dockerimage.image.openshift.io "{source}" not found'
    assert "tags" not in import_room.stream()["status"]


async def test_without_import_images_are_shown_and_nothing_is_written(
    import_room: Any, docker_registry: Any, repository_name: str
) -> None:
    pushed = docker_registry.image(repository_name, "1")
    wanted = image(f"{docker_registry.host}/{repository_name}:1", "a", includeManifest=True)

    answer = await import_room.run({"import": False, "images": [wanted]})

    found = answer["status"]["images"][0]["image"]
    assert "import" not in answer["status"]
    assert "uid" not in found["metadata"]
    assert found["dockerImageManifest"] == pushed.body.decode()
    assert '"architecture":"amd64"' in found["dockerImageConfig"]
    assert not list(import_room.streams.list()) and not list(import_room.images.list())


async def test_stored_images_never_show_their_bytes(
    import_room: Any, docker_registry: Any, repository_name: str
) -> None:
    docker_registry.image(repository_name, "1")
    wanted = image(f"{docker_registry.host}/{repository_name}:1", "a", includeManifest=True)

    answer = await import_room.run({"images": [wanted]})

    assert "dockerImageManifest" not in answer["status"]["images"][0]["image"]


async def test_a_dry_run_shows_the_result_and_writes_nothing(
    import_room: Any, docker_registry: Any, repository_name: str
) -> None:
    pushed = docker_registry.image(repository_name, "1")

    answer = await import_room.run(
        {"images": [image(f"{docker_registry.host}/{repository_name}:1", "a")]}, dry_run=True
    )

    assert answer["status"]["import"]["status"]["tags"][0]["items"][0]["image"] == pushed.digest
    assert not list(import_room.streams.list()) and not list(import_room.images.list())


async def test_an_import_of_a_stream_that_changed_since_is_refused(
    import_room: Any, docker_registry: Any, repository_name: str
) -> None:
    docker_registry.image(repository_name, "1")
    wanted = {"images": [image(f"{docker_registry.host}/{repository_name}:1", "a")]}
    await import_room.run(wanted)
    version = import_room.stream()["metadata"]["resourceVersion"]

    with pytest.raises(ApiError) as stale:
        await import_room.run(wanted, resourceVersion="1")
    with pytest.raises(ApiError) as missing:
        await import_room.run(wanted, name="other", resourceVersion="1")

    assert stale.value.status.code == 409
    assert stale.value.status.message == (
        'Operation cannot be fulfilled on imagestream.image.openshift.io "s": '
        f'the image stream was updated from "1" to "{version}"'
    )
    assert missing.value.status.message == 'imagestreams.image.openshift.io "other" not found'


async def test_requests_that_ask_for_nothing_or_for_nonsense_are_refused(import_room: Any) -> None:
    for spec, field in (
        ({}, "spec.images"),
        ({"images": [image("Bad Ref!!", "a")]}, "spec.images[0].from.name"),
        ({"images": [image("x:1", "")]}, "spec.images[0].to.name"),
        (
            {"images": [image("x:1", "a", importPolicy={"importMode": "Wrong"})]},
            "spec.images[0].importPolicy.importMode",
        ),
    ):
        with pytest.raises(ApiError) as refused:
            await import_room.run(spec)
        assert (refused.value.status.code, refused.value.status.details.causes[0].field) == (422, field)


async def test_the_first_image_decides_how_its_repository_is_asked(
    import_room: Any, docker_registry: Any, repository_name: str
) -> None:
    docker_registry.image(repository_name, "1")
    source = f"{docker_registry.host}/{repository_name}:1"
    secure, insecure = (
        image(source, name, importPolicy={"insecure": allowed}) for name, allowed in (("a", False), ("b", True))
    )

    passed = await import_room.run({"images": [insecure, secure]})
    refused = await import_room.run({"images": [secure, insecure]})

    assert {one["status"]["status"] for one in passed["status"]["images"]} == {"Success"}
    assert {one["status"]["status"] for one in refused["status"]["images"]} == {"Failure"}
    assert [len(tag["items"]) for tag in import_room.stream()["status"]["tags"]] == [1, 1]


@pytest.fixture
async def slow_registry(lying_registry: Any, respond: Any, good_manifest: bytes) -> Any:
    """A registry with one image that waits with its answer until `go` is set, and tells by `started` that it waits."""

    class Answer:
        def __init__(self) -> None:
            self.started, self.go = asyncio.Event(), asyncio.Event()

        async def __call__(self, asked: Any, writer: asyncio.StreamWriter) -> None:
            self.started.set()
            await self.go.wait()
            writer.write(respond(200, registry.config) if "/blobs/" in asked.path else good_manifest)

    registry = await lying_registry(Answer())
    return registry


def tag_of(source: str) -> TagReference:
    policy = TagImportPolicy(import_mode="Legacy")
    wish = TagReference(name="a", from_=ObjectReference(kind="DockerImage", name=source), import_policy=policy)
    wish.reference_policy.type = "Source"
    return wish


async def test_other_changes_during_an_import_are_kept(import_room: Any, slow_registry: Any) -> None:
    await import_room.add_stream({})
    version = import_room.stream()["metadata"]["resourceVersion"]
    wanted = {"images": [image(f"{slow_registry.host}/x:1", "a")]}
    running = asyncio.create_task(import_room.run(wanted, resourceVersion=version))
    await slow_registry.answer.started.wait()

    def look_up(stream: ImageStream) -> None:
        stream.spec.lookup_policy.local = True

    await import_room.change_stream(look_up)
    slow_registry.answer.go.set()
    await running

    stream = import_room.stream()
    assert stream["spec"]["lookupPolicy"] == {"local": True}
    assert stream["status"]["tags"][0]["items"][0]["image"] == slow_registry.digest


async def test_a_tag_that_comes_from_elsewhere_by_now_is_left_alone(import_room: Any, slow_registry: Any) -> None:
    await import_room.add_stream({})
    version = import_room.stream()["metadata"]["resourceVersion"]
    wanted = {"images": [image(f"{slow_registry.host}/x:1", "a")]}
    running = asyncio.create_task(import_room.run(wanted, resourceVersion=version))
    await slow_registry.answer.started.wait()

    def set_tag(stream: ImageStream) -> None:
        stream.spec.tags = [tag_of("quay.io/other:1")]

    await import_room.change_stream(set_tag)
    slow_registry.answer.go.set()

    with pytest.raises(ApiError) as refused:
        await running
    assert refused.value.status.reason == "Conflict"
    assert import_room.stream()["spec"]["tags"][0]["from"]["name"] == "quay.io/other:1"


async def test_a_stream_that_is_deleted_during_an_import_stays_deleted(import_room: Any, slow_registry: Any) -> None:
    await import_room.add_stream({})
    running = asyncio.create_task(import_room.run({"images": [image(f"{slow_registry.host}/x:1", "a")]}))
    await slow_registry.answer.started.wait()

    await import_room.streams.remove(import_room.streams.get("ns", "s"))
    slow_registry.answer.go.set()

    with pytest.raises(ApiError) as refused:
        await running
    assert refused.value.status.code == 404
    assert not list(import_room.streams.list())


async def test_a_request_may_name_the_very_stream_that_it_means(import_room: Any) -> None:
    await import_room.add_stream({})
    wanted = {"images": [image("127.0.0.1:1/x:1", "a")]}

    with pytest.raises(ApiError, match=r'^imagestream.image.openshift.io "s" not found$'):
        await import_room.run(wanted, uid="another")
    with pytest.raises(ApiError, match=r'^imagestreams.image.openshift.io "gone" not found$'):
        await import_room.run(wanted, name="gone", uid="another")

    answer = await import_room.run(wanted, uid=import_room.stream()["metadata"]["uid"])
    assert answer["status"]["import"]["metadata"]["name"] == "s"


async def test_a_secret_that_is_excluded_is_not_used(
    import_room: Any, secure_registry: Any, repository_name: str
) -> None:
    secure_registry.image(repository_name, "1")
    excluded = {"openshift.io/image.excludeSecret": "true"}
    await import_room.add_secret(secure_registry.docker_config(), annotations=excluded)
    wanted = {"images": [image(f"{secure_registry.host}/{repository_name}:1", "a")]}

    answer = await import_room.run(wanted)

    assert answer["status"]["images"][0]["status"]["reason"] == "Unauthorized"
