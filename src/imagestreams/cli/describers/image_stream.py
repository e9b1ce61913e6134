"""`describe is/NAME`: where the stream's images are, and each tag with its source and its history."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from imagestreams import reference
from imagestreams.api.ages import parse_time, relative_time
from imagestreams.api.annotations import FOLLOW, REPOSITORY_FAILURE
from imagestreams.cli.describers import metadata
from imagestreams.cli.describers.tag_order import most_important_first
from imagestreams.cli.describers.tag_references import follow, spec_tag, status_tag
from imagestreams.cli.streams.version_moves import moves_of
from imagestreams.cli.texts.tab_stops import TabbedText

# What the line under a tag's name begins with, by kind of source: plain, followed on a schedule, by reference.
_SOURCE_WORDS: Final = {
    "ImageStreamTag": ("tagged from", "updates automatically from", "reference to"),
    "DockerImage": ("tagged from", "updates automatically from registry", "reference to registry"),
    "ImageStreamImage": ("tagged from", "tagged from", "reference to image"),
}


def describe_image_stream(stream: Mapping[str, Any], now: datetime) -> str:
    """Return the description of an ImageStream."""
    text = metadata.oc_text()
    meta, status = stream.get("metadata") or {}, stream.get("status") or {}
    text.line("Name", meta.get("name", ""))
    if meta.get("namespace"):
        text.line("Namespace", meta["namespace"])
    if parse_time(meta.get("creationTimestamp")) is not None:
        text.line("Created", f"{relative_time(meta['creationTimestamp'], now)} ago")
    metadata.pairs(text, "Labels", meta.get("labels"))
    metadata.description_and_annotations(text, meta)
    repository = status.get("publicDockerImageRepository") or status.get("dockerImageRepository") or ""
    text.line("Image Repository", repository)
    local = bool(((stream.get("spec") or {}).get("lookupPolicy") or {}).get("local"))
    text.line("Image Lookup", f"local={str(local).lower()}")
    if failure := (meta.get("annotations") or {}).get(REPOSITORY_FAILURE):
        text.line("Repository Import", f"! error: can't be listed {failure}")
    _tags(text, stream, now)
    return text.text()


def _tags(text: TabbedText, stream: Mapping[str, Any], now: datetime) -> None:
    wishes = (stream.get("spec") or {}).get("tags") or []
    histories = (stream.get("status") or {}).get("tags") or []
    if not wishes and not histories:
        text.write("Tags:\t<none>\n")
        return

    names = [history.get("tag", "") for history in histories]
    names += [wish.get("name", "") for wish in wishes if status_tag(stream, wish.get("name", "")) is None]
    text.write(f"Unique Images:\t{_unique_images(histories)}\nTags:\t{len(names)}\n\n")

    followers: dict[str, set[str]] = {}
    for wish in wishes:
        followed = follow(stream, wish.get("name", ""))
        if followed.problem is None and followed.several:
            followers.setdefault(followed.tag, set()).add(wish.get("name", ""))
    following = set().union(*followers.values())
    shown = [name for name in most_important_first(names) if name not in following]
    for number, name in enumerate(shown):
        if number:
            text.write("\n")
        _tag(text, stream, name, sorted(followers.get(name, ())), now)


def _unique_images(histories: list[dict[str, Any]]) -> int:
    """Count the images in all histories; items that are a pull spec without an image count as one."""
    items = [item for history in histories for item in history.get("items") or []]
    images = {item["image"] for item in items if item.get("image")}
    without = any(item.get("dockerImageReference") for item in items if not item.get("image"))
    return len(images) + without


def _tag(text: TabbedText, stream: Mapping[str, Any], name: str, followers: list[str], now: datetime) -> None:
    wish, history = spec_tag(stream, name), status_tag(stream, name) or {}
    text.write(f"{name} ({', '.join(most_important_first(followers))})\n" if followers else f"{name}\n")
    source = (wish or {}).get("from")
    policy = (wish or {}).get("importPolicy") or {}
    text.write(f"  {_source_line(stream, wish)}\n")
    if source and (followed := ((wish or {}).get("annotations") or {}).get(FOLLOW)):
        text.write(f"    follows {followed}{_version(stream, name, history)}\n")
    if source and policy.get("insecure"):
        text.write("    will use insecure HTTPS or HTTP connections\n")
    if ((wish or {}).get("referencePolicy") or {}).get("type") == "Local":
        text.write("    prefer registry pullthrough when referencing this tag\n")
    text.write("\n")
    _notes(text, (wish or {}).get("annotations") or {})
    if wish and source and not wish.get("reference") and (wish.get("generation") or 0) > _observed_generation(history):
        text.write("  ~ importing latest image ...\n")
    for condition in history.get("conditions") or []:
        if condition.get("type") == "ImportSuccess" and condition.get("status") == "False":
            failed = relative_time(condition.get("lastTransitionTime"), now)
            problem = f"Import failed ({condition.get('reason', '')}): {condition.get('message', '')}"
            text.write(f"  ! error: {problem}\n      {failed} ago\n")
        elif condition.get("type") == "SecretAccepted" and condition.get("status") == "False":
            text.write(f"  ! warning: {condition.get('message', '')}\n")
    for number, item in enumerate(history.get("items") or []):
        pull_spec, image = item.get("dockerImageReference", ""), item.get("image", "")
        text.write(f"  {'*' if number == 0 else ' '} {pull_spec}\n      {relative_time(item.get('created'), now)} ago")
        text.write(f"\t{image}\n" if _is_another_image(pull_spec, image) else "\n")


def _version(stream: Mapping[str, Any], tag: str, history: Mapping[str, Any]) -> str:
    """Say at which version a followed tag is now, where that is known."""
    items, moves = history.get("items") or [], moves_of(stream, tag)
    known = bool(items and moves) and moves[0].image == items[0].get("image")
    return f", now at {moves[0].to}" if known else ""


def _source_line(stream: Mapping[str, Any], wish: Mapping[str, Any] | None) -> str:
    if wish is None:
        return "no spec tag"
    source = wish.get("from")
    if not source:
        return "tag without source image"
    kind, name, namespace = source.get("kind", ""), source.get("name", ""), source.get("namespace", "")
    if namespace and namespace != (stream.get("metadata") or {}).get("namespace", ""):
        name = f"{namespace}/{name}"
    plain, scheduled, by_reference = _SOURCE_WORDS.get(
        kind, (f"updates from {kind}", f"updates from {kind}", f"reference to {kind}")
    )
    if wish.get("reference"):
        return f"{by_reference} {name}"
    return f"{scheduled if (wish.get('importPolicy') or {}).get('scheduled') else plain} {name}"


def _notes(text: TabbedText, annotations: Mapping[str, str]) -> None:
    """Write what a tag's annotations tell a reader of a catalogue."""
    lines = [
        annotations.get("description", ""),
        _listed("Tags", annotations.get("tags", "")),
        _listed("Supports", annotations.get("supports", "")),
        f"Example Repo: {annotations['sampleRepo']}" if annotations.get("sampleRepo") else "",
    ]
    told = [f"  {line}\n" for line in lines if line]
    if told:
        text.write("".join(told) + "\n")


def _listed(label: str, values: str) -> str:
    return f"{label}: {', '.join(values.split(','))}" if values else ""


def _observed_generation(history: Mapping[str, Any]) -> int:
    """Return the generation of the spec tag that the history's newest item, or its last failure, answers."""
    items = history.get("items") or []
    observed = max(int(items[0].get("generation") or 0), 0) if items else 0
    failures = [one for one in history.get("conditions") or [] if one.get("type") == "ImportSuccess"]
    return max(observed, int(failures[0].get("generation") or 0)) if failures else observed


def _is_another_image(pull_spec: str, image: str) -> bool:
    """Say whether the image can't be told from the pull spec."""
    if not image:
        return False
    try:
        return reference.parse(pull_spec).id != image
    except reference.InvalidReference:
        return False
