"""What requests and limits must look like; rules and texts are those of Kubernetes."""

from collections.abc import Collection
from typing import Final

from imagestreams.api.errors import FieldError
from imagestreams.api.metadata.object_meta_validation import qualified_name_problems
from imagestreams.api.pods.containers import ResourceRequirements
from imagestreams.api.pods.quantities import Amount, QuantityError, parse_quantity
from imagestreams.api.pods.value_rules import NOT_NEGATIVE
from imagestreams.api.pods.values import Quantity

_OF_CONTAINERS: Final = frozenset({"cpu", "memory", "ephemeral-storage"})
_STANDARD: Final = _OF_CONTAINERS | {
    f"{kind}.{name}" for kind in ("requests", "limits") for name in ("cpu", "memory", "ephemeral-storage")
}
_OF_NAMESPACES: Final = frozenset(
    {
        "configmaps",
        "persistentvolumeclaims",
        "pods",
        "replicationcontrollers",
        "requests.storage",
        "resourcequotas",
        "secrets",
        "services",
        "services.loadbalancers",
        "services.nodeports",
        "storage",
    }
)
_HUGE_PAGES: Final = "hugepages-"
_REQUESTS: Final = "requests."
_NATIVE_DOMAIN: Final = "kubernetes.io/"


def validate_resources(requirements: ResourceRequirements, claims: Collection[str], path: str) -> list[FieldError]:
    """Check requests and limits; `claims` are the names of the pod's resource claims. Amounts are canonical."""
    limits, requests = requirements.limits or {}, requirements.requests or {}
    errors: list[FieldError] = []
    for name, limit in sorted(limits.items()):
        errors += _validate_amount(name, limit, f"{path}.limits[{name}]")
    for name, request in sorted(requests.items()):
        errors += _validate_amount(name, request, f"{path}.requests[{name}]")
        errors += _validate_against_limit(name, request, limits.get(name), path)
    names = {*limits, *requests}
    if any(map(_is_huge_pages, names)) and not names & {"cpu", "memory"}:
        errors.append(FieldError.forbidden(path, "HugePages require cpu or memory"))
    seen: set[str] = set()
    for number, claim in enumerate(requirements.claims or []):
        at = f"{path}.claims[{number}]"
        if not claim.name:
            errors.append(FieldError.required(f"{at}.name"))
        elif claim.name in seen:
            errors.append(FieldError.duplicate(at, claim.name))
        elif claim.name not in claims:
            errors.append(FieldError.not_found(at, claim.name))
        seen.add(claim.name)
    return errors


def validate_amount(quantity: Quantity, path: str) -> list[FieldError]:
    """Check that an amount is not below zero."""
    amount = _amount(quantity)
    return [FieldError.invalid(path, str(amount), NOT_NEGATIVE)] if amount is not None and amount.value < 0 else []


def is_positive(quantity: Quantity) -> bool:
    """Return whether an amount is above zero."""
    amount = _amount(quantity)
    return amount is not None and amount.value > 0


def _validate_amount(name: str, quantity: Quantity, path: str) -> list[FieldError]:
    errors = _validate_name(name, path) + validate_amount(quantity, path)
    amount = _amount(quantity)
    if amount is not None and _is_extended(name) and amount.value.denominator != 1:
        errors.append(FieldError.invalid(path, str(amount), "must be an integer"))
    return errors


def _validate_name(name: str, path: str) -> list[FieldError]:
    if problems := qualified_name_problems(name):
        return [FieldError.invalid(path, name, problem) for problem in problems]
    details: list[str] = []
    if "/" not in name:
        huge = _is_huge_pages(name)
        if not (huge or name in _STANDARD or name in _OF_NAMESPACES):
            details.append("must be a standard resource type or fully qualified")
        if not (huge or name in _OF_CONTAINERS):
            details.append("must be a standard resource for containers")
    elif not _is_native(name) and not _is_extended(name):
        details.append("doesn't follow extended resource name standard")
    return [FieldError.invalid(path, name, detail) for detail in details]


def _validate_against_limit(name: str, request: Quantity, limit: Quantity | None, path: str) -> list[FieldError]:
    shared = _is_native(name) and not _is_huge_pages(name)
    if limit is None:
        detail = "Limit must be set for non overcommitable resources"
        return [] if shared else [FieldError.required(f"{path}.limits", detail)]
    wanted, most = _amount(request), _amount(limit)
    if wanted is None or most is None:
        return []
    if not shared and wanted.value != most.value:
        return [FieldError.invalid(f"{path}.requests", str(wanted), f"must be equal to {name} limit of {most}")]
    if wanted.value > most.value:
        detail = f"must be less than or equal to {name} limit of {most}"
        return [FieldError.invalid(f"{path}.requests", str(wanted), detail)]
    return []


def _is_native(name: str) -> bool:
    return "/" not in name or _NATIVE_DOMAIN in name


def _is_extended(name: str) -> bool:
    return not (_is_native(name) or name.startswith(_REQUESTS) or qualified_name_problems(_REQUESTS + name))


def _is_huge_pages(name: str) -> bool:
    return name.startswith(_HUGE_PAGES)


def _amount(quantity: Quantity) -> Amount | None:
    try:
        return parse_quantity(quantity)
    except QuantityError:
        return None
