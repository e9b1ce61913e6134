"""Hands every change of a workload to its runner, once, and writes what came of it into the workload's status.

Level-driven. A change is noted before its runner is called, so that one that a crash interrupted is handed out again,
under the same id; a failed one is tried again later and later. What a runner can look at is looked at from time to
time, and brought back if it is gone. Only this loop writes the status of workloads.
"""

import asyncio
import logging
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import replace
from typing import Any, Final

from imagestreams.api.apps.types import (
    ControllerRevision,
    DaemonSet,
    Deployment,
    ReplicaSet,
    ReplicationController,
    StatefulSet,
)
from imagestreams.api.batch.types import Job
from imagestreams.api.codec import copy
from imagestreams.api.core import Stored
from imagestreams.api.errors import ApiError
from imagestreams.api.meta import OwnerReference
from imagestreams.api.openshift_apps.types import DeploymentConfig
from imagestreams.api.pods import Pod
from imagestreams.controllers.events.import_events import NORMAL, WARNING, Telling
from imagestreams.controllers.events.object_events import Tell, reference_to
from imagestreams.controllers.queue import Backoff, RetryLater, WorkQueue
from imagestreams.controllers.rollouts.attachments import Attachments
from imagestreams.controllers.rollouts.attempts import Attempts
from imagestreams.controllers.rollouts.configs import config_subject, fails, shown, wanted_rollout
from imagestreams.controllers.rollouts.deployment_statuses import left_without_runner_s
from imagestreams.controllers.rollouts.handouts import ChosenRunner, Handouts
from imagestreams.controllers.rollouts.job_statuses import is_finished
from imagestreams.controllers.rollouts.pod_statuses import is_over
from imagestreams.controllers.rollouts.records import FAILED, Rollout
from imagestreams.controllers.rollouts.seen import Seen
from imagestreams.controllers.rollouts.statuses import is_anothers, replica_set_status, status_of
from imagestreams.controllers.rollouts.subjects import Subject, subject_of
from imagestreams.controllers.watching import follow, run_fed
from imagestreams.resources.openshift_apps.rollouts import COMPLETE, is_cancelled, phase_of
from imagestreams.resources.storage import ObjectStorage, StaleObject
from imagestreams.resources.workloads.group import WorkloadGroup
from imagestreams.resources.workloads.ownership import Controlled, controller_of
from imagestreams.resources.workloads.replica_set_history import revision_of
from imagestreams.store.cache import Entry
from imagestreams.store.kv import StoreClosed

COMPONENT: Final = "rollout-controller"
LOOK_INTERVAL_S: Final = 10.0
_CONFLICT: Final = Backoff(first_s=0.05, longest_s=60)
_WORKERS: Final = 16
_log: Final = logging.getLogger(__name__)
_JOB_ATTEMPTS: Final = 6
"""How often a failed job is tried again where it does not say."""


