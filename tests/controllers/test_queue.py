"""The work queue: nothing is lost, nothing is done twice at a time, what fails comes later and later."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from imagestreams.controllers.queue import Backoff, RetryLater, WorkQueue


@asynccontextmanager
async def running(queue: WorkQueue) -> AsyncIterator[None]:
    task = asyncio.create_task(queue.run())
    try:
        yield
    finally:
        queue.stop()
        await asyncio.wait_for(task, 10)


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not holds():  # noqa: ASYNC110 - any condition can be waited for
            await asyncio.sleep(0.001)


def recorded(into: list[str]) -> Callable[[str], Awaitable[None]]:
    async def work(key: str) -> None:
        into.append(key)

    return work


async def test_a_key_that_waits_is_worked_on_once() -> None:
    done: list[str] = []
    queue = WorkQueue(recorded(done), workers=1)
    for key in ("a", "b", "a", "a"):
        queue.add(key)

    async with running(queue):
        await until(lambda: len(done) >= 2)
        await asyncio.sleep(0)

    assert done == ["a", "b"]


async def test_work_that_hangs_in_one_lane_holds_up_no_other() -> None:
    go, done = asyncio.Event(), []

    async def work(key: str) -> None:
        if key.startswith("hangs"):
            await go.wait()
        done.append(key)

    queue = WorkQueue(work, workers=2, lane=lambda key: key.split("-")[0])
    for number in range(3):
        queue.add(f"hangs-{number}")

    async with running(queue):
        await asyncio.sleep(0)
        queue.add("quick-0")
        queue.add("quick-1")
        await until(lambda: done == ["quick-0", "quick-1"])
        assert queue.depth == 3

        go.set()
        await until(lambda: queue.is_idle)

    assert sorted(done) == ["hangs-0", "hangs-1", "hangs-2", "quick-0", "quick-1"]


async def test_a_key_that_changes_during_its_work_comes_up_again() -> None:
    started, go = asyncio.Event(), asyncio.Event()
    active, most, done = 0, 0, 0

    async def work(key: str) -> None:
        nonlocal active, most, done
        active += 1
        most = max(most, active)
        started.set()
        await go.wait()
        active -= 1
        done += 1

    queue = WorkQueue(work, workers=4)
    async with running(queue):
        queue.add("a")
        await started.wait()
        queue.add("a")
        queue.add("a")
        go.set()
        await until(lambda: done == 2)
        await asyncio.sleep(0.01)

    assert (most, done) == (1, 2)


async def test_no_more_keys_are_worked_on_at_a_time_than_there_are_workers() -> None:
    active, most, done = 0, 0, 0

    async def work(key: str) -> None:
        nonlocal active, most, done
        active += 1
        most = max(most, active)
        await asyncio.sleep(0.001)
        active -= 1
        done += 1

    queue = WorkQueue(work, workers=3)
    for number in range(20):
        queue.add(str(number))
    async with running(queue):
        await until(lambda: done == 20)

    assert most == 3


async def test_a_failed_key_is_tried_again_and_others_are_not_held_up() -> None:
    done: list[str] = []

    async def work(key: str) -> None:
        done.append(key)
        if key == "bad" and done.count("bad") < 3:
            raise RetryLater("not yet") if done.count("bad") == 1 else ValueError("a bug")

    queue = WorkQueue(work, workers=1, backoff=Backoff(first_s=0.001))
    queue.add("bad")
    queue.add("good")
    async with running(queue):
        await until(lambda: done.count("bad") == 3)

    assert done == ["bad", "good", "bad", "bad"]


def test_the_backoff_doubles_up_to_its_longest_time() -> None:
    backoff = Backoff(first_s=1, longest_s=10)

    assert [backoff.delay_s(failures) for failures in range(1, 7)] == [1, 2, 4, 8, 10, 10]
    assert backoff.delay_s(10_000) == 10


async def test_of_several_times_the_earliest_counts() -> None:
    done: list[str] = []
    queue = WorkQueue(recorded(done), workers=1)

    async with running(queue):
        queue.add_after("a", 3600)
        queue.add_after("a", 0.001)
        queue.add_after("a", 3600)
        await until(lambda: done == ["a"])


async def test_stopping_cancels_what_runs_and_takes_no_more() -> None:
    started, cancelled = asyncio.Event(), asyncio.Event()

    async def work(key: str) -> None:
        started.set()
        try:
            await asyncio.sleep(3600)
        except asyncio.CancelledError:
            cancelled.set()
            raise

    queue = WorkQueue(work)
    task = asyncio.create_task(queue.run())
    queue.add("a")
    await started.wait()

    queue.stop()
    queue.add("b")
    queue.add_after("c", 0)
    await asyncio.wait_for(task, 10)

    assert cancelled.is_set()
