"""How the fields of each type are merged: what identifies the elements of a list, and what is one value as a whole.

This is what the real API declares beside its types (`patchStrategy`, `patchMergeKey`, `listType`, `structType`). It is
read by strategic merge patches, by the bookkeeping of field managers and by the OpenAPI documents, so that a client
that merges for itself comes to the same result. A list that isn't named here is one value; so is a struct in
`ATOMIC_STRUCTS`, wherever it stands. Maps are merged key by key. Types with much to say have modules of their own.
"""

from collections.abc import Mapping
from typing import Final

import msgspec

from imagestreams.api import core, image, meta, notifications
from imagestreams.apiserver.ownership.merge_rule import ATOMIC_LIST, NO_RULE, MergeRule, map_by, merged_by
from imagestreams.apiserver.ownership.openshift_merge_keys import OPENSHIFT_MERGE_RULES
from imagestreams.apiserver.ownership.pod_merge_keys import ATOMIC_POD_STRUCTS, POD_MERGE_RULES
from imagestreams.apiserver.ownership.workload_merge_keys import WORKLOAD_MERGE_RULES

MERGE_RULES: Final[Mapping[tuple[type[msgspec.Struct], str], MergeRule]] = {
    (meta.ObjectMeta, "ownerReferences"): map_by("uid"),
    (meta.ObjectMeta, "finalizers"): MergeRule(patch_strategy="merge", list_type="set"),
    (meta.ObjectMeta, "managedFields"): ATOMIC_LIST,
    (meta.LabelSelector, "matchExpressions"): ATOMIC_LIST,
    (meta.LabelSelectorRequirement, "values"): ATOMIC_LIST,
    (core.NamespaceSpec, "finalizers"): ATOMIC_LIST,
    (core.ServiceAccount, "secrets"): map_by("name"),
    (core.ServiceAccount, "imagePullSecrets"): ATOMIC_LIST,
    (notifications.NotificationSinkSpec, "events"): MergeRule(list_type="set"),
    (notifications.NotificationSinkSpec, "imageStreams"): MergeRule(list_type="set"),
    (notifications.NotificationSinkSpec, "headers"): map_by("name"),
    (notifications.NotificationSinkStatus, "conditions"): map_by("type"),
    (image.Image, "dockerImageMetadata"): MergeRule(patch_strategy="replace"),
    (image.Image, "signatures"): merged_by("name"),
    (image.ImageSignature, "conditions"): merged_by("type"),
    (image.ImageStreamSpec, "tags"): merged_by("name"),
    (image.ImageStreamStatus, "tags"): merged_by("tag"),
    **POD_MERGE_RULES,
    **OPENSHIFT_MERGE_RULES,
    **WORKLOAD_MERGE_RULES,
}

ATOMIC_STRUCTS: Final[frozenset[type[msgspec.Struct]]] = frozenset(
    {core.ObjectReference, core.LocalObjectReference, meta.OwnerReference, meta.LabelSelector, *ATOMIC_POD_STRUCTS}
)


def rule_of(struct: type[msgspec.Struct], field: str) -> MergeRule:
    """Return what is declared of a field, by its name on the wire, of a type or of one that it derives from."""
    for kind in struct.__mro__:
        if rule := MERGE_RULES.get((kind, field)):
            return rule
    return NO_RULE
