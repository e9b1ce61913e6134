"""CNCF Distribution, the registry `registry:2` and `registry:3`: an envelope of events, one for each manifest or blob.

https://distribution.github.io/distribution/about/notifications/
"""

from collections.abc import Mapping
from typing import Final

import msgspec

from imagestreams.hooks.notification import Push, bounded, checked_push, read_json, require_media_type

MEDIA_TYPES: Final = (
    "application/vnd.docker.distribution.events.v1+json",
    "application/vnd.docker.distribution.events.v2+json",
)
_BLOB: Final = "application/octet-stream"


class Target(msgspec.Struct, rename="camel"):
    """What an event is about; a blob has no tag, and a manifest that was pushed by its digest neither."""

    repository: str = ""
    tag: str = ""
    digest: str = ""
    media_type: str = ""


class Event(msgspec.Struct):
    """One event: `push`, `pull`, `mount` or `delete`."""

    action: str
    target: Target


class _Envelope(msgspec.Struct):
    events: list[Event]


def read(headers: Mapping[str, str], body: bytes) -> list[Push]:
    """Read an envelope."""
    require_media_type(headers, *MEDIA_TYPES)
    envelope = read_json(body, _Envelope)
    return bounded([push for event in envelope.events for push in pushes_of(event)])


def pushes_of(event: Event) -> list[Push]:
    """Return the push that an event tells of, if it does.

    Raises:
        UnreadableNotification: it tells of an impossible one.
    """
    target = event.target
    if event.action != "push" or target.media_type == _BLOB:
        return []
    return [checked_push(target.repository, target.tag, target.digest)]
