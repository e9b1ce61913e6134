"""Which representation a client gets: media type (JSON, YAML) and shape (object, table, metadata only)."""

from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from imagestreams.api.errors import not_acceptable

JSON: Final = "application/json"
YAML: Final = "application/yaml"
PROTOBUF: Final = "application/vnd.kubernetes.protobuf"
_KNOWN: Final = (JSON, YAML, PROTOBUF)
_STREAMED: Final = (f"{JSON};stream=watch", f"{PROTOBUF};stream=watch")
DISCOVERY: Final = "APIGroupDiscoveryList"
_METADATA_SHAPES: Final = ("PartialObjectMetadata", "PartialObjectMetadataList")
_META_GROUP: Final = "meta.k8s.io"
_REMEMBERED_BYTES: Final = 1024


@dataclass(frozen=True, slots=True)
class Representation:
    """A media type and, unless empty, the kind that the object is turned into."""

    media_type: str = JSON
    shape: str = ""


PLAIN: Final = Representation()


def parse_accept(header: str) -> list[tuple[str, dict[str, str]]]:
    """Read an `Accept` header: media types with their parameters, the most wanted first."""
    clauses = []
    for clause in header.split(","):
        media_type, *rest = (part.strip() for part in clause.split(";"))
        parameters = {key.strip().lower(): value.strip() for key, _, value in (part.partition("=") for part in rest)}
        try:
            quality = float(parameters.pop("q", "1"))
        except ValueError:
            quality = 0.0
        if media_type and quality > 0:
            clauses.append((quality, media_type.lower(), parameters))
    return [(media_type, parameters) for _, media_type, parameters in sorted(clauses, key=lambda c: -c[0])]


def negotiate(
    header: str, *, table: bool, metadata: bool, collection: bool = False, stream: bool = False
) -> Representation:
    """Choose the first of the wanted representations that can be given.

    `table` and `metadata`: whether the object can be shown as those; `collection`: whether the path could be watched,
    which only the complaint shows. A stream of events is JSON only.

    Raises:
        ApiError: 406, there is none.
    """
    if len(header) > _REMEMBERED_BYTES:
        return _choose(header, table, metadata, collection, stream)
    return _remembered(header, table, metadata, collection, stream)


def _choose(header: str, table: bool, metadata: bool, collection: bool, stream: bool) -> Representation:
    known = not header
    for media_type, parameters in parse_accept(header) or [("*/*", {})]:
        if media_type in ("*/*", "application/*", JSON):
            chosen = JSON
        elif media_type in _KNOWN:
            chosen = media_type
        else:
            continue
        known = True
        if chosen == PROTOBUF or (stream and chosen != JSON):
            continue
        if parameters.get("stream", "watch") != "watch":
            continue
        shape = parameters.get("as", "")
        if not shape:
            return PLAIN if chosen == JSON else Representation(chosen)
        if parameters.get("g") != _META_GROUP or parameters.get("v") not in ("v1", "v1beta1"):
            continue
        if (shape == "Table" and table) or (shape in _METADATA_SHAPES and metadata):
            return Representation(chosen, shape)
    if not known:
        available = ", ".join(_KNOWN + _STREAMED if collection else _KNOWN)
        raise not_acceptable(f"406: Not Acceptable\n\nAvailable representations: {available}")
    raise _only(_STREAMED if stream else _KNOWN)


_remembered = lru_cache(maxsize=1024)(_choose)


def _only(accepted: tuple[str, ...]) -> Exception:
    error = not_acceptable(f"only the following media types are accepted: {', '.join(accepted)}")
    error.status.details = None
    return error


def plain_media_type(header: str) -> str:
    """Return the media type of an answer that has one shape only; JSON when none of the wanted can be given."""
    for media_type, parameters in parse_accept(header) if header else ():
        if parameters.get("as"):
            continue
        if media_type in ("*/*", "application/*", JSON):
            return JSON
        if media_type == YAML:
            return YAML
    return JSON


def wants_aggregated_discovery(header: str) -> bool:
    """Return whether discovery is asked for in one document (v2)."""
    for media_type, parameters in parse_accept(header):
        if parameters.get("as") == DISCOVERY:
            if (parameters.get("g"), parameters.get("v")) == ("apidiscovery.k8s.io", "v2") and media_type == JSON:
                return True
        elif media_type in ("*/*", "application/*", JSON):
            return False
    return False
