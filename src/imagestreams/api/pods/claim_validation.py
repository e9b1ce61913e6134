"""What claims for storage must look like; rules and texts are those of Kubernetes."""

from typing import Final

from imagestreams.api.errors import FieldError
from imagestreams.api.metadata.label_selector_validation import validate_label_selector
from imagestreams.api.metadata.object_meta_validation import dns_subdomain_problems
from imagestreams.api.pods.claims import PersistentVolumeClaimSpec
from imagestreams.api.pods.quantities import canonical
from imagestreams.api.pods.resource_validation import is_positive
from imagestreams.api.pods.value_rules import told

_ACCESS_MODES: Final = ("ReadOnlyMany", "ReadWriteMany", "ReadWriteOnce", "ReadWriteOncePod")
_ALONE: Final = "ReadWriteOncePod"


def validate_claim_spec(spec: PersistentVolumeClaimSpec, path: str) -> list[FieldError]:
    """Check the description of a claim; its defaults are filled in."""
    errors: list[FieldError] = []
    modes = spec.access_modes or []
    if not modes:
        errors.append(FieldError.required(f"{path}.accessModes", "at least 1 access mode is required"))
    errors += validate_label_selector(spec.selector, f"{path}.selector")
    errors += [
        FieldError.not_supported(f"{path}.accessModes", mode, list(_ACCESS_MODES))
        for mode in modes
        if mode not in _ACCESS_MODES
    ]
    if _ALONE in modes and any(mode in _ACCESS_MODES and mode != _ALONE for mode in modes):
        detail = "may not use ReadWriteOncePod with other access modes"
        errors.append(FieldError.forbidden(f"{path}.accessModes", detail))
    storage = (spec.resources.requests or {}).get("storage")
    if storage is None:
        errors.append(FieldError.required(f"{path}.resources[storage]"))
    elif not is_positive(storage):
        errors.append(FieldError.invalid(f"{path}.resources[storage]", canonical(storage), "must be greater than zero"))
    if spec.storage_class_name:
        name = spec.storage_class_name
        errors += told(f"{path}.storageClassName", name, dns_subdomain_problems(name))
    if spec.volume_mode not in (None, "Block", "Filesystem"):
        errors.append(FieldError.not_supported(f"{path}.volumeMode", spec.volume_mode, ["Block", "Filesystem"]))
    return errors
