"""Whatever a registry does, no history changes and no foreign image is shown; the tag says what went wrong."""

import asyncio
import json
from typing import Any

import pytest

from imagestreams.importing import fetch
from imagestreams.importing.importer import Importer
from imagestreams.registries.client import RegistryClient
from imagestreams.registries.limits import Limits
from imagestreams.resources.images.imagestreamimports import ImageStreamImports

TYPE = "application/vnd.oci.image.manifest.v1+json"
INDEX = "application/vnd.oci.image.index.v1+json"


def wanted(source: str, to: str = "a", mode: str = "Legacy") -> dict[str, Any]:
    return {
        "images": [
            {
                "from": {"kind": "DockerImage", "name": source},
                "to": {"name": to},
                "importPolicy": {"insecure": True, "importMode": mode},
            }
        ]
    }


async def honest(registry: Any, asked: Any, writer: asyncio.StreamWriter, respond: Any, manifest: bytes) -> None:
    writer.write(respond(200, registry.config) if "/blobs/" in asked.path else manifest)


@pytest.fixture
async def turncoat(import_room: Any, lying_registry: Any, respond: Any, good_manifest: bytes) -> Any:
    """A registry that was honest at the first import of stream `s`, and then answers by `lie`."""

    class Answers:
        lie: bytes | None = None

        async def __call__(self, asked: Any, writer: asyncio.StreamWriter) -> None:
            if self.lie is None:
                await honest(registry, asked, writer, respond, good_manifest)
            elif asked.method == "HEAD":
                writer.write(respond(405))
            else:
                writer.write(self.lie)
                if len(self.lie.partition(b"\r\n\r\n")[2]) != int(
                    self.lie.partition(b"Content-Length: ")[2].split()[0]
                ):
                    writer.close()

    answers = Answers()
    registry = await lying_registry(answers)
    await import_room.run(wanted(f"{registry.host}/x:1"))
    return registry


WRONG_DIGEST = "sha256:" + "0" * 64
LIES = {
    "wrong digest": (
        (200, b'{"schemaVersion":2}', {"Content_Type": TYPE, "Docker_Content_Digest": WRONG_DIGEST}),
        f"content integrity error: the manifest retrieved with digest {WRONG_DIGEST} does not match",
    ),
    "truncated": ((200, b'{"sch', {"Content_Type": TYPE, "Content_Length": "500"}), "unexpected EOF"),
    "too large": ((200, b" " * (5 << 20), {"Content_Type": TYPE}), "more than 4194304 bytes"),
    "redirect loop": ((307, b"", {"Location": "/v2/x/manifests/1"}), "stopped after 10 redirects"),
    "wrong type": ((200, b"{}", {"Content_Type": "text/html"}), "unsupported manifest media type"),
    "no manifest": ((200, b'{"config":7}', {"Content_Type": TYPE}), "unreadable manifest"),
    "not JSON": ((200, b"\xff\xfe", {"Content_Type": TYPE}), "unreadable manifest"),
    "a size below nothing": (
        (200, b'{"config":{"digest":"d","size":-5},"layers":[]}', {"Content_Type": TYPE}),
        "unreadable manifest",
    ),
    "nested without end": ((200, b'{"x":' + b"[" * 1_000_000, {"Content_Type": TYPE}), "unreadable manifest"),
    "an error nested without end": ((500, b'{"x":' + b"[" * 1_000_000, {}), "500 Internal Server Error"),
    "empty list": ((200, b'{"manifests":[]}', {"Content_Type": INDEX}), "no manifests in manifest list"),
    "path as digest": (
        (200, b'{"manifests":[{"digest":"../../../secret","size":1}]}', {"Content_Type": INDEX}),
        "unusable digest '../../../secret'",
    ),
    "server error": ((503, b"", {}), "received unexpected HTTP status: 503 Service Unavailable"),
    "busy for long": ((429, b"", {"Retry_After": "3600"}), "received unexpected HTTP status: 429 Too Many Requests"),
    "busy": ((429, b"", {}), "received unexpected HTTP status: 429 Too Many Requests"),
}


@pytest.mark.parametrize("name", LIES)
async def test_a_lie_is_a_condition_and_never_an_image(
    import_room: Any, turncoat: Any, respond: Any, name: str
) -> None:
    (status, body, headers), text = LIES[name]
    before = import_room.stream()["status"]["tags"][0]["items"]
    images = len(list(import_room.images.list()))
    turncoat.answer.lie = respond(status, body, **headers)

    answer = await import_room.run(wanted(f"{turncoat.host}/x:1"))

    outcome = answer["status"]["images"][0]["status"]
    assert (outcome["status"], outcome["code"], outcome["reason"]) == ("Failure", 500, "InternalError")
    assert text in outcome["message"] and f"{turncoat.host}/x:1: " in outcome["message"]
    [tag] = import_room.stream()["status"]["tags"]
    assert tag["items"] == before
    assert [one["message"] for one in tag["conditions"]] == [outcome["message"]]
    assert len(list(import_room.images.list())) == images


