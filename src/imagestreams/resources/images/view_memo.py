"""Views that were made before, for as long as the objects that they are made of are the same.

A view of a stream's tag is made of two stored objects, each of which is one shared entry per revision: it is up to
date while both entries are the ones it was made of. How many views are kept is bounded by their bytes; those made
first go first.
"""

from collections.abc import Callable
from typing import Any, Final, Generic, TypeVar

from imagestreams.resources.resource import Item
from imagestreams.store.cache import Entry

V = TypeVar("V")

VIEWS_MAX_BYTES: Final = 8 * 1024 * 1024
VIEW_BYTES: Final = 2_048
"""About what the objects of one view cost beside its JSON."""


class ViewMemo(Generic[V]):
    """Views by namespace and name, each with the entry of its stream and, where it shows one, of its image."""

    def __init__(self, max_bytes: int = VIEWS_MAX_BYTES) -> None:
        self._max_bytes = max_bytes
        self._bytes = 0
        self._views: dict[tuple[str, str], tuple[Entry[Any], Entry[Any] | None, V, int]] = {}

    def find(self, name: tuple[str, str]) -> tuple[Entry[Any], Entry[Any] | None, V, int] | None:
        """Return a view after the entries that it was made of, which the caller compares with those of now."""
        return self._views.get(name)

    def keep(self, name: tuple[str, str], stream: Entry[Any], image: Entry[Any] | None, view: V, size_bytes: int) -> V:
        """Remember a view and return it."""
        former = self._views.pop(name, None)
        if former is not None:
            self._bytes -= former[3]
        self._views[name] = stream, image, view, size_bytes
        self._bytes += size_bytes
        while self._bytes > self._max_bytes and self._views:
            oldest = next(iter(self._views))
            self._bytes -= self._views.pop(oldest)[3]
        return view

    def __len__(self) -> int:
        return len(self._views)


class ListedItem(Item):
    """A member of a list: its JSON is kept, the object is made again for the few who look at it (tables)."""

    __slots__ = ("_make", "_of", "_tag")
    _make: Callable[[Any, str, None], Any]
    _of: Any
    _tag: str

    def __init__(self, encoded: bytes, make: Callable[[Any, str, None], Any], of: Any, tag: str) -> None:
        object.__setattr__(self, "encoded", encoded)
        object.__setattr__(self, "_make", make)
        object.__setattr__(self, "_of", of)
        object.__setattr__(self, "_tag", tag)

    @property
    def value(self) -> Any:
        return self._make(self._of, self._tag, None)
