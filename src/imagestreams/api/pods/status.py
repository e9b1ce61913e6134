"""How a pod is, as whatever runs it reports it."""

import msgspec

from imagestreams.api.pods.containers import ResourceRequirements
from imagestreams.api.pods.values import Quantity
from imagestreams.api.wire import Wire, always


class PodCondition(Wire):
    """The state of one aspect of a pod."""

    type: str = always("")
    status: str = always("")
    last_probe_time: str | None = always()
    last_transition_time: str | None = always()
    reason: str = ""
    message: str = ""


class HostIP(Wire):
    """An address of the node."""

    ip: str = always("")


class PodIP(Wire):
    """An address of the pod."""

    ip: str = always("")


class ContainerStateWaiting(Wire):
    """Why a container does not run yet."""

    reason: str = ""
    message: str = ""


class ContainerStateRunning(Wire):
    """Since when a container runs."""

    started_at: str | None = always()


class ContainerStateTerminated(Wire):
    """How a container ended."""

    exit_code: int = always(0)
    signal: int = 0
    reason: str = ""
    message: str = ""
    started_at: str | None = always()
    finished_at: str | None = always()
    container_id: str = msgspec.field(default="", name="containerID")


class ContainerState(Wire):
    """What a container is doing; at most one field is set."""

    waiting: ContainerStateWaiting | None = None
    running: ContainerStateRunning | None = None
    terminated: ContainerStateTerminated | None = None


class VolumeMountStatus(Wire):
    """How a volume is mounted."""

    name: str = always("")
    mount_path: str = always("")
    read_only: bool = False
    recursive_read_only: str | None = None


class LinuxContainerUser(Wire):
    """As whom a process runs on Linux."""

    uid: int = always(0)
    gid: int = always(0)
    supplemental_groups: list[int] | None = None


class ContainerUser(Wire):
    """As whom the first process of a container runs."""

    linux: LinuxContainerUser | None = None


class ResourceHealth(Wire):
    """The health of one device."""

    resource_id: str = msgspec.field(default_factory=lambda: "", name="resourceID")
    health: str = ""


class ResourceStatus(Wire):
    """The health of the devices of one resource."""

    name: str = always("")
    resources: list[ResourceHealth] | None = None


class ContainerStatus(Wire):
    """How a container is."""

    name: str = always("")
    state: ContainerState = msgspec.field(default_factory=ContainerState)
    last_state: ContainerState = msgspec.field(default_factory=ContainerState)
    ready: bool = always(False)
    restart_count: int = always(0)
    image: str = always("")
    image_id: str = msgspec.field(default_factory=lambda: "", name="imageID")
    container_id: str = msgspec.field(default="", name="containerID")
    started: bool | None = None
    allocated_resources: dict[str, Quantity] | None = None
    resources: ResourceRequirements | None = None
    volume_mounts: list[VolumeMountStatus] | None = None
    user: ContainerUser | None = None
    allocated_resources_status: list[ResourceStatus] | None = None


class PodResourceClaimStatus(Wire):
    """The claim that was made for a pod."""

    name: str = always("")
    resource_claim_name: str | None = None


class PodStatus(Wire):
    """How a pod is."""

    phase: str = ""
    conditions: list[PodCondition] | None = None
    message: str = ""
    reason: str = ""
    nominated_node_name: str = ""
    host_ip: str = msgspec.field(default="", name="hostIP")
    host_ips: list[HostIP] | None = msgspec.field(default=None, name="hostIPs")
    pod_ip: str = msgspec.field(default="", name="podIP")
    pod_ips: list[PodIP] | None = msgspec.field(default=None, name="podIPs")
    start_time: str | None = None
    init_container_statuses: list[ContainerStatus] | None = None
    container_statuses: list[ContainerStatus] | None = None
    qos_class: str = ""
    ephemeral_container_statuses: list[ContainerStatus] | None = None
    resize: str = ""
    resource_claim_statuses: list[PodResourceClaimStatus] | None = None
