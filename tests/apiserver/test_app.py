"""The request path: who is let in, which paths there are, and what is told when something goes wrong."""

import logging
from typing import Any

import pytest

BASE = "/apis/image.openshift.io/v1"
STREAMS = f"{BASE}/namespaces/ns/imagestreams"
MAPPINGS = f"{BASE}/namespaces/ns/imagestreammappings"


def stream(name: str, **fields: Any) -> dict[str, Any]:
    return {"kind": "ImageStream", "apiVersion": "image.openshift.io/v1", "metadata": {"name": name, **fields}}


async def test_a_stream_is_made_read_and_deleted(call: Any) -> None:
    made = await call("POST", STREAMS, stream("a"))
    read = await call("GET", f"{STREAMS}/a")
    gone = await call("DELETE", f"{STREAMS}/a")

    assert (made.status, read.status, gone.status) == (201, 200, 200)
    assert made.json == read.json
    assert made.json["metadata"]["creationTimestamp"] == "2026-11-24T12:00:00Z"
    assert read.headers["content-type"] == "application/json"
    assert read.headers["content-length"] == str(len(read.body))
    assert gone.json["details"]["uid"] == made.json["metadata"]["uid"]
    assert (await call("GET", f"{STREAMS}/a")).json["details"] == {
        "name": "a",
        "group": "image.openshift.io",
        "kind": "imagestreams",
    }


async def test_what_the_server_sets_is_not_taken_from_the_client(call: Any) -> None:
    wished = stream("a", uid="mine", creationTimestamp="2000-01-01T00:00:00Z", deletionTimestamp="2000-01-01T00:00:00Z")

    metadata = (await call("POST", STREAMS, wished)).json["metadata"]

    assert metadata["uid"] != "mine"
    assert metadata["creationTimestamp"] == "2026-11-24T12:00:00Z"
    assert "deletionTimestamp" not in metadata


async def test_without_a_token_one_is_anonymous_and_with_a_wrong_one_nobody(call: Any) -> None:
    anonymous = await call("GET", STREAMS, token=None)
    nobody = await call("GET", STREAMS, token="wrong")

    assert (anonymous.status, anonymous.json["message"]) == (
        403,
        'imagestreams.image.openshift.io is forbidden: User "system:anonymous" cannot list resource "imagestreams" '
        'in API group "image.openshift.io" in the namespace "ns"',
    )
    assert (nobody.status, nobody.json) == (
        401,
        {
            "kind": "Status",
            "apiVersion": "v1",
            "metadata": {},
            "status": "Failure",
            "message": "Unauthorized",
            "reason": "Unauthorized",
            "code": 401,
        },
    )


@pytest.mark.parametrize(
    ("method", "target", "told"),
    [
        (
            "GET",
            f"{STREAMS}/a",
            'imagestreams.image.openshift.io "a" is forbidden: User "jane" cannot get resource "imagestreams" in API '
            'group "image.openshift.io" in the namespace "ns"',
        ),
        (
            "GET",
            f"{STREAMS}/a/layers",
            'imagestreams.image.openshift.io "a" is forbidden: User "jane" cannot get resource "imagestreams/layers" '
            'in API group "image.openshift.io" in the namespace "ns"',
        ),
        (
            "GET",
            f"{BASE}/imagestreams?watch=1",
            'imagestreams.image.openshift.io is forbidden: User "jane" cannot watch resource "imagestreams" in API '
            'group "image.openshift.io" at the cluster scope',
        ),
        (
            "GET",
            f"{STREAMS}?fieldSelector=metadata.name%3Da",
            'imagestreams.image.openshift.io "a" is forbidden: User "jane" cannot list resource "imagestreams" in API '
            'group "image.openshift.io" in the namespace "ns"',
        ),
        (
            "DELETE",
            STREAMS,
            'imagestreams.image.openshift.io is forbidden: User "jane" cannot deletecollection resource '
            '"imagestreams" in API group "image.openshift.io" in the namespace "ns"',
        ),
        (
            "POST",
            "/api/v1/namespaces",
            'namespaces is forbidden: User "jane" cannot create resource "namespaces" in API group "" at the cluster '
            "scope",
        ),
        ("GET", "/metrics", 'forbidden: User "jane" cannot get path "/metrics"'),
        ("GET", "/nonsense", 'forbidden: User "jane" cannot get path "/nonsense"'),
    ],
)
async def test_what_no_rule_allows_is_denied_in_words(call: Any, method: str, target: str, told: str) -> None:
    answer = await call(method, target, token="user-token")

    assert (answer.status, answer.json["reason"], answer.json["message"]) == (403, "Forbidden", told)


