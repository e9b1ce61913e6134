"""What an API server is answered: reviews come back with a patch, and nobody else learns anything."""

import base64
import json
from typing import Any

import pytest

PATH = "/admission/images/"


def review(
    image: str = "app:prod",
    *,
    namespace: str = "team",
    operation: str = "CREATE",
    kind: str = "Pod",
    old: str | None = None,
    **fields: Any,
) -> dict[str, Any]:
    def pod(image: str) -> dict[str, Any]:
        return {"metadata": {"name": "web"}, "spec": {"containers": [{"name": "web", "image": image}]}}

    request = {
        "uid": "705ab4f5-6393-11e8-b7cc-42010a800002",
        "kind": {"group": "", "version": "v1", "kind": kind},
        "resource": {"group": "", "version": "v1", "resource": "pods"},
        "name": "web",
        "namespace": namespace,
        "operation": operation,
        "object": pod(image),
        "oldObject": pod(old) if old is not None else None,
        "userInfo": {"username": "admin"},
        **fields,
    }
    return {"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "request": request}


def patch(answer: dict[str, Any]) -> Any:
    encoded = answer["response"].get("patch")
    return json.loads(base64.b64decode(encoded)) if encoded else None


async def test_a_review_comes_back_with_a_patch(room: Any) -> None:
    await room.token()
    await room.stream()

    status, answer = await room.call(review())

    assert status == 200
    assert (answer["apiVersion"], answer["kind"]) == ("admission.k8s.io/v1", "AdmissionReview")
    assert answer["response"]["uid"] == "705ab4f5-6393-11e8-b7cc-42010a800002"
    assert answer["response"]["allowed"] is True
    assert answer["response"]["patchType"] == "JSONPatch"
    assert patch(answer) == [{"op": "replace", "path": "/spec/containers/0/image", "value": room.pull_spec}]


@pytest.mark.parametrize(
    "sent",
    [
        review("nginx:1"),
        review(namespace="other"),
        review(namespace=""),
        review(operation="DELETE"),
        review(operation="UPDATE", old="app:prod"),
        review(subResource="status"),
        review(object=None),
        review(kind="Deployment"),
    ],
)
async def test_what_has_nothing_to_look_up_passes_as_it_is(room: Any, sent: dict[str, Any]) -> None:
    await room.token()
    await room.stream()

    status, answer = await room.call(sent)

    assert status == 200
    assert answer["response"] == {"uid": "705ab4f5-6393-11e8-b7cc-42010a800002", "allowed": True}


async def test_an_update_that_names_a_tag_is_patched(room: Any) -> None:
    await room.token()
    await room.stream()

    _, answer = await room.call(review(operation="UPDATE", old="nginx"))

    assert patch(answer) is not None


@pytest.mark.parametrize("namespace", ["default", "kube-system", "kube-public", "openshift", "openshift-monitoring"])
async def test_namespaces_that_run_the_platform_are_left_alone(room: Any, namespace: str) -> None:
    await room.token()
    await room.stream(namespace)

    _, answer = await room.call(review(namespace=namespace))

    assert patch(answer) is None


@pytest.mark.parametrize(("level", "patched"), [("0", False), ("1", False), ("2", True)])
async def test_run_levels_of_our_own_namespaces_count(room: Any, level: str, patched: bool) -> None:
    await room.token()
    await room.stream()
    await room.namespace("team", **{"openshift.io/run-level": level})

    _, answer = await room.call(review())

    assert (patch(answer) is not None) is patched


async def test_without_a_secret_there_is_no_address(room: Any, token: str) -> None:
    await room.stream()

    assert await room.call(review()) == (404, "there is nothing here\n")


@pytest.mark.parametrize("path", ["", "x", "0123456789abcdef", "é" * 32, "\udce9"])
async def test_another_token_gets_the_same_answer_as_none(room: Any, path: str) -> None:
    await room.token()
    await room.stream()

    assert await room.call(review(), PATH + path) == (404, "there is nothing here\n")


async def test_a_token_that_could_be_guessed_is_none(room: Any) -> None:
    await room.token("short")

    assert (await room.call(review(), PATH + "short"))[0] == 404


async def test_only_posts_of_json_are_read(room: Any) -> None:
    await room.token()

    assert (await room.call(b"", method="GET"))[0] == 405
    assert (await room.call(review(), content_type="text/plain"))[0] == 415
    assert (await room.call(review(), content_type="application/json; charset=utf-8"))[0] == 200


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b"\xff\xfe",
        b'{"kind": "AdmissionReview"}',
        b'{"apiVersion": "admission.k8s.io/v1beta1", "kind": "AdmissionReview", "request": {"uid": "1"}}',
        b'{"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview"}',
        b'{"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "request": {}}',
        b'{"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "request": {"uid": 5}}',
        b'{"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "request": {"uid": "1", "object": []}}',
        b'{"a":' * 5000,
    ],
)
async def test_what_is_no_review_is_told_so(room: Any, body: bytes) -> None:
    await room.token()

    assert (await room.call(body))[0] == 400


async def test_a_body_has_bounds(room: Any) -> None:
    await room.token()

    assert (await room.call(b" " * (3 * 1024 * 1024 + 1)))[0] == 413
