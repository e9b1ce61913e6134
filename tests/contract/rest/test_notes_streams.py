"""What the notes on the real server say about streams, over HTTP: objects as served, generations, names, errors."""

from typing import Any

import pytest

REFERENCE = {"kind": "DockerImage", "name": "x.io/a:1"}


def tag(name: str, **fields: Any) -> dict[str, Any]:
    return {"name": name, "from": REFERENCE, "reference": True, **fields}


def told(answer: Any) -> tuple[str, str]:
    return answer["reason"], answer["message"]


def test_a_stream_of_nothing_but_a_name_has_no_manager_and_no_tags(room: Any) -> None:
    status, stream = room.stream("s")

    assert status == 201
    assert stream["metadata"]["generation"] == 1 and "managedFields" not in stream["metadata"]
    assert stream["spec"] == {"lookupPolicy": {"local": False}}
    assert list(stream["status"]) == ["dockerImageRepository"]
    assert stream["status"]["dockerImageRepository"].endswith(f"/{room.namespace}/s")


def test_tags_are_filled_in_and_come_sorted_and_the_last_of_a_name_wins(room: Any) -> None:
    _, stream = room.stream("s", tag("b"), {"name": "a"}, tag("b", generation=7, importPolicy={"scheduled": True}))

    assert [each["name"] for each in stream["spec"]["tags"]] == ["a", "b"]
    assert stream["spec"]["tags"][0] == {
        "name": "a",
        "annotations": None,
        "generation": 1,
        "importPolicy": {"importMode": "Legacy"},
        "referencePolicy": {"type": "Source"},
    }
    assert stream["spec"]["tags"][1]["generation"] == 1
    assert stream["spec"]["tags"][1]["importPolicy"] == {"scheduled": True, "importMode": "Legacy"}


@pytest.mark.parametrize("name", ["", "a b", "a/b", "a:b", "x" * 129])
def test_names_of_tags_are_free(room: Any, name: str) -> None:
    status, stream = room.stream("s", {"name": name})

    assert (status, stream["spec"]["tags"][0]["name"]) == (201, name)


def test_what_a_client_says_of_the_status_is_dropped(room: Any) -> None:
    said = {"tags": [{"tag": "t", "items": [{"image": "i", "dockerImageReference": "x/y"}]}]}

    status, stream = room.post("imagestreams", "ImageStream", "s", status=said)

    assert status == 201 and "tags" not in stream["status"]


def test_the_status_subresource_drops_the_spec_and_keeps_the_generation(room: Any) -> None:
    room.stream("s")
    item = {"created": None, "dockerImageReference": "x.io/a:1", "image": "i", "generation": 0}
    patch = {"spec": {"lookupPolicy": {"local": True}}, "status": {"tags": [{"tag": "t", "items": [item]}]}}

    status, stream = room.patch("imagestreams/s/status", patch)

    assert status == 200 and stream["metadata"]["generation"] == 1
    assert stream["spec"]["lookupPolicy"] == {"local": False}
    assert stream["status"]["tags"][0]["items"][0]["generation"] == 1


def test_a_status_with_a_bad_pull_spec_is_refused(room: Any) -> None:
    room.stream("s")
    patch = {"status": {"tags": [{"tag": "t", "items": [{"dockerImageReference": "A B"}]}]}}

    status, answer = room.patch("imagestreams/s/status", patch)

    assert status == 422
    assert answer["details"]["causes"] == [
        {
            "reason": "FieldValueInvalid",
            "message": 'Invalid value: "A B": invalid reference format',
            "field": "status.tags[t].items[0].dockerImageReference",
        }
    ]


