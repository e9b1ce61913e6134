"""What a write to a stream sets in motion: generations, tags that follow, images of other streams."""

from typing import Any

import pytest

DIGEST = {letter: "sha256:" + letter * 64 for letter in "abcdef0123456789"}


def tag(name: str, kind: str, source: str, **more: Any) -> dict[str, Any]:
    origin = {"kind": kind, "name": source}
    if "namespace" in more:
        origin["namespace"] = more.pop("namespace")
    return {"name": name, "from": origin, **more}


def docker(name: str, source: str = "reg.example.com/x:1", **more: Any) -> dict[str, Any]:
    return tag(name, "DockerImage", source, **more)


def follows(name: str, source: str, **more: Any) -> dict[str, Any]:
    return tag(name, "ImageStreamTag", source, **more)


def generations(stream: dict[str, Any]) -> tuple[int, dict[str, int]]:
    return stream["metadata"]["generation"], {one["name"]: one["generation"] for one in stream["spec"]["tags"]}


async def test_status_in_a_new_stream_is_dropped(room: Any) -> None:
    body = {"metadata": {"name": "s"}, "status": {"tags": [{"tag": "x", "items": []}], "dockerImageRepository": "no"}}

    made = await room.call("POST", "imagestreams", body)

    assert made["status"] == {"dockerImageRepository": "registry.test:5000/ns/s"}


async def test_status_sent_to_the_main_resource_is_dropped(room: Any) -> None:
    await room.add_stream("s")

    changed = await room.merge("imagestreams/s", {"status": {"tags": [{"tag": "x", "items": None}]}})

    assert changed["status"] == {"dockerImageRepository": "registry.test:5000/ns/s"}


async def test_the_status_subresource_drops_spec_changes_and_keeps_the_generation(room: Any) -> None:
    stream = await room.add_stream("s", docker("t"))
    event = {"created": "2026-01-01T00:00:00Z", "dockerImageReference": "r/x:1", "image": DIGEST["a"], "generation": 0}
    stream["spec"] = {"lookupPolicy": {"local": True}, "tags": []}
    stream["status"]["tags"] = [{"tag": "t", "items": [event]}]

    written = await room.call("PUT", "imagestreams/s/status", stream)

    assert generations(written) == (1, {"t": 1})
    assert written["spec"]["lookupPolicy"] == {"local": False}
    assert written["status"]["tags"] == [{"tag": "t", "items": [{**event, "generation": 1}]}]


async def test_a_pull_spec_that_is_none_is_refused_in_a_status(room: Any) -> None:
    stream = await room.add_stream("s")
    stream["status"]["tags"] = [{"tag": "t", "items": [{"created": None, "dockerImageReference": "::", "image": "x"}]}]

    code, reason, message = await room.refuse("PUT", "imagestreams/s/status", stream)

    assert (code, reason) == (422, "Invalid")
    assert 'status.tags[t].items[0].dockerImageReference: Invalid value: "::": invalid reference format' in message


async def test_only_what_changes_the_source_of_a_tag_wants_a_new_import(room: Any) -> None:
    await room.add_stream("s", docker("t"))

    annotated = await room.merge("imagestreams/s", {"spec": {"tags": [docker("t", annotations={"a": "b"})]}})
    assert generations(annotated) == (2, {"t": 1})

    moved = await room.merge("imagestreams/s", {"spec": {"tags": [docker("t", "reg.example.com/x:2")]}})
    assert generations(moved) == (3, {"t": 3})

    older = await room.merge("imagestreams/s", {"spec": {"tags": [docker("t", "reg.example.com/x:2", generation=1)]}})
    assert generations(older) == (3, {"t": 3})
    assert older["metadata"]["resourceVersion"] == moved["metadata"]["resourceVersion"]

    again = await room.merge("imagestreams/s", {"spec": {"tags": [docker("t", "reg.example.com/x:2", generation=0)]}})
    assert generations(again) == (4, {"t": 4})

    labelled = await room.merge("imagestreams/s", {"metadata": {"labels": {"a": "b"}, "generation": 70}})
    assert generations(labelled) == (4, {"t": 4})


