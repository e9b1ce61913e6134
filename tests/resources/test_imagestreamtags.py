"""Tags of streams as objects of their own."""

import asyncio
from typing import Any

import pytest

DIGEST = {letter: "sha256:" + letter * 64 for letter in "abcdef"}
SOURCE = {"kind": "DockerImage", "name": "reg.example.com/x:1"}
TAGS = "imagestreamtags.image.openshift.io"
NO_TAG = (400, "BadRequest", "ImageStreamTags must be retrieved with <name>:<tag>")
MERGE = {"Content-Type": "application/merge-patch+json"}


def istag(name: str, **more: Any) -> dict[str, Any]:
    return {"metadata": {"name": name}, **more}


async def test_a_new_tag_makes_its_stream_and_shows_an_empty_image(room: Any) -> None:
    made = await room.call("POST", "imagestreamtags", istag("fresh:1", tag={"from": SOURCE, "name": "ignored"}))

    assert made["metadata"]["name"] == "fresh:1" and made["tag"]["name"] == "1"
    assert made["generation"] == 0 and made["image"]["metadata"] == {}
    stream = await room.call("GET", "imagestreams/fresh")
    assert [one["name"] for one in stream["spec"]["tags"]] == ["1"]


async def test_a_tag_that_is_there_cannot_be_made_again(room: Any) -> None:
    body = istag("s:1", tag={"from": SOURCE})
    await room.call("POST", "imagestreamtags", body)

    assert await room.refuse("POST", "imagestreamtags", body) == (
        409,
        "AlreadyExists",
        'imagestreamtag.image.openshift.io "s:1" already exists',
    )


async def test_a_tag_with_nothing_in_it_writes_nothing(room: Any) -> None:
    before = await room.add_stream("s")

    made = await room.call("POST", "imagestreamtags", istag("s:1", tag=None))

    assert made["tag"] is None
    assert (await room.call("GET", "imagestreams/s"))["metadata"] == before["metadata"]


@pytest.mark.parametrize(
    ("method", "path", "body", "answer"),
    [
        ("GET", "imagestreamtags/s", None, NO_TAG),
        (
            "GET",
            "imagestreamtags/s:1:2",
            None,
            NO_TAG,
        ),
        (
            "DELETE",
            "imagestreamtags/s",
            None,
            NO_TAG,
        ),
        ("GET", "imagetags/s", None, (400, "BadRequest", "ImageTags must be retrieved with <name>:<tag>")),
        (
            "GET",
            "imagestreamtags/nope:1",
            None,
            (404, "NotFound", f'{TAGS} "nope" not found'),
        ),
        ("GET", "imagestreamtags/s:9", None, (404, "NotFound", f'{TAGS} "s:9" not found')),
        ("GET", "imagetags/s:9", None, (404, "NotFound", 'imagetags.image.openshift.io "s:9" not found')),
        ("POST", "imagestreamtags", istag("bad", tag=None), (500, "", '"bad" must be of the form <stream_name>:<tag>')),
    ],
)
async def test_a_name_that_names_no_tag_is_refused(
    room: Any, method: str, path: str, body: Any, answer: tuple[int, str, str]
) -> None:
    await room.add_stream("s")

    assert await room.refuse(method, path, body) == answer


@pytest.mark.parametrize("resource", ["imagestreamtags", "imagetags"])
async def test_tags_cannot_be_watched(room: Any, resource: str) -> None:
    assert (await room.refuse("GET", f"{resource}?watch=true"))[:2] == (405, "MethodNotAllowed")


async def test_a_put_makes_what_is_missing(room: Any) -> None:
    answer = await room.http("PUT", "/apis/image.openshift.io/v1/namespaces/ns/imagestreamtags/new:1",
                             istag("new:1", tag={"from": SOURCE}))  # fmt: skip

    assert answer.code == 201
    assert await room.call("GET", "imagestreams/new")


async def test_a_patch_of_a_missing_tag_makes_it(room: Any) -> None:
    await room.add_stream("s")
    path = "/apis/image.openshift.io/v1/namespaces/ns/imagestreamtags/s:1"

    answer = await room.http("PATCH", path, {"tag": {"from": SOURCE}}, MERGE)

    assert (answer.code, answer.body["tag"]["from"]) == (201, SOURCE)


async def test_annotations_of_a_tag_are_those_of_the_spec_tag(room: Any) -> None:
    await room.call("POST", "imagestreamtags", istag("s:1", tag={"from": SOURCE}))

    changed = await room.merge("imagestreamtags/s:1", {"metadata": {"annotations": {"a": "b"}}})
    assert changed["tag"]["annotations"] == changed["metadata"]["annotations"] == {"a": "b"}

    ignored = await room.merge("imagestreamtags/s:1", {"tag": {"annotations": {"c": "d"}}})
    assert ignored["tag"]["annotations"] == {"a": "b"}


