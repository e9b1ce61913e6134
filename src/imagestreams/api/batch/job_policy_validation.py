"""What is wrong with a job's rules for failures and for success, in Kubernetes' words."""

from typing import Final

from imagestreams.api.batch.types import (
    JobSpec,
    PodFailurePolicyOnExitCodesRequirement,
    PodFailurePolicyOnPodConditionsPattern,
    PodFailurePolicyRule,
    SuccessPolicyRule,
)
from imagestreams.api.errors import FieldError
from imagestreams.api.field_rules import not_negative
from imagestreams.api.metadata.object_meta_validation import qualified_name_problems

_ACTIONS: Final = ["Count", "FailIndex", "FailJob", "Ignore"]
_OPERATORS: Final = ["In", "NotIn"]
_STATUSES: Final = ["False", "True", "Unknown"]
_RULES_MAX: Final = 20
_VALUES_MAX: Final = 255
_INDEXES_MAX_BYTES: Final = 64 * 1024
_TWO_PARTS: Final = "violates the requirement that an index interval can have at most two parts separated by '-'"


def validate_pod_failure_policy(spec: JobSpec, path: str) -> list[FieldError]:
    """Return what is wrong with the rules for failures, of a job that has some."""
    rules = spec.pod_failure_policy.rules if spec.pod_failure_policy is not None else None
    errors = _too_many(f"{path}.rules", len(rules or []), _RULES_MAX)
    for number, rule in enumerate(rules or []):
        errors += _failure_rule(spec, rule, f"{path}.rules[{number}]")
    return errors


def validate_success_policy(spec: JobSpec, path: str) -> list[FieldError]:
    """Return what is wrong with the rules for success, of an indexed job that has some."""
    rules = spec.success_policy.rules if spec.success_policy is not None else None
    if not rules:
        detail = "at least one rules must be specified when the successPolicy is specified"
        return [FieldError.required(f"{path}.rules", detail)]
    errors = _too_many(f"{path}.rules", len(rules), _RULES_MAX)
    for number, rule in enumerate(rules):
        errors += _success_rule(spec.completions or 0, rule, f"{path}.rules[{number}]")
    return errors


def _failure_rule(spec: JobSpec, rule: PodFailurePolicyRule, path: str) -> list[FieldError]:
    errors = _one_of(f"{path}.action", rule.action, _ACTIONS)
    if rule.action == "FailIndex" and spec.backoff_limit_per_index is None:
        detail = "requires the backoffLimitPerIndex to be set"
        errors.append(FieldError.invalid(f"{path}.action", rule.action, detail))
    if rule.on_exit_codes is not None:
        errors += _exit_codes(spec, rule.on_exit_codes, f"{path}.onExitCodes")
    conditions = rule.on_pod_conditions or []
    errors += _too_many(f"{path}.onPodConditions", len(conditions), _RULES_MAX)
    for number, pattern in enumerate(conditions):
        errors += _condition(pattern, f"{path}.onPodConditions[{number}]")
    if (rule.on_exit_codes is None) is not bool(conditions):
        what = "both OnExitCodes and OnPodConditions is not supported"
        what = what if conditions else "one of OnExitCodes and OnPodConditions is required"
        errors.append(FieldError("FieldValueInvalid", path, f"Invalid value: specifying {what}"))
    return errors


