"""What pods may ask for about their place; rules and texts are those of Kubernetes."""

from collections.abc import Iterable
from typing import Final

from imagestreams.api.errors import FieldError
from imagestreams.api.metadata.label_selector_validation import validate_label_selector
from imagestreams.api.metadata.object_meta_validation import (
    dns_label_problems,
    dns_subdomain_problems,
    label_value_problems,
    qualified_name_problems,
)
from imagestreams.api.pods.scheduling import (
    Affinity,
    NodeAffinity,
    NodeSelectorRequirement,
    NodeSelectorTerm,
    PodAffinityTerm,
    PodSchedulingGate,
    Toleration,
    TopologySpreadConstraint,
)
from imagestreams.api.pods.value_rules import told

_REQUIRED: Final = "requiredDuringSchedulingIgnoredDuringExecution"
_PREFERRED: Final = "preferredDuringSchedulingIgnoredDuringExecution"
_EFFECTS: Final = ("NoSchedule", "PreferNoSchedule", "NoExecute")
_NO_OPERATOR: Final = "not a valid selector operator"


def validate_affinity(affinity: Affinity | None, path: str) -> list[FieldError]:
    """Check which nodes and neighbours are wanted."""
    if affinity is None:
        return []
    errors: list[FieldError] = []
    if affinity.node_affinity is not None:
        errors += _validate_node_affinity(affinity.node_affinity, f"{path}.nodeAffinity")
    for pods, name in ((affinity.pod_affinity, "podAffinity"), (affinity.pod_anti_affinity, "podAntiAffinity")):
        if pods is None:
            continue
        for number, term in enumerate(pods.required_during_scheduling_ignored_during_execution or []):
            errors += _validate_pod_term(term, f"{path}.{name}.{_REQUIRED}[{number}]")
        for number, weighted in enumerate(pods.preferred_during_scheduling_ignored_during_execution or []):
            at = f"{path}.{name}.{_PREFERRED}[{number}]"
            errors += _validate_weight(weighted.weight, at)
            errors += _validate_pod_term(weighted.pod_affinity_term, f"{at}.podAffinityTerm")
    return errors


def _validate_node_affinity(affinity: NodeAffinity, path: str) -> list[FieldError]:
    errors: list[FieldError] = []
    required = affinity.required_during_scheduling_ignored_during_execution
    if required is not None:
        at = f"{path}.{_REQUIRED}.nodeSelectorTerms"
        if not required.node_selector_terms:
            errors.append(FieldError.required(at, "must have at least one node selector term"))
        for number, term in enumerate(required.node_selector_terms or []):
            errors += _validate_node_term(term, f"{at}[{number}]", check_values=True)
    for number, preferred in enumerate(affinity.preferred_during_scheduling_ignored_during_execution or []):
        at = f"{path}.{_PREFERRED}[{number}]"
        errors += _validate_weight(preferred.weight, at)
        errors += _validate_node_term(preferred.preference, f"{at}.preference", check_values=False)
    return errors


def _validate_weight(weight: int, path: str) -> list[FieldError]:
    return told(f"{path}.weight", weight, [] if 0 < weight <= 100 else ["must be in the range 1-100"])


def _validate_node_term(term: NodeSelectorTerm, path: str, *, check_values: bool) -> list[FieldError]:
    errors: list[FieldError] = []
    for number, requirement in enumerate(term.match_expressions or []):
        errors += _validate_node_labels(requirement, f"{path}.matchExpressions[{number}]", check_values=check_values)
    for number, requirement in enumerate(term.match_fields or []):
        errors += _validate_node_field(requirement, f"{path}.matchFields[{number}]")
    return errors


def _validate_node_labels(requirement: NodeSelectorRequirement, path: str, *, check_values: bool) -> list[FieldError]:
    values = requirement.values or []
    errors: list[FieldError] = []
    match requirement.operator:
        case "In" | "NotIn":
            if not values:
                detail = "must be specified when `operator` is 'In' or 'NotIn'"
                errors.append(FieldError.required(f"{path}.values", detail))
        case "Exists" | "DoesNotExist":
            if values:
                detail = "may not be specified when `operator` is 'Exists' or 'DoesNotExist'"
                errors.append(FieldError.forbidden(f"{path}.values", detail))
        case "Gt" | "Lt":
            if len(values) != 1:
                detail = "must be specified single value when `operator` is 'Lt' or 'Gt'"
                errors.append(FieldError.required(f"{path}.values", detail))
        case _:
            errors.append(FieldError.invalid(f"{path}.operator", requirement.operator, _NO_OPERATOR))
    errors += told(f"{path}.key", requirement.key, qualified_name_problems(requirement.key))
    for number, value in enumerate(values if check_values else []):
        errors += told(f"{path}.values[{number}]", value, label_value_problems(value))
    return errors


