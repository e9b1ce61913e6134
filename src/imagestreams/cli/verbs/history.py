"""`isctl history`: every image that a tag pointed to, and what changed from one to the next."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

import click

from imagestreams.api.ages import age
from imagestreams.cli.command import verb
from imagestreams.cli.errors import CliError
from imagestreams.cli.flags import flag, switch
from imagestreams.cli.session import Session
from imagestreams.cli.streams.image_changes import Changes, changes_between, is_list, short_digest, size_of
from imagestreams.cli.streams.tag_revisions import Revision, TagName, revisions_of, tag_name
from imagestreams.cli.texts.sizes import human_size
from imagestreams.cli.texts.tab_stops import align, without_control
from imagestreams.client.errors import ClientError
from imagestreams.client.resources import IMAGE_STREAM_IMAGES, IMAGE_STREAMS

_HEADERS: Final = ("REVISION", "AGE", "IMAGE", "SIZE", "CHANGES", "PULL SPEC")

Images = Mapping[str, Mapping[str, Any]]


@verb(
    "history",
    help="""Show every image that a tag pointed to.

Revisions are numbered from the oldest on; the current image, marked with a star, has the highest number. CHANGES
tells what differs from the revision before, and of a tag that goes by a version policy which version it moved to.
'isctl rollback' makes an earlier one current again.

\b
  isctl history python:3.6
  isctl history python:3.6 -o wide
""",
)
@flag("-o", "--output", default="", help="One of wide (all changes in full), json or yaml.")
@switch("--no-headers", help="Leave out the line of headers.")
@click.argument("arguments", nargs=-1, metavar="IMAGESTREAM:TAG")
@click.pass_obj
def history(session: Session, /, arguments: tuple[str, ...], output: str, no_headers: bool) -> None:
    if output not in ("", "wide", "json", "yaml"):
        raise CliError(f"unable to match a printer suitable for the output format \"{output}\", "
                       "allowed formats are: json,wide,yaml")  # fmt: skip
    if len(arguments) != 1:
        raise CliError("exactly one tag of an image stream is required")
    name = tag_name(arguments[0])
    stream = session.resources(IMAGE_STREAMS).get(name.stream)
    revisions = revisions_of(stream, name)
    images = _images(session, name.stream, revisions)
    if output in ("json", "yaml"):
        from imagestreams.cli.printers.documents import json_text, yaml_text

        data = as_data(name, session.namespace, revisions, images)
        session.out.write(json_text(data) if output == "json" else yaml_text(data))
        return
    session.out.write(table(revisions, images, datetime.now(UTC), wide=output == "wide", headers=not no_headers))


def _images(session: Session, stream: str, revisions: Sequence[Revision]) -> dict[str, dict[str, Any]]:
    """Fetch the images that are still there."""
    found = {}
    for digest in dict.fromkeys(revision.image for revision in revisions if revision.image):
        try:
            answer = session.resources(IMAGE_STREAM_IMAGES).get(f"{stream}@{digest}")
        except ClientError as error:
            if error.reason != "NotFound":
                raise
        else:
            found[digest] = answer.get("image") or {}
    return found


def table(revisions: Sequence[Revision], images: Images, now: datetime, *, wide: bool, headers: bool) -> str:
    """Return the history as a table, the current revision first."""
    rows = [list(_HEADERS)] if headers else []
    older: list[Revision | None] = [*revisions[1:], None]
    for revision, before in zip(revisions, older, strict=True):
        rows.append(
            [
                f"{revision.number}{' *' if revision.current else ''}",
                age(revision.created, now),
                (revision.image if wide else short_digest(revision.image)) or "<none>",
                _size(images.get(revision.image)) if revision.image else "<none>",
                _reason(revision) + _change_words(revision, before, images, wide=wide),
                revision.pull_spec,
            ]
        )
    return align("".join("\t".join(map(_cell, row)) + "\n" for row in rows), padding=3)


def _cell(text: str) -> str:
    return without_control(text).replace("\t", " ").replace("\n", " ")


def _size(image: Mapping[str, Any] | None) -> str:
    if image is None:
        return "<unknown>"
    if is_list(image):
        return f"{len(image['dockerImageManifests'])} platforms"
    return human_size(size_of(image))


def _reason(revision: Revision) -> str:
    return f"{revision.move}: " if revision.move is not None else ""


def _change_words(revision: Revision, before: Revision | None, images: Images, *, wide: bool) -> str:
    came_back = f"same image as revision {revision.same_as}" if revision.same_as else ""
    if not revision.image:
        return "reference, not imported"
    if before is not None and revision.image == before.image:
        return "re-imported"
    if revision.image not in images:
        return came_back or "image no longer there"
    if before is None or not before.image:
        return "first image"
    changes = _changes(revision, before, images)
    if changes is None:
        return came_back or "<unknown>"
    words = changes.details() if wide else changes.summary()
    return f"{came_back}: {words}" if came_back else words


def _changes(revision: Revision, before: Revision, images: Images) -> Changes | None:
    older, newer = images.get(before.image), images.get(revision.image)
    return None if older is None or newer is None else changes_between(older, newer)


def as_data(name: TagName, namespace: str, revisions: Sequence[Revision], images: Images) -> dict[str, Any]:
    """Return the history as data, the current revision first."""
    entries = []
    older: list[Revision | None] = [*revisions[1:], None]
    for revision, before in zip(revisions, older, strict=True):
        entry: dict[str, Any] = {
            "revision": revision.number,
            "current": revision.current,
            "created": revision.created or None,
            "generation": revision.generation,
            "image": revision.image,
            "dockerImageReference": revision.pull_spec,
        }
        image = images.get(revision.image)
        entry["imageMissing"] = bool(revision.image) and image is None
        if image is not None:
            entry["size"] = size_of(image)
        if revision.move is not None:
            move = revision.move
            entry["followed"] = {"policy": move.policy, "from": move.before or None, "to": move.to}
        if revision.same_as:
            entry["sameImageAsRevision"] = revision.same_as
        changes = None if before is None else _changes(revision, before, images)
        if changes is not None:
            entry["changes"] = changes.as_data()
        entries.append(entry)
    return {"namespace": namespace, "imageStream": name.stream, "tag": name.tag, "revisions": entries}
