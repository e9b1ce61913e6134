"""Creating, replacing and deleting, with all that can be said about how."""

import gzip
from typing import Any

import pytest
import yaml

GROUP = "image.openshift.io"
STREAMS = f"/apis/{GROUP}/v1/namespaces/ns/imagestreams"
CANNOT = 'ImageStream in version "v1" cannot be handled as a ImageStream: '
UNKNOWN_FORMAT = "the body of the request was in an unknown format - accepted media types include: "


def stream(name: str = "a", **fields: Any) -> dict[str, Any]:
    return {"kind": "ImageStream", "apiVersion": f"{GROUP}/v1", "metadata": {"name": name, **fields}}


@pytest.fixture
async def made(call: Any) -> dict[str, Any]:
    result: dict[str, Any] = (await call("POST", STREAMS, stream())).json
    return result


async def test_a_name_is_made_up_when_only_its_beginning_is_given(call: Any) -> None:
    answer = await call("POST", STREAMS, {"metadata": {"generateName": "gen"}})

    assert answer.status == 201
    assert answer.json["metadata"]["name"].startswith("gen")
    assert len(answer.json["metadata"]["name"]) == 8


async def test_a_dry_run_changes_nothing(call: Any, made: dict[str, Any]) -> None:
    labelled = {**made, "metadata": {**made["metadata"], "labels": {"l": "1"}}}

    created = await call("POST", f"{STREAMS}?dryRun=All", stream("dry"))
    updated = await call("PUT", f"{STREAMS}/a?dryRun=All", labelled)
    deleted = await call("DELETE", f"{STREAMS}/a", {"dryRun": ["All"]})
    emptied = await call("DELETE", f"{STREAMS}?dryRun=All")

    assert (created.status, updated.status, deleted.status, emptied.status) == (201, 200, 200, 200)
    assert updated.json["metadata"]["labels"] == {"l": "1"}
    assert (await call("GET", f"{STREAMS}/dry")).status == 404
    assert (await call("GET", f"{STREAMS}/a")).json == made


@pytest.mark.parametrize(
    ("query", "field", "told"),
    [
        ("dryRun=Nope", "dryRun", 'Unsupported value: ["Nope"]: supported values: "All"'),
        ("dryRun=", "dryRun", 'Unsupported value: [""]: supported values: "All"'),
        (
            "fieldValidation=Nope",
            "fieldValidation",
            'Unsupported value: "Nope": supported values: "", "Ignore", "Strict", "Warn"',
        ),
        ("fieldManager=" + "m" * 129, "fieldManager", "Too long: may not be more than 128 bytes"),
        (
            "fieldManager=a%07b",
            "fieldManager",
            'Invalid value: "a\\ab": invalid character U+0007 (at position 1)',
        ),
    ],
)
async def test_options_that_make_no_sense_are_a_422(
    call: Any, made: dict[str, Any], query: str, field: str, told: str
) -> None:
    created = await call("POST", f"{STREAMS}?{query}", stream("b"))
    updated = await call("PUT", f"{STREAMS}/a?{query}", made)

    assert (created.status, updated.status) == (422, 422)
    assert created.json["message"] == f'CreateOptions.meta.k8s.io "" is invalid: {field}: {told}'
    assert updated.json["message"] == f'UpdateOptions.meta.k8s.io "" is invalid: {field}: {told}'
    assert created.json["details"]["causes"][0]["field"] == field


@pytest.mark.parametrize(
    ("query", "agent", "manager"),
    [
        ("?fieldManager=me", "kubectl/v1.32.4 (linux/amd64)", "me"),
        ("", "kubectl/v1.32.4 (linux/amd64)", "kubectl"),
        ("", "Python-urllib/3.11", "Python-urllib"),
        ("", "", "unknown"),
        ("", "x" * 200, "x" * 128),
    ],
)
async def test_who_manages_the_fields(call: Any, query: str, agent: str, manager: str) -> None:
    body = {**stream(labels={"l": "1"}), "spec": {"lookupPolicy": {"local": True}}}

    answer = await call("POST", STREAMS + query, body, **({"user-agent": agent} if agent else {}))

    (entry,) = answer.json["metadata"]["managedFields"]
    assert (entry["manager"], entry["operation"], entry["time"]) == (manager, "Update", "2026-11-24T12:00:00Z")
    assert entry["fieldsV1"]["f:metadata"] == {"f:labels": {".": {}, "f:l": {}}}


