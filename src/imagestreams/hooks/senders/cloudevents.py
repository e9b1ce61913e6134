"""CloudEvents 1.0 over HTTP: structured, in batches, and binary.

The data are those of Harbor (types `harbor.…`), of zot (`zotregistry.…`, or with another prefix of its operator's
choice), an event as Distribution has it (Azure's container registry sends those), or plainly
`{"repository": "org/app", "tag": "1.2", "digest": "sha256:…"}`.
https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/bindings/http-protocol-binding.md
"""

import base64
import binascii
from collections.abc import Mapping
from typing import Any, Final

import msgspec

from imagestreams.hooks.notification import (
    Push,
    UnreadableNotification,
    bounded,
    checked_push,
    convert,
    media_type,
    read_json,
    require_media_type,
)
from imagestreams.hooks.senders import distribution, harbor

_VERSION: Final = "1.0"
_ZOT: Final = "zotregistry."
_OF_ZOT: Final = (".image.updated", ".image.deleted", ".image.lint_failed", ".repository.created")
_NO_PUSH: Final = ("delete", "deleted", "pull", "pulled", "untagged")


class _Event(msgspec.Struct):
    specversion: str
    id: str
    source: str
    type: str
    data: Any = None
    data_base64: str | None = None


class _ZotImage(msgspec.Struct):
    name: str
    reference: str = ""
    digest: str = ""


class _Plain(msgspec.Struct):
    repository: str
    tag: str = ""
    digest: str = ""


def read(headers: Mapping[str, str], body: bytes) -> list[Push]:
    """Read an event, or a batch of them."""
    match media_type(headers):
        case "application/cloudevents+json":
            events = [read_json(body, _Event)]
        case "application/cloudevents-batch+json":
            events = read_json(body, list[_Event])
        case _:
            events = [_binary(headers, body)]
    return bounded([push for event in events for push in _pushes_of(event)])


def _binary(headers: Mapping[str, str], body: bytes) -> _Event:
    require_media_type(headers)
    names = ("specversion", "id", "source", "type")
    attributes = {name: headers[f"ce-{name}"] for name in names if f"ce-{name}" in headers}
    return convert({**attributes, "data": read_json(body, dict[str, Any])}, _Event)


def _pushes_of(event: _Event) -> list[Push]:
    if event.specversion != _VERSION:
        raise UnreadableNotification(f"the event is not of version {_VERSION} of CloudEvents")
    data = _data(event)
    if event.type.startswith("harbor."):
        return harbor.pushes_of(convert(data, harbor.EventData)) if event.type == "harbor.artifact.pushed" else []
    if event.type.startswith(_ZOT) or (event.type.endswith(_OF_ZOT) and isinstance(data, dict) and "name" in data):
        return _zot(convert(data, _ZotImage)) if event.type.endswith(_OF_ZOT[0]) else []
    if isinstance(data, dict) and "target" in data:
        return distribution.pushes_of(convert(data, distribution.Event))
    plain = convert(data, _Plain)
    if event.type.rpartition(".")[2].lower() in _NO_PUSH:
        return []
    return [checked_push(plain.repository, plain.tag, plain.digest)]


def _zot(image: _ZotImage) -> list[Push]:
    return [checked_push(image.name, image.reference, image.digest)]


def _data(event: _Event) -> object:
    if event.data_base64 is None:
        return event.data
    try:
        return read_json(base64.b64decode(event.data_base64, validate=True), dict[str, Any])
    except (binascii.Error, ValueError):
        raise UnreadableNotification("the event's data can't be read") from None
