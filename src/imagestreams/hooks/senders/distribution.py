"""CNCF Distribution, the registry `registry:2` and `registry:3`: an envelope of events, one for each manifest or blob.

https://distribution.github.io/distribution/about/notifications/

Azure's container registry sends single events of this form without an envelope, and `ping` to try an address.
https://learn.microsoft.com/azure/container-registry/container-registry-webhook-reference
"""

from collections.abc import Mapping
from typing import Final

import msgspec

from imagestreams.hooks.notification import (
    Push,
    UnreadableNotification,
    bounded,
    checked_push,
    read_json,
    require_media_type,
)

MEDIA_TYPES: Final = (
    "application/vnd.docker.distribution.events.v1+json",
    "application/vnd.docker.distribution.events.v2+json",
)
_BLOB: Final = "application/octet-stream"
_PING: Final = "ping"


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
    """Several events, or, without `events`, one."""

    events: list[Event] | None = None
    action: str = ""
    target: Target | None = None


def read(headers: Mapping[str, str], body: bytes) -> list[Push]:
    """Read an envelope, or an event without one."""
    require_media_type(headers, *MEDIA_TYPES)
    envelope = read_json(body, _Envelope)
    events = envelope.events
    if events is None:
        if not envelope.action or (envelope.target is None and envelope.action != _PING):
            raise UnreadableNotification("the body is not a notification of this sender")
        events = [Event(envelope.action, envelope.target)] if envelope.target is not None else []
    return bounded([push for event in events for push in pushes_of(event)])


def pushes_of(event: Event) -> list[Push]:
    """Return the push that an event tells of, if it does.

    Raises:
        UnreadableNotification: it tells of an impossible one.
    """
    target = event.target
    if event.action != "push" or target.media_type == _BLOB:
        return []
    return [checked_push(target.repository, target.tag, target.digest)]
