"""A dictionary that forgets what was used longest ago: names from users must not fill the memory."""

from collections import OrderedDict
from typing import Generic, TypeVar

K = TypeVar("K")
V = TypeVar("V")


class Bounded(Generic[K, V]):
    """At most `capacity` units of values; without a weight each value is one unit."""

    def __init__(self, capacity: int) -> None:
        self._capacity = capacity
        self._total = 0
        self._values: OrderedDict[K, tuple[V, int]] = OrderedDict()

    def get(self, key: K) -> V | None:
        """Return a value, which then counts as just used."""
        found = self._values.get(key)
        if found is None:
            return None
        self._values.move_to_end(key)
        return found[0]

    def put(self, key: K, value: V, weight: int = 1) -> None:
        """Keep a value, and forget others until all fit; one that never fits is not kept."""
        self.drop(key)
        if weight > self._capacity:
            return
        self._values[key] = (value, weight)
        self._total += weight
        while self._total > self._capacity:
            _, (_, freed) = self._values.popitem(last=False)
            self._total -= freed

    def drop(self, key: K) -> None:
        """Forget a value, if it is there."""
        _, freed = self._values.pop(key, (None, 0))
        self._total -= freed
