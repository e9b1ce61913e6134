"""What kubectl sends in protobuf is read as the JSON that it stands for."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imagestreams.apiserver.bodies.protobuf_bodies import MAGIC, ProtobufError, read_protobuf


def field(number: int, content: bytes | int) -> bytes:
    if isinstance(content, int):
        return varint(number << 3) + varint(content)
    return varint(number << 3 | 2) + varint(len(content)) + content


def varint(value: int) -> bytes:
    out = b""
    while value >= 0x80:
        out += bytes([value & 0x7F | 0x80])
        value >>= 7
    return out + bytes([value])


def body(version: str, kind: str, raw: bytes) -> bytes:
    return MAGIC + field(1, field(1, version.encode()) + field(2, kind.encode())) + field(2, raw) + field(3, b"")


def test_a_secret() -> None:
    metadata = (
        field(1, b"s") + field(2, b"") + field(3, b"ns") + field(8, b"") + field(11, field(1, b"l") + field(2, b"1"))
    )
    raw = field(1, metadata) + field(2, field(1, b"k") + field(2, b"\xff\x00")) + field(3, b"Opaque") + field(5, 0)

    assert read_protobuf(body("v1", "Secret", raw)) == {
        "kind": "Secret",
        "apiVersion": "v1",
        "metadata": {"name": "s", "namespace": "ns", "labels": {"l": "1"}},
        "data": {"k": "/wA="},
        "type": "Opaque",
        "immutable": False,
    }


def test_times_lists_and_managed_fields() -> None:
    entry = field(1, b"kubectl") + field(4, field(1, 1_764_000_000)) + field(7, field(1, b'{"f:data":{}}'))
    metadata = field(1, b"n") + field(14, b"a") + field(14, b"b") + field(17, entry)

    document = read_protobuf(body("v1", "Namespace", field(1, metadata)))

    assert document is not None
    assert document["metadata"]["finalizers"] == ["a", "b"]
    assert document["metadata"]["managedFields"] == [
        {"manager": "kubectl", "time": "2025-11-24T16:00:00Z", "fieldsV1": {"f:data": {}}}
    ]


def test_an_access_review() -> None:
    attributes = field(1, b"ns") + field(2, b"get") + field(3, b"image.openshift.io") + field(5, b"imagestreams")
    raw = field(1, b"") + field(2, field(1, attributes)) + field(3, field(1, 0))

    document = read_protobuf(body("authorization.k8s.io/v1", "SelfSubjectAccessReview", raw))

    assert document is not None
    assert document["spec"]["resourceAttributes"]["resource"] == "imagestreams"


def test_what_may_i_and_who_am_i() -> None:
    rules = read_protobuf(
        body("authorization.k8s.io/v1", "SelfSubjectRulesReview", field(1, b"") + field(2, field(1, b"ns")))
    )
    who = read_protobuf(body("authentication.k8s.io/v1", "SelfSubjectReview", field(1, b"") + field(2, b"")))

    assert rules is not None
    assert rules["spec"] == {"namespace": "ns"}
    assert who == {"kind": "SelfSubjectReview", "apiVersion": "authentication.k8s.io/v1", "metadata": {}}


def test_numbers_may_be_negative() -> None:
    document = read_protobuf(body("v1", "DeleteOptions", field(1, (1 << 64) - 1) + field(5, b"All")))

    assert document == {"kind": "DeleteOptions", "apiVersion": "v1", "gracePeriodSeconds": -1, "dryRun": ["All"]}


@pytest.mark.parametrize(("version", "kind"), [("image.openshift.io/v1", "ImageStream"), ("v1", "Node"), ("", "")])
def test_other_types_are_not_read(version: str, kind: str) -> None:
    assert read_protobuf(body(version, kind, b"")) is None


@pytest.mark.parametrize(
    "damaged",
    [
        b"",
        b"{}",
        MAGIC + b"\x0a\xff",
        MAGIC + b"\x0a" + b"\xff" * 12,
        body("v1", "Secret", b"\x0b"),
        body("v1", "Secret", field(1, field(1, b"\xff"))),
        body("v1", "Secret", field(1, 7)),
        body("v1", "Namespace", field(1, field(8, field(1, 1 << 62)))),
    ],
)
def test_damage_is_told(damaged: bytes) -> None:
    with pytest.raises(ProtobufError):
        read_protobuf(damaged)


@given(st.binary(max_size=200), st.sampled_from(["Secret", "Event", "Namespace", "DeleteOptions"]))
def test_any_bytes_are_read_or_refused(raw: bytes, kind: str) -> None:
    try:
        document = read_protobuf(body("v1", kind, raw))
    except ProtobufError:
        return
    assert document is not None
    assert document["kind"] == kind


def test_half_a_character_in_what_is_json_inside_is_read_as_go_reads_it() -> None:
    managed = field(17, field(7, field(1, rb'{"f:\ud800":{}}')))

    document = read_protobuf(body("v1", "Secret", field(1, managed)))

    assert document is not None
    assert document["metadata"]["managedFields"] == [{"fieldsV1": {"f:\ufffd": {}}}]
