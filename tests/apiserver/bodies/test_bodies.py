"""Reading bodies, and what is said of those that can't be read."""

import json
from typing import Any

import pytest

from imagestreams.api.errors import ApiError
from imagestreams.api.image import ImageStream
from imagestreams.apiserver.bodies.objects import Decoded, decode_object
from imagestreams.resources.resource import ResourceInfo

STREAMS = ResourceInfo(
    group="image.openshift.io",
    version="v1",
    plural="imagestreams",
    kind="ImageStream",
    object_type=ImageStream,
    verbs=frozenset({"create"}),
)
STREAM = {"apiVersion": "image.openshift.io/v1", "kind": "ImageStream", "metadata": {"name": "v"}}
V1 = 'ImageStream in version "v1" cannot be handled as a ImageStream: '


def decode(body: Any, validation: str = "Warn", media_type: str = "application/json") -> Decoded:
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    return decode_object(data, media_type, STREAMS, validation)


def complaint(body: Any, validation: str = "Warn") -> str:
    with pytest.raises(ApiError) as failure:
        decode(body, validation)
    assert failure.value.status.code == 400
    return failure.value.status.message


def test_kind_and_version_may_be_left_out() -> None:
    stream = decode({"metadata": {"name": "v"}}).value

    assert (stream.kind, stream.api_version, stream.metadata.name) == ("ImageStream", "image.openshift.io/v1", "v")


def test_yaml_is_read_like_json() -> None:
    stream = decode(b"metadata:\n  name: v\n  creationTimestamp: null\n", media_type="application/yaml").value

    assert stream.metadata.name == "v"


@pytest.mark.parametrize(
    ("text", "read"),
    [
        (r"a\ud800b", "a\ufffdb"),
        (r"\udc00\uD800\ud83d\uDE00", "\ufffd\ufffd\U0001f600"),
        (r"\\ud800", r"\ud800"),
        (r"\ud800\u0041", "\ufffdA"),
    ],
)
def test_half_a_character_is_read_as_go_reads_it(text: str, read: str) -> None:
    body = rf'{{"metadata": {{"name": "v", "annotations": {{"k": "{text}"}}}}}}'

    assert decode(body.encode()).value.metadata.annotations == {"k": read}


def test_null_leaves_a_field_at_its_default() -> None:
    stream = decode({**STREAM, "spec": {"tags": None, "dockerImageRepository": None}}).value

    assert stream.spec.docker_image_repository == ""


def test_null_in_a_map_or_a_list_is_an_empty_element() -> None:
    metadata = {"name": "a", "annotations": {"k": None}, "finalizers": [None]}

    stream = decode({**STREAM, "metadata": metadata, "spec": {"tags": [None]}}).value

    assert (stream.metadata.annotations, stream.metadata.finalizers) == ({"k": ""}, [""])
    assert [tag.name for tag in stream.spec.tags] == [""]


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        (
            {"spec": {"tags": "nope"}},
            "json: cannot unmarshal string into Go struct field ImageStreamSpec.spec.tags of type []v1.TagReference",
        ),
        (
            {"metadata": {"name": 1}},
            "json: cannot unmarshal number into Go struct field ObjectMeta.metadata.name of type string",
        ),
        (
            {"spec": {"tags": [{"name": "1", "generation": "2"}]}},
            "json: cannot unmarshal string into Go struct field TagReference.spec.tags.generation of type int64",
        ),
        (
            {"spec": []},
            "json: cannot unmarshal array into Go struct field ImageStream.spec of type v1.ImageStreamSpec",
        ),
    ],
)
def test_a_value_of_a_wrong_type_is_named_with_its_go_field(fields: dict[str, Any], told: str) -> None:
    assert complaint({**STREAM, **fields}) == V1 + told


def test_what_is_no_json_is_shown() -> None:
    assert complaint(b"{not json") == (
        "the object provided is unrecognized (must be of type ImageStream): couldn't get version/kind; json parse "
        "error: invalid character 'n' looking for beginning of object key string ({not json)"
    )
    assert complaint(b"").endswith("json parse error: unexpected end of JSON input (<empty>)")
    assert complaint(b"x" * 40).endswith(f"({'78' * 30} ...)")


def test_another_kind_can_not_be_converted() -> None:
    assert complaint({"kind": "Pod", "apiVersion": "v1", "metadata": {"name": "x"}}) == (
        'Pod in version "v1" cannot be handled as a ImageStream: converting (v1.Pod) to (image.ImageStream): '
        "unknown conversion"
    )


def test_unknown_fields_fail_warn_or_pass() -> None:
    body = {**STREAM, "bogus": 1, "spec": {"tags": [{"name": "1", "nope": {}}]}}

    told = 'unknown field "bogus", unknown field "spec.tags[0].nope"'
    assert complaint(body, "Strict") == f"{V1}strict decoding error: {told}"
    assert decode(body).warnings == tuple(told.split(", "))
    assert decode(body, "Ignore").warnings == ()


def test_a_field_given_twice_is_a_problem_too() -> None:
    body = b'{"metadata":{"name":"v","name":"w"}}'

    assert complaint(body, "Strict") == f'{V1}strict decoding error: duplicate field "metadata.name"'
    assert decode(body).value.metadata.name == "w"


def test_other_media_types_are_a_415() -> None:
    with pytest.raises(ApiError) as failure:
        decode(STREAM, media_type="text/plain")

    assert failure.value.status.code == 415
