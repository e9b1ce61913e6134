"""What volumes of pods must look like; rules, order and texts are those of Kubernetes."""

from collections.abc import Iterable
from typing import Any, Final

import msgspec

from imagestreams.api.errors import FieldError
from imagestreams.api.metadata.object_meta_validation import dns_label_problems
from imagestreams.api.pods.claim_validation import validate_claim_spec
from imagestreams.api.pods.environment_validation import (
    FILE_FIELDS,
    validate_field_selector,
    validate_resource_selector,
)
from imagestreams.api.pods.resource_validation import validate_amount
from imagestreams.api.pods.storage_systems import NFSVolumeSource
from imagestreams.api.pods.value_rules import (
    backstep_problems,
    descending_path_problems,
    file_path_problems,
    told,
    validate_file_mode,
    validate_name,
)
from imagestreams.api.pods.volume_defaulting import sources_of
from imagestreams.api.pods.volume_sources import (
    ConfigMapVolumeSource,
    DownwardAPIVolumeFile,
    DownwardAPIVolumeSource,
    EmptyDirVolumeSource,
    EphemeralVolumeSource,
    GitRepoVolumeSource,
    HostPathVolumeSource,
    KeyToPath,
    ProjectedVolumeSource,
    SecretVolumeSource,
    VolumeProjection,
)
from imagestreams.api.pods.volumes import Volume

_NAMES: Final = {field.name: field.encode_name for field in msgspec.structs.fields(Volume)}
_REQUIRED: Final = {
    "awsElasticBlockStore": ("volumeID",),
    "azureDisk": ("diskName", "diskURI"),
    "azureFile": ("secretName", "shareName"),
    "cephfs": ("monitors",),
    "cinder": ("volumeID",),
    "csi": ("driver",),
    "flexVolume": ("driver",),
    "gcePersistentDisk": ("pdName",),
    "glusterfs": ("endpoints", "path"),
    "image": ("reference",),
    "iscsi": ("targetPortal", "iqn"),
    "persistentVolumeClaim": ("claimName",),
    "photonPersistentDisk": ("pdID",),
    "portworxVolume": ("volumeID",),
    "quobyte": ("registry", "volume"),
    "rbd": ("monitors", "image"),
    "scaleIO": ("gateway", "system", "volumeName"),
    "storageos": ("volumeName",),
    "vsphereVolume": ("volumePath",),
}
"""Of the sources that are storage systems, the fields that must be there; what else they want shows when they mount."""

_HOST_PATHS: Final = (
    "", "BlockDevice", "CharDevice", "Directory", "DirectoryOrCreate", "File", "FileOrCreate", "Socket",
)  # fmt: skip
_TEN_MINUTES_SECONDS: Final = 600
_DUPLICATE_PATHS: Final = "conflicting duplicate paths"


def validate_volumes(volumes: Iterable[Volume], path: str) -> tuple[dict[str, Volume], list[FieldError]]:
    """Check volumes; return the sound ones by their names, too, since only these can be mounted."""
    sound: dict[str, Volume] = {}
    errors: list[FieldError] = []
    for number, volume in enumerate(volumes):
        at = f"{path}[{number}]"
        own = _validate_sources(volume, at) + validate_name(volume.name, f"{at}.name", dns_label_problems)
        if volume.name in sound:
            own.append(FieldError.duplicate(f"{at}.name", volume.name))
        if not own:
            sound[volume.name] = volume
        errors += own
    return sound, errors


def _validate_sources(volume: Volume, path: str) -> list[FieldError]:
    names = sources_of(volume)
    if not names:
        return [FieldError.required(path, "must specify a volume type")]
    first, *others = names
    errors = _validate_source(getattr(volume, first), _NAMES[first], f"{path}.{_NAMES[first]}")
    detail = "may not specify more than 1 volume type"
    return errors + [FieldError.forbidden(f"{path}.{_NAMES[name]}", detail) for name in others]


def _validate_source(source: Any, kind: str, path: str) -> list[FieldError]:
    match source:
        case EmptyDirVolumeSource() if source.size_limit is not None:
            negative = validate_amount(source.size_limit, path)
            detail = "SizeLimit field must be a valid resource quantity"
            return [FieldError.forbidden(f"{path}.sizeLimit", detail)] if negative else []
        case HostPathVolumeSource():
            return _validate_host_path(source, path)
        case GitRepoVolumeSource():
            missing = [] if source.repository else [FieldError.required(f"{path}.repository")]
            return missing + told(f"{path}.directory", source.directory, descending_path_problems(source.directory))
        case NFSVolumeSource():
            return _validate_nfs(source, path)
        case SecretVolumeSource():
            missing = [] if source.secret_name else [FieldError.required(f"{path}.secretName")]
            return missing + _validate_keys(source, path)
        case ConfigMapVolumeSource():
            missing = [] if source.name else [FieldError.required(f"{path}.name")]
            return missing + _validate_keys(source, path)
        case DownwardAPIVolumeSource():
            errors = validate_file_mode(source.default_mode, f"{path}.defaultMode")
            return errors + [error for file in source.items or [] for error in _validate_file(file, path)]
        case ProjectedVolumeSource():
            return _validate_projected(source, path)
        case EphemeralVolumeSource():
            if source.volume_claim_template is None:
                return [FieldError.required(f"{path}.volumeClaimTemplate")]
            return validate_claim_spec(source.volume_claim_template.spec, f"{path}.volumeClaimTemplate.spec")
    required = _REQUIRED.get(kind, ())
    names = {field.encode_name: field.name for field in msgspec.structs.fields(source)} if required else {}
    return [FieldError.required(f"{path}.{field}") for field in required if not getattr(source, names[field])]


