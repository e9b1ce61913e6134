"""Patches and mappings, sixteen at a time."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import aiohttp

from bench.content import GROUP, NAMESPACE, STREAMS, digest, fill, send, session
from bench.figures import Figure, Scale
from bench.load import CONNECTIONS
from tests.running_server import RunningServer


def bench_writes(scale: Scale, directory: Path) -> list[Figure]:
    """Measure merge patches of streams, and mappings."""
    with RunningServer(directory / "writes") as server:
        asyncio.run(fill(server, CONNECTIONS, scale.tags))
        patches = asyncio.run(_rate(server, scale.seconds, _patch))
        mappings = asyncio.run(_rate(server, scale.seconds, _map))
    return [
        Figure("merge patch of an imagestream", patches, "PATCH/s", 4_270, lower=False),
        Figure("imagestreammapping", mappings, "POST/s"),
    ]


async def _rate(
    server: RunningServer, seconds: float, write: Callable[[aiohttp.ClientSession, int, int], Awaitable[None]]
) -> float:
    done, until = 0, time.perf_counter() + seconds
    async with session(server) as client:

        async def work(worker: int) -> None:
            nonlocal done
            turn = 0
            while time.perf_counter() < until:
                turn += 1
                await write(client, worker, turn)
                done += 1

        await asyncio.gather(*(work(worker) for worker in range(CONNECTIONS)))
    return done / seconds


async def _patch(client: aiohttp.ClientSession, worker: int, turn: int) -> None:
    path, kind = f"{STREAMS}/app-{worker:04d}", {"Content-Type": "application/merge-patch+json"}
    await send(client, "PATCH", path, {"metadata": {"annotations": {"turn": str(turn)}}}, headers=kind)


async def _map(client: aiohttp.ClientSession, worker: int, turn: int) -> None:
    image = digest(turn % 2)
    mapping = {
        "apiVersion": "image.openshift.io/v1",
        "kind": "ImageStreamMapping",
        "metadata": {"name": f"app-{worker:04d}", "namespace": NAMESPACE},
        "image": {"metadata": {"name": image}, "dockerImageReference": f"registry.example.com/bench/app@{image}"},
        "tag": f"m{turn % 10}",
    }
    await send(client, "POST", f"{GROUP}/namespaces/{NAMESPACE}/imagestreammappings", mapping)