async def test_unknown_fields_warn_are_refused_or_pass(call: Any) -> None:
    body = {**stream(), "bogus": 1, "spec": {"nope": "x"}}

    strict = await call("POST", f"{STREAMS}?fieldValidation=Strict", body)
    ignored = await call("POST", f"{STREAMS}?fieldValidation=Ignore&dryRun=All", body)
    warned = await call("POST", STREAMS, body)

    assert (strict.status, strict.json["message"]) == (
        400,
        f'{CANNOT}strict decoding error: unknown field "bogus", unknown field "spec.nope"',
    )
    assert (ignored.status, ignored.warnings) == (201, [])
    assert (warned.status, warned.warnings) == (
        201,
        ['299 - "unknown field \\"bogus\\""', '299 - "unknown field \\"spec.nope\\""'],
    )


async def test_warnings_without_end_are_cut(call: Any) -> None:
    body = {**stream(), **{f"f{number}{'x' * 400}": 1 for number in range(300)}}

    answer = await call("POST", STREAMS, body)

    assert answer.status == 201
    assert 1 <= len(answer.warnings) <= 16
    assert sum(map(len, answer.warnings)) < 8192


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (b"{not json", None),
        (b"", None),
        (b"[]", None),
        (b"[" * 100_000, None),
        (b"\xff\xfe{}", None),
        (
            b'{"kind":"Pod","apiVersion":"v1","metadata":{"name":"x"}}',
            'Pod in version "v1" cannot be handled as a ImageStream: converting (v1.Pod) to (image.ImageStream): '
            "unknown conversion",
        ),
        (
            b'{"spec":{"tags":"nope"},"kind":"ImageStream","apiVersion":"image.openshift.io/v1"}',
            f"{CANNOT}json: cannot unmarshal string into Go struct field ImageStreamSpec.spec.tags of type "
            "[]v1.TagReference",
        ),
    ],
)
async def test_a_body_that_is_no_stream_is_a_400(call: Any, body: bytes, told: str | None) -> None:
    answer = await call("POST", STREAMS, body)

    assert (answer.status, answer.json["reason"]) == (400, "BadRequest")
    if told is not None:
        assert answer.json["message"] == told
    assert (await call("GET", STREAMS)).json["items"] == []


async def test_yaml_in_and_out(call: Any) -> None:
    body = yaml.safe_dump({**stream(), "spec": {"lookupPolicy": {"local": True}}}).encode()
    answer = await call("POST", STREAMS, body, content_type="application/yaml", accept="application/yaml")

    assert (answer.status, answer.headers["content-type"]) == (201, "application/yaml")
    assert yaml.safe_load(answer.body)["spec"] == {"lookupPolicy": {"local": True}}
    broken = await call("POST", STREAMS, b"a: [", content_type="application/yaml", accept="application/yaml")
    assert broken.status == 400
    assert yaml.safe_load(broken.body)["reason"] == "BadRequest"


