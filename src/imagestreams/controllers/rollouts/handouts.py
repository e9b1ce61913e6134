"""Hands changes to runners and keeps the record of it: what was begun, what came of it, what has to be taken down."""

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from imagestreams.api.ages import parse_time
from imagestreams.api.codec import copy
from imagestreams.api.core import Stored
from imagestreams.api.meta import ObjectMeta
from imagestreams.controllers.queue import Backoff, RetryLater
from imagestreams.controllers.rollouts.attachments import Attachments
from imagestreams.controllers.rollouts.records import BEGUN, DONE, FAILED, Rollout, record_name, running_template
from imagestreams.controllers.rollouts.seen import NO_RUNNER, Seen
from imagestreams.controllers.rollouts.subjects import Subject
from imagestreams.resources.storage import ObjectStorage
from imagestreams.runners.engine import RunnerError
from imagestreams.runners.runner import Observation, Runner, Workload
from imagestreams.runners.settings import RunnerSettings
from imagestreams.store.cache import Entry

_RETRY: Final = Backoff(first_s=2, longest_s=300)
_log: Final = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class ChosenRunner:
    """A runner, and which workloads are its."""

    settings: RunnerSettings
    runner: Runner


class Handouts:
    """Talks to the runners; `now` gives the time as the API shows it."""

    def __init__(
        self,
        records: ObjectStorage[Rollout],
        runners: Sequence[ChosenRunner],
        attachments: Attachments,
        now: Callable[[], str],
        *,
        retry: Backoff = _RETRY,
    ) -> None:
        self._records = records
        self._runners = runners
        self._attachments = attachments
        self._now = now
        self._retry = retry
        self._looked: dict[str, dict[str, Observation]] = {}
        self._not_before: dict[str, float] = {}

    def record(self, kind: str, namespace: str, name: str) -> Entry[Rollout] | None:
        """Return the record of a workload, if it has one."""
        return self._records.find(namespace, record_name(kind, name))

    def runner_of(self, value: Stored) -> str:
        """Return the name of the runner that takes a workload, empty for none."""
        metadata = value.metadata
        chosen = self._chosen(value.kind, metadata.namespace, metadata.labels or {})
        return chosen.settings.name if chosen is not None else ""

    async def prepare(self, subject: Subject, attempts_max: int = 0) -> Entry[Rollout] | None:
        """Note what is to run; return the record, `None` where nobody runs it or it has to wait.

        Of a job, `attempts_max` is how often it is tried.

        Raises:
            RetryLater: what has to be taken down first can't be.
            StaleObject, ApiError: somebody else noted something.
        """
        chosen = self._chosen(subject.kind, subject.namespace, subject.labels)
        entry = self.record(subject.kind, subject.namespace, subject.name)
        if entry is not None and not _is_of(entry.value, subject, chosen):
            await self.take_down(entry)
            entry = None
        if chosen is None or subject.is_held:
            return entry
        if entry is None:
            return await self._records.create(self._begun(subject, chosen, 1))
        record = entry.value
        if record.fingerprint != subject.fingerprint:
            begun = self._begun(subject, chosen, record.changes + 1)
            # Until the change is through, what ran before it still does.
            begun.replicas, begun.ready = record.replicas, record.ready
            begun.ran_template = running_template(record)
            self._not_before.pop(entry.key, None)
            return await self._records.replace(entry, begun)
        if record.phase == DONE and self._is_wanted_again(subject, record, chosen.runner, attempts_max):
            again = copy(record)
            again.phase, again.message = BEGUN, "what ran has ended"
            again.ran_template = record.template
            # What ends at once must not be begun again and again.
            self._put_off(entry.key, record.attempts)
            return await self._records.replace(entry, again)
        return entry

    def wait_s(self, subject: Subject, entry: Entry[Rollout]) -> float | None:
        """Return in how many seconds a change is to be handed out; `None` when there is nothing to hand out."""
        if subject.is_held or entry.value.phase == DONE:
            return None
        return max(0.0, self._not_before.get(entry.key, 0.0) - asyncio.get_running_loop().time())

    async def carry_out(self, subject: Subject, entry: Entry[Rollout]) -> Entry[Rollout]:
        """Hand a change to its runner, and note what came of it.

        Raises:
            StaleObject: the record is gone.
        """
        runner = self._named(entry.value.runner)
        record = copy(entry.value)
        if runner is None:
            return entry
        record.attempts += 1
        try:
            observation = await runner.roll_out(self._attachments.workload(subject, record.change_id, runner))
        except RunnerError as error:
            record.phase, record.message = FAILED, str(error)
            self._put_off(entry.key, record.attempts)
        else:
            record.phase, record.message = DONE, ""
            record.replicas, record.ready = observation.replicas, observation.ready
            record.succeeded, record.failed = observation.succeeded, observation.failed
            if runner.observes:
                self._looked.setdefault(runner.name, {})[subject.uid] = observation
        record.ended = self._now()
        return await self._records.replace(entry, record)

    async def take_down(self, entry: Entry[Rollout]) -> None:
        """Let nothing of a workload run any more, and forget it.

        Raises:
            RetryLater: its runner can't now.
            StaleObject: the record changed meanwhile.
        """
        record, runner = entry.value, self._named(entry.value.runner)
        if runner is None:
            _log.warning("runner %s is no longer set: what it runs of %s stays", record.runner, _name(record))
        else:
            try:
                await runner.remove(_removed(record))
            except RunnerError as error:
                _log.warning("%s can't be taken down: %s", _name(record), error)
                raise RetryLater(str(error)) from error
        self._not_before.pop(entry.key, None)
        await self._records.remove(entry)

    def seen(
        self, subject: Subject, entry: Entry[Rollout] | None, *, revision: str = "", attempts_max: int = 0
    ) -> Seen:
        """Return what is known of a workload; it is given up after `attempts_max` attempts, with 0 never."""
        chosen = self._chosen(subject.kind, subject.namespace, subject.labels)
        if entry is None:
            problem = subject.missing if chosen is not None else NO_RUNNER
            return Seen(
                subject.replicas, waits=subject.waits, problem=problem, has_runner=chosen is not None, revision=revision
            )
        record = entry.value
        rolled_out = record.phase == DONE and record.fingerprint == subject.fingerprint
        return Seen(
            subject.replicas,
            self._observation(record),
            rolled_out,
            subject.waits,
            subject.missing or record.message,
            has_runner=chosen is not None,
            timed_out=self._is_late(subject, record),
            given_up=bool(attempts_max) and record.attempts >= attempts_max and self._has_failed(record),
            revision=revision,
            begun=record.begun,
            same_template=running_template(record) == subject.template_fingerprint,
        )

    async def look(self) -> list[Rollout]:
        """Look at what runs; return the records of those of which something changed."""
        records = [entry.value for entry in self._records.list()]
        changed = []
        for chosen in self._runners:
            name = chosen.settings.name
            ours = [record for record in records if record.runner == name and record.phase == DONE]
            if not chosen.runner.observes or not ours:
                continue
            try:
                looked = dict(await chosen.runner.observe())
            except RunnerError as error:
                _log.warning("runner %s can't be asked what runs: %s", name, error)
                continue
            before, self._looked[name] = self._looked.get(name), looked
            for record in ours:
                now = looked.get(record.workload_uid, Observation())
                if before is None or before.get(record.workload_uid, Observation()) != now:
                    changed.append(record)
        return changed

    def left_s(self, subject: Subject, entry: Entry[Rollout] | None) -> float | None:
        """Return how many seconds a change has left to come up, `None` where there is no limit or it is reached."""
        begun = parse_time(entry.value.begun) if entry is not None else None
        now = parse_time(self._now())
        if subject.deadline_s is None or begun is None or now is None:
            return None
        left = subject.deadline_s - (now - begun).total_seconds()
        return left if left >= 0 else None

    def _put_off(self, key: str, attempts: int) -> None:
        self._not_before[key] = asyncio.get_running_loop().time() + self._retry.delay_s(attempts)

    def _is_late(self, subject: Subject, record: Rollout) -> bool:
        begun, now = parse_time(record.begun), parse_time(self._now())
        if subject.deadline_s is None or begun is None or now is None:
            return False
        return (now - begun).total_seconds() > subject.deadline_s

    def _observation(self, record: Rollout) -> Observation:
        looked = self._looked.get(record.runner)
        if looked is not None:
            return looked.get(record.workload_uid, Observation())
        return Observation(record.replicas, record.ready, record.succeeded, record.failed)

    def _is_wanted_again(self, subject: Subject, record: Rollout, runner: Runner, attempts_max: int) -> bool:
        """Return whether pods that should run for ever have ended or are gone, or those of a job have failed."""
        if not runner.observes or runner.name not in self._looked:
            return False
        if subject.ends:
            return self._has_failed(record) and record.attempts < attempts_max
        there = self._observation(record)
        return there.replicas - there.succeeded - there.failed < subject.replicas

    def _has_failed(self, record: Rollout) -> bool:
        """Return whether a change could not be carried out, or all that is left of it are pods that failed."""
        there = self._observation(record)
        ended = there.succeeded + there.failed >= there.replicas
        return record.phase == FAILED or (record.phase == DONE and there.failed > 0 and ended)

    def _chosen(self, kind: str, namespace: str, labels: Mapping[str, str]) -> ChosenRunner | None:
        return next((one for one in self._runners if one.settings.takes(kind, namespace, labels)), None)

    def _named(self, name: str) -> Runner | None:
        return next((one.runner for one in self._runners if one.settings.name == name), None)

    def _begun(self, subject: Subject, chosen: ChosenRunner, changes: int) -> Rollout:
        metadata = ObjectMeta(name=record_name(subject.kind, subject.name), namespace=subject.namespace)
        return Rollout(
            metadata=metadata,
            workload_api_version=subject.api_version,
            workload_kind=subject.kind,
            workload_name=subject.name,
            workload_uid=subject.uid,
            runner=chosen.settings.name,
            change_id=subject.change_id(changes),
            changes=changes,
            fingerprint=subject.fingerprint,
            template=subject.template_fingerprint,
            generation=subject.generation,
            phase=BEGUN,
            begun=self._now(),
        )


def _is_of(record: Rollout, subject: Subject, chosen: ChosenRunner | None) -> bool:
    """Return whether a record is about this very workload, and its runner still has it."""
    return record.workload_uid == subject.uid and chosen is not None and record.runner == chosen.settings.name


def _removed(record: Rollout) -> Workload:
    return Workload(
        record.workload_api_version,
        record.workload_kind,
        record.metadata.namespace,
        record.workload_name,
        record.workload_uid,
        0,
        {},
        record.generation,
        record.change_id,
    )


def _name(record: Rollout) -> str:
    return f"{record.workload_kind} {record.metadata.namespace}/{record.workload_name}"
