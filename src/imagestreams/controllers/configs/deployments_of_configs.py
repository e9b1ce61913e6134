"""Rolls deployment configs out: each new version becomes a replication controller, and what runs is told in the status.

What a rollout is, and when there is to be one, is decided by the pure modules of `resources.openshift_apps`; here it is
written. Who runs the pods moves a rollout's phase on (an annotation) and writes the status of its replication
controller. This loop begins rollouts, ends those that a newer one makes superfluous, gives the pods to the newest one
that succeeded, and forgets the oldest. Level-driven: all that is to be known is in the objects.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Final

from msgspec.structs import replace as with_fields

from imagestreams.api.apps.types import ReplicationController
from imagestreams.api.codec import copy
from imagestreams.api.errors import ApiError
from imagestreams.api.openshift_apps.types import DeploymentCondition, DeploymentConfig
from imagestreams.controllers.events.import_events import NORMAL, WARNING, Telling
from imagestreams.controllers.events.object_events import Tell, reference_to
from imagestreams.controllers.queue import Backoff, RetryLater, WorkQueue
from imagestreams.controllers.watching import follow, run_fed
from imagestreams.resources.core.group import SERVER
from imagestreams.resources.openshift_apps import rollouts, status
from imagestreams.resources.openshift_apps.rollouts import CONFIG, NoConfig
from imagestreams.resources.openshift_apps.triggers import image_changes, rollout_due
from imagestreams.resources.resource import DeleteOptions, RequestContext
from imagestreams.resources.storage import ObjectStorage, StaleObject
from imagestreams.resources.stored import StoredResource
from imagestreams.resources.workloads.ownership import Controlled, controlled_by, controller_of
from imagestreams.store.cache import Entry

COMPONENT: Final = "deploymentconfig-controller"
_BACKOFF: Final = Backoff(first_s=0.05, longest_s=60)
_WORKERS: Final = 16
Rollout = Entry[ReplicationController]


class ConfigRollouts:
    """Works on all deployment configs; `now` is the time as it is written."""

    def __init__(
        self,
        configs: ObjectStorage[DeploymentConfig],
        controllers: StoredResource[ReplicationController],
        now: Callable[[], str],
        tell: Tell,
    ) -> None:
        self._configs = configs
        self._controllers = controllers
        self._rollouts: Controlled[ReplicationController] = Controlled()
        self._now = now
        self._tell = tell
        self._queue = WorkQueue(self._work, workers=_WORKERS, backoff=_BACKOFF)

    @property
    def is_idle(self) -> bool:
        """Whether nothing is left to do."""
        return self._queue.is_idle

    async def run(self) -> None:
        """Work until `stop` is called."""
        # What is owned is known before its owners are looked at.
        made = follow(self._controllers.storage, self._seen, self._gone)
        configs = follow(self._configs, lambda entry: self._queue.add(entry.key), lambda key: None)
        await run_fed(self._queue, [made, configs])

    def stop(self) -> None:
        """Let `run` end."""
        self._queue.stop()

    def _seen(self, entry: Rollout) -> None:
        self._rollouts.seen(entry)
        self._add_config(entry)

    def _gone(self, key: str) -> None:
        if (entry := self._rollouts.gone(key)) is not None:
            self._add_config(entry)

    def _add_config(self, entry: Rollout) -> None:
        metadata = entry.value.metadata
        owner = controller_of(metadata)
        name = owner.name if owner is not None and owner.kind == "DeploymentConfig" else ""
        name = name or ((metadata.labels or {}).get(CONFIG, "") if owner is None else "")
        if name:
            self._queue.add(self._configs.key(metadata.namespace, name))

    async def _work(self, key: str) -> None:
        entry = self._configs.cache.get(key)
        if entry is None:
            return
        try:
            await self._reconcile(entry)
        except StaleObject as error:
            raise RetryLater(str(error)) from error

    async def _reconcile(self, entry: Entry[DeploymentConfig]) -> None:
        config = entry.value
        owned = self._rollouts.of(config.metadata.uid)
        if config.metadata.deletion_timestamp:
            return await self._write_status(entry, owned)
        owned += await self._adopt(config)
        if config.spec.paused:
            await self._clean_up(config, owned)
            return await self._write_status(entry, owned)
        values = [each.value for each in owned]
        newest, last = rollouts.newest(values), rollouts.latest(config, values)
        if newest is not None and rollouts.version_of(newest) > config.status.latest_version > 0:
            # In one step: what a rollout says may be far ahead.
            changed = copy(config)
            changed.status.latest_version = rollouts.version_of(newest)
            await self._configs.replace(entry, changed)
            return None
        if last is None and config.status.latest_version:
            owned = await self._end_superseded(config, owned)
        if _waits_for_images(config):
            return await self._write_status(entry, owned)
        try:
            due = rollout_due(config, last)
        except NoConfig as error:
            self._say(config, WARNING, "DeploymentConfigUnreadable", str(error))
            return await self._write_status(entry, owned)
        if due.details is not None:
            changed = copy(config)
            changed.status.details = due.details
            return await self._next_version(entry, changed)
        if due.waits or not config.status.latest_version:
            return await self._write_status(entry, owned)
        if last is None:
            return await self._begin(entry, owned)
        if rollouts.is_over(last):
            owned = await self._scale(config, owned)
            owned = await self._clean_up(config, owned)
            return await self._write_status(entry, owned)
        return await self._write_status(entry, owned, observed=False)

    async def _next_version(self, entry: Entry[DeploymentConfig], changed: DeploymentConfig) -> None:
        """Let a new rollout begin; this change brings the config up again."""
        changed.status.latest_version += 1
        await self._configs.replace(entry, changed)

    async def _begin(self, entry: Entry[DeploymentConfig], owned: list[Rollout]) -> None:
        config = entry.value
        made, namespace = rollouts.make_rollout(config), config.metadata.namespace
        name, version = made.metadata.name, config.status.latest_version
        try:
            await self._controllers.create(self._context(namespace), made)
        except ApiError as error:
            told = f"Couldn't deploy version {version}: {error}"
            self._say(config, WARNING, "DeploymentCreationFailed", told)
            reason = status.CREATE_FAILED_REASON
            failed = status.condition(status.PROGRESSING, "False", reason, str(error), self._now())
            await self._write_status(entry, owned, also=failed)
            raise RetryLater(str(error)) from error
        told = f'Created new replication controller "{name}" for version {version}'
        self._say(config, NORMAL, "DeploymentCreated", told)
        begun = status.condition(status.PROGRESSING, "True", status.CREATED_REASON, told, self._now())
        created = self._controllers.storage.get(namespace, name)
        owned = await self._clean_up(config, [*owned, created])
        await self._write_status(entry, owned, also=begun)

    async def _end_superseded(self, config: DeploymentConfig, owned: list[Rollout]) -> list[Rollout]:
        """End the rollouts under way: a newer version is wanted."""
        kept: list[Rollout] = []
        for each in owned:
            if rollouts.is_over(each.value):
                kept.append(each)
                continue
            value = copy(each.value)
            value.metadata.annotations = {
                **(value.metadata.annotations or {}),
                rollouts.CANCELLED: "true",
                rollouts.REASON: rollouts.SUPERSEDED,
                rollouts.PHASE: rollouts.FAILED,
            }
            kept.append(await self._replace(each, value))
            version = config.status.latest_version
            told = f'Cancelled deployment "{value.metadata.name}" superceded by version {version}'
            self._say(config, NORMAL, "DeploymentCancelled", told)
        return kept

    async def _scale(self, config: DeploymentConfig, owned: list[Rollout]) -> list[Rollout]:
        """Give the wanted pods to the newest rollout that succeeded, and none to all others."""
        current = rollouts.active([each.value for each in owned])
        kept: list[Rollout] = []
        for each in owned:
            is_active = current is not None and each.value.metadata.name == current.metadata.name
            wanted = config.spec.replicas if is_active and not config.spec.test else 0
            if each.value.spec.replicas == wanted:
                kept.append(each)
                continue
            before = each.value.spec.replicas or 0
            value = copy(each.value)
            value.spec.replicas = wanted
            value.metadata.generation += 1
            kept.append(await self._replace(each, value))
            name = value.metadata.name
            told = f'Scaled replication controller "{name}" from {before} to {wanted}'
            self._say(config, NORMAL, "ReplicationControllerScaled", told)
        return kept

    async def _clean_up(self, config: DeploymentConfig, owned: list[Rollout]) -> list[Rollout]:
        """Forget the oldest rollouts, as far as the config keeps fewer."""
        gone = {each.metadata.name for each in rollouts.superfluous(config, [each.value for each in owned])}
        for name in sorted(gone):
            context = replace(self._context(config.metadata.namespace), name=name)
            try:
                await self._controllers.delete(context, DeleteOptions(propagation_policy="Background"))
            except ApiError as error:
                if error.status.code != 404:
                    raise
        return [each for each in owned if each.value.metadata.name not in gone]

    async def _adopt(self, config: DeploymentConfig) -> list[Rollout]:
        """Take over rollouts without a controller, as they are left by a deletion with `Orphan`."""
        adopted: list[Rollout] = []
        for each in self._rollouts.without(config.metadata.namespace):
            metadata = each.value.metadata
            if (metadata.labels or {}).get(CONFIG) != config.metadata.name or metadata.deletion_timestamp:
                continue
            value = copy(each.value)
            value.metadata.owner_references = [*(metadata.owner_references or []), controlled_by(config)]
            adopted.append(await self._replace(each, value))
        return adopted

    async def _replace(self, entry: Rollout, value: ReplicationController) -> Rollout:
        written = await self._controllers.storage.replace(entry, value)
        self._rollouts.seen(written)
        return written

    async def _write_status(
        self,
        entry: Entry[DeploymentConfig],
        owned: list[Rollout],
        *,
        observed: bool = True,
        also: DeploymentCondition | None = None,
    ) -> None:
        config = entry.value
        values = [each.value for each in owned]
        new = status.status_of(config, values, self._now(), observed=observed, also=also)
        if new != config.status:
            await self._configs.replace(entry, with_fields(config, status=new))

    def _context(self, namespace: str) -> RequestContext:
        return RequestContext(SERVER, self._now(), namespace)

    def _say(self, config: DeploymentConfig, kind: str, reason: str, message: str) -> None:
        self._tell(reference_to(config), Telling(kind, reason, message), self._now(), COMPONENT)


def _waits_for_images(config: DeploymentConfig) -> bool:
    """Return whether a container has no image yet: such a template is never rolled out."""
    template = config.spec.template
    containers = template.spec.containers or [] if template is not None else []
    missing = any(not container.image.strip() for container in containers)
    followed = image_changes(config)
    return missing or (not config.status.latest_version and any(not one.last_triggered_image for one in followed))