def test_the_generation_rises_with_the_spec_and_with_nothing_else(room: Any) -> None:
    room.stream("s", tag("t"))

    def generation(**patch: Any) -> int:
        return int(room.patch("imagestreams/s", patch)[1]["metadata"]["generation"])

    assert generation(metadata={"labels": {"a": "b"}}) == 1
    assert generation(metadata={"generation": 99}) == 1
    assert generation(spec={"lookupPolicy": {"local": True}}) == 2
    assert generation(spec={"tags": [tag("t", importPolicy={"insecure": True})]}) == 3
    assert generation(spec={"tags": [tag("t", annotations={"a": "b"}, importPolicy={"insecure": True})]}) == 4


def test_an_update_of_nothing_keeps_the_resource_version(room: Any) -> None:
    _, stream = room.stream("s", tag("t"))

    status, again = room.call("PUT", "imagestreams/s", stream)

    assert status == 200
    assert again["metadata"]["resourceVersion"] == stream["metadata"]["resourceVersion"]


@pytest.mark.parametrize(
    ("change", "generation"),
    [
        ({"annotations": {"a": "b"}}, 1),
        ({"importPolicy": {"scheduled": True}}, 1),
        ({"referencePolicy": {"type": "Local"}}, 1),
        ({"generation": 5}, 1),
        ({"generation": 0}, 2),
        ({"from": {"kind": "DockerImage", "name": "x.io/b:1"}}, 2),
        ({"importPolicy": {"importMode": "PreserveOriginal"}}, 2),
        ({"reference": False}, 2),
    ],
)
def test_a_tag_is_wanted_anew_only_when_its_source_changes(room: Any, change: Any, generation: int) -> None:
    room.stream("s", tag("t"))

    _, stream = room.patch("imagestreams/s", {"spec": {"tags": [tag("t", **change)]}})

    assert stream["spec"]["tags"][0]["generation"] == generation


@pytest.mark.parametrize("name", ["a_b", "a.b", "a-b", "0"])
def test_good_names(room: Any, name: str) -> None:
    assert room.stream(name)[0] == 201


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        ("a--b", 'must match "[a-z0-9]+(?:[._-][a-z0-9]+)*"'),
        ("A", 'must match "[a-z0-9]+(?:[._-][a-z0-9]+)*"'),
        ("a/b", "may not contain '/'"),
        ("a%b", "may not contain '%'"),
        ("..", "may not be '..'"),
    ],
)
def test_bad_names(room: Any, name: str, problem: str) -> None:
    status, answer = room.stream(name)

    assert status == 422
    assert told(answer) == (
        "Invalid",
        f'ImageStream.image.openshift.io "{name}" is invalid: metadata.name: Invalid value: "{name}": {problem}',
    )


def test_a_name_is_too_long_together_with_its_namespace(room: Any) -> None:
    fits = "a" * (254 - len(room.namespace))

    assert room.stream(fits)[0] == 201
    status, answer = room.stream(fits + "a")
    assert status == 422
    assert answer["message"].endswith("'namespace/name' cannot be longer than 255 characters")


def test_a_name_that_no_object_can_have_is_a_bad_request(room: Any) -> None:
    for method, path in (("GET", "imagestreams/a%25b"), ("DELETE", "imagestreams/a%25b"), ("GET", "/images")):
        if path == "/images":
            path = "/apis/image.openshift.io/v1/images/a%25b"
        status, answer = room.call(method, path)
        assert (status, *told(answer)) == (
            400,
            "BadRequest",
            "Name parameter invalid: \"a%b\": may not contain '%'",
        )


def test_a_generated_name_may_not_end_its_prefix_with_a_dash(room: Any) -> None:
    assert room.post("imagestreams", "ImageStream", "", {"generateName": "gen"})[0] == 201

    status, answer = room.post("imagestreams", "ImageStream", "", {"generateName": "gen-"})

    assert status == 422
    assert [cause["field"] for cause in answer["details"]["causes"]] == ["metadata.generateName"]


def test_a_finalizer_must_say_whose_it_is(room: Any) -> None:
    status, answer = room.post("imagestreams", "ImageStream", "s", {"finalizers": ["hold"]})

    assert status == 422
    assert told(answer) == (
        "Invalid",
        'ImageStream.image.openshift.io "s" is invalid: metadata.finalizers[0]: Invalid value: "hold": name is '
        "neither a standard finalizer name nor is it fully qualified",
    )


