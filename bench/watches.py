"""How soon many watchers know of a write."""

import asyncio
import statistics
import time
from pathlib import Path

import aiohttp

from bench.content import STREAMS, fill, send, session
from bench.figures import Figure, Scale
from tests.running_server import RunningServer

_PAUSE_S = 0.05
_LINE_MAX = 1 << 20


def bench_watches(scale: Scale, directory: Path) -> list[Figure]:
    """Measure until the last watcher has the event of a write: from sending the write, and from its answer."""
    with RunningServer(directory / "watches") as server:
        asyncio.run(fill(server, 10, scale.tags))
        since_sent_ms, since_answered_ms = asyncio.run(_delays(server, scale))
    name = f"last of {scale.watchers} watchers after the write's"
    return [
        Figure(f"{name} answer, median", statistics.median(since_answered_ms), "ms", 10),
        Figure(f"{name} answer, longest", max(since_answered_ms), "ms"),
        Figure(f"{name} sending, median", statistics.median(since_sent_ms), "ms"),
        Figure(f"{name} sending, longest", max(since_sent_ms), "ms"),
    ]


async def _delays(server: RunningServer, scale: Scale) -> tuple[list[float], list[float]]:
    path = f"{STREAMS}/app-0003"
    async with session(server) as client:
        seen: asyncio.Queue[float] = asyncio.Queue()
        watchers = [asyncio.create_task(_watch(client, seen)) for _ in range(scale.watchers)]
        # Each watcher first gets what is there.
        for _ in watchers:
            await asyncio.wait_for(seen.get(), 30)
        since_sent_ms, since_answered_ms = [], []
        for turn in range(scale.writes):
            await asyncio.sleep(_PAUSE_S)
            patch = {"metadata": {"annotations": {"turn": str(turn)}}}
            sent = time.perf_counter()
            await send(client, "PATCH", path, patch, headers={"Content-Type": "application/merge-patch+json"})
            answered = time.perf_counter()
            arrivals = [await asyncio.wait_for(seen.get(), 30) for _ in watchers]
            last = max(arrivals)
            since_sent_ms.append((last - sent) * 1000)
            since_answered_ms.append(max(0.0, last - answered) * 1000)
        for watcher in watchers:
            watcher.cancel()
        await asyncio.gather(*watchers, return_exceptions=True)
    return since_sent_ms, since_answered_ms


async def _watch(client: aiohttp.ClientSession, seen: "asyncio.Queue[float]") -> None:
    query = {"watch": "1", "fieldSelector": "metadata.name=app-0003"}
    timeout = aiohttp.ClientTimeout(total=None)
    async with client.get(STREAMS, params=query, timeout=timeout, read_bufsize=_LINE_MAX) as events:
        async for _ in events.content:
            seen.put_nowait(time.perf_counter())
