"""Following one tag: what it points to, and each change, over breaks of the connection."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Final

from imagestreams.api.codec import from_dict
from imagestreams.api.image import ImageStream
from imagestreams.cli.errors import CliError
from imagestreams.cli.objects.following import MISSING, follow_object
from imagestreams.cli.objects.selection import Object, Target
from imagestreams.cli.session import Session
from imagestreams.cli.streams.tag_revisions import TagName
from imagestreams.client.errors import ClientError
from imagestreams.client.resources import IMAGE_STREAMS
from imagestreams.notifications.stream_happenings import stream_happenings

FIRST_S: Final = 1.0
LONGEST_S: Final = 30.0
_BUSY: Final = frozenset({"ServiceUnavailable", "TooManyRequests", "Timeout", "ServerTimeout", "InternalError"})


@dataclass(frozen=True, slots=True)
class TagChange:
    """What a tag points to since when; `image` and `pull_spec` are empty when the tag was deleted."""

    namespace: str
    name: TagName
    image: str
    pull_spec: str
    previous: str
    created: str
    is_initial: bool = False

    @property
    def is_deletion(self) -> bool:
        """Whether the tag is gone."""
        return not self.pull_spec

    def line(self) -> str:
        """Return the change as one line: when, the tag, its image and pull spec, `-` for none."""
        return f"{self.created or '-'} {self.name} {self.image or '-'} {self.pull_spec or '-'}"

    def environment(self) -> dict[str, str]:
        """Return what a command is told of the change."""
        return {
            "IMAGESTREAMS_EVENT": "initial" if self.is_initial else "changed",
            "IMAGESTREAMS_NAMESPACE": self.namespace,
            "IMAGESTREAMS_STREAM": self.name.stream,
            "IMAGESTREAMS_TAG": str(self.name),
            "IMAGESTREAMS_IMAGE": self.image,
            "IMAGESTREAMS_DIGEST": self.image if ":" in self.image else "",
            "IMAGESTREAMS_PULL_SPEC": self.pull_spec,
            "IMAGESTREAMS_PREVIOUS_IMAGE": self.previous,
            "IMAGESTREAMS_CREATED": self.created,
        }


def changes_between(old: ImageStream | None, new: ImageStream | None, name: TagName, now: str) -> list[TagChange]:
    """Return what happened to a tag between two states of its stream, the oldest first. Pure."""
    return [
        TagChange(
            namespace=one.namespace,
            name=name,
            image=str(one.data.get("image", "")),
            pull_spec=str(one.data.get("pullSpec", "")),
            previous=str(one.data.get("previousImage", "")),
            created=one.time,
        )
        for one in stream_happenings(old, new, now)
        if one.tag == name.tag and one.kind in ("TagChanged", "TagDeleted")
    ]


def follow_tag(
    session: Session,
    name: TagName,
    now: Callable[[], str],
    sleep: Callable[[float], None] = time.sleep,
) -> Iterator[TagChange]:
    """Yield what a tag points to (marked as initial), if it is there, and then each change; it never ends.

    After a break of the connection it goes on with what changed meanwhile.

    Raises:
        ClientError: the server can't be reached at the beginning, or refuses.
    """
    known: ImageStream | None = None
    began, failures = False, 0
    while True:
        try:
            for event, value in follow_object(session, _target(session, name), None):
                stream = None if event in (MISSING, "DELETED") else _stream(value)
                found = changes_between(known, stream, name, now())
                if not began:
                    # Of what was before only the last counts.
                    found = [replace(found[-1], is_initial=True)] if found else []
                    if not found:
                        session.note(f"imagestreamtag {name} is not there yet, waiting for it")
                known, began, failures = stream, True, 0
                yield from found
        except ClientError as error:
            if not began or not (error.connection or error.reason in _BUSY):
                raise
            if not failures:
                session.note(f"{error.message}; it is tried again")
            failures += 1
            sleep(min(LONGEST_S, FIRST_S * 2.0 ** min(failures - 1, 10)))


def _target(session: Session, name: TagName) -> Target:
    return Target(IMAGE_STREAMS, session.namespace, name.stream)


def _stream(value: Object) -> ImageStream:
    try:
        return from_dict(value, ImageStream)
    except ValueError as error:
        raise CliError("the server's answer is no image stream") from error
