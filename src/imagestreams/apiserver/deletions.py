"""How to delete: from the body of a DELETE or, without one, from its parameters."""

from dataclasses import dataclass
from typing import Any, Final

import msgspec

from imagestreams.api.errors import FieldError, bad_request, invalid
from imagestreams.api.json_syntax import JsonSyntaxError
from imagestreams.api.wire import Wire
from imagestreams.apiserver.bodies.objects import read_document
from imagestreams.apiserver.bodies.type_check import mismatch
from imagestreams.apiserver.options import META_GROUP, dry_run_errors, parse_int64
from imagestreams.apiserver.query import Query
from imagestreams.apiserver.request_info import is_true
from imagestreams.resources.resource import DeleteOptions

_POLICIES: Final = ("Foreground", "Background", "Orphan")
_OLDER_POLICIES: Final = {None: "", True: "Orphan", False: "Background"}
_KIND: Final = "DeleteOptions"


class Preconditions(Wire):
    """What must be true of an object for it to be deleted."""

    uid: str | None = None
    resource_version: str | None = None


class _Body(Wire):
    kind: str = ""
    api_version: str = ""
    grace_period_seconds: int | None = None
    preconditions: Preconditions | None = None
    orphan_dependents: bool | None = None
    propagation_policy: str | None = None
    dry_run: list[str] | None = None


@dataclass(frozen=True, slots=True)
class Deletion:
    """What the resource is told, and what only the answer depends on."""

    options: DeleteOptions
    dry_run: bool = False
    orphan_dependents: bool | None = None


def parse_deletion(body: bytes, content_type: str, query: Query) -> Deletion:
    """Read how to delete; a body makes the parameters count for nothing.

    Raises:
        ApiError: 400, 415 or 422.
    """
    asked = _from_body(body, content_type) if body else _from_query(query)
    errors = []
    if asked.orphan_dependents is not None and asked.propagation_policy is not None:
        told = "orphanDependents and deletionPropagation cannot be both set"
        errors.append(FieldError.invalid("propagationPolicy", asked.propagation_policy, told))
    if asked.propagation_policy is not None and asked.propagation_policy not in _POLICIES:
        supported = [*_POLICIES, "nil"]
        errors.append(FieldError.not_supported("propagationPolicy", asked.propagation_policy, supported))
    errors += dry_run_errors(asked.dry_run or [])
    if errors:
        raise invalid(META_GROUP, _KIND, "", errors)
    conditions = asked.preconditions or Preconditions()
    return Deletion(
        DeleteOptions(
            uid=conditions.uid or "",
            resource_version=conditions.resource_version or "",
            propagation_policy=asked.propagation_policy or _OLDER_POLICIES[asked.orphan_dependents],
        ),
        dry_run=bool(asked.dry_run),
        orphan_dependents=asked.orphan_dependents,
    )


def _from_body(body: bytes, content_type: str) -> _Body:
    try:
        document: Any = read_document(body, content_type)[0]
    except JsonSyntaxError as error:
        raise bad_request(f"couldn't get version/kind; json parse error: {error}") from error
    if document is None:
        return _Body()
    what = mismatch(document, _Body)
    if what or not isinstance(document, dict):
        raise bad_request((what or "json: cannot unmarshal value into v1.DeleteOptions").replace("_Body", _KIND))
    kind, version = document.get("kind") or _KIND, document.get("apiVersion") or "v1"
    if kind != _KIND:
        raise bad_request(f'no kind "{kind}" is registered for the internal version of group "meta.k8s.io" ({version})')
    return msgspec.convert({key: value for key, value in document.items() if value is not None}, _Body)


def _from_query(query: Query) -> _Body:
    if not query:
        return _Body()
    grace = parse_int64(query["gracePeriodSeconds"]) if "gracePeriodSeconds" in query else None
    return _Body(
        grace_period_seconds=grace,
        orphan_dependents=is_true(query["orphanDependents"]) if "orphanDependents" in query else None,
        propagation_policy=query.get("propagationPolicy"),
        dry_run=query.all("dryRun"),
    )
