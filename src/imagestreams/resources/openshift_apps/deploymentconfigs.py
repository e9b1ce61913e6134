"""Deployment configs: what users write, and what is only the server's.

The status is the server's. A rollout begins when `status.latestVersion` rises: by a request (`instantiate`), by the
loop that looks at triggers, or by an older client that writes the next number with the rest.
"""

from dataclasses import replace
from typing import Final

from imagestreams.access.authorization import Authorizer
from imagestreams.api.codec import copy
from imagestreams.api.errors import FieldError
from imagestreams.api.metadata.object_meta_validation import dns_subdomain_problems
from imagestreams.api.openshift_apps.defaulting import default_deployment_config
from imagestreams.api.openshift_apps.types import DeploymentConfig, DeploymentConfigStatus
from imagestreams.api.openshift_apps.validation import (
    validate_deployment_config,
    validate_deployment_config_status,
    validate_deployment_config_update,
)
from imagestreams.resources.images.pull_rights import require_pull, streams_elsewhere
from imagestreams.resources.openshift_apps.rollouts import CONFIG_LABEL
from imagestreams.resources.openshift_apps.tables import deployment_config_table
from imagestreams.resources.openshift_apps.triggers import image_changes
from imagestreams.resources.resource import ALL_VERBS, RequestContext, ResourceInfo
from imagestreams.resources.storage import ObjectStorage
from imagestreams.resources.stored import NamespaceGate, StoredResource, Strategy
from imagestreams.resources.workloads.image_admission import ImageAdmission
from imagestreams.store.cache import ObservableStore

GROUP: Final = "apps.openshift.io"
DEFAULT_HISTORY_LIMIT: Final = 10


def deployment_config_storage(store: ObservableStore) -> ObjectStorage[DeploymentConfig]:
    """Return where deployment configs are kept."""
    info = ResourceInfo(
        group=GROUP,
        version="v1",
        plural="deploymentconfigs",
        singular="deploymentconfig",
        kind="DeploymentConfig",
        object_type=DeploymentConfig,
        verbs=ALL_VERBS,
        short_names=("dc",),
        categories=("all",),
        table=deployment_config_table(),
        defaults=default_deployment_config,
    )
    return ObjectStorage(store, info, DeploymentConfig)


def selector_of(config: DeploymentConfig) -> str:
    """Return which pods belong to a config, of all its rollouts, as `scale` tells it."""
    labels = {**(config.spec.selector or {}), CONFIG_LABEL: config.metadata.name}
    return ",".join(f"{key}={value}" for key, value in sorted(labels.items()))


class DeploymentConfigStrategy(Strategy[DeploymentConfig]):
    """How users write deployment configs."""

    def __init__(self, authorizer: Authorizer, admit_images: ImageAdmission | None = None) -> None:
        self._authorizer = authorizer
        self._admit_images = admit_images

    async def prepare_create(self, context: RequestContext, value: DeploymentConfig) -> None:
        default_deployment_config(value)
        value.status = DeploymentConfigStatus()
        value.metadata.generation = 1
        for trigger in value.spec.triggers or []:
            if trigger.image_change_params is not None:
                trigger.image_change_params.last_triggered_image = ""
        if value.spec.revision_history_limit is None:
            value.spec.revision_history_limit = DEFAULT_HISTORY_LIMIT

    async def prepare_update(self, context: RequestContext, value: DeploymentConfig, old: DeploymentConfig) -> None:
        default_deployment_config(value)
        wanted = value.status
        value.status = copy(old.status)
        self.keep_of_status(value.status, wanted)

    def keep_of_status(self, status: DeploymentConfigStatus, wanted: DeploymentConfigStatus) -> None:
        """Take over what may be written of the status together with the rest."""
        if wanted.latest_version == status.latest_version + 1:
            status.latest_version = wanted.latest_version

    async def admit(
        self, context: RequestContext, value: DeploymentConfig, old: DeploymentConfig | None
    ) -> list[FieldError]:
        if self._admit_images is not None:
            await self._admit_images(context, value, old)
        # Only now: a tag that is named again stands for the image that is there already.
        if old is not None and (value.spec, value.status.latest_version) != (old.spec, old.status.latest_version):
            value.metadata.generation = old.metadata.generation + 1
        known = _images_elsewhere(old) if old is not None else set()
        await require_pull(self._authorizer, context.user, _images_elsewhere(value) - known)
        return []

    def validate(self, value: DeploymentConfig) -> list[FieldError]:
        return validate_deployment_config(value)

    def validate_update(self, value: DeploymentConfig, old: DeploymentConfig) -> list[FieldError]:
        return validate_deployment_config_update(value, old)

    def validate_name(self, name: str) -> list[str]:
        return dns_subdomain_problems(name)


def _images_elsewhere(config: DeploymentConfig) -> set[tuple[str, str]]:
    return streams_elsewhere([params.from_ for params in image_changes(config)], config.metadata.namespace)


class InstantiateStrategy(DeploymentConfigStrategy):
    """How a request for a rollout writes: the next version, and why."""

    def keep_of_status(self, status: DeploymentConfigStatus, wanted: DeploymentConfigStatus) -> None:
        status.latest_version, status.details = wanted.latest_version, wanted.details


class DeploymentConfigStatusStrategy(Strategy[DeploymentConfig]):
    """How `status` is written."""

    async def prepare_update(self, context: RequestContext, value: DeploymentConfig, old: DeploymentConfig) -> None:
        value.spec, value.metadata.labels = copy(old.spec), old.metadata.labels

    def validate_update(self, value: DeploymentConfig, old: DeploymentConfig) -> list[FieldError]:
        return validate_deployment_config_status(value, old)


class DeploymentConfigStatusResource(StoredResource[DeploymentConfig]):
    """`deploymentconfigs/status`."""

    def __init__(self, storage: ObjectStorage[DeploymentConfig], namespaces: NamespaceGate) -> None:
        super().__init__(storage, DeploymentConfigStatusStrategy(), namespaces)
        self.info = replace(
            storage.info,
            subresource="status",
            singular="",
            verbs=frozenset({"get", "patch", "update"}),
            short_names=(),
            categories=(),
        )
