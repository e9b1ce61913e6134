"""From a request's body to an object of the resource's type, or to the error that a client expects."""

import json
import re
import typing
from dataclasses import dataclass
from typing import Any

import msgspec

from imagestreams.api.errors import bad_request, unsupported_media_type
from imagestreams.api.json_syntax import JsonSyntaxError, check_json, with_whole_characters
from imagestreams.api.pods.values import Quantity
from imagestreams.apiserver.bodies.foreign_kinds import foreign_kind
from imagestreams.apiserver.bodies.json_duplicates import duplicate_paths
from imagestreams.apiserver.bodies.protobuf_bodies import ProtobufError, read_protobuf
from imagestreams.apiserver.bodies.type_check import mismatch, plain_type, unknown_fields
from imagestreams.apiserver.bodies.yaml_text import YamlError, read_yaml
from imagestreams.apiserver.negotiation import JSON, PROTOBUF, YAML
from imagestreams.resources.resource import ResourceInfo

MEDIA_TYPES = "application/json, application/yaml, application/vnd.kubernetes.protobuf"
PATCH_TYPES = (
    "application/json-patch+json",
    "application/merge-patch+json",
    "application/strategic-merge-patch+json",
    "application/apply-patch+yaml",
)
_SHOWN_BYTES = 30
_WIDE_NUMBER = re.compile(rb"[:\[,\s-][0-9]{10}")
"""What may be a number of more than 32 or 64 bits, which our decoder would take."""
_WITHOUT_PROTOBUF = f"{JSON}, {YAML}"


@dataclass(frozen=True, slots=True)
class Decoded:
    """An object, and what the client is warned of."""

    value: Any
    warnings: tuple[str, ...] = ()


def media_type_of(content_type: str) -> str:
    """Return a content type without its parameters."""
    return content_type.partition(";")[0].strip().lower()


def unknown_format(accepted: str) -> Exception:
    """Compose the 415 that names what is accepted."""
    error = unsupported_media_type(
        f"the body of the request was in an unknown format - accepted media types include: {accepted}"
    )
    error.status.details = None
    return error


def read_document(body: bytes, content_type: str) -> tuple[Any, tuple[str, ...]]:
    """Read JSON, YAML or what is known of protobuf; return also the fields that were given twice.

    Of YAML these are whole complaints.

    Raises:
        ApiError: 415, it is none of these; 400, it is damaged protobuf.
        JsonSyntaxError: it can't be read.
    """
    media_type = media_type_of(content_type) or JSON
    if media_type == YAML:
        try:
            return read_yaml(body)
        except YamlError as error:
            raise JsonSyntaxError(f"yaml: {error}") from error
    if media_type == PROTOBUF:
        return _from_protobuf(body), ()
    if media_type != JSON:
        raise unknown_format(MEDIA_TYPES)
    try:
        text = with_whole_characters(body.decode("utf-8", "replace"))
        pairs = _Pairs()
        document = json.loads(text, object_pairs_hook=pairs.build, parse_constant=_no_constant)
        return document, duplicate_paths(text) if pairs.repeat else ()
    except (ValueError, RecursionError) as error:
        check_json(body)
        raise JsonSyntaxError(str(error)) from error


