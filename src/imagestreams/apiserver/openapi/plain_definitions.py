"""Definitions of what is served and has no struct: times, free-form objects, discovery documents, watch events."""

from collections.abc import Mapping
from typing import Any, Final

from imagestreams.apiserver.openapi.schema_facts import INT_OR_STRING, META, QUANTITY, RAW_EXTENSION

VERSION_INFO: Final = "io.k8s.apimachinery.pkg.version.Info"


def _text(description: str) -> dict[str, Any]:
    return {"type": "string", "default": "", "description": description}


def _optional_text(description: str) -> dict[str, Any]:
    return {"type": "string", "description": description}


def _reference(name: str, description: str = "") -> dict[str, Any]:
    return {"$ref": f"#/definitions/{name}", **({"description": description} if description else {})}


def _list_of(item: Mapping[str, Any], description: str) -> dict[str, Any]:
    return {"type": "array", "items": item, "description": description, "x-kubernetes-list-type": "atomic"}


def _object(description: str, required: list[str], properties: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": "object",
        "description": description,
        **({"required": required} if required else {}),
        **({"properties": properties} if properties else {}),
    }


def _document(kind: str) -> dict[str, Any]:
    return {
        "kind": _optional_text(f"Always {kind}."),
        "apiVersion": _optional_text("The version of this document's own schema."),
    }


_STRING: Final = {"type": "string", "default": ""}
_ADDRESSES: Final = _list_of(
    _reference(f"{META}.ServerAddressByClientCIDR"),
    "Where clients in certain networks should connect to; usually empty.",
)

