"""Where registries to import from are named, streams, tags and mappings from others are refused, and old ones stay."""

from typing import Any

from tests.resources.conftest import REGISTRY, ImageRoom

LISTED = f'not allowed by whitelist: "{REGISTRY}", "quay.io:443"'


def docker(name: str, **policy: Any) -> dict[str, Any]:
    return {"from": {"kind": "DockerImage", "name": name}, "importPolicy": policy}


def stream(*tags: dict[str, Any], repository: str = "", **metadata: Any) -> dict[str, Any]:
    spec = {"tags": list(tags), **({"dockerImageRepository": repository} if repository else {})}
    return {
        "kind": "ImageStream",
        "apiVersion": "image.openshift.io/v1",
        "metadata": {"name": "s", **metadata},
        "spec": spec,
    }


async def test_a_new_stream_may_name_allowed_registries_only(room: ImageRoom) -> None:
    room.allow_only("quay.io")
    tags = [{"name": "a", **docker("docker.io/library/python:3")}, {"name": "b", **docker("quay.io/org/app")}]

    refused = await room.refuse("POST", "imagestreams", stream(*tags, repository="a.io/x/y"))
    taken = await room.http("POST", "/apis/image.openshift.io/v1/namespaces/ns/imagestreams", stream(tags[1]))

    assert refused == (
        422,
        "Invalid",
        'ImageStream.image.openshift.io "s" is invalid: ['
        f'spec.dockerImageRepository: Forbidden: registry "a.io" {LISTED}, '
        f'spec.tags[a].from.name: Forbidden: registry "docker.io" {LISTED}]',
    )
    assert taken.code == 201


async def test_what_a_stream_has_is_not_refused_anew(room: ImageRoom) -> None:
    await room.add_stream("s", {"name": "a", **docker("docker.io/library/python:3")})
    room.allow_only("quay.io")

    same = await room.merge("imagestreams/s", {"metadata": {"labels": {"x": "y"}}})
    tag = {"name": "b", **docker("python:3.12")}
    more = await room.merge("imagestreams/s", {"spec": {"tags": [*same["spec"]["tags"], tag]}})
    other = {"spec": {"tags": [*more["spec"]["tags"], {"name": "c", **docker("alpine")}]}}
    refused = await room.refuse(
        "PATCH", "imagestreams/s", other, headers={"Content-Type": "application/merge-patch+json"}
    )

    assert [one["name"] for one in more["spec"]["tags"]] == ["a", "b"]
    assert refused[2].endswith(f'spec.tags[c].from.name: Forbidden: registry "docker.io:443" {LISTED}')


async def test_insecure_sources_may_use_either_port(room: ImageRoom) -> None:
    room.allow_only("lab.example.com", insecure=True)

    secure = await room.refuse("POST", "imagestreams", stream({"name": "a", **docker("lab.example.com/x")}))
    lax = await room.http(
        "POST",
        "/apis/image.openshift.io/v1/namespaces/ns/imagestreams",
        stream({"name": "a", **docker("lab.example.com/x", insecure=True)}),
    )
    noted = {"annotations": {"openshift.io/image.insecureRepository": "true"}}
    annotated = await room.http(
        "POST",
        "/apis/image.openshift.io/v1/namespaces/other/imagestreams",
        stream({"name": "a", **docker("lab.example.com/x")}, **noted),
    )

    assert f'registry "lab.example.com" not allowed by whitelist: "{REGISTRY}", "lab.example.com:80"' in secure[2]
    assert (lax.code, annotated.code) == (201, 201)