async def test_a_yaml_bomb_is_refused(call: Any) -> None:
    lines = ["a0: &a0 [x,x,x,x,x,x,x,x,x]"]
    lines += [f"a{n}: &a{n} [{','.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 12)]

    answer = await call("POST", STREAMS, "\n".join(lines).encode(), content_type="application/yaml")

    assert answer.status == 400


@pytest.mark.parametrize(
    ("media_type", "accepted"),
    [
        ("text/plain", "application/json, application/yaml, application/vnd.kubernetes.protobuf"),
        ("application/vnd.kubernetes.protobuf", "application/json, application/yaml"),
    ],
)
async def test_bodies_of_another_type_are_a_415(call: Any, media_type: str, accepted: str) -> None:
    answer = await call("POST", STREAMS, b"k8s\x00", content_type=media_type)

    assert (answer.status, answer.json["reason"]) == (415, "UnsupportedMediaType")
    assert answer.json["message"] == UNKNOWN_FORMAT + accepted


async def test_a_patch_of_an_unknown_type_is_a_415(call: Any, made: dict[str, Any]) -> None:
    answer = await call("PATCH", f"{STREAMS}/a", {"metadata": {}}, content_type="application/json")

    assert (answer.status, answer.json["message"]) == (415, "415: Unsupported Media Type")


@pytest.mark.parametrize("size", [3 * 1024 * 1024 + 1, 5_000_000])
async def test_a_body_that_is_too_large_is_a_413(call: Any, size: int) -> None:
    answer = await call("POST", STREAMS, b" " * size)

    assert answer.status == 413
    assert answer.json["reason"] == "RequestEntityTooLarge"
    assert answer.json["message"] == "Request entity too large: limit is 3145728"


async def test_a_body_just_small_enough_is_read(call: Any) -> None:
    body = b'{"metadata":{"name":"a"}}'

    assert (await call("POST", STREAMS, body + b" " * (3 * 1024 * 1024 - len(body)))).status == 201


async def test_a_replacement_needs_the_version_that_it_replaces(call: Any, made: dict[str, Any]) -> None:
    made["metadata"]["labels"] = {"l": "1"}

    first = await call("PUT", f"{STREAMS}/a", made)
    again = await call("PUT", f"{STREAMS}/a", made)
    without = await call("PUT", f"{STREAMS}/a", stream())

    assert (first.status, again.status, without.status) == (200, 409, 422)
    assert first.json["metadata"]["uid"] == made["metadata"]["uid"]
    assert again.json["message"].startswith('Operation cannot be fulfilled on imagestreams.image.openshift.io "a": ')


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (stream("other"), "the name of the object (other) does not match the name on the URL (a)"),
        (
            {"kind": "ImageStream", "apiVersion": f"{GROUP}/v1", "metadata": {}},
            "the name of the object (a based on URL) was undeterminable: name must be provided",
        ),
        (
            stream(namespace="other"),
            "the namespace of the provided object does not match the namespace sent on the request",
        ),
    ],
)
async def test_a_replacement_must_be_of_the_object_in_the_url(call: Any, body: Any, told: str) -> None:
    answer = await call("PUT", f"{STREAMS}/a", body)

    assert (answer.status, answer.json["reason"], answer.json["message"]) == (400, "BadRequest", told)


async def test_a_new_object_must_be_of_the_namespace_in_the_url(call: Any) -> None:
    answer = await call("POST", STREAMS, stream(namespace="other"))

    assert (answer.status, answer.json["message"]) == (
        400,
        "the namespace of the provided object does not match the namespace sent on the request",
    )


async def test_only_what_is_as_expected_is_deleted(call: Any, made: dict[str, Any]) -> None:
    version = made["metadata"]["resourceVersion"]

    wrong_uid = await call("DELETE", f"{STREAMS}/a", {"preconditions": {"uid": "other"}})
    wrong_version = await call("DELETE", f"{STREAMS}/a", {"preconditions": {"resourceVersion": "1"}})
    right = await call(
        "DELETE",
        f"{STREAMS}/a",
        {
            "kind": "DeleteOptions",
            "apiVersion": "v1",
            "gracePeriodSeconds": 0,
            "propagationPolicy": "Background",
            "preconditions": {"uid": made["metadata"]["uid"], "resourceVersion": version},
        },
    )

    assert (wrong_uid.status, wrong_version.status, right.status) == (409, 409, 200)
    assert wrong_uid.json["reason"] == "Conflict"


async def test_what_a_finalizer_holds_back_is_answered_as_it_stands(call: Any) -> None:
    await call("POST", STREAMS, stream(finalizers=["example.org/wait"]))

    accepted = await call("DELETE", f"{STREAMS}/a?orphanDependents=false")
    again = await call("DELETE", f"{STREAMS}/a")

    assert (accepted.status, again.status) == (202, 200)
    assert accepted.json["metadata"]["deletionTimestamp"] == "2026-11-24T12:00:00Z"
    assert again.json["kind"] == "ImageStream"


