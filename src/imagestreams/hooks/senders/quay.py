"""Quay's webhook for "Push to Repository": which tags of a repository were updated.

https://docs.quay.io/guides/notifications.html
"""

from collections.abc import Mapping
from typing import Any

import msgspec

from imagestreams.hooks.notification import Push, bounded, checked_push, read_json, require_media_type


class _Notification(msgspec.Struct):
    """`updated_tags` is a list; older servers sent the tags with the ids of their images."""

    repository: str
    docker_url: str
    updated_tags: list[str] | dict[str, Any] | None = None


def read(headers: Mapping[str, str], body: bytes) -> list[Push]:
    """Read a notification; those of builds and vulnerabilities name no updated tags."""
    require_media_type(headers)
    notification = read_json(body, _Notification)
    return bounded([checked_push(notification.repository, tag) for tag in notification.updated_tags or []])
