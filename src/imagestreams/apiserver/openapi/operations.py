"""What can be requested under which path, in the form of OpenAPI v2."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from imagestreams.api.meta import DeleteOptions, Status
from imagestreams.apiserver.openapi.definitions import GVK, REFERENCE, Definitions
from imagestreams.apiserver.openapi.parameters import PRETTY, body_parameter, path_parameter, query_parameters
from imagestreams.apiserver.openapi.plain_definitions import VERSION_INFO
from imagestreams.apiserver.openapi.schema_facts import META
from imagestreams.resources.resource import ResourceInfo

_MEDIA_TYPES: Final = ["application/json", "application/yaml"]
_STREAM: Final = "application/json;stream=watch"
_PATCH_TYPES: Final = [
    "application/json-patch+json",
    "application/merge-patch+json",
    "application/strategic-merge-patch+json",
    "application/apply-patch+yaml",
]


@dataclass(frozen=True, slots=True)
class _Action:
    """An action: its HTTP method, the word that begins the operation's id, and what it does."""

    method: str
    word: str
    text: str
    codes: tuple[int, ...]
    kubernetes: str = ""


_ACTIONS: Final[Mapping[str, _Action]] = {
    "list": _Action("get", "list", "List or watch objects of kind {kind}.", (200,)),
    "create": _Action("post", "create", "Create an object of kind {kind}.", (200, 201, 202), "post"),
    "deletecollection": _Action("delete", "delete", "Delete all selected objects of kind {kind}.", (200,)),
    "get": _Action("get", "read", "Read {what} of kind {kind}.", (200,)),
    "update": _Action("put", "replace", "Replace {what} of kind {kind}.", (200, 201), "put"),
    "patch": _Action("patch", "patch", "Change parts of {what} of kind {kind}.", (200, 201)),
    "delete": _Action("delete", "delete", "Delete {what} of kind {kind}.", (200, 202)),
}
_OF_COLLECTIONS: Final = ("list", "create", "deletecollection")
_OF_OBJECTS: Final = ("get", "update", "patch", "delete")
_CODES: Final = {200: "OK", 201: "Created", 202: "Accepted", 401: "Unauthorized"}
_CREATED: Final[Mapping[str, str]] = {
    "buildconfigs/instantiate": "builds",
    "buildconfigs/instantiatebinary": "builds",
    "builds/clone": "builds",
    "deploymentconfigs/instantiate": "deploymentconfigs",
    "deploymentconfigs/rollback": "deploymentconfigs",
    "imagestreammappings": "",
    "projectrequests": "projects",
}
"""Resources whose creation answers an object of another one; an empty name stands for a Status."""


def resource_paths(infos: Iterable[ResourceInfo], definitions: Definitions) -> dict[str, dict[str, Any]]:
    """Return the paths of the resources of one version of a group."""
    served = {info.name: info for info in infos}
    paths: dict[str, dict[str, Any]] = {}
    for info in served.values():
        routes = _Routes(info, served, definitions)
        for path, actions, suffix in routes.paths():
            if item := routes.path_item(path, actions, suffix):
                paths[path] = item
    return dict(sorted(paths.items()))


