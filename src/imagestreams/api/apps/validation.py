"""What is wrong with workloads of `apps/v1` and replication controllers, in Kubernetes' words."""

from typing import Final

from msgspec.structs import replace

from imagestreams.api.apps.types import (
    ControllerRevision,
    DaemonSet,
    DaemonSetUpdateStrategy,
    Deployment,
    DeploymentStrategy,
    ReplicaSet,
    ReplicationController,
    StatefulSet,
    StatefulSetSpec,
)
from imagestreams.api.codec import copy
from imagestreams.api.errors import FieldError
from imagestreams.api.field_rules import at_most_all, not_negative, number_of, number_or_percent, unchanged
from imagestreams.api.meta import LabelSelector
from imagestreams.api.metadata.label_selector_validation import validate_label_selector
from imagestreams.api.metadata.label_selectors import is_empty, is_readable, selects
from imagestreams.api.pods import PodTemplateSpec, Volume
from imagestreams.api.pods.validation import validate_pod_template
from imagestreams.api.pods.volume_sources import EmptyDirVolumeSource

_ALWAYS: Final = "Always"
_SPEC: Final = "spec"
_SELECTOR: Final = "spec.selector"
_TEMPLATE: Final = "spec.template"
_DOES_NOT_MATCH: Final = "`selector` does not match template `labels`"
_RETENTIONS: Final = ["Retain", "Delete"]
_FIXED: Final = (
    "updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', 'updateStrategy', "
    "'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are forbidden"
)


def validate_deployment(value: Deployment) -> list[FieldError]:
    """Return what is wrong with a deployment."""
    spec = value.spec
    errors = not_negative([("spec.replicas", spec.replicas)])
    errors += _selected(spec.selector, spec.template, "empty selector is invalid for deployment", "ReplicaSet")
    errors += _strategy(spec.strategy)
    errors += not_negative(
        [
            ("spec.minReadySeconds", spec.min_ready_seconds),
            ("spec.revisionHistoryLimit", spec.revision_history_limit),
            ("spec.progressDeadlineSeconds", spec.progress_deadline_seconds),
        ]
    )
    deadline = spec.progress_deadline_seconds
    if deadline is not None and deadline <= spec.min_ready_seconds:
        errors.append(
            FieldError.invalid("spec.progressDeadlineSeconds", deadline, "must be greater than minReadySeconds")
        )
    return errors


def validate_deployment_update(value: Deployment, old: Deployment) -> list[FieldError]:
    """Return what is wrong with a new state of a deployment."""
    return validate_deployment(value) + unchanged(_SELECTOR, value.spec.selector, old.spec.selector)


def validate_replica_set(value: ReplicaSet) -> list[FieldError]:
    """Return what is wrong with a replica set."""
    spec = value.spec
    errors = not_negative([("spec.replicas", spec.replicas), ("spec.minReadySeconds", spec.min_ready_seconds)])
    # The real server speaks of a deployment here, too.
    return errors + _selected(spec.selector, spec.template, "empty selector is invalid for deployment", "ReplicaSet")


def validate_replica_set_update(value: ReplicaSet, old: ReplicaSet) -> list[FieldError]:
    """Return what is wrong with a new state of a replica set."""
    return validate_replica_set(value) + unchanged(_SELECTOR, value.spec.selector, old.spec.selector)


def validate_stateful_set(value: StatefulSet) -> list[FieldError]:
    """Return what is wrong with a stateful set."""
    spec, update = value.spec, value.spec.update_strategy
    errors = []
    if spec.pod_management_policy not in ("OrderedReady", "Parallel"):
        detail = "must be 'OrderedReady' or 'Parallel'"
        errors.append(FieldError.invalid("spec.podManagementPolicy", spec.pod_management_policy, detail))
    if update.type == "OnDelete":
        if update.rolling_update is not None:
            detail = "only allowed for updateStrategy 'RollingUpdate'"
            errors.append(FieldError.invalid("spec.updateStrategy.rollingUpdate", update.rolling_update, detail))
    elif update.type != "RollingUpdate":
        errors.append(FieldError.invalid("spec.updateStrategy", update, "must be 'RollingUpdate' or 'OnDelete'"))
    elif update.rolling_update is not None:
        field = "spec.updateStrategy.rollingUpdate"
        errors += not_negative([(f"{field}.partition", update.rolling_update.partition)])
    errors += _retention_errors(spec)
    errors += not_negative(
        [
            ("spec.replicas", spec.replicas),
            ("spec.minReadySeconds", spec.min_ready_seconds),
            ("spec.ordinals.start", spec.ordinals.start if spec.ordinals is not None else None),
            ("spec.revisionHistoryLimit", spec.revision_history_limit),
        ]
    )
    template = _with_claims(spec)
    return errors + _selected(spec.selector, template, "empty selector is invalid for statefulset", "StatefulSet")


