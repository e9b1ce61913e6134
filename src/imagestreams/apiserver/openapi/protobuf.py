"""The OpenAPI v2 document as protobuf: the message `openapi.v2.Document` of gnostic.

kubectl before 1.24 reads `/openapi/v2` in no other form. Each message stands below as a table from the key in the
JSON document to the number and type of the protobuf field; a key that no table has is an error, so that nothing is
lost silently. Values of any type travel as YAML text, for which JSON does.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from imagestreams.api.codec import encode

MEDIA_TYPE = "application/com.github.proto-openapi.spec.v2.v1.0+protobuf"
OLD_MEDIA_TYPE = "application/com.github.proto-openapi.spec.v2@v1.0+protobuf"
"""The same under the name that clients send in `Accept`; as a `Content-Type` they can't read it."""

_Write = Callable[[int, Any], bytes]


@dataclass(frozen=True, slots=True)
class _Message:
    """The fields of a message by JSON key; `extensions` is the number of the field that takes `x-…` keys.

    `others` writes entries that are no fixed keys, such as the names of definitions.
    """

    fields: Mapping[str, tuple[int, _Write]] = field(default_factory=dict)
    extensions: int = 0
    others: tuple[int, _Write] | None = None


def document(value: Mapping[str, Any]) -> bytes:
    """Return an OpenAPI v2 document as protobuf.

    Raises:
        ValueError: it has a key that the message has no field for.
    """
    return _message("Document", value)


def _varint(value: int) -> bytes:
    found = bytearray()
    while value > 0x7F:
        found.append(value & 0x7F | 0x80)
        value >>= 7
    found.append(value)
    return bytes(found)


def _bytes(number: int, value: bytes) -> bytes:
    return _varint(number << 3 | 2) + _varint(len(value)) + value


def _string(number: int, value: Any) -> bytes:
    return _bytes(number, str(value).encode()) if value else b""


def _boolean(number: int, value: Any) -> bytes:
    return _varint(number << 3) + b"\x01" if value else b""


def _any(number: int, value: Any) -> bytes:
    return _bytes(number, _bytes(2, encode(value)))


def _strings(number: int, values: Any) -> bytes:
    return b"".join(_bytes(number, str(value).encode()) for value in values)


def _one(name: str) -> _Write:
    return lambda number, value: _bytes(number, _message(name, value))


def _many(write: _Write) -> _Write:
    return lambda number, values: b"".join(write(number, value) for value in values)


def _within(number: int, write: _Write) -> _Write:
    """Write a message whose only field, of this number, is the value."""
    return lambda outer, value: _bytes(outer, write(number, value))


def _named(number: int, key: str, write: _Write, value: Any) -> bytes:
    """Write an entry of a map: a message of the name and the value."""
    return _bytes(number, _string(1, key) + write(2, value))


def _type(number: int, value: Any) -> bytes:
    return _bytes(number, _strings(1, [value] if isinstance(value, str) else value))


def _additional(number: int, value: Any) -> bytes:
    if isinstance(value, bool):
        return _bytes(number, _varint(2 << 3) + bytes([value]))
    return _bytes(number, _one("Schema")(1, value))


def _parameter(number: int, value: Any) -> bytes:
    place = value["in"]
    if place == "body":
        inner = _one("BodyParameter")(1, value)
    elif place == "query":
        inner = _bytes(2, _one("QueryParameter")(3, value))
    elif place == "path":
        inner = _bytes(2, _one("PathParameter")(4, value))
    else:
        raise ValueError(f"a parameter in {place} can't be written as protobuf")
    return _bytes(number, _bytes(1, inner))


def _message(name: str, value: Mapping[str, Any]) -> bytes:
    message, written = _MESSAGES[name], []
    for key, element in value.items():
        if known := message.fields.get(key):
            number, write = known
            written.append(write(number, element))
        elif key.startswith("x-") and message.extensions:
            written.append(_named(message.extensions, key, _any, element))
        elif message.others:
            number, write = message.others
            written.append(_named(number, key, write, element))
        else:
            raise ValueError(f"the message {name} has no field for {key}")
    return b"".join(written)


_MESSAGES: Mapping[str, _Message] = {
    "Document": _Message(
        {
            "swagger": (1, _string),
            "info": (2, _one("Info")),
            "paths": (8, _one("Paths")),
            "definitions": (9, _one("Definitions")),
            "security": (12, _many(_one("SecurityRequirement"))),
            "securityDefinitions": (13, _one("SecurityDefinitions")),
        },
        extensions=16,
    ),
    "Info": _Message({"title": (1, _string), "version": (2, _string), "description": (3, _string)}, extensions=7),
    "Paths": _Message(extensions=1, others=(2, _one("PathItem"))),
    "PathItem": _Message(
        {
            "get": (2, _one("Operation")),
            "put": (3, _one("Operation")),
            "post": (4, _one("Operation")),
            "delete": (5, _one("Operation")),
            "patch": (8, _one("Operation")),
            "parameters": (9, _many(_parameter)),
        },
        extensions=10,
    ),
    "Operation": _Message(
        {
            "tags": (1, _strings),
            "description": (3, _string),
            "operationId": (5, _string),
            "produces": (6, _strings),
            "consumes": (7, _strings),
            "parameters": (8, _many(_parameter)),
            "responses": (9, _one("Responses")),
            "schemes": (10, _strings),
        },
        extensions=13,
    ),
    "BodyParameter": _Message(
        {
            "description": (1, _string),
            "name": (2, _string),
            "in": (3, _string),
            "required": (4, _boolean),
            "schema": (5, _one("Schema")),
        },
        extensions=6,
    ),
    "QueryParameter": _Message(
        {
            "required": (1, _boolean),
            "in": (2, _string),
            "description": (3, _string),
            "name": (4, _string),
            "type": (6, _string),
            "format": (7, _string),
            "uniqueItems": (20, _boolean),
        },
        extensions=23,
    ),
    "PathParameter": _Message(
        {
            "required": (1, _boolean),
            "in": (2, _string),
            "description": (3, _string),
            "name": (4, _string),
            "type": (5, _string),
            "format": (6, _string),
            "uniqueItems": (19, _boolean),
        },
        extensions=22,
    ),
    "Responses": _Message(extensions=2, others=(1, _within(1, _one("Response")))),
    "Response": _Message({"description": (1, _string), "schema": (2, _within(1, _one("Schema")))}, extensions=5),
    "Definitions": _Message(others=(1, _one("Schema"))),
    "Properties": _Message(others=(1, _one("Schema"))),
    "Schema": _Message(
        {
            "$ref": (1, _string),
            "format": (2, _string),
            "description": (4, _string),
            "default": (5, _any),
            "required": (19, _strings),
            "enum": (20, _many(_any)),
            "additionalProperties": (21, _additional),
            "type": (22, _type),
            "items": (23, _within(1, _one("Schema"))),
            "properties": (25, _one("Properties")),
        },
        extensions=31,
    ),
    "SecurityRequirement": _Message(others=(1, _within(1, _strings))),
    "SecurityDefinitions": _Message(others=(1, _within(2, _one("ApiKeySecurity")))),
    "ApiKeySecurity": _Message(
        {"type": (1, _string), "name": (2, _string), "in": (3, _string), "description": (4, _string)}, extensions=5
    ),
}
