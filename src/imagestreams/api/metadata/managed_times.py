"""A write that changes nothing but the times of managed fields changes nothing."""

from typing import Any

from imagestreams.api.core import Stored
from imagestreams.api.meta import ManagedFieldsEntry


def keep_times(value: Stored, old: Stored) -> None:
    """Put the old times back into the managed fields of a new state that differs in nothing else.

    The entries are ordered by time, so they are compared by whose they are, not by their place.
    """
    new_entries, old_entries = value.metadata.managed_fields or [], old.metadata.managed_fields or []
    if not new_entries or len(new_entries) != len(old_entries) or new_entries == old_entries:
        return
    before = {_owner(entry): entry.fields_v1 for entry in old_entries}
    if any(before.get(_owner(entry)) != entry.fields_v1 for entry in new_entries):
        return
    value.metadata.managed_fields = old_entries
    if value != old:
        value.metadata.managed_fields = new_entries


def _owner(entry: ManagedFieldsEntry) -> tuple[Any, ...]:
    return entry.manager, entry.operation, entry.api_version, entry.subresource
