"""Images, what registries tell about them, and how they are seen through streams."""

import hashlib
import json
from typing import Any

import pytest

from imagestreams.api.codec import from_dict
from imagestreams.api.core import Secret

DIGEST = {letter: "sha256:" + letter * 64 for letter in "abcdef0"}
API = "/apis/image.openshift.io/v1"
MERGE = {"Content-Type": "application/merge-patch+json"}
DOCKER = "application/vnd.docker.distribution.manifest.v2+json"
LIST = "application/vnd.docker.distribution.manifest.list.v2+json"
PULL_SPEC = "reg.example.com/a/b:1"


def digest_of(text: str) -> str:
    return "sha256:" + hashlib.sha256(text.encode()).hexdigest()


def pushed_image() -> tuple[dict[str, Any], str, str]:
    """An image as a registry sends it: with its manifest and config."""
    config = json.dumps({"architecture": "arm64", "created": "2024-01-02T03:04:05.6Z", "config": {"User": "7"}})
    layers = [
        {"mediaType": "l", "size": 10, "digest": DIGEST["a"]},
        {"mediaType": "l", "size": 5, "digest": DIGEST["b"]},
    ]
    manifest = json.dumps(
        {
            "schemaVersion": 2,
            "mediaType": DOCKER,
            "config": {
                "mediaType": "application/vnd.docker.container.image.v1+json",
                "size": len(config),
                "digest": digest_of(config),
            },
            "layers": layers,
        }
    )
    image = {
        "metadata": {"name": digest_of(manifest)},
        "dockerImageReference": PULL_SPEC,
        "dockerImageManifest": manifest,
        "dockerImageConfig": config,
    }
    return image, manifest, config


async def test_layers_and_metadata_of_a_pushed_image_are_read_from_its_manifest(room: Any) -> None:
    image, manifest, config = pushed_image()

    answer = await room.http("POST", f"{API}/images", image)

    assert answer.code == 201
    made = answer.body
    assert [layer["size"] for layer in made["dockerImageLayers"]] == [10, 5]
    assert made["dockerImageMetadata"]["Id"] == digest_of(config)
    assert made["dockerImageMetadata"]["Created"] == "2024-01-02T03:04:05Z"
    assert made["dockerImageMetadata"]["Size"] == 15 + len(config)
    assert made["dockerImageManifestMediaType"] == DOCKER
    assert made["metadata"]["annotations"] == {"image.openshift.io/dockerLayersOrder": "ascending"}
    assert made["dockerImageManifest"] == manifest


async def test_the_manifest_of_a_pushed_list_names_its_children(room: Any) -> None:
    child = {"digest": DIGEST["a"], "size": 3, "mediaType": DOCKER, "platform": {"os": "linux", "architecture": "arm"}}
    manifest = json.dumps({"schemaVersion": 2, "mediaType": LIST, "manifests": [child]})
    image = {
        "metadata": {"name": digest_of(manifest)},
        "dockerImageReference": PULL_SPEC,
        "dockerImageManifest": manifest,
    }

    made = (await room.http("POST", f"{API}/images", image)).body

    assert made["dockerImageManifests"] == [
        {"digest": DIGEST["a"], "mediaType": DOCKER, "manifestSize": 3, "architecture": "arm", "os": "linux"}
    ]
    assert made["dockerImageMetadata"]["Id"] == digest_of(manifest)


async def test_a_registry_that_keeps_the_manifest_need_not_have_it_stored(room: Any) -> None:
    image, _, _ = pushed_image()
    image["metadata"]["annotations"] = {"image.openshift.io/manifestBlobStored": "true"}

    made = (await room.http("POST", f"{API}/images", image)).body

    assert "dockerImageManifest" not in made and "dockerImageConfig" not in made
    assert made["dockerImageMetadata"]["Architecture"] == "arm64"


async def test_the_content_of_an_image_never_changes(room: Any) -> None:
    image, _, _ = pushed_image()
    path = f"{API}/images/{image['metadata']['name']}"
    before = (await room.http("POST", f"{API}/images", image)).body
    patch = {
        "dockerImageMetadata": {"Size": 1},
        "dockerImageLayers": [],
        "dockerImageManifest": "{}",
        "dockerImageConfig": "{}",
    }

    answer = await room.http("PATCH", path, patch, MERGE)

    for document in (answer.body, before):
        del document["metadata"]["managedFields"], document["metadata"]["resourceVersion"]
    assert (answer.code, answer.body) == (200, before)