PLAIN_DEFINITIONS: Final[Mapping[str, dict[str, Any]]] = {
    f"{META}.Time": {
        "type": "string",
        "format": "date-time",
        "description": "A time in whole seconds, UTC, in the format of RFC 3339: 2026-11-24T08:30:00Z.",
    },
    f"{META}.MicroTime": {
        "type": "string",
        "format": "date-time",
        "description": "A time with microseconds, UTC, in the format of RFC 3339: 2026-11-24T08:30:00.000000Z.",
    },
    INT_OR_STRING: {
        "type": "string",
        "format": "int-or-string",
        "description": "A whole number, or a text in its place: the name of a port, or a percentage such as 25%.",
    },
    QUANTITY: {
        "type": "string",
        "description": (
            "An amount: 0.5, 500m, 1Gi or 2M. A number may be followed by a decimal unit (n, u, m, k, M, G, T, "
            "P, E), a binary one (Ki, Mi, Gi, Ti, Pi, Ei) or an exponent (e3). Answers hold a canonical form."
        ),
    },
    f"{META}.FieldsV1": _object(
        "A set of fields as a tree. A key f:NAME is a field, k:{…} an element of a list by its keys, v:VALUE an "
        "element of a set, and a dot the thing itself; an empty object ends a branch.",
        [],
        {},
    ),
    f"{META}.Patch": _object("A change to an object, in the format that the Content-Type names.", [], {}),
    f"{META}.Preconditions": _object(
        "What must hold for a request to be done.",
        [],
        {
            "resourceVersion": _optional_text("The object must have this resourceVersion."),
            "uid": _optional_text("The object must have this uid."),
        },
    ),
    f"{META}.WatchEvent": _object(
        "One change that a watch reports.",
        ["type", "object"],
        {
            "type": _text("ADDED, MODIFIED, DELETED, BOOKMARK or ERROR."),
            "object": _reference(
                RAW_EXTENSION,
                "The object as it is after the change, for DELETED as it was before; for BOOKMARK one with nothing but "
                "a resourceVersion to go on from; for ERROR a Status.",
            ),
        },
    ),
    RAW_EXTENSION: _object("An object whose fields are not fixed by this schema.", [], {}),
    f"{META}.ServerAddressByClientCIDR": _object(
        "The address at which clients of one network reach the server.",
        ["clientCIDR", "serverAddress"],
        {
            "clientCIDR": _text("The network of the clients."),
            "serverAddress": _text("The host, with or without port, that they should use."),
        },
    ),
    f"{META}.GroupVersionForDiscovery": _object(
        "One version of an API group.",
        ["groupVersion", "version"],
        {"groupVersion": _text("Group and version, joined by a slash."), "version": _text("The version alone.")},
    ),
    f"{META}.APIVersions": _object(
        "The versions of the core group.",
        ["versions", "serverAddressByClientCIDRs"],
        {
            **_document("APIVersions"),
            "versions": _list_of(_STRING, "The versions."),
            "serverAddressByClientCIDRs": _ADDRESSES,
        },
    ),
    f"{META}.APIGroup": _object(
        "An API group and its versions.",
        ["name", "versions"],
        {
            **_document("APIGroup"),
            "name": _text("The group."),
            "versions": _list_of(_reference(f"{META}.GroupVersionForDiscovery"), "The versions that are served."),
            "preferredVersion": _reference(
                f"{META}.GroupVersionForDiscovery", "The version that a client without a wish should use."
            ),
            "serverAddressByClientCIDRs": _ADDRESSES,
        },
    ),
    f"{META}.APIGroupList": _object(
        "The API groups that are served.",
        ["groups"],
        {
            **_document("APIGroupList"),
            "groups": _list_of(_reference(f"{META}.APIGroup"), "The groups, without the core group."),
        },
    ),
    f"{META}.APIResource": _object(
        "A resource, or a subresource, and what can be done with it.",
        ["name", "singularName", "namespaced", "kind", "verbs"],
        {
            "name": _text("The name in plural, as in the URL; of a subresource RESOURCE/SUBRESOURCE."),
            "singularName": _text("The name in singular, for command lines."),
            "namespaced": {
                "type": "boolean",
                "default": False,
                "description": "Whether its objects belong to a namespace.",
            },
            "group": _optional_text("The group of its kind, where that differs from the list's."),
            "version": _optional_text("The version of its kind, where that differs from the list's."),
            "kind": _text("The type of its objects."),
            "verbs": {
                "type": "array",
                "items": _STRING,
                "description": "What can be done: get, list, watch, create, update, patch, delete, deletecollection.",
            },
            "shortNames": _list_of(_STRING, "Abbreviations for command lines."),
            "categories": _list_of(_STRING, "The groups of resources that it belongs to, such as all."),
            "storageVersionHash": _optional_text("Changes when the schema in which it is stored changes."),
        },
    ),
    f"{META}.APIResourceList": _object(
        "The resources of one version of an API group.",
        ["groupVersion", "resources"],
        {
            **_document("APIResourceList"),
            "groupVersion": _text("Group and version; of the core group the version alone."),
            "resources": _list_of(_reference(f"{META}.APIResource"), "The resources and subresources."),
        },
    ),
    VERSION_INFO: _object(
        "What version of Kubernetes the server is compatible with, and how it was built.",
        ["major", "minor", "gitVersion", "gitCommit", "gitTreeState", "buildDate", "goVersion", "compiler", "platform"],
        {
            "major": _text("The first part of the version."),
            "minor": _text("The second part of the version."),
            "gitVersion": _text("The whole version."),
            "gitCommit": _text("The commit that it was built from."),
            "gitTreeState": _text("Whether that commit was built unchanged."),
            "buildDate": _text("When it was built."),
            "goVersion": _text("The version of the language runtime."),
            "compiler": _text("The implementation of the language."),
            "platform": _text("Operating system and architecture."),
        },
    ),
}

OF_SEVERAL_TYPES: Final[Mapping[str, tuple[str, ...]]] = {
    INT_OR_STRING: ("integer", "string"),
    QUANTITY: ("string", "number"),
}
"""Definitions whose values are of several types, which version 2 of OpenAPI has no words for."""