def validate_stateful_set_update(value: StatefulSet, old: StatefulSet) -> list[FieldError]:
    """Return what is wrong with a new state of a stateful set."""
    errors = validate_stateful_set(value)
    fixed = copy(value.spec)
    for field in (
        "replicas",
        "ordinals",
        "template",
        "update_strategy",
        "persistent_volume_claim_retention_policy",
        "min_ready_seconds",
    ):
        setattr(fixed, field, getattr(old.spec, field))
    if fixed != old.spec:
        errors.append(FieldError.forbidden(_SPEC, _FIXED))
    return errors


def validate_daemon_set(value: DaemonSet) -> list[FieldError]:
    """Return what is wrong with a daemon set."""
    spec = value.spec
    errors = validate_label_selector(spec.selector, _SELECTOR) if spec.selector is not None else []
    labels = spec.template.metadata.labels
    if not selects(spec.selector, labels):
        errors.append(FieldError.invalid(f"{_TEMPLATE}.metadata.labels", labels or {}, _DOES_NOT_MATCH))
    if spec.selector is not None and is_empty(spec.selector):
        errors.append(FieldError.invalid(_SELECTOR, spec.selector, "empty selector is invalid for daemonset"))
    errors += _template(spec.template, "DaemonSet")
    errors += not_negative([("spec.minReadySeconds", spec.min_ready_seconds)])
    errors += _daemon_set_update(spec.update_strategy)
    return errors + not_negative([("spec.revisionHistoryLimit", spec.revision_history_limit)])


def validate_daemon_set_update(value: DaemonSet, old: DaemonSet) -> list[FieldError]:
    """Return what is wrong with a new state of a daemon set."""
    return validate_daemon_set(value) + unchanged(_SELECTOR, value.spec.selector, old.spec.selector)


def validate_replication_controller(value: ReplicationController) -> list[FieldError]:
    """Return what is wrong with a replication controller."""
    spec = value.spec
    errors = not_negative([("spec.minReadySeconds", spec.min_ready_seconds)])
    if not spec.selector:
        errors.append(FieldError.required(_SELECTOR))
    errors += not_negative([("spec.replicas", spec.replicas)])
    if spec.template is None:
        return [*errors, FieldError.required(_TEMPLATE)]
    labels = spec.template.metadata.labels
    if spec.selector and not selects(LabelSelector(match_labels=spec.selector), labels):
        errors.append(FieldError.invalid(f"{_TEMPLATE}.metadata.labels", labels or {}, _DOES_NOT_MATCH))
    return errors + _template(spec.template, "ReplicationController")


def validate_controller_revision(value: ControllerRevision) -> list[FieldError]:
    """Return what is wrong with a revision."""
    errors = [] if value.data is not None else [FieldError.required("data", "data is mandatory")]
    return errors + not_negative([("revision", value.revision)])


def validate_controller_revision_update(value: ControllerRevision, old: ControllerRevision) -> list[FieldError]:
    """Return what is wrong with a new state of a revision."""
    return validate_controller_revision(value) + unchanged("data", value.data, old.data)


def _with_claims(spec: StatefulSetSpec) -> PodTemplateSpec:
    """Return the template with a volume for each claim: containers may mount those, too."""
    pod = spec.template.spec
    volumes = pod.volumes or []
    named = {volume.name for volume in volumes}
    claimed = dict.fromkeys(claim.metadata.name for claim in spec.volume_claim_templates or [])
    more = [Volume(name=name, empty_dir=EmptyDirVolumeSource()) for name in claimed if name and name not in named]
    return replace(spec.template, spec=replace(pod, volumes=[*volumes, *more])) if more else spec.template


