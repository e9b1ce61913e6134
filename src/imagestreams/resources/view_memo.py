"""Views that were made before, for as long as the objects that they are made of are the same.

A view of a stream's tag is made of two stored objects, each of which is one shared entry per revision: it is up to
date while both entries are the ones it was made of. Which views are kept is bounded by their bytes, the longest
unmade go first.
"""

from typing import Any, Final, Generic, TypeVar

from imagestreams.resources.resource import Item
from imagestreams.store.cache import Entry

T = TypeVar("T")

VIEWS_MAX_BYTES: Final = 8 * 1024 * 1024
_ENTRY_BYTES: Final = 2_048
"""About what a view costs beside its JSON."""


class ViewMemo(Generic[T]):
    """Views by name, each with the entry of its stream and, where it shows one, of its image."""

    def __init__(self, max_bytes: int = VIEWS_MAX_BYTES) -> None:
        self._max_bytes = max_bytes
        self._bytes = 0
        self._views: dict[T, tuple[Entry[Any], Entry[Any] | None, Item]] = {}

    def find(self, name: T) -> tuple[Entry[Any], Entry[Any] | None, Item] | None:
        """Return a view with the entries that it was made of; the caller compares them with those of now."""
        return self._views.get(name)

    def keep(self, name: T, stream: Entry[Any], image: Entry[Any] | None, view: Item) -> Item:
        """Remember a view and return it."""
        former = self._views.pop(name, None)
        if former is not None:
            self._bytes -= _size(former[2])
        self._views[name] = stream, image, view
        self._bytes += _size(view)
        while self._bytes > self._max_bytes and self._views:
            oldest = next(iter(self._views))
            self._bytes -= _size(self._views.pop(oldest)[2])
        return view

    def __len__(self) -> int:
        return len(self._views)


def _size(view: Item) -> int:
    return len(view.encoded) + _ENTRY_BYTES