class _Routes:
    """The paths of one resource or subresource."""

    def __init__(self, info: ResourceInfo, served: Mapping[str, ResourceInfo], definitions: Definitions) -> None:
        self._info, self._served, self._definitions = info, served, definitions
        self._root = group_path(info.group, info.version)
        self._kind = served[info.plural].kind if info.plural in served else info.kind

    def paths(self) -> list[tuple[str, tuple[str, ...], str]]:
        """Return each path with the actions that it may have and the end of their ids."""
        info = self._info
        base = f"{self._root}/{'namespaces/{namespace}/' if info.namespaced else ''}{info.plural}"
        if info.subresource:
            return [(f"{base}/{{name}}/{info.subresource}", ("get", "create", "update", "patch", "delete"), "")]
        found = [(base, _OF_COLLECTIONS, ""), (f"{base}/{{name}}", _OF_OBJECTS, "")]
        if info.namespaced:
            found.append((f"{self._root}/{info.plural}", ("list",), "ForAllNamespaces"))
        return found

    def path_item(self, path: str, actions: Iterable[str], suffix: str) -> dict[str, Any]:
        """Return what can be done under a path; empty when nothing can."""
        item: dict[str, Any] = {
            _ACTIONS[action].method: self._operation(action, suffix) for action in actions if action in self._info.verbs
        }
        if item:
            item["parameters"] = [*self._path_parameters(path), dict(PRETTY)]
        return item

    def _path_parameters(self, path: str) -> list[dict[str, Any]]:
        found = []
        if "{name}" in path:
            found.append(path_parameter("name", f"The name of the {self._kind}."))
        if "{namespace}" in path:
            found.append(path_parameter("namespace", "The namespace that the request is about."))
        return found

    def _operation(self, verb: str, suffix: str) -> dict[str, Any]:
        info, action = self._info, _ACTIONS[verb]
        scope = "Namespaced" if info.namespaced and not suffix else ""
        collection = "Collection" if verb == "deletecollection" else ""
        group = f"{_group_word(info.group)}{_title(info.version)}"
        name = f"{collection}{scope}{self._kind}{_title(info.subresource)}{suffix}"
        what = f"the {info.subresource} of an object" if info.subresource else "one object"
        watchable = verb == "list" and "watch" in info.verbs
        self._definitions.of_kind(info)
        return {
            "description": action.text.format(kind=self._kind, what=what),
            "operationId": f"{action.word}{group}{name}",
            "tags": [_tag(info.group, info.version)],
            "consumes": list(_PATCH_TYPES) if verb == "patch" else ["*/*"],
            "produces": [*_MEDIA_TYPES, *([_STREAM] if watchable else [])],
            "schemes": ["https"],
            "parameters": [*self._body(verb), *query_parameters(verb, watchable=watchable)],
            "responses": _responses(action.codes, self._answer(verb)),
            "x-kubernetes-action": action.kubernetes or verb,
            GVK: {"group": info.kind_home[0], "kind": info.kind, "version": info.kind_home[1]},
        }

    def _body(self, verb: str) -> list[dict[str, Any]]:
        info, definitions = self._info, self._definitions
        if verb in ("create", "update"):
            return [body_parameter(_reference(definitions.of_kind(info)), required=True)]
        if verb == "patch":
            return [body_parameter(_reference(definitions.plain(f"{META}.Patch")), required=True)]
        if verb in ("delete", "deletecollection"):
            options = definitions.of_meta(DeleteOptions, info.group, info.version)
            return [body_parameter(_reference(options), required=False)]
        return []

    def _answer(self, verb: str) -> str:
        info, definitions = self._info, self._definitions
        if verb in ("delete", "deletecollection") or (verb == "create" and _CREATED.get(info.name) == ""):
            return definitions.of_meta(Status, "", "v1")
        if verb == "create" and (other := self._served.get(_CREATED.get(info.name, ""))):
            return definitions.of_kind(other)
        if verb == "list":
            if "watch" in info.verbs:
                definitions.plain(f"{META}.WatchEvent")
            return definitions.of_list(info)
        return definitions.of_kind(info)


def group_path(group: str, version: str) -> str:
    """Return the path below which a version of a group is served."""
    return f"/apis/{group}/{version}" if group else f"/api/{version}"


def discovery_path(path: str, definitions: Definitions) -> dict[str, dict[str, Any]]:
    """Return the path of a discovery document (`apis`, `apis/GROUP`, `api/v1`…), or that of `version`."""
    root, *rest = path.split("/")
    group, version = (rest[0] if rest else "", rest[1] if len(rest) > 1 else "")
    if root == "api":
        group, version = "", group
    if root == "version":
        word, text, kind = "getCodeVersion", "Read the version of the server.", VERSION_INFO
    elif version:
        word = f"get{_group_word(group)}{_title(version)}APIResources"
        text, kind = "Read which resources this version of the group has.", f"{META}.APIResourceList"
    elif group:
        word, text, kind = f"get{_group_word(group)}APIGroup", "Read which versions the group has.", f"{META}.APIGroup"
    elif root == "api":
        word, text, kind = "getCoreAPIVersions", "Read which versions the core group has.", f"{META}.APIVersions"
    else:
        word, text, kind = "getAPIVersions", "Read which groups there are.", f"{META}.APIGroupList"
    tag = _tag(group, version) if group or root == "api" else root
    operation = {
        "description": text,
        "operationId": word,
        "tags": [tag],
        "consumes": list(_MEDIA_TYPES),
        "produces": list(_MEDIA_TYPES),
        "schemes": ["https"],
        "responses": _responses((200,), definitions.plain(kind)),
    }
    return {f"/{path}/": {"get": operation}}


def _reference(name: str) -> dict[str, Any]:
    return {"$ref": REFERENCE + name}


def _responses(codes: Iterable[int], answer: str) -> dict[str, Any]:
    found: dict[str, Any] = {
        str(code): {"description": _CODES[code], "schema": _reference(answer)} for code in sorted(codes)
    }
    found["401"] = {"description": _CODES[401]}
    return found


def _title(word: str) -> str:
    return word[:1].upper() + word[1:]


def _group_word(group: str) -> str:
    return "".join(_title(part) for part in group.removesuffix(".k8s.io").split(".")) or "Core"


def _tag(group: str, version: str) -> str:
    word = _group_word(group)
    return f"{word[:1].lower()}{word[1:]}" + (f"_{version}" if version else "")
