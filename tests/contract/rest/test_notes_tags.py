"""What the notes on the real server say about tags, mappings, images and imports, over HTTP and a real registry."""

from typing import Any

import pytest

IMAGE = "sha256:" + "1" * 64
OTHER = "sha256:" + "2" * 64
EMPTY_METADATA = {
    "kind": "DockerImage",
    "apiVersion": "image.openshift.io/1.0",
    "Id": "",
    "Created": None,
    "ContainerConfig": {},
}
TABLE = "application/json;as=Table;v=v1;g=meta.k8s.io"
PARTIAL = "application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io"
IMAGES = "/apis/image.openshift.io/v1/images"
SIGNATURES = "/apis/image.openshift.io/v1/imagesignatures"


def follow(name: str, source: str, kind: str = "ImageStreamTag", **fields: Any) -> dict[str, Any]:
    return {"name": name, "from": {"kind": kind, "name": source}, **fields}


def reference(name: str) -> dict[str, Any]:
    return follow(name, "x.io/a:1", "DockerImage", reference=True)


def history(stream: Any, tag: str) -> list[Any]:
    found = [each["items"] for each in stream["status"].get("tags", []) if each["tag"] == tag]
    return found[0] or [] if found else []


def images_of(stream: Any, tag: str) -> list[str]:
    return [item["image"] for item in history(stream, tag)]


def test_a_tag_of_a_missing_stream_and_a_missing_tag_are_named_apart(room: Any) -> None:
    room.stream("s")

    for resource in ("imagestreamtags", "imagetags"):
        status, answer = room.call("GET", f"{resource}/none:1")
        assert (status, answer["message"]) == (404, f'{resource}.image.openshift.io "none" not found')
        status, answer = room.call("GET", f"{resource}/s:1")
        assert (status, answer["message"]) == (404, f'{resource}.image.openshift.io "s:1" not found')


@pytest.mark.parametrize("name", ["s", "s:", ":t", "s:a:b", "s@x"])
def test_a_tag_needs_a_stream_and_a_tag_in_its_name(room: Any, name: str) -> None:
    for method in ("GET", "DELETE"):
        for resource, kind in (("imagestreamtags", "ImageStreamTags"), ("imagetags", "ImageTags")):
            status, answer = room.call(method, f"{resource}/{name}")
            assert (status, answer["reason"]) == (400, "BadRequest")
            assert answer["message"] == f"{kind} must be retrieved with <name>:<tag>"


def test_a_new_tag_without_a_colon_fails_without_a_reason(room: Any) -> None:
    status, answer = room.post("imagestreamtags", "ImageStreamTag", "badname", tag=reference("x"))

    assert (status, answer["message"]) == (500, '"badname" must be of the form <stream_name>:<tag>')
    assert "reason" not in answer


def test_a_new_tag_of_a_stream_without_a_name_is_a_bad_request(room: Any) -> None:
    status, answer = room.post("imagestreamtags", "ImageStreamTag", ":t", tag=reference("t"))

    assert (status, answer["message"]) == (400, "Name parameter required.")


def test_a_new_tag_takes_its_name_from_the_object_and_shows_an_empty_image(room: Any) -> None:
    status, answer = room.post("imagestreamtags", "ImageStreamTag", "s:t", tag=follow("other", "nothing"))

    assert (status, answer["tag"]["name"], answer["generation"]) == (201, "t", 0)
    assert answer["image"]["dockerImageMetadata"] == EMPTY_METADATA


def test_a_tag_that_is_there_is_not_made_again(room: Any) -> None:
    room.stream("s", reference("t"))

    status, answer = room.post("imagestreamtags", "ImageStreamTag", "s:t", tag=reference("t"))
    other_status, other = room.post("imagetags", "ImageTag", "s:t", spec=reference("t"))

    assert (status, answer["details"]["kind"]) == (409, "imagestreamtag")
    assert (other_status, other["details"]["kind"]) == (409, "imagetags")


