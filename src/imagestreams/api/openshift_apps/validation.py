"""What a deployment config, and what is asked of one, must look like; each broken rule is a `FieldError`.

Pure. Rules, order and texts are those of `openshift-apiserver` (apps validation).
"""

import re
from collections.abc import Sequence
from typing import Final

from msgspec.structs import replace

from imagestreams.api.errors import FieldError
from imagestreams.api.field_rules import is_percent, number_of
from imagestreams.api.meta import LabelSelector
from imagestreams.api.metadata.label_selectors import selects
from imagestreams.api.metadata.object_meta_validation import (
    dns_subdomain_problems,
    validate_annotations,
    validate_labels,
)
from imagestreams.api.openshift_apps.defaulting import IMAGE_CHANGE, IMAGE_STREAM_TAG, TIMEOUT_S
from imagestreams.api.openshift_apps.types import (
    DeploymentConfig,
    DeploymentConfigRollback,
    DeploymentConfigSpec,
    DeploymentConfigStatus,
    DeploymentRequest,
    DeploymentStrategy,
    DeploymentTriggerImageChangeParams,
    DeploymentTriggerPolicy,
    ExecNewPodHook,
    LifecycleHook,
    RecreateDeploymentStrategyParams,
    RollingDeploymentStrategyParams,
)
from imagestreams.api.pods import EnvVar, IntOrString, PodSpec, PodTemplateSpec
from imagestreams.api.pods.resource_validation import validate_resources
from imagestreams.api.pods.validation import validate_pod_template
from imagestreams.api.validation import stream_name_problems
from imagestreams.reference import InvalidReference, parse

_NOT_NEGATIVE: Final = "must be greater than or equal to 0"
_IDENTIFIER_FORMAT: Final = "[A-Za-z_][A-Za-z0-9_]*"
_IDENTIFIER: Final = re.compile(_IDENTIFIER_FORMAT)
_IDENTIFIER_RULE: Final = (
    "a valid C identifier must start with alphabetic character or '_', followed by a string of alphanumeric "
    f"characters or '_' (e.g. 'my_name',  or 'MY_NAME',  or 'MyName', regex used for validation is "
    f"'{_IDENTIFIER_FORMAT}')"
)
_UNSET: Final = "unset"


def validate_deployment_config(value: DeploymentConfig) -> list[FieldError]:
    """Check a deployment config."""
    return _validate_spec(value.spec) + _validate_status(value.status)


def validate_deployment_config_update(value: DeploymentConfig, old: DeploymentConfig) -> list[FieldError]:
    """Check the new state of a deployment config."""
    return validate_deployment_config(value) + validate_deployment_config_status(value, old)


def validate_deployment_config_status(value: DeploymentConfig, old: DeploymentConfig) -> list[FieldError]:
    """Check the new status of a deployment config: its counters do not go back."""
    errors = _validate_status(value.status)
    for field, new, before in (
        ("latestVersion", value.status.latest_version, old.status.latest_version),
        ("observedGeneration", value.status.observed_generation, old.status.observed_generation),
    ):
        if new < before:
            errors.append(FieldError.invalid(f"status.{field}", new, f"{field} cannot be decremented"))
    return errors


def validate_deployment_request(request: DeploymentRequest, config: DeploymentConfig) -> list[FieldError]:
    """Check a request for a new rollout."""
    errors: list[FieldError] = []
    if not request.name:
        errors.append(FieldError.invalid("name", request.name, "name of the deployment config is missing"))
    elif dns_subdomain_problems(request.name):
        errors.append(FieldError.invalid("name", request.name, "name of the deployment config is invalid"))
    if config.spec.paused:
        detail = f'deployment config "{config.metadata.name}" is paused - unpause to request a new deployment'
        errors.append(FieldError.invalid("spec.paused", True, detail))
    return errors


def validate_rollback(rollback: DeploymentConfigRollback) -> list[FieldError]:
    """Check a question about an earlier revision."""
    errors: list[FieldError] = []
    if not rollback.name:
        errors.append(FieldError.required("name", "name of the deployment config is missing"))
    elif dns_subdomain_problems(rollback.name):
        errors.append(FieldError.invalid("name", rollback.name, "name of the deployment config is invalid"))
    if rollback.spec.revision < 0:
        errors.append(FieldError.invalid("spec.revision", rollback.spec.revision, "must be non-negative"))
    return errors