async def test_image_stream_tags_and_image_tags_are_held_to_it(room: ImageRoom) -> None:
    await room.add_stream("s", {"name": "old", **docker("docker.io/org/app:1")})
    await room.push("old", "a")
    room.allow_only("quay.io")
    istag = {
        "kind": "ImageStreamTag",
        "apiVersion": "image.openshift.io/v1",
        "metadata": {"name": "s:new"},
        "tag": docker("docker.io/org/app:2"),
    }
    itag = {**istag, "kind": "ImageTag", "spec": {"name": "new", **istag["tag"]}}
    del itag["tag"]
    moved = await room.call("GET", "imagestreamtags/s:old")
    moved["tag"]["from"]["name"] = "docker.io/org/app:2"

    of_istag = await room.refuse("POST", "imagestreamtags", istag)
    of_itag = await room.refuse("POST", "imagetags", itag)
    same_repository = await room.call("PUT", "imagestreamtags/s:old", moved)
    moved = await room.call("GET", "imagestreamtags/s:old")
    moved["tag"]["from"]["name"] = "docker.io/org/other:2"
    other_repository = await room.refuse("PUT", "imagestreamtags/s:old", moved)

    refused = f'registry "docker.io" {LISTED}'
    istag_text = 'ImageStreamTag.image.openshift.io "s:new" is invalid: tag.from.name: Forbidden: '
    assert of_istag == (422, "Invalid", istag_text + refused)
    assert of_itag[2] == f'ImageTag.image.openshift.io "s:new" is invalid: spec.from.name: Forbidden: {refused}'
    assert same_repository["tag"]["from"]["name"] == "docker.io/org/app:2"
    assert other_repository[2].endswith(f"tag.from.name: Forbidden: {refused}")


async def test_mappings_and_status_may_bring_in_allowed_images_only(room: ImageRoom) -> None:
    await room.add_stream("s")
    await room.push("a", "1")
    room.allow_only("quay.io")
    digest = "sha256:" + "2" * 64
    body = {
        "kind": "ImageStreamMapping",
        "apiVersion": "image.openshift.io/v1",
        "metadata": {"name": "s"},
        "tag": "a",
        "image": {"metadata": {"name": digest}, "dockerImageReference": f"b.io/x/y@{digest}"},
    }
    found = await room.call("GET", "imagestreams/s")
    found["status"]["tags"][0]["items"].insert(0, {"image": digest, "dockerImageReference": f"c.io/x/y@{digest}"})

    mapped = await room.refuse("POST", "imagestreammappings", body)
    written = await room.refuse("PUT", "imagestreams/s/status", found)
    body["image"]["dockerImageReference"] = f"{REGISTRY}/ns/s@{digest}"
    own = await room.call("POST", "imagestreammappings", body)

    where = 'ImageStream.image.openshift.io "s" is invalid: status.tags[a].items[0].dockerImageReference: Forbidden: '
    assert mapped == (422, "Invalid", f'{where}registry "b.io" {LISTED}')
    assert written == (422, "Invalid", f'{where}registry "c.io" {LISTED}')
    assert own["status"] == "Success"


async def test_tags_without_a_mode_get_the_one_that_the_settings_name(room: ImageRoom) -> None:
    room.import_mode = "PreserveOriginal"

    made = await room.add_stream("s", {"name": "a", **docker("quay.io/x")})
    tag = docker("quay.io/x", importMode="Legacy")
    merged = await room.merge("imagestreams/s", {"spec": {"tags": [*made["spec"]["tags"], {"name": "b", **tag}]}})
    itag = await room.merge("imagestreamtags/s:c", {"tag": docker("quay.io/y")})
    applied = await room.call(
        "PATCH",
        "imagestreams/t?fieldManager=me",
        {**stream({"name": "a", **docker("quay.io/x")}), "metadata": {"name": "t"}},
        headers={"Content-Type": "application/apply-patch+yaml"},
    )

    assert [one["importPolicy"]["importMode"] for one in merged["spec"]["tags"]] == ["PreserveOriginal", "Legacy"]
    assert itag["tag"]["importPolicy"] == {"importMode": "PreserveOriginal"}
    assert applied["spec"]["tags"][0]["importPolicy"] == {"importMode": "PreserveOriginal"}
