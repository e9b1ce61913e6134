"""The group of deployment configs, and what is asked of them."""

from dataclasses import dataclass

from imagestreams.access.authorization import Authorizer
from imagestreams.api.apps.types import ReplicationController
from imagestreams.api.image import ImageStream
from imagestreams.api.openshift_apps.types import DeploymentConfig
from imagestreams.resources.openshift_apps.deploymentconfigs import (
    DeploymentConfigStatusResource,
    DeploymentConfigStrategy,
    InstantiateStrategy,
    deployment_config_storage,
    selector_of,
)
from imagestreams.resources.openshift_apps.requests import Instantiate, Rollback
from imagestreams.resources.owning import OwningResource
from imagestreams.resources.resource import Resource
from imagestreams.resources.storage import ObjectStorage
from imagestreams.resources.stored import NamespaceGate, StoredResource
from imagestreams.resources.workloads.image_admission import ImageAdmission
from imagestreams.resources.workloads.scale import ScaleResource
from imagestreams.store.cache import ObservableStore


@dataclass(frozen=True, slots=True)
class OpenShiftAppsGroup:
    """The stored configs, and all that is served."""

    configs: StoredResource[DeploymentConfig]
    resources: list[Resource]

    async def start(self) -> None:
        """Load what is stored."""
        await self.configs.storage.cache.start()

    def stop(self) -> None:
        """Follow the store no longer."""
        self.configs.storage.cache.stop()


def openshift_apps_group(
    store: ObservableStore,
    *,
    rollouts: ObjectStorage[ReplicationController],
    streams: ObjectStorage[ImageStream],
    authorizer: Authorizer,
    namespaces: NamespaceGate,
    admit_images: ImageAdmission | None = None,
) -> OpenShiftAppsGroup:
    """Make the resources; the group has to be started before they are used."""
    storage = deployment_config_storage(store)
    configs = OwningResource(storage, DeploymentConfigStrategy(authorizer, admit_images), namespaces)
    instantiate = InstantiateStrategy(authorizer, admit_images)
    resources: list[Resource] = [
        configs,
        DeploymentConfigStatusResource(storage, namespaces),
        ScaleResource(configs, selector_of),
        Instantiate(storage, rollouts, streams, instantiate, namespaces),
        Rollback(storage, rollouts),
    ]
    return OpenShiftAppsGroup(configs, resources)
