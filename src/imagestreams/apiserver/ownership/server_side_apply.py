"""Server-side apply: a manager states what it wants, the server works out what that changes.

The configuration is merged into the object; what the manager applied before and leaves out now is taken away again,
unless somebody else owns it too. Writing a field that another manager owns is a conflict, unless forced.

Rules and texts are those of Kubernetes.
"""

import json
from typing import Any, Final

from imagestreams.api.codec import to_dict
from imagestreams.api.errors import ApiError, bad_request, reasonless
from imagestreams.api.meta import ManagedFieldsEntry, Status, StatusCause, StatusDetails
from imagestreams.apiserver.ownership.apply_validation import misfits
from imagestreams.apiserver.ownership.comparison import IncomparableError, compare, field_set
from imagestreams.apiserver.ownership.field_sets import (
    FieldSet,
    difference,
    intersection,
    path_text,
    paths,
    scalar_json,
    union,
)
from imagestreams.apiserver.ownership.managed_fields import (
    APPLY,
    UPDATE,
    Managed,
    Manager,
    Owned,
    capped,
    conflicts,
    decode,
    empty_document,
    encode,
    manager_of,
    taken_away,
    update,
    without_system_fields,
)
from imagestreams.apiserver.ownership.object_schema import Shape, shape_of
from imagestreams.apiserver.ownership.typed_merge import merged, with_named_fields, without
from imagestreams.resources.resource import ResourceInfo

LAST_APPLIED: Final = "kubectl.kubernetes.io/last-applied-configuration"
_BEFORE: Final = "before-first-apply"
_KUBECTL: Final = "kubectl"
_MAX_ANNOTATIONS_BYTES: Final = 256 * 1024


class _ConflictError(Exception):
    """Other managers own fields that the configuration would change."""

    def __init__(self, owners: dict[Manager, FieldSet]) -> None:
        super().__init__("conflict")
        self.owners = owners


def apply(
    live: Any | None, config: dict[str, Any], info: ResourceInfo, name: str, now: str, *, force: bool
) -> tuple[dict[str, Any], list[ManagedFieldsEntry] | None]:
    """Return the document after an apply by the manager `name`, and its managed fields.

    Raises:
        ApiError: 400, the configuration is for something else or names managed fields; 409, conflicts; 500 without
            reason, it does not fit the type.
    """
    _check_identity(config, info)
    shape = shape_of(info.object_type)
    if told := misfits(shape, config):
        raise reasonless(500, f"failed to create typed patch object ({_shown(config)}): {told}")
    before = empty_document(info) if live is None else to_dict(live)
    applier = manager_of(name, APPLY, info)
    try:
        managed = decode((live.metadata.managed_fields if live is not None else None) or (), own=True)
    except ValueError as error:
        raise reasonless(500, f"failed to decode managed fields: {error}") from error
    try:
        if not managed:
            first = Manager(_BEFORE, UPDATE, info.group_version, info.subresource)
            managed = capped(update({}, compare(shape, empty_document(info), before), first, now))
        try:
            after, owners = _apply(shape, before, config, managed, applier, info, force=force)
        except _ConflictError as conflict:
            blocking = _not_client_side(conflict.owners, shape, before, info) if name == _KUBECTL else conflict.owners
            if blocking:
                raise _refusal(blocking) from None
            after, owners = _apply(shape, before, config, managed, applier, info, force=True)
    except IncomparableError as error:
        raise reasonless(500, f"failed to merge config: {error}") from error
    if applier in owners:
        mine, earlier = owners[applier], managed.get(applier)
        since = now if after != before else earlier.time if earlier else None
        owners[applier] = Owned(mine.fields, mine.api_version, since)
    if name == _KUBECTL:
        after = _with_last_applied(after, config)
    return after, encode(owners)


def _check_identity(config: dict[str, Any], info: ResourceInfo) -> None:
    kind, api_version = config.get("kind"), config.get("apiVersion")
    if (kind, api_version) != (info.object_type.__name__, info.group_version):
        raise bad_request(f"invalid object type: {_gvk(api_version, kind)}")
    metadata = config.get("metadata")
    if isinstance(metadata, dict) and isinstance(metadata.get("managedFields"), list):
        raise bad_request("metadata.managedFields must be nil")


def _gvk(api_version: Any, kind: Any) -> str:
    version = api_version if isinstance(api_version, str) else ""
    return f"{version if '/' in version else '/' + version}, Kind={kind if isinstance(kind, str) else ''}"


def _shown(config: dict[str, Any]) -> str:
    metadata = config.get("metadata")
    fields = metadata if isinstance(metadata, dict) else {}
    where, name = (field if isinstance(field := fields.get(key), str) else "" for key in ("namespace", "name"))
    return f"{where}/{name}; {_gvk(config.get('apiVersion'), config.get('kind'))}"