def _validate_spec(spec: DeploymentConfigSpec) -> list[FieldError]:
    errors: list[FieldError] = []
    for number, trigger in enumerate(spec.triggers or []):
        errors += _validate_trigger(trigger, f"spec.triggers[{number}]")
    if spec.template is not None:
        errors += _validate_strategy(spec.strategy, spec.template.spec, "spec.strategy")
    errors += _not_negative("spec.revisionHistoryLimit", spec.revision_history_limit)
    errors += _not_negative("spec.minReadySeconds", spec.min_ready_seconds)
    errors += _validate_readiness(spec)
    if spec.template is None:
        errors.append(FieldError.required("spec.template"))
    else:
        template = _with_coming_images(spec.template, spec.triggers or [])
        labels = template.metadata.labels
        if spec.selector and not selects(LabelSelector(match_labels=spec.selector), labels):
            detail = "`selector` does not match template `labels`"
            errors.append(FieldError.invalid("spec.template.metadata.labels", labels or {}, detail))
        errors += validate_pod_template(template, "spec.template", restart_policies=("Always",))
        if template.spec.active_deadline_seconds is not None:
            detail = "activeDeadlineSeconds in ReplicationController is not Supported"
            errors.append(FieldError.forbidden("spec.template.spec.activeDeadlineSeconds", detail))
    if spec.replicas < 0:
        errors.append(FieldError.invalid("spec.replicas", spec.replicas, "replicas cannot be negative"))
    if not spec.selector:
        errors.append(FieldError.invalid("spec.selector", spec.selector or {}, "selector cannot be empty"))
    return errors


def _not_negative(field: str, value: int | None) -> list[FieldError]:
    return [FieldError.invalid(field, value, _NOT_NEGATIVE)] if value is not None and value < 0 else []


def _validate_readiness(spec: DeploymentConfigSpec) -> list[FieldError]:
    """Check that a pod can be ready for long enough before the rollout is given up."""
    errors: list[FieldError] = []
    field, ready, strategy = "spec.minReadySeconds", spec.min_ready_seconds, spec.strategy
    timeout = TIMEOUT_S
    for params in (strategy.rolling_params, strategy.recreate_params):
        if params is not None and params.timeout_seconds is not None:
            timeout = params.timeout_seconds
            break
    if 0 < timeout <= ready:
        errors.append(FieldError.invalid(field, ready, f"must be less than the deployment timeout ({timeout}s)"))
    deadline = strategy.active_deadline_seconds
    if deadline is not None and ready >= deadline:
        detail = f"must be less than activeDeadlineSeconds ({deadline}s - used by the deployer pod)"
        errors.append(FieldError.invalid(field, ready, detail))
    return errors


def _with_coming_images(template: PodTemplateSpec, triggers: Sequence[DeploymentTriggerPolicy]) -> PodTemplateSpec:
    """Return a template in which containers that wait for the image of a trigger have one, to be checked so."""
    waiting = {
        name
        for trigger in triggers
        if trigger.type == IMAGE_CHANGE and trigger.image_change_params is not None
        for name in trigger.image_change_params.container_names or []
    }
    containers = [
        replace(one, image=_UNSET) if not one.image and one.name in waiting else one
        for one in template.spec.containers or []
    ]
    return replace(template, spec=replace(template.spec, containers=containers))


def _validate_status(status: DeploymentConfigStatus) -> list[FieldError]:
    return [
        error
        for field, value in (
            ("latestVersion", status.latest_version),
            ("observedGeneration", status.observed_generation),
            ("replicas", status.replicas),
            ("readyReplicas", status.ready_replicas),
            ("availableReplicas", status.available_replicas),
            ("unavailableReplicas", status.unavailable_replicas),
        )
        for error in _not_negative(f"status.{field}", value)
    ]


