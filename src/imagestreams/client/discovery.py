"""Which resources the server has, and what a user means by `is`, `imagestreams.image.openshift.io` or `Secret`.

One request per root (`/api`, `/apis`) where the server knows aggregated discovery, one per group version otherwise.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from imagestreams.client.errors import ClientError
from imagestreams.client.rest import Response, RestClient

_AGGREGATED = ",".join(
    f"application/json;g=apidiscovery.k8s.io;v={version};as=APIGroupDiscoveryList" for version in ("v2", "v2beta1")
)


@dataclass(frozen=True)
class ResourceType:
    """A kind of object that the server has, in one version."""

    group: str
    version: str
    plural: str
    kind: str
    singular: str = ""
    namespaced: bool = True
    short_names: tuple[str, ...] = ()
    verbs: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    subresources: tuple[str, ...] = ()

    @property
    def api_version(self) -> str:
        """Group and version as objects carry them."""
        return f"{self.group}/{self.version}" if self.group else self.version

    @property
    def qualified(self) -> str:
        """Plural with group, as in error texts."""
        return f"{self.plural}.{self.group}" if self.group else self.plural

    @property
    def root(self) -> str:
        """The path of the group version."""
        return f"/apis/{self.group}/{self.version}" if self.group else f"/api/{self.version}"

    def reference(self, name: str) -> str:
        """Return the object as `-o name` prints it: `imagestream.image.openshift.io/python`."""
        return f"{self.kind.lower()}{'.' if self.group else ''}{self.group}/{name}"


@dataclass(frozen=True)
class ApiGroup:
    """A group with its versions, the preferred one first."""

    name: str
    versions: tuple[str, ...]
    resources: tuple[ResourceType, ...]
    uncertain: tuple[str, ...] = ()


class Discovery:
    """Reads the server's resources once, when first asked."""

    def __init__(self, client: RestClient) -> None:
        self._client = client
        self._groups: list[ApiGroup] | None = None

    def groups(self) -> list[ApiGroup]:
        """Return all groups in the server's order, the core group first."""
        if self._groups is None:
            self._groups = _groups_of(self._client, "/api") + _groups_of(self._client, "/apis")
        return self._groups

    def resources(self) -> list[ResourceType]:
        """Return all resources in their group's preferred version, in the server's order."""
        found = []
        for group in self.groups():
            seen: set[str] = set()
            for version in group.versions:
                for resource in group.resources:
                    if resource.version == version and resource.plural not in seen:
                        found.append(resource)
                seen.update(r.plural for r in group.resources if r.version == version)
        return found

    def resolve(self, text: str) -> ResourceType:
        """Find what the user means.

        Raises:
            ClientError: the server has no such resource.
        """
        if found := self.find(text):
            return found
        raise ClientError(f'the server doesn\'t have a resource type "{text.partition(".")[0]}"')

    def find(self, text: str) -> ResourceType | None:
        """Find a resource by plural, singular, short name or kind, also with `.group` or `.version.group` behind."""
        wanted = text.lower()
        preferred = self.resources()
        every = [resource for group in self.groups() for resource in group.resources]
        head, _, tail = wanted.partition(".")
        if tail:
            version, _, group = tail.partition(".")
            if re.fullmatch(r"v\d+((alpha|beta)\d+)?", version):
                exact = [r for r in every if (r.version, r.group) == (version, group)]
                if found := _named(exact, head):
                    return found
            for candidates in (
                [r for r in preferred if r.group == tail],
                [r for r in preferred if r.group.startswith(tail)],
            ):
                if found := _named(candidates, head):
                    return found
            return None
        return _named(preferred, wanted)

    def for_kind(self, api_version: str, kind: str) -> ResourceType:
        """Return the resource whose objects say `apiVersion` and `kind`.

        Raises:
            ClientError: the server has none, with the text that kubectl prints.
        """
        for group in self.groups():
            for resource in group.resources:
                if resource.kind == kind and resource.api_version == api_version:
                    return resource
        raise ClientError(f'no matches for kind "{kind}" in version "{api_version}"\nensure CRDs are installed first')

    def category(self, name: str) -> list[ResourceType]:
        """Return the resources of a category such as `all`."""
        return [resource for resource in self.resources() if name in resource.categories]