async def test_removing_a_spec_tag_keeps_its_history(room: Any) -> None:
    await room.add_stream("s", docker("t"))
    await room.push("t", "a")

    await room.merge("imagestreams/s", {"spec": {"tags": None}})

    assert await room.histories() == {"t": ["a"]}


async def test_a_chain_of_tags_follows_a_push_to_its_end(room: Any) -> None:
    await room.add_stream("s", follows("one", "base"), follows("two", "s:one"), follows("a-three", "two"))

    await room.push("base", "a")
    await room.push("base", "b")

    assert await room.histories() == {name: ["b", "a"] for name in ("a-three", "base", "one", "two")}


async def test_a_chain_that_is_written_at_once_takes_the_image_at_its_end(room: Any) -> None:
    await room.add_stream("s")
    await room.push("base", "a")

    chain = [follows("a", "b"), follows("b", "c"), follows("c", "base")]
    await room.merge("imagestreams/s", {"spec": {"tags": chain}})

    assert await room.histories() == {name: ["a"] for name in ("a", "b", "c", "base")}


@pytest.mark.parametrize(
    "tags",
    [
        [follows("1", "1")],
        [follows("1", "2"), follows("2", "1")],
        [follows("1", "2"), follows("2", "3"), follows("3", "1")],
    ],
)
async def test_self_references_and_cycles_are_accepted_and_point_nowhere(room: Any, tags: list[Any]) -> None:
    made = await room.add_stream("s", *tags)

    assert "tags" not in made["status"]


async def test_a_new_follower_lifts_the_generation_of_the_image_it_follows(room: Any) -> None:
    await room.add_stream("s", docker("base"))
    await room.push("base", "a")

    changed = await room.merge("imagestreams/s", {"spec": {"tags": [docker("base"), follows("track", "base")]}})

    newest = {one["tag"]: one["items"][0]["generation"] for one in changed["status"]["tags"]}
    assert newest == {"base": 2, "track": 2}


async def test_a_new_follower_does_not_hide_that_its_source_is_still_to_be_imported(room: Any) -> None:
    await room.add_stream("s", docker("base"))
    await room.push("base", "a")

    moved = docker("base", "reg.example.com/x:2")
    changed = await room.merge("imagestreams/s", {"spec": {"tags": [moved, follows("track", "base")]}})

    newest = {one["tag"]: one["items"][0]["generation"] for one in changed["status"]["tags"]}
    assert newest == {"base": 1, "track": 2}
    assert generations(changed) == (2, {"base": 2, "track": 2})


async def test_a_tag_of_another_stream_is_copied_once_and_never_followed(room: Any) -> None:
    await room.add_stream("source")
    await room.push("1", "a", stream="source")
    await room.add_stream("s", follows("copy", "source:1"))

    await room.push("1", "b", stream="source")
    await room.merge("imagestreams/s", {"spec": {"lookupPolicy": {"local": True}}})

    assert await room.histories() == {"copy": ["a"]}


async def test_an_image_of_our_own_registry_is_pulled_through_the_stream_that_copies_it(room: Any) -> None:
    await room.add_stream("source")
    own = f"registry.test:5000/ns/source@{DIGEST['a']}"
    await room.push("1", "a", stream="source", dockerImageReference=own)

    copied = await room.add_stream("s", follows("copy", "source:1"), follows("kept", "source:1", reference=True))

    pull_specs = {one["tag"]: one["items"][0]["dockerImageReference"] for one in copied["status"]["tags"]}
    assert pull_specs == {"copy": f"registry.test:5000/ns/s@{DIGEST['a']}", "kept": own}