def _validate_trigger(trigger: DeploymentTriggerPolicy, path: str) -> list[FieldError]:
    errors = [] if trigger.type else [FieldError.required(f"{path}.type")]
    if trigger.type == IMAGE_CHANGE:
        if trigger.image_change_params is None:
            errors.append(FieldError.required(f"{path}.imageChangeParams"))
        else:
            errors += _validate_image_change(trigger.image_change_params, f"{path}.imageChangeParams")
    return errors


def _validate_image_change(params: DeploymentTriggerImageChangeParams, path: str) -> list[FieldError]:
    errors: list[FieldError] = []
    source = params.from_
    if not source.name:
        errors.append(FieldError.required(f"{path}.from"))
    else:
        if source.kind != IMAGE_STREAM_TAG:
            errors.append(FieldError.invalid(f"{path}.from.kind", source.kind, "kind must be an ImageStreamTag"))
        if problem := _tag_problem(source.name):
            errors.append(FieldError.invalid(f"{path}.from.name", source.name, problem))
        if source.namespace and dns_subdomain_problems(source.namespace):
            detail = "namespace must be a valid subdomain"
            errors.append(FieldError.invalid(f"{path}.from.namespace", source.namespace, detail))
    if not params.container_names:
        errors.append(FieldError.required(f"{path}.containerNames"))
    return errors


def _tag_problem(name: str) -> str:
    stream, colon, tag = name.partition(":")
    if not colon or not tag or ":" in tag:
        return "must be in the form of <name>:<tag>"
    return ", ".join(stream_name_problems(stream))


def _validate_strategy(strategy: DeploymentStrategy, pod: PodSpec, path: str) -> list[FieldError]:
    errors: list[FieldError] = []
    custom, recreate, rolling = strategy.custom_params, strategy.recreate_params, strategy.rolling_params
    if custom is not None:
        errors += _validate_env(custom.environment or [], f"{path}.customParams.environment")
    match strategy.type:
        case "Recreate":
            if recreate is not None:
                errors += _validate_recreate(recreate, pod, f"{path}.recreateParams")
        case "Rolling":
            if rolling is None:
                errors.append(FieldError.required(f"{path}.rollingParams"))
            else:
                errors += _validate_rolling(rolling, pod, f"{path}.rollingParams")
        case "Custom":
            if custom is None:
                errors.append(FieldError.required(f"{path}.customParams"))
            if rolling is not None:
                errors += _validate_rolling(rolling, pod, f"{path}.rollingParams")
            if recreate is not None:
                errors += _validate_recreate(recreate, pod, f"{path}.recreateParams")
        case _:
            detail = 'unsupported strategy type, use "Custom" instead and specify your own strategy'
            errors.append(FieldError.invalid(f"{path}.type", strategy.type, detail))
    errors += validate_labels(strategy.labels or {}, f"{path}.labels")
    errors += validate_annotations(strategy.annotations or {}, f"{path}.annotations")
    claims = [claim.name for claim in pod.resource_claims or [] if claim.name]
    errors += validate_resources(strategy.resources, claims, f"{path}.resources")
    return errors + _validate_deadline(strategy, path)


def _validate_deadline(strategy: DeploymentStrategy, path: str) -> list[FieldError]:
    deadline, field = strategy.active_deadline_seconds, f"{path}.activeDeadlineSeconds"
    if deadline is None:
        return []
    errors = _not_negative(field, deadline)
    params = strategy.rolling_params or strategy.recreate_params
    if params is not None and params.timeout_seconds is not None and deadline <= params.timeout_seconds:
        detail = "activeDeadlineSeconds must be greater than timeoutSeconds"
        errors.append(FieldError.invalid(field, deadline, detail))
    return errors


def _validate_recreate(params: RecreateDeploymentStrategyParams, pod: PodSpec, path: str) -> list[FieldError]:
    errors = _positive(f"{path}.timeoutSeconds", params.timeout_seconds)
    for name, hook in (("pre", params.pre), ("mid", params.mid), ("post", params.post)):
        if hook is not None:
            errors += _validate_hook(hook, pod, f"{path}.{name}")
    return errors


def _positive(field: str, value: int | None) -> list[FieldError]:
    return [FieldError.invalid(field, value, "must be >0")] if value is not None and value < 1 else []


