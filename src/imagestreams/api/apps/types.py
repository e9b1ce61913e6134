"""The types of `apps/v1`, and the older replication controllers of `v1`: programs that are to run all the time."""

from typing import Any

import msgspec

from imagestreams.api.core import Stored
from imagestreams.api.meta import LabelSelector
from imagestreams.api.pods import IntOrString, PersistentVolumeClaim, PodTemplateSpec
from imagestreams.api.wire import Wire, always


class RollingUpdateDeployment(Wire):
    """How far from the wanted number of pods an update may go."""

    max_unavailable: IntOrString | None = None
    max_surge: IntOrString | None = None


class DeploymentStrategy(Wire):
    """How old pods are replaced by new ones."""

    type: str = ""
    rolling_update: RollingUpdateDeployment | None = None


class DeploymentSpec(Wire):
    """What a deployment should run."""

    replicas: int | None = None
    selector: LabelSelector | None = always()
    template: PodTemplateSpec = msgspec.field(default_factory=PodTemplateSpec)
    strategy: DeploymentStrategy = msgspec.field(default_factory=DeploymentStrategy)
    min_ready_seconds: int = 0
    revision_history_limit: int | None = None
    paused: bool = False
    progress_deadline_seconds: int | None = None


class DeploymentCondition(Wire):
    """The state of one aspect of a deployment."""

    type: str = always("")
    status: str = always("")
    last_update_time: str | None = always()
    last_transition_time: str | None = always()
    reason: str = ""
    message: str = ""


class DeploymentStatus(Wire):
    """What is known to run of a deployment."""

    observed_generation: int = 0
    replicas: int = 0
    updated_replicas: int = 0
    ready_replicas: int = 0
    available_replicas: int = 0
    unavailable_replicas: int = 0
    conditions: list[DeploymentCondition] | None = None
    collision_count: int | None = None


class Deployment(Stored):
    """A program that runs in equal pods and is updated step by step."""

    spec: DeploymentSpec = msgspec.field(default_factory=DeploymentSpec)
    status: DeploymentStatus = msgspec.field(default_factory=DeploymentStatus)


class ReplicaSetSpec(Wire):
    """What a replica set should run."""

    replicas: int | None = None
    min_ready_seconds: int = 0
    selector: LabelSelector | None = always()
    template: PodTemplateSpec = msgspec.field(default_factory=PodTemplateSpec)


class ReplicaSetCondition(Wire):
    """The state of one aspect of a replica set."""

    type: str = always("")
    status: str = always("")
    last_transition_time: str | None = always()
    reason: str = ""
    message: str = ""


class ReplicaSetStatus(Wire):
    """What is known to run of a replica set."""

    replicas: int = always(0)
    fully_labeled_replicas: int = 0
    ready_replicas: int = 0
    available_replicas: int = 0
    observed_generation: int = 0
    conditions: list[ReplicaSetCondition] | None = None


class ReplicaSet(Stored):
    """A number of pods of one template: of a deployment, one of its revisions."""

    spec: ReplicaSetSpec = msgspec.field(default_factory=ReplicaSetSpec)
    status: ReplicaSetStatus = msgspec.field(default_factory=ReplicaSetStatus)


class RollingUpdateStatefulSetStrategy(Wire):
    """Which pods of a stateful set are updated."""

    partition: int | None = None
    max_unavailable: IntOrString | None = None


class StatefulSetUpdateStrategy(Wire):
    """How the pods of a stateful set are updated."""

    type: str = ""
    rolling_update: RollingUpdateStatefulSetStrategy | None = None


class StatefulSetPersistentVolumeClaimRetentionPolicy(Wire):
    """What becomes of a stateful set's claims of storage."""

    when_deleted: str = ""
    when_scaled: str = ""


class StatefulSetOrdinals(Wire):
    """How the pods of a stateful set are numbered."""

    start: int = always(0)


class StatefulSetSpec(Wire):
    """What a stateful set should run."""

    replicas: int | None = None
    selector: LabelSelector | None = always()
    template: PodTemplateSpec = msgspec.field(default_factory=PodTemplateSpec)
    volume_claim_templates: list[PersistentVolumeClaim] | None = None
    service_name: str = always("")
    pod_management_policy: str = ""
    update_strategy: StatefulSetUpdateStrategy = msgspec.field(default_factory=StatefulSetUpdateStrategy)
    revision_history_limit: int | None = None
    min_ready_seconds: int = 0
    persistent_volume_claim_retention_policy: StatefulSetPersistentVolumeClaimRetentionPolicy | None = None
    ordinals: StatefulSetOrdinals | None = None


