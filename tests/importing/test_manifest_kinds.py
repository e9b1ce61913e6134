"""Manifests of all kinds: Docker's first format, lists in lists, artifacts; from a real registry where it has them."""

import base64
import hashlib
import json
from typing import Any

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

SCHEMA1 = "application/vnd.docker.distribution.manifest.v1+json"
SIGNED = "application/vnd.docker.distribution.manifest.v1+prettyjws"
OCI_INDEX = "application/vnd.oci.image.index.v1+json"
OCI_MANIFEST = "application/vnd.oci.image.manifest.v1+json"
OCI_CONFIG = "application/vnd.oci.image.config.v1+json"


def wanted(source: str, to: str = "a", mode: str = "Legacy", **more: Any) -> dict[str, Any]:
    policy = {"insecure": True, "importMode": mode}
    return {"from": {"kind": "DockerImage", "name": source}, "to": {"name": to}, "importPolicy": policy, **more}


def digest_of(data: bytes) -> str:
    return "sha256:" + hashlib.sha256(data).hexdigest()


def encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def schema1(repository: str, tag: str, layers: list[str], sizes: tuple[int, ...] = ()) -> bytes:
    """A manifest of the first format, its layers given from the oldest to the newest."""
    steps = [{"id": f"{number:064x}", "created": "2015-01-02T03:04:05.6Z"} for number in range(len(layers))]
    for step, size in zip(steps, sizes, strict=False):
        step["Size"] = size  # type: ignore[assignment]  # JSON of any type
    steps[-1] |= {
        "parent": "p" * 64,
        "docker_version": "1.9.1",
        "author": "Somebody",
        "architecture": "amd64",
        "os": "linux",
        "config": {"Cmd": ["run"], "Env": ["A=b"]},  # type: ignore[dict-item]  # JSON of any type
        "container_config": {"Hostname": "builder"},  # type: ignore[dict-item]  # JSON of any type
    }
    manifest = {
        "schemaVersion": 1,
        "name": repository,
        "tag": tag,
        "architecture": "amd64",
        "fsLayers": [{"blobSum": layer} for layer in reversed(layers)],
        "history": [{"v1Compatibility": json.dumps(step)} for step in reversed(steps)],
    }
    return json.dumps(manifest, indent=3).encode()


def signed(content: bytes) -> bytes:
    """Sign a manifest as old builders did, with a key of its own."""
    key = ec.generate_private_key(ec.SECP256R1())
    numbers = key.public_key().public_numbers()
    der = key.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    name = base64.b32encode(hashlib.sha256(der).digest()[:30]).decode()
    identity = ":".join(name[start : start + 4] for start in range(0, len(name), 4))
    tail = content[content.rindex(b"\n}") :]
    length = len(content) - len(tail)
    claim = {"formatLength": length, "formatTail": encoded(tail), "time": "2015-01-02T03:04:05Z"}
    protected = encoded(json.dumps(claim).encode())
    raw = key.sign(f"{protected}.{encoded(content)}".encode(), ec.ECDSA(hashes.SHA256()))
    r, s = decode_dss_signature(raw)
    signature = {
        "header": {
            "alg": "ES256",
            "jwk": {
                "crv": "P-256",
                "kid": identity,
                "kty": "EC",
                "x": encoded(numbers.x.to_bytes(32, "big")),
                "y": encoded(numbers.y.to_bytes(32, "big")),
            },
        },
        "signature": encoded(r.to_bytes(32, "big") + s.to_bytes(32, "big")),
        "protected": protected,
    }
    return content[:length] + b',\n   "signatures": [' + json.dumps(signature).encode() + b"]" + tail


def push(registry: Any, repository: str, tag: str, body: bytes, media_type: str) -> None:
    registry.send("PUT", f"/v2/{repository}/manifests/{tag}", body, Content_Type=media_type)


