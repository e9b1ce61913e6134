"""Who may see what the streams of another namespace point to: those who may pull from them.

A build or a rollout writes the pull specs that it takes into objects that its author can read. So whoever writes a
config that names a stream elsewhere must be allowed to pull there.
"""

from collections.abc import Iterable

from imagestreams.access.authorization import Attributes, Authorizer, require
from imagestreams.access.identity import User
from imagestreams.api.core import ObjectReference
from imagestreams.resources.images.imagestreams import GROUP

_STREAM_KINDS = ("ImageStreamTag", "ImageStreamImage", "ImageStream")


def streams_elsewhere(references: Iterable[ObjectReference | None], namespace: str) -> set[tuple[str, str]]:
    """Return the namespaces and names of the streams that are not in a namespace."""
    return {
        (reference.namespace, reference.name.partition("@")[0].partition(":")[0])
        for reference in references
        if reference is not None and reference.kind in _STREAM_KINDS and reference.namespace not in ("", namespace)
    }


async def require_pull(authorizer: Authorizer, user: User, streams: Iterable[tuple[str, str]]) -> None:
    """Return only when a user may pull from all these streams.

    Raises:
        ApiError: 403, from one of them not.
    """
    for namespace, name in sorted(streams):
        asked = Attributes(
            user, "get", group=GROUP, resource="imagestreams", subresource="layers", namespace=namespace, name=name
        )
        await require(authorizer, asked)