async def test_a_digest_alone_does_not_give_the_image_of_another_registry(
    import_room: Any, docker_registry: Any, repository_name: str, lying_registry: Any, respond: Any
) -> None:
    private = docker_registry.image(repository_name, "1")
    await import_room.run(wanted(f"{docker_registry.host}/{repository_name}:1"), name="theirs")

    async def pretend(asked: Any, writer: asyncio.StreamWriter) -> None:
        status = 200 if asked.method == "HEAD" else 404
        writer.write(respond(status, Docker_Content_Digest=private.digest))

    registry = await lying_registry(pretend)
    for source in (f"{registry.host}/x:1", f"{registry.host}/x@{private.digest}"):
        answer = await import_room.run(wanted(source), name="mine")
        assert answer["status"]["images"][0]["status"]["reason"] == "NotFound"

    assert (
        "items" not in import_room.stream("mine")["status"]["tags"][0]
        or not (import_room.stream("mine")["status"]["tags"][0]["items"])
    )


@pytest.mark.parametrize("mode", ["Legacy", "PreserveOriginal"])
async def test_to_be_named_in_a_list_does_not_give_the_image_of_another_registry(
    import_room: Any, docker_registry: Any, repository_name: str, lying_registry: Any, respond: Any, mode: str
) -> None:
    private = docker_registry.image(repository_name, "1")
    await import_room.run(wanted(f"{docker_registry.host}/{repository_name}:1"), name="theirs")
    entry = {"mediaType": private.media_type, "digest": private.digest, "size": len(private.body)}
    entry["platform"] = {"os": "linux", "architecture": "amd64"}
    listing = json.dumps({"schemaVersion": 2, "mediaType": INDEX, "manifests": [entry]}).encode()

    async def pretend(asked: Any, writer: asyncio.StreamWriter) -> None:
        if private.digest in asked.path or "/blobs/" in asked.path:
            writer.write(respond(404))
        else:
            writer.write(respond(200, b"" if asked.method == "HEAD" else listing, Content_Type=INDEX))

    registry = await lying_registry(pretend)

    answer = await import_room.run(wanted(f"{registry.host}/x:1", mode=mode), name="mine")

    assert answer["status"]["images"][0]["status"]["reason"] == "NotFound"
    assert private.digest not in json.dumps(import_room.stream("mine")["status"]["tags"][0].get("items"))


async def test_a_list_with_a_broken_child_is_no_image(
    import_room: Any, lying_registry: Any, respond: Any, good_manifest: bytes
) -> None:
    missing = "sha256:" + "7" * 64

    async def answer(asked: Any, writer: asyncio.StreamWriter) -> None:
        if asked.path.endswith("/1"):
            listed = [{"digest": digest, "size": 1, "mediaType": TYPE} for digest in (registry.digest, missing)]
            writer.write(respond(200, json.dumps({"manifests": listed}).encode(), Content_Type=INDEX))
        elif asked.path.endswith(missing):
            writer.write(respond(404))
        else:
            await honest(registry, asked, writer, respond, good_manifest)

    registry = await lying_registry(answer)

    result = await import_room.run(wanted(f"{registry.host}/x:1", mode="PreserveOriginal"))

    assert result["status"]["images"][0]["status"]["message"] == (
        f'dockerimage.image.openshift.io "{registry.host}/x@{missing}" not found'
    )
    assert not list(import_room.images.list())


async def test_a_list_of_thousands_is_refused_before_anything_is_fetched(
    import_room: Any, lying_registry: Any, respond: Any
) -> None:
    async def answer(asked: Any, writer: asyncio.StreamWriter) -> None:
        listed = [{"digest": f"sha256:{number:064x}", "size": 1} for number in range(1001)]
        writer.write(respond(200, json.dumps({"manifests": listed}).encode(), Content_Type=INDEX))

    registry = await lying_registry(answer)

    for mode in ("Legacy", "PreserveOriginal"):
        result = await import_room.run(wanted(f"{registry.host}/x:1", mode=mode))
        assert result["status"]["images"][0]["status"]["message"].endswith(
            "a manifest list of more than 1000 manifests"
        )

    assert set(registry.paths()) == {"/v2/x/manifests/1"}


@pytest.mark.parametrize("repositories", [1, 3])
async def test_what_one_import_takes_is_bounded_and_the_next_one_goes_on(
    import_room: Any,
    docker_registry: Any,
    repository_name: str,
    monkeypatch: pytest.MonkeyPatch,
    repositories: int,
) -> None:
    images = []
    for number in range(6):
        labels = {"config": {"Labels": {"large": "x" * 20_000}}}
        repository = f"{repository_name}/{number % repositories}"
        docker_registry.image(repository, f"t{number}", seed=number, config=labels)
        images += wanted(f"{docker_registry.host}/{repository}:t{number}", to=f"t{number}")["images"]
    monkeypatch.setattr(fetch, "BYTES_MAX", 50_000)
    request = {"images": images}

    async def imported() -> int:
        statuses = [one["status"] for one in (await import_room.run(request))["status"]["images"]]
        told = {one["message"] for one in statuses if one["status"] == "Failure"}
        assert all(text.endswith("more than 50000 bytes of manifests and configs in one import") for text in told)
        return sum(one["status"] == "Success" for one in statuses)

    assert [await imported() for _ in range(3)] == [2, 4, 6]