async def test_a_signed_manifest_of_the_first_format_becomes_an_image_with_measured_layers(
    import_room: Any, docker_registry: Any, repository_name: str
) -> None:
    base, top = (docker_registry.blob(repository_name, data) for data in (b"x" * 700, b"y" * 50))
    content = schema1(repository_name, "1", [base, top, base])
    push(docker_registry, repository_name, "1", signed(content), SIGNED)
    mark = docker_registry.mark()

    answer = await import_room.run({"images": [wanted(f"{docker_registry.host}/{repository_name}:1")]})

    image = answer["status"]["images"][0]["image"]
    assert image["metadata"]["name"] == digest_of(content)
    assert image["dockerImageReference"] == f"{docker_registry.host}/{repository_name}@{digest_of(content)}"
    assert image["dockerImageManifestMediaType"] == SCHEMA1
    layer_type = "application/vnd.docker.container.image.rootfs.diff+x-gtar"
    # As on the real server a layer that comes again has no size.
    assert image["dockerImageLayers"] == [
        {"name": base, "size": 700, "mediaType": layer_type},
        {"name": top, "size": 50, "mediaType": layer_type},
        {"name": base, "size": 0, "mediaType": layer_type},
    ]
    assert image["dockerImageMetadata"] == {
        "kind": "DockerImage",
        "apiVersion": "image.openshift.io/1.0",
        "Id": f"{2:064x}",
        "Parent": "p" * 64,
        "Created": "2015-01-02T03:04:05Z",
        "ContainerConfig": {"Hostname": "builder"},
        "DockerVersion": "1.9.1",
        "Author": "Somebody",
        "Config": {"Env": ["A=b"], "Cmd": ["run"]},
        "Architecture": "amd64",
        "Size": 750,
    }
    asked = [(method, path.split("/")[-2]) for method, path, _ in docker_registry.requests(mark) if path != "/v2/"]
    assert sorted(one for one in asked if one != ("HEAD", "manifests")) == [
        ("GET", "manifests"),
        ("HEAD", "blobs"),
        ("HEAD", "blobs"),
    ]


async def test_an_unchanged_tag_of_the_first_format_costs_one_head(
    import_room: Any, docker_registry: Any, repository_name: str
) -> None:
    layer = docker_registry.blob(repository_name, b"x" * 10)
    push(docker_registry, repository_name, "1", signed(schema1(repository_name, "1", [layer])), SIGNED)
    source = f"{docker_registry.host}/{repository_name}:1"
    await import_room.run({"images": [wanted(source)]})
    mark = docker_registry.mark()

    await import_room.run({"images": [wanted(source)]})

    assert [method for method, path, _ in docker_registry.requests(mark) if path != "/v2/"] == ["HEAD"]


async def test_the_bytes_of_a_signed_manifest_are_shown_with_the_signatures(
    import_room: Any, docker_registry: Any, repository_name: str
) -> None:
    layer = docker_registry.blob(repository_name, b"x" * 10)
    content = schema1(repository_name, "1", [layer])
    push(docker_registry, repository_name, "1", signed(content), SIGNED)
    entry = wanted(f"{docker_registry.host}/{repository_name}:1", includeManifest=True)

    answer = await import_room.run({"import": False, "images": [entry]})

    shown = json.loads(answer["status"]["images"][0]["image"]["dockerImageManifest"])
    assert shown.pop("signatures")
    assert shown == json.loads(content)


async def test_an_unsigned_manifest_of_the_first_format_is_converted_too(
    import_room: Any, lying_registry: Any, respond: Any
) -> None:
    layer = digest_of(b"layer")
    content = schema1("x", "1", [layer], sizes=(123,))

    async def answer(asked: Any, writer: Any) -> None:
        writer.write(respond(200, content, Content_Type="application/json"))

    registry = await lying_registry(answer)
    found = await import_room.run({"images": [wanted(f"{registry.host}/x:1")]})

    image = found["status"]["images"][0]["image"]
    assert image["metadata"]["name"] == digest_of(content)
    assert [(one["name"], one["size"]) for one in image["dockerImageLayers"]] == [(layer, 123)]
    assert image["dockerImageMetadata"]["Size"] == 123
    assert [path for path in registry.paths("HEAD") if "/blobs/" in path] == []


async def test_signatures_that_say_nonsense_are_refused(import_room: Any, lying_registry: Any, respond: Any) -> None:
    content = schema1("x", "1", [digest_of(b"layer")])
    longer = encoded(json.dumps({"formatLength": 10**9, "formatTail": ""}).encode())
    bodies = {
        "none": content,
        "longer": content[:-2] + b',"signatures":[{"protected":"' + longer.encode() + b'"}]}',
        "garbage": content[:-2] + b',"signatures":[{"protected":"%%%"}]}',
    }

    async def answer(asked: Any, writer: Any) -> None:
        writer.write(respond(200, bodies[asked.path.rsplit("/", 1)[1]], Content_Type=SIGNED))

    registry = await lying_registry(answer)
    found = await import_room.run({"images": [wanted(f"{registry.host}/x:{tag}", tag) for tag in bodies]})

    messages = [one["status"]["message"] for one in found["status"]["images"]]
    assert all("unreadable signed manifest: " in message for message in messages), messages