def _named(candidates: Iterable[ResourceType], name: str) -> ResourceType | None:
    every = list(candidates)
    tests = (
        lambda r: name == r.plural,
        lambda r: name == (r.singular or r.kind.lower()),
        lambda r: name in r.short_names,
        lambda r: name == r.kind.lower(),
    )
    for matches in tests:
        for resource in every:
            if matches(resource):
                return resource
    return None


def _groups_of(client: RestClient, root: str) -> list[ApiGroup]:
    try:
        answer = client.request("GET", root, accept=f"{_AGGREGATED},application/json")
    except ClientError as error:
        if error.code in (404, 406):
            return []
        raise
    document = answer.json()
    if document.get("kind") == "APIGroupDiscoveryList":
        return [_aggregated(item) for item in _dicts(document.get("items"))]
    if root == "/api":
        versions = [str(version) for version in document.get("versions") or []]
        return [_legacy(client, "", versions)] if versions else []
    return [
        _legacy(client, str(item.get("name", "")), _ordered_versions(item)) for item in _dicts(document.get("groups"))
    ]


def _dicts(value: Any) -> list[dict[str, Any]]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def _texts(value: Any) -> tuple[str, ...]:
    return tuple(str(item) for item in value) if isinstance(value, list) else ()


def _ordered_versions(group: dict[str, Any]) -> list[str]:
    versions = [str(item.get("version", "")) for item in _dicts(group.get("versions"))]
    preferred = group.get("preferredVersion")
    first = str(preferred.get("version", "")) if isinstance(preferred, dict) else ""
    return sorted(versions, key=lambda version: version != first)


def _aggregated(item: dict[str, Any]) -> ApiGroup:
    name = str((item.get("metadata") or {}).get("name", ""))
    resources = []
    for version in _dicts(item.get("versions")):
        for entry in _dicts(version.get("resources")):
            kind = entry.get("responseKind") or {}
            resources.append(
                ResourceType(
                    group=name,
                    version=str(version.get("version", "")),
                    plural=str(entry.get("resource", "")),
                    kind=str(kind.get("kind", "")) if isinstance(kind, dict) else "",
                    singular=str(entry.get("singularResource", "")),
                    namespaced=entry.get("scope") == "Namespaced",
                    short_names=_texts(entry.get("shortNames")),
                    verbs=_texts(entry.get("verbs")),
                    categories=_texts(entry.get("categories")),
                    subresources=tuple(str(sub.get("subresource", "")) for sub in _dicts(entry.get("subresources"))),
                )
            )
    versions = tuple(str(version.get("version", "")) for version in _dicts(item.get("versions")))
    return ApiGroup(name, versions, tuple(resources))


def _legacy(client: RestClient, group: str, versions: list[str]) -> ApiGroup:
    resources, uncertain = [], []
    for version in versions:
        path = f"/apis/{group}/{version}" if group else f"/api/{version}"
        try:
            answer: Response = client.request("GET", path)
        except ClientError as error:
            if error.code not in (404, 503):
                raise
            uncertain.append(version)
            continue
        entries = _dicts(answer.json().get("resources"))
        below: dict[str, list[str]] = {}
        for entry in entries:
            parent, slash, sub = str(entry.get("name", "")).partition("/")
            if slash:
                below.setdefault(parent, []).append(sub)
        for entry in entries:
            plural = str(entry.get("name", ""))
            if "/" in plural:
                continue
            resources.append(
                ResourceType(
                    group=group,
                    version=version,
                    plural=plural,
                    kind=str(entry.get("kind", "")),
                    singular=str(entry.get("singularName", "")),
                    namespaced=bool(entry.get("namespaced")),
                    short_names=_texts(entry.get("shortNames")),
                    verbs=_texts(entry.get("verbs")),
                    categories=_texts(entry.get("categories")),
                    subresources=tuple(below.get(plural, ())),
                )
            )
    return ApiGroup(group, tuple(versions), tuple(resources), tuple(uncertain))
