"""Harbor's webhooks in their default payload format; those in the CloudEvents format are read by `cloudevents`.

https://goharbor.io/docs/main/working-with-projects/project-configuration/configure-webhooks/
"""

from collections.abc import Mapping
from typing import Final

import msgspec

from imagestreams.hooks.notification import Push, bounded, checked_push, read_json, require_media_type

PUSHED: Final = frozenset({"PUSH_ARTIFACT", "pushImage"})
"""The type of a push, and how it was called before Harbor 2."""


class _Resource(msgspec.Struct):
    digest: str = ""
    tag: str = ""


class _Repository(msgspec.Struct):
    repo_full_name: str


class EventData(msgspec.Struct):
    """The artifacts of one repository that an event is about."""

    repository: _Repository
    resources: list[_Resource] | None = None


class _Notification(msgspec.Struct):
    type: str
    event_data: msgspec.Raw
    occur_at: int


def read(headers: Mapping[str, str], body: bytes) -> list[Push]:
    """Read a notification; what is not about a push (pulls, deletions, scans, quotas) has other data."""
    require_media_type(headers)
    notification = read_json(body, _Notification)
    if notification.type not in PUSHED:
        return []
    return bounded(pushes_of(read_json(bytes(notification.event_data), EventData)))


def pushes_of(data: EventData) -> list[Push]:
    """Return the pushes of an event.

    Raises:
        UnreadableNotification: it tells of an impossible one.
    """
    name = data.repository.repo_full_name
    return [checked_push(name, resource.tag, resource.digest) for resource in data.resources or []]