async def test_a_manifest_that_fits_the_name_may_be_given_later(room: Any) -> None:
    image, manifest, _ = pushed_image()
    path = f"{API}/images/{image['metadata']['name']}"
    bare = {
        key: value for key, value in image.items() if not key.startswith(("dockerImageManifest", "dockerImageConfig"))
    }
    await room.http("POST", f"{API}/images", bare)

    changed = (
        await room.http("PATCH", path, {"dockerImageManifest": manifest, "dockerImageManifestMediaType": DOCKER}, MERGE)
    ).body

    assert changed["dockerImageManifest"] == manifest


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({"dockerImageReference": ""}, "dockerImageReference: Required value"),
        ({"dockerImageReference": "::"}, 'dockerImageReference: Invalid value: "::": invalid reference format'),
        ({"dockerImageManifests": [{"digest": "x"}]}, "dockerImageManifests[0].architecture: Required value"),
        ({"signatures": [{"metadata": {"name": "x"}}]}, "name must be of format <imageName>@<signatureName>"),
    ],
)
async def test_an_image_that_cannot_be_is_refused(room: Any, change: dict[str, Any], text: str) -> None:
    body = {"metadata": {"name": DIGEST["a"]}, "dockerImageReference": PULL_SPEC, **change}

    answer = await room.http("POST", f"{API}/images", body)

    assert answer.code == 422 and text in answer.body["message"]


async def test_a_mapping_leaves_the_generation_and_answers_it(room: Any) -> None:
    await room.add_stream("s")
    await room.merge("imagestreams/s", {"spec": {"lookupPolicy": {"local": True}}})

    await room.push("t", "a")

    stream = await room.call("GET", "imagestreams/s")
    assert stream["metadata"]["generation"] == 2
    assert stream["status"]["tags"][0]["items"][0]["generation"] == 2


async def test_a_mapping_reuses_an_image_that_is_there(room: Any) -> None:
    await room.add_stream("s")
    await room.push("t", "a", dockerImageMetadata={"Architecture": "amd64"})

    await room.push("u", "a", dockerImageMetadata={"Architecture": "arm64"}, dockerImageReference="other.example.com/c")

    image = (await room.http("GET", f"{API}/images/{DIGEST['a']}")).body
    shown = await room.call("GET", "imagestreamtags/s:u")
    assert image["dockerImageMetadata"]["Architecture"] == "amd64"
    assert shown["image"]["dockerImageReference"] == "other.example.com/c"


async def test_an_image_of_our_registry_under_another_stream_is_pulled_through_that_stream(room: Any) -> None:
    for name in ("s", "t"):
        await room.add_stream(name)
    managed = {"metadata": {"name": DIGEST["a"], "annotations": {"openshift.io/image.managed": "true"}}}
    await room.push("1", "a", stream="s", **managed)

    await room.push("1", "a", stream="t", **managed)

    shown = await room.call("GET", "imagestreamtags/t:1")
    assert shown["image"]["dockerImageReference"] == f"registry.test:5000/ns/t@{DIGEST['a']}"


async def test_a_mapping_without_pull_spec_gets_that_of_our_registry(room: Any) -> None:
    await room.add_stream("s")

    await room.push("bad/tag", "a", dockerImageReference="")

    stream = await room.call("GET", "imagestreams/s")
    (history,) = stream["status"]["tags"]
    assert history["tag"] == "bad/tag"
    assert history["items"][0]["dockerImageReference"] == f"registry.test:5000/ns/s@{DIGEST['a']}"


async def test_an_image_of_a_mapping_may_have_any_name(room: Any) -> None:
    await room.add_stream("s")

    await room.push("t", "a", metadata={"name": "not-a-digest"})

    stream = await room.call("GET", "imagestreams/s")
    assert stream["status"]["tags"][0]["items"][0]["image"] == "not-a-digest"


async def test_a_mapping_into_another_namespace_is_refused(room: Any) -> None:
    body = {"metadata": {"name": "s", "namespace": "other"}, "tag": "t", "image": {"metadata": {"name": "x"}}}

    assert (await room.refuse("POST", "imagestreammappings", body))[0] == 400