class StatefulSetCondition(Wire):
    """The state of one aspect of a stateful set."""

    type: str = always("")
    status: str = always("")
    last_transition_time: str | None = always()
    reason: str = ""
    message: str = ""


class StatefulSetStatus(Wire):
    """What is known to run of a stateful set."""

    observed_generation: int = 0
    replicas: int = always(0)
    ready_replicas: int = 0
    current_replicas: int = 0
    updated_replicas: int = 0
    current_revision: str = ""
    update_revision: str = ""
    collision_count: int | None = None
    conditions: list[StatefulSetCondition] | None = None
    available_replicas: int = always(0)


class StatefulSet(Stored):
    """Pods that each have a name and storage of their own."""

    spec: StatefulSetSpec = msgspec.field(default_factory=StatefulSetSpec)
    status: StatefulSetStatus = msgspec.field(default_factory=StatefulSetStatus)


class RollingUpdateDaemonSet(Wire):
    """How many nodes may be without a pod, or have two, during an update."""

    max_unavailable: IntOrString | None = None
    max_surge: IntOrString | None = None


class DaemonSetUpdateStrategy(Wire):
    """How the pods of a daemon set are updated."""

    type: str = ""
    rolling_update: RollingUpdateDaemonSet | None = None


class DaemonSetSpec(Wire):
    """What a daemon set should run."""

    selector: LabelSelector | None = always()
    template: PodTemplateSpec = msgspec.field(default_factory=PodTemplateSpec)
    update_strategy: DaemonSetUpdateStrategy = msgspec.field(default_factory=DaemonSetUpdateStrategy)
    min_ready_seconds: int = 0
    revision_history_limit: int | None = None


class DaemonSetCondition(Wire):
    """The state of one aspect of a daemon set."""

    type: str = always("")
    status: str = always("")
    last_transition_time: str | None = always()
    reason: str = ""
    message: str = ""


class DaemonSetStatus(Wire):
    """What is known to run of a daemon set."""

    current_number_scheduled: int = always(0)
    number_misscheduled: int = always(0)
    desired_number_scheduled: int = always(0)
    number_ready: int = always(0)
    observed_generation: int = 0
    updated_number_scheduled: int = 0
    number_available: int = 0
    number_unavailable: int = 0
    collision_count: int | None = None
    conditions: list[DaemonSetCondition] | None = None


class DaemonSet(Stored):
    """One pod on each node."""

    spec: DaemonSetSpec = msgspec.field(default_factory=DaemonSetSpec)
    status: DaemonSetStatus = msgspec.field(default_factory=DaemonSetStatus)


class ControllerRevision(Stored):
    """A state that a stateful set or daemon set had once, to go back to."""

    data: dict[str, Any] | None = always()
    revision: int = always(0)


class ReplicationControllerSpec(Wire):
    """What a replication controller should run."""

    replicas: int | None = None
    min_ready_seconds: int = 0
    selector: dict[str, str] | None = None
    template: PodTemplateSpec | None = None


class ReplicationControllerCondition(Wire):
    """The state of one aspect of a replication controller."""

    type: str = always("")
    status: str = always("")
    last_transition_time: str | None = always()
    reason: str = ""
    message: str = ""


class ReplicationControllerStatus(Wire):
    """What is known to run of a replication controller."""

    replicas: int = always(0)
    fully_labeled_replicas: int = 0
    ready_replicas: int = 0
    available_replicas: int = 0
    observed_generation: int = 0
    conditions: list[ReplicationControllerCondition] | None = None


class ReplicationController(Stored):
    """A number of pods of one template, in the way before replica sets (`v1`)."""

    spec: ReplicationControllerSpec = msgspec.field(default_factory=ReplicationControllerSpec)
    status: ReplicationControllerStatus = msgspec.field(default_factory=ReplicationControllerStatus)


class ScaleSpec(Wire):
    """How many pods there should be."""

    replicas: int = 0


class ScaleStatus(Wire):
    """How many pods there are."""

    replicas: int = always(0)
    selector: str = ""


class Scale(Stored):
    """The size of a workload (`autoscaling/v1`), as its `scale` subresource shows it."""

    spec: ScaleSpec = msgspec.field(default_factory=ScaleSpec)
    status: ScaleStatus = msgspec.field(default_factory=ScaleStatus)
