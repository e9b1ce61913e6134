"""Bodies in Kubernetes' protobuf form, of the few types that clients send so: kubectl creates namespaces, secrets and
their like in no other. Answers are JSON, which such clients accept too, and image streams have no protobuf form here.

A body is read into the document that its JSON would be, by a table of the fields' numbers.
"""

import base64
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, Final

MAGIC: Final = b"k8s\x00"
_MAX_VARINT_BYTES: Final = 10

_META: Final = {1: ("metadata", "ObjectMeta")}
_MESSAGES: Final[dict[str, dict[int, tuple[str, str]]]] = {
    "Unknown": {1: ("typeMeta", "TypeMeta"), 2: ("raw", "raw")},
    "TypeMeta": {1: ("apiVersion", "string"), 2: ("kind", "string")},
    "ObjectMeta": {
        1: ("name", "string"),
        2: ("generateName", "string"),
        3: ("namespace", "string"),
        4: ("selfLink", "string"),
        5: ("uid", "string"),
        6: ("resourceVersion", "string"),
        7: ("generation", "int"),
        8: ("creationTimestamp", "time"),
        9: ("deletionTimestamp", "time"),
        10: ("deletionGracePeriodSeconds", "int"),
        11: ("labels", "map string"),
        12: ("annotations", "map string"),
        13: ("ownerReferences", "list OwnerReference"),
        14: ("finalizers", "list string"),
        17: ("managedFields", "list ManagedFieldsEntry"),
    },
    "OwnerReference": {
        1: ("kind", "string"),
        3: ("name", "string"),
        4: ("uid", "string"),
        5: ("apiVersion", "string"),
        6: ("controller", "bool"),
        7: ("blockOwnerDeletion", "bool"),
    },
    "ManagedFieldsEntry": {
        1: ("manager", "string"),
        2: ("operation", "string"),
        3: ("apiVersion", "string"),
        4: ("time", "time"),
        6: ("fieldsType", "string"),
        7: ("fieldsV1", "json"),
        8: ("subresource", "string"),
    },
    "Json": {1: ("raw", "raw")},
    "Time": {1: ("seconds", "int"), 2: ("nanos", "int")},
    "Namespace": {**_META, 2: ("spec", "NamespaceSpec"), 3: ("status", "NamespaceStatus")},
    "NamespaceSpec": {1: ("finalizers", "list string")},
    "NamespaceStatus": {1: ("phase", "string")},
    "Secret": {
        **_META,
        2: ("data", "map bytes"),
        3: ("type", "string"),
        4: ("stringData", "map string"),
        5: ("immutable", "bool"),
    },
    "ConfigMap": {
        **_META,
        2: ("data", "map string"),
        3: ("binaryData", "map bytes"),
        4: ("immutable", "bool"),
    },
    "ServiceAccount": {
        **_META,
        2: ("secrets", "list ObjectReference"),
        3: ("imagePullSecrets", "list LocalObjectReference"),
        4: ("automountServiceAccountToken", "bool"),
    },
    "ObjectReference": {
        1: ("kind", "string"),
        2: ("namespace", "string"),
        3: ("name", "string"),
        4: ("uid", "string"),
        5: ("apiVersion", "string"),
        6: ("resourceVersion", "string"),
        7: ("fieldPath", "string"),
    },
    "LocalObjectReference": {1: ("name", "string")},
    "Event": {
        **_META,
        2: ("involvedObject", "ObjectReference"),
        3: ("reason", "string"),
        4: ("message", "string"),
        5: ("source", "EventSource"),
        6: ("firstTimestamp", "time"),
        7: ("lastTimestamp", "time"),
        8: ("count", "int"),
        9: ("type", "string"),
        10: ("eventTime", "microtime"),
        11: ("series", "EventSeries"),
        12: ("action", "string"),
        13: ("related", "ObjectReference"),
        14: ("reportingComponent", "string"),
        15: ("reportingInstance", "string"),
    },
    "EventSource": {1: ("component", "string"), 2: ("host", "string")},
    "EventSeries": {1: ("count", "int"), 2: ("lastObservedTime", "microtime")},
    "SelfSubjectAccessReview": {**_META, 2: ("spec", "SelfSubjectAccessReviewSpec")},
    "SelfSubjectAccessReviewSpec": {
        1: ("resourceAttributes", "ResourceAttributes"),
        2: ("nonResourceAttributes", "NonResourceAttributes"),
    },
    "SelfSubjectRulesReview": {**_META, 2: ("spec", "SelfSubjectRulesReviewSpec")},
    "SelfSubjectRulesReviewSpec": {1: ("namespace", "string")},
    "SelfSubjectReview": {**_META},
    "ResourceAttributes": {
        1: ("namespace", "string"),
        2: ("verb", "string"),
        3: ("group", "string"),
        4: ("version", "string"),
        5: ("resource", "string"),
        6: ("subresource", "string"),
        7: ("name", "string"),
    },
    "NonResourceAttributes": {1: ("path", "string"), 2: ("verb", "string")},
    "DeleteOptions": {
        1: ("gracePeriodSeconds", "int"),
        2: ("preconditions", "Preconditions"),
        3: ("orphanDependents", "bool"),
        4: ("propagationPolicy", "string"),
        5: ("dryRun", "list string"),
    },
    "Preconditions": {1: ("uid", "string"), 2: ("resourceVersion", "string")},
}
_KINDS: Final = {
    "v1": frozenset({"Namespace", "Secret", "ConfigMap", "ServiceAccount", "Event"}),
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
    fields = _MESSAGES[name]
    read: dict[str, Any] = {}
    for number, value in _fields(data):
        if number in fields:
            key, kind = fields[number]
            _put(read, key, kind, value)
    return read


def _put(read: dict[str, Any], key: str, kind: str, value: int | bytes) -> None:
    """Add a field; empty texts and times, which Go writes for fields that are not set, are left out."""
    shape, _, element = kind.rpartition(" ")
    if shape == "list":
        read.setdefault(key, []).append(_value(value, element))
    elif shape == "map":
        pair = dict(_fields(_bytes(value)))
        read.setdefault(key, {})[_value(pair.get(1, b""), "string")] = _value(pair.get(2, b""), element)
    elif (made := _value(value, kind)) not in ("", None):
        read[key] = made


def _value(value: int | bytes, kind: str) -> Any:
    match kind:
        case "int":
            number = _int(value)
            return number - (1 << 64) if number >= 1 << 63 else number
        case "bool":
            return bool(_int(value))
        case "raw":
            return _bytes(value)
        case "string":
            return _bytes(value).decode()
        case "bytes":
            return base64.b64encode(_bytes(value)).decode()
        case "json":
            return _json(_message(_bytes(value), "Json").get("raw", b""))
        case "time" | "microtime":
            return _time(_message(_bytes(value), "Time"), exact=kind == "microtime")
    return _message(_bytes(value), kind)


def _json(text: bytes) -> Any:
    try:
        return json.loads(text) if text else None
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
