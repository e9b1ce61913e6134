"""All kinds of workloads as resources, each with its `status` and, where it has a size, its `scale`."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, TypeVar

from imagestreams.api.apps.types import (
    ControllerRevision,
    DaemonSet,
    Deployment,
    ReplicaSet,
    ReplicationController,
    StatefulSet,
)
from imagestreams.api.batch.types import CronJob, Job
from imagestreams.api.core import Stored
from imagestreams.api.pods import Pod
from imagestreams.resources.owning import OwningResource
from imagestreams.resources.resource import Resource
from imagestreams.resources.storage import ObjectStorage
from imagestreams.resources.stored import NamespaceGate, StoredResource
from imagestreams.resources.workloads import apps_kinds, batch_kinds
from imagestreams.resources.workloads.image_admission import ImageAdmission
from imagestreams.resources.workloads.kind import SUBRESOURCE_VERBS, WorkloadKind
from imagestreams.resources.workloads.pods import pod_kind
from imagestreams.resources.workloads.scale import ScaleResource
from imagestreams.resources.workloads.strategies import WorkloadStatusStrategy, WorkloadStrategy
from imagestreams.store.cache import ObservableStore

T = TypeVar("T", bound=Stored)


@dataclass(frozen=True, slots=True)
class WorkloadGroup:
    """The stored kinds, and all that is served of them."""

    deployments: StoredResource[Deployment]
    stateful_sets: StoredResource[StatefulSet]
    daemon_sets: StoredResource[DaemonSet]
    replica_sets: StoredResource[ReplicaSet]
    controller_revisions: StoredResource[ControllerRevision]
    replication_controllers: StoredResource[ReplicationController]
    jobs: StoredResource[Job]
    cron_jobs: StoredResource[CronJob]
    pods: StoredResource[Pod]
    resources: list[Resource]

    def stored(self) -> "list[StoredResource[Any]]":
        """Return the kinds, without their subresources."""
        return [
            self.deployments,
            self.stateful_sets,
            self.daemon_sets,
            self.replica_sets,
            self.controller_revisions,
            self.replication_controllers,
            self.jobs,
            self.cron_jobs,
            self.pods,
        ]

    async def start(self) -> None:
        """Load what is stored."""
        for resource in self.stored():
            await resource.storage.cache.start()

    def stop(self) -> None:
        """Follow the store no longer."""
        for resource in self.stored():
            resource.storage.cache.stop()


def workload_group(
    store: ObservableStore,
    *,
    namespaces: NamespaceGate,
    clock: Callable[[], datetime],
    admit_images: ImageAdmission | None,
) -> WorkloadGroup:
    """Make the resources; the group has to be started before they are used."""
    served: list[Resource] = []

    def made(kind: WorkloadKind[T], images: ImageAdmission | None = admit_images) -> StoredResource[T]:
        info = replace(kind.info, defaults=kind.defaults)
        storage = ObjectStorage(store, info, info.object_type)
        resource = OwningResource(storage, WorkloadStrategy(kind, images), namespaces, kind.default_propagation)
        served.append(resource)
        if kind.validate_status is not None:
            served.append(_status_resource(storage, kind, namespaces))
        if kind.selector_of is not None:
            served.append(ScaleResource(resource, kind.selector_of))
        return resource

    return WorkloadGroup(
        deployments=made(apps_kinds.deployment_kind(clock)),
        stateful_sets=made(apps_kinds.stateful_set_kind(clock)),
        daemon_sets=made(apps_kinds.daemon_set_kind(clock)),
        replica_sets=made(apps_kinds.replica_set_kind(clock)),
        controller_revisions=made(apps_kinds.controller_revision_kind(clock), None),
        replication_controllers=made(apps_kinds.replication_controller_kind(clock)),
        jobs=made(batch_kinds.job_kind(clock)),
        cron_jobs=made(batch_kinds.cron_job_kind(clock)),
        pods=made(pod_kind(clock)),
        resources=served,
    )


def _status_resource(storage: ObjectStorage[T], kind: WorkloadKind[T], namespaces: NamespaceGate) -> StoredResource[T]:
    resource = StoredResource(storage, WorkloadStatusStrategy(kind), namespaces)
    resource.info = replace(
        storage.info,
        subresource="status",
        singular="",
        verbs=SUBRESOURCE_VERBS,
        short_names=(),
        categories=(),
        storage_version_hash="",
    )
    return resource
