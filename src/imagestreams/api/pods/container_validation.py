"""What containers must look like; rules, order and texts are those of Kubernetes."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from imagestreams.api.errors import FieldError
from imagestreams.api.metadata.object_meta_validation import dns_label_problems
from imagestreams.api.pods.containers import Container, ContainerPort, ContainerResizePolicy
from imagestreams.api.pods.environment_validation import validate_env, validate_env_from
from imagestreams.api.pods.probe_validation import LIVENESS, READINESS, STARTUP, validate_lifecycle, validate_probe
from imagestreams.api.pods.resource_validation import validate_resources
from imagestreams.api.pods.security_validation import validate_container_security
from imagestreams.api.pods.value_rules import (
    backstep_problems,
    descending_path_problems,
    port_name_problems,
    port_problems,
    told,
    validate_choice,
    validate_name,
)
from imagestreams.api.pods.volumes import Volume, VolumeDevice, VolumeMount

_PULL_POLICIES: Final = ("Always", "IfNotPresent", "Never")
_MESSAGE_POLICIES: Final = ("File", "FallbackToLogsOnError")
_PROPAGATIONS: Final = ("Bidirectional", "HostToContainer", "None")
_ONLY_BESIDE: Final = "may not be set for init containers without restartPolicy=Always"


@dataclass(frozen=True, slots=True)
class PodContext:
    """What of the pod matters to its containers."""

    volumes: Mapping[str, Volume]
    claims: Collection[str]
    grace_seconds: int | None
    restart_policy: str
    host_users: bool


def validate_containers(containers: Iterable[Container], pod: PodContext, path: str) -> list[FieldError]:
    """Check the containers that make up the pod: there must be one, and no two have a name or a host's port."""
    errors: list[FieldError] = []
    names: set[str] = set()
    listed = list(containers)
    if not listed:
        return [FieldError.required(path)]
    for number, container in enumerate(listed):
        at = f"{path}[{number}]"
        errors += _validate_common(container, pod, at)
        if container.name in names:
            errors.append(FieldError.duplicate(f"{at}.name", container.name))
        names.add(container.name)
        errors += _validate_hooks(container, pod, at)
        if container.restart_policy is not None:
            errors.append(FieldError.forbidden(f"{at}.restartPolicy", "may not be set for non-init containers"))
    return errors + _validate_host_ports(listed, path)


def validate_init_containers(
    containers: Iterable[Container], others: Iterable[Container], pod: PodContext, path: str
) -> list[FieldError]:
    """Check the containers that run before the `others`, or beside them if they are restarted always."""
    errors: list[FieldError] = []
    names = {container.name for container in others}
    for number, container in enumerate(containers):
        at = f"{path}[{number}]"
        errors += _validate_common(container, pod, at)
        policy = container.restart_policy
        if policy is not None and policy != "Always":
            errors.append(FieldError.not_supported(f"{at}.restartPolicy", policy, ["Always"]))
        if container.name in names:
            errors.append(FieldError.duplicate(f"{at}.name", container.name))
        elif container.name:
            names.add(container.name)
        errors += _validate_host_ports([container], path)
        if policy == "Always":
            errors += _validate_hooks(container, pod, at)
            continue
        for hook, field in (
            (container.lifecycle, "lifecycle"),
            (container.liveness_probe, LIVENESS),
            (container.readiness_probe, READINESS),
            (container.startup_probe, STARTUP),
        ):
            if hook is not None:
                errors.append(FieldError.forbidden(f"{at}.{field}", _ONLY_BESIDE))
    return errors


def _validate_common(container: Container, pod: PodContext, path: str) -> list[FieldError]:
    errors = validate_name(container.name, f"{path}.name", dns_label_problems)
    if not container.image:
        errors.append(FieldError.required(f"{path}.image"))
    errors += validate_choice(
        container.termination_message_policy, f"{path}.terminationMessagePolicy", _MESSAGE_POLICIES
    )
    errors += _validate_ports(container.ports or [], f"{path}.ports")
    errors += validate_env(container.env or [], f"{path}.env")
    errors += validate_env_from(container.env_from or [], f"{path}.envFrom")
    errors += _validate_mounts(container, pod, f"{path}.volumeMounts")
    errors += _validate_devices(container, pod, f"{path}.volumeDevices")
    errors += validate_choice(container.image_pull_policy, f"{path}.imagePullPolicy", _PULL_POLICIES)
    errors += validate_resources(container.resources, pod.claims, f"{path}.resources")
    errors += _validate_resize(container.resize_policy or [], pod.restart_policy, f"{path}.resizePolicy")
    return errors + validate_container_security(
        container.security_context, f"{path}.securityContext", host_users=pod.host_users
    )