class _Pairs:
    """Notices whether any object gives a field twice."""

    repeat = False

    def build(self, pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        built = dict(pairs)
        self.repeat = self.repeat or len(built) < len(pairs)
        return built


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")


def _from_protobuf(body: bytes) -> dict[str, Any]:
    try:
        document = read_protobuf(body)
    except ProtobufError as error:
        raise bad_request(str(error)) from error
    if document is None:
        raise unknown_format(_WITHOUT_PROTOBUF)
    return document


def decode_object(body: bytes, content_type: str, info: ResourceInfo, validation: str) -> Decoded:
    """Read the object of a create or a replacement.

    Raises:
        ApiError: 400, it can't be read, is of another kind or, under `Strict`, has unknown fields; 415.
    """
    wanted = info.object_type.__name__
    try:
        document, duplicates = read_document(body, content_type)
    except JsonSyntaxError as error:
        before = "" if media_type_of(content_type) == YAML else "couldn't get version/kind; json parse error: "
        raise _unrecognized(wanted, f"{before}{error}", body) from error
    if not isinstance(document, dict):
        what = mismatch(document, _TypeMeta)
        if document is not None:
            told = (what or "").replace("v1._TypeMeta", _ANONYMOUS_STRUCT)
            raise _unrecognized(wanted, f"couldn't get version/kind; json parse error: {told}", body)
        document = {}
    what = mismatch(document, _TypeMeta)
    if what:
        told = what.replace("_TypeMeta.", ".")
        raise _unrecognized(wanted, f"couldn't get version/kind; json parse error: {told}", body)
    kind, api_version = document.get("kind") or wanted, document.get("apiVersion") or info.group_version
    version = api_version.rpartition("/")[2]
    refused = f'{kind} in version "{version}" cannot be handled as a {wanted}: '
    if (kind, api_version) != (wanted, info.group_version):
        raise bad_request(refused + foreign_kind(kind, api_version, info))
    document = {**document, "kind": kind, "apiVersion": api_version}
    if _WIDE_NUMBER.search(body) and (what := mismatch(document, info.object_type)):
        raise bad_request(refused + what)
    value = convert(document, info, refused)
    if validation == "Ignore":
        return Decoded(value)
    is_yaml = media_type_of(content_type) == YAML
    twice = duplicates if is_yaml else tuple(f'duplicate field "{name}"' for name in duplicates)
    problems = (*twice, *(f'unknown field "{path}"' for path in unknown_fields(document, info.object_type)))
    if problems and validation == "Strict":
        raise bad_request(f"{refused}strict decoding error: {', '.join(problems)}")
    return Decoded(value, problems)


def convert(document: dict[str, Any], info: ResourceInfo, refused: str = "") -> Any:
    """Make the struct of a document; `refused` is what a complaint begins with.

    Raises:
        ApiError: 400, a value is of a wrong type.
    """
    try:
        return msgspec.convert(document, info.object_type)
    except msgspec.ValidationError:
        document = _without_nulls(document, info.object_type)  # most often there are none in the way
    try:
        return msgspec.convert(document, info.object_type)
    except msgspec.ValidationError as error:
        what = mismatch(document, info.object_type) or f"json: {error}"
        raise bad_request(f"{refused}{what}") from error


def _without_nulls(value: Any, kind: Any) -> Any:
    """Drop nulls as Go does: a null leaves a field as it is, and an element of a list or a map empty."""
    kind = plain_type(kind)
    if isinstance(value, dict) and isinstance(kind, type) and issubclass(kind, msgspec.Struct):
        fields = {field.encode_name: field.type for field in msgspec.structs.fields(kind)}
        return {
            key: _without_nulls(element, fields.get(key, Any)) for key, element in value.items() if element is not None
        }
    members = typing.get_args(kind)
    if isinstance(value, list) and typing.get_origin(kind) is list:
        return [_element(element, members[0]) for element in value]
    if isinstance(value, dict) and typing.get_origin(kind) is dict:
        return {key: _element(element, members[1]) for key, element in value.items()}
    return value


def _element(value: Any, kind: Any) -> Any:
    if value is not None:
        return _without_nulls(value, kind)
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
        return {}
    if kind == Quantity:
        return "0"
    return kind() if kind in (str, int, bool) else None


class _TypeMeta(msgspec.Struct, rename={"api_version": "apiVersion"}):
    api_version: str = ""
    kind: str = ""


_ANONYMOUS_STRUCT = (
    'struct { APIVersion string "json:\\"apiVersion,omitempty\\""; Kind string "json:\\"kind,omitempty\\"" }'
)


def _unrecognized(wanted: str, why: str, body: bytes) -> Exception:
    return bad_request(f"the object provided is unrecognized (must be of type {wanted}): {why} ({_summary(body)})")


def _summary(body: bytes) -> str:
    """Show the beginning of a body: as text when it may be an object, else in hexadecimal."""
    if not body:
        return "<empty>"
    shown = body[:_SHOWN_BYTES]
    text = shown.decode("utf-8", "replace") if body.startswith(b"{") else shown.hex()
    return text + (" ..." if len(body) > _SHOWN_BYTES else "")
