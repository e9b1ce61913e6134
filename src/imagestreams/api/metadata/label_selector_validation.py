"""What a label selector must look like; rules and texts are those of Kubernetes."""

from imagestreams.api.errors import FieldError
from imagestreams.api.meta import LabelSelector, LabelSelectorRequirement
from imagestreams.api.metadata.object_meta_validation import (
    label_value_problems,
    qualified_name_problems,
    validate_labels,
)


def validate_label_selector(selector: LabelSelector | None, path: str) -> list[FieldError]:
    """Check a selector; none at all is fine."""
    if selector is None:
        return []
    errors = validate_labels(selector.match_labels or {}, f"{path}.matchLabels")
    for number, requirement in enumerate(selector.match_expressions or []):
        errors += _validate_requirement(requirement, f"{path}.matchExpressions[{number}]")
    return errors


def _validate_requirement(requirement: LabelSelectorRequirement, path: str) -> list[FieldError]:
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
        case _:
            errors.append(FieldError.invalid(f"{path}.operator", requirement.operator, "not a valid selector operator"))
    errors += [
        FieldError.invalid(f"{path}.key", requirement.key, text) for text in qualified_name_problems(requirement.key)
    ]
    for number, value in enumerate(values):
        errors += [FieldError.invalid(f"{path}.values[{number}]", value, text) for text in label_value_problems(value)]
    return errors
