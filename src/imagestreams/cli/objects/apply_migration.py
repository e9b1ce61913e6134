"""From client-side to server-side apply: who owned fields by the one owns them by the other afterwards.

Without this a field that was applied on this side before, and is no longer in the file, would never go away. Pure.
"""

from typing import Any

Entry = dict[str, Any]

CLIENT_SIDE = "kubectl-client-side-apply"
SERVER_SIDE = "kubectl"


def migrated(entries: list[Entry]) -> list[Entry] | None:
    """Return the managed fields after the migration, None when there is nothing to migrate."""
    old = [entry for entry in entries if _is(entry, CLIENT_SIDE, "Update")]
    if not old:
        return None
    target = next((entry for entry in entries if _is(entry, SERVER_SIDE, "Apply")), old[0])
    fields: Entry = {}
    for entry in [target, *old]:
        fields = _union(fields, entry.get("fieldsV1") or {})
    upgraded = {**target, "manager": SERVER_SIDE, "operation": "Apply", "fieldsV1": fields}
    return [upgraded if entry is target else entry for entry in entries if entry is target or entry not in old]


def _is(entry: Entry, manager: str, operation: str) -> bool:
    return (entry.get("manager"), entry.get("operation"), entry.get("subresource") or "") == (manager, operation, "")


def _union(left: Entry, right: Entry) -> Entry:
    return {key: _union(left.get(key) or {}, right.get(key) or {}) for key in dict.fromkeys([*left, *right])}
