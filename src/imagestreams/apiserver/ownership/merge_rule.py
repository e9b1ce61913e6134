"""What can be declared of how a field is merged, in the words of the real API."""

from dataclasses import dataclass
from typing import Any, Final


@dataclass(frozen=True, slots=True)
class MergeRule:
    """What is declared of one field; an empty value says that nothing is declared.

    `patch_strategy` (several are joined by commas) and `patch_merge_key` are for strategic merge patches; `list_type`
    (`atomic`, `set`, `map`) and `list_map_keys` are for server-side apply, which falls back on the former two.
    `key_defaults` are the values of key fields that an element leaves out. A map of the type `atomic` is one value.
    """

    patch_strategy: str = ""
    patch_merge_key: str = ""
    list_type: str = ""
    list_map_keys: tuple[str, ...] = ()
    key_defaults: tuple[tuple[str, Any], ...] = ()
    map_type: str = ""

    @property
    def merges(self) -> bool:
        """Whether a strategic merge patch merges a list under this rule."""
        return "merge" in self.patch_strategy.split(",")

    @property
    def is_atomic(self) -> bool:
        """Whether a list under this rule is owned and replaced as a whole."""
        if self.list_type:
            return self.list_type == "atomic"
        return not self.merges

    @property
    def keys(self) -> tuple[str, ...]:
        """The fields that identify an element; empty for a set of plain values."""
        if self.list_type:
            return self.list_map_keys
        return (self.patch_merge_key,) if self.patch_merge_key else ()


def merged_by(key: str) -> MergeRule:
    """Declare a list whose elements are known by a field, in strategic merge patches only."""
    return MergeRule(patch_strategy="merge", patch_merge_key=key)


def map_by(key: str, *more: str, retains_keys: bool = False) -> MergeRule:
    """Declare a list whose elements are known by fields; a strategic merge patch looks at the first one only.

    With `retains_keys` a client says of each element which fields it keeps, since they exclude one another.
    """
    strategy = "merge,retainKeys" if retains_keys else "merge"
    return MergeRule(patch_strategy=strategy, patch_merge_key=key, list_type="map", list_map_keys=(key, *more))


ATOMIC_LIST: Final = MergeRule(list_type="atomic")
NO_RULE: Final = MergeRule()
