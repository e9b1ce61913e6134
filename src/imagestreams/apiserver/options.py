"""What the parameters of a request ask for, checked with the texts of Kubernetes' validation."""

import re
from dataclasses import dataclass, replace
from typing import Any, Final

from imagestreams.api.codec import encode
from imagestreams.api.errors import FieldError, bad_request, invalid, reasonless
from imagestreams.api.metadata.object_meta_validation import validate_field_manager
from imagestreams.apiserver.bodies.objects import media_type_of
from imagestreams.apiserver.query import Query
from imagestreams.apiserver.request_info import is_true
from imagestreams.apiserver.selectors import parse_fields, parse_labels
from imagestreams.resources.resource import FieldRequirement, ListOptions, ResourceInfo

META_GROUP: Final = "meta.k8s.io"
APPLY_TYPE: Final = "application/apply-patch+yaml"
_EXACT: Final = "Exact"
_NOT_OLDER: Final = "NotOlderThan"
_MAX_INT64: Final = 2**63 - 1
_MAX_UINT64: Final = 2**64 - 1
_FIELD_MANAGER_BYTES: Final = 128
_INTEGER = re.compile(r"[+-]?[0-9]{1,400}")
_VALIDATIONS: Final = ("", "Ignore", "Strict", "Warn")
_INCLUDED: Final = ("", "Metadata", "Object", "None")


@dataclass(frozen=True, slots=True)
class WriteOptions:
    """How a write is to be done; `force` takes fields from other managers."""

    dry_run: bool = False
    field_manager: str = ""
    field_validation: str = "Warn"
    force: bool = False


def _quoted(text: str) -> str:
    return encode(text).decode()


def parse_int64(text: str) -> int:
    """Read a number.

    Raises:
        ApiError: 400, it is none.
    """
    if not _INTEGER.fullmatch(text):
        raise bad_request(f"strconv.ParseInt: parsing {_quoted(text)}: invalid syntax")
    value = int(text)
    if not -_MAX_INT64 - 1 <= value <= _MAX_INT64:
        raise bad_request(f"strconv.ParseInt: parsing {_quoted(text)}: value out of range")
    return value


def parse_list_options(query: Query, info: ResourceInfo, *, watch: bool, name: str = "") -> ListOptions:
    """Read the options of a list, a watch or the deletion of a collection; `name` is that of a watched object.

    Raises:
        ApiError: 400, 422, or 500 for the resource version of a watch, which the real server answers so.
    """
    version, match = query.get("resourceVersion", ""), query.get("resourceVersionMatch", "")
    if "timeoutSeconds" in query:
        parse_int64(query["timeoutSeconds"])
    options = ListOptions(
        labels=parse_labels(query.get("labelSelector", "")),
        fields=_fields(query.get("fieldSelector", ""), info, name),
        limit=max(parse_int64(query["limit"]), 0) if "limit" in query else 0,
        continue_=query.get("continue", ""),
        resource_version=version,
        resource_version_match=match,
        send_initial_events=is_true(query["sendInitialEvents"]) if "sendInitialEvents" in query else None,
        allow_bookmarks=watch and is_true(query.get("allowWatchBookmarks")),
    )
    if watch and options.send_initial_events is None and not match and version in ("", "0"):
        # A watch from nowhere in particular begins with what there is, and tells when that is done.
        options = replace(options, send_initial_events=True, resource_version_match=_NOT_OLDER)
    errors = _watch_errors(options) if watch else _list_errors(options)
    if errors:
        raise invalid(META_GROUP, "ListOptions", "", errors)
    _check_version(options, watch=watch)
    return options


def _fields(selector: str, info: ResourceInfo, name: str) -> tuple[FieldRequirement, ...]:
    fields = parse_fields(selector, info) if selector else ()
    if not name:
        return fields
    wanted = FieldRequirement("metadata.name", name)
    if fields and wanted not in fields:
        raise bad_request("fieldSelector metadata.name doesn't match requested name")
    return fields or (wanted,)


def _list_errors(options: ListOptions) -> list[FieldError]:
    errors, match = [], options.resource_version_match
    field = "resourceVersionMatch"
    if match:
        if not options.resource_version:
            told = "resourceVersionMatch is forbidden unless resourceVersion is provided"
            errors.append(FieldError.forbidden(field, told))
        if options.continue_:
            errors.append(FieldError.forbidden(field, "resourceVersionMatch is forbidden when continue is provided"))
        if match not in (_EXACT, _NOT_OLDER):
            errors.append(FieldError.not_supported(field, match, [_EXACT, _NOT_OLDER, ""]))
        if match == _EXACT and options.resource_version == "0":
            told = 'resourceVersionMatch "exact" is forbidden for resourceVersion "0"'
            errors.append(FieldError.forbidden(field, told))
    if options.send_initial_events is not None:
        errors.append(FieldError.forbidden("sendInitialEvents", "sendInitialEvents is forbidden for list"))
    return errors


