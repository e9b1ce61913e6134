"""What a pod must look like to be stored, and what may change of it; rules and texts are those of Kubernetes."""

from typing import Final

from imagestreams.api.codec import copy
from imagestreams.api.errors import FieldError
from imagestreams.api.pods.containers import Container
from imagestreams.api.pods.pod import Pod, PodSpec
from imagestreams.api.pods.scheduling import Toleration
from imagestreams.api.pods.scheduling_validation import validate_tolerations
from imagestreams.api.pods.validation import validate_pod_spec

_CHANGEABLE: Final = (
    "pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,"
    "`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),"
    "`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)"
)
_PADDED: Final = "must not have leading or trailing whitespace"


def validate_pod(pod: Pod) -> list[FieldError]:
    """Check a new pod; its defaults are filled in."""
    spec = pod.spec
    errors = validate_pod_spec(spec, "spec")
    if not spec.service_account_name:
        errors += [
            FieldError.forbidden(
                f"spec.volumes[{number}].projected.sources[{index}].serviceAccountToken",
                "must not be specified when serviceAccountName is not set",
            )
            for number, volume in enumerate(spec.volumes or [])
            for index, source in enumerate((volume.projected.sources if volume.projected else None) or [])
            if source.service_account_token is not None
        ]
    errors += _padded_images(spec.containers or [], "spec.containers")
    errors += _padded_images(spec.init_containers or [], "spec.initContainers")
    if spec.ephemeral_containers:
        errors.append(FieldError.forbidden("spec.ephemeralContainers", "cannot be set on create"))
    if spec.node_name and spec.scheduling_gates:
        detail = "cannot be set until all schedulingGates have been cleared"
        errors.append(FieldError.forbidden("spec.nodeName", detail))
    return errors


def validate_pod_update(pod: Pod, old: Pod) -> list[FieldError]:
    """Check that only what may change did, and to something sound."""
    errors: list[FieldError] = []
    for field, new, before in (
        ("containers", pod.spec.containers or [], old.spec.containers or []),
        ("initContainers", pod.spec.init_containers or [], old.spec.init_containers or []),
    ):
        path = f"spec.{field}"
        if len(new) != len(before):
            return [FieldError.forbidden(path, "pod updates may not add or remove containers")]
        errors += [
            FieldError.required(f"{path}[{number}].image")
            for number, container in enumerate(new)
            if not container.image
        ]
        errors += _padded_images(new, path)
    errors += _validate_deadline(pod.spec.active_deadline_seconds, old.spec.active_deadline_seconds)
    errors += _validate_tolerations(pod.spec.tolerations or [], old.spec.tolerations or [])
    if _with_changeable(pod.spec, old.spec) != old.spec:
        errors.append(FieldError.forbidden("spec", _CHANGEABLE))
    return errors


def _padded_images(containers: list[Container], path: str) -> list[FieldError]:
    return [
        FieldError.invalid(f"{path}[{number}].image", container.image, _PADDED)
        for number, container in enumerate(containers)
        if container.image.strip() != container.image
    ]


def _validate_deadline(new: int | None, old: int | None) -> list[FieldError]:
    path = "spec.activeDeadlineSeconds"
    if old is not None and new is None:
        return [FieldError.invalid(path, new, "must not update from a positive integer to nil value")]
    if old is not None and new is not None and new > old:
        return [FieldError.invalid(path, new, "must be less than or equal to previous value")]
    return []


def _validate_tolerations(new: list[Toleration], old: list[Toleration]) -> list[FieldError]:
    without_seconds = []
    for toleration in new:
        timeless = copy(toleration)
        timeless.toleration_seconds = None
        without_seconds.append(timeless)
    for toleration in old:
        timeless = copy(toleration)
        timeless.toleration_seconds = None
        if timeless not in without_seconds:
            detail = "existing toleration can not be modified except its tolerationSeconds"
            return [FieldError.forbidden("spec.tolerations", detail)]
    return validate_tolerations(new, "spec.tolerations")


def _with_changeable(new: PodSpec, old: PodSpec) -> PodSpec:
    """Return a new description with all that may change put back."""
    spec = copy(new)
    for containers, before in (
        (spec.containers, old.containers),
        (spec.init_containers, old.init_containers),
    ):
        for container, known in zip(containers or [], before or [], strict=False):
            container.image = known.image
    spec.active_deadline_seconds = old.active_deadline_seconds
    spec.tolerations = old.tolerations
    grace = old.termination_grace_period_seconds
    if grace is not None and grace < 0 and spec.termination_grace_period_seconds == 1:
        spec.termination_grace_period_seconds = grace
    gates = [gate.name for gate in old.scheduling_gates or []]
    if all(gate.name in gates for gate in spec.scheduling_gates or []):  # gates may be cleared
        spec.scheduling_gates = old.scheduling_gates
    return spec
