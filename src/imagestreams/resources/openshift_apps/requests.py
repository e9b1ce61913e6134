"""`deploymentconfigs/instantiate` and `/rollback`: a new rollout on request, and the way back to an earlier one."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from imagestreams.api.apps.types import ReplicationController
from imagestreams.api.codec import copy, encode
from imagestreams.api.core import ObjectReference
from imagestreams.api.errors import ApiError, FieldError, bad_request, internal, invalid
from imagestreams.api.image import ImageStream
from imagestreams.api.meta import Status
from imagestreams.api.openshift_apps.types import (
    DeploymentCause,
    DeploymentConfig,
    DeploymentConfigRollback,
    DeploymentConfigRollbackSpec,
    DeploymentRequest,
)
from imagestreams.api.openshift_apps.validation import validate_deployment_request, validate_rollback
from imagestreams.resources.openshift_apps.deploymentconfigs import GROUP, InstantiateStrategy
from imagestreams.resources.openshift_apps.rollouts import NoConfig, remembered_config, rollout_name
from imagestreams.resources.openshift_apps.triggers import (
    UnresolvedImages,
    details_of,
    follow_tags,
    image_changes,
    request_causes,
)
from imagestreams.resources.resource import Item, RequestContext, Resource, ResourceInfo
from imagestreams.resources.storage import ObjectStorage
from imagestreams.resources.stored import NamespaceGate, StoredResource
from imagestreams.streams.pull_spec import latest_pull_spec

_NOT_NEEDED: Final = 204


def _info(kind: type[DeploymentRequest] | type[DeploymentConfigRollback], subresource: str) -> ResourceInfo:
    return ResourceInfo(
        group=GROUP,
        version="v1",
        plural="deploymentconfigs",
        kind=kind.__name__,
        object_type=kind,
        verbs=frozenset({"create"}),
        subresource=subresource,
    )


class Instantiate(Resource):
    """`deploymentconfigs/instantiate`: looks up the images that are followed, and counts the next version.

    Where nothing has changed nothing is done, and the answer is a `Status` that says so.
    """

    def __init__(
        self,
        configs: ObjectStorage[DeploymentConfig],
        rollouts: ObjectStorage[ReplicationController],
        streams: ObjectStorage[ImageStream],
        strategy: InstantiateStrategy,
        namespaces: NamespaceGate,
    ) -> None:
        self.info = _info(DeploymentRequest, "instantiate")
        self._configs = StoredResource(configs, strategy, namespaces)
        self._rollouts = rollouts
        self._streams = streams

    async def create(self, context: RequestContext, obj: DeploymentRequest) -> Item:
        config = self._configs.storage.get(context.namespace, context.name).value
        errors = validate_deployment_request(obj, config)
        if errors:
            raise invalid(GROUP, self.info.kind, obj.name, errors)
        _admit_name(context, obj.name)

        def count(current: DeploymentConfig | None) -> DeploymentConfig:
            if current is None:
                raise self._configs.storage.missing(context.name)
            changed = copy(current)
            if obj.latest:
                follow_tags(changed, self._pull_spec, force=obj.force, excluded=obj.exclude_triggers or [])
            causes = self._causes(changed, force=obj.force)
            if not causes:
                raise _NotNeeded
            changed.status.details = details_of(causes)
            changed.status.latest_version += 1
            return changed

        try:
            updated = await self._configs.update(replace(context, patches=True), count)
        except _NotNeeded:
            message = f'deployment config "{context.name}" cannot be instantiated'
            status = Status(kind="Status", api_version="v1", message=message, code=_NOT_NEEDED)
            return Item(status, encode(status))
        return updated.item

    def _causes(self, config: DeploymentConfig, *, force: bool) -> Sequence[DeploymentCause]:
        try:
            return request_causes(config, self._previous(config), force=force)
        except UnresolvedImages:
            name = config.metadata.name
            told = f'cannot trigger a deployment for "{name}" because it contains unresolved images'
            raise bad_request(told) from None
        except NoConfig as error:
            raise internal(str(error)) from error

    def _previous(self, config: DeploymentConfig) -> DeploymentConfig:
        """Return the config as its latest rollout remembers it; before the first one it is itself."""
        version, metadata = config.status.latest_version, config.metadata
        if not version:
            return config
        name = rollout_name(metadata.name, version)
        return remembered_config(self._rollouts.get(metadata.namespace, name).value)

    def _pull_spec(self, reference: ObjectReference) -> str | None:
        name, _, tag = reference.name.partition(":")
        stream = self._streams.find(reference.namespace, name)
        return latest_pull_spec(stream.value, tag) if stream is not None else None


class _NotNeeded(Exception):
    """Nothing has changed since the latest rollout."""


class Rollback(Resource):
    """`deploymentconfigs/rollback`: answers what a config would be at an earlier revision; nothing is stored."""

    def __init__(
        self, configs: ObjectStorage[DeploymentConfig], rollouts: ObjectStorage[ReplicationController]
    ) -> None:
        self.info = _info(DeploymentConfigRollback, "rollback")
        self._configs = configs
        self._rollouts = rollouts

    async def create(self, context: RequestContext, obj: DeploymentConfigRollback) -> Item:
        errors = validate_rollback(obj)
        if errors:
            raise invalid(GROUP, self.info.kind, obj.name, errors)
        _admit_name(context, obj.name)
        entry = self._configs.find(context.namespace, obj.name)
        if entry is None:
            missing = f'deploymentconfigs.{GROUP} "{obj.name}" not found'
            raise self._refused(obj, f'cannot get deployment config "{obj.name}": {missing}')
        config = copy(entry.value)
        target = self._target(obj, config)
        if obj.updated_annotations:
            config.metadata.annotations = {**(config.metadata.annotations or {}), **obj.updated_annotations}
        rolled_back(config, target, obj.spec)
        return Item(config, encode(config))

    def _target(self, rollback: DeploymentConfigRollback, config: DeploymentConfig) -> DeploymentConfig:
        version, wanted = config.status.latest_version, rollback.spec.revision
        if not version:
            raise self._refused(rollback, "cannot rollback an undeployed config")
        if version == 1:
            where = f"{config.metadata.namespace}/{config.metadata.name}"
            raise self._refused(rollback, f'no previous deployment exists for "{where}"')
        if version == wanted:
            raise self._refused(rollback, f"version {wanted} is already the latest")
        name = rollout_name(config.metadata.name, wanted or version - 1)
        entry = self._rollouts.find(config.metadata.namespace, name)
        if entry is None:
            raise self._refused(rollback, f'replicationcontrollers "{name}" not found')
        try:
            return remembered_config(entry.value)
        except NoConfig as error:
            raise self._refused(rollback, f"couldn't decode deployment config from deployment: {error}") from error

    def _refused(self, rollback: DeploymentConfigRollback, why: str) -> ApiError:
        return invalid(GROUP, self.info.kind, rollback.name, [FieldError.invalid("name", rollback.name, why)])


def rolled_back(config: DeploymentConfig, target: DeploymentConfig, wish: DeploymentConfigRollbackSpec) -> None:
    """Bring a config back to an earlier state as far as is wished; the config is changed in place.

    No tag is followed automatically afterwards: it would undo the way back at once.
    """
    spec, before = config.spec, copy(target.spec)
    if wish.include_template:
        spec.template = before.template
    if wish.include_replication_meta:
        spec.replicas, spec.selector = before.replicas, before.selector
    if wish.include_triggers:
        spec.triggers = before.triggers
    if wish.include_strategy:
        spec.strategy = before.strategy
    for params in image_changes(config):
        params.automatic = False
    config.status.latest_version += 1


def _admit_name(context: RequestContext, given: str) -> None:
    if given != context.name:
        raise bad_request(f"the name of the object ({given}) does not match the name on the URL ({context.name})")