def _exit_codes(spec: JobSpec, codes: PodFailurePolicyOnExitCodesRequirement, path: str) -> list[FieldError]:
    errors = _one_of(f"{path}.operator", codes.operator, _OPERATORS)
    pod = spec.template.spec
    names = {each.name for each in (*(pod.containers or []), *(pod.init_containers or []))}
    if codes.container_name is not None and codes.container_name not in names:
        detail = "must be one of the container or initContainer names in the pod template"
        errors.append(FieldError.invalid(f"{path}.containerName", codes.container_name, detail))
    values = codes.values or []
    if not values:
        errors.append(FieldError.invalid(f"{path}.values", values, "at least one value is required"))
    errors += _too_many(f"{path}.values", len(values), _VALUES_MAX)
    for number, value in enumerate(values):
        field = f"{path}.values[{number}]"
        if codes.operator == "In" and value == 0:
            errors.append(FieldError.invalid(field, value, "must not be 0 for the In operator"))
        if value in values[:number]:
            errors.append(FieldError("FieldValueDuplicate", field, f"Duplicate value: {value}"))
    if sorted(values) != values:
        errors.append(FieldError.invalid(f"{path}.values", values, "must be ordered"))
    return errors


def _condition(pattern: PodFailurePolicyOnPodConditionsPattern, path: str) -> list[FieldError]:
    problems = qualified_name_problems(pattern.type)
    errors = [FieldError.invalid(f"{path}.type", pattern.type, problem) for problem in problems]
    return errors + _one_of(f"{path}.status", pattern.status, _STATUSES)


def _success_rule(completions: int, rule: SuccessPolicyRule, path: str) -> list[FieldError]:
    if rule.succeeded_count is None and rule.succeeded_indexes is None:
        return [FieldError.required(path, "at least one of succeededCount or succeededIndexes must be specified")]
    errors, total = [], 0
    if rule.succeeded_indexes is not None:
        field = f"{path}.succeededIndexes"
        if len(rule.succeeded_indexes) > _INDEXES_MAX_BYTES:
            return [FieldError.too_long(field, _INDEXES_MAX_BYTES)]
        try:
            total = count_indexes(rule.succeeded_indexes, completions)
        except ValueError as error:
            detail = f"error parsing succeededIndexes: {error}"
            errors.append(FieldError.invalid(field, rule.succeeded_indexes, detail))
    if rule.succeeded_count is not None:
        field, count = f"{path}.succeededCount", rule.succeeded_count
        errors += not_negative([(field, count)])
        if count > completions:
            detail = f"must be less than or equal to {completions} (the number of specified completions)"
            errors.append(FieldError.invalid(field, count, detail))
        if rule.succeeded_indexes is not None and count > total:
            where = "the number of indexes in the specified succeededIndexes field"
            errors.append(FieldError.invalid(field, count, f"must be less than or equal to {total} ({where})"))
    return errors


def count_indexes(text: str, completions: int) -> int:
    """Count the indexes in a text such as `1,3-5,7`.

    Raises:
        ValueError: they are not in order, or can't be read, or are beyond the last one.
    """
    total, last = 0, -1
    for part in text.split(",") if text else []:
        ends = part.split("-")
        if len(ends) > 2:
            raise ValueError(f'the fragment "{part}" {_TWO_PARTS}')
        numbers = [_index(end, completions) for end in ends]
        if numbers[0] <= last:
            raise ValueError(f"non-increasing order, previous: {last}, current: {numbers[0]}")
        if len(numbers) == 2 and numbers[0] >= numbers[1]:
            raise ValueError(f"non-increasing order, previous: {numbers[0]}, current: {numbers[1]}")
        total += numbers[-1] - numbers[0] + 1
        last = numbers[-1]
    return total


def _index(text: str, completions: int) -> int:
    if not (text.isascii() and text.isdigit()):
        raise ValueError(f'cannot convert string to integer for index: "{text}"')
    if int(text) >= completions:
        raise ValueError(f'too large index: "{text}"')
    return int(text)


def _one_of(field: str, value: str, known: list[str]) -> list[FieldError]:
    if not value:
        values = " ".join(f'"{each}"' for each in known)
        return [FieldError.required(field, f"valid values: [{values}]")]
    return [] if value in known else [FieldError.not_supported(field, value, known)]


def _too_many(field: str, count: int, most: int) -> list[FieldError]:
    if count <= most:
        return []
    return [FieldError("FieldValueTooMany", field, f"Too many: {count}: must have at most {most} items")]
