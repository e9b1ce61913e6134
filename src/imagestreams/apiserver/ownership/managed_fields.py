"""Who set which field: the bookkeeping in `metadata.managedFields`.

Each entry belongs to a manager (a program's name), an operation and a subresource. An update gives what it changed to
its manager and takes it from the others; server-side apply (next door) gives a manager exactly what it applied. An
object without entries gets none by an update, only by its creation or an apply. What the server itself decides
(name, uid, versions) is owned by nobody.

Rules and texts are those of Kubernetes' field manager.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any, Final, NamedTuple

from imagestreams.api.codec import decode as decode_json
from imagestreams.api.codec import encode as encode_json
from imagestreams.api.codec import to_dict
from imagestreams.api.meta import ManagedFieldsEntry
from imagestreams.api.metadata.managed_times import keep_times
from imagestreams.apiserver.ownership.comparison import Comparison, IncomparableError, compare
from imagestreams.apiserver.ownership.defaults import apply_defaults
from imagestreams.apiserver.ownership.field_sets import (
    EMPTY,
    LEAF,
    FieldSet,
    difference,
    from_wire,
    intersection,
    to_wire,
    union,
)
from imagestreams.apiserver.ownership.object_schema import shape_of
from imagestreams.resources.resource import ResourceInfo

APPLY: Final = "Apply"
UPDATE: Final = "Update"
ANCIENT: Final = "ancient-changes"
MAX_UPDATE_MANAGERS: Final = 10
_REMEMBERED_BYTES: Final = 4 * 1024

_NOT_OWNED: Final[FieldSet] = {
    "f:apiVersion": LEAF,
    "f:kind": LEAF,
    "f:metadata": {
        **LEAF,
        "f:name": LEAF,
        "f:namespace": LEAF,
        "f:creationTimestamp": LEAF,
        "f:selfLink": LEAF,
        "f:uid": LEAF,
        "f:clusterName": LEAF,
        "f:generation": LEAF,
        "f:managedFields": LEAF,
        "f:resourceVersion": LEAF,
    },
}


class Manager(NamedTuple):
    """What tells one entry from another; of an apply the version does not matter and is empty."""

    name: str
    operation: str
    api_version: str
    subresource: str


@dataclass(frozen=True, slots=True)
class Owned:
    """The fields of one manager, at which version and since when they are as they are."""

    fields: FieldSet
    api_version: str
    time: str | None = None
    wire: dict[str, Any] | None = None
    """The fields as they stood in the entry; they are written so again as long as they are the same."""


Managed = dict[Manager, Owned]


def manager_of(name: str, operation: str, info: ResourceInfo) -> Manager:
    """Return the manager of a request to a resource."""
    return Manager(name or "unknown", operation, info.group_version if operation == UPDATE else "", info.subresource)


def decode(entries: Sequence[ManagedFieldsEntry], *, own: bool = False) -> Managed:
    """Read entries; `own` are those that this server wrote, in their canonical form.

    Raises:
        ValueError: they are not well formed.
    """
    managed: Managed = {}
    for index, entry in enumerate(entries):
        if entry.operation not in (APPLY, UPDATE):
            raise ValueError("operation must be `Apply` or `Update`")
        if not entry.api_version:
            raise ValueError("apiVersion must not be empty")
        if not entry.fields_type:
            raise ValueError(f"missing fieldsType in managed fields entry {index}")
        if entry.fields_type != "FieldsV1":
            raise ValueError(f'invalid fieldsType "{entry.fields_type}" in managed fields entry {index}')
        version = "" if entry.operation == APPLY else entry.api_version
        manager = Manager(entry.manager, entry.operation, version, entry.subresource)
        fields = _own_fields(entry.fields_v1) if own else from_wire(entry.fields_v1 or {})
        managed[manager] = Owned(fields, entry.api_version, entry.time, entry.fields_v1 if own else None)
    return managed


def _own_fields(wire: dict[str, Any] | None) -> FieldSet:
    """Read fields that this server wrote; many objects have the same ones, and sets are never changed once made."""
    data = encode_json(wire or {})
    return _remembered_fields(data) if len(data) <= _REMEMBERED_BYTES else from_wire(wire or {}, canonical=True)


@lru_cache(maxsize=256)
def _remembered_fields(data: bytes) -> FieldSet:
    return from_wire(decode_json(data, dict[str, Any]), canonical=True)


def encode(managed: Managed) -> list[ManagedFieldsEntry] | None:
    """Return entries in their order: applies first, then by time and name; `None` when there are none."""
    entries = [
        ManagedFieldsEntry(
            manager=manager.name,
            operation=manager.operation,
            api_version=owned.api_version,
            time=owned.time,
            fields_type="FieldsV1",
            fields_v1=owned.wire or to_wire(owned.fields),
            subresource=manager.subresource,
        )
        for manager, owned in managed.items()
    ]
    entries.sort(key=lambda e: (e.operation, seconds(e.time), e.manager, e.api_version, e.subresource))
    return entries or None


def seconds(moment: str | None) -> int:
    """Return an RFC 3339 time in seconds; 0 when there is none or it can't be read."""
    try:
        return int(datetime.fromisoformat(moment).timestamp()) if moment else 0
    except ValueError:
        return 0


