"""The one interface to our own server and to foreign clusters."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol

Document = dict[str, Any]

OWN: Final = "local"
"""The name of our own server among the clusters."""

COMPONENT: Final = "image-trigger-controller"
"""The name under which objects are changed and events are written."""


@dataclass(frozen=True, slots=True, order=True)
class ObjectKind:
    """A kind of object that a cluster has; `whole` ones are watched with all they have, others by their metadata."""

    group: str
    version: str
    plural: str
    kind: str
    whole: bool = False

    @property
    def api_version(self) -> str:
        """The `apiVersion` of its objects."""
        return f"{self.group}/{self.version}" if self.group else self.version


@dataclass(frozen=True, slots=True)
class Restarted:
    """All objects follow; those that don't are gone."""


@dataclass(frozen=True, slots=True)
class Completed:
    """All objects were told of; what follows are changes."""


@dataclass(frozen=True, slots=True)
class Seen:
    """An object as it is, with nothing but its metadata unless its kind is a whole one."""

    document: Document


@dataclass(frozen=True, slots=True)
class Gone:
    """An object was removed."""

    namespace: str
    name: str


Change = Restarted | Completed | Seen | Gone


@dataclass(frozen=True, slots=True)
class Notice:
    """Something that the owner of an object should hear of; `type` is `Normal` or `Warning`."""

    type: str
    reason: str
    message: str


class Cluster(Protocol):
    """A server with objects that may follow tags."""

    @property
    def name(self) -> str:
        """What logs and metrics call it."""

    @property
    def namespaces(self) -> Sequence[str]:
        """The namespaces that are watched; an empty one stands for all."""

    async def kinds(self) -> Sequence[ObjectKind]:
        """Return the kinds whose objects may follow tags.

        Raises:
            ClusterError: it can't be asked now.
        """

    def watch(self, kind: ObjectKind, namespace: str) -> AsyncIterator[Change]:
        """Tell of all objects and then of every change, for ever; what goes wrong is tried again.

        It ends when the cluster has no such kind any more, or is closed.
        """

    async def get(self, kind: ObjectKind, namespace: str, name: str) -> Document | None:
        """Return an object as it is now, `None` when there is none.

        Raises:
            ClusterError: it can't be read.
        """

    async def replace(self, kind: ObjectKind, document: Document) -> Document:
        """Store a new state of an object that was read, and return it as it is then.

        Raises:
            StaleDocument: the object changed or went away meanwhile.
            ClusterError: it can't be written.
        """

    async def create_subresource(
        self, kind: ObjectKind, namespace: str, name: str, subresource: str, body: Document
    ) -> Document:
        """Ask an object for something, as a BuildConfig for a build.

        Raises:
            StaleDocument: the object changed or went away meanwhile.
            ClusterError: it was not done.
        """

    async def tell(self, kind: ObjectKind, document: Document, notice: Notice) -> None:
        """Write an event about an object; one that can't be written is left out."""

    async def close(self) -> None:
        """End watches and connections."""
