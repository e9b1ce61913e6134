"""How the fields of pods and their templates are merged.

Only what has elements or keys of its own is named: a list that isn't here is one value, as are most lists of pods.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

import msgspec

from imagestreams.api.pods import (
    claims,
    containers,
    environment,
    pod,
    probes,
    scheduling,
    security,
    status,
    volume_sources,
)
from imagestreams.api.pods import storage_systems as storage
from imagestreams.apiserver.ownership.merge_rule import ATOMIC_LIST, MergeRule, map_by, merged_by

_ATOMIC_LISTS: Final[Mapping[type[msgspec.Struct], str]] = {
    claims.PersistentVolumeClaimSpec: "accessModes",
    claims.PersistentVolumeClaimStatus: "accessModes",
    containers.Container: "command args envFrom resizePolicy",
    pod.HostAlias: "hostnames",
    pod.PodDNSConfig: "nameservers searches options",
    pod.PodSpec: "tolerations readinessGates",
    probes.ExecAction: "command",
    probes.HTTPGetAction: "httpHeaders",
    scheduling.NodeAffinity: "preferredDuringSchedulingIgnoredDuringExecution",
    scheduling.NodeSelector: "nodeSelectorTerms",
    scheduling.NodeSelectorRequirement: "values",
    scheduling.NodeSelectorTerm: "matchExpressions matchFields",
    scheduling.PodAffinity: (
        "requiredDuringSchedulingIgnoredDuringExecution preferredDuringSchedulingIgnoredDuringExecution"
    ),
    scheduling.PodAffinityTerm: "namespaces matchLabelKeys mismatchLabelKeys",
    scheduling.PodAntiAffinity: (
        "requiredDuringSchedulingIgnoredDuringExecution preferredDuringSchedulingIgnoredDuringExecution"
    ),
    scheduling.TopologySpreadConstraint: "matchLabelKeys",
    security.Capabilities: "add drop",
    security.PodSecurityContext: "supplementalGroups sysctls",
    status.LinuxContainerUser: "supplementalGroups",
    status.PodStatus: "initContainerStatuses containerStatuses ephemeralContainerStatuses",
    storage.CephFSVolumeSource: "monitors",
    storage.FCVolumeSource: "targetWWNs wwids",
    storage.ISCSIVolumeSource: "portals",
    storage.RBDVolumeSource: "monitors",
    volume_sources.ConfigMapProjection: "items",
    volume_sources.ConfigMapVolumeSource: "items",
    volume_sources.DownwardAPIProjection: "items",
    volume_sources.DownwardAPIVolumeSource: "items",
    volume_sources.ProjectedVolumeSource: "sources",
    volume_sources.SecretProjection: "items",
    volume_sources.SecretVolumeSource: "items",
}

_PORTS: Final = replace(map_by("containerPort", "protocol"), key_defaults=(("protocol", "TCP"),))
"""Strategic merge patches know ports by their number alone, so TCP and UDP of one port get in each other's way."""

POD_MERGE_RULES: Final[Mapping[tuple[type[msgspec.Struct], str], MergeRule]] = {
    **{(kind, field): ATOMIC_LIST for kind, fields in _ATOMIC_LISTS.items() for field in fields.split()},
    (claims.PersistentVolumeClaimStatus, "allocatedResourceStatuses"): MergeRule(map_type="granular"),
    (claims.PersistentVolumeClaimStatus, "conditions"): map_by("type"),
    (containers.Container, "env"): map_by("name"),
    (containers.Container, "ports"): _PORTS,
    (containers.Container, "volumeDevices"): map_by("devicePath"),
    (containers.Container, "volumeMounts"): map_by("mountPath"),
    (containers.ResourceRequirements, "claims"): MergeRule(list_type="map", list_map_keys=("name",)),
    (pod.PodSpec, "containers"): map_by("name"),
    (pod.PodSpec, "ephemeralContainers"): map_by("name"),
    (pod.PodSpec, "hostAliases"): map_by("ip"),
    (pod.PodSpec, "imagePullSecrets"): map_by("name"),
    (pod.PodSpec, "initContainers"): map_by("name"),
    (pod.PodSpec, "nodeSelector"): MergeRule(map_type="atomic"),
    (pod.PodSpec, "resourceClaims"): map_by("name", retains_keys=True),
    (pod.PodSpec, "schedulingGates"): map_by("name"),
    (pod.PodSpec, "topologySpreadConstraints"): map_by("topologyKey", "whenUnsatisfiable"),
    (pod.PodSpec, "volumes"): map_by("name", retains_keys=True),
    (status.ContainerStatus, "allocatedResourcesStatus"): map_by("name"),
    (status.ContainerStatus, "volumeMounts"): map_by("mountPath"),
    (status.PodStatus, "conditions"): map_by("type"),
    (status.PodStatus, "hostIPs"): replace(merged_by("ip"), list_type="atomic"),
    (status.PodStatus, "podIPs"): map_by("ip"),
    (status.PodStatus, "resourceClaimStatuses"): map_by("name", retains_keys=True),
    (status.ResourceStatus, "resources"): MergeRule(list_type="map", list_map_keys=("resourceID",)),
}

ATOMIC_POD_STRUCTS: Final[frozenset[type[msgspec.Struct]]] = frozenset(
    {
        claims.TypedLocalObjectReference,
        environment.ConfigMapKeySelector,
        environment.ObjectFieldSelector,
        environment.ResourceFieldSelector,
        environment.SecretKeySelector,
        scheduling.NodeSelector,
        scheduling.NodeSelectorTerm,
    }
)