@pytest.mark.parametrize("path", ["/api", "/apis", BASE, "/openapi/v2"])
async def test_discovery_is_for_all_who_are_logged_in(call: Any, path: str) -> None:
    assert (await call("GET", path, token="user-token")).status == 200
    refused = await call("GET", path, token=None)
    assert (refused.status, refused.json["message"]) == (
        403,
        f'forbidden: User "system:anonymous" cannot get path "{path}"',
    )


@pytest.mark.parametrize(
    "path",
    [
        f"{BASE}/namespaces/ns/nonsense",
        f"{STREAMS}/a/nonsense",
        f"{BASE}/imagestreams/a",
        f"{MAPPINGS}/a",
        "/api/v1/namespaces/ns/nonsense",
        f"{BASE}/imagestreammappings",
    ],
)
async def test_an_unknown_resource_of_a_known_version_is_a_status(call: Any, path: str) -> None:
    answer = await call("GET", path)

    assert answer.status == 404
    assert answer.json == {
        "kind": "Status",
        "apiVersion": "v1",
        "metadata": {},
        "status": "Failure",
        "message": "the server could not find the requested resource",
        "reason": "NotFound",
        "details": {},
        "code": 404,
    }


@pytest.mark.parametrize(
    "path",
    ["/nonsense", "/apis/image.openshift.io/v9/x", "/apis/image.openshift.io/v9", "/apis/nope", "/api/v9", "/x/y"],
)
async def test_an_unknown_path_is_plain_text(call: Any, path: str) -> None:
    answer = await call("GET", path)

    assert (answer.status, answer.body) == (404, b"404 page not found\n")
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("HEAD", STREAMS),
        ("HEAD", f"{STREAMS}/a"),
        ("OPTIONS", STREAMS),
        ("TRACE", f"{STREAMS}/a"),
        ("POST", f"{STREAMS}/a"),
        ("PUT", STREAMS),
        ("PATCH", STREAMS),
        ("GET", MAPPINGS),
        ("DELETE", f"{BASE}/imagestreams"),
        ("POST", f"{BASE}/imagestreams"),
        ("DELETE", f"{STREAMS}/a/layers"),
        ("POST", "/apis"),
    ],
)
async def test_a_method_that_a_path_does_not_have_is_a_405(call: Any, method: str, path: str) -> None:
    answer = await call(method, path)

    assert answer.status == 405
    assert (answer.json["reason"], answer.json["details"]) == ("MethodNotAllowed", {})
    assert answer.json["message"] == "the server does not allow this method on the requested resource"


async def test_a_bug_is_a_500_that_gives_nothing_away(call: Any, caplog: pytest.LogCaptureFixture) -> None:
    mapping = {"metadata": {"name": "broken"}, "tag": "1", "image": {"metadata": {"name": "x"}}}

    with caplog.at_level(logging.ERROR):
        answer = await call("POST", MAPPINGS, mapping)

    assert (answer.status, answer.json["reason"]) == (500, "InternalError")
    assert b"s3cret" not in answer.body
    assert b"KeyError" not in answer.body
    assert "imagestreammappings failed" in caplog.text
    assert "admin-token" not in caplog.text


async def test_a_bare_status_comes_as_it_is_whatever_shape_is_wanted(call: Any) -> None:
    mapping = {"metadata": {"name": "m"}, "tag": "1", "image": {"metadata": {"name": "x"}}}

    answer = await call("POST", MAPPINGS, mapping)

    assert (answer.status, answer.json) == (
        201,
        {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "code": 201},
    )


async def test_a_query_without_end_is_refused(call: Any) -> None:
    many = "&".join(f"p{number}=1" for number in range(200))

    assert (await call("GET", f"{STREAMS}?{many}")).status == 400
    assert (await call("GET", f"{STREAMS}?labelSelector={'x' * 40_000}")).status == 400
