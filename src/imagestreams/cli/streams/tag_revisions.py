"""A tag's history as numbered revisions: the oldest image is revision 1, the current one has the highest number.

Pure: from a stream as a plain dictionary to revisions, and to the one that a rollback goes to.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from imagestreams.cli.describers.tag_references import spec_tag, status_tag
from imagestreams.cli.errors import CliError
from imagestreams.cli.streams.version_moves import VersionMove, moves_of


@dataclass(frozen=True)
class TagName:
    """A tag of a stream, `python:3.6`."""

    stream: str
    tag: str

    def __str__(self) -> str:
        return f"{self.stream}:{self.tag}"


@dataclass(frozen=True)
class Revision:
    """What a tag pointed to; `image` is empty for a reference that was never imported."""

    number: int
    image: str
    pull_spec: str
    created: str
    generation: int
    current: bool
    same_as: int = 0
    """The newest earlier revision with the same image; 0 when the image was new to the tag."""
    move: VersionMove | None = None
    """Which version that was, of a tag that goes by a version policy."""


def tag_name(text: str) -> TagName:
    """Read `STREAM:TAG`.

    Raises:
        CliError: it is nothing of the kind.
    """
    stream, colon, tag = text.partition(":")
    if not (stream and colon and tag) or ":" in tag or "@" in text or "/" in text:
        raise CliError(f'"{text}" must be of the form <stream_name>:<tag>')
    return TagName(stream, tag)


def revisions_of(stream: Mapping[str, Any], name: TagName) -> list[Revision]:
    """Return a tag's revisions, the current one first.

    Raises:
        CliError: the stream has no such tag, or the tag never pointed to an image.
    """
    history = status_tag(stream, name.tag)
    items = (history or {}).get("items") or []
    if not items:
        if history is None and spec_tag(stream, name.tag) is None:
            raise CliError(f'the tag "{name.tag}" does not exist on the image stream "{name.stream}"')
        raise CliError(f'the tag "{name}" has never pointed to an image{_why_not(history)}')
    revisions: list[Revision] = []
    known: dict[str, int] = {}
    moves = {(move.image, move.created): move for move in reversed(moves_of(stream, name.tag))}
    for number, item in enumerate(reversed(items), 1):
        image = item.get("image", "")
        revisions.append(
            Revision(
                number=number,
                image=image,
                pull_spec=item.get("dockerImageReference", ""),
                created=item.get("created") or "",
                generation=item.get("generation") or 0,
                current=number == len(items),
                same_as=known.get(image, 0) if image else 0,
                move=moves.get((image, item.get("created") or "")),
            )
        )
        known[image] = number
    return revisions[::-1]


def _why_not(history: Mapping[str, Any] | None) -> str:
    for condition in (history or {}).get("conditions") or []:
        if condition.get("type") == "ImportSuccess" and condition.get("status") == "False":
            return f": import failed ({condition.get('reason', '')}): {condition.get('message', '')}"
    return ""


def rollback_target(revisions: Sequence[Revision], name: TagName, to_revision: int) -> Revision:
    """Return the revision to go back to: the one asked for, else (0) the newest with another image than the current.

    Raises:
        CliError: there is none, it is the current image already, or it names no image.
    """
    current = revisions[0]
    if to_revision < 0:
        raise CliError(f"--to-revision must not be negative: {to_revision}")
    if to_revision:
        found = next((one for one in revisions if one.number == to_revision), None)
        if found is None:
            there = "only revision 1" if len(revisions) == 1 else f"revisions 1 to {len(revisions)}"
            raise CliError(f'unable to find revision {to_revision} of tag "{name}": it has {there}')
    else:
        found = next((one for one in revisions if one.image != current.image), None)
        if found is None:
            raise CliError(f'tag "{name}" has only ever pointed to one image, there is nothing to roll back to')
    if found.image and found.image == current.image:
        raise CliError(f'tag "{name}" already points to the image of revision {found.number} ({found.image})')
    if not found.image:
        raise CliError(
            f'revision {found.number} of tag "{name}" refers to "{found.pull_spec}", which was never imported; '
            "use the 'tag' command to refer to it again"
        )
    return found


def rolled_back(stream: Mapping[str, Any], name: TagName, target: Revision) -> dict[str, Any]:
    """Return the ImageStreamTag that makes an earlier image current.

    What was said of the tag stays, but for what only holds for an import from a registry: its schedule and its leave
    to be insecure. It carries the stream's resource version, so that a change in between shows as a conflict.
    """
    meta = stream["metadata"]
    before = spec_tag(stream, name.tag) or {}
    metadata = {
        "name": str(name),
        "namespace": meta.get("namespace", ""),
        "resourceVersion": meta.get("resourceVersion", ""),
    }
    wish: dict[str, Any] = {
        "name": name.tag,
        "from": {"kind": "ImageStreamImage", "name": f"{name.stream}@{target.image}"},
        "importPolicy": {"importMode": (before.get("importPolicy") or {}).get("importMode") or "Legacy"},
        "referencePolicy": before.get("referencePolicy") or {"type": "Source"},
    }
    body: dict[str, Any] = {"kind": "ImageStreamTag", "apiVersion": "image.openshift.io/v1"}
    if before.get("annotations"):
        wish["annotations"] = before["annotations"]
        return {**body, "metadata": {**metadata, "annotations": before["annotations"]}, "tag": wish}
    return {**body, "metadata": metadata, "tag": wish}