def test_a_stream_with_a_finalizer_waits_for_it(room: Any) -> None:
    room.post("imagestreams", "ImageStream", "s", {"finalizers": ["example.com/hold"]})

    status, waiting = room.call("DELETE", "imagestreams/s")
    refused, answer = room.patch("imagestreams/s", {"metadata": {"finalizers": ["example.com/hold", "x.io/y"]}})
    released, _ = room.patch("imagestreams/s", {"metadata": {"finalizers": None}})

    assert status == 200 and waiting["metadata"]["deletionTimestamp"]
    assert refused == 422 and "no new finalizers can be added" in answer["message"]
    assert released == 200 and room.call("GET", "imagestreams/s")[0] == 404


def test_a_null_among_annotations_is_an_empty_one(room: Any) -> None:
    status, stream = room.post("imagestreams", "ImageStream", "s", {"annotations": {"k": None}})

    assert (status, stream["metadata"]["annotations"]) == (201, {"k": ""})


@pytest.mark.parametrize(
    ("source", "causes"),
    [
        ({"kind": "DockerImage", "name": "A B"}, {"spec.tags[t].from.name": "invalid reference format"}),
        ({"kind": "DockerImage", "name": "x.io/A"}, {"spec.tags[t].from.name": "repository name must be lowercase"}),
        ({"kind": "ImageStreamTag", "name": ""}, {"spec.tags[t].from.name": "Required value"}),
    ],
)
def test_sources_that_can_not_be(room: Any, source: Any, causes: dict[str, str]) -> None:
    status, answer = room.stream("s", {"name": "t", "from": source})

    assert status == 422
    found = {cause["field"]: cause["message"] for cause in answer["details"]["causes"]}
    assert found.keys() == causes.keys()
    assert all(found[field].endswith(text) for field, text in causes.items())


def test_a_source_stream_that_is_missing_is_told_as_an_internal_error(room: Any) -> None:
    status, answer = room.stream("s", {"name": "1", "from": {"kind": "ImageStreamTag", "name": "other:1"}})

    assert status == 422
    assert told(answer) == (
        "Invalid",
        'ImageStream.image.openshift.io "s" is invalid: []: Internal error: imagestreams "s" is invalid: '
        'spec.tags[1].from.name: Not found: "other:1"',
    )
    assert [cause["reason"] for cause in answer["details"]["causes"]] == ["InternalError"]


def test_a_source_tag_that_is_missing_is_no_error(room: Any) -> None:
    room.stream("other")

    status, stream = room.stream("s", {"name": "1", "from": {"kind": "ImageStreamTag", "name": "other:1"}})

    assert status == 201 and "tags" not in stream["status"]


def test_cycles_are_accepted(room: Any) -> None:
    def follow(name: str, other: str) -> Any:
        return {"name": name, "from": {"kind": "ImageStreamTag", "name": other}}

    assert room.stream("self", follow("a", "a"))[0] == 201
    status, stream = room.stream("three", follow("a", "b"), follow("b", "c"), follow("c", "a"))
    assert status == 201 and "tags" not in stream["status"]


def test_an_update_needs_a_resource_version_and_the_right_uid(room: Any) -> None:
    _, stream = room.stream("s")

    def put(**metadata: Any) -> tuple[int, Any]:
        return room.call("PUT", "imagestreams/s", {**stream, "metadata": {**stream["metadata"], **metadata}})

    status, answer = put(resourceVersion="")
    assert (status, answer["details"]["kind"]) == (422, "imagestreams")
    assert answer["message"].endswith("metadata.resourceVersion: Invalid value: 0: must be specified for an update")
    status, answer = put(uid="other")
    assert status == 409 and f"Key: /openshift.io/imagestreams/{room.namespace}/s" in answer["message"]
    assert put(resourceVersion="1")[0] == 409