def _validate_hooks(container: Container, pod: PodContext, path: str) -> list[FieldError]:
    errors: list[FieldError] = []
    if container.lifecycle is not None:
        errors += validate_lifecycle(container.lifecycle, pod.grace_seconds, f"{path}.lifecycle")
    for probe, kind in (
        (container.liveness_probe, LIVENESS),
        (container.readiness_probe, READINESS),
        (container.startup_probe, STARTUP),
    ):
        errors += validate_probe(probe, kind, pod.grace_seconds, f"{path}.{kind}")
    return errors


def _validate_ports(ports: Iterable[ContainerPort], path: str) -> list[FieldError]:
    errors: list[FieldError] = []
    names: set[str] = set()
    for number, port in enumerate(ports):
        at = f"{path}[{number}]"
        if port.name:
            problems = port_name_problems(port.name)
            errors += told(f"{at}.name", port.name, problems)
            if not problems and port.name in names:
                errors.append(FieldError.duplicate(f"{at}.name", port.name))
            names.add(port.name)
        if not port.container_port:
            errors.append(FieldError.required(f"{at}.containerPort"))
        else:
            errors += told(f"{at}.containerPort", port.container_port, port_problems(port.container_port))
        if port.host_port:
            errors += told(f"{at}.hostPort", port.host_port, port_problems(port.host_port))
        errors += validate_choice(port.protocol, f"{at}.protocol", ("SCTP", "TCP", "UDP"))
    return errors


def _validate_host_ports(containers: Iterable[Container], path: str) -> list[FieldError]:
    errors: list[FieldError] = []
    taken: set[str] = set()
    for number, container in enumerate(containers):
        for index, port in enumerate(container.ports or []):
            if not port.host_port:
                continue
            shown = f"{port.protocol}/{port.host_ip}/{port.host_port}"
            if shown in taken:
                errors.append(FieldError.duplicate(f"{path}[{number}].ports[{index}].hostPort", shown))
            taken.add(shown)
    return errors


def _validate_mounts(container: Container, pod: PodContext, path: str) -> list[FieldError]:
    errors: list[FieldError] = []
    devices = {device.name: device.device_path for device in container.volume_devices or []}
    points: set[str] = set()
    for number, mount in enumerate(container.volume_mounts or []):
        at = f"{path}[{number}]"
        if not mount.name:
            errors.append(FieldError.required(f"{at}.name"))
        if mount.name not in pod.volumes:
            errors.append(FieldError.not_found(f"{at}.name", mount.name))
        if not mount.mount_path:
            errors.append(FieldError.required(f"{at}.mountPath"))
        if mount.mount_path in points:
            errors.append(FieldError.invalid(f"{at}.mountPath", mount.mount_path, "must be unique"))
        points.add(mount.mount_path)
        if mount.name in devices:
            errors.append(FieldError.invalid(f"{at}.name", mount.name, "must not already exist in volumeDevices"))
        if mount.mount_path in devices.values():
            detail = "must not already exist as a path in volumeDevices"
            errors.append(FieldError.invalid(f"{at}.mountPath", mount.mount_path, detail))
        errors += _validate_sub_paths(mount, path, at)
        errors += _validate_propagation(mount, container, path)
    return errors


def _validate_sub_paths(mount: VolumeMount, path: str, at: str) -> list[FieldError]:
    # The real server tells some of this about the list, not about its element.
    errors = told(f"{path}.subPath", mount.sub_path, descending_path_problems(mount.sub_path))
    if mount.sub_path_expr:
        if mount.sub_path:
            detail = "subPathExpr and subPath are mutually exclusive"
            errors.append(FieldError.invalid(f"{at}.subPathExpr", mount.sub_path_expr, detail))
        errors += told(f"{path}.subPathExpr", mount.sub_path_expr, descending_path_problems(mount.sub_path_expr))
    return errors


