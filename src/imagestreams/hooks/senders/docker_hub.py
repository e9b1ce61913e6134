"""Docker Hub's webhooks: one tag that was pushed. Its `callback_url` is never called.

https://docs.docker.com/docker-hub/repos/manage/webhooks/
"""

from collections.abc import Mapping

import msgspec

from imagestreams.hooks.notification import Push, checked_push, read_json, require_media_type


class _PushData(msgspec.Struct):
    tag: str | None = None


class _Repository(msgspec.Struct):
    repo_name: str


class _Notification(msgspec.Struct):
    push_data: _PushData
    repository: _Repository


def read(headers: Mapping[str, str], body: bytes) -> list[Push]:
    """Read a notification."""
    require_media_type(headers)
    notification = read_json(body, _Notification)
    name = notification.repository.repo_name
    return [checked_push(name if "/" in name else f"library/{name}", notification.push_data.tag or "")]
