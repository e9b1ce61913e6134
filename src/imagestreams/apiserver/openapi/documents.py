"""The OpenAPI documents of a set of resources: one of version 2 for all, one of version 3 per version of a group."""

import hashlib
from collections.abc import Iterable, Sequence
from functools import cached_property
from typing import Any

from imagestreams import __version__
from imagestreams.api.codec import encode
from imagestreams.apiserver.openapi import protobuf, version3
from imagestreams.apiserver.openapi.definitions import Definitions
from imagestreams.apiserver.openapi.operations import discovery_path, group_path, resource_paths
from imagestreams.resources.resource import ResourceInfo

_TOKEN = "BearerToken"
_SECURITY = {"type": "apiKey", "name": "authorization", "in": "header", "description": "A bearer token."}


class OpenApi:
    """The documents of the given resources; each is made when it is first asked for, and kept."""

    def __init__(self, infos: Iterable[ResourceInfo]) -> None:
        self._versions: dict[tuple[str, str], list[ResourceInfo]] = {}
        for info in infos:
            self._versions.setdefault((info.group, info.version), []).append(info)
        self._v3: dict[str, bytes] = {}

    def v2_json(self) -> bytes:
        """Return `/openapi/v2` as JSON."""
        return self._v2_json

    def v2_protobuf(self) -> bytes:
        """Return `/openapi/v2` as the protobuf message that older clients insist on."""
        return self._v2_protobuf

    def v3_index(self) -> bytes:
        """Return `/openapi/v3`: where the single documents are, with a hash that changes when one does."""
        return self._v3_index

    def v3(self, path: str) -> bytes | None:
        """Return `/openapi/v3/PATH`; `None` when there is no such document."""
        if path not in self._v3 and path in self._paths:
            self._v3[path] = encode(self._document3(path))
        return self._v3.get(path)

    @cached_property
    def _v2_json(self) -> bytes:
        return encode(self._document2())

    @cached_property
    def _v2_protobuf(self) -> bytes:
        return protobuf.document(self._document2())

    @cached_property
    def _v3_index(self) -> bytes:
        hashes = {path: hashlib.sha512(self.v3(path) or b"").hexdigest().upper() for path in self._paths}
        return encode(
            {
                "paths": {
                    path: {"serverRelativeURL": f"/openapi/v3/{path}?hash={digest}"} for path, digest in hashes.items()
                }
            }
        )

    @cached_property
    def _paths(self) -> Sequence[str]:
        """The paths of the version 3 documents."""
        found = {"apis", "version"}
        for group, version in self._versions:
            found.add(f"apis/{group}" if group else "api")
            found.add(group_path(group, version).lstrip("/"))
        return sorted(found)

    def _requests(self, path: str, definitions: Definitions) -> dict[str, Any]:
        """Return what can be requested according to one version 3 document, in the form of version 2."""
        infos = next((infos for gv, infos in self._versions.items() if group_path(*gv) == f"/{path}"), [])
        return {**discovery_path(path, definitions), **resource_paths(infos, definitions)}

    def _document2(self) -> dict[str, Any]:
        definitions = Definitions()
        requests: dict[str, Any] = {}
        for path in self._paths:
            requests.update(self._requests(path, definitions))
        _hide_validation_of_namespaces(requests)
        return {
            "swagger": "2.0",
            "info": _info(),
            "paths": dict(sorted(requests.items())),
            "definitions": definitions.all(),
            "securityDefinitions": {_TOKEN: _SECURITY},
            "security": [{_TOKEN: []}],
        }

    def _document3(self, path: str) -> dict[str, Any]:
        definitions = Definitions()
        requests = self._requests(path, definitions)
        return {
            "openapi": "3.0.0",
            "info": _info(),
            "paths": {path: version3.path_item(item) for path, item in requests.items()},
            "components": {
                "schemas": {name: version3.definition(name, of) for name, of in definitions.all().items()},
                "securitySchemes": {_TOKEN: _SECURITY},
            },
            "security": [{_TOKEN: []}],
        }


def _hide_validation_of_namespaces(requests: dict[str, Any]) -> None:
    """Keep quiet about `fieldValidation` where namespaces are patched.

    kubectl takes a kind that can't be patched (an import, a mapping) for a possible custom resource when namespaces
    have this parameter in version 2, and fails to create it because there are no custom resources to look through.
    When they have not, it validates such objects by their schema. For all other kinds it reads version 3.
    """
    if patch := requests.get("/api/v1/namespaces/{name}", {}).get("patch"):
        patch["parameters"] = [each for each in patch["parameters"] if each["name"] != "fieldValidation"]


def _info() -> dict[str, str]:
    return {"title": "imagestreams", "version": __version__}
