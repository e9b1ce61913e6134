"""GitHub's webhooks about packages, for the GitHub Container Registry: `package` and the older `registry_package`.

https://docs.github.com/en/webhooks/webhook-events-and-payloads#package
"""

from collections.abc import Mapping
from typing import Final

import msgspec

from imagestreams.hooks.notification import (
    Push,
    UnreadableNotification,
    checked_push,
    read_json,
    require_media_type,
)

_EVENTS: Final = ("package", "registry_package")
_PUSHED: Final = frozenset({"published", "updated"})
_CONTAINERS: Final = frozenset({"container", "docker"})


class _Tag(msgspec.Struct):
    name: str | None = None
    digest: str | None = None


class _ContainerMetadata(msgspec.Struct):
    tag: _Tag | None = None


class _Version(msgspec.Struct):
    version: str | None = None
    container_metadata: _ContainerMetadata | None = None


class _Owner(msgspec.Struct):
    login: str = ""


class _Package(msgspec.Struct):
    name: str
    package_type: str
    namespace: str | None = None
    owner: _Owner | None = None
    package_version: _Version | None = None


class _Notification(msgspec.Struct):
    action: str
    package: _Package | None = None
    registry_package: _Package | None = None


def read(headers: Mapping[str, str], body: bytes) -> list[Push]:
    """Read a notification; the ping that GitHub sends to a new webhook is no push."""
    require_media_type(headers)
    event = headers.get("x-github-event", "")
    if event == "ping":
        read_json(body, dict[str, msgspec.Raw])
        return []
    if event not in _EVENTS:
        raise UnreadableNotification("the event is not one about packages")
    notification = read_json(body, _Notification)
    package = notification.package if event == "package" else notification.registry_package
    if package is None:
        raise UnreadableNotification("the notification names no package")
    if notification.action not in _PUSHED or package.package_type.lower() not in _CONTAINERS:
        return []
    return [_push(package)]


def _push(package: _Package) -> Push:
    """Return what was pushed: the name of a package is its path below the owner, in whatever case the owner writes."""
    owner = package.owner.login if package.owner is not None else ""
    owner = owner or (package.namespace or "").partition("/")[0]
    version = package.package_version or _Version()
    metadata = version.container_metadata
    tag = (metadata.tag if metadata is not None else None) or _Tag()
    if not owner:
        raise UnreadableNotification("the notification names no owner of the package")
    digest = tag.digest or version.version or ""
    return checked_push(f"{owner}/{package.name}".lower(), tag.name or "", digest if ":" in digest else "")
