"""`describe istag/…`, `isimage/…`, `image/…`: what is in an image."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from imagestreams.api.ages import parse_time, relative_time
from imagestreams.cli.describers import metadata
from imagestreams.cli.texts.sizes import human_size
from imagestreams.cli.texts.tab_stops import TabbedText


def describe_image(image: Mapping[str, Any], name: str, now: datetime) -> str:
    """Return the description of an Image; `name` is the one by which the reader asked for it, if any."""
    text = metadata.oc_text()
    meta = image.get("metadata") or {}
    if name:
        text.line("Image Name", name)
    text.line("Docker Image", image.get("dockerImageReference", ""))
    text.line("Name", meta.get("name", ""))
    if parse_time(meta.get("creationTimestamp")) is not None:
        text.line("Created", f"{relative_time(meta['creationTimestamp'], now)} ago")
    if meta.get("labels"):
        metadata.pairs(text, "Labels", meta["labels"])
    if meta.get("annotations"):
        metadata.description_and_annotations(text, meta)

    about = image.get("dockerImageMetadata") or {}
    _sizes(text, about.get("Size") or 0, image.get("dockerImageLayers") or [])
    for signature in image.get("signatures") or []:
        text.line("Image Signatures", " ")
        _signature(text, signature)
    text.line("Image Created", f"{relative_time(about.get('Created'), now)} ago")
    text.line("Author", about.get("Author", ""))
    text.line("Arch", about.get("Architecture", ""))
    if manifests := image.get("dockerImageManifests"):
        platforms = (f"{one.get('os', '')}/{one.get('architecture', '')}\t{one.get('digest', '')}" for one in manifests)
        text.line("Manifests", "\n".join(platforms))
    _config(text, about.get("Config") or {})
    return text.text()


def _sizes(text: TabbedText, size: int, layers: list[dict[str, Any]]) -> None:
    if not layers:
        text.line("Layer Size", human_size(size))
        return
    text.line("Image Size", f"{human_size(size)} in {len(layers)} layers")
    text.line("Layers", "\n".join(f"{human_size(one.get('size') or 0)}\t{one.get('name', '')}" for one in layers))


def _signature(text: TabbedText, signature: Mapping[str, Any]) -> None:
    text.line("\tName", (signature.get("metadata") or {}).get("name", ""))
    text.line("\tType", signature.get("type", ""))
    issuer = signature.get("issuedBy")
    if issuer is None:
        text.line("\tStatus", "Unverified")
        return
    text.line("\tStatus", "Verified")
    text.line("\tIssued By", issuer.get("commonName", ""))
    for condition in signature.get("conditions") or []:
        probed = _go_time(condition.get("lastProbeTime"))
        text.line("\t", f"Signature is {condition.get('type', '')} ({condition.get('message', '')} on {probed})")


def _go_time(time: str | None) -> str:
    """Print a time as Go's `String` does, in UTC."""
    moment = "0001-01-01T00:00:00Z" if parse_time(time) is None else str(time)
    return moment.replace("T", " ").replace("Z", " +0000 UTC")


def _config(text: TabbedText, config: Mapping[str, Any]) -> None:
    entrypoint, command = config.get("Entrypoint") or [], config.get("Cmd") or []
    if entrypoint:
        text.line("Entrypoint", " ".join(entrypoint))
    if command or not entrypoint:
        text.line("Command", " ".join(command))
    text.line("Working Dir", config.get("WorkingDir", ""))
    text.line("User", config.get("User", ""))
    text.line("Exposes Ports", ", ".join(sorted(config.get("ExposedPorts") or {})))
    metadata.pairs(text, "Docker Labels", config.get("Labels"))
    _list(text, "Environment", config.get("Env") or [])
    _list(text, "Volumes", sorted(config.get("Volumes") or {}))


def _list(text: TabbedText, label: str, values: list[str]) -> None:
    """Write one value a line, and nothing when there is none."""
    if values:
        text.line(label, values[0])
    for value in values[1:]:
        text.write(f"\t{value}\n")
