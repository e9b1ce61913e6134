"""From client-side to server-side apply: who owned fields by the one owns them by the other afterwards.

Without this a field that was applied on this side before, and is no longer in the file, would never go away. The
annotation that remembers what was applied is kept, by a manager of its own, so that one can go back. Pure.
"""

from typing import Any

Entry = dict[str, Any]

CLIENT_SIDE = "kubectl-client-side-apply"
SERVER_SIDE = "kubectl"
REMEMBERING = "kubectl-last-applied"
"""Who owns the annotation once the server applies."""
_REMEMBERED = ("f:metadata", "f:annotations", "f:kubectl.kubernetes.io/last-applied-configuration")


def is_remembered(entries: list[Entry]) -> bool:
    """Return whether somebody applies the annotation that remembers what was applied, so that it stays."""
    return any(entry.get("operation") == "Apply" and _remembers(entry) for entry in entries)


def migrated(entries: list[Entry]) -> list[Entry] | None:
    """Return the managed fields after the migration, None when there is nothing to migrate.

    Whoever wrote the annotation by an update applied on the client's side, whatever the name of that manager is.
    """
    names = {entry.get("manager") for entry in entries if entry.get("operation") == "Update" and _remembers(entry)}
    old = [entry for entry in entries if any(_is(entry, name, "Update") for name in names)]
    if not old:
        return None
    target = next((entry for entry in entries if _is(entry, SERVER_SIDE, "Apply")), old[0])
    fields: Entry = {}
    for entry in [target, *old]:
        fields = _union(fields, entry.get("fieldsV1") or {})
    upgraded = {**target, "manager": SERVER_SIDE, "operation": "Apply", "fieldsV1": fields}
    return [upgraded if entry is target else entry for entry in entries if entry is target or entry not in old]


def _remembers(entry: Entry) -> bool:
    held: Any = entry.get("fieldsV1")
    for key in _REMEMBERED:
        held = held.get(key) if isinstance(held, dict) else None
    return held is not None


def _is(entry: Entry, manager: object, operation: str) -> bool:
    return (entry.get("manager"), entry.get("operation"), entry.get("subresource") or "") == (manager, operation, "")


def _union(left: Entry, right: Entry) -> Entry:
    return {key: _union(left.get(key) or {}, right.get(key) or {}) for key in dict.fromkeys([*left, *right])}
