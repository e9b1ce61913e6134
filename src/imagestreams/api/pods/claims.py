"""Claims for storage, as stateful sets and ephemeral volumes hold them in templates."""

import msgspec

from imagestreams.api.core import Stored
from imagestreams.api.meta import LabelSelector
from imagestreams.api.pods.metadata import ObjectMeta
from imagestreams.api.pods.values import Quantity
from imagestreams.api.wire import Wire, always


class VolumeResourceRequirements(Wire):
    """How much storage is asked for."""

    limits: dict[str, Quantity] | None = None
    requests: dict[str, Quantity] | None = None


class TypedLocalObjectReference(Wire):
    """A pointer to an object of any kind in the same namespace."""

    api_group: str | None = always()
    kind: str = always("")
    name: str = always("")


class TypedObjectReference(Wire):
    """A pointer to an object of any kind."""

    api_group: str | None = always()
    kind: str = always("")
    name: str = always("")
    namespace: str | None = None


class PersistentVolumeClaimSpec(Wire):
    """The storage that is wished for."""

    access_modes: list[str] | None = None
    selector: LabelSelector | None = None
    resources: VolumeResourceRequirements = msgspec.field(default_factory=VolumeResourceRequirements)
    volume_name: str = ""
    storage_class_name: str | None = None
    volume_mode: str | None = None
    data_source: TypedLocalObjectReference | None = None
    data_source_ref: TypedObjectReference | None = None
    volume_attributes_class_name: str | None = None


class PersistentVolumeClaimTemplate(Wire):
    """A claim that is made together with its pod."""

    metadata: ObjectMeta = msgspec.field(default_factory=ObjectMeta)
    spec: PersistentVolumeClaimSpec = msgspec.field(default_factory=PersistentVolumeClaimSpec)


class PersistentVolumeClaimCondition(Wire):
    """The state of one aspect of a claim."""

    type: str = always("")
    status: str = always("")
    last_probe_time: str | None = always()
    last_transition_time: str | None = always()
    reason: str = ""
    message: str = ""


class ModifyVolumeStatus(Wire):
    """How far a change of a volume's attributes has come."""

    target_volume_attributes_class_name: str = ""
    status: str = always("")


class PersistentVolumeClaimStatus(Wire):
    """The storage that a claim got."""

    phase: str = ""
    access_modes: list[str] | None = None
    capacity: dict[str, Quantity] | None = None
    conditions: list[PersistentVolumeClaimCondition] | None = None
    allocated_resources: dict[str, Quantity] | None = None
    allocated_resource_statuses: dict[str, str] | None = None
    current_volume_attributes_class_name: str | None = None
    modify_volume_status: ModifyVolumeStatus | None = None


class PersistentVolumeClaim(Stored):
    """A claim for storage."""

    metadata: ObjectMeta = msgspec.field(default_factory=ObjectMeta)
    spec: PersistentVolumeClaimSpec = msgspec.field(default_factory=PersistentVolumeClaimSpec)
    status: PersistentVolumeClaimStatus = msgspec.field(default_factory=PersistentVolumeClaimStatus)