async def test_a_manifest_of_the_first_format_without_history_is_refused(
    import_room: Any, lying_registry: Any, respond: Any
) -> None:
    empty = json.dumps({"schemaVersion": 1, "fsLayers": [], "history": []}).encode()
    uneven = json.dumps({"schemaVersion": 1, "fsLayers": [], "history": [{"v1Compatibility": "{}"}]}).encode()

    async def answer(asked: Any, writer: Any) -> None:
        writer.write(respond(200, empty if asked.path.endswith("/1") else uneven, Content_Type=SCHEMA1))

    registry = await lying_registry(answer)
    found = await import_room.run({"images": [wanted(f"{registry.host}/x:{tag}", tag) for tag in "12"]})

    first, second = (one["status"]["message"] for one in found["status"]["images"])
    assert first.endswith("image has no v1Compatibility history and cannot be used")
    assert second.endswith("has mismatched history and fslayer cardinality (1 != 0)")


def index(registry: Any, repository: str, tag: str, entries: list[tuple[Any, dict[str, str] | None]]) -> Any:
    """Push an index of what was pushed before, each entry with its platform if it has one."""
    manifests = []
    for pushed, platform in entries:
        entry = {"mediaType": pushed.media_type, "size": pushed.size, "digest": pushed.digest}
        manifests.append(entry | ({"platform": platform} if platform else {}))
    return registry.manifest(repository, tag, {"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": manifests})


AMD64 = {"os": "linux", "architecture": "amd64"}
ARM64 = {"os": "linux", "architecture": "arm64"}
STATEMENT = {"os": "unknown", "architecture": "unknown"}


async def test_an_index_in_an_index_is_kept_with_all_that_is_in_it(
    import_room: Any, docker_registry: Any, repository_name: str
) -> None:
    amd64 = docker_registry.image(repository_name, seed=1, oci=True)
    arm64 = docker_registry.image(repository_name, seed=2, oci=True)
    inner = index(docker_registry, repository_name, "", [(amd64, AMD64), (arm64, ARM64)])
    outer = index(docker_registry, repository_name, "1", [(inner, None), (amd64, AMD64)])

    answer = await import_room.run(
        {"images": [wanted(f"{docker_registry.host}/{repository_name}:1", mode="PreserveOriginal")]}
    )

    found = answer["status"]["images"][0]
    assert found["image"]["metadata"]["name"] == outer.digest
    assert sorted(one["metadata"]["name"] for one in found["manifests"]) == sorted(
        [inner.digest, amd64.digest, arm64.digest]
    )
    stored = {entry.value.metadata.name for entry in import_room.images.list()}
    assert stored == {outer.digest, inner.digest, amd64.digest, arm64.digest}


async def test_one_image_stands_for_an_index_in_an_index(
    import_room: Any, docker_registry: Any, repository_name: str
) -> None:
    arm64 = docker_registry.image(repository_name, seed=1, oci=True)
    amd64 = docker_registry.image(repository_name, seed=2, oci=True)
    inner = index(docker_registry, repository_name, "", [(arm64, ARM64), (amd64, AMD64)])
    index(docker_registry, repository_name, "1", [(inner, None)])

    answer = await import_room.run({"images": [wanted(f"{docker_registry.host}/{repository_name}:1")]})

    assert answer["status"]["images"][0]["image"]["metadata"]["name"] == amd64.digest


async def test_an_index_ten_levels_deep_is_refused_in_both_modes(
    import_room: Any, docker_registry: Any, repository_name: str
) -> None:
    level = docker_registry.image(repository_name, seed=1, oci=True)
    for depth in range(10):
        level = index(docker_registry, repository_name, "1" if depth == 9 else "", [(level, None)])
    source = f"{docker_registry.host}/{repository_name}:1"
    mark = docker_registry.mark()

    answer = await import_room.run(
        {"images": [wanted(source, "legacy"), wanted(source, "all", mode="PreserveOriginal")]}
    )

    for outcome in answer["status"]["images"]:
        assert outcome["status"]["message"].endswith("manifest lists are nested more than 4 deep")
    assert len([one for one in docker_registry.requests(mark) if one[0] == "GET"]) < 12


