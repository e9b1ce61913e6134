"""What the server fills in of a deployment config. Pure: the object is changed in place."""

from typing import Final

from imagestreams.api.empty_values import drop_empty
from imagestreams.api.openshift_apps.types import (
    DeploymentConfig,
    DeploymentConfigSpec,
    DeploymentStrategy,
    DeploymentTriggerPolicy,
    LifecycleHook,
    RecreateDeploymentStrategyParams,
    RollingDeploymentStrategyParams,
)
from imagestreams.api.pods.defaulting import default_env, default_pod_template, default_resources

CONFIG_CHANGE: Final = "ConfigChange"
IMAGE_CHANGE: Final = "ImageChange"
IMAGE_STREAM_TAG: Final = "ImageStreamTag"
ROLLING: Final = "Rolling"
RECREATE: Final = "Recreate"
DEADLINE_S: Final = 21600
TIMEOUT_S: Final = 600
_STEP_S: Final = 1
_QUARTER: Final = "25%"
_ZERO: Final = (0, "0%")
_DEFAULT_TAG: Final = "latest"


def default_deployment_config(value: DeploymentConfig) -> None:
    """Fill in a deployment config; one that says nothing of triggers is rolled out when its template changes."""
    spec = value.spec
    if spec.triggers is None:
        spec.triggers = [DeploymentTriggerPolicy(type=CONFIG_CHANGE)]
    for trigger in spec.triggers:
        _trigger(trigger, value.metadata.namespace)
    if spec.template is not None:
        default_pod_template(spec.template)
        if not spec.selector:
            spec.selector = dict(spec.template.metadata.labels or {}) or None
    _strategy(spec.strategy)
    _hooks(spec)
    drop_empty(value)


def hooks_of(strategy: DeploymentStrategy) -> list[LifecycleHook]:
    """Return all hooks of a strategy."""
    hooks: list[LifecycleHook | None] = []
    if strategy.recreate_params is not None:
        hooks += [strategy.recreate_params.pre, strategy.recreate_params.mid, strategy.recreate_params.post]
    if strategy.rolling_params is not None:
        hooks += [strategy.rolling_params.pre, strategy.rolling_params.post]
    return [hook for hook in hooks if hook is not None]


def _trigger(trigger: DeploymentTriggerPolicy, namespace: str) -> None:
    if trigger.image_change_params is None:
        return
    source = trigger.image_change_params.from_
    source.kind = source.kind or IMAGE_STREAM_TAG
    source.namespace = source.namespace or namespace
    if source.kind in ("ImageStream", "ImageRepository"):
        source.kind = IMAGE_STREAM_TAG
        if ":" not in source.name:
            source.name = f"{source.name}:{_DEFAULT_TAG}"


def _strategy(strategy: DeploymentStrategy) -> None:
    strategy.type = strategy.type or ROLLING
    if strategy.type == ROLLING and strategy.rolling_params is None:
        strategy.rolling_params = RollingDeploymentStrategyParams()
    if strategy.type == RECREATE and strategy.recreate_params is None:
        strategy.recreate_params = RecreateDeploymentStrategyParams()
    if strategy.active_deadline_seconds is None:
        strategy.active_deadline_seconds = DEADLINE_S
    if strategy.rolling_params is not None:
        _rolling(strategy.rolling_params)
    if strategy.recreate_params is not None and strategy.recreate_params.timeout_seconds is None:
        strategy.recreate_params.timeout_seconds = TIMEOUT_S
    default_resources(strategy.resources)
    if strategy.custom_params is not None:
        default_env(strategy.custom_params.environment or ())


def _rolling(params: RollingDeploymentStrategyParams) -> None:
    if params.interval_seconds is None:
        params.interval_seconds = _STEP_S
    if params.update_period_seconds is None:
        params.update_period_seconds = _STEP_S
    if params.timeout_seconds is None:
        params.timeout_seconds = TIMEOUT_S
    surge, unavailable = params.max_surge, params.max_unavailable
    if unavailable is None and (surge is None or surge in _ZERO):
        params.max_unavailable = _QUARTER
    if surge is None and (unavailable is None or unavailable in _ZERO):
        params.max_surge = _QUARTER
    # One that stays open is written as the number that it means.
    params.max_unavailable = 0 if params.max_unavailable is None else params.max_unavailable
    params.max_surge = 0 if params.max_surge is None else params.max_surge


def _hooks(spec: DeploymentConfigSpec) -> None:
    """Let hooks without a container's name mean the only one that there is."""
    hooks = hooks_of(spec.strategy)
    for hook in hooks:
        if hook.exec_new_pod is not None:
            default_env(hook.exec_new_pod.env or ())
    containers = spec.template.spec.containers if spec.template is not None else []
    if not containers or len(containers) != 1:
        return
    name = containers[0].name
    for hook in hooks:
        if hook.exec_new_pod is not None:
            hook.exec_new_pod.container_name = hook.exec_new_pod.container_name or name
        for image in hook.tag_images or []:
            image.container_name = image.container_name or name