async def test_labels_of_a_tag_cannot_be_changed(room: Any) -> None:
    await room.call("POST", "imagestreamtags", istag("s:1", tag={"from": SOURCE}))

    code, _, message = await room.refuse(
        "PATCH", "imagestreamtags/s:1", {"metadata": {"labels": {"a": "b"}}}, headers=MERGE
    )

    assert code == 422
    assert message == (
        'ImageStreamTag.image.openshift.io "s:1" is invalid: metadata: Invalid value: "": '
        "may not update fields other than metadata.annotations"
    )


async def test_a_tag_cannot_be_applied_by_the_server(room: Any) -> None:
    await room.call("POST", "imagestreamtags", istag("s:1", tag={"from": SOURCE}))
    body = {"apiVersion": "image.openshift.io/v1", "kind": "ImageStreamTag", "metadata": {"name": "s:1"}}
    headers = {"Content-Type": "application/apply-patch+yaml"}

    code, _, message = await room.refuse(
        "PATCH", "imagestreamtags/s:1?fieldManager=me", {**body, "tag": {"from": SOURCE}}, headers=headers
    )

    assert code == 422 and "may not update fields other than metadata.annotations" in message


async def test_labels_of_the_stream_show_and_need_not_be_sent_back(room: Any) -> None:
    await room.call("POST", "imagestreamtags", istag("s:1", tag={"from": SOURCE}))
    await room.merge("imagestreams/s", {"metadata": {"labels": {"a": "b"}}})

    written = await room.call("PUT", "imagestreamtags/s:1", istag("s:1", tag={"from": SOURCE}))

    assert written["metadata"]["labels"] == {"a": "b"}


async def test_a_stale_version_is_told_which_one_is_new(room: Any) -> None:
    await room.call("POST", "imagestreamtags", istag("s:1", tag={"from": SOURCE}))
    current = (await room.call("GET", "imagestreams/s"))["metadata"]["resourceVersion"]
    body = {"metadata": {"name": "s:1", "resourceVersion": "1"}, "tag": {"from": SOURCE}}

    assert await room.refuse("PUT", "imagestreamtags/s:1", body) == (
        409,
        "Conflict",
        'Operation cannot be fulfilled on imagestreamtags.image.openshift.io "s:1": another caller has updated the '
        f"resource version to {current}",
    )


async def test_an_update_that_says_nothing_about_an_unwanted_tag_is_refused(room: Any) -> None:
    await room.add_stream("s")
    await room.push("t", "a")

    assert await room.refuse("PUT", "imagestreamtags/s:t", istag("s:t", tag=None)) == (
        400,
        "BadRequest",
        "imagestreamtag t is not a spec tag in imagestream ns/s, cannot be updated",
    )


async def test_deleting_a_tag_removes_wish_and_history_but_not_those_who_follow(room: Any) -> None:
    follower = {"name": "f", "from": {"kind": "ImageStreamTag", "name": "base"}}
    await room.add_stream("s", {"name": "base", "from": SOURCE}, follower)
    await room.push("base", "a")

    await room.call("DELETE", "imagestreamtags/s:base")

    assert await room.histories() == {"f": ["a"]}
    assert (await room.refuse("DELETE", "imagestreamtags/s:base"))[0] == 404


async def test_a_tag_with_only_a_history_can_be_deleted(room: Any) -> None:
    await room.add_stream("s")
    await room.push("t", "a")

    await room.call("DELETE", "imagestreamtags/s:t")

    assert await room.histories() == {}


async def test_a_list_holds_stubs_sorted_by_stream_and_tag(room: Any) -> None:
    for stream in ("b", "a", "empty"):
        await room.add_stream(stream)
    for stream, tag in (("b", "2"), ("b", "1"), ("a", "1")):
        await room.push(tag, "a", stream=stream)

    listed = await room.call("GET", "imagestreamtags")

    assert [one["metadata"]["name"] for one in listed["items"]] == ["a:1", "b:1", "b:2"]
    assert listed["metadata"] == {}
    assert listed["items"][0]["image"]["metadata"] == {"name": DIGEST["a"]}
    assert "kind" not in listed["items"][0]


async def test_limit_and_field_selectors_choose_among_the_streams(room: Any) -> None:
    await room.add_stream("s")
    await room.add_stream("t")
    await room.push("1", "a")
    await room.push("2", "a")

    first = await room.call("GET", "imagestreamtags?limit=1")

    assert [one["metadata"]["name"] for one in first["items"]] == ["s:1", "s:2"]
    assert first["metadata"] == {}
    assert (await room.call("GET", "imagestreamtags?fieldSelector=metadata.name%3Ds:1"))["items"] == []


async def test_a_local_tag_is_pulled_from_our_registry_while_the_history_keeps_the_upstream(room: Any) -> None:
    await room.add_stream("s", {"name": "t", "from": SOURCE, "referencePolicy": {"type": "Local"}})
    await room.push("t", "a")

    shown = await room.call("GET", "imagestreamtags/s:t")
    image = await room.call("GET", f"imagestreamimages/s@{DIGEST['a']}")
    stream = await room.call("GET", "imagestreams/s")

    own = f"registry.test:5000/ns/s@{DIGEST['a']}"
    assert shown["image"]["dockerImageReference"] == image["image"]["dockerImageReference"] == own
    assert stream["status"]["tags"][0]["items"][0]["dockerImageReference"] == f"reg.example.com/a/b@{DIGEST['a']}"


