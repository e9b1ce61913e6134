"""Resources whose objects own others: what becomes of those is the deleter's choice.

`Background` removes the object at once, and what it owns afterwards; `Foreground` the other way round; `Orphan` lets
the owned objects stay without an owner. The last two leave a finalizer on the object, which the loop in
`controllers.garbage_collection` takes away when it has done its part.
"""

from typing import Final, TypeVar

from imagestreams.api.codec import copy
from imagestreams.api.core import Stored
from imagestreams.resources.resource import DeleteOptions, Item, RequestContext
from imagestreams.resources.storage import ObjectStorage
from imagestreams.resources.stored import NamespaceGate, StoredResource, Strategy
from imagestreams.store.cache import Entry

T = TypeVar("T", bound=Stored)

BACKGROUND: Final = "Background"
FOREGROUND: Final = "Foreground"
ORPHAN: Final = "Orphan"

ORPHANS: Final = "orphan"
DELETES_FIRST: Final = "foregroundDeletion"
_FINALIZERS: Final = {BACKGROUND: None, FOREGROUND: DELETES_FIRST, ORPHAN: ORPHANS}


class OwningResource(StoredResource[T]):
    """A stored resource that honours the propagation policy of a deletion; without one its own is taken."""

    def __init__(
        self,
        storage: ObjectStorage[T],
        strategy: Strategy[T],
        namespaces: NamespaceGate,
        default_propagation: str = BACKGROUND,
    ) -> None:
        super().__init__(storage, strategy, namespaces)
        self._default = default_propagation

    async def _delete(self, context: RequestContext, entry: Entry[T], options: DeleteOptions) -> Item:
        metadata = entry.value.metadata
        own = [name for name in metadata.finalizers or [] if name in _FINALIZERS.values()]
        # An object on its way out keeps the choice that was made first, unless another one is made.
        chosen = options.propagation_policy or (self._default if not own else "")
        wanted = [name] if (name := _FINALIZERS.get(chosen)) is not None else []
        if not chosen or own == wanted:
            return await super()._delete(context, entry, options)
        self._refuse(entry, options)
        value = copy(entry.value)
        others = [name for name in value.metadata.finalizers or [] if name not in own]
        value.metadata.finalizers = [*others, *wanted] or None
        if value.metadata.deletion_timestamp and value.metadata.finalizers and not context.dry_run:
            waiting = await self.storage.replace(entry, value)
            return Item(waiting.value, waiting.encoded)
        return await super()._delete(context, self.storage.preview(value, entry.revision), options)
