"""Namespaces: scopes for names, which go away together with all that is in them.

A deletion only marks a namespace: its phase becomes Terminating, nothing new comes in, and a controller empties it.
It goes when its `spec.finalizers` are gone, by way of the subresource `finalize` or of the controller.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Final

from imagestreams.api.codec import copy
from imagestreams.api.core import Namespace, NamespaceStatus
from imagestreams.api.errors import FieldError, forbidden, not_found
from imagestreams.api.metadata.object_meta_validation import dns_label_problems, qualified_name_problems
from imagestreams.resources.core.tables import namespace_table
from imagestreams.resources.resource import RequestContext, ResourceInfo, Verb
from imagestreams.resources.storage import ObjectStorage
from imagestreams.resources.stored import NamespaceGate, NamespaceTerminating, StoredResource, Strategy
from imagestreams.store.cache import ObservableStore

ACTIVE: Final = "Active"
TERMINATING: Final = "Terminating"
FINALIZER: Final = "kubernetes"
NAME_LABEL: Final = "kubernetes.io/metadata.name"
PROTECTED: Final = frozenset({"default", "kube-system", "kube-public", "openshift"})
"""These exist from the first start on and can't be deleted."""

_STANDARD_FINALIZERS: Final = frozenset({FINALIZER, "orphan", "foregroundDeletion"})
_VERBS: Final[frozenset[Verb]] = frozenset({"get", "list", "watch", "create", "update", "patch", "delete"})


def namespace_storage(store: ObservableStore, clock: Callable[[], datetime]) -> ObjectStorage[Namespace]:
    """Return where namespaces are kept."""
    info = ResourceInfo(
        group="",
        version="v1",
        plural="namespaces",
        singular="namespace",
        kind="Namespace",
        object_type=Namespace,
        verbs=_VERBS,
        namespaced=False,
        short_names=("ns",),
        table=namespace_table(clock),
        field_labels=frozenset({"metadata.name", "name", "status.phase"}),
    )
    return ObjectStorage(store, info, Namespace)


def namespace_gate(storage: ObjectStorage[Namespace]) -> NamespaceGate:
    """Return what keeps new objects out of namespaces that are missing or going away."""

    def admit(namespace: str) -> None:
        entry = storage.find("", namespace)
        if entry is None:
            raise not_found("", "namespaces", namespace)
        if entry.value.metadata.deletion_timestamp:
            raise NamespaceTerminating(namespace)

    return admit


def _no_gate(namespace: str) -> None:
    """Namespaces are in no namespace."""


class NamespaceStrategy(Strategy[Namespace]):
    """The rules of namespaces as clients create and change them."""

    may_update_without_version = True

    async def prepare_create(self, context: RequestContext, value: Namespace) -> None:
        finalizers = value.spec.finalizers or []
        if FINALIZER not in finalizers:
            value.spec.finalizers = [*finalizers, FINALIZER]
        value.status = NamespaceStatus(phase=ACTIVE)
        _label(value)

    async def prepare_update(self, context: RequestContext, value: Namespace, old: Namespace) -> None:
        value.spec = copy(old.spec)
        value.status = copy(old.status)
        _label(value)

    def validate_name(self, name: str) -> list[str]:
        return dns_label_problems(name)

    def validate(self, value: Namespace) -> list[FieldError]:
        return _validate_finalizers(value)

    def field_values(self, value: Namespace) -> Mapping[str, str]:
        name = value.metadata.name
        return {"metadata.name": name, "name": name, "status.phase": value.status.phase}

    def admit_deletion(self, value: Namespace) -> None:
        if value.metadata.name in PROTECTED:
            raise forbidden("", "namespaces", value.metadata.name, "this namespace may not be deleted")

    def may_go(self, value: Namespace) -> bool:
        # The first deletion always marks only, so that what waits for the namespace sees it go.
        marked = bool(value.metadata.deletion_timestamp)
        return marked and not value.metadata.finalizers and not value.spec.finalizers

    def mark_deleted(self, value: Namespace) -> None:
        value.metadata.deletion_grace_period_seconds = None
        value.status.phase = TERMINATING


class NamespaceStatusStrategy(NamespaceStrategy):
    """Writes of `status`, which leave the spec as it is."""

    async def prepare_update(self, context: RequestContext, value: Namespace, old: Namespace) -> None:
        value.spec = copy(old.spec)
        _label(value)

    def validate_update(self, value: Namespace, old: Namespace) -> list[FieldError]:
        phase = value.status.phase
        if value.metadata.deletion_timestamp:
            detail = "may only be 'Terminating' if `deletionTimestamp` is not empty"
            return [FieldError.invalid("status.Phase", phase, detail)] if phase != TERMINATING else []
        detail = "may only be 'Active' if `deletionTimestamp` is empty"
        return [FieldError.invalid("status.Phase", phase, detail)] if phase != ACTIVE else []


class NamespaceFinalizeStrategy(NamespaceStrategy):
    """Writes of `spec.finalizers`; when the last one goes, a deleted namespace does too."""

    async def prepare_update(self, context: RequestContext, value: Namespace, old: Namespace) -> None:
        value.status = copy(old.status)
        _label(value)


class NamespaceSubresource(StoredResource[Namespace]):
    """`namespaces/NAME/status` or `/finalize`."""

    def __init__(self, storage: ObjectStorage[Namespace], strategy: NamespaceStrategy, name: str) -> None:
        super().__init__(storage, strategy, _no_gate)
        verbs: frozenset[Verb] = frozenset({"get", "patch", "update"} if name == "status" else {"update"})
        self.info = ResourceInfo(
            group="",
            version="v1",
            plural="namespaces",
            subresource=name,
            kind="Namespace",
            object_type=Namespace,
            verbs=verbs,
            namespaced=False,
            table=storage.info.table,
        )


def namespace_resources(storage: ObjectStorage[Namespace]) -> list[StoredResource[Namespace]]:
    """Return namespaces and their subresources."""
    return [
        StoredResource(storage, NamespaceStrategy(), _no_gate),
        NamespaceSubresource(storage, NamespaceStatusStrategy(), "status"),
        NamespaceSubresource(storage, NamespaceFinalizeStrategy(), "finalize"),
    ]


def _label(value: Namespace) -> None:
    """Make a namespace selectable by its name."""
    value.metadata.labels = {**(value.metadata.labels or {}), NAME_LABEL: value.metadata.name}


def _validate_finalizers(value: Namespace) -> list[FieldError]:
    errors = []
    for number, name in enumerate(value.spec.finalizers or []):
        problems = qualified_name_problems(name)
        if not problems and "/" not in name and name not in _STANDARD_FINALIZERS:
            problems = ["name is neither a standard finalizer name nor is it fully qualified"]
        errors += [FieldError.invalid(f"spec.finalizers[{number}]", name, problem) for problem in problems]
    return errors
