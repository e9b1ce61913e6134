"""Jobs start by their timetables, over a real store and a clock that the test puts forward."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from imagestreams.access.identity import User
from imagestreams.api.batch.types import CronJob, Job, JobCondition
from imagestreams.api.codec import copy, from_dict
from imagestreams.api.core import ObjectReference
from imagestreams.controllers.cronjobs.loop import CronJobs
from imagestreams.controllers.events.import_events import Telling
from imagestreams.controllers.workloads.finished_jobs import FinishedJobs, expires
from imagestreams.resources.resource import RequestContext
from imagestreams.resources.workloads.group import workload_group
from imagestreams.store.sqlite import SQLiteStore

ROUNDS = 500


class Room:
    """A server's workloads with the loops that start and forget jobs."""

    def __init__(self, store: SQLiteStore) -> None:
        self.now = datetime(2026, 11, 25, 3, 0, tzinfo=UTC)
        self.group = workload_group(store, namespaces=lambda namespace: None, clock=self.clock, admit_images=None)
        self.told: list[str] = []
        self.runs = True
        self.looks = 0
        """How often a cron job was looked at."""
        self._loops: list[Any] = []
        self._tasks: list[asyncio.Task[None]] = []

    def clock(self) -> datetime:
        return self.now

    @property
    def context(self) -> RequestContext:
        return RequestContext(User("ann"), f"{self.now:%Y-%m-%dT%H:%M:%SZ}", "ns")

    def run(self) -> None:
        def runs_jobs(namespace: str, labels: Mapping[str, str]) -> bool:
            self.looks += 1
            return self.runs

        def tell(about: ObjectReference, telling: Telling, now: str, component: str) -> None:
            self.told.append(f"{telling.reason}: {telling.message}")

        self._loops = [CronJobs(self.group, runs_jobs, self.clock, tell), FinishedJobs(self.group.jobs, self.clock)]
        self._tasks = [asyncio.create_task(loop.run()) for loop in self._loops]

    async def halt(self) -> None:
        for loop in self._loops:
            loop.stop()
        await asyncio.gather(*self._tasks)
        self._loops = []

    async def restart_at(self, hour: int, minute: int) -> None:
        """Put the clock forward; a loop that begins anew looks at everything, as after a restart."""
        await self.halt()
        self.now = self.now.replace(hour=hour, minute=minute)
        self.looks = 0
        self.run()

    async def until(self, holds: Callable[[], bool]) -> None:
        for _ in range(ROUNDS):
            await asyncio.sleep(0.01)
            if holds() and all(loop.is_idle for loop in self._loops):
                return
        raise AssertionError(f"the loops did not come to it: {self.jobs}, {self.told}")

    async def schedule(self, **spec: Any) -> None:
        document = {
            "metadata": {"name": "c"},
            "spec": {
                "schedule": "*/10 * * * *",
                "jobTemplate": {
                    "spec": {
                        "template": {
                            "spec": {"restartPolicy": "Never", "containers": [{"name": "c", "image": "busybox"}]}
                        }
                    }
                },
                **spec,
            },
        }
        await self.group.cron_jobs.create(self.context, from_dict(document, CronJob))

    @property
    def cron_job(self) -> CronJob:
        return self.group.cron_jobs.storage.get("ns", "c").value

    @property
    def jobs(self) -> list[str]:
        return [entry.value.metadata.name for entry in self.group.jobs.storage.list("ns")]

    async def finish(self, name: str, outcome: str = "Complete") -> None:
        entry = self.group.jobs.storage.get("ns", name)
        value = copy(entry.value)
        condition = JobCondition(type=outcome, status="True", last_transition_time=self.context.now)
        value.status.conditions = [condition]
        value.status.start_time = value.status.completion_time = self.context.now
        await self.group.jobs.storage.replace(entry, value)


@pytest.fixture
async def room(tmp_path: Path) -> AsyncIterator[Room]:
    store = SQLiteStore.open(tmp_path / "store")
    room = Room(store)
    await room.group.start()
    yield room
    await room.halt()
    room.group.stop()
    await store.close()