def test_updates_and_patches_of_a_missing_tag_make_it(room: Any) -> None:
    put = room.object("ImageStreamTag", "s:put", tag=reference("put"))

    assert room.call("PUT", "imagestreamtags/s:put", put)[0] == 201
    assert room.patch("imagestreamtags/s:patch", {"tag": follow("patch", "put")})[0] == 201
    assert [tag["name"] for tag in room.get("imagestreams/s")["spec"]["tags"]] == ["patch", "put"]


def test_an_update_at_another_version_is_a_conflict(room: Any) -> None:
    _, stream = room.stream("s", reference("t"))
    stale = room.object("ImageStreamTag", "s:t", {"resourceVersion": "1"}, tag=reference("t"))

    status, answer = room.call("PUT", "imagestreamtags/s:t", stale)

    version = stream["metadata"]["resourceVersion"]
    assert status == 409
    assert answer["message"].endswith(f"another caller has updated the resource version to {version}")


def test_of_a_tag_only_the_annotations_of_its_metadata_count(room: Any) -> None:
    room.stream("s", reference("t"))

    _, shown = room.patch("imagestreamtags/s:t", {"metadata": {"annotations": {"a": "b"}}})
    status, dropped = room.patch("imagestreamtags/s:t", {"tag": {"annotations": {"c": "d"}}})

    assert shown["metadata"]["annotations"] == shown["tag"]["annotations"] == {"a": "b"}
    assert status == 200 and dropped["tag"]["annotations"] == {"a": "b"}


@pytest.mark.parametrize(
    "metadata",
    [
        {"labels": {"a": "b"}},
        {"finalizers": ["x.io/y"]},
        {"generateName": "x"},
        {"ownerReferences": [{"apiVersion": "v1", "kind": "K", "name": "n", "uid": "u"}]},
    ],
)
def test_nothing_else_of_a_tags_metadata_changes(room: Any, metadata: Any) -> None:
    room.stream("s", reference("t"))

    status, answer = room.patch("imagestreamtags/s:t", {"metadata": metadata})

    assert status == 422
    assert [cause["message"] for cause in answer["details"]["causes"]] == [
        'Invalid value: "": may not update fields other than metadata.annotations'
    ]


def test_an_image_tag_wants_a_spec_and_keeps_metadata_and_status(room: Any) -> None:
    room.stream("s", reference("t"))

    status, answer = room.post("imagetags", "ImageTag", "s:new")
    changed, refused = room.patch("imagetags/s:t", {"metadata": {"labels": {"a": "b"}}, "status": None})

    assert (status, answer["details"]["causes"][0]["field"]) == (422, "spec")
    assert changed == 422
    assert [cause["field"] for cause in refused["details"]["causes"]] == ["metadata", "status"]


