"""What the notes on the real server say about lists, watches and access, over HTTP."""

from typing import Any

import pytest

LIST = "imagestreams?"


def message(answer: tuple[int, Any]) -> tuple[int, str]:
    return answer[0], answer[1]["message"]


@pytest.mark.parametrize("selector", ["metadata.name=a", "metadata.namespace!=x,metadata.name==a"])
def test_streams_are_selected_by_name_and_namespace(room: Any, selector: str) -> None:
    room.stream("a")
    room.stream("b")

    selected = room.get(f"{LIST}fieldSelector={selector}")["items"]

    assert [item["metadata"]["name"] for item in selected] == ["a"]


def test_other_fields_select_nothing(room: Any) -> None:
    told = '"spec.x" is not a known field selector: only "metadata.name", "metadata.namespace"'

    assert message(room.call("GET", f"{LIST}fieldSelector=spec.x=1")) == (400, told)


def test_a_negative_limit_is_none_and_one_with_version_0_is_ignored(room: Any) -> None:
    for name in ("a", "b"):
        room.stream(name)

    assert len(room.get(f"{LIST}limit=-1")["items"]) == 2
    assert len(room.get(f"{LIST}limit=1&resourceVersion=0")["items"]) == 2
    assert len(room.get(f"{LIST}limit=1")["items"]) == 1


def test_a_bad_version_is_a_400_for_a_list_and_a_500_for_a_watch(room: Any) -> None:
    wrong = 'resourceVersion: Invalid value: "x": strconv.ParseUint: parsing "x": invalid syntax'

    assert message(room.call("GET", f"{LIST}resourceVersion=x")) == (400, f"invalid resource version: {wrong}")
    assert message(room.call("GET", f"{LIST}watch=1&resourceVersion=x")) == (500, wrong)


def test_the_time_before_the_server_began_is_gone(room: Any) -> None:
    code, listed = room.call("GET", f"{LIST}resourceVersion=1&resourceVersionMatch=Exact")
    watched_code, event = room.call("GET", f"{LIST}watch=1&resourceVersion=1&timeoutSeconds=1")

    assert (code, listed["reason"]) == (410, "Expired")
    assert listed["message"] == "The resourceVersion for the provided list is too old."
    assert (watched_code, event["type"]) == (200, "ERROR")
    assert (event["object"]["code"], event["object"]["reason"]) == (410, "Expired")
    assert event["object"]["message"].startswith("too old resource version: 1 (")


@pytest.mark.parametrize("resource", ["imagestreamtags", "imagetags"])
def test_tags_can_not_be_watched(room: Any, resource: str) -> None:
    told = f'watch is not supported on resources of kind "{resource}.image.openshift.io"'

    assert message(room.call("GET", f"{resource}?watch=1")) == (405, told)


@pytest.mark.parametrize("resource", ["imagestreamimports", "imagestreammappings"])
def test_what_is_only_posted_has_no_list_and_no_objects(room: Any, resource: str) -> None:
    assert room.call("GET", resource)[0] == 405
    assert message(room.call("GET", f"{resource}/x")) == (404, "the server could not find the requested resource")


@pytest.mark.parametrize("method", ["HEAD", "OPTIONS", "TRACE"])
def test_other_methods_are_a_405(room: Any, method: str) -> None:
    assert room.call(method, "imagestreams")[0] == 405


def test_a_wrong_token_is_unauthorized_without_details(room: Any) -> None:
    code, status = room.server.request("GET", "/apis", token="wrong")

    assert (code, status["message"], "details" in status) == (401, "Unauthorized", False)


def test_a_kind_that_nobody_knows_is_not_registered(room: Any) -> None:
    told = (
        'Nonsense in version "v1" cannot be handled as a ImageStream: no kind "Nonsense" is registered for version '
        '"image.openshift.io/v1" in scheme "k8s.io/kubernetes/pkg/api/legacyscheme/scheme.go:30"'
    )

    assert message(room.post("imagestreams", "Nonsense", "x")) == (400, told)


def test_a_number_of_more_than_64_bits_is_refused(room: Any) -> None:
    code, told = message(room.post("imagestreams", "ImageStream", "x", {"generation": 10**20}))

    assert code == 400
    assert told.endswith(
        "number 100000000000000000000 into Go struct field ObjectMeta.metadata.generation of type int64"
    )