def _validate_host_path(source: HostPathVolumeSource, path: str) -> list[FieldError]:
    if not source.path:
        return [FieldError.required(f"{path}.path")]
    errors = told(f"{path}.path", source.path, backstep_problems(source.path))
    if source.type is not None and source.type not in _HOST_PATHS:
        errors.append(FieldError.not_supported(f"{path}.type", source.type, list(_HOST_PATHS)))
    return errors


def _validate_nfs(source: NFSVolumeSource, path: str) -> list[FieldError]:
    errors = [] if source.server else [FieldError.required(f"{path}.server")]
    if not source.path:
        errors.append(FieldError.required(f"{path}.path"))
    if not source.path.startswith("/"):
        errors.append(FieldError.invalid(f"{path}.path", source.path, "must be an absolute path"))
    return errors


def _validate_keys(source: SecretVolumeSource | ConfigMapVolumeSource, path: str) -> list[FieldError]:
    errors = validate_file_mode(source.default_mode, f"{path}.defaultMode")
    for number, item in enumerate(source.items or []):
        errors += _validate_key(item, f"{path}.items[{number}]")
    return errors


def _validate_key(item: KeyToPath, path: str) -> list[FieldError]:
    errors = [] if item.key else [FieldError.required(f"{path}.key")]
    if not item.path:
        errors.append(FieldError.required(f"{path}.path"))
    errors += told(f"{path}.path", item.path, file_path_problems(item.path))
    return errors + validate_file_mode(item.mode, f"{path}.mode")


def _validate_file(file: DownwardAPIVolumeFile, path: str) -> list[FieldError]:
    errors = [] if file.path else [FieldError.required(f"{path}.path")]
    errors += told(f"{path}.path", file.path, file_path_problems(file.path))
    if file.field_ref is not None:
        errors += validate_field_selector(file.field_ref, FILE_FIELDS, f"{path}.fieldRef")
        if file.resource_field_ref is not None:
            detail = "fieldRef and resourceFieldRef can not be specified simultaneously"
            errors.append(FieldError.invalid(path, "resource", detail))
    elif file.resource_field_ref is not None:
        errors += validate_resource_selector(file.resource_field_ref, f"{path}.resourceFieldRef", in_volume=True)
    else:
        errors.append(FieldError.required(path, "one of fieldRef and resourceFieldRef is required"))
    return errors + validate_file_mode(file.mode, f"{path}.mode")


def _validate_projected(source: ProjectedVolumeSource, path: str) -> list[FieldError]:
    errors = validate_file_mode(source.default_mode, f"{path}.defaultMode")
    taken: set[str] = set()
    for number, part in enumerate(source.sources or []):
        at = f"{path}.sources[{number}]"
        errors += _validate_part(part, at, path, taken)
        named = (
            part.secret,
            part.config_map,
            part.downward_api,
            part.service_account_token,
            part.cluster_trust_bundle,
        )
        if sum(each is not None for each in named) > 1:
            errors.append(FieldError.forbidden(at, "may not specify more than 1 volume type per source"))
    return errors


def _validate_part(part: VolumeProjection, path: str, volume: str, taken: set[str]) -> list[FieldError]:
    """Check one part of a combined volume; `taken` are the paths of the files of all parts, to which it adds."""
    errors: list[FieldError] = []

    def take(file: str, shown: str) -> None:
        if file in taken:
            errors.append(FieldError.invalid(volume, shown, _DUPLICATE_PATHS))
        elif file:
            taken.add(file)

    for keys, kind in ((part.secret, "secret"), (part.config_map, "configMap")):
        if keys is None:
            continue
        if not keys.name:
            errors.append(FieldError.required(f"{path}.{kind}.name"))
        for number, item in enumerate(keys.items or []):
            errors += _validate_key(item, f"{path}.{kind}.items[{number}]")
            take(item.path, keys.name)
    for file in (part.downward_api.items if part.downward_api else None) or []:
        errors += _validate_file(file, f"{path}.downwardAPI")
        take(file.path, file.path)
    if (token := part.service_account_token) is not None:
        seconds = token.expiration_seconds
        if seconds is not None and seconds < _TEN_MINUTES_SECONDS:
            detail = "may not specify a duration less than 10 minutes"
            errors.append(FieldError.invalid(f"{path}.serviceAccountToken.expirationSeconds", seconds, detail))
        if seconds is not None and seconds > 1 << 32:
            detail = "may not specify a duration larger than 2^32 seconds"
            errors.append(FieldError.invalid(f"{path}.serviceAccountToken.expirationSeconds", seconds, detail))
        errors += validate_name(token.path, f"{volume}.path", file_path_problems)
    if (bundle := part.cluster_trust_bundle) is not None:
        at = f"{path}.clusterTrustBundle"
        if bundle.name is None and bundle.signer_name is None:
            errors.append(FieldError.required(at, "either name or signerName must be specified"))
        errors += validate_name(bundle.path, f"{at}.path", file_path_problems)
        take(bundle.path, bundle.path)
    return errors