def _validate_node_field(requirement: NodeSelectorRequirement, path: str) -> list[FieldError]:
    values = requirement.values or []
    errors: list[FieldError] = []
    if requirement.operator not in ("In", "NotIn"):
        errors.append(FieldError.invalid(f"{path}.operator", requirement.operator, _NO_OPERATOR))
    elif len(values) != 1:
        detail = "must be only one value when `operator` is 'In' or 'NotIn' for node field selector"
        errors.append(FieldError.required(f"{path}.values", detail))
    if requirement.key != "metadata.name":
        errors.append(FieldError.invalid(f"{path}.key", requirement.key, "not a valid field selector key"))
        return errors
    for number, value in enumerate(values):
        errors += told(f"{path}.values[{number}]", value, dns_subdomain_problems(value))
    return errors


def _validate_pod_term(term: PodAffinityTerm, path: str) -> list[FieldError]:
    errors = validate_label_selector(term.label_selector, f"{path}.labelSelector")
    errors += validate_label_selector(term.namespace_selector, f"{path}.namespaceSelector")
    for namespace in term.namespaces or []:
        errors += told(f"{path}.namespace", namespace, dns_label_problems(namespace))
    if not term.topology_key:
        errors.append(FieldError.required(f"{path}.topologyKey", "can not be empty"))
    return errors + told(f"{path}.topologyKey", term.topology_key, qualified_name_problems(term.topology_key))


def validate_tolerations(tolerations: Iterable[Toleration], path: str) -> list[FieldError]:
    """Check which taints a pod puts up with."""
    errors: list[FieldError] = []
    for number, toleration in enumerate(tolerations):
        at = f"{path}[{number}]"
        if toleration.key:
            errors += told(f"{at}.key", toleration.key, qualified_name_problems(toleration.key))
        elif toleration.operator != "Exists":
            detail = 'operator must be Exists when `key` is empty, which means "match all values and all keys"'
            errors.append(FieldError.invalid(f"{at}.operator", toleration.operator, detail))
        if toleration.toleration_seconds is not None and toleration.effect != "NoExecute":
            detail = "effect must be 'NoExecute' when `tolerationSeconds` is set"
            errors.append(FieldError.invalid(f"{at}.effect", toleration.effect, detail))
        match toleration.operator:
            case "" | "Equal":
                if problems := label_value_problems(toleration.value):
                    errors.append(FieldError.invalid(f"{at}.operator", toleration.value, ";".join(problems)))
            case "Exists":
                if toleration.value:
                    detail = "value must be empty when `operator` is 'Exists'"
                    errors.append(FieldError.invalid(f"{at}.operator", toleration.value, detail))
            case other:
                errors.append(FieldError.not_supported(f"{at}.operator", other, ["Equal", "Exists"]))
        if toleration.effect and toleration.effect not in _EFFECTS:
            errors.append(FieldError.not_supported(f"{at}.effect", toleration.effect, list(_EFFECTS)))
    return errors


def validate_spread(constraints: Iterable[TopologySpreadConstraint], path: str) -> list[FieldError]:
    """Check how evenly pods are to be spread."""
    errors: list[FieldError] = []
    seen: set[tuple[str, str]] = set()
    for number, constraint in enumerate(constraints):
        at = f"{path}[{number}]"
        if constraint.max_skew <= 0:
            errors.append(FieldError.invalid(f"{at}.maxSkew", constraint.max_skew, "must be greater than zero"))
        if not constraint.topology_key:
            errors.append(FieldError.required(f"{at}.topologyKey", "can not be empty"))
        known = ["DoNotSchedule", "ScheduleAnyway"]
        if constraint.when_unsatisfiable not in known:
            value = constraint.when_unsatisfiable
            errors.append(FieldError.not_supported(f"{at}.whenUnsatisfiable", value, known))
        pair = (constraint.topology_key, constraint.when_unsatisfiable)
        if pair in seen:
            detail = f"{{{pair[0]}, {pair[1]}}}"
            errors.append(FieldError.duplicate(f"{at}.{{topologyKey, whenUnsatisfiable}}", detail))
        seen.add(pair)
        least = constraint.min_domains
        if least is not None:
            if least <= 0:
                errors.append(FieldError.invalid(f"{at}.minDomains", least, "must be greater than zero"))
            if constraint.when_unsatisfiable != "DoNotSchedule":
                detail = f"can only use minDomains if whenUnsatisfiable=DoNotSchedule, not {pair[1]}"
                errors.append(FieldError.invalid(f"{at}.minDomains", least, detail))
        errors += validate_label_selector(constraint.label_selector, f"{at}.labelSelector")
    return errors


def validate_gates(gates: Iterable[PodSchedulingGate], path: str) -> list[FieldError]:
    """Check what pods wait for before they are scheduled."""
    errors: list[FieldError] = []
    seen: set[str] = set()
    for number, gate in enumerate(gates):
        errors += told(f"{path}[{number}]", gate.name, qualified_name_problems(gate.name))
        if gate.name in seen:
            errors.append(FieldError.duplicate(f"{path}[{number}]", gate.name))
        seen.add(gate.name)
    return errors
