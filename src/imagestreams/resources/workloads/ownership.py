"""Which object controls another: at most one does, named in `metadata.ownerReferences`."""

from collections.abc import Iterator
from typing import Generic, TypeVar

from imagestreams.api.core import Stored
from imagestreams.api.meta import ObjectMeta, OwnerReference
from imagestreams.store.cache import Entry

T = TypeVar("T", bound=Stored)


def controller_of(metadata: ObjectMeta) -> OwnerReference | None:
    """Return the reference to the controller, if there is one."""
    return next((each for each in metadata.owner_references or [] if each.controller), None)


def controlled_by(owner: Stored) -> OwnerReference:
    """Return the reference that makes an object the controller of another."""
    metadata = owner.metadata
    return OwnerReference(
        api_version=owner.api_version,
        kind=owner.kind,
        name=metadata.name,
        uid=metadata.uid,
        controller=True,
        block_owner_deletion=True,
    )


class Controlled(Generic[T]):
    """Objects by the uid of their controller, and by namespace those that have none; both are often few."""

    def __init__(self) -> None:
        self._places: dict[str, str] = {}
        self._at: dict[str, dict[str, Entry[T]]] = {}

    def seen(self, entry: Entry[T]) -> None:
        """Note the newest state of an object."""
        metadata = entry.value.metadata
        controller = controller_of(metadata)
        place = controller.uid if controller is not None else f"/{metadata.namespace}"
        if self._places.get(entry.key, place) != place:
            self.gone(entry.key)
        self._places[entry.key] = place
        self._at.setdefault(place, {})[entry.key] = entry

    def gone(self, key: str) -> Entry[T] | None:
        """Forget an object; return its last state."""
        place = self._places.pop(key, None)
        if place is None:
            return None
        held = self._at[place]
        entry = held.pop(key)
        if not held:
            del self._at[place]
        return entry

    def of(self, uid: str) -> list[Entry[T]]:
        """Return the objects of a controller."""
        return list(self._at.get(uid, {}).values())

    def without(self, namespace: str) -> Iterator[Entry[T]]:
        """Yield the objects of a namespace that have no controller."""
        yield from list(self._at.get(f"/{namespace}", {}).values())
