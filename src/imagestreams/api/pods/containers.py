"""Containers: what runs, with which resources, and how it is reached."""

import msgspec

from imagestreams.api.pods.environment import EnvFromSource, EnvVar
from imagestreams.api.pods.probes import Lifecycle, Probe
from imagestreams.api.pods.security import SecurityContext
from imagestreams.api.pods.values import Quantity
from imagestreams.api.pods.volumes import VolumeDevice, VolumeMount
from imagestreams.api.wire import Wire, always


class ContainerPort(Wire):
    """A port that a container listens on."""

    name: str = ""
    host_port: int = 0
    container_port: int = always(0)
    protocol: str = ""
    host_ip: str = msgspec.field(default="", name="hostIP")


class ResourceClaim(Wire):
    """A resource of the pod that a container uses."""

    name: str = always("")
    request: str = ""


class ResourceRequirements(Wire):
    """How much a container needs, and how much it may use."""

    limits: dict[str, Quantity] | None = None
    requests: dict[str, Quantity] | None = None
    claims: list[ResourceClaim] | None = None


class ContainerResizePolicy(Wire):
    """What a container does when one of its resources is changed."""

    resource_name: str = always("")
    restart_policy: str = always("")


class Container(Wire):
    """A container that runs in a pod."""

    name: str = always("")
    image: str = ""
    command: list[str] | None = None
    args: list[str] | None = None
    working_dir: str = ""
    ports: list[ContainerPort] | None = None
    env_from: list[EnvFromSource] | None = None
    env: list[EnvVar] | None = None
    resources: ResourceRequirements = msgspec.field(default_factory=ResourceRequirements)
    resize_policy: list[ContainerResizePolicy] | None = None
    restart_policy: str | None = None
    volume_mounts: list[VolumeMount] | None = None
    volume_devices: list[VolumeDevice] | None = None
    liveness_probe: Probe | None = None
    readiness_probe: Probe | None = None
    startup_probe: Probe | None = None
    lifecycle: Lifecycle | None = None
    termination_message_path: str = ""
    termination_message_policy: str = ""
    image_pull_policy: str = ""
    security_context: SecurityContext | None = None
    stdin: bool = False
    stdin_once: bool = False
    tty: bool = False


class EphemeralContainer(Container):
    """A container that is put into a running pod, to look into it."""

    target_container_name: str = ""