def test_deleting_a_tag_removes_wish_and_history_and_nothing_of_its_followers(room: Any) -> None:
    room.stream("s")
    room.map("s", "base", IMAGE)
    room.post("imagestreamtags", "ImageStreamTag", "s:next", tag=follow("next", "base"))

    status, answer = room.call("DELETE", "imagestreamtags/s:base")

    stream = room.get("imagestreams/s")
    assert status == 200 and answer == {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success"}
    assert (images_of(stream, "base"), images_of(stream, "next")) == ([], [IMAGE])


def test_a_deletion_on_conditions(room: Any) -> None:
    room.stream("s", reference("t"))
    options = {"kind": "DeleteOptions", "apiVersion": "v1", "preconditions": {"uid": "other"}}

    status, answer = room.call("DELETE", "imagestreamtags/s:t", options)

    assert status == 409 and answer["message"].endswith("the UID precondition was not met")
    assert room.call("DELETE", "imagestreamtags/s:t?dryRun=All")[0] == 200
    assert room.call("GET", "imagetags/s:t")[0] == 200


def test_collections_of_tags_are_neither_deleted_nor_watched(room: Any) -> None:
    for resource in ("imagestreamtags", "imagetags"):
        assert room.call("DELETE", resource)[0] == 405
        assert room.call("GET", f"{resource}?watch=true")[0] == 405


def test_limits_and_selectors_choose_streams_not_tags(room: Any) -> None:
    for name in ("a", "b"):
        room.post("imagestreams", "ImageStream", name, {"labels": {"of": name}})
        room.map(name, "1", IMAGE)
        room.map(name, "2", OTHER)
    room.stream("0-empty")

    def names(query: str) -> list[str]:
        return [item["metadata"]["name"] for item in room.get(f"imagestreamtags?{query}")["items"]]

    assert names("labelSelector=of%3Db") == ["b:1", "b:2"]
    assert names("limit=1") == []
    assert names("limit=2") == ["a:1", "a:2"]
    assert names("fieldSelector=metadata.name%3Da:1") == []
    assert room.get("imagestreamtags?limit=2")["metadata"] == {}


def test_listed_tags_show_stubs_of_images(room: Any) -> None:
    room.stream("s")
    room.map("s", "t", IMAGE, dockerImageMetadata={"Id": "x", "Architecture": "arm"})

    (listed,) = room.get("imagestreamtags")["items"]

    assert listed["image"] == {
        "metadata": {"name": IMAGE},
        "dockerImageReference": f"x.io/y@{IMAGE}",
        "dockerImageMetadata": EMPTY_METADATA,
        "dockerImageMetadataVersion": "1.0",
    }


def test_a_mapping_answers_a_bare_success(room: Any) -> None:
    room.stream("s")

    status, answer = room.map("s", "bad/tag", IMAGE)

    assert status == 201
    assert answer == {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "code": 201}


def test_a_mapping_onto_a_missing_stream(room: Any) -> None:
    for name in ("none", "A_b"):
        status, answer = room.map(name, "t", IMAGE)
        assert (status, answer["details"]["kind"], answer["details"]["name"]) == (404, "imagestreammappings", name)


def test_a_mapping_of_an_image_that_is_named_by_no_digest(room: Any) -> None:
    room.stream("s")

    status, _ = room.map("s", "t", "layer7", dockerImageReference="")

    (item,) = history(room.get("imagestreams/s"), "t")
    assert (status, item["image"]) == (201, "layer7")
    assert item["dockerImageReference"].endswith(f"/{room.namespace}/s:layer7")


@pytest.mark.parametrize(
    ("image", "tag", "field"),
    [
        ({"metadata": {"name": IMAGE}}, "", "tag"),
        ({"metadata": {}}, "t", "image.metadata.name"),
        ({"metadata": {"name": IMAGE}, "dockerImageReference": "A B"}, "t", "image.dockerImageReference"),
        ({"metadata": {"name": IMAGE, "labels": {"a": "b c"}}}, "t", "image.metadata.labels"),
    ],
)
def test_what_a_mapping_needs(room: Any, image: Any, tag: str, field: str) -> None:
    room.stream("s")

    status, answer = room.post("imagestreammappings", "ImageStreamMapping", "s", image=image, tag=tag)

    assert (status, [cause["field"] for cause in answer["details"]["causes"]]) == (422, [field])


def test_an_image_that_is_there_is_left_as_it_is(room: Any) -> None:
    room.stream("s")
    image = f"{room.namespace}-known"
    room.map("s", "a", image, dockerImageReference="x.io/first:1")

    room.map("s", "b", image, dockerImageReference="x.io/second:1")

    assert room.get(f"{IMAGES}/{image}")["dockerImageReference"] == "x.io/first:1"
    assert history(room.get("imagestreams/s"), "b")[0]["dockerImageReference"] == "x.io/second:1"


def test_only_the_newest_item_of_a_history_counts(room: Any) -> None:
    room.stream("s")

    def mapped(image: str, place: str) -> list[tuple[str, str]]:
        room.map("s", "t", image, dockerImageReference=place)
        items = history(room.get("imagestreams/s"), "t")
        return [(item["image"], item["dockerImageReference"]) for item in items]

    assert mapped(IMAGE, "x.io/a:1") == [(IMAGE, "x.io/a:1")]
    assert mapped(IMAGE, "x.io/a:1") == [(IMAGE, "x.io/a:1")]
    assert mapped(IMAGE, "x.io/a:2") == [(IMAGE, "x.io/a:2")]
    assert mapped(OTHER, "x.io/a:2") == [(OTHER, "x.io/a:2")]
    assert mapped(IMAGE, "x.io/a:1") == [(IMAGE, "x.io/a:1"), (OTHER, "x.io/a:2")]
    assert mapped(OTHER, "x.io/a:2") == [(OTHER, "x.io/a:2"), (IMAGE, "x.io/a:1"), (OTHER, "x.io/a:2")]


def test_a_rollback_ends_the_following(room: Any) -> None:
    room.stream("s")
    room.map("s", "t", IMAGE, dockerImageReference="x.io/a:1")
    room.map("s", "t", OTHER, dockerImageReference="x.io/a:2")

    status, _ = room.post("imagestreamtags", "ImageStreamTag", "s:t", tag=follow("t", f"s@{IMAGE}", "ImageStreamImage"))

    stream = room.get("imagestreams/s")
    assert status == 201 and images_of(stream, "t") == [IMAGE, OTHER, IMAGE]
    assert stream["spec"]["tags"][0]["from"]["kind"] == "ImageStreamImage"


def test_a_tag_of_another_stream_is_taken_once(room: Any) -> None:
    room.stream("source")
    room.map("source", "1", IMAGE, dockerImageReference="x.io/a:1")
    room.stream("s", follow("t", "source:1"))
    room.map("source", "1", OTHER, dockerImageReference="x.io/a:2")

    room.patch("imagestreams/s", {"spec": {"lookupPolicy": {"local": True}}})

    assert images_of(room.get("imagestreams/s"), "t") == [IMAGE]


def test_a_reference_has_a_status_and_no_tag_to_read(room: Any) -> None:
    _, stream = room.stream("s", reference("t"))

    (item,) = history(stream, "t")
    assert (item["image"], item["dockerImageReference"]) == ("", "x.io/a:1")
    assert item["created"] == stream["metadata"]["creationTimestamp"]
    assert room.call("GET", "imagestreamtags/s:t")[0] == 404
    assert room.call("GET", "imagetags/s:t")[0] == 200


def test_an_image_is_found_by_the_beginning_of_its_digest(room: Any) -> None:
    room.post("imagestreams", "ImageStream", "s", {"annotations": {"a": "b"}})
    room.map("s", "t", IMAGE)

    for name in ("s@111", "s@sha256:1", "s@sha256:", f"s@{IMAGE}"):
        status, found = room.call("GET", f"imagestreamimages/{name}")
        assert (status, found["metadata"]["name"], found["image"]["metadata"]["name"]) == (200, name, IMAGE)
        assert found["metadata"]["annotations"] == {"a": "b"}
        assert "uid" not in found["metadata"] and "resourceVersion" not in found["metadata"]
    status, answer = room.call("GET", "imagestreamimages/s@999")
    assert (status, answer["details"]["kind"]) == (404, "imagestreamimage")
    status, answer = room.call("GET", "imagestreamimages/none@1")
    assert (status, answer["details"]["kind"]) == (404, "imagestreamimages")


def test_an_import_answers_what_it_found_and_writes_it(room: Any, docker_registry: Any, repository_name: str) -> None:
    pushed = docker_registry.image(repository_name, "1")
    place = f"{docker_registry.host}/{repository_name}"

    answer = room.import_tags("s", {"good": f"{place}:1", "bad": f"{place}:none"})

    good, bad = answer["status"]["images"]
    stream = room.get("imagestreams/s")
    assert (good["status"]["status"], good["tag"], good["image"]["metadata"]["name"]) == ("Success", "1", pushed.digest)
    assert (bad["status"]["reason"], bad["status"]["code"]) == ("NotFound", 404)
    assert bad["status"]["details"]["name"] == f"{place}:none" and bad["status"]["details"]["kind"] == "dockerimage"
    assert images_of(stream, "good") == [pushed.digest] and stream["metadata"]["generation"] == 1
    (condition,) = next(each for each in stream["status"]["tags"] if each["tag"] == "bad")["conditions"]
    assert (condition["type"], condition["status"], condition["reason"]) == ("ImportSuccess", "False", "NotFound")


def test_an_import_that_changes_nothing_writes_nothing(room: Any, docker_registry: Any, repository_name: str) -> None:
    docker_registry.image(repository_name, "1")
    wanted = {"good": f"{docker_registry.host}/{repository_name}:1", "bad": f"{docker_registry.host}/none:1"}
    room.import_tags("s", wanted)
    before = room.get("imagestreams/s")

    room.import_tags("s", wanted)

    assert room.get("imagestreams/s") == before


def test_a_local_reference_changes_what_tags_show_not_the_history(
    room: Any, docker_registry: Any, repository_name: str
) -> None:
    pushed = docker_registry.image(repository_name, "1")
    place = f"{docker_registry.host}/{repository_name}"

    room.import_tags("s", {"t": f"{place}:1"}, referencePolicy={"type": "Local"})

    stream = room.get("imagestreams/s")
    local = f"{stream['status']['dockerImageRepository']}@{pushed.digest}"
    assert history(stream, "t")[0]["dockerImageReference"] == f"{place}@{pushed.digest}"
    assert room.get("imagestreamtags/s:t")["image"]["dockerImageReference"] == local
    assert room.get(f"imagestreamimages/s@{pushed.digest}")["image"]["dockerImageReference"] == local


def test_an_artifact_is_imported_like_an_image(room: Any, docker_registry: Any, repository_name: str) -> None:
    pushed = docker_registry.artifact(repository_name, "1")

    room.import_tags("s", {"t": f"{docker_registry.host}/{repository_name}:1"})

    image = room.get("imagestreamtags/s:t")["image"]
    assert image["metadata"]["name"] == pushed.digest
    assert image["dockerImageMetadata"]["Created"] is None and "Architecture" not in image["dockerImageMetadata"]
    assert [layer["mediaType"] for layer in image["dockerImageLayers"]] == ["application/vnd.example.file"]


def test_a_whole_list_is_kept_with_an_image_for_each_platform(
    room: Any, docker_registry: Any, repository_name: str
) -> None:
    pushed = docker_registry.index(repository_name, "1")
    policy = {"insecure": True, "importMode": "PreserveOriginal"}

    room.import_tags("s", {"t": f"{docker_registry.host}/{repository_name}:1"}, importPolicy=policy)

    image = room.get("imagestreamtags/s:t")["image"]
    assert [each["digest"] for each in image["dockerImageManifests"]] == [child.digest for child in pushed.children]
    assert image["dockerImageMetadata"]["Id"] == pushed.digest and "dockerImageLayers" not in image
    for child in pushed.children:
        assert room.call("GET", f"imagestreamimages/s@{child.digest}")[0] == 200
    layers = room.get("imagestreams/s/layers")
    assert layers["images"][pushed.digest]["manifests"] == [child.digest for child in pushed.children]


def test_an_import_at_another_version_is_a_conflict(room: Any) -> None:
    _, stream = room.stream("s")
    body = room.object(
        "ImageStreamImport",
        "s",
        {"resourceVersion": "1"},
        spec={"import": True, "images": [{"from": {"kind": "DockerImage", "name": "127.0.0.1:1/a:1"}}]},
    )

    status, answer = room.call("POST", "imagestreamimports", body)

    version = stream["metadata"]["resourceVersion"]
    assert status == 409
    assert answer["message"] == (
        'Operation cannot be fulfilled on imagestream.image.openshift.io "s": '
        f'the image stream was updated from "1" to "{version}"'
    )


@pytest.mark.parametrize("images", [None, []])
def test_an_import_of_nothing(room: Any, images: Any) -> None:
    status, answer = room.post("imagestreamimports", "ImageStreamImport", "s", spec={"import": True, "images": images})

    assert status == 422
    assert [cause["message"] for cause in answer["details"]["causes"]] == [
        "Invalid value: null: you must specify at least one image or a repository import"
    ]


def test_an_import_tells_of_its_sources_and_of_its_name_together(room: Any) -> None:
    spec = {"import": False, "images": [{"from": {"kind": "ImageStreamTag", "name": "a:1"}}]}

    status, answer = room.post("imagestreamimports", "ImageStreamImport", "A_b", spec=spec)

    assert (status, answer["details"]["kind"]) == (422, "ImageStreamImport")
    assert [cause["field"] for cause in answer["details"]["causes"]] == ["spec.images[0].from.kind", "metadata.name"]


def test_requests_that_are_no_objects_can_not_be_read(room: Any) -> None:
    for resource in ("imagestreamimports", "imagestreammappings"):
        assert room.call("GET", resource)[0] == 405
        status, answer = room.call("GET", f"{resource}/x")
        assert (status, answer["message"]) == (404, "the server could not find the requested resource")


def test_a_signature_is_added_shown_and_removed(room: Any) -> None:
    image = f"{room.namespace}-signed"
    room.post(IMAGES, "Image", image, dockerImageReference="x.io/a:1")
    name = f"{image}@one"

    def sign(name: str, content: str) -> tuple[int, Any]:
        return room.post(SIGNATURES, "ImageSignature", name, type="atomic", content=content)

    assert sign(name, "aGk=")[0] == 201
    assert sign(name, "aG8=")[0] == sign(f"{image}@same", "aGk=")[0] == 409
    assert [each["metadata"]["name"] for each in room.get(f"{IMAGES}/{image}")["signatures"]] == [name]
    assert room.call("DELETE", f"{SIGNATURES}/{name}")[0] == 200
    status, answer = room.call("DELETE", f"{SIGNATURES}/{name}")
    assert (status, answer["details"]["kind"]) == (404, "imageSignatures")
    status, answer = room.call("DELETE", f"{SIGNATURES}/{image}")
    assert (status, answer["message"]) == (400, "ImageSignatures must be accessed with <imageName>@<signatureName>")


def test_a_signature_that_is_no_base64_is_not_read(room: Any) -> None:
    status, answer = room.post(SIGNATURES, "ImageSignature", "a@b", type="atomic", content="aG!")

    assert status == 400
    assert answer["message"] == (
        'ImageSignature in version "v1" cannot be handled as a ImageSignature: illegal base64 data at input byte 2'
    )


def test_images_belong_to_no_namespace_and_can_be_asked_for_one(room: Any) -> None:
    room.post(IMAGES, "Image", f"{room.namespace}-free", dockerImageReference="x.io/a:1")

    status, listed = room.call("GET", f"{IMAGES}?fieldSelector=metadata.namespace%3D{room.namespace}")

    assert (status, listed["items"]) == (200, [])


def test_the_content_of_an_image_stays(room: Any) -> None:
    name = f"{room.namespace}-kept"
    room.post(IMAGES, "Image", name, dockerImageReference="x.io/a:1", dockerImageMetadata={"Id": "one"})

    change = {"dockerImageMetadata": {"Id": "two"}, "dockerImageLayers": [{"name": "l", "size": 1}]}
    status, image = room.patch(f"{IMAGES}/{name}", change)

    assert status == 200
    assert image["dockerImageMetadata"]["Id"] == "one" and "dockerImageLayers" not in image


def test_what_can_be_shown_as_a_table_and_as_mere_metadata(room: Any) -> None:
    room.stream("s")
    room.map("s", "t", IMAGE)

    for path in ("imagestreams/s", "imagestreamtags/s:t", "imagetags/s:t", "imagestreamimages/s@1", "imagestreamtags"):
        assert room.call("GET", path, accept=TABLE)[1]["kind"] == "Table"
    for path in ("imagestreams/s/layers", "imagestreams/s/secrets"):
        assert room.call("GET", path, accept=TABLE)[0] == 406
    partial = room.call("GET", "imagestreamtags/s:t", accept=PARTIAL)[1]
    assert (partial["kind"], partial["metadata"]["name"]) == ("PartialObjectMetadata", "s:t")


def test_a_missing_streams_secrets_are_those_of_the_namespace(room: Any) -> None:
    login = {
        "metadata": {"name": "login"},
        "type": "kubernetes.io/dockerconfigjson",
        "data": {".dockerconfigjson": "eyJhdXRocyI6e319"},
    }
    room.call("POST", f"/api/v1/namespaces/{room.namespace}/secrets", login)
    room.call("POST", f"/api/v1/namespaces/{room.namespace}/secrets", {"metadata": {"name": "other"}})

    listed = room.get("imagestreams/none/secrets")

    assert (listed["kind"], listed["apiVersion"]) == ("SecretList", "image.openshift.io/v1")
    assert [secret["metadata"]["name"] for secret in listed["items"]] == ["login"]
    assert listed["items"][0]["data"] == login["data"]