def _validate_propagation(mount: VolumeMount, container: Container, path: str) -> list[FieldError]:
    errors: list[FieldError] = []
    mode = mount.mount_propagation
    if mode is not None and mode not in _PROPAGATIONS:
        errors.append(FieldError.not_supported(f"{path}.mountPropagation", mode, list(_PROPAGATIONS)))
    privileged = container.security_context is not None and container.security_context.privileged
    if mode == "Bidirectional" and not privileged:
        detail = "Bidirectional mount propagation is available only to privileged containers"
        errors.append(FieldError.forbidden(f"{path}.mountPropagation", detail))
    recursive = mount.recursive_read_only
    if recursive in ("Enabled", "IfPossible"):
        if not mount.read_only:
            detail = "may only be specified when readOnly is true"
            errors.append(FieldError.forbidden(f"{path}.recursiveReadOnly", detail))
        if mode not in (None, "None"):
            detail = "may only be specified when mountPropagation is None or not specified"
            errors.append(FieldError.forbidden(f"{path}.recursiveReadOnly", detail))
    elif recursive not in (None, "Disabled"):
        known = ["Disabled", "Enabled", "IfPossible"]
        errors.append(FieldError.not_supported(f"{path}.recursiveReadOnly", recursive, known))
    return errors


def _validate_devices(container: Container, pod: PodContext, path: str) -> list[FieldError]:
    errors: list[FieldError] = []
    mounts = {mount.name: mount.mount_path for mount in container.volume_mounts or []}
    names: set[str] = set()
    points: set[str] = set()
    for number, device in enumerate(container.volume_devices or []):
        at = f"{path}[{number}]"
        errors += _validate_device_name(device, names, pod, at)
        point = device.device_path
        if not point:
            errors.append(FieldError.required(f"{at}.devicePath"))
        if point in points:
            errors.append(FieldError.invalid(f"{at}.devicePath", point, "must be unique"))
        if backstep_problems(point):
            errors.append(FieldError.invalid(f"{at}.devicePath", point, "can not contain backsteps ('..')"))
        points.add(point)
        if device.name in mounts:
            errors.append(FieldError.invalid(f"{at}.name", device.name, "must not already exist in volumeMounts"))
        if point in mounts.values():
            detail = "must not already exist as a path in volumeMounts"
            errors.append(FieldError.invalid(f"{at}.devicePath", point, detail))
    return errors


def _validate_device_name(device: VolumeDevice, names: set[str], pod: PodContext, path: str) -> list[FieldError]:
    errors = [] if device.name else [FieldError.required(f"{path}.name")]
    if device.name in names:
        errors.append(FieldError.invalid(f"{path}.name", device.name, "must be unique"))
    names.add(device.name)
    volume = pod.volumes.get(device.name)
    if volume is None:
        errors.append(FieldError.not_found(f"{path}.name", device.name))
    elif volume.persistent_volume_claim is None and volume.ephemeral is None:
        detail = "can only use volume source type of PersistentVolumeClaim or Ephemeral for block mode"
        errors.append(FieldError.invalid(f"{path}.name", device.name, detail))
    return errors


def _validate_resize(policies: Iterable[ContainerResizePolicy], restart_policy: str, path: str) -> list[FieldError]:
    errors: list[FieldError] = []
    seen: set[str] = set()
    for number, policy in enumerate(policies):
        if policy.resource_name in seen:
            errors.append(FieldError.duplicate(f"{path}[{number}]", policy.resource_name))
        seen.add(policy.resource_name)
        errors += validate_choice(policy.resource_name, path, ("cpu", "memory"))
        errors += validate_choice(policy.restart_policy, path, ("NotRequired", "RestartContainer"))
        if restart_policy == "Never" and policy.restart_policy != "NotRequired":
            detail = "must be 'NotRequired' when `restartPolicy` is 'Never'"
            errors.append(FieldError.invalid(path, policy.restart_policy, detail))
    return errors
