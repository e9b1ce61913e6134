"""What the rules have in common: tags that are followed, and what an object does about them."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, Protocol

from imagestreams.triggers.documents import Document, mapping, text

STREAM_TAG: Final = "ImageStreamTag"
_API_VERSIONS: Final = ("", "v1", "image.openshift.io/v1")


@dataclass(frozen=True, slots=True, order=True)
class StreamTag:
    """A tag of a stream."""

    namespace: str
    stream: str
    tag: str

    def __str__(self) -> str:
        return f"{self.namespace}/{self.stream}:{self.tag}"


@dataclass(frozen=True, slots=True)
class Following:
    """A tag that an object follows; a paused one is shown, and nothing else."""

    tag: StreamTag
    paused: bool = False
    containers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Reaction:
    """What an object does: become another document, have something instantiated, or nothing.

    `waiting` are tags that point to no image yet.
    """

    document: dict[str, Any] | None = None
    request: dict[str, Any] | None = None
    waiting: tuple[StreamTag, ...] = ()

    @property
    def is_change(self) -> bool:
        """Whether there is something to do."""
        return self.document is not None or self.request is not None


Resolve = Callable[[StreamTag], str | None]
"""Says where the current image of a tag is pulled from; `None` while the tag points to none."""


class Rule(Protocol):
    """How objects of some kinds follow tags.

    `needs_spec` tells whether the metadata alone says which tags an object follows.
    """

    needs_spec: bool

    def follows(self, document: Document) -> list[Following]:
        """Return the tags that an object follows.

        Raises:
            TriggerError: its triggers can't be read.
        """

    def react(self, document: Document, resolve: Resolve) -> Reaction:
        """Return what an object does now; the document itself is left as it is.

        Raises:
            TriggerError: its triggers can't be read or applied.
        """


def stream_tag(reference: Document, namespace: str) -> StreamTag | None:
    """Return the tag that an object reference names, `None` when it names none; an empty tag is `latest`."""
    if text(reference, "kind") != STREAM_TAG or text(reference, "apiVersion") not in _API_VERSIONS:
        return None
    stream, colon, tag = text(reference, "name").partition(":")
    if not stream or not colon:
        return None
    return StreamTag(text(reference, "namespace") or namespace, stream, tag or "latest")


def namespace_of(document: Document) -> str:
    """Return the namespace of an object, empty for one without."""
    return text(document, "metadata", "namespace")


def is_controlled(document: Document) -> bool:
    """Return whether an object belongs to another one that made it.

    Deployments hand their annotations down to their replica sets, whose images must stay as they were.
    """
    owners = mapping(document, "metadata").get("ownerReferences")
    return isinstance(owners, list) and any(mapping(owner).get("controller") is True for owner in owners)