class Rollouts:
    """Works on all workloads.

    `runners` is asked once for those that there are, when the server is up. `tell` takes events, `now` is the time as
    the API shows it.
    """

    def __init__(
        self,
        workloads: WorkloadGroup,
        configs: ObjectStorage[DeploymentConfig],
        records: ObjectStorage[Rollout],
        attachments: Attachments,
        runners: Callable[[], Sequence[ChosenRunner]],
        tell: Tell,
        now: Callable[[], str],
        *,
        look_interval_s: float = LOOK_INTERVAL_S,
        retry: Backoff | None = None,
    ) -> None:
        self._configs = configs
        self._records = records
        self._attachments = attachments
        self._make_runners = runners
        self._tell = tell
        self._now = now
        self._look_interval_s = look_interval_s
        self._retry = retry
        self._replica_sets: ObjectStorage[ReplicaSet] = workloads.replica_sets.storage
        self._controllers: ObjectStorage[ReplicationController] = workloads.replication_controllers.storage
        self._revisions: ObjectStorage[ControllerRevision] = workloads.controller_revisions.storage
        storages: Sequence[ObjectStorage[Any]] = (
            workloads.deployments.storage,
            workloads.stateful_sets.storage,
            workloads.daemon_sets.storage,
            workloads.jobs.storage,
            workloads.pods.storage,
            self._replica_sets,
            self._controllers,
            configs,
        )
        self._kinds = {storage.info.kind: storage for storage in storages}
        self._prefixes = {storage.prefix(): storage for storage in storages}
        self._sets: Controlled[ReplicaSet] = Controlled()
        self._rollouts: Controlled[ReplicationController] = Controlled()
        self._states: Controlled[ControllerRevision] = Controlled()
        self._attempts = Attempts()
        self._queue = WorkQueue(self._work, workers=_WORKERS, backoff=_CONFLICT, lane=self._runner_of)
        self._handouts: Handouts | None = None

    @property
    def is_idle(self) -> bool:
        """Whether nothing is worked on or waits for a worker."""
        return self._queue.is_idle

    async def run(self) -> None:
        """Work until `stop` is called."""
        await self._records.cache.start()
        runners = self._make_runners()
        options = {"retry": self._retry} if self._retry is not None else {}
        self._handouts = Handouts(self._records, runners, self._attachments, self._now, **options)
        for entry in list(self._records.list()):
            self._add_record(entry.value)
        try:
            await run_fed(self._queue, [*self._watches(), *([self._look()] if runners else [])])
        finally:
            self._records.cache.stop()

    def stop(self) -> None:
        """Let `run` end; a runner's program that is under way is ended, and the change handed out again next time."""
        self._queue.stop()

    def _watches(self) -> list[Coroutine[Any, Any, None]]:
        """Return the watches; what is owned is known before its owners are looked at."""
        owned = (self._replica_sets, self._controllers)
        plain = [storage for storage in self._prefixes.values() if storage not in owned]
        return [
            follow(self._revisions, self._seen_in(self._states), self._gone_from(self._states)),
            follow(self._replica_sets, self._seen_in(self._sets), self._gone_from(self._sets)),
            follow(self._controllers, self._seen_in(self._rollouts), self._gone_from(self._rollouts)),
            *(follow(storage, self._seen_itself, self._gone_itself) for storage in plain),
        ]

    def _seen_in(self, index: Controlled[Any]) -> Callable[[Entry[Any]], None]:
        def seen(entry: Entry[Any]) -> None:
            index.seen(entry)
            self._add_owner_or_self(entry)
            if _is_broken_off(entry.value):
                self._attempts.break_off(entry.key)

        return seen

    def _seen_itself(self, entry: Entry[Any]) -> None:
        self._queue.add(entry.key)
        if _is_broken_off(entry.value):
            self._attempts.break_off(entry.key)

    def _gone_itself(self, key: str) -> None:
        self._queue.add(key)
        self._attempts.break_off(key)

    def _gone_from(self, index: Controlled[Any]) -> Callable[[str], None]:
        def gone(key: str) -> None:
            self._attempts.break_off(key)
            if (entry := index.gone(key)) is not None:
                self._add_owner_or_self(entry)

        return gone

    def _add_owner_or_self(self, entry: Entry[Any]) -> None:
        metadata = entry.value.metadata
        owner = controller_of(metadata)
        storage = self._storage_of(owner)
        if owner is not None and storage is not None:
            self._queue.add(storage.key(metadata.namespace, owner.name))
        elif not isinstance(entry.value, ControllerRevision):
            self._queue.add(entry.key)

    def _add_record(self, record: Rollout) -> None:
        storage = self._kinds.get(record.workload_kind)
        if storage is not None:
            self._queue.add(storage.key(record.metadata.namespace, record.workload_name))

    async def _look(self) -> None:
        assert self._handouts is not None
        while True:
            try:
                await self._look_once(self._handouts)
            except Exception:
                # What a program tells may be odd; it is asked again all the same.
                _log.exception("what runs could not be looked at")
            await asyncio.sleep(self._look_interval_s)

    async def _look_once(self, handouts: Handouts) -> None:
        for record in await handouts.look():
            self._add_record(record)

    def _stored(self, key: str) -> tuple[ObjectStorage[Any], Entry[Any] | None]:
        storage = self._prefixes["/".join(key.split("/", 3)[:3]) + "/"]
        return storage, storage.cache.get(key)

    def _record(self, storage: ObjectStorage[Any], key: str) -> Entry[Rollout] | None:
        assert self._handouts is not None
        # An owner may be named as nothing can be.
        namespace, _, name = key.removeprefix(storage.prefix()).partition("/")
        return self._handouts.record(storage.info.kind, namespace, name)

    def _runner_of(self, key: str) -> str:
        """Return the name of the runner whose programs the work on a workload may wait for, empty for none."""
        assert self._handouts is not None
        storage, entry = self._stored(key)
        if (record := self._record(storage, key)) is not None:
            return record.value.runner
        return self._handouts.runner_of(entry.value) if entry is not None else ""

    async def _work(self, key: str) -> None:
        assert self._handouts is not None
        storage, entry = self._stored(key)
        try:
            if entry is None or entry.value.metadata.deletion_timestamp:
                if (record := self._record(storage, key)) is not None:
                    await self._handouts.take_down(record)
            elif isinstance(entry.value, DeploymentConfig):
                await self._work_on_config(self._handouts, entry)
            elif self._is_own(entry.value):
                await self._work_on(self._handouts, storage, entry)
        except StaleObject as error:
            raise RetryLater(str(error)) from error
        except ApiError as error:
            if error.status.code != 409:
                raise
            raise RetryLater(error.status.message) from error
        except StoreClosed:
            self._queue.stop()

    def _is_own(self, value: Stored) -> bool:
        """Return whether an object is run for itself, and not as a part of another that we run."""
        return self._storage_of(controller_of(value.metadata)) is None

    def _storage_of(self, owner: OwnerReference | None) -> ObjectStorage[Any] | None:
        """Return where an owner is kept; `None` for one of a group or kind that we do not run, whatever its name."""
        storage = self._kinds.get(owner.kind) if owner is not None else None
        if owner is None or storage is None or owner.api_version.rpartition("/")[0] != storage.info.group:
            return None
        return storage

    async def _work_on(self, handouts: Handouts, storage: ObjectStorage[Any], entry: Entry[Any]) -> None:
        value = entry.value
        subject = subject_of(value)
        if subject is None or _has_ended(value):
            return
        attempts_max = 0
        if isinstance(value, Job):
            limit = value.spec.backoff_limit
            attempts_max = 1 + (_JOB_ATTEMPTS if limit is None else limit)
        was_run = handouts.record(subject.kind, subject.namespace, subject.name) is not None
        record = await handouts.prepare(subject, attempts_max)
        seen = self._seen(handouts, value, subject, record, attempts_max)
        if not seen.has_runner and not was_run and (isinstance(value, Pod) or is_anothers(value.status)):
            # Somebody outside runs it, and says so himself.
            return
        entry = await self._show(storage, entry, seen)
        wait_s = handouts.wait_s(subject, record) if record is not None and not seen.given_up else None
        if record is not None and wait_s == 0:
            record = await self._attempt(handouts.carry_out(subject, record), value)
            if record is None:
                self._queue.add(entry.key)
                return
            self._say(value, record.value)
            seen = self._seen(handouts, value, subject, record, attempts_max)
            entry = await self._show(storage, entry, seen)
            wait_s = handouts.wait_s(subject, record)
        if isinstance(value, Job) and seen.timed_out and record is not None:
            await handouts.take_down(record)
            return
        self._come_back(entry.key, wait_s, self._left_s(handouts, entry.value, subject, record, seen))

    def _come_back(self, key: str, *times_s: float | None) -> None:
        times = [one for one in times_s if one is not None]
        if times:
            # A little later than due, so that the timer never comes too early.
            self._queue.add_after(key, min(times) + 0.05)

    def _seen(
        self, handouts: Handouts, value: Stored, subject: Subject, record: Entry[Rollout] | None, attempts_max: int = 0
    ) -> Seen:
        seen = handouts.seen(subject, record, revision=self._revision(value), attempts_max=attempts_max)
        if seen.has_runner or not isinstance(value, Deployment):
            return seen
        return replace(seen, timed_out=left_without_runner_s(value, self._now()) == 0)

    def _left_s(
        self, handouts: Handouts, value: Stored, subject: Subject, record: Entry[Rollout] | None, seen: Seen
    ) -> float | None:
        """Return in how many seconds it has to be said that a change takes too long; `None` for never."""
        if seen.complete or seen.timed_out or subject.waits:
            return None
        if not seen.has_runner:
            return left_without_runner_s(value, self._now()) if isinstance(value, Deployment) else None
        left_s = handouts.left_s(subject, record)
        # The times of the API are whole seconds: too late is what is a second over.
        return None if left_s is None else left_s + 1

    def _revision(self, value: Stored) -> str:
        """Return the name of the object that stands for a workload's newest template."""
        uid = value.metadata.uid
        if isinstance(value, Deployment):
            sets = max(self._sets.of(uid), key=lambda each: revision_of(each.value.metadata), default=None)
            return sets.value.metadata.name if sets is not None else ""
        if isinstance(value, (StatefulSet, DaemonSet)):
            state = max(self._states.of(uid), key=lambda each: each.value.revision, default=None)
            return state.value.metadata.name if state is not None else ""
        return ""

    async def _show(self, storage: ObjectStorage[Any], entry: Entry[Any], seen: Seen) -> Entry[Any]:
        """Write a status, and that of a deployment's replica sets, where they changed."""
        now = self._now()
        entry = await _write_status(storage, entry, status_of(entry.value, seen, now))
        if isinstance(entry.value, Deployment) and seen.has_runner:
            for each in self._sets.of(entry.value.metadata.uid):
                is_newest = each.value.metadata.name == seen.revision
                state = replica_set_status(each.value, seen if is_newest else Seen(0), now)
                self._sets.seen(await _write_status(self._replica_sets, each, state))
        return entry

    async def _work_on_config(self, handouts: Handouts, entry: Entry[DeploymentConfig]) -> None:
        config = entry.value
        rollouts = [each.value for each in self._rollouts.of(config.metadata.uid)]
        wanted = wanted_rollout(config, rollouts)
        subject = config_subject(config, wanted) if wanted is not None else None
        if subject is None:
            await self._show_rollouts(config, wanted, None)
            return
        record = await handouts.prepare(subject)
        seen = handouts.seen(subject, record)
        await self._show_rollouts(config, wanted, seen)
        if wanted is not None and fails(wanted, seen):
            # What succeeded before it is what runs next.
            return
        if record is not None and wanted is not None and handouts.wait_s(subject, record) == 0:
            record = await self._attempt(handouts.carry_out(subject, record), config, wanted)
            if record is None:
                self._queue.add(entry.key)
                return
            self._say(config, record.value)
            await self._show_rollouts(config, wanted, handouts.seen(subject, record))
        if record is not None:
            seen = handouts.seen(subject, record)
            left = None if seen.complete or seen.timed_out else handouts.left_s(subject, record)
            self._come_back(entry.key, handouts.wait_s(subject, record), None if left is None else left + 1)

    async def _attempt(self, work: Coroutine[Any, Any, Entry[Rollout]], *values: Stored) -> Entry[Rollout] | None:
        """Carry out what objects ask for; return what is noted of it, `None` when one was broken off meanwhile."""
        keys = [self._key(value) for value in values]
        return await self._attempts.make(work, keys, lambda: any(map(self._is_gone_or_broken_off, values)))

    def _key(self, value: Stored) -> str:
        return self._kinds[value.kind].key(value.metadata.namespace, value.metadata.name)

    def _is_gone_or_broken_off(self, value: Stored) -> bool:
        """Return whether an object is gone, or broken off, since it was looked at."""
        now: Entry[Any] | None = self._kinds[value.kind].cache.get(self._key(value))
        return now is None or now.value.metadata.uid != value.metadata.uid or _is_broken_off(now.value)

    def _say(self, value: Stored, record: Rollout) -> None:
        """Tell of a rollout that is through, or failed."""
        if record.phase == FAILED:
            telling = Telling(WARNING, "FailedRollout", f"runner {record.runner}: {record.message}")
        else:
            telling = Telling(NORMAL, "RolledOut", f"runner {record.runner} carried out change {record.change_id}")
        self._tell(reference_to(value), telling, self._now(), COMPONENT)

    async def _show_rollouts(
        self, config: DeploymentConfig, wanted: ReplicationController | None, seen: Seen | None
    ) -> None:
        for each in self._rollouts.of(config.metadata.uid):
            is_wanted = wanted is not None and each.value.metadata.name == wanted.metadata.name
            after = shown(each.value, wanted=is_wanted, seen=seen if is_wanted else None, now=self._now())
            if after is not each.value:
                self._rollouts.seen(await self._controllers.replace(each, after))


def _is_broken_off(value: Stored) -> bool:
    """Return whether an object is deleted, or a rollout cancelled in time: a complete one goes on running its pods."""
    if value.metadata.deletion_timestamp:
        return True
    return isinstance(value, ReplicationController) and is_cancelled(value) and phase_of(value) != COMPLETE


def _has_ended(value: Stored) -> bool:
    return (isinstance(value, Job) and is_finished(value)) or (isinstance(value, Pod) and is_over(value))


async def _write_status(storage: ObjectStorage[Any], entry: Entry[Any], status: Any) -> Entry[Any]:
    if status == entry.value.status:
        return entry
    value = copy(entry.value)
    value.status = status
    return await storage.replace(entry, value)
