"""What imports set in motion and leave behind: tags that follow, the controller, stored images, the command line."""

from typing import Any

import pytest

from tests.contract.import_specs import image, images_of

CHECKED = "openshift.io/image.dockerRepositoryCheck"

# Tags that follow, and the import controller


def test_an_import_moves_all_tags_that_follow_in_one_write(project: Any, python: Any) -> None:
    def follower(name: str, source: str) -> dict[str, Any]:
        return {"name": name, "from": {"kind": "ImageStreamTag", "name": source}}

    project.imported("s", image(f"{python.repository}:3.6", "base"))
    tags = [project.wish("s", "base"), follower("one", "base"), follower("two", "s:one"), follower("self", "self")]
    project.patch_stream("s", {"spec": {"tags": tags}})

    stream = project.imported("s", image(f"{python.repository}:3.7", "base"))["import"]

    tops = {one["tag"]: one["items"][0]["image"] for one in stream["status"]["tags"]}
    assert tops == {"base": python.new, "one": python.new, "two": python.new}


def test_an_import_ends_that_a_tag_follows_another(project: Any, python: Any) -> None:
    project.imported("s", image(f"{python.repository}:3.6", "base"))
    tags = [project.wish("s", "base"), {"name": "one", "from": {"kind": "ImageStreamTag", "name": "base"}}]
    project.patch_stream("s", {"spec": {"tags": tags}})

    project.imported("s", image(f"{python.repository}:3.7", "one"))

    assert project.wish("s", "one")["from"] == {"kind": "DockerImage", "name": f"{python.repository}:3.7"}
    assert images_of(project.history("s", "base")) == [python.old]


def test_a_stream_with_a_repository_is_imported_whole_with_its_own_tags(
    project: Any, python: Any, busybox: Any
) -> None:
    own = {
        "name": "own",
        "from": {"kind": "DockerImage", "name": f"{python.repository}:3.6"},
        "importPolicy": {"insecure": True},
    }
    annotations = {"openshift.io/image.insecureRepository": "true"}
    project.make_stream("s", {"dockerImageRepository": python.repository, "tags": [own]}, annotations=annotations)

    stream = project.settled("s", lambda one: CHECKED in one["metadata"]["annotations"])

    assert [tag["tag"] for tag in stream["status"]["tags"]] == ["3.6", "3.7", "latest", "own"]
    assert stream["metadata"]["generation"] == 2


@pytest.mark.parametrize(
    ("change", "again"),
    [
        ({"generation": 0}, True),
        ({"importPolicy": {"insecure": True, "importMode": "PreserveOriginal"}}, True),
        ({"importPolicy": {"insecure": True, "scheduled": True, "importMode": "Legacy"}}, False),
        ({"referencePolicy": {"type": "Local"}}, False),
        ({"annotations": {"a": "b"}}, False),
        ({"generation": None}, False),
        ({"generation": 1}, False),
    ],
)
def test_which_changes_of_a_tag_make_it_due(project: Any, python: Any, change: dict[str, Any], again: bool) -> None:
    project.imported("s", image(f"{python.repository}:3.6", "a"))
    project.imported("s", image(f"{python.repository}:3.7", "a"))
    wish = project.wish("s", "a")

    stream = project.patch_stream("s", {"spec": {"tags": [{**wish, **change}]}})  # 036[9..25]

    assert stream["spec"]["tags"][0]["generation"] == (stream["metadata"]["generation"] if again else 2)
    if again:
        answered = project.settled("s", lambda one: one["status"]["tags"][0]["items"][0]["generation"] > 2)
        assert answered["status"]["tags"][0]["items"][0]["image"] == python.new
    else:
        assert project.history("s", "a")[0]["generation"] == 2


def test_the_wish_for_an_image_alone_is_answered_with_a_generation_of_its_own(project: Any, python: Any) -> None:
    tag = {
        "name": "a",
        "from": {"kind": "DockerImage", "name": f"{python.repository}:3.6"},
        "importPolicy": {"insecure": True, "scheduled": True},
    }
    made = project.make_stream("s", {"tags": [tag]})

    stream = project.settled("s", lambda one: "tags" in one["status"])

    assert made["metadata"]["generation"] == 1
    assert stream["metadata"]["generation"] == 2  # 036[2]
    assert stream["spec"]["tags"][0]["generation"] == stream["status"]["tags"][0]["items"][0]["generation"] == 2


def test_a_reference_asks_no_registry_and_has_no_image(project: Any, docker_registry: Any, python: Any) -> None:
    source = f"{python.repository}:3.6"
    mark = docker_registry.mark()
    tag = {"name": "a", "reference": True, "from": {"kind": "DockerImage", "name": source}}

    project.make_stream("s", {"tags": [tag]})

    [event] = project.history("s", "a")
    assert (event["dockerImageReference"], event["image"], event["generation"]) == (source, "", 1)
    assert project.call("GET", "imagestreamtags/s:a")[0] == 404  # 036[38]
    assert docker_registry.requests(mark) == []


