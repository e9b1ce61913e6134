"""What a path and a method mean: the path grammar of Kubernetes as one small parser.

>>> parse_request("GET", "/apis/image.openshift.io/v1/namespaces/ns/imagestreams/s/layers", {})
RequestInfo(verb='get', group='image.openshift.io', version='v1', namespace='ns', resource='imagestreams', \
name='s', subresource='layers', is_resource=True, subpath='')
"""

from collections.abc import Mapping
from dataclasses import dataclass

_VERBS = {"GET": "get", "HEAD": "get", "POST": "create", "PUT": "update", "PATCH": "patch", "DELETE": "delete"}
_OF_A_NAMESPACE_ITSELF = {"status", "finalize"}


@dataclass(frozen=True, slots=True)
class RequestInfo:
    """A request taken apart; unless `is_resource` only the verb (the method in lower case) says something.

    `subpath` is what follows a subresource, without the slash between; few have something there.
    """

    verb: str
    group: str = ""
    version: str = ""
    namespace: str = ""
    resource: str = ""
    name: str = ""
    subresource: str = ""
    is_resource: bool = False
    subpath: str = ""


def parse_request(method: str, path: str, query: Mapping[str, str]) -> RequestInfo:
    """Read a request line; a path that is none of a resource is one too, as seen in `is_resource`."""
    other = RequestInfo(method.lower())
    root, *parts = path.strip("/").split("/")
    if root == "api" and len(parts) >= 2:
        group, version, parts = "", parts[0], parts[1:]
    elif root == "apis" and len(parts) >= 3 and parts[0]:
        group, version, parts = parts[0], parts[1], parts[2:]
    else:
        return other

    if not all(parts):
        return other
    verb = _VERBS.get(method, method.lower())
    if parts[0] == "watch" and len(parts) > 1:
        verb, parts = "watch", parts[1:]
    namespace = ""
    if parts[0] == "namespaces" and len(parts) > 1:
        namespace = parts[1]
        if len(parts) > 2 and parts[2] not in _OF_A_NAMESPACE_ITSELF:
            parts = parts[2:]
    resource, name, *rest = [*parts, ""] if len(parts) == 1 else parts
    if not name:
        verb = {"get": "list", "delete": "deletecollection"}.get(verb, verb)
    if verb == "list" and is_true(query.get("watch")):
        verb = "watch"
    subresource, subpath = (rest[0] if rest else ""), "/".join(rest[1:])
    return RequestInfo(verb, group, version, namespace, resource, name, subresource, True, subpath)


def is_true(value: str | None) -> bool:
    """Read a boolean query parameter; one without a value means yes."""
    return value is not None and value.lower() not in ("0", "false")


def selected_name(query: Mapping[str, str]) -> str:
    """Return the one name that a field selector asks for, which is what may be granted; empty without one."""
    for term in query.get("fieldSelector", "").split(","):
        label, _, name = term.partition("=")
        if label == "metadata.name" and (name := name.removeprefix("=")) not in ("", ".", ".."):
            return "" if set(name) & set("/%\\") else name
    return ""
