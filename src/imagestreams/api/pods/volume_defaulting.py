"""What the server fills in where a volume says nothing.

Pure: each function changes the volume that it is given.
"""

from typing import Final

import msgspec

from imagestreams.api.pods.environment import ObjectFieldSelector, ResourceFieldSelector
from imagestreams.api.pods.quantities import canonical
from imagestreams.api.pods.storage_systems import (
    AzureDiskVolumeSource,
    ISCSIVolumeSource,
    RBDVolumeSource,
    ScaleIOVolumeSource,
)
from imagestreams.api.pods.volume_sources import (
    ConfigMapVolumeSource,
    DownwardAPIVolumeFile,
    DownwardAPIVolumeSource,
    EmptyDirVolumeSource,
    HostPathVolumeSource,
    ProjectedVolumeSource,
    SecretVolumeSource,
)
from imagestreams.api.pods.volumes import Volume

_FILE_MODE: Final = 0o644
_TOKEN_SECONDS: Final = 3600
_SOURCES: Final = tuple(field.name for field in msgspec.structs.fields(Volume) if field.name != "name")


def sources_of(volume: Volume) -> list[str]:
    """Return the attributes of all sources that a volume names; a sound one names a single one."""
    return [name for name in _SOURCES if getattr(volume, name) is not None]


def default_selector(selector: ObjectFieldSelector | ResourceFieldSelector | None) -> None:
    """Fill in what a pointer to something of the pod itself leaves out, in a file or in a variable."""
    if isinstance(selector, ObjectFieldSelector):
        selector.api_version = selector.api_version or "v1"
    elif selector is not None:
        selector.divisor = canonical(selector.divisor)


def default_volume(volume: Volume) -> None:
    """Fill in all that a volume leaves out; one without a source is an empty directory."""
    named = sources_of(volume)
    if not named:
        volume.empty_dir = EmptyDirVolumeSource()
    for name in named:
        match getattr(volume, name):
            case EmptyDirVolumeSource() as source if source.size_limit is not None:
                source.size_limit = canonical(source.size_limit)
            case HostPathVolumeSource() as source if source.type is None:
                source.type = ""
            case DownwardAPIVolumeSource() as source:
                source.default_mode = _FILE_MODE if source.default_mode is None else source.default_mode
                _files(source.items)
            case SecretVolumeSource() | ConfigMapVolumeSource() as source:
                source.default_mode = _FILE_MODE if source.default_mode is None else source.default_mode
            case ProjectedVolumeSource() as source:
                _projected(source)
            case ISCSIVolumeSource() as source:
                source.iscsi_interface = source.iscsi_interface or "default"
            case RBDVolumeSource() as source:
                source.pool = source.pool or "rbd"
                source.user = source.user or "admin"
                source.keyring = source.keyring or "/etc/ceph/keyring"
            case ScaleIOVolumeSource() as source:
                source.storage_mode = source.storage_mode or "ThinProvisioned"
                source.fs_type = source.fs_type or "xfs"
            case AzureDiskVolumeSource() as source:
                _azure_disk(source)


def _projected(source: ProjectedVolumeSource) -> None:
    if source.default_mode is None:
        source.default_mode = _FILE_MODE
    for part in source.sources or []:
        token = part.service_account_token
        if token is not None and token.expiration_seconds is None:
            token.expiration_seconds = _TOKEN_SECONDS
        if part.downward_api is not None:
            _files(part.downward_api.items)


def _files(files: list[DownwardAPIVolumeFile] | None) -> None:
    for file in files or []:
        default_selector(file.field_ref)
        default_selector(file.resource_field_ref)


def _azure_disk(source: AzureDiskVolumeSource) -> None:
    if source.caching_mode is None:
        source.caching_mode = "ReadWrite"
    if source.kind is None:
        source.kind = "Shared"
    if source.fs_type is None:
        source.fs_type = "ext4"
    if source.read_only is None:
        source.read_only = False