def test_there_is_no_creation_by_update_and_no_creation_at_a_version(room: Any) -> None:
    status, _ = room.call("PUT", "imagestreams/none", room.object("ImageStream", "none"))
    failed, answer = room.post("imagestreams", "ImageStream", "s", {"resourceVersion": "5"})

    assert status == 404
    assert (failed, answer["message"]) == (500, "resourceVersion should not be set on objects to be created")
    assert "reason" not in answer


def test_a_missing_namespace_holds_nothing_and_takes_nothing(room: Any) -> None:
    path = "/apis/image.openshift.io/v1/namespaces/nowhere/imagestreams"

    status, answer = room.call("POST", path, room.object("ImageStream", "s"))
    found, listed = room.call("GET", path)

    assert (status, answer["message"]) == (404, 'namespaces "nowhere" not found')
    assert (found, listed["items"]) == (200, [])


def test_an_immutable_uid_is_told_twice(room: Any) -> None:
    room.stream("s")

    status, answer = room.patch("imagestreams/s", {"metadata": {"uid": "other"}})

    assert status == 422
    assert [cause["field"] for cause in answer["details"]["causes"]] == ["metadata.uid", "metadata.uid"]


def test_removing_a_wish_leaves_its_history(room: Any) -> None:
    room.stream("s", tag("t"))

    _, stream = room.patch("imagestreams/s", {"spec": {"tags": []}})

    assert "tags" not in stream["spec"]
    assert [history["tag"] for history in stream["status"]["tags"]] == ["t"]


@pytest.mark.parametrize("dry", ["imagestreams", "imagestreamtags", "imagetags"])
def test_a_dry_run_writes_nothing(room: Any, dry: str) -> None:
    bodies = {
        "imagestreams": room.object("ImageStream", "s"),
        "imagestreamtags": room.object("ImageStreamTag", "s:1", tag=tag("1")),
        "imagetags": room.object("ImageTag", "s:1", spec=tag("1")),
    }

    status, _ = room.call("POST", f"{dry}?dryRun=All", bodies[dry])

    assert status == 201
    assert room.get("imagestreams")["items"] == []


def test_pages_and_selectors(room: Any) -> None:
    for name, label in (("a", "1"), ("b", "2"), ("c", "2")):
        room.post("imagestreams", "ImageStream", name, {"labels": {"k": label}})

    def names(query: str) -> list[str]:
        return [item["metadata"]["name"] for item in room.get(f"imagestreams?{query}")["items"]]

    first = room.get("imagestreams?limit=2")
    assert first["metadata"]["remainingItemCount"] == 1
    assert names(f"limit=2&continue={first['metadata']['continue']}") == ["c"]
    assert names("labelSelector=k%3D2") == ["b", "c"]
    assert names("fieldSelector=metadata.name!%3Db") == ["a", "c"]
    assert names("fieldSelector=spec.dockerImageRepository%3D") == ["a", "b", "c"]
    assert names("limit=1&resourceVersion=0") == ["a", "b", "c"]
    assert names("limit=-1") == ["a", "b", "c"]
    status, answer = room.call("GET", "imagestreams?fieldSelector=spec.x%3D1")
    assert status == 400
    assert answer["message"] == ('"spec.x" is not a known field selector: only "metadata.name", "metadata.namespace"')


def test_a_list_does_not_repeat_what_its_items_are(room: Any) -> None:
    room.stream("s")

    listed = room.get("imagestreams")

    assert listed["kind"] == "ImageStreamList"
    assert "kind" not in listed["items"][0] and "apiVersion" not in listed["items"][0]


@pytest.mark.parametrize("method", ["HEAD", "OPTIONS", "TRACE"])
def test_methods_that_are_not_allowed(room: Any, method: str) -> None:
    assert room.call(method, "imagestreams")[0] == 405
