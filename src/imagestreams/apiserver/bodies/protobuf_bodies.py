"""Bodies in Kubernetes' protobuf form, of the types that clients send so: kubectl creates namespaces, secrets,
deployments and their like in no other. Answers are JSON, which such clients accept too, and image streams have no
protobuf form here.

A body is read into the document that its JSON would be, by the tables of `protobuf_messages`.
"""

import base64
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, Final

from imagestreams.api.json_syntax import with_whole_characters
from imagestreams.apiserver.bodies.protobuf_messages import Field, messages

MAGIC: Final = b"k8s\x00"
_MAX_VARINT_BYTES: Final = 10

_KINDS: Final = {
    "v1": frozenset(
        {"ConfigMap", "Event", "Namespace", "Pod", "ReplicationController", "Secret", "ServiceAccount"},
    ),
    "apps/v1": frozenset({"Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "ControllerRevision"}),
    "autoscaling/v1": frozenset({"Scale"}),
    "batch/v1": frozenset({"CronJob", "Job"}),
    "authorization.k8s.io/v1": frozenset({"SelfSubjectAccessReview", "SelfSubjectRulesReview"}),
    "authentication.k8s.io/v1": frozenset({"SelfSubjectReview"}),
}
_OF_EVERY_GROUP: Final = "DeleteOptions"


class ProtobufError(ValueError):
    """The bytes are not what they are said to be."""


def read_protobuf(body: bytes) -> dict[str, Any] | None:
    """Return the document that a body holds, `None` when it is of a type that is not read in this form.

    Raises:
        ProtobufError: it is damaged, or no protobuf at all.
    """
    if not body.startswith(MAGIC):
        raise ProtobufError("provided data does not appear to be a protobuf message, expected prefix [107 56 115 0]")
    try:
        envelope = _message(body[len(MAGIC) :], "Unknown")
        told = envelope.get("typeMeta", {})
        kind, version = told.get("kind", ""), told.get("apiVersion", "")
        if kind != _OF_EVERY_GROUP and kind not in _KINDS.get(version, ()):
            return None
        return {"kind": kind, "apiVersion": version, **_message(envelope.get("raw", b""), kind)}
    except (UnicodeDecodeError, OverflowError, RecursionError) as error:
        raise ProtobufError(str(error)) from error


def _message(data: bytes, name: str) -> dict[str, Any]:
    fields = messages()[name]
    read: dict[str, Any] = {}
    for number, value in _fields(data):
        if number in fields:
            _put(read, fields[number], value)
    return read


def _put(read: dict[str, Any], field: Field, value: int | bytes) -> None:
    """Add a field; empty strings and times, which Go writes for fields that are not set, are left out."""
    match field.shape:
        case "list":
            read.setdefault(field.name, []).append(_value(value, field.kind))
        case "map":
            pair = dict(_fields(_bytes(value)))
            key = _value(pair.get(1, b""), "string")
            read.setdefault(field.name, {})[key] = _value(pair.get(2, b""), field.kind)
        case "inline":
            read.update(_message(_bytes(value), field.kind))
        case _:
            made = _value(value, field.kind)
            if made is not None and (made != "" or field.kind == "text"):
                read[field.name] = made


def _value(value: int | bytes, kind: str) -> Any:
    match kind:
        case "int":
            number = _int(value)
            return number - (1 << 64) if number >= 1 << 63 else number
        case "bool":
            return bool(_int(value))
        case "raw":
            return _bytes(value)
        case "string" | "text":
            return _bytes(value).decode()
        case "bytes":
            return base64.b64encode(_bytes(value)).decode()
        case "json":
            return _json(_message(_bytes(value), "Json").get("raw", b""))
        case "time" | "microtime":
            return _time(_message(_bytes(value), "Time"), exact=kind == "microtime")
        case "quantity":
            return _message(_bytes(value), "Quantity").get("string", "0")
        case "int-or-string":
            parts = _message(_bytes(value), "IntOrString")
            return parts.get("strVal", "") if parts.get("type") else parts.get("intVal", 0)
    return _message(_bytes(value), kind)


def _json(text: bytes) -> Any:
    try:
        return json.loads(with_whole_characters(text.decode("utf-8", "replace"))) if text else None
    except ValueError as error:
        raise ProtobufError(str(error)) from error


def _time(parts: dict[str, Any], *, exact: bool) -> str | None:
    if not parts:
        return None
    try:
        moment = datetime.fromtimestamp(parts.get("seconds", 0), UTC)
    except (ValueError, OSError) as error:
        raise ProtobufError(str(error)) from error
    text = moment.strftime("%Y-%m-%dT%H:%M:%S")
    return f"{text}.{parts.get('nanos', 0) // 1000:06d}Z" if exact else f"{text}Z"


def _bytes(value: int | bytes) -> bytes:
    if isinstance(value, int):
        raise ProtobufError("wrong wireType = 0 for a field of bytes")
    return value


def _int(value: int | bytes) -> int:
    if not isinstance(value, int):
        raise ProtobufError("wrong wireType = 2 for a field of numbers")
    return value


def _fields(data: bytes) -> Iterator[tuple[int, int | bytes]]:
    """Yield the fields of a message: numbers as they are, all else as bytes."""
    at = 0
    while at < len(data):
        tag, at = _varint(data, at)
        number, wire = tag >> 3, tag & 7
        if wire == 0:
            value, at = _varint(data, at)
            yield number, value
            continue
        if wire == 2:
            size, at = _varint(data, at)
        elif wire in (1, 5):
            size = 8 if wire == 1 else 4
        else:
            raise ProtobufError(f"illegal wireType {wire}")
        if at + size > len(data):
            raise ProtobufError("unexpected EOF")
        yield number, data[at : at + size]
        at += size


def _varint(data: bytes, at: int) -> tuple[int, int]:
    value = 0
    for position in range(_MAX_VARINT_BYTES):
        if at >= len(data):
            raise ProtobufError("unexpected EOF")
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << (7 * position)
        if byte < 0x80:
            return value & 0xFFFFFFFFFFFFFFFF, at
    raise ProtobufError("integer overflow")
