"""Lists and their parameters."""

from typing import Any
from urllib.parse import quote

import pytest

STREAMS = "/apis/image.openshift.io/v1/namespaces/ns/imagestreams"
TABLE = "application/json;as=Table;v=v1;g=meta.k8s.io"
META = "meta.k8s.io"


@pytest.fixture
async def filled(call: Any) -> Any:
    for name in ("a", "b", "c"):
        labels = {"l": name, "kind": "letter"}
        await call("POST", STREAMS, {"metadata": {"name": name, "labels": labels}})
    return call


def names(answer: Any) -> list[str]:
    return [item["metadata"]["name"] for item in answer.json["items"]]


async def test_items_of_a_list_have_no_kind(filled: Any) -> None:
    answer = await filled("GET", STREAMS)

    assert (answer.json["kind"], names(answer)) == ("ImageStreamList", ["a", "b", "c"])
    assert not any("kind" in item or "apiVersion" in item for item in answer.json["items"])
    assert answer.json["metadata"]["resourceVersion"] == answer.json["items"][-1]["metadata"]["resourceVersion"]


async def test_page_by_page(filled: Any) -> None:
    first = await filled("GET", f"{STREAMS}?limit=2")
    token = first.json["metadata"]["continue"]
    await filled("DELETE", f"{STREAMS}/c")
    second = await filled("GET", f"{STREAMS}?limit=2&continue={token}")

    assert (names(first), names(second)) == (["a", "b"], ["c"])
    assert first.json["metadata"]["remainingItemCount"] == 1
    assert "continue" not in second.json["metadata"]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("labelSelector=l%3Da", ["a"]),
        ("labelSelector=l+in+(a,c)", ["a", "c"]),
        ("labelSelector=l!%3Da,kind", ["b", "c"]),
        ("fieldSelector=metadata.name%3Db", ["b"]),
        ("fieldSelector=metadata.name!%3Db,metadata.namespace%3Dns", ["a", "c"]),
        ("limit=-1", ["a", "b", "c"]),
        ("limit=0", ["a", "b", "c"]),
        ("limit=1&resourceVersion=0", ["a", "b", "c"]),
        ("resourceVersion=1&resourceVersionMatch=NotOlderThan", ["a", "b", "c"]),
        ("resourceVersion=2&resourceVersionMatch=Exact", ["a"]),
        ("watch=false", ["a", "b", "c"]),
        ("unknown=parameter", ["a", "b", "c"]),
    ],
)
async def test_what_is_selected(filled: Any, query: str, found: list[str]) -> None:
    assert names(await filled("GET", f"{STREAMS}?{query}")) == found


@pytest.mark.parametrize(
    ("query", "code", "told"),
    [
        ("limit=x", 400, 'strconv.ParseInt: parsing "x": invalid syntax'),
        ("limit=99999999999999999999", 400, 'strconv.ParseInt: parsing "99999999999999999999": value out of range'),
        ("limit=" + "9" * 5000, 400, None),
        ("continue=garbage", 400, None),
        ("continue=e30", 400, None),
        (
            "resourceVersion=abc",
            400,
            'invalid resource version: resourceVersion: Invalid value: "abc": strconv.ParseUint: parsing "abc": '
            "invalid syntax",
        ),
        ("resourceVersion=-1", 400, None),
        ("resourceVersion=99999999999999999999999", 400, None),
        ("fieldSelector=spec.nope%3D1", 400, None),
        ("labelSelector=a%20b", 400, None),
        (
            "resourceVersionMatch=Exact",
            422,
            f'ListOptions.{META} "" is invalid: resourceVersionMatch: Forbidden: resourceVersionMatch is forbidden '
            "unless resourceVersion is provided",
        ),
        (
            "resourceVersion=1&resourceVersionMatch=Nope",
            422,
            f'ListOptions.{META} "" is invalid: resourceVersionMatch: Unsupported value: "Nope": supported values: '
            '"Exact", "NotOlderThan", ""',
        ),
        (
            "resourceVersion=0&resourceVersionMatch=Exact",
            422,
            f'ListOptions.{META} "" is invalid: resourceVersionMatch: Forbidden: resourceVersionMatch "exact" is '
            'forbidden for resourceVersion "0"',
        ),
        (
            "sendInitialEvents=true",
            422,
            f'ListOptions.{META} "" is invalid: sendInitialEvents: Forbidden: sendInitialEvents is forbidden for list',
        ),
    ],
)
async def test_parameters_that_make_no_sense(filled: Any, query: str, code: int, told: str | None) -> None:
    answer = await filled("GET", f"{STREAMS}?{query}")

    assert answer.status == code
    assert answer.json["kind"] == "Status"
    if told is not None:
        assert answer.json["message"] == told


