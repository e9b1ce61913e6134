"""What an image's metadata may hold: `dockerImageMetadata` is free JSON on the wire and a fixed type to its readers."""

from collections.abc import Mapping
from typing import Any, Final

_TEXT: Final = "string"
_NUMBER: Final = "int64"
_FLAG: Final = "bool"
_TEXTS: Final = "[]string"
_SET: Final = "map[string]struct {}"
_LABELS: Final = "map[string]string"
_TIME: Final = "v1.Time"
_CONFIG: Final = "docker10.DockerConfig"

_IMAGE_FIELDS: Final = {
    "Id": _TEXT,
    "Parent": _TEXT,
    "Comment": _TEXT,
    "Created": _TIME,
    "Container": _TEXT,
    "ContainerConfig": _CONFIG,
    "DockerVersion": _TEXT,
    "Author": _TEXT,
    "Config": _CONFIG,
    "Architecture": _TEXT,
    "Size": _NUMBER,
}
_CONFIG_FIELDS: Final = {
    **dict.fromkeys(("Hostname", "Domainname", "User", "Cpuset", "Image", "VolumesFrom", "WorkingDir"), _TEXT),
    **dict.fromkeys(("Memory", "MemorySwap", "CpuShares"), _NUMBER),
    **dict.fromkeys(
        ("AttachStdin", "AttachStdout", "AttachStderr", "Tty", "OpenStdin", "StdinOnce", "NetworkDisabled"), _FLAG
    ),
    **dict.fromkeys(("PortSpecs", "Env", "Cmd", "DNS", "Entrypoint", "SecurityOpts", "OnBuild"), _TEXTS),
    **dict.fromkeys(("ExposedPorts", "Volumes"), _SET),
    "Labels": _LABELS,
}


def metadata_misfit(metadata: Mapping[str, Any] | None) -> str | None:
    """Say in the words of Go's JSON reader which value has the wrong type; `None` when all fit."""
    return _misfit(metadata or {}, _IMAGE_FIELDS, "DockerImage", "")


def _misfit(values: Mapping[str, Any], fields: Mapping[str, str], owner: str, path: str) -> str | None:
    for field, wanted in fields.items():
        value = values.get(field)
        if value is None:
            continue
        found = _wrong_part(value, wanted)
        if found is not None:
            kind, part = found
            return f"json: cannot unmarshal {kind} into Go struct field {owner}.{path}{field} of type {part}"
        if wanted == _CONFIG and (below := _misfit(value, _CONFIG_FIELDS, owner, f"{field}.")):
            return below
    return None


def _wrong_part(value: Any, wanted: str) -> tuple[str, str] | None:
    """Return what a value or one of its members is in JSON, and what it should be in Go."""
    kind = _kind_of(value)
    match wanted:
        case "string" | "v1.Time":
            return None if kind == "string" else (kind, wanted)
        case "int64":
            return None if kind == "number" and isinstance(value, int) else (kind, wanted)
        case "bool":
            return None if kind == "bool" else (kind, wanted)
        case "[]string":
            return (kind, wanted) if kind != "array" else _wrong_member(value, _TEXT)
        case "map[string]string":
            return (kind, wanted) if kind != "object" else _wrong_member(value.values(), _TEXT)
        case "map[string]struct {}":
            return (kind, wanted) if kind != "object" else _wrong_member(value.values(), "struct {}")
    return None if kind == "object" else (kind, wanted)


def _wrong_member(values: Any, wanted: str) -> tuple[str, str] | None:
    expected = "string" if wanted == _TEXT else "object"
    kinds = (_kind_of(value) for value in values if value is not None)
    return next(((kind, wanted) for kind in kinds if kind != expected), None)


def _kind_of(value: Any) -> str:
    if isinstance(value, bool):
        return "bool"
    if isinstance(value, str):
        return "string"
    if isinstance(value, int | float):
        return "number"
    return "array" if isinstance(value, list) else "object"