async def test_a_missing_source_stream_is_refused_and_a_missing_tag_is_not(room: Any) -> None:
    body = {"metadata": {"name": "x"}, "spec": {"tags": [follows("1", "other:1")]}}

    code, reason, message = await room.refuse("POST", "imagestreams", body)

    assert (code, reason) == (422, "Invalid")
    assert message == (
        'ImageStream.image.openshift.io "x" is invalid: []: Internal error: imagestreams "x" is invalid: '
        'spec.tags[1].from.name: Not found: "other:1"'
    )
    await room.add_stream("other")
    assert "tags" not in (await room.call("POST", "imagestreams", body))["status"]


async def test_a_reference_to_a_docker_image_is_recorded_as_it_was_written(room: Any) -> None:
    made = await room.add_stream("s", docker("t", "reg.example.com/x:1", reference=True))

    (event,) = made["status"]["tags"][0]["items"]
    assert (event["image"], event["dockerImageReference"], event["generation"]) == ("", "reg.example.com/x:1", 1)
    assert (await room.refuse("GET", "imagestreamtags/s:t"))[0] == 404


async def test_rolling_back_is_tagging_an_older_image_again(room: Any) -> None:
    await room.add_stream("s", docker("t"))
    for letter in "ab":
        await room.push("t", letter)

    older = tag("t", "ImageStreamImage", f"s@{DIGEST['a']}")
    await room.merge("imagestreams/s", {"spec": {"tags": [older]}})

    assert await room.histories() == {"t": ["a", "b", "a"]}


@pytest.mark.parametrize(
    ("digest", "text"),
    [
        ("sha256:ff", 'error generating tag event: imagestreamimage.image.openshift.io "sha256:ff" not found'),
        (
            "sha256:",
            'Operation cannot be fulfilled on imagestreamimage.image.openshift.io "sha256:": multiple images match the '
            f'prefix "sha256:": {DIGEST["a"]}, {DIGEST["b"]}',
        ),
    ],
)
async def test_an_image_that_is_none_or_not_one_is_refused(room: Any, digest: str, text: str) -> None:
    await room.add_stream("s")
    for letter in "ab":
        await room.push("t", letter)

    patch = {"spec": {"tags": [tag("x", "ImageStreamImage", f"s@{digest}")]}}
    headers = {"Content-Type": "application/merge-patch+json"}
    code, _, message = await room.refuse("PATCH", "imagestreams/s", patch, headers=headers)

    assert code == 422 and text in message


async def test_a_stream_of_another_namespace_needs_permission_to_pull_from_it(room: Any) -> None:
    await room.http(
        "POST", "/apis/image.openshift.io/v1/namespaces/other/imagestreams", {"metadata": {"name": "theirs"}}
    )
    room.authority.grant("create", "imagestreams", "ns")
    body = {"metadata": {"name": "s"}, "spec": {"tags": [follows("1", "theirs:1", namespace="other")]}}

    code, _, message = await room.refuse("POST", "imagestreams", body, user="jane")

    assert code == 422
    assert message == (
        'ImageStream.image.openshift.io "s" is invalid: []: Internal error: imagestreams "s" is invalid: '
        'spec.tags[1].from: Forbidden: other/theirs: "" ""'
    )
    room.authority.grant("get", "imagestreams/layers", "other")
    assert await room.call("POST", "imagestreams", body, user="jane")


async def test_a_prefix_for_names_that_ends_in_a_dash_is_refused(room: Any) -> None:
    code, _, message = await room.refuse("POST", "imagestreams", {"metadata": {"generateName": "gen-"}})

    assert code == 422
    assert 'metadata.generateName: Invalid value: "gen-": must match' in message


async def test_streams_are_chosen_by_their_repository(room: Any) -> None:
    for name in ("s", "t"):
        await room.add_stream(name)

    path = "imagestreams?fieldSelector=status.dockerImageRepository%3Dregistry.test:5000/ns/t"
    found = await room.call("GET", path)

    assert [one["metadata"]["name"] for one in found["items"]] == ["t"]