async def test_a_dry_run_of_a_mapping_writes_nothing(room: Any) -> None:
    await room.add_stream("s")
    body = {"metadata": {"name": "s"}, "tag": "t", "image": {"metadata": {"name": DIGEST["a"]}}}

    await room.call("POST", "imagestreammappings?dryRun=All", body)

    assert await room.histories() == {}
    assert (await room.http("GET", f"{API}/images/{DIGEST['a']}")).code == 404


async def test_a_hundred_and_thirty_pushes_are_a_hundred_and_thirty_events(room: Any) -> None:
    await room.add_stream("s")
    for number in range(130):
        await room.push("t", "ab"[number % 2])

    assert (await room.histories())["t"] == ["b", "a"] * 65


@pytest.mark.parametrize("name", ["a", "aa", "sha256:a", DIGEST["a"]])
async def test_an_image_is_found_by_the_beginning_of_its_digest(room: Any, name: str) -> None:
    await room.add_stream("s")
    await room.push("t", "a")
    await room.push("t", "b")

    found = await room.call("GET", f"imagestreamimages/s@{name}")

    assert found["metadata"]["name"] == f"s@{name}"
    assert found["image"]["metadata"]["name"] == DIGEST["a"]
    assert "uid" not in found["metadata"] and "resourceVersion" not in found["metadata"]


@pytest.mark.parametrize(
    ("name", "answer"),
    [
        ("s", (400, "BadRequest", "ImageStreamImages must be retrieved with <name>@<id>")),
        ("s@ff", (404, "NotFound", 'imagestreamimage.image.openshift.io "s@ff" not found')),
        ("nope@ff", (404, "NotFound", 'imagestreamimages.image.openshift.io "nope" not found')),
    ],
)
async def test_an_image_that_a_stream_does_not_have_is_not_found(room: Any, name: str, answer: Any) -> None:
    await room.add_stream("s")

    assert await room.refuse("GET", f"imagestreamimages/{name}") == answer


async def push_list(room: Any) -> None:
    """A list of one image that is stored and one that is not."""
    layers = [{"name": DIGEST["0"], "size": 9, "mediaType": "l"}]
    child = {
        "dockerImageManifestMediaType": DOCKER,
        "dockerImageLayers": layers,
        "dockerImageMetadata": {"Id": "c" * 9},
    }
    metadata = {"metadata": {"name": DIGEST["b"]}, "dockerImageReference": f"reg/x@{DIGEST['b']}"}
    await room.http("POST", f"{API}/images", {**metadata, **child})
    manifests = [
        {"digest": DIGEST[letter], "mediaType": DOCKER, "manifestSize": 1, "architecture": "arm", "os": "linux"}
        for letter in "bc"
    ]
    await room.push("t", "a", dockerImageManifests=manifests, dockerImageManifestMediaType=LIST)


async def test_a_manifest_of_a_list_is_read_through_the_stream(room: Any) -> None:
    await room.add_stream("s")
    await push_list(room)

    found = await room.call("GET", "imagestreamimages/s@bb")

    assert found["image"]["dockerImageReference"] == f"reg/x@{DIGEST['b']}"


async def test_layers_name_all_blobs_and_images_of_a_stream(room: Any) -> None:
    await room.add_stream("s")
    await push_list(room)

    found = await room.call("GET", "imagestreams/s/layers")

    assert found["images"] == {
        DIGEST["a"]: {"imageMissing": False, "layers": None, "config": None, "manifests": [DIGEST["b"], DIGEST["c"]]},
        DIGEST["b"]: {"imageMissing": False, "layers": [DIGEST["0"]], "config": "c" * 9},
        DIGEST["c"]: {"imageMissing": True, "layers": None, "config": None},
    }
    assert found["blobs"] == {
        DIGEST["0"]: {"size": 9, "mediaType": "l"},
        DIGEST["a"]: {"size": None, "mediaType": LIST},
        DIGEST["b"]: {"size": None, "mediaType": DOCKER},
        "c" * 9: {"size": None, "mediaType": "application/vnd.docker.container.image.v1+json"},
    }


@pytest.mark.parametrize("subresource", ["layers", "secrets"])
async def test_layers_and_secrets_have_no_table(room: Any, subresource: str) -> None:
    await room.add_stream("s")
    headers = {"Accept": "application/json;as=Table;v=v1;g=meta.k8s.io"}

    assert (await room.refuse("GET", f"imagestreams/s/{subresource}", headers=headers))[0] == 406