async def test_a_resource_version_does_not_go_with_a_continue_token(filled: Any) -> None:
    token = (await filled("GET", f"{STREAMS}?limit=1")).json["metadata"]["continue"]

    answer = await filled("GET", f"{STREAMS}?limit=1&resourceVersion=2&continue={token}")

    assert (answer.status, answer.json["message"]) == (
        400,
        "specifying resource version is not allowed when using continue",
    )


async def test_as_a_table(filled: Any) -> None:
    answer = await filled("GET", STREAMS, accept=f"{TABLE},application/json")

    assert [row["cells"] for row in answer.json["rows"]] == [["a"], ["b"], ["c"]]
    assert answer.json["rows"][0]["object"]["kind"] == "PartialObjectMetadata"
    whole = await filled("GET", f"{STREAMS}/a?includeObject=Object", accept=TABLE)
    assert whole.json["rows"][0]["object"]["kind"] == "ImageStream"
    none = await filled("GET", f"{STREAMS}?includeObject=None", accept=TABLE)
    assert none.json["rows"][0]["object"] is None


async def test_a_table_holds_known_things_only(filled: Any) -> None:
    answer = await filled("GET", f"{STREAMS}?includeObject=x", accept=TABLE)

    assert (answer.status, answer.json["message"]) == (
        400,
        "Unable to convert to Table as requested: includeObject: Invalid value: \"x\": must be 'Metadata', "
        "'Object', 'None', or empty",
    )


async def test_as_metadata_only(filled: Any) -> None:
    accept = f"application/json;as={quote('PartialObjectMetadataList')};v=v1;g=meta.k8s.io"

    answer = await filled("GET", STREAMS, accept=accept)

    assert answer.json["kind"] == "PartialObjectMetadataList"
    assert [item["metadata"]["name"] for item in answer.json["items"]] == ["a", "b", "c"]
    assert {(item["kind"], item["apiVersion"]) for item in answer.json["items"]} == {
        ("PartialObjectMetadata", "meta.k8s.io/v1")
    }
    wrong = await filled("GET", f"{STREAMS}/a", accept=accept)
    assert (wrong.status, wrong.json["message"]) == (
        406,
        "you requested PartialObjectMetadataList, but the requested object is not a list (*image.ImageStream)",
    )


@pytest.mark.parametrize(
    ("target", "accept", "told"),
    [
        (
            STREAMS,
            "application/x-nonsense",
            "406: Not Acceptable\n\nAvailable representations: application/json, application/yaml, "
            "application/vnd.kubernetes.protobuf, application/json;stream=watch, "
            "application/vnd.kubernetes.protobuf;stream=watch",
        ),
        (
            f"{STREAMS}/a",
            "text/html",
            "406: Not Acceptable\n\nAvailable representations: application/json, application/yaml, "
            "application/vnd.kubernetes.protobuf",
        ),
        (
            f"{STREAMS}/a/layers",
            TABLE,
            "only the following media types are accepted: application/json, application/yaml, "
            "application/vnd.kubernetes.protobuf",
        ),
    ],
)
async def test_what_can_not_be_given_is_a_406(filled: Any, target: str, accept: str, told: str) -> None:
    answer = await filled("GET", target, accept=accept)

    assert (answer.status, answer.json["message"]) == (406, told)
    assert answer.json["reason"] == "NotAcceptable"


async def test_protobuf_is_not_spoken_but_json_next_to_it_is(filled: Any) -> None:
    protobuf = "application/vnd.kubernetes.protobuf"

    assert (await filled("GET", STREAMS, accept=protobuf)).status == 406
    assert (await filled("GET", STREAMS, accept=f"{protobuf},application/json")).status == 200


async def test_a_collection_is_deleted(filled: Any) -> None:
    answer = await filled("DELETE", f"{STREAMS}?labelSelector=l+notin+(b)")

    assert (answer.json["kind"], names(answer)) == ("ImageStreamList", ["a", "c"])
    assert names(await filled("GET", STREAMS)) == ["b"]