async def test_statements_about_an_image_are_kept_and_never_chosen(
    import_room: Any, docker_registry: Any, repository_name: str
) -> None:
    statement = docker_registry.image(repository_name, seed=1, oci=True, platform=("unknown", "unknown", ""))
    s390x = docker_registry.image(repository_name, seed=2, oci=True, platform=("linux", "s390x", ""))
    listed = [(statement, STATEMENT), (s390x, {"os": "linux", "architecture": "s390x"})]
    index(docker_registry, repository_name, "1", listed)
    index(docker_registry, repository_name, "only", [(statement, STATEMENT)])
    source = f"{docker_registry.host}/{repository_name}"

    answer = await import_room.run(
        {
            "images": [
                wanted(f"{source}:1", "legacy"),
                wanted(f"{source}:1", "all", mode="PreserveOriginal"),
                wanted(f"{source}:only", "only"),
            ]
        }
    )

    legacy, everything, only = answer["status"]["images"]
    assert legacy["image"]["metadata"]["name"] == s390x.digest
    assert [one["metadata"]["name"] for one in everything["manifests"]] == [statement.digest, s390x.digest]
    assert only["status"]["message"].endswith("no manifests in manifest list")


async def test_zstd_and_foreign_layers_are_listed_as_the_manifest_has_them(
    import_room: Any, lying_registry: Any, respond: Any
) -> None:
    config = json.dumps({"architecture": "amd64", "os": "windows"}).encode()
    zstd, foreign = (
        "application/vnd.oci.image.layer.v1.tar+zstd",
        "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip",
    )
    manifest = json.dumps(
        {
            "schemaVersion": 2,
            "mediaType": OCI_MANIFEST,
            "config": {"mediaType": OCI_CONFIG, "digest": digest_of(config), "size": len(config)},
            "layers": [
                {"mediaType": foreign, "digest": digest_of(b"1"), "size": 4000, "urls": ["https://example.com/layer"]},
                {"mediaType": zstd, "digest": digest_of(b"2"), "size": 20, "annotations": {"a": "b"}},
            ],
        }
    ).encode()

    async def answer(asked: Any, writer: Any) -> None:
        is_blob = "/blobs/" in asked.path
        writer.write(respond(200, config if is_blob else manifest, Content_Type=OCI_MANIFEST))

    registry = await lying_registry(answer)
    found = await import_room.run({"images": [wanted(f"{registry.host}/x:1")]})

    image = found["status"]["images"][0]["image"]
    assert [(one["mediaType"], one["size"]) for one in image["dockerImageLayers"]] == [(foreign, 4000), (zstd, 20)]
    assert image["dockerImageMetadata"]["Size"] == 4020 + len(config)
    assert all("/blobs/" + digest_of(layer) not in path for layer in (b"1", b"2") for path in registry.paths())


async def test_the_config_of_an_artifact_is_not_taken_for_that_of_an_image(
    import_room: Any, docker_registry: Any, repository_name: str
) -> None:
    config = json.dumps({"name": "chart", "created": "yesterday", "config": "none", "author": ["a"]}).encode()
    chart = docker_registry.blob(repository_name, b"chart")
    docker_registry.manifest(
        repository_name,
        "1",
        {
            "schemaVersion": 2,
            "mediaType": OCI_MANIFEST,
            "config": {
                "mediaType": "application/vnd.cncf.helm.config.v1+json",
                "digest": docker_registry.blob(repository_name, config),
                "size": len(config),
            },
            "layers": [
                {"mediaType": "application/vnd.cncf.helm.chart.content.v1.tar+gzip", "digest": chart, "size": 5}
            ],
        },
    )

    answer = await import_room.run({"images": [wanted(f"{docker_registry.host}/{repository_name}:1")]})

    image = answer["status"]["images"][0]["image"]
    assert [one["name"] for one in image["dockerImageLayers"]] == [chart]
    assert image["dockerImageMetadata"] == {
        "kind": "DockerImage",
        "apiVersion": "image.openshift.io/1.0",
        "Id": digest_of(config),
        "Created": None,
        "ContainerConfig": {},
        "Size": 5 + len(config),
    }
