"""Volumes of pod templates, as kubectl describes them: of each kind what it is, and its fields."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple

Object = Mapping[str, Any]


class _Kind(NamedTuple):
    """How one kind of volume is told: its title, and its fields as `Label:field=what stands there without it`."""

    title: str
    fields: str


_READ_ONLY: Final = "ReadOnly:readOnly=false"
_DISK: Final = f"FSType:fsType, Partition:partition=0, {_READ_ONLY}"
_MOUNT: Final = "mount on the host that shares a pod's lifetime"
_SIZE_LIMIT: Final = "SizeLimit:sizeLimit=<unset>"

_KINDS: Final[Mapping[str, _Kind]] = {
    "awsElasticBlockStore": _Kind(
        "AWSElasticBlockStore (a Persistent Disk resource in AWS)", f"VolumeID:volumeID, {_DISK}"
    ),
    "azureDisk": _Kind(
        "AzureDisk (an Azure Data Disk mount on the host and bind mount to the pod)",
        f"DiskName:diskName, DiskURI:diskURI, Kind:kind, FSType:fsType, CachingMode:cachingMode, {_READ_ONLY}",
    ),
    "azureFile": _Kind(
        "AzureFile (an Azure File Service mount on the host and bind mount to the pod)",
        f"SecretName:secretName, ShareName:shareName, {_READ_ONLY}",
    ),
    "cephfs": _Kind(
        f"CephFS (a CephFS {_MOUNT})",
        f"Monitors:monitors=[], Path:path, User:user, SecretFile:secretFile, SecretRef:secretRef=nil, {_READ_ONLY}",
    ),
    "cinder": _Kind(
        "Cinder (a Persistent Disk resource in OpenStack)",
        f"VolumeID:volumeID, FSType:fsType, {_READ_ONLY}, SecretRef:secretRef=nil",
    ),
    "configMap": _Kind("ConfigMap (a volume populated by a ConfigMap)", "Name:name, Optional:optional=false"),
    "csi": _Kind(
        "CSI (a Container Storage Interface (CSI) volume source)", f"Driver:driver, FSType:fsType, {_READ_ONLY}"
    ),
    "emptyDir": _Kind("EmptyDir (a temporary directory that shares a pod's lifetime)", f"Medium:medium, {_SIZE_LIMIT}"),
    "fc": _Kind("FC (a Fibre Channel disk)", f"TargetWWNs:targetWWNs, LUN:lun=<none>, FSType:fsType, {_READ_ONLY}"),
    "flexVolume": _Kind(
        "FlexVolume (a generic volume resource that is provisioned/attached using an exec based plugin)",
        f"Driver:driver, FSType:fsType, SecretRef:secretRef=nil, {_READ_ONLY}, Options:options=map[]",
    ),
    "flocker": _Kind(
        "Flocker (a Flocker volume mounted by the Flocker agent)", "DatasetName:datasetName, DatasetUUID:datasetUUID"
    ),
    "gcePersistentDisk": _Kind(
        "GCEPersistentDisk (a Persistent Disk resource in Google Compute Engine)", f"PDName:pdName, {_DISK}"
    ),
    "gitRepo": _Kind(
        "GitRepo (a volume that is pulled from git when the pod is created)", "Repository:repository, Revision:revision"
    ),
    "glusterfs": _Kind(f"Glusterfs (a Glusterfs {_MOUNT})", f"EndpointsName:endpoints, Path:path, {_READ_ONLY}"),
    "hostPath": _Kind("HostPath (bare host directory volume)", "Path:path, HostPathType:type=<none>"),
    "image": _Kind("Image (a container image or OCI artifact)", "Reference:reference, PullPolicy:pullPolicy"),
    "iscsi": _Kind(
        "ISCSI (an ISCSI Disk resource that is attached to a kubelet's host machine and then exposed to the pod)",
        "TargetPortal:targetPortal, IQN:iqn, Lun:lun=0, ISCSIInterface:iscsiInterface, FSType:fsType, "
        f"{_READ_ONLY}, Portals:portals=[], DiscoveryCHAPAuth:chapAuthDiscovery=false, "
        "SessionCHAPAuth:chapAuthSession=false, SecretRef:secretRef=nil, InitiatorName:initiatorName=<none>",
    ),
    "nfs": _Kind("NFS (an NFS mount that lasts the lifetime of a pod)", f"Server:server, Path:path, {_READ_ONLY}"),
    "persistentVolumeClaim": _Kind(
        "PersistentVolumeClaim (a reference to a PersistentVolumeClaim in the same namespace)",
        f"ClaimName:claimName, {_READ_ONLY}",
    ),
    "photonPersistentDisk": _Kind(
        "PhotonPersistentDisk (a Persistent Disk resource in photon platform)", "PdID:pdID, FSType:fsType"
    ),
    "portworxVolume": _Kind("PortworxVolume (a Portworx Volume resource)", "VolumeID:volumeID"),
    "quobyte": _Kind(f"Quobyte (a Quobyte {_MOUNT})", f"Registry:registry, Volume:volume, {_READ_ONLY}"),
    "rbd": _Kind(
        f"RBD (a Rados Block Device {_MOUNT})",
        "CephMonitors:monitors=[], RBDImage:image, FSType:fsType, RBDPool:pool, RadosUser:user, Keyring:keyring, "
        f"SecretRef:secretRef=nil, {_READ_ONLY}",
    ),
    "scaleIO": _Kind(
        "ScaleIO (a persistent volume backed by a block device in ScaleIO)",
        "Gateway:gateway, System:system, Protection Domain:protectionDomain, Storage Pool:storagePool, "
        f"Storage Mode:storageMode, VolumeName:volumeName, FSType:fsType, {_READ_ONLY}",
    ),
    "secret": _Kind("Secret (a volume populated by a Secret)", "SecretName:secretName, Optional:optional=false"),
    "storageos": _Kind(
        "StorageOS (a StorageOS Persistent Disk resource)",
        f"VolumeName:volumeName, VolumeNamespace:volumeNamespace, FSType:fsType, {_READ_ONLY}",
    ),
    "vsphereVolume": _Kind(
        "vSphereVolume (a Persistent Disk resource in vSphere)",
        "VolumePath:volumePath, FSType:fsType, StoragePolicyName:storagePolicyName",
    ),
}
_ODD_LABELS: Final = {"ISCSIInterface": "ISCSIInterface", "Kind": "Kind: "}
"""Labels that kubectl does not end with a plain colon."""


def volumes_text(volumes: Sequence[Object] | None, indent: str) -> str:
    """Return the section of a pod's volumes."""
    if not volumes:
        return f"{indent}Volumes:\t<none>\n"
    return f"{indent}Volumes:\n" + "".join(text for volume in volumes for text in _volume(volume, indent))