@pytest.mark.parametrize(
    ("query", "body", "code", "told"),
    [
        (
            "?propagationPolicy=Nope",
            None,
            422,
            'DeleteOptions.meta.k8s.io "" is invalid: propagationPolicy: Unsupported value: "Nope": supported values: '
            '"Foreground", "Background", "Orphan", "nil"',
        ),
        (
            "",
            {"propagationPolicy": "Orphan", "orphanDependents": True},
            422,
            'DeleteOptions.meta.k8s.io "" is invalid: propagationPolicy: Invalid value: "Orphan": orphanDependents and '
            "deletionPropagation cannot be both set",
        ),
        (
            "?dryRun=x",
            None,
            422,
            'DeleteOptions.meta.k8s.io "" is invalid: dryRun: Unsupported value: ["x"]: supported values: "All"',
        ),
        ("?gracePeriodSeconds=x", None, 400, 'strconv.ParseInt: parsing "x": invalid syntax'),
        ("", b"{broken", 400, None),
        ("", [], 400, None),
        ("", {"kind": "Pod", "apiVersion": "v1"}, 400, None),
        ("", {"gracePeriodSeconds": "x"}, 400, None),
    ],
)
async def test_deletions_that_make_no_sense(
    call: Any, made: dict[str, Any], query: str, body: Any, code: int, told: str | None
) -> None:
    answer = await call("DELETE", f"{STREAMS}/a{query}", body)

    assert answer.status == code
    if told is not None:
        assert answer.json["message"] == told
    assert (await call("GET", f"{STREAMS}/a")).status == 200


async def test_the_parameters_count_for_nothing_next_to_a_body(call: Any, made: dict[str, Any]) -> None:
    answer = await call("DELETE", f"{STREAMS}/a?dryRun=All", {"kind": "DeleteOptions", "apiVersion": "v1"})

    assert answer.status == 200
    assert (await call("GET", f"{STREAMS}/a")).status == 404


@pytest.mark.parametrize(
    "query, agent", [("?pretty=true", "x"), ("?pretty=1", "x"), ("", "curl/8"), ("", "Mozilla/5.0")]
)
async def test_humans_get_indented_json(call: Any, made: dict[str, Any], query: str, agent: str) -> None:
    answer = await call("GET", f"{STREAMS}/a{query}", user_agent=agent)

    assert answer.body.startswith(b'{\n  "kind": "ImageStream",\n')
    assert answer.json == made
    assert b"\n" not in (await call("GET", f"{STREAMS}/a?pretty=false", user_agent="curl/8")).body


@pytest.mark.parametrize(
    ("accepted", "compressed"),
    [("gzip", True), ("deflate, gzip;q=1.0", True), ("identity", False), ("gzip;q=0", False), ("", False)],
)
async def test_large_answers_are_compressed_for_who_wants_it(call: Any, accepted: str, compressed: bool) -> None:
    await call("POST", STREAMS, stream(annotations={"a": "x" * 200_000}))

    answer = await call("GET", f"{STREAMS}/a", accept_encoding=accepted)

    assert (answer.headers.get("content-encoding") == "gzip") is compressed
    assert len(gzip.decompress(answer.body) if compressed else answer.body) > 200_000
    assert answer.headers["content-length"] == str(len(answer.body))


async def test_small_answers_are_not_compressed(call: Any, made: dict[str, Any]) -> None:
    assert "content-encoding" not in (await call("GET", f"{STREAMS}/a", accept_encoding="gzip")).headers


@pytest.mark.parametrize("name", ["A", "a b", "-a", "a" * 300, "ä"])
async def test_names_in_urls_that_nobody_can_have_are_a_404(call: Any, name: str) -> None:
    assert (await call("GET", f"{STREAMS}/{name}")).status == 404
    assert (await call("DELETE", f"{STREAMS}/{name}")).status == 404
