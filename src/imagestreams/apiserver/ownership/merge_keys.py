"""How the fields of each type are merged: what identifies the elements of a list, and what is one value as a whole.

This is what the real API declares beside its types (`patchStrategy`, `patchMergeKey`, `listType`, `structType`). It is
read by strategic merge patches, by the bookkeeping of field managers and by the OpenAPI documents, so that a client
that merges for itself comes to the same result. A list that isn't named here is one value; so is a struct in
`ATOMIC_STRUCTS`, wherever it stands. Maps are merged key by key.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import msgspec

from imagestreams.api import core, image, meta


@dataclass(frozen=True, slots=True)
class MergeRule:
    """What is declared of one field; an empty value says that nothing is declared.

    `patch_strategy` and `patch_merge_key` are for strategic merge patches; `list_type` (`atomic`, `set`, `map`) and
    `list_map_keys` are for server-side apply, which falls back on the former two.
    """

    patch_strategy: str = ""
    patch_merge_key: str = ""
    list_type: str = ""
    list_map_keys: tuple[str, ...] = ()

    @property
    def is_atomic(self) -> bool:
        """Whether a list under this rule is owned and replaced as a whole."""
        if self.list_type:
            return self.list_type == "atomic"
        return self.patch_strategy != "merge"

    @property
    def keys(self) -> tuple[str, ...]:
        """The fields that identify an element; empty for a set of plain values."""
        if self.list_type:
            return self.list_map_keys
        return (self.patch_merge_key,) if self.patch_merge_key else ()


def _merged_by(key: str) -> MergeRule:
    return MergeRule(patch_strategy="merge", patch_merge_key=key)


def _map_by(key: str) -> MergeRule:
    return MergeRule(patch_strategy="merge", patch_merge_key=key, list_type="map", list_map_keys=(key,))


_ATOMIC_LIST: Final = MergeRule(list_type="atomic")

MERGE_RULES: Final[Mapping[tuple[type[msgspec.Struct], str], MergeRule]] = {
    (meta.ObjectMeta, "ownerReferences"): _map_by("uid"),
    (meta.ObjectMeta, "finalizers"): MergeRule(patch_strategy="merge", list_type="set"),
    (meta.ObjectMeta, "managedFields"): _ATOMIC_LIST,
    (meta.LabelSelector, "matchExpressions"): _ATOMIC_LIST,
    (meta.LabelSelectorRequirement, "values"): _ATOMIC_LIST,
    (core.NamespaceSpec, "finalizers"): _ATOMIC_LIST,
    (core.ServiceAccount, "secrets"): _map_by("name"),
    (core.ServiceAccount, "imagePullSecrets"): _ATOMIC_LIST,
    (image.Image, "dockerImageMetadata"): MergeRule(patch_strategy="replace"),
    (image.Image, "signatures"): _merged_by("name"),
    (image.ImageSignature, "conditions"): _merged_by("type"),
    (image.ImageStreamSpec, "tags"): _merged_by("name"),
    (image.ImageStreamStatus, "tags"): _merged_by("tag"),
}

ATOMIC_STRUCTS: Final[frozenset[type[msgspec.Struct]]] = frozenset(
    {core.ObjectReference, core.LocalObjectReference, meta.OwnerReference, meta.LabelSelector}
)

NO_RULE: Final = MergeRule()


def rule_of(struct: type[msgspec.Struct], field: str) -> MergeRule:
    """Return what is declared of a field, by its name on the wire."""
    return MERGE_RULES.get((struct, field), NO_RULE)