def track_update(
    live: Any | None, wanted: Any, info: ResourceInfo, manager: str, now: str, subresource: str = ""
) -> None:
    """Set the managed fields of an object that is to be created (`live` is `None`) or to replace another.

    `wanted` is filled with its defaults first, since what these set is owned too. What `wanted` says of managed fields
    counts as the client's wish: nothing keeps them, an empty list or entry drops them.
    """
    apply_defaults(wanted, info)
    before = {} if live is None else to_dict(live)
    track_change(live, before, wanted, to_dict(wanted), info, manager, now, subresource)


def track_change(
    live: Any | None,
    before: dict[str, Any],
    wanted: Any,
    after: dict[str, Any],
    info: ResourceInfo,
    manager: str,
    now: str,
    subresource: str = "",
) -> None:
    """Do `track_update` where the documents of both objects are at hand; `wanted` has its defaults."""
    subresource = subresource or info.subresource
    kept = live.metadata.managed_fields if live is not None else None
    wish = None if subresource else wanted.metadata.managed_fields
    exists = live is not None and bool(live.metadata.uid)
    try:
        change = compare(shape_of(info.object_type), before or empty_document(info), after)
    except (IncomparableError, RecursionError):  # as upstream, a write does not fail over its bookkeeping
        wanted.metadata.managed_fields = kept
        return
    if exists and change.is_empty and (wish is None or wish == kept) and _all_of(kept, info.group_version):
        wanted.metadata.managed_fields = kept
        return
    managed = _decoded_wish(kept, wish)
    if not managed and exists:
        wanted.metadata.managed_fields = None
        return
    who = Manager(manager or "unknown", UPDATE, info.group_version, subresource)
    wanted.metadata.managed_fields = encode(capped(update(managed, change, who, now)))
    if live is not None:
        keep_times(wanted, live)


def _all_of(entries: list[ManagedFieldsEntry] | None, api_version: str) -> bool:
    return bool(entries) and all(entry.api_version == api_version for entry in entries or ())


def _decoded_wish(kept: list[ManagedFieldsEntry] | None, wish: list[ManagedFieldsEntry] | None) -> Managed:
    if wish is not None and wish != kept:
        if not wish or wish == [ManagedFieldsEntry()]:
            return {}
        try:
            if managed := decode(wish):
                return managed
        except ValueError:
            pass
    try:
        return decode(kept or (), own=True)
    except ValueError:
        return {}


def empty_document(info: ResourceInfo) -> dict[str, Any]:
    """Return the document of an object without anything set, from which a creation starts."""
    return to_dict(info.object_type())


def update(managed: Managed, change: Comparison, manager: Manager, now: str) -> Managed:
    """Return who owns what after an update by a manager."""
    written = union(change.modified, change.added)
    result = taken_away(managed, written, change.removed, manager.api_version)
    if mine := difference(written, _NOT_OWNED):
        previous = result.get(manager)
        result[manager] = Owned(union(mine, previous.fields if previous else EMPTY), manager.api_version, now)
    return result


def taken_away(
    managed: Managed, written: FieldSet, removed: FieldSet, api_version: str, applying: Manager | None = None
) -> Managed:
    """Return what all but the applying manager own after others wrote and removed fields.

    Entries of versions that this server doesn't have are dropped.
    """
    gone = union(written, removed)
    result: Managed = {}
    for manager, owned in managed.items():
        if owned.api_version != api_version:
            continue
        fields = owned.fields if manager == applying else difference(owned.fields, gone)
        if fields:
            result[manager] = owned if fields is owned.fields else Owned(fields, owned.api_version, owned.time)
    return result


def without_system_fields(fields: FieldSet) -> FieldSet:
    """Return a set without what nobody owns."""
    return difference(fields, _NOT_OWNED)


def conflicts(managed: Managed, written: FieldSet, applying: Manager) -> dict[Manager, FieldSet]:
    """Return the written fields that managers other than the applying one own."""
    found = {
        manager: common
        for manager, owned in managed.items()
        if manager != applying and (common := intersection(owned.fields, written))
    }
    return dict(sorted(found.items()))


def capped(managed: Managed) -> Managed:
    """Merge the oldest entries of updates into one, so that there are no more than ten."""
    updaters = sorted(
        (manager for manager in managed if manager.operation == UPDATE),
        key=lambda manager: (seconds(managed[manager].time), manager),
    )
    excess = len(updaters) - MAX_UPDATE_MANAGERS
    if excess <= 0:
        return managed
    result = dict(managed)
    first: dict[str, Manager] = {}
    for manager in updaters:
        if excess <= 0:
            break
        owned = result[manager]
        if owned.api_version not in first:
            first[owned.api_version] = manager
            continue
        bucket = Manager(ANCIENT, UPDATE, owned.api_version, "")
        if bucket not in result:
            result[bucket] = result.pop(first[owned.api_version])
        result[bucket] = Owned(union(owned.fields, result[bucket].fields), owned.api_version, owned.time)
        if manager != bucket:
            del result[manager]
        excess -= 1
    return result