def _validate_rolling(params: RollingDeploymentStrategyParams, pod: PodSpec, path: str) -> list[FieldError]:
    errors = _positive(f"{path}.intervalSeconds", params.interval_seconds)
    errors += _positive(f"{path}.updatePeriodSeconds", params.update_period_seconds)
    errors += _positive(f"{path}.timeoutSeconds", params.timeout_seconds)
    unavailable, surge = params.max_unavailable or 0, params.max_surge or 0
    errors += _number_or_percent(f"{path}.maxUnavailable", unavailable)
    errors += _number_or_percent(f"{path}.maxSurge", surge)
    if number_of(unavailable) == 0 and number_of(surge) == 0:
        detail = "cannot be 0 when maxSurge is 0 as well"
        errors.append(FieldError.invalid(f"{path}.maxUnavailable", unavailable, detail))
    if isinstance(unavailable, str) and number_of(unavailable) > 100:
        errors.append(FieldError.invalid(f"{path}.maxUnavailable", unavailable, "should not be more than 100%"))
    for name, hook in (("pre", params.pre), ("post", params.post)):
        if hook is not None:
            errors += _validate_hook(hook, pod, f"{path}.{name}")
    return errors


def _number_or_percent(field: str, value: IntOrString) -> list[FieldError]:
    if isinstance(value, str):
        detail = "value should be int(5) or percentage(5%)"
        return [] if is_percent(value) else [FieldError.invalid(field, value, detail)]
    return [FieldError.invalid(field, value, "must be non-negative")] if value < 0 else []


def _validate_hook(hook: LifecycleHook, pod: PodSpec, path: str) -> list[FieldError]:
    errors = [] if hook.failure_policy else [FieldError.required(f"{path}.failurePolicy")]
    if hook.exec_new_pod is not None and hook.tag_images:
        detail = "only one of 'execNewPod' or 'tagImages' may be specified"
        return [*errors, FieldError.invalid(path, "<hook>", detail)]
    if hook.exec_new_pod is not None:
        return errors + _validate_exec(hook.exec_new_pod, f"{path}.execNewPod")
    if not hook.tag_images:
        detail = "One of execNewPod or tagImages must be specified"
        return [*errors, FieldError.invalid(path, "<empty>", detail)]
    for number, image in enumerate(hook.tag_images):
        place = f"{path}.tagImages[{number}]"
        if not image.container_name:
            errors.append(FieldError.required(f"{place}.containerName", "a containerName is required"))
        elif problem := _image_problem(pod, image.container_name):
            errors.append(FieldError.invalid(f"{place}.containerName", image.container_name, problem))
        if image.to.kind != IMAGE_STREAM_TAG:
            errors.append(FieldError.invalid(f"{place}.to.kind", image.to.kind, "Must be 'ImageStreamTag'"))
        if not image.to.name:
            errors.append(FieldError.required(f"{place}.to.name", "a destination tag name is required"))
    return errors


def _image_problem(pod: PodSpec, name: str) -> str:
    for container in [*(pod.containers or []), *(pod.init_containers or [])]:
        if container.name == name:
            try:
                parse(container.image)
            except InvalidReference as error:
                return str(error)
            return ""
    return f'no container "{name}" found'


def _validate_exec(hook: ExecNewPodHook, path: str) -> list[FieldError]:
    errors: list[FieldError] = []
    if not hook.command:
        errors.append(FieldError.required(f"{path}.command"))
    if not hook.container_name:
        errors.append(FieldError.required(f"{path}.containerName"))
    errors += _validate_env(hook.env or [], f"{path}.env")
    for number, volume in enumerate(hook.volumes or []):
        if not volume:
            errors.append(FieldError.invalid(f"{path}.volumes[{number}]", "", "must not be empty"))
    return errors


def _validate_env(variables: Sequence[EnvVar], path: str) -> list[FieldError]:
    errors: list[FieldError] = []
    for number, variable in enumerate(variables):
        field = f"{path}[{number}].name"
        if not variable.name:
            errors.append(FieldError.required(field))
        if not _IDENTIFIER.fullmatch(variable.name):
            errors.append(FieldError.invalid(field, variable.name, _IDENTIFIER_RULE))
    return errors