def _watch_errors(options: ListOptions) -> list[FieldError]:
    errors, match = [], options.resource_version_match
    field = "resourceVersionMatch"
    if options.send_initial_events is not None and match != _NOT_OLDER:
        told = f"sendInitialEvents requires setting resourceVersionMatch to {_NOT_OLDER}"
        errors.append(FieldError.forbidden(field, told))
    if match:
        if options.send_initial_events is None:
            told = "resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided"
            errors.append(FieldError.forbidden(field, told))
        if match != _NOT_OLDER:
            errors.append(FieldError.not_supported(field, match, [_NOT_OLDER]))
        if options.continue_:
            errors.append(FieldError.forbidden(field, "resourceVersionMatch is forbidden when continue is provided"))
    return errors


def _check_version(options: ListOptions, *, watch: bool) -> None:
    version = options.resource_version
    if not version:
        return
    why = ""
    if not (version.isascii() and version.isdigit()):
        why = "invalid syntax"
    elif len(version) > 20 or int(version) > _MAX_UINT64:
        why = "value out of range"
    if why:
        told = f"strconv.ParseUint: parsing {_quoted(version)}: {why}"
        error = FieldError.invalid("resourceVersion", version, told)
        raise reasonless(500, str(error)) if watch else bad_request(f"invalid resource version: {error}")
    if options.continue_ and not watch and version != "0":
        raise bad_request("specifying resource version is not allowed when using continue")


def parse_watch_timeout(query: Query) -> int:
    """Return after how many seconds a watch is to end; 0 leaves it to the server.

    Raises:
        ApiError: 400, it is no number.
    """
    return max(parse_int64(query["timeoutSeconds"]), 0) if "timeoutSeconds" in query else 0


def parse_write_options(query: Query, kind: str, user_agent: str, content_type: str = "") -> WriteOptions:
    """Read the options of a create, an update or a patch; `kind` is what complaints call them (`CreateOptions`).

    Raises:
        ApiError: 422, a value is none of those that are allowed.
    """
    if not query and media_type_of(content_type) != APPLY_TYPE:
        return WriteOptions(field_manager=manager_of(user_agent))
    manager, validation = query.get("fieldManager", ""), query.get("fieldValidation", "")
    errors: list[FieldError] = []
    if kind == "PatchOptions":
        if media_type_of(content_type) == APPLY_TYPE:
            if not manager:
                errors.append(FieldError.required("fieldManager", "is required for apply patch"))
        elif "force" in query:
            errors.append(FieldError.forbidden("force", "may not be specified for non-apply patch"))
    errors += validate_field_manager(manager, "fieldManager")
    errors += dry_run_errors(query.all("dryRun"))
    if validation not in _VALIDATIONS:
        errors.append(FieldError.not_supported("fieldValidation", validation, list(_VALIDATIONS)))
    if errors:
        raise invalid(META_GROUP, kind, "", errors)
    return WriteOptions(
        dry_run=bool(query.all("dryRun")),
        field_manager=manager or manager_of(user_agent),
        field_validation=validation or "Warn",
        force=is_true(query.get("force")),
    )


def dry_run_errors(values: list[str]) -> list[FieldError]:
    """Return what is wrong with the values of `dryRun`: nothing but `All` is known."""
    if all(value == "All" for value in values):
        return []
    return [FieldError.not_supported("dryRun", values, ["All"])]


def manager_of(user_agent: str) -> str:
    """Return who manages the fields that a client sets without saying who it is."""
    name = "".join(filter(str.isprintable, user_agent.partition("/")[0]))
    return name.encode()[:_FIELD_MANAGER_BYTES].decode("utf-8", "ignore") or "unknown"


def parse_included(query: Query) -> str:
    """Return what the rows of a table hold of their objects.

    Raises:
        ApiError: 400, it is none of the known choices.
    """
    value: Any = query.get("includeObject", "")
    if value not in _INCLUDED:
        error = FieldError.invalid("includeObject", value, "must be 'Metadata', 'Object', 'None', or empty")
        raise bad_request(f"Unable to convert to Table as requested: {error}")
    return value or "Metadata"
