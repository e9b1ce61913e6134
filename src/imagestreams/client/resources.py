"""The verbs of one resource: paths, bodies and options, plain dictionaries in and out."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from urllib.parse import quote

from imagestreams.client.discovery import ResourceType
from imagestreams.client.errors import ClientError
from imagestreams.client.rest import RestClient

Object = dict[str, Any]

TABLE = ",".join(
    (
        "application/json;as=Table;v=v1;g=meta.k8s.io",
        "application/json;as=Table;v=v1beta1;g=meta.k8s.io",
        "application/json",
    )
)
MERGE_PATCH = "application/merge-patch+json"
JSON_PATCH = "application/json-patch+json"
STRATEGIC_PATCH = "application/strategic-merge-patch+json"
APPLY_PATCH = "application/apply-patch+yaml"

_IMAGE = "image.openshift.io"
IMAGE_STREAMS = ResourceType(_IMAGE, "v1", "imagestreams", "ImageStream", "imagestream")
IMAGE_STREAM_TAGS = ResourceType(_IMAGE, "v1", "imagestreamtags", "ImageStreamTag", "imagestreamtag")
IMAGE_STREAM_IMAGES = ResourceType(_IMAGE, "v1", "imagestreamimages", "ImageStreamImage", "imagestreamimage")
IMAGE_STREAM_IMPORTS = ResourceType(_IMAGE, "v1", "imagestreamimports", "ImageStreamImport", "imagestreamimport")
IMAGE_TAGS = ResourceType(_IMAGE, "v1", "imagetags", "ImageTag", "imagetag")
IMAGES = ResourceType(_IMAGE, "v1", "images", "Image", "image", namespaced=False)
_BUILD = "build.openshift.io"
BUILDS = ResourceType(_BUILD, "v1", "builds", "Build", "build")
BUILD_CONFIGS = ResourceType(_BUILD, "v1", "buildconfigs", "BuildConfig", "buildconfig")
CONFIG_MAPS = ResourceType("", "v1", "configmaps", "ConfigMap", "configmap")
NAMESPACES = ResourceType("", "v1", "namespaces", "Namespace", "namespace", namespaced=False)
NOTIFICATION_SINKS = ResourceType("imagestreams.dev", "v1", "notificationsinks", "NotificationSink", "notificationsink")
REGISTRY_HOOKS = ResourceType("imagestreams.dev", "v1", "registryhooks", "RegistryHook", "registryhook")
SECRETS = ResourceType("", "v1", "secrets", "Secret", "secret")
PROJECTS = ResourceType("project.openshift.io", "v1", "projects", "Project", "project", namespaced=False)
PROJECT_REQUESTS = ResourceType(
    "project.openshift.io", "v1", "projectrequests", "ProjectRequest", "projectrequest", namespaced=False
)


class Resources:
    """One resource of the server, in one namespace or (with an empty one) in all."""

    def __init__(self, client: RestClient, resource: ResourceType, namespace: str = "") -> None:
        self.client = client
        self.type = resource
        self.namespace = namespace if resource.namespaced else ""

    def path(self, name: str = "", subresource: str = "") -> str:
        """Return the path of the collection or of one object.

        Raises:
            ClientError: a name that can't be part of a path.
        """
        parts = [self.type.root]
        if self.namespace:
            parts += ["namespaces", _segment(self.namespace)]
        parts.append(self.type.plural)
        if name:
            parts.append(_segment(name))
        if subresource:
            parts.append(subresource)
        return "/".join(parts)

    def get(self, name: str, *, accept: str = "application/json", subresource: str = "", **query: str) -> Object:
        """Read one object."""
        return self.client.request("GET", self.path(name, subresource), query=_options(query), accept=accept).json()

    def list(self, *, accept: str = "application/json", chunk_size: int = 0, **query: str) -> Object:
        """Read all objects, in pages of `chunk_size` (0: in one); pages are joined.

        Query keys are those of the API in snake_case: `label_selector`, `field_selector`, `resource_version`.
        """
        options = _options(query)
        if chunk_size > 0:
            options["limit"] = str(chunk_size)
        whole = page = self.client.request("GET", self.path(), query=options, accept=accept).json()
        held = "rows" if whole.get("kind") == "Table" else "items"
        while token := (page.get("metadata") or {}).get("continue"):
            page = self.client.request("GET", self.path(), query={**options, "continue": token}, accept=accept).json()
            whole[held] = (whole.get(held) or []) + (page.get(held) or [])
            whole["metadata"] = page.get("metadata") or {}
        return whole

    @contextmanager
    def watch(self, *, accept: str = "application/json", **query: str) -> Iterator[Iterator[bytes]]:
        """Open a watch; the lines are the JSON of its events."""
        with self.client.stream(self.path(), query={**_options(query), "watch": "true"}, accept=accept) as lines:
            yield lines

    def create(self, body: Object, *, subresource: str = "", name: str = "", **query: str) -> Object:
        """Create an object."""
        path = self.path(name, subresource)
        return self.client.request("POST", path, query=_options(query), body=body).json()

    def update(self, name: str, body: Object, *, subresource: str = "", **query: str) -> Object:
        """Replace an object."""
        return self.client.request("PUT", self.path(name, subresource), query=_options(query), body=body).json()

    def patch(self, name: str, body: Any, *, kind: str = MERGE_PATCH, subresource: str = "", **query: str) -> Object:
        """Change an object by a patch of the given media type."""
        path = self.path(name, subresource)
        return self.client.request("PATCH", path, query=_options(query), body=body, content_type=kind).json()

    def delete(self, name: str, body: Object | None = None, **query: str) -> Object:
        """Delete one object."""
        return self.client.request("DELETE", self.path(name), query=_options(query), body=body).json()

    def delete_collection(self, body: Object | None = None, **query: str) -> Object:
        """Delete all objects that the selectors in `query` match."""
        return self.client.request("DELETE", self.path(), query=_options(query), body=body).json()


def _options(query: Mapping[str, str]) -> dict[str, str]:
    return {_camel(key): value for key, value in query.items() if value}


def _camel(key: str) -> str:
    head, *rest = key.split("_")
    return head + "".join(part.capitalize() for part in rest)


def _segment(name: str) -> str:
    problems = []
    if name in (".", ".."):
        problems.append(f"may not be '{name}'")
    problems += [f"may not contain '{part}'" for part in ("/", "%") if part in name]
    if problems:
        raise ClientError(f'invalid resource name "{name}": [{", ".join(problems)}]')
    return quote(name, safe=":@")