async def test_the_logins_of_a_namespace_are_shown_in_full_for_any_stream(room: Any) -> None:
    excluded = {"openshift.io/image.excludeSecret": "true"}
    for name, kind, annotations in (
        ("old", "kubernetes.io/dockercfg", None),
        ("new", "kubernetes.io/dockerconfigjson", None),
        ("other", "Opaque", None),
        ("hidden", "kubernetes.io/dockercfg", excluded),
    ):
        metadata = {"name": name, "namespace": "ns", "annotations": annotations}
        body = {"kind": "Secret", "apiVersion": "v1", "metadata": metadata, "type": kind, "data": {"x": "eA=="}}
        await room.secrets.create(from_dict(body, Secret))

    found = await room.call("GET", "imagestreams/no-such-stream/secrets")

    assert (found["kind"], found["apiVersion"]) == ("SecretList", "image.openshift.io/v1")
    assert [(one["metadata"]["name"], one["data"]) for one in found["items"]] == [
        ("new", {"x": "eA=="}),
        ("old", {"x": "eA=="}),
    ]
    assert "kind" not in found["items"][0]


async def test_a_signature_is_kept_in_its_image_until_it_is_deleted(room: Any) -> None:
    await room.add_stream("s")
    await room.push("t", "a")
    name = f"{DIGEST['a']}@mine"
    body = {"metadata": {"name": name}, "type": "atomic", "content": "c2lnbmVk", "imageIdentity": "dropped"}

    made = await room.http("POST", f"{API}/imagesignatures", body)
    again = await room.http("POST", f"{API}/imagesignatures", body)
    image = (await room.http("GET", f"{API}/images/{DIGEST['a']}")).body
    deleted = await room.http("DELETE", f"{API}/imagesignatures/{name}")
    gone = await room.http("DELETE", f"{API}/imagesignatures/{name}")

    assert made.code == 201 and "imageIdentity" not in made.body
    assert (again.code, again.body["reason"]) == (409, "AlreadyExists")
    assert [(one["metadata"]["name"], one["content"]) for one in image["signatures"]] == [(name, "c2lnbmVk")]
    assert (deleted.code, deleted.body["status"]) == (200, "Success")
    assert (gone.code, gone.body["message"]) == (404, f'imageSignatures.image.openshift.io "{name}" not found')


@pytest.mark.parametrize(
    ("body", "text"),
    [
        ({"metadata": {"name": "x"}}, "name must be of format <imageName>@<signatureName>"),
        ({"metadata": {"name": "x@y"}}, "type: Required value"),
        (
            {"metadata": {"name": "x@y", "labels": {"a": "b"}}},
            "metadata.labels: Forbidden: signature labels cannot be set",
        ),
    ],
)
async def test_a_signature_that_says_too_little_or_too_much_is_refused(room: Any, body: Any, text: str) -> None:
    answer = await room.http("POST", f"{API}/imagesignatures", body)

    assert answer.code == 422 and text in answer.body["message"]


@pytest.mark.parametrize(
    ("metadata", "kind", "wanted"),
    [
        ({"Size": "big"}, "string", "Size of type int64"),
        ({"Config": {"Env": 5}}, "number", "Config.Env of type []string"),
        ({"Config": {"Cmd": [True]}}, "bool", "Config.Cmd of type string"),
        ({"Config": {"Labels": ["x"]}}, "array", "Config.Labels of type map[string]string"),
        ({"Config": {"Volumes": {"/x": 1}}}, "number", "Config.Volumes of type struct {}"),
    ],
)
async def test_metadata_of_the_wrong_type_is_refused(
    room: Any, metadata: dict[str, Any], kind: str, wanted: str
) -> None:
    await room.add_stream("s")
    image = {"metadata": {"name": DIGEST["a"]}, "dockerImageReference": PULL_SPEC, "dockerImageMetadata": metadata}
    mapping = {"metadata": {"name": "s"}, "tag": "t", "image": image}

    alone = await room.http("POST", f"{API}/images", image)
    code, reason, message = await room.refuse("POST", "imagestreammappings", mapping)

    assert (alone.code, code, reason) == (400, 400, "BadRequest")
    text = f"json: cannot unmarshal {kind} into Go struct field DockerImage.{wanted}"
    assert text in alone.body["message"] and text in message
