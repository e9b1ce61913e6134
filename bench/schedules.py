"""Thousands of scheduled tags in one process: simulated time, real checks at a real registry on this machine.

The clock that the schedule reads is set by the benchmark, second by second, as fast as the checks are done; what is
measured is the time of the processor that this takes, for each simulated second.
"""

import asyncio
import gc
import time
from collections import Counter
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from bench.figures import Figure, Scale
from bench.registry import Registry, running_registry
from imagestreams.access.authorization import BuiltinAuthorizer
from imagestreams.api.codec import copy, from_dict
from imagestreams.api.image import ImageStream, ImageStreamImport
from imagestreams.app.parts import Parts, make_parts
from imagestreams.app.settings.settings import Settings
from imagestreams.controllers.imports.schedule import ScheduledImports
from imagestreams.store.sqlite import SQLiteStore
from imagestreams.streams.platform import LINUX_AMD64

INTERVAL_S = 900
NOW = "2026-01-01T00:00:00Z"
_REPOSITORY_TAGS = 50


def bench_schedules(scale: Scale, directory: Path) -> list[Figure]:
    """Check all tags once to get warm, then through a whole interval."""
    with running_registry(directory) as registry:
        return asyncio.run(_measure(registry, directory, scale.streams, scale.tags))


class _Time:
    def __init__(self) -> None:
        self.now = datetime(2026, 1, 1, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now


async def _measure(registry: Registry, directory: Path, streams: int, tags: int) -> list[Figure]:
    clock, total = _Time(), streams * tags
    async with AsyncExitStack() as stack:
        store = SQLiteStore.open(directory / "store")
        stack.push_async_callback(store.close)
        parts = make_parts(
            store,
            Settings(directory),
            registry_host="127.0.0.1:5000",
            authorizer=BuiltinAuthorizer(),
            platform=LINUX_AMD64,
            clock=clock,
        )
        await parts.core.start()
        await parts.images.start()
        stack.push_async_callback(parts.registries.close)
        await _fill(parts, registry, streams, tags)
        schedule = ScheduledImports(parts.imports, parts.images.streams, clock, interval_s=INTERVAL_S, tick_s=86400)
        running = asyncio.create_task(schedule.run())
        stack.push_async_callback(asyncio.wait, [running])
        stack.callback(schedule.stop)
        while len(schedule) < total:  # noqa: ASYNC110 - it has no event for that
            await asyncio.sleep(0.01)

        await _pass_time(schedule, clock, INTERVAL_S // 2)
        gc.collect()
        memory, mark, revision = _resident_bytes(), registry.mark(), store.revision
        began, used = time.perf_counter(), time.process_time()
        asked = await _pass_time(schedule, clock, INTERVAL_S)
        used, took = time.process_time() - used, time.perf_counter() - began
        gc.collect()
        grown = _resident_bytes() - memory
        methods = Counter(registry.requests(mark))
        busiest = max(asked)
    return [
        Figure(f"{total} scheduled tags: share of one core", 100 * used / INTERVAL_S, "%", 5),
        Figure("simulated seconds done in one", INTERVAL_S / took, "s"),
        Figure("HEAD requests for each tag in an interval", methods["HEAD"] / total, "requests", 1.1),
        Figure("all other requests", sum(methods.values()) - methods["HEAD"], "requests", 3),
        Figure("writes to the store", store.revision - revision, "writes", 0),
        Figure("most checks begun in one second, against the average", busiest * INTERVAL_S / total, "times"),
        Figure("growth of memory in an interval", grown / 2**20, "MiB", 4),
    ]


async def _pass_time(schedule: ScheduledImports, clock: _Time, seconds: int) -> list[int]:
    """Let time pass; return how many checks each second began."""
    begun = []
    for _ in range(seconds):
        clock.now += timedelta(seconds=1)
        begun.append(schedule.turn())
        while not schedule.is_idle:  # noqa: ASYNC110 - it has no event for that
            await asyncio.sleep(0.0005)
    return begun


async def _fill(parts: Parts, registry: Registry, streams: int, tags: int) -> None:
    """Make streams of scheduled tags: one is imported, the others are made like it."""
    request = {
        "metadata": {"name": "s0", "namespace": "bench"},
        "spec": {"import": True, "images": [_image(registry, number) for number in range(tags)]},
    }
    await parts.imports.perform(from_dict(request, ImageStreamImport), NOW)
    storage = parts.images.streams
    first: ImageStream = storage.get("bench", "s0").value

    async def like_it(number: int) -> None:
        value = copy(first)
        value.metadata.name, value.metadata.resource_version = f"s{number}", ""
        await storage.create(value)

    await asyncio.gather(*(like_it(number) for number in range(1, streams)))


def _image(registry: Registry, number: int) -> dict[str, Any]:
    return {
        "from": {"kind": "DockerImage", "name": f"{registry.host}/many:t{number % _REPOSITORY_TAGS:02d}"},
        "to": {"name": f"t{number:02d}"},
        "importPolicy": {"insecure": True, "scheduled": True},
    }


def _resident_bytes() -> int:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * 4096
