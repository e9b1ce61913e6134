"""Where the content of a volume comes from: the cluster's own kinds of volumes."""

import msgspec

from imagestreams.api.core import LocalObjectReference
from imagestreams.api.meta import LabelSelector
from imagestreams.api.pods.claims import PersistentVolumeClaimTemplate
from imagestreams.api.pods.environment import ObjectFieldSelector, ResourceFieldSelector
from imagestreams.api.pods.values import Quantity
from imagestreams.api.wire import Wire, always


class HostPathVolumeSource(Wire):
    """A file or directory of the node."""

    path: str = always("")
    type: str | None = None


class EmptyDirVolumeSource(Wire):
    """A directory that is empty at first and lives as long as its pod."""

    medium: str = ""
    size_limit: Quantity | None = None


class KeyToPath(Wire):
    """A key whose value becomes a file."""

    key: str = always("")
    path: str = always("")
    mode: int | None = None


class SecretVolumeSource(Wire):
    """Files from a secret."""

    secret_name: str = ""
    items: list[KeyToPath] | None = None
    default_mode: int | None = None
    optional: bool | None = None


class ConfigMapVolumeSource(Wire):
    """Files from a config map."""

    name: str = ""
    items: list[KeyToPath] | None = None
    default_mode: int | None = None
    optional: bool | None = None


class DownwardAPIVolumeFile(Wire):
    """A file that tells something about the pod."""

    path: str = always("")
    field_ref: ObjectFieldSelector | None = None
    resource_field_ref: ResourceFieldSelector | None = None
    mode: int | None = None


class DownwardAPIVolumeSource(Wire):
    """Files that tell about the pod."""

    items: list[DownwardAPIVolumeFile] | None = None
    default_mode: int | None = None


class SecretProjection(Wire):
    """A secret's part in a combined volume."""

    name: str = ""
    items: list[KeyToPath] | None = None
    optional: bool | None = None


class ConfigMapProjection(Wire):
    """A config map's part in a combined volume."""

    name: str = ""
    items: list[KeyToPath] | None = None
    optional: bool | None = None


class DownwardAPIProjection(Wire):
    """The pod's own data as a part of a combined volume."""

    items: list[DownwardAPIVolumeFile] | None = None


class ServiceAccountTokenProjection(Wire):
    """A token of the pod's service account as a part of a combined volume."""

    audience: str = ""
    expiration_seconds: int | None = None
    path: str = always("")


class ClusterTrustBundleProjection(Wire):
    """Trusted certificates as a part of a combined volume."""

    name: str | None = None
    signer_name: str | None = None
    label_selector: LabelSelector | None = None
    optional: bool | None = None
    path: str = always("")


class VolumeProjection(Wire):
    """One part of a combined volume; exactly one source is set."""

    secret: SecretProjection | None = None
    downward_api: DownwardAPIProjection | None = msgspec.field(default=None, name="downwardAPI")
    config_map: ConfigMapProjection | None = None
    service_account_token: ServiceAccountTokenProjection | None = None
    cluster_trust_bundle: ClusterTrustBundleProjection | None = None


class ProjectedVolumeSource(Wire):
    """Several sources in one directory."""

    sources: list[VolumeProjection] | None = always()
    default_mode: int | None = None


class PersistentVolumeClaimVolumeSource(Wire):
    """The volume that a claim of the same namespace got."""

    claim_name: str = always("")
    read_only: bool = False


class EphemeralVolumeSource(Wire):
    """A volume of any storage class that lives as long as its pod."""

    volume_claim_template: PersistentVolumeClaimTemplate | None = None


class ImageVolumeSource(Wire):
    """The content of an image."""

    reference: str = ""
    pull_policy: str = ""


class CSIVolumeSource(Wire):
    """A volume that a storage driver makes for the pod."""

    driver: str = always("")
    read_only: bool | None = None
    fs_type: str | None = None
    volume_attributes: dict[str, str] | None = None
    node_publish_secret_ref: LocalObjectReference | None = None


class GitRepoVolumeSource(Wire):
    """A directory with a clone of a Git repository."""

    repository: str = always("")
    revision: str = ""
    directory: str = ""
