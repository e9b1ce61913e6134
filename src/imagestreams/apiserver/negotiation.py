"""Which representation a client gets: media type (JSON, YAML) and shape (object, table, metadata only)."""

from dataclasses import dataclass

from imagestreams.api.errors import not_acceptable

JSON = "application/json"
YAML = "application/yaml"
AVAILABLE = (
    "application/json, application/yaml, application/vnd.kubernetes.protobuf, "
    "application/json;stream=watch, application/vnd.kubernetes.protobuf;stream=watch"
)
DISCOVERY = "APIGroupDiscoveryList"
_METADATA_SHAPES = ("PartialObjectMetadata", "PartialObjectMetadataList")


@dataclass(frozen=True, slots=True)
class Representation:
    """A media type and, unless empty, the kind that the object is turned into."""

    media_type: str = JSON
    shape: str = ""


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


def negotiate(header: str, *, table: bool, metadata: bool, stream: bool = False) -> Representation:
    """Choose the first of the wanted representations that can be given.

    `table` and `metadata`: whether the object can be shown as those. A stream of events is JSON only.

    Raises:
        ApiError: 406, there is none.
    """
    for media_type, parameters in parse_accept(header) or [("*/*", {})]:
        if media_type in ("*/*", "application/*", JSON):
            chosen = JSON
        elif media_type == YAML and not stream:
            chosen = YAML
        else:
            continue
        shape = parameters.get("as", "")
        if not shape:
            return Representation(chosen)
        if parameters.get("g") != "meta.k8s.io" or parameters.get("v") not in ("v1", "v1beta1"):
            continue
        if (shape == "Table" and table) or (shape in _METADATA_SHAPES and metadata):
            return Representation(chosen, shape)
    raise not_acceptable(f"406: Not Acceptable\n\nAvailable representations: {AVAILABLE}")


def wants_aggregated_discovery(header: str) -> bool:
    """Return whether discovery is asked for in one document (v2)."""
    for media_type, parameters in parse_accept(header):
        if parameters.get("as") == DISCOVERY:
            if (parameters.get("g"), parameters.get("v")) == ("apidiscovery.k8s.io", "v2") and media_type == JSON:
                return True
        elif media_type in ("*/*", "application/*", JSON):
            return False
    return False
