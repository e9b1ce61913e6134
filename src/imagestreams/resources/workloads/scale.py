"""`scale`: the size of a workload, the same for all kinds that have one (`autoscaling/v1`).

What is written here is written to the workload itself, under its rules, and counts there as a change by way of the
subresource.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Final, TypeVar

from imagestreams.api.apps.types import Scale, ScaleSpec, ScaleStatus
from imagestreams.api.codec import copy, encode
from imagestreams.api.core import Stored
from imagestreams.api.errors import invalid
from imagestreams.api.field_rules import not_negative
from imagestreams.api.meta import ManagedFieldsEntry, ObjectMeta
from imagestreams.resources.resource import Item, RequestContext, Resource, Transform, Updated
from imagestreams.resources.stored import StoredResource
from imagestreams.resources.workloads.kind import SUBRESOURCE_VERBS

T = TypeVar("T", bound=Stored)

SCALE: Final = "scale"
SCALE_VERSION: Final = "autoscaling/v1"
_REPLICAS: Final = "f:replicas"


class ScaleResource(Resource):
    """The size of the objects of another resource."""

    def __init__(
        self, workloads: StoredResource[T], selector_of: Callable[[T], str], version: str = SCALE_VERSION
    ) -> None:
        self._workloads = workloads
        self._selector_of = selector_of
        self.info = replace(
            workloads.info,
            subresource=SCALE,
            singular="",
            kind="Scale",
            object_type=Scale,
            kind_version=version,
            verbs=SUBRESOURCE_VERBS,
            short_names=(),
            categories=(),
            storage_version_hash="",
            table=None,
            defaults=None,
        )

    async def get(self, context: RequestContext, options: Mapping[str, str]) -> Item:
        return self._item(self._workloads.storage.get(context.namespace, context.name).value)

    async def update(self, context: RequestContext, transform: Transform) -> Updated:
        def scaled(workload: Any | None) -> Any:
            if workload is None:
                raise self._workloads.storage.missing(context.name)
            wanted: Scale = transform(self._scale(workload))
            errors = not_negative([("spec.replicas", wanted.spec.replicas)])
            if errors:
                raise invalid("autoscaling", "Scale", context.name, errors)
            value = copy(workload)
            value.spec.replicas = wanted.spec.replicas
            value.metadata.resource_version = wanted.metadata.resource_version or workload.metadata.resource_version
            if wanted.metadata.uid:
                value.metadata.uid = wanted.metadata.uid
            if wanted.spec.replicas != workload.spec.replicas:
                entries = value.metadata.managed_fields
                value.metadata.managed_fields = _owned(entries, context, self._workloads.info.group_version)
            return value

        updated = await self._workloads.update(replace(context, creates_missing=False), scaled)
        return Updated(self._item(updated.item.value))

    def _item(self, workload: T) -> Item:
        scale = self._scale(workload)
        return Item(scale, encode(scale))

    def _scale(self, workload: Any) -> Scale:
        metadata = workload.metadata
        return Scale(
            kind="Scale",
            api_version=self.info.group_version,
            metadata=ObjectMeta(
                name=metadata.name,
                namespace=metadata.namespace,
                uid=metadata.uid,
                resource_version=metadata.resource_version,
                creation_timestamp=metadata.creation_timestamp,
            ),
            spec=ScaleSpec(replicas=workload.spec.replicas or 0),
            status=ScaleStatus(replicas=workload.status.replicas, selector=self._selector_of(workload)),
        )


def _owned(
    entries: list[ManagedFieldsEntry] | None, context: RequestContext, api_version: str
) -> list[ManagedFieldsEntry] | None:
    """Give the number of replicas to who changes it; an object without bookkeeping gets none."""
    if not entries:
        return entries
    kept = [entry for entry in map(_without_replicas, entries) if entry.fields_v1]
    manager = context.field_manager or "unknown"
    own = (manager, "Update", SCALE)
    kept = [entry for entry in kept if (entry.manager, entry.operation, entry.subresource) != own]
    return [
        *kept,
        ManagedFieldsEntry(
            manager=manager,
            operation="Update",
            api_version=api_version,
            time=context.now,
            fields_type="FieldsV1",
            fields_v1={"f:spec": {_REPLICAS: {}}},
            subresource=SCALE,
        ),
    ]


def _without_replicas(entry: ManagedFieldsEntry) -> ManagedFieldsEntry:
    spec = (entry.fields_v1 or {}).get("f:spec")
    if not isinstance(spec, dict) or _REPLICAS not in spec:
        return entry
    entry = copy(entry)
    fields = dict(entry.fields_v1 or {})
    left = {name: value for name, value in spec.items() if name != _REPLICAS}
    fields["f:spec"] = left
    if not left:
        del fields["f:spec"]
    entry.fields_v1 = fields
    return entry
