"""What the server fills in where a pod template says nothing, so that it shows what a real cluster shows.

Pure: each function changes the template that it is given. The values are those of Kubernetes. Some it fills in only
for pods themselves, not in templates: requests from limits, ports of the host, service links.
"""

from collections.abc import Iterable
from typing import Final

from imagestreams.api.empty_values import drop_empty
from imagestreams.api.pods.claims import PersistentVolumeClaim, PersistentVolumeClaimSpec
from imagestreams.api.pods.containers import Container, ResourceRequirements
from imagestreams.api.pods.environment import EnvVar
from imagestreams.api.pods.pod import Pod, PodSpec, PodTemplateSpec
from imagestreams.api.pods.probes import HTTPGetAction, Lifecycle, Probe
from imagestreams.api.pods.quantities import QuantityError, parse_quantity
from imagestreams.api.pods.security import PodSecurityContext
from imagestreams.api.pods.values import Quantity
from imagestreams.api.pods.volume_defaulting import default_selector, default_volume
from imagestreams.reference import DEFAULT_TAG, InvalidReference, parse

ALWAYS: Final = "Always"
_MILLI: Final = -3


def default_pod_template(template: PodTemplateSpec) -> None:
    """Fill in all that a template leaves out."""
    default_pod_spec(template.spec)
    drop_empty(template)


def default_pod(pod: Pod) -> None:
    """Fill in all that a pod leaves out."""
    default_pod_spec(pod.spec)
    containers = [*(pod.spec.init_containers or []), *(pod.spec.containers or [])]
    for container in containers:
        resources = container.resources
        if resources.limits is not None:
            resources.requests = {**resources.limits, **(resources.requests or {})}
        for port in container.ports or []:
            if pod.spec.host_network and not port.host_port:
                port.host_port = port.container_port
    if pod.spec.enable_service_links is None:
        pod.spec.enable_service_links = True


def default_pod_spec(spec: PodSpec) -> None:
    """Fill in all that the description of a pod leaves out."""
    spec.restart_policy = spec.restart_policy or ALWAYS
    spec.dns_policy = spec.dns_policy or "ClusterFirst"
    spec.scheduler_name = spec.scheduler_name or "default-scheduler"
    if spec.termination_grace_period_seconds is None:
        spec.termination_grace_period_seconds = 30
    if spec.security_context is None:
        spec.security_context = PodSecurityContext()
    # Two names for one field: the older one is always answered as well.
    spec.service_account_name = spec.service_account_name or spec.service_account
    spec.service_account = spec.service_account_name
    spec.overhead = _resource_list(spec.overhead)
    if spec.resources is not None:
        default_resources(spec.resources)
    for volume in spec.volumes or []:
        default_volume(volume)
        if volume.ephemeral is not None and volume.ephemeral.volume_claim_template is not None:
            default_claim_spec(volume.ephemeral.volume_claim_template.spec)
    for container in [*(spec.init_containers or []), *(spec.containers or []), *(spec.ephemeral_containers or [])]:
        default_container(container)


def default_container(container: Container) -> None:
    """Fill in all that a container leaves out."""
    container.termination_message_path = container.termination_message_path or "/dev/termination-log"
    container.termination_message_policy = container.termination_message_policy or "File"
    container.image_pull_policy = container.image_pull_policy or pull_policy(container.image)
    for port in container.ports or []:
        port.protocol = port.protocol or "TCP"
    default_env(container.env or [])
    default_resources(container.resources)
    for probe in (container.liveness_probe, container.readiness_probe, container.startup_probe):
        if probe is not None:
            _probe(probe)
    if container.lifecycle is not None:
        _lifecycle(container.lifecycle)


def default_env(variables: Iterable[EnvVar]) -> None:
    """Fill in what the sources of variables leave out."""
    for variable in variables:
        if variable.value_from is not None:
            default_selector(variable.value_from.field_ref)
            default_selector(variable.value_from.resource_field_ref)


def default_resources(resources: ResourceRequirements) -> None:
    """Bring requests and limits into the form in which they are answered."""
    resources.limits = _resource_list(resources.limits)
    resources.requests = _resource_list(resources.requests)


def default_claim(claim: PersistentVolumeClaim) -> None:
    """Fill in all that a claim in a template leaves out."""
    claim.kind, claim.api_version = claim.kind or "PersistentVolumeClaim", claim.api_version or "v1"
    claim.status.phase = claim.status.phase or "Pending"
    claim.status.capacity = _resource_list(claim.status.capacity)
    claim.status.allocated_resources = _resource_list(claim.status.allocated_resources)
    default_claim_spec(claim.spec)
    drop_empty(claim)


def default_claim_spec(spec: PersistentVolumeClaimSpec) -> None:
    """Fill in all that the description of a claim leaves out."""
    if spec.volume_mode is None:
        spec.volume_mode = "Filesystem"
    spec.resources.limits = _resource_list(spec.resources.limits)
    spec.resources.requests = _resource_list(spec.resources.requests)


def pull_policy(image: str) -> str:
    """Return when an image is pulled if nothing is said of it: always if its tag is `latest`, named or not."""
    try:
        tag = parse(image).docker_client_defaults().tag
    except InvalidReference:
        tag = ""
    return ALWAYS if tag == DEFAULT_TAG else "IfNotPresent"


def _probe(probe: Probe) -> None:
    probe.timeout_seconds = probe.timeout_seconds or 1
    probe.period_seconds = probe.period_seconds or 10
    probe.success_threshold = probe.success_threshold or 1
    probe.failure_threshold = probe.failure_threshold or 3
    if probe.http_get is not None:
        _http_get(probe.http_get)
    if probe.grpc is not None and probe.grpc.service is None:
        probe.grpc.service = ""


def _lifecycle(lifecycle: Lifecycle) -> None:
    for handler in (lifecycle.post_start, lifecycle.pre_stop):
        if handler is not None and handler.http_get is not None:
            _http_get(handler.http_get)


def _http_get(action: HTTPGetAction) -> None:
    action.path = action.path or "/"
    action.scheme = action.scheme or "HTTP"


def _resource_list(amounts: dict[str, Quantity] | None) -> dict[str, Quantity] | None:
    """Return amounts in canonical form, none finer than a thousandth."""
    return None if amounts is None else {name: _amount(amount) for name, amount in amounts.items()}


def _amount(quantity: Quantity) -> str:
    try:
        return str(parse_quantity(quantity).rounded_up(_MILLI))
    except QuantityError:
        return str(quantity)