def _volume(volume: Object, indent: str) -> Iterator[str]:
    yield f"  {' ' if indent else ''}{volume.get('name', '')}:\n"
    source = next(((name, value) for name, value in volume.items() if name != "name" and value is not None), None)
    if source is None:
        yield "  <unknown>\n"
        return
    name, value = source
    if name == "projected":
        yield from _projected(value)
    elif name == "downwardAPI":
        yield from _downward(value)
    elif name == "ephemeral":
        yield from _ephemeral(value)
    elif name in _KINDS:
        yield from _fields(_KINDS[name], value)
        if name == "csi":
            attributes = sorted((value.get("volumeAttributes") or {}).items())
            lines = [f"    {key}={text}\n" for key, text in attributes]
            yield "    VolumeAttributes:\t" + ("        \t".join(lines) or "<none>\n")
    else:
        yield "  <unknown>\n"


def _fields(kind: _Kind, value: Object) -> Iterator[str]:
    yield f"    Type:\t{kind.title}\n"
    for field in kind.fields.split(", "):
        label, _, source = field.partition(":")
        yield f"    {_ODD_LABELS.get(label, f'{label}:')}\t{_field(value, source)}\n"


def _field(value: Object, source: str) -> str:
    """Return a field as Go prints it; `source` is its name, and what stands there without it."""
    name, _, default = source.partition("=")
    match value.get(name):
        case None:
            return default
        case bool(found):
            return str(found).lower()
        case list(found):
            return ", ".join(map(str, found)) if name == "targetWWNs" else f"[{' '.join(map(str, found))}]"
        case dict(found) if name == "secretRef":
            return f"&LocalObjectReference{{Name:{found.get('name', '')},}}"
        case dict(found):
            return f"map[{' '.join(f'{key}:{text}' for key, text in sorted(found.items()))}]"
        case found:
            return str(found)


def _projected(value: Object) -> Iterator[str]:
    yield "    Type:\tProjected (a volume that contains injected data from multiple sources)\n"
    for source in value.get("sources") or []:
        for name, label in (("secret", "SecretName"), ("configMap", "ConfigMapName")):
            if (held := source.get(name)) is not None:
                yield f"    {label}:\t{held.get('name', '')}\n    Optional:\t{_field(held, 'optional=false')}\n"
        if "downwardAPI" in source:
            yield "    DownwardAPI:\ttrue\n"
        if (token := source.get("serviceAccountToken")) is not None:
            yield f"    TokenExpirationSeconds:\t{token.get('expirationSeconds', '')}\n"


def _downward(value: Object) -> Iterator[str]:
    yield "    Type:\tDownwardAPI (a volume populated by information about the pod)\n    Items:\n"
    for item in value.get("items") or []:
        for name, field in (("fieldRef", "fieldPath"), ("resourceFieldRef", "resource")):
            if held := item.get(name):
                yield f"      {held.get(field, '')} -> {item.get('path', '')}\n"


def _ephemeral(value: Object) -> Iterator[str]:
    title = "EphemeralVolume (an inline specification for a volume that gets created and deleted with the pod)"
    yield f"    Type:\t{title}\n"
    claim = value.get("volumeClaimTemplate")
    if claim is None:
        return
    spec, metadata = claim.get("spec") or {}, claim.get("metadata") or {}
    yield f"    StorageClass:\t{spec.get('storageClassName') or ''}\n    Volume:\t{spec.get('volumeName') or ''}\n"
    labels = [f"    {key}={text}\n" for key, text in sorted((metadata.get("labels") or {}).items())]
    annotations = [f"    {key}: {text}\n" for key, text in sorted((metadata.get("annotations") or {}).items())]
    yield "    Labels:\t" + ("        \t".join(labels) or "    <none>\n")
    yield "    Annotations:\t" + ("    \t".join(annotations) or "    <none>\n")
    yield "    Capacity:\t\n    Access Modes:\t\n"
    if mode := spec.get("volumeMode"):
        yield f"    VolumeMode:\t{mode}\n"