async def test_a_dead_registry_is_asked_once_for_many_tags_and_repositories(
    import_room: Any, lying_registry: Any
) -> None:
    async def hang_up(asked: Any, writer: asyncio.StreamWriter) -> None:
        writer.close()

    hang_up.pings = True  # type: ignore[attr-defined]  # not even the first look is answered
    registry = await lying_registry(hang_up)
    images = [wanted(f"{registry.host}/x{number % 20}:{number}", f"t{number}")["images"][0] for number in range(100)]

    answer = await import_room.run({"images": images})

    texts = {one["status"]["message"] for one in answer["status"]["images"]}
    assert len(texts) == 100 and all("/v2/" in text for text in texts)
    assert len(registry.asked) <= 2


@pytest.mark.parametrize(
    "config",
    [
        b"[]",
        b'{"config":{"Env":"x"}}',
        b'{"config":{"Labels":[]}}',
        b'{"created":"yesterday"}',
        b'{"architecture":7}',
        b"\xff",
        b'{"created":"9999-12-31T23:59:59-01:00"}',
        b'{"config":{"Memory":1e30}}',
        b'{"config":{"Labels":' + b'{"a":' * 100_000 + b"1" + b"}" * 100_000 + b"}}",
    ],
)
async def test_a_config_that_clients_could_not_read_is_refused(
    import_room: Any, docker_registry: Any, repository_name: str, config: bytes
) -> None:
    docker_registry.manifest(
        repository_name,
        "1",
        {
            "schemaVersion": 2,
            "mediaType": TYPE,
            "config": {
                "mediaType": "application/vnd.oci.image.config.v1+json",
                "size": len(config),
                "digest": docker_registry.blob(repository_name, config),
            },
            "layers": [],
        },
    )

    answer = await import_room.run(wanted(f"{docker_registry.host}/{repository_name}:1"))

    assert "unreadable config" in answer["status"]["images"][0]["status"]["message"]


async def test_nulls_are_empty_values(import_room: Any, docker_registry: Any, repository_name: str) -> None:
    nulls = {"author": None, "architecture": None, "created": None, "config": {"Env": None, "Labels": None}}
    docker_registry.image(repository_name, "1", config=nulls)

    answer = await import_room.run(wanted(f"{docker_registry.host}/{repository_name}:1"))

    metadata = answer["status"]["images"][0]["image"]["dockerImageMetadata"]
    assert metadata["Created"] is None
    assert "Author" not in metadata and "Architecture" not in metadata


async def test_a_web_server_is_no_registry(import_room: Any, lying_registry: Any, respond: Any) -> None:
    async def page(asked: Any, writer: asyncio.StreamWriter) -> None:
        writer.write(respond(404, b"<html>"))

    page.pings = True  # type: ignore[attr-defined]  # it knows nothing of /v2/
    registry = await lying_registry(page)
    repository = {"from": {"kind": "DockerImage", "name": f"{registry.host}/x"}, "importPolicy": {"insecure": True}}

    answer = await import_room.run({**wanted(f"{registry.host}/x:1"), "repository": repository})

    text = f'{registry.host}/x:1: endpoint "http://{registry.host}" does not support v2 API (got 404 Not Found)'
    assert answer["status"]["images"][0]["status"]["message"] == f"Internal error occurred: {text}"
    assert answer["status"]["repository"]["status"] == {
        "metadata": {},
        "status": "Failure",
        "message": f'forbidden: registry "{registry.host}" does not support the v2 Registry API',
        "reason": "NotV2Registry",
        "details": {"group": "image.openshift.io"},
        "code": 403,
    }


async def test_a_registry_that_sends_byte_by_byte_is_given_up(import_room: Any, turncoat: Any, respond: Any) -> None:
    async def trickle(asked: Any, writer: asyncio.StreamWriter) -> None:
        writer.write(respond(200, b"", Content_Type=TYPE, Content_Length="1000"))
        while not writer.is_closing():
            writer.write(b" ")
            await writer.drain()
            await asyncio.sleep(0.02)

    before = import_room.stream()["status"]["tags"][0]["items"]
    turncoat.answer = trickle
    async with RegistryClient(Limits(total_s=0.2)) as hurried:
        rooms = import_room.streams, import_room.images, import_room.secrets
        import_room.imports = ImageStreamImports(Importer(hurried), *rooms, lambda namespace: None)
        answer = await import_room.run(wanted(f"{turncoat.host}/x:1"))

    message = f'{turncoat.host}/x:1: Get "http://{turncoat.host}/v2/x/manifests/1": context deadline exceeded'
    assert answer["status"]["images"][0]["status"]["message"] == f"Internal error occurred: {message}"
    [tag] = import_room.stream()["status"]["tags"]
    assert tag["items"] == before
    assert tag["conditions"][0]["reason"] == "InternalError"