async def test_a_job_starts_at_each_time_and_is_followed_to_its_end(room: Room) -> None:
    await room.schedule()
    await room.restart_at(3, 10)
    await room.until(lambda: len(room.jobs) == 1)

    (name,) = room.jobs
    assert [each.name for each in room.cron_job.status.active or []] == [name]
    assert room.cron_job.status.last_schedule_time == "2026-11-25T03:10:00Z"

    await room.finish(name)
    await room.until(lambda: room.cron_job.status.active is None)
    assert room.cron_job.status.last_successful_time == "2026-11-25T03:10:00Z"
    assert room.told == [
        f"SuccessfulCreate: Created job {name}",
        f"SawCompletedJob: Saw completed job: {name}, condition: Complete",
    ]


async def test_a_restart_starts_nothing_twice(room: Room) -> None:
    await room.schedule()
    await room.restart_at(3, 10)
    await room.until(lambda: len(room.jobs) == 1)

    for _ in range(3):
        await room.restart_at(3, 10)
        await room.until(lambda: room.looks > 0)

    assert len(room.jobs) == 1


async def test_a_job_whose_note_was_lost_in_a_crash_is_found_again(room: Room) -> None:
    await room.schedule()
    await room.restart_at(3, 10)
    await room.until(lambda: len(room.jobs) == 1)
    await room.halt()
    entry = room.group.cron_jobs.storage.get("ns", "c")
    value = copy(entry.value)
    value.status.active, value.status.last_schedule_time = None, None
    await room.group.cron_jobs.storage.replace(entry, value)

    room.run()
    await room.until(lambda: room.cron_job.status.last_schedule_time is not None)

    assert len(room.jobs) == 1
    assert [each.name for each in room.cron_job.status.active or []] == room.jobs


async def test_without_a_runner_nothing_starts(room: Room) -> None:
    room.runs = False
    await room.schedule()

    await room.restart_at(4, 0)
    await room.until(lambda: room.looks > 0)

    assert room.jobs == []
    assert room.cron_job.status.last_schedule_time is None


async def test_a_running_job_is_replaced_if_that_is_wished(room: Room) -> None:
    await room.schedule(concurrencyPolicy="Replace")
    await room.restart_at(3, 10)
    await room.until(lambda: len(room.jobs) == 1)
    (first,) = room.jobs

    await room.restart_at(3, 20)
    await room.until(lambda: room.jobs != [first] and len(room.jobs) == 1)

    assert [each.name for each in room.cron_job.status.active or []] == room.jobs
    assert f"SuccessfulDelete: Deleted job {first}" in room.told


async def test_old_jobs_are_forgotten(room: Room) -> None:
    await room.schedule(successfulJobsHistoryLimit=1)
    for minute in (10, 20, 30):
        await room.restart_at(3, minute)
        await room.until(lambda: any("c-" in name for name in room.jobs) and room.cron_job.status.active is not None)
        active = room.cron_job.status.active
        assert active is not None
        await room.finish(active[0].name)
        await room.until(lambda: room.cron_job.status.active is None)

    await room.until(lambda: len(room.jobs) == 1)
    assert room.jobs == [f"c-{int(room.now.timestamp()) // 60}"]


async def test_a_finished_job_goes_after_its_time(room: Room) -> None:
    document = {
        "metadata": {"name": "once"},
        "spec": {
            "ttlSecondsAfterFinished": 60,
            "template": {"spec": {"restartPolicy": "Never", "containers": [{"name": "c", "image": "busybox"}]}},
        },
    }
    await room.group.jobs.create(room.context, from_dict(document, Job))
    await room.finish("once", "Failed")
    finished = room.group.jobs.storage.get("ns", "once").value
    assert expires(finished) == room.now + timedelta(seconds=60)

    await room.restart_at(3, 2)

    # The deletion is marked, and waits for who removes what the job owns.
    await room.until(lambda: _deleted(room) is not None)


def test_only_finished_jobs_that_say_so_expire() -> None:
    over = from_dict({"status": {"conditions": [{"type": "Complete", "status": "True"}]}}, Job)
    running = from_dict({"spec": {"ttlSecondsAfterFinished": 0}}, Job)

    assert expires(over) is None
    assert expires(running) is None


def _deleted(room: Room) -> str | None:
    return room.group.jobs.storage.get("ns", "once").value.metadata.deletion_timestamp
