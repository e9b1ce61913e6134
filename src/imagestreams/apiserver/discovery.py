"""What is served: groups, versions and resources, as single documents and aggregated."""

from collections.abc import Iterable
from typing import Any

from imagestreams.resources.resource import ResourceInfo

AGGREGATED_TYPE = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"


_LAST = frozenset({"config.openshift.io", "operator.openshift.io"})
"""Groups that come after all others, so that a bare `images` means those of streams, as on the real server."""


def _rank(group: str) -> tuple[bool, str]:
    return group in _LAST, group


class Discovery:
    """The discovery documents of a set of resources."""

    def __init__(self, infos: Iterable[ResourceInfo]) -> None:
        self._versions: dict[str, dict[str, list[ResourceInfo]]] = {}
        for info in infos:
            self._versions.setdefault(info.group, {}).setdefault(info.version, []).append(info)

    def serves(self, group: str, version: str) -> bool:
        """Return whether a group has this version."""
        return version in self._versions.get(group, {})

    def core_versions(self) -> dict[str, Any]:
        """Return `/api`."""
        return {
            "kind": "APIVersions",
            "versions": list(self._versions.get("", {})),
            "serverAddressByClientCIDRs": [],
        }

    def groups(self) -> dict[str, Any]:
        """Return `/apis`."""
        named = [self._group(group) for group in sorted(self._versions, key=_rank) if group]
        return {"kind": "APIGroupList", "apiVersion": "v1", "groups": named}

    def group(self, group: str) -> dict[str, Any] | None:
        """Return `/apis/GROUP`, `None` when it is not served."""
        if not group or group not in self._versions:
            return None
        return {"kind": "APIGroup", "apiVersion": "v1", **self._group(group)}

    def _group(self, group: str) -> dict[str, Any]:
        versions = [{"groupVersion": f"{group}/{v}", "version": v} for v in self._versions[group]]
        return {"name": group, "versions": versions, "preferredVersion": versions[0]}

    def resources(self, group: str, version: str) -> dict[str, Any] | None:
        """Return `/apis/GROUP/VERSION` or `/api/VERSION`, `None` when it is not served."""
        if not self.serves(group, version):
            return None
        infos = sorted(self._versions[group][version], key=lambda info: info.name)
        return {
            "kind": "APIResourceList",
            **({"apiVersion": "v1"} if group else {}),
            "groupVersion": f"{group}/{version}" if group else version,
            "resources": [_resource(info) for info in infos],
        }

    def aggregated(self, *, core: bool) -> dict[str, Any]:
        """Return `/api` or `/apis` with all that is below it."""
        groups = [group for group in sorted(self._versions, key=_rank) if (not group) is core]
        return {
            "kind": "APIGroupDiscoveryList",
            "apiVersion": "apidiscovery.k8s.io/v2",
            "metadata": {},
            "items": [
                {
                    "metadata": {"name": group, "creationTimestamp": None} if group else {"creationTimestamp": None},
                    "versions": [
                        {"version": version, "resources": _aggregated(infos), "freshness": "Current"}
                        for version, infos in self._versions[group].items()
                    ],
                }
                for group in groups
            ],
        }


def _resource(info: ResourceInfo) -> dict[str, Any]:
    return {
        "name": info.name,
        "singularName": info.singular,
        "namespaced": info.namespaced,
        **(dict(zip(("group", "version"), info.kind_home, strict=True)) if info.kind_version else {}),
        "kind": info.kind,
        "verbs": sorted(info.verbs),
        **_optional(info),
        **({"storageVersionHash": info.storage_version_hash} if info.storage_version_hash else {}),
    }


def _optional(info: ResourceInfo) -> dict[str, Any]:
    names = {"shortNames": list(info.short_names), "categories": list(info.categories)}
    return {key: value for key, value in names.items() if value}


def _aggregated(infos: list[ResourceInfo]) -> list[dict[str, Any]]:
    entries = []
    for info in sorted(infos, key=lambda info: info.name):
        if info.subresource:
            continue
        below = [
            {"subresource": sub.subresource, "responseKind": _kind(sub), "verbs": sorted(sub.verbs)}
            for sub in sorted(infos, key=lambda sub: sub.name)
            if sub.plural == info.plural and sub.subresource
        ]
        entries.append(
            {
                "resource": info.plural,
                "responseKind": _kind(info),
                "scope": "Namespaced" if info.namespaced else "Cluster",
                "singularResource": info.singular,
                "verbs": sorted(info.verbs),
                **_optional(info),
                **({"subresources": below} if below else {}),
            }
        )
    return entries


def _kind(info: ResourceInfo) -> dict[str, str]:
    group, version = info.kind_home
    return {"group": group, "version": version, "kind": info.kind}
