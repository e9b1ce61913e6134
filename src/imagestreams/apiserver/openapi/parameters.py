"""The query parameters and path parts that requests take, in the form of OpenAPI v2."""

from typing import Any


def _query(name: str, description: str, kind: str = "string") -> dict[str, Any]:
    return {"name": name, "in": "query", "type": kind, "uniqueItems": True, "description": description}


PRETTY = _query("pretty", "True asks for an answer with line breaks and indentation.")

_DRY_RUN = _query(
    "dryRun",
    "With All, the request is checked and answered as usual and nothing is stored. Any other value is refused.",
)
_FIELD_MANAGER = (
    "The name under which the fields that the request sets are noted in managedFields: up to 128 printable characters. "
)
_WRITE = [
    _DRY_RUN,
    _query("fieldManager", _FIELD_MANAGER + "Without it the first part of the User-Agent is used."),
    _query(
        "fieldValidation",
        "What happens to fields that are unknown or given twice: Ignore drops them, Warn (the default) drops them with "
        "a warning in the answer's headers, Strict refuses the request.",
    ),
]
_FORCE = _query(
    "force",
    "True lets a server-side apply take fields over that another manager owns. Not allowed for other patches.",
    "boolean",
)
_DELETE = [
    _DRY_RUN,
    _query(
        "gracePeriodSeconds",
        "How many seconds the object may take to end; 0 means at once. It may not be negative.",
        "integer",
    ),
    _query("orphanDependents", "Outdated: use propagationPolicy. True keeps what the object owns.", "boolean"),
    _query(
        "propagationPolicy",
        "What happens to what the object owns: Orphan keeps it, Background removes it afterwards, Foreground removes "
        "it first.",
    ),
]
_SELECT = [
    _query(
        "labelSelector", "Only objects whose labels fit: a=b, a!=b, a in (b,c), a notin (b,c), a, !a; joined by commas."
    ),
    _query("fieldSelector", "Only objects whose fields have these values, such as metadata.name=x; joined by commas."),
    _query(
        "limit",
        "At most this many objects; when there are more, the answer's metadata.continue leads to the next page.",
        "integer",
    ),
    _query("continue", "The metadata.continue of the previous page, to get the next one as of the same version."),
    _query(
        "resourceVersion",
        "For a list, at which version it is read, as resourceVersionMatch says; for a watch, after which version it "
        "begins. Empty means the newest, 0 any that is at hand.",
    ),
    _query(
        "resourceVersionMatch",
        "How resourceVersion is meant by a list: Exact, or NotOlderThan. Only together with resourceVersion.",
    ),
    _query("timeoutSeconds", "After how many seconds a list fails or a watch ends.", "integer"),
    _query(
        "sendInitialEvents",
        "True makes a watch begin with all objects as ADDED, followed by a bookmark. Needs "
        "resourceVersionMatch=NotOlderThan.",
        "boolean",
    ),
]
_WATCH = [
    _query("watch", "True answers with changes as they happen, one WatchEvent a line, in place of a list.", "boolean"),
    _query(
        "allowWatchBookmarks",
        "True asks a watch for events of type BOOKMARK, which tell the version that has been reached.",
        "boolean",
    ),
]


def query_parameters(action: str, *, watchable: bool) -> list[dict[str, Any]]:
    """Return what a request of an action may carry in its query, sorted by name."""
    found = {
        "list": [*_SELECT, *(_WATCH if watchable else [])],
        "create": _WRITE,
        "update": _WRITE,
        "patch": [*_WRITE, _FORCE],
        "delete": _DELETE,
        "deletecollection": [*_SELECT, *_DELETE],
    }.get(action, [])
    return sorted((dict(parameter) for parameter in found), key=lambda parameter: str(parameter["name"]))


def path_parameter(name: str, description: str) -> dict[str, Any]:
    """Return a part of the path that the client fills in."""
    return {
        "name": name,
        "in": "path",
        "required": True,
        "type": "string",
        "uniqueItems": True,
        "description": description,
    }


def body_parameter(schema: dict[str, Any], *, required: bool) -> dict[str, Any]:
    """Return a request's body."""
    return {"name": "body", "in": "body", **({"required": True} if required else {}), "schema": schema}
