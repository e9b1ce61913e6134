"""A write that changes nothing but the times of managed fields changes nothing."""

from imagestreams.api.core import Stored


def keep_times(value: Stored, old: Stored) -> None:
    """Put the old times back into the managed fields of a new state that differs in nothing else."""
    new_entries, old_entries = value.metadata.managed_fields or [], old.metadata.managed_fields or []
    if not new_entries or len(new_entries) != len(old_entries):
        return
    times = [entry.time for entry in old_entries]
    if [entry.time for entry in new_entries] == times:
        return
    for new, before in zip(new_entries, old_entries, strict=True):
        if (new.manager, new.operation, new.api_version, new.subresource, new.fields_v1) != (
            before.manager,
            before.operation,
            before.api_version,
            before.subresource,
            before.fields_v1,
        ):
            return
    value.metadata.managed_fields = old_entries
    if value != old:
        value.metadata.managed_fields = new_entries