def _apply(
    shape: Shape,
    before: dict[str, Any],
    config: dict[str, Any],
    managed: Managed,
    applier: Manager,
    info: ResourceInfo,
    *,
    force: bool,
) -> tuple[dict[str, Any], Managed]:
    wanted = field_set(shape, config)
    last = managed.get(applier)
    owners = {**managed, applier: Owned(wanted, info.group_version)}
    after = merged(shape, before, config)
    if last is not None and last.fields and last.api_version == info.group_version:
        after = _pruned(shape, after, owners, last.fields)
    change = compare(shape, before, after)
    written = union(change.modified, change.added)
    if not force and (blocking := conflicts(owners, written, applier)):
        raise _ConflictError(blocking)
    owners = taken_away(owners, written, change.removed, info.group_version, applier)
    if mine := without_system_fields(owners[applier].fields) if applier in owners else {}:
        owners[applier] = Owned(mine, info.group_version)
    else:
        owners.pop(applier, None)
    return after, owners


def _pruned(shape: Shape, document: dict[str, Any], owners: Managed, last: FieldSet) -> dict[str, Any]:
    """Take away what the manager applied last time, unless somebody (or its new configuration) owns it."""
    everything = with_named_fields(shape, field_set(shape, document))
    before = with_named_fields(shape, last)
    pruned = without(shape, document, before) or {}
    owned: FieldSet = {}
    for each in owners.values():
        owned = union(owned, each.fields)
    left = with_named_fields(shape, field_set(shape, pruned))
    kept = union(left, with_named_fields(shape, owned))
    pruned = without(shape, document, difference(everything, kept)) or {}
    left = with_named_fields(shape, field_set(shape, pruned))
    result: dict[str, Any] = without(shape, document, intersection(difference(everything, left), before)) or {}
    return result


def _not_client_side(
    owners: dict[Manager, FieldSet], shape: Shape, live: dict[str, Any], info: ResourceInfo
) -> dict[Manager, FieldSet]:
    """Leave out the conflicts about fields that are as the last client-side apply set them.

    So an object that was made by client-side apply can be taken over by server-side apply without force.
    """
    annotations = live.get("metadata", {}).get("annotations") or {}
    try:
        last = json.loads(annotations.get(LAST_APPLIED) or "")
    except (ValueError, RecursionError):
        return owners
    if not isinstance(last, dict) or last.get("apiVersion") != info.group_version or misfits(shape, last):
        return owners
    allowed = field_set(shape, last)
    change = compare(shape, last, live)
    for changed in (change.modified, change.added, change.removed):
        allowed = difference(allowed, changed)
    return {manager: rest for manager, fields in owners.items() if (rest := difference(fields, allowed))}


def _with_last_applied(document: dict[str, Any], config: dict[str, Any]) -> dict[str, Any]:
    """Keep the annotation of client-side apply up to date where there is one."""
    metadata = document.get("metadata") or {}
    annotations = metadata.get("annotations") or {}
    if not annotations.get(LAST_APPLIED):
        return document
    said = dict(config)
    if isinstance(said.get("metadata"), dict) and said["metadata"].get("annotations") is not None:
        rest = {key: value for key, value in said["metadata"]["annotations"].items() if key != LAST_APPLIED}
        said["metadata"] = {**said["metadata"], "annotations": rest}
    text = scalar_json(_sorted(said)) + "\n"
    annotations = {**annotations, LAST_APPLIED: text}
    if sum(len(key.encode()) + len(value.encode()) for key, value in annotations.items()) > _MAX_ANNOTATIONS_BYTES:
        del annotations[LAST_APPLIED]
    return {**document, "metadata": {**metadata, "annotations": annotations}}


def _sorted(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _sorted(value[key]) for key in sorted(value)}
    return [_sorted(element) for element in value] if isinstance(value, list) else value


def _refusal(owners: dict[Manager, FieldSet]) -> ApiError:
    found = [(manager, path_text(path)) for manager, fields in owners.items() for path in paths(fields)]
    causes = [
        StatusCause(reason="FieldManagerConflict", message=f"conflict with {_named(manager)}", field=field)
        for manager, field in found
    ]
    if len(found) == 1:
        manager, field = found[0]
        message = f"Apply failed with 1 conflict: conflict with {_named(manager)}: {field}"
    else:
        lines: list[str] = []
        for manager in owners:
            lines.append(f"conflicts with {_named(manager)}:")
            lines.extend(f"- {field}" for owner, field in found if owner == manager)
        message = f"Apply failed with {len(found)} conflicts: " + "\n".join(lines)
    details = StatusDetails(causes=causes)
    return ApiError(
        Status(
            kind="Status",
            api_version="v1",
            status="Failure",
            message=message,
            reason="Conflict",
            details=details,
            code=409,
        )
    )


def _named(manager: Manager) -> str:
    told = scalar_json(manager.name)
    if manager.subresource:
        told += f" with subresource {scalar_json(manager.subresource)}"
    return f"{told} using {manager.api_version}" if manager.operation == UPDATE else told