# What is stored and served afterwards


def test_all_images_of_a_list_are_stored_and_readable_through_the_stream(project: Any, busybox: Any) -> None:
    policy = {"importMode": "PreserveOriginal"}
    local = {"type": "Local"}
    status = project.imported("s", image(f"{busybox.repository}:latest", "a", policy=policy, referencePolicy=local))

    host = project.stream("s")["status"]["dockerImageRepository"]
    names = [busybox.index.digest, *(child.digest for child in busybox.index.children)]
    assert [one["metadata"]["name"] for one in status["images"][0]["manifests"]] == names[1:]
    for name in names:
        stored = project.server.request("GET", f"/apis/image.openshift.io/v1/images/{name}")[1]
        assert stored["dockerImageReference"] == f"{busybox.repository}@{name}"
        assert not {"dockerImageManifest", "dockerImageConfig"} & stored.keys()
        assert project.get(f"imagestreamimages/s@{name}")["image"]["metadata"]["name"] == name
    assert set(project.get("imagestreams/s/layers")["images"]) == set(names)
    # Local shows in tags and images of the stream; what is recorded stays the upstream's.
    assert project.get("imagestreamtags/s:a")["image"]["dockerImageReference"] == f"{host}@{names[0]}"
    assert project.get(f"imagestreamimages/s@{names[0]}")["image"]["dockerImageReference"] == f"{host}@{names[0]}"
    assert project.history("s", "a")[0]["dockerImageReference"] == f"{busybox.repository}@{names[0]}"


def test_a_list_has_no_layers_and_is_as_old_as_its_import(project: Any, busybox: Any) -> None:
    project.imported("s", image(f"{busybox.repository}:latest", "a", policy={"importMode": "PreserveOriginal"}))

    stored = project.get("imagestreamtags/s:a")["image"]

    metadata = stored["dockerImageMetadata"]
    assert set(metadata) == {"kind", "apiVersion", "Id", "Created", "ContainerConfig"}
    assert (metadata["Id"], metadata["Created"]) == (busybox.index.digest, stored["metadata"]["creationTimestamp"])
    assert "dockerImageLayers" not in stored and "annotations" not in stored["metadata"]
    assert [one["architecture"] for one in stored["dockerImageManifests"]] == ["amd64", "arm64", "s390x"]


def test_a_platform_can_be_preferred_for_a_tag(project: Any, busybox: Any) -> None:
    prefer = "importer.image.openshift.io/prefer-"
    project.imported("s", image(f"{busybox.repository}:latest", "a"))
    wish = project.wish("s", "a")
    project.patch_stream("s", {"spec": {"tags": [{**wish, "annotations": {f"{prefer}arch": "s390x"}}]}})

    project.imported("s", image(f"{busybox.repository}:latest", "a"))

    assert images_of(project.history("s", "a"))[0] == busybox.index.children[2].digest


def test_an_artifact_is_imported_without_complaint(project: Any, docker_registry: Any, repository_name: str) -> None:
    docker_registry.artifact(repository_name, "1")

    project.imported("s", image(f"{docker_registry.host}/{repository_name}:1", "a"))

    stored = project.get("imagestreamtags/s:a")["image"]
    assert stored["dockerImageMetadata"]["Created"] is None
    assert "Architecture" not in stored["dockerImageMetadata"]
    assert [layer["mediaType"] for layer in stored["dockerImageLayers"]] == ["application/vnd.example.file"]


# The command line


def test_import_image_tells_what_failed_and_fails(project: Any, python: Any) -> None:
    host = python.repository.partition("/")[0]

    done = project.isctl("import-image", "s:a", f"--from={python.repository}:3.6", "--confirm")

    refused = f'{python.repository}:3.6: Get "https://{host}/v2/": http: server gave HTTP response to HTTPS client'
    assert done.returncode == 1
    assert done.stdout.startswith("imagestream.image.openshift.io/s imported with errors\n")
    assert f"  ! error: Import failed (InternalError): Internal error occurred: {refused}\n" in done.stdout
    assert done.stderr == (
        f"error: tag 3.6 failed: Internal error occurred: {refused}\nerror: imported completed with errors\n"
    )


@pytest.mark.parametrize(
    ("tag", "told"),
    [
        ({"name": "self", "from": {"kind": "ImageStreamTag", "name": "self"}}, "is a reference to same tag"),
        (
            {"name": "far", "from": {"kind": "ImageStreamTag", "name": "other:1"}},
            "points to an imagestreamtag from another ImageStream",
        ),
    ],
)
def test_import_image_refuses_tags_that_are_not_imported(project: Any, tag: dict[str, Any], told: str) -> None:
    project.make_stream("other", {})
    project.make_stream("s", {"tags": [tag]})

    done = project.isctl("import-image", f"s:{tag['name']}")

    assert done.returncode == 1
    assert told in done.stderr
