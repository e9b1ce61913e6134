"""Following tags that refer to other tags of their stream, as the command line needs it."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any


class Dangling(Enum):
    """Why a tag leads nowhere."""

    CIRCULAR = "reference tag is circular"
    NOT_FOUND = "reference tag is not found"
    OTHER_STREAM = "reference tag points to another imagestream"


@dataclass(frozen=True)
class Followed:
    """Where a tag leads: the last tag seen, its spec, and whether it took more than one step."""

    tag: str
    wish: Mapping[str, Any] | None
    several: bool
    problem: Dangling | None = None


def spec_tag(stream: Mapping[str, Any], name: str) -> dict[str, Any] | None:
    """Return what the stream's spec says of a tag."""
    tags: list[dict[str, Any]] = (stream.get("spec") or {}).get("tags") or []
    return next((tag for tag in tags if tag.get("name", "") == name), None)


def status_tag(stream: Mapping[str, Any], name: str) -> dict[str, Any] | None:
    """Return what the stream's status says of a tag."""
    tags: list[dict[str, Any]] = (stream.get("status") or {}).get("tags") or []
    return next((tag for tag in tags if tag.get("tag", "") == name), None)


def latest_event(stream: Mapping[str, Any], tag: str) -> dict[str, Any] | None:
    """Return the newest item of a tag's history; no tag means `latest`."""
    items = (status_tag(stream, tag or "latest") or {}).get("items") or []
    return items[0] if items else None


def follow(stream: Mapping[str, Any], tag: str) -> Followed:
    """Follow a tag through its stream to the tag that refers to no other one."""
    metadata = stream.get("metadata") or {}
    seen: set[str] = set()
    while True:
        several = bool(seen)
        if tag in seen:
            return Followed(tag, None, several, Dangling.CIRCULAR)
        seen.add(tag)
        wish = spec_tag(stream, tag)
        if wish is None:
            return Followed(tag, None, several, Dangling.NOT_FOUND)
        source = wish.get("from") or {}
        if source.get("kind") != "ImageStreamTag":
            return Followed(tag, wish, several)
        if source.get("namespace", "") not in {"", metadata.get("namespace", "")}:
            return Followed(tag, None, several, Dangling.OTHER_STREAM)
        name, colon, referred = source.get("name", "").partition(":")
        if colon and name != metadata.get("name", ""):
            return Followed(tag, None, several, Dangling.OTHER_STREAM)
        tag = (referred or "latest") if colon else name