async def test_reading_an_image_through_a_stream_needs_no_permission_on_images(room: Any) -> None:
    await room.add_stream("s")
    await room.push("t", "a")
    room.authority.grant("get", "imagestreamtags", "ns")

    assert await room.call("GET", "imagestreamtags/s:t", user="jane")


async def test_a_tag_read_again_is_the_same_bytes_until_stream_or_image_change(room: Any) -> None:
    await room.add_stream("s")
    await room.push("t", "a")
    first = await room.call("GET", "imagestreamtags/s:t")
    assert await room.call("GET", "imagestreamtags/s:t") == first

    await room.http("PATCH", f"/apis/image.openshift.io/v1/images/{DIGEST['a']}", {"metadata": {"labels": {"x": "y"}}},
                    MERGE)  # fmt: skip
    second = await room.call("GET", "imagestreamtags/s:t")
    await room.push("t", "b")
    third = await room.call("GET", "imagestreamtags/s:t")

    assert second["image"]["metadata"]["labels"] == {"x": "y"}
    assert third["image"]["metadata"]["name"] == DIGEST["b"]


async def test_a_dry_run_writes_nothing(room: Any) -> None:
    await room.add_stream("s")

    made = await room.call("POST", "imagestreamtags?dryRun=All", istag("s:1", tag={"from": SOURCE}))

    assert made["tag"]["from"] == SOURCE
    assert "tags" not in (await room.call("GET", "imagestreams/s"))["spec"]


async def test_many_who_write_tags_of_one_stream_at_once_all_succeed(room: Any) -> None:
    names = [f"s:{number}" for number in range(20)]

    await asyncio.gather(*(room.call("POST", "imagestreamtags", istag(name, tag={"from": SOURCE})) for name in names))

    stream = await room.call("GET", "imagestreams/s")
    assert len(stream["spec"]["tags"]) == 20
    assert stream["metadata"]["generation"] == 20


async def test_an_image_tag_shows_wish_history_and_image_or_null(room: Any) -> None:
    await room.add_stream("s", {"name": "wanted", "from": SOURCE})
    await room.push("pushed", "a")

    wanted = await room.call("GET", "imagetags/s:wanted")
    pushed = await room.call("GET", "imagetags/s:pushed")

    assert (wanted["status"], wanted["image"]) == (None, None)
    assert pushed["spec"] is None and pushed["image"]["metadata"]["name"] == DIGEST["a"]
    assert pushed["metadata"]["generation"] == 1


async def test_an_image_tag_may_change_only_its_spec(room: Any) -> None:
    await room.add_stream("s", {"name": "t", "from": SOURCE})
    whole = await room.call("GET", "imagetags/s:t")

    moved = {**whole, "spec": {**whole["spec"], "from": {"kind": "DockerImage", "name": "reg.example.com/x:2"}}}
    changed = await room.call("PUT", "imagetags/s:t", moved)
    assert changed["spec"]["generation"] == 2

    bare = {"metadata": {"name": "s:t"}, "spec": whole["spec"], "status": {"tag": "t", "items": None}}
    code, _, message = await room.refuse("PUT", "imagetags/s:t", bare)
    assert code == 422 and 'status: Invalid value: "": may not update fields other than spec' in message


async def test_a_new_image_tag_needs_a_spec_of_its_name(room: Any) -> None:
    code, _, message = await room.refuse("POST", "imagetags", istag("s:1"))
    assert code == 422 and message.endswith("spec: Required value: spec is a required field during creation")

    wrong = istag("s:1", spec={"name": "2", "from": SOURCE})
    assert (
        'spec.name: Invalid value: "2": must match image tag name' in (await room.refuse("POST", "imagetags", wrong))[2]
    )

    await room.call("POST", "imagetags", istag("s:1", spec={"from": SOURCE}))
    taken = await room.refuse("POST", "imagetags", istag("s:1", spec={"from": SOURCE}))
    assert taken == (409, "AlreadyExists", 'imagetags.image.openshift.io "s:1" already exists')


@pytest.mark.parametrize("method", ["PUT", "PATCH"])
async def test_an_update_that_makes_a_stream_needs_permission_to_create(room: Any, method: str) -> None:
    for verb in ("update", "patch", "get"):
        room.authority.grant(verb, "imagestreamtags", "ns")
    headers = MERGE if method == "PATCH" else {}
    body = istag("new:1", tag={"from": SOURCE})

    refused = await room.refuse(method, "imagestreamtags/new:1", body, headers=headers, user="jane")
    room.authority.grant("create", "imagestreamtags", "ns")

    assert refused[:2] == (403, "Forbidden")
    assert await room.call(method, "imagestreamtags/new:1", body, headers=headers, user="jane")