def _selected(selector: LabelSelector | None, template: PodTemplateSpec, empty: str, kind: str) -> list[FieldError]:
    """Check a selector, the template, and that they fit each other."""
    if selector is None:
        return [FieldError.required(_SELECTOR), *_template(template, kind)]
    errors = validate_label_selector(selector, _SELECTOR)
    if is_empty(selector):
        errors.append(FieldError.invalid(_SELECTOR, selector, empty))
    if not is_readable(selector):
        return [*errors, FieldError.invalid(_SELECTOR, selector, "invalid label selector")]
    labels = template.metadata.labels
    if not selects(selector, labels):
        errors.append(FieldError.invalid(f"{_TEMPLATE}.metadata.labels", labels or {}, _DOES_NOT_MATCH))
    return [*errors, *_template(template, kind)]


def _template(template: PodTemplateSpec, kind: str) -> list[FieldError]:
    errors = validate_pod_template(template, _TEMPLATE, restart_policies=(_ALWAYS,))
    if template.spec.active_deadline_seconds is not None:
        field = f"{_TEMPLATE}.spec.activeDeadlineSeconds"
        errors.append(FieldError.forbidden(field, f"activeDeadlineSeconds in {kind} is not Supported"))
    return errors


def _strategy(strategy: DeploymentStrategy) -> list[FieldError]:
    field, bounds = "spec.strategy.rollingUpdate", strategy.rolling_update
    if strategy.type == "Recreate":
        if bounds is None:
            return []
        return [FieldError.forbidden(field, "may not be specified when strategy `type` is 'Recreate'")]
    if strategy.type != "RollingUpdate":
        return [FieldError.not_supported("spec.strategy", strategy, ["Recreate", "RollingUpdate"])]
    if bounds is None:
        return [FieldError.required(field, "this should be defaulted and never be nil")]
    errors = number_or_percent(f"{field}.maxUnavailable", bounds.max_unavailable)
    errors += number_or_percent(f"{field}.maxSurge", bounds.max_surge)
    if not number_of(bounds.max_unavailable) and not number_of(bounds.max_surge):
        detail = "may not be 0 when `maxSurge` is 0"
        errors.append(FieldError.invalid(f"{field}.maxUnavailable", bounds.max_unavailable, detail))
    return errors + at_most_all(f"{field}.maxUnavailable", bounds.max_unavailable)


def _daemon_set_update(strategy: DaemonSetUpdateStrategy) -> list[FieldError]:
    field, bounds = "spec.updateStrategy.rollingUpdate", strategy.rolling_update
    if strategy.type == "OnDelete":
        return []
    if strategy.type != "RollingUpdate":
        return [FieldError.not_supported("spec.updateStrategy", strategy, ["RollingUpdate", "OnDelete"])]
    if bounds is None:
        return [FieldError.required(field)]
    limits = {f"{field}.maxUnavailable": bounds.max_unavailable, f"{field}.maxSurge": bounds.max_surge}
    errors = [error for name, limit in limits.items() for error in number_or_percent(name, limit)]
    errors += [error for name, limit in limits.items() for error in at_most_all(name, limit)]
    missing, more = number_of(bounds.max_unavailable), number_of(bounds.max_surge)
    if missing and more:
        detail = "may not be set when maxUnavailable is non-zero"
        errors.append(FieldError.invalid(f"{field}.maxSurge", bounds.max_surge, detail))
    elif not missing and not more:
        errors.append(FieldError.required(f"{field}.maxUnavailable", "cannot be 0 when maxSurge is 0"))
    return errors


def _retention_errors(spec: StatefulSetSpec) -> list[FieldError]:
    policy = spec.persistent_volume_claim_retention_policy
    if policy is None:
        return []
    field = "spec.persistentVolumeClaimRetentionPolicy"
    wanted = {"whenDeleted": policy.when_deleted, "whenScaled": policy.when_scaled}
    return [
        FieldError.not_supported(f"{field}.{name}", value, _RETENTIONS)
        for name, value in wanted.items()
        if value not in _RETENTIONS
    ]
