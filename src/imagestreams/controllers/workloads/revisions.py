"""Keeps the history of workloads: a revision for each template that a workload has had, to look at and to go back to.

A deployment's revisions are replica sets, those of stateful sets and daemon sets are controller revisions, named,
labelled and numbered as Kubernetes' own controllers do, so that `kubectl rollout history` and `undo` find them. Going
back to an older template gives its revision the highest number again. What runs, and each status, is not the matter
here. Level-driven: all that is to be known is in the objects; who has which revisions is kept by their owner's uid, so
that the work on one workload does not grow with the number of others.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, Final, TypeVar

from imagestreams.api.apps.types import ControllerRevision, DaemonSet, Deployment, ReplicaSet, StatefulSet
from imagestreams.api.codec import copy
from imagestreams.api.core import Stored
from imagestreams.api.errors import ApiError
from imagestreams.api.metadata.label_selectors import selects
from imagestreams.controllers.events.import_events import NORMAL, Telling
from imagestreams.controllers.events.object_events import Tell, reference_to
from imagestreams.controllers.queue import Backoff, RetryLater, WorkQueue
from imagestreams.controllers.watching import follow, run_fed
from imagestreams.resources.storage import ObjectStorage, StaleObject
from imagestreams.resources.stored import fill_system_fields
from imagestreams.resources.workloads.group import WorkloadGroup
from imagestreams.resources.workloads.ownership import Controlled, controlled_by, controller_of
from imagestreams.resources.workloads.replica_set_history import REVISION, plan_replica_sets
from imagestreams.resources.workloads.revision_history import plan_revisions
from imagestreams.store.cache import Entry

T = TypeVar("T", bound=Stored)
Owner = Deployment | StatefulSet | DaemonSet

COMPONENT: Final = "deployment-controller"
"""Who tells of deployments, as in Kubernetes."""
_BACKOFF: Final = Backoff(first_s=0.05, longest_s=60)
_WORKERS: Final = 32
"""So many workloads are worked on at once: most of the time is waiting for writes, which are committed together."""


class Revisions:
    """Works on all deployments, stateful sets and daemon sets.

    `now` is the time as it is written; `tell` takes the events of deployments.
    """

    def __init__(self, workloads: WorkloadGroup, now: Callable[[], str], tell: Tell) -> None:
        self._replica_sets: ObjectStorage[ReplicaSet] = workloads.replica_sets.storage
        self._revisions: ObjectStorage[ControllerRevision] = workloads.controller_revisions.storage
        owners: Sequence[ObjectStorage[Any]] = (
            workloads.deployments.storage,
            workloads.stateful_sets.storage,
            workloads.daemon_sets.storage,
        )
        self._owners = {storage.info.kind: storage for storage in owners}
        self._prefixes = {storage.prefix(): storage for storage in owners}
        self._sets: Controlled[ReplicaSet] = Controlled()
        self._states: Controlled[ControllerRevision] = Controlled()
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
        owned = [
            follow(self._replica_sets, self._seen_in(self._sets), self._gone_from(self._sets)),
            follow(self._revisions, self._seen_in(self._states), self._gone_from(self._states)),
        ]
        owners = [follow(each, self._seen, self._gone) for each in self._owners.values()]
        await run_fed(self._queue, [*owned, *owners])

    def stop(self) -> None:
        """Let `run` end."""
        self._queue.stop()

    def _seen(self, entry: Entry[Any]) -> None:
        self._queue.add(entry.key)

    def _gone(self, key: str) -> None:
        """What a workload had goes after it: that is the matter of another loop."""

    def _seen_in(self, index: Controlled[T]) -> Callable[[Entry[T]], None]:
        def seen(entry: Entry[T]) -> None:
            index.seen(entry)
            self._add_owner(entry)

        return seen

    def _gone_from(self, index: Controlled[T]) -> Callable[[str], None]:
        def gone(key: str) -> None:
            if (entry := index.gone(key)) is not None:
                self._add_owner(entry)

        return gone

    def _add_owner(self, entry: Entry[Any]) -> None:
        metadata = entry.value.metadata
        owner = controller_of(metadata)
        storage = self._owners.get(owner.kind) if owner is not None else None
        if owner is not None and storage is not None and owner.api_version == storage.info.group_version:
            self._queue.add(storage.key(metadata.namespace, owner.name))

    async def _work(self, key: str) -> None:
        storage = self._prefixes["/".join(key.split("/", 3)[:3]) + "/"]
        entry: Entry[Any] | None = storage.cache.get(key)
        # What is being deleted keeps what it has until it is gone.
        if entry is None or entry.value.metadata.deletion_timestamp:
            return
        try:
            if isinstance(entry.value, Deployment):
                await self._keep_replica_sets(storage, entry)
            else:
                await self._keep_revisions(storage, entry)
        except StaleObject as error:
            raise RetryLater(str(error)) from error

    async def _keep_replica_sets(self, storage: ObjectStorage[Deployment], entry: Entry[Deployment]) -> None:
        deployment = entry.value
        owned = _of(self._replica_sets, self._sets, deployment.metadata.uid)
        for each in await self._adopted(self._replica_sets, self._sets, deployment):
            owned[each.value.metadata.name] = each
        plan = plan_replica_sets(deployment, [each.value for each in owned.values()])
        made = plan.created
        if made is not None and not await self._create(storage, entry, self._replica_sets, self._sets, made):
            return
        if made is not None:
            self._say(deployment, made, 0)
        for before, after in plan.changed:
            self._sets.seen(await self._replica_sets.replace(owned[before.metadata.name], after))
            self._say(deployment, after, before.spec.replicas or 0)
        for gone in plan.removed:
            await self._replica_sets.remove(owned[gone.metadata.name])
        annotations = deployment.metadata.annotations or {}
        if plan.revision and annotations.get(REVISION) != plan.revision:
            value = copy(deployment)
            value.metadata.annotations = dict(sorted({**annotations, REVISION: plan.revision}.items()))
            await storage.replace(entry, value)

    def _say(self, deployment: Deployment, value: ReplicaSet, before: int) -> None:
        """Tell of a replica set's new size, in the words of Kubernetes."""
        after = value.spec.replicas or 0
        if after != before:
            way = "up" if after > before else "down"
            message = f"Scaled {way} replica set {value.metadata.name} from {before} to {after}"
            telling = Telling(NORMAL, "ScalingReplicaSet", message)
            self._tell(reference_to(deployment), telling, self._now(), COMPONENT)

    async def _keep_revisions(self, storage: ObjectStorage[Any], entry: Entry[Any]) -> None:
        owner: StatefulSet | DaemonSet = entry.value
        owned = _of(self._revisions, self._states, owner.metadata.uid)
        for each in await self._adopted(self._revisions, self._states, owner):
            owned[each.value.metadata.name] = each
        plan = plan_revisions(owner, [each.value for each in owned.values()])
        if plan.created is not None:
            await self._create(storage, entry, self._revisions, self._states, plan.created)
        if plan.changed is not None:
            before, after = plan.changed
            self._states.seen(await self._revisions.replace(owned[before.metadata.name], after))
        for gone in plan.removed:
            await self._revisions.remove(owned[gone.metadata.name])

    async def _adopted(self, storage: ObjectStorage[T], index: Controlled[T], owner: Owner) -> list[Entry[T]]:
        """Take over what fits the selector and has no controller, as it is left by a deletion with `Orphan`."""
        found = [
            each
            for each in _newest(storage, index.without(owner.metadata.namespace))
            if selects(owner.spec.selector, each.value.metadata.labels) and not each.value.metadata.deletion_timestamp
        ]
        adopted = []
        for each in found:
            value = copy(each.value)
            value.metadata.owner_references = [*(value.metadata.owner_references or []), controlled_by(owner)]
            entry = await storage.replace(each, value)
            index.seen(entry)
            adopted.append(entry)
        return adopted

    async def _create(
        self,
        owners: ObjectStorage[Any],
        owner: Entry[Any],
        storage: ObjectStorage[T],
        index: Controlled[T],
        value: T,
    ) -> bool:
        """Make a revision; where its name is taken by another object the owner counts that, and comes up again."""
        fill_system_fields(value, storage.info, self._now())
        try:
            index.seen(await storage.create(value))
        except ApiError as error:
            if error.status.code != 409:
                raise
            counted = copy(owner.value)
            counted.status.collision_count = (counted.status.collision_count or 0) + 1
            await owners.replace(owner, counted)
            return False
        return True


def _of(storage: ObjectStorage[T], index: Controlled[T], uid: str) -> dict[str, Entry[T]]:
    """Return what an owner has, by name."""
    return {each.value.metadata.name: each for each in _newest(storage, index.of(uid))}


def _newest(storage: ObjectStorage[T], entries: Iterable[Entry[T]]) -> Iterator[Entry[T]]:
    """Yield the objects as they are now: the index hears of changes a little later, and may miss that one is gone."""
    for each in entries:
        if (now := storage.cache.get(each.key)) is not None and now.value.metadata.uid == each.value.metadata.uid:
            yield now
