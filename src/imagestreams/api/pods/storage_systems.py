"""Volumes of particular storage systems and clouds."""

import msgspec

from imagestreams.api.core import LocalObjectReference
from imagestreams.api.wire import Wire, always


class NFSVolumeSource(Wire):
    """A directory of an NFS server."""

    server: str = always("")
    path: str = always("")
    read_only: bool = False


class ISCSIVolumeSource(Wire):
    """An iSCSI disk."""

    target_portal: str = always("")
    iqn: str = always("")
    lun: int = always(0)
    iscsi_interface: str = ""
    fs_type: str = ""
    read_only: bool = False
    portals: list[str] | None = None
    chap_auth_discovery: bool = False
    chap_auth_session: bool = False
    secret_ref: LocalObjectReference | None = None
    initiator_name: str | None = None


class FCVolumeSource(Wire):
    """A Fibre Channel disk."""

    target_wwns: list[str] | None = msgspec.field(default=None, name="targetWWNs")
    lun: int | None = None
    fs_type: str = ""
    read_only: bool = False
    wwids: list[str] | None = None


class FlexVolumeSource(Wire):
    """A volume of a program that is installed on the node."""

    driver: str = always("")
    fs_type: str = ""
    secret_ref: LocalObjectReference | None = None
    read_only: bool = False
    options: dict[str, str] | None = None


class GlusterfsVolumeSource(Wire):
    """A Glusterfs volume."""

    endpoints: str = always("")
    path: str = always("")
    read_only: bool = False


class RBDVolumeSource(Wire):
    """A Ceph block device."""

    monitors: list[str] | None = always()
    image: str = always("")
    fs_type: str = ""
    pool: str = ""
    user: str = ""
    keyring: str = ""
    secret_ref: LocalObjectReference | None = None
    read_only: bool = False


class CephFSVolumeSource(Wire):
    """A directory of a Ceph file system."""

    monitors: list[str] | None = always()
    path: str = ""
    user: str = ""
    secret_file: str = ""
    secret_ref: LocalObjectReference | None = None
    read_only: bool = False


class CinderVolumeSource(Wire):
    """An OpenStack volume."""

    volume_id: str = msgspec.field(default_factory=lambda: "", name="volumeID")
    fs_type: str = ""
    read_only: bool = False
    secret_ref: LocalObjectReference | None = None


class FlockerVolumeSource(Wire):
    """A Flocker dataset."""

    dataset_name: str = ""
    dataset_uuid: str = msgspec.field(default="", name="datasetUUID")


class GCEPersistentDiskVolumeSource(Wire):
    """A disk of Google's cloud."""

    pd_name: str = always("")
    fs_type: str = ""
    partition: int = 0
    read_only: bool = False


class AWSElasticBlockStoreVolumeSource(Wire):
    """A disk of Amazon's cloud."""

    volume_id: str = msgspec.field(default_factory=lambda: "", name="volumeID")
    fs_type: str = ""
    partition: int = 0
    read_only: bool = False


class AzureFileVolumeSource(Wire):
    """A file share of Microsoft's cloud."""

    secret_name: str = always("")
    share_name: str = always("")
    read_only: bool = False


class AzureDiskVolumeSource(Wire):
    """A disk of Microsoft's cloud."""

    disk_name: str = always("")
    disk_uri: str = msgspec.field(default_factory=lambda: "", name="diskURI")
    caching_mode: str | None = None
    fs_type: str | None = None
    read_only: bool | None = None
    kind: str | None = None


class VsphereVirtualDiskVolumeSource(Wire):
    """A vSphere disk."""

    volume_path: str = always("")
    fs_type: str = ""
    storage_policy_name: str = ""
    storage_policy_id: str = msgspec.field(default="", name="storagePolicyID")


class PhotonPersistentDiskVolumeSource(Wire):
    """A disk of a Photon controller."""

    pd_id: str = msgspec.field(default_factory=lambda: "", name="pdID")
    fs_type: str = ""


class QuobyteVolumeSource(Wire):
    """A Quobyte volume."""

    registry: str = always("")
    volume: str = always("")
    read_only: bool = False
    user: str = ""
    group: str = ""
    tenant: str = ""


class PortworxVolumeSource(Wire):
    """A Portworx volume."""

    volume_id: str = msgspec.field(default_factory=lambda: "", name="volumeID")
    fs_type: str = ""
    read_only: bool = False


class ScaleIOVolumeSource(Wire):
    """A ScaleIO volume."""

    gateway: str = always("")
    system: str = always("")
    secret_ref: LocalObjectReference | None = always()
    ssl_enabled: bool = False
    protection_domain: str = ""
    storage_pool: str = ""
    storage_mode: str = ""
    volume_name: str = ""
    fs_type: str = ""
    read_only: bool = False


class StorageOSVolumeSource(Wire):
    """A StorageOS volume."""

    volume_name: str = ""
    volume_namespace: str = ""
    fs_type: str = ""
    read_only: bool = False
    secret_ref: LocalObjectReference | None = None
