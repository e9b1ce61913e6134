"""Volumes of pod templates, as kubectl describes them: of each kind what it is, and its fields."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple

Object = Mapping[str, Any]


class _Kind(NamedTuple):
    """How one kind of volume is told: its title, and what of it stands under which name."""

    title: str
    fields: tuple[tuple[str, str], ...]


def _kind(title: str, **fields: str) -> _Kind:
    return _Kind(title, tuple(fields.items()))


_KINDS: Final[Mapping[str, _Kind]] = {
    "hostPath": _kind("HostPath (bare host directory volume)", Path="path", HostPathType="type?<none>"),
    "emptyDir": _kind(
        "EmptyDir (a temporary directory that shares a pod's lifetime)", Medium="medium", SizeLimit="sizeLimit?<unset>"
    ),
    "gcePersistentDisk": _kind(
        "GCEPersistentDisk (a Persistent Disk resource in Google Compute Engine)",
        PDName="pdName",
        FSType="fsType",
        Partition="partition?0",
        ReadOnly="readOnly?false",
    ),
    "awsElasticBlockStore": _kind(
        "AWSElasticBlockStore (a Persistent Disk resource in AWS)",
        VolumeID="volumeID",
        FSType="fsType",
        Partition="partition?0",
        ReadOnly="readOnly?false",
    ),
    "gitRepo": _kind(
        "GitRepo (a volume that is pulled from git when the pod is created)",
        Repository="repository",
        Revision="revision",
    ),
    "secret": _kind("Secret (a volume populated by a Secret)", SecretName="secretName", Optional="optional?false"),
    "configMap": _kind("ConfigMap (a volume populated by a ConfigMap)", Name="name", Optional="optional?false"),
    "nfs": _kind(
        "NFS (an NFS mount that lasts the lifetime of a pod)", Server="server", Path="path", ReadOnly="readOnly?false"
    ),
    "persistentVolumeClaim": _kind(
        "PersistentVolumeClaim (a reference to a PersistentVolumeClaim in the same namespace)",
        ClaimName="claimName",
        ReadOnly="readOnly?false",
    ),
    "csi": _kind(
        "CSI (a Container Storage Interface (CSI) volume source)",
        Driver="driver",
        FSType="fsType",
        ReadOnly="readOnly?false",
    ),
    "image": _kind("Image (a container image or OCI artifact)", Reference="reference", PullPolicy="pullPolicy"),
    "glusterfs": _kind(
        "Glusterfs (a Glusterfs mount on the host that shares a pod's lifetime)",
        EndpointsName="endpoints",
        Path="path",
        ReadOnly="readOnly?false",
    ),
    "azureFile": _kind(
        "AzureFile (an Azure File Service mount on the host and bind mount to the pod)",
        SecretName="secretName",
        ShareName="shareName",
        ReadOnly="readOnly?false",
    ),
}


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
        kind = _KINDS[name]
        yield f"    Type:\t{kind.title}\n"
        for label, field in kind.fields:
            yield f"    {label}:\t{_field(value, field)}\n"
        if name == "csi":
            attributes = sorted((value.get("volumeAttributes") or {}).items())
            lines = [f"    {key}={text}\n" for key, text in attributes]
            yield "    VolumeAttributes:\t" + ("        \t".join(lines) or "<none>\n")
    else:
        # A kind of storage that few clusters still know: its fields, by their own names.
        yield f"    Type:\t{name[:1].upper()}{name[1:]}\n"
        for key, text in sorted(value.items()):
            yield f"    {key}:\t{text}\n"


def _field(value: Object, field: str) -> str:
    name, _, default = field.partition("?")
    found = value.get(name)
    if isinstance(found, bool):
        return str(found).lower()
    return default if found is None else str(found)


def _projected(value: Object) -> Iterator[str]:
    yield "    Type:\tProjected (a volume that contains injected data from multiple sources)\n"
    for source in value.get("sources") or []:
        for name, label in (("secret", "SecretName"), ("configMap", "ConfigMapName")):
            if (held := source.get(name)) is not None:
                yield f"    {label}:\t{held.get('name', '')}\n    Optional:\t{_field(held, 'optional?false')}\n"
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
    for title, name in (("Labels", "labels"), ("Annotations", "annotations")):
        pairs = sorted((metadata.get(name) or {}).items())
        yield f"    {title}:\t" + ("    \t".join(f"{key}={text}\n" for key, text in pairs) or "<none>\n")
    yield "    Capacity:\t\n    Access Modes:\t\n"
    if mode := spec.get("volumeMode"):
        yield f"    VolumeMode:\t{mode}\n"
