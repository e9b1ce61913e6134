"""What environment variables of containers must look like; rules and texts are those of Kubernetes."""

import re
from collections.abc import Iterable
from typing import Final

from imagestreams.api.errors import FieldError
from imagestreams.api.metadata.object_meta_validation import dns_subdomain_problems, qualified_name_problems
from imagestreams.api.pods.environment import (
    ConfigMapKeySelector,
    EnvFromSource,
    EnvVar,
    EnvVarSource,
    ObjectFieldSelector,
    ResourceFieldSelector,
    SecretKeySelector,
)
from imagestreams.api.pods.quantities import canonical
from imagestreams.api.pods.value_rules import config_key_problems, told, validate_name, variable_name_problems

_ONE_SOURCE: Final = "may not have more than one field specified at a time"
_VARIABLE_FIELDS: Final = (
    "metadata.name",
    "metadata.namespace",
    "metadata.uid",
    "spec.nodeName",
    "spec.serviceAccountName",
    "status.hostIP",
    "status.hostIPs",
    "status.podIP",
    "status.podIPs",
)
FILE_FIELDS: Final = ("metadata.annotations", "metadata.labels", "metadata.name", "metadata.namespace", "metadata.uid")
_POD_FIELDS: Final = frozenset(
    {*_VARIABLE_FIELDS, *FILE_FIELDS, "spec.restartPolicy", "spec.schedulerName", "spec.hostNetwork", "status.phase"}
)
"""All fields of pods that can be named here; which of them are useful depends on where they are named."""

_SUBSCRIPT = re.compile(r"(?P<path>.*)\['(?P<key>.*)'\]", re.DOTALL)
_RESOURCES: Final = tuple(
    f"{kind}.{resource}" for kind in ("limits", "requests") for resource in ("cpu", "ephemeral-storage", "memory")
)
_HUGE_PAGES: Final = ("requests.hugepages-", "limits.hugepages-")
_BYTE_UNITS: Final = ("1", "1k", "1M", "1G", "1T", "1P", "1E", "1Ki", "1Mi", "1Gi", "1Ti", "1Pi", "1Ei")
_LISTED: Final = ", ".join(_BYTE_UNITS)
_DIVISORS: Final = {
    "cpu": (("1m", "1"), "only divisor's values 1m and 1 are supported with the cpu resource"),
    **{
        resource: (
            _BYTE_UNITS,
            f"only divisor's values {', '.join(_BYTE_UNITS)} are supported with the {name} resource",
        )
        for resource, name in (("memory", "memory"), ("ephemeral-storage", "local ephemeral storage"))
    },
}


def validate_env(variables: Iterable[EnvVar], path: str) -> list[FieldError]:
    """Check variables, each with its value or its source."""
    errors: list[FieldError] = []
    for number, variable in enumerate(variables):
        at = f"{path}[{number}]"
        errors += validate_name(variable.name, f"{at}.name", variable_name_problems)
        if variable.value_from is not None:
            errors += _validate_source(variable.value_from, variable.value, f"{at}.valueFrom")
    return errors


def _validate_source(source: EnvVarSource, value: str, path: str) -> list[FieldError]:
    errors: list[FieldError] = []
    named = 0
    if source.field_ref is not None:
        named += 1
        errors += validate_field_selector(source.field_ref, _VARIABLE_FIELDS, f"{path}.fieldRef")
    if source.resource_field_ref is not None:
        named += 1
        errors += validate_resource_selector(source.resource_field_ref, f"{path}.resourceFieldRef", in_volume=False)
    for key, name in ((source.config_map_key_ref, "configMapKeyRef"), (source.secret_key_ref, "secretKeyRef")):
        if key is not None:
            named += 1
            errors += _validate_key(key, f"{path}.{name}")
    if not named:
        detail = "must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef` or `secretKeyRef`"
        errors.append(FieldError.invalid(path, "", detail))
    elif value:
        errors.append(FieldError.invalid(path, "", "may not be specified when `value` is not empty"))
    elif named > 1:
        errors.append(FieldError.invalid(path, "", _ONE_SOURCE))
    return errors


def _validate_key(selector: ConfigMapKeySelector | SecretKeySelector, path: str) -> list[FieldError]:
    errors = told(f"{path}.name", selector.name, dns_subdomain_problems(selector.name))
    return errors + validate_name(selector.key, f"{path}.key", config_key_problems)


def validate_field_selector(selector: ObjectFieldSelector, fields: Iterable[str], path: str) -> list[FieldError]:
    """Check a pointer to a field of the pod; `fields` can be named where it stands."""
    if not selector.api_version:
        return [FieldError.required(f"{path}.apiVersion")]
    named = selector.field_path
    if not named:
        return [FieldError.required(f"{path}.fieldPath")]
    subscript = _SUBSCRIPT.fullmatch(named)
    field = subscript["path"] if subscript else named
    if field not in _POD_FIELDS:
        detail = f"error converting fieldPath: field label not supported: {named}"
        return [FieldError.invalid(f"{path}.fieldPath", named, detail)]
    if subscript is None:
        known = sorted(fields)
        return [] if field in known else [FieldError.not_supported(f"{path}.fieldPath", field, known)]
    key = subscript["key"]
    match field:
        case "metadata.annotations":
            return told(path, key.lower(), qualified_name_problems(key.lower()))
        case "metadata.labels":
            return told(path, key, qualified_name_problems(key))
    return [FieldError.invalid(path, field, "does not support subscript")]


def validate_resource_selector(selector: ResourceFieldSelector, path: str, *, in_volume: bool) -> list[FieldError]:
    """Check a pointer to an amount of a container; in a volume it must name the container."""
    errors: list[FieldError] = []
    resource = selector.resource
    if in_volume and not selector.container_name:
        errors.append(FieldError.required(f"{path}.containerName"))
    elif not resource:
        errors.append(FieldError.required(f"{path}.resource"))
    elif resource not in _RESOURCES and not resource.startswith(_HUGE_PAGES):
        errors.append(FieldError.not_supported(f"{path}.resource", resource, sorted(_RESOURCES)))
    divisor = canonical(selector.divisor)
    known, detail = _DIVISORS.get(resource.partition(".")[2], ((), ""))
    if divisor != "0" and known and divisor not in known:
        errors.append(FieldError.invalid(f"{path}.divisor", resource, detail))
    return errors


def validate_env_from(sources: Iterable[EnvFromSource], path: str) -> list[FieldError]:
    """Check the sources of many variables."""
    errors: list[FieldError] = []
    for number, source in enumerate(sources):
        at = f"{path}[{number}]"
        errors += told(f"{at}.prefix", source.prefix, variable_name_problems(source.prefix))
        named = 0
        for reference, name in ((source.config_map_ref, "configMapRef"), (source.secret_ref, "secretRef")):
            if reference is not None:
                named += 1
                errors += validate_name(reference.name, f"{at}.{name}.name", dns_subdomain_problems)
        if not named:
            errors.append(FieldError.invalid(path, "", "must specify one of: `configMapRef` or `secretRef`"))
        elif named > 1:
            errors.append(FieldError.invalid(path, "", _ONE_SOURCE))
    return errors
