"""Pods, and the templates of pods that every workload contains."""

import msgspec

from imagestreams.api.core import LocalObjectReference, Stored
from imagestreams.api.pods.containers import Container, EphemeralContainer, ResourceRequirements
from imagestreams.api.pods.metadata import ObjectMeta
from imagestreams.api.pods.scheduling import Affinity, PodSchedulingGate, Toleration, TopologySpreadConstraint
from imagestreams.api.pods.security import PodSecurityContext
from imagestreams.api.pods.status import PodStatus
from imagestreams.api.pods.values import Quantity
from imagestreams.api.pods.volumes import Volume
from imagestreams.api.wire import Wire, always


class HostAlias(Wire):
    """A line of the hosts file."""

    ip: str = always("")
    hostnames: list[str] | None = None


class PodDNSConfigOption(Wire):
    """An option of the resolver."""

    name: str = ""
    value: str | None = None


class PodDNSConfig(Wire):
    """How names are resolved, beside what the DNS policy gives."""

    nameservers: list[str] | None = None
    searches: list[str] | None = None
    options: list[PodDNSConfigOption] | None = None


class PodReadinessGate(Wire):
    """A condition that must hold for the pod to be ready."""

    condition_type: str = always("")


class PodOS(Wire):
    """The operating system of a pod."""

    name: str = always("")


class PodResourceClaim(Wire):
    """A device or the like that the pod uses."""

    name: str = always("")
    resource_claim_name: str | None = None
    resource_claim_template_name: str | None = None


class PodSpec(Wire):
    """What a pod is to be."""

    volumes: list[Volume] | None = None
    init_containers: list[Container] | None = None
    containers: list[Container] | None = always()
    ephemeral_containers: list[EphemeralContainer] | None = None
    restart_policy: str = ""
    termination_grace_period_seconds: int | None = None
    active_deadline_seconds: int | None = None
    dns_policy: str = ""
    node_selector: dict[str, str] | None = None
    service_account_name: str = ""
    service_account: str = ""
    automount_service_account_token: bool | None = None
    node_name: str = ""
    host_network: bool = False
    host_pid: bool = msgspec.field(default=False, name="hostPID")
    host_ipc: bool = msgspec.field(default=False, name="hostIPC")
    share_process_namespace: bool | None = None
    security_context: PodSecurityContext | None = None
    image_pull_secrets: list[LocalObjectReference] | None = None
    hostname: str = ""
    subdomain: str = ""
    affinity: Affinity | None = None
    scheduler_name: str = ""
    tolerations: list[Toleration] | None = None
    host_aliases: list[HostAlias] | None = None
    priority_class_name: str = ""
    priority: int | None = None
    dns_config: PodDNSConfig | None = None
    readiness_gates: list[PodReadinessGate] | None = None
    runtime_class_name: str | None = None
    enable_service_links: bool | None = None
    preemption_policy: str | None = None
    overhead: dict[str, Quantity] | None = None
    topology_spread_constraints: list[TopologySpreadConstraint] | None = None
    set_hostname_as_fqdn: bool | None = msgspec.field(default=None, name="setHostnameAsFQDN")
    os: PodOS | None = None
    host_users: bool | None = None
    scheduling_gates: list[PodSchedulingGate] | None = None
    resource_claims: list[PodResourceClaim] | None = None
    resources: ResourceRequirements | None = None


class PodTemplateSpec(Wire):
    """What the pods of a workload are made from."""

    metadata: ObjectMeta = msgspec.field(default_factory=ObjectMeta)
    spec: PodSpec = msgspec.field(default_factory=PodSpec)


class Pod(Stored):
    """Containers that run together."""

    spec: PodSpec = msgspec.field(default_factory=PodSpec)
    status: PodStatus = msgspec.field(default_factory=PodStatus)
