"""How soon a thousand deployments follow a tag that moves, and that each of them is written once.

The deployments are watched as anybody can watch them; what is measured is the time from sending the write that moves
the tag to the event of the last deployment with the new image. How often a deployment's spec was written is told by its
generation: others write its annotations and status.
"""

import asyncio
import json
import re
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, Final

import aiohttp

from bench.content import NAMESPACE, STREAMS, digest, send, session
from bench.figures import Figure, Scale
from tests.running_server import RunningServer

DEPLOYMENTS: Final = f"/apis/apps/v1/namespaces/{NAMESPACE}/deployments"
_PARALLEL: Final = 32
_LINE_MAX: Final = 1 << 20
_LAG: Final = re.compile(r'imagestreams_trigger_lag_seconds_(sum|count)\{cluster="local"\} ([0-9.e+-]+)')


def bench_triggers(scale: Scale, directory: Path) -> list[Figure]:
    """Move a tag a few times, and once flap it a hundred times."""
    with RunningServer(directory / "triggers") as server:
        return asyncio.run(_measure(server, scale))


async def _measure(server: RunningServer, scale: Scale) -> list[Figure]:
    followers = scale.streams
    async with session(server) as client:
        await _make(client, followers)
        took, writes = [], []
        for turn in range(1, scale.repetitions + 1):
            seconds, events = await _move(client, followers, [turn])
            took.append(seconds)
            writes.append(events)
        flapped, flaps = await _move(client, followers, range(100, 200))
        text = await (await client.get("/metrics", headers={"Accept": "text/plain"})).text()
        lag = {name: float(value) for name, value in _LAG.findall(text)}
    name = f"{followers} deployments follow a tag"
    return [
        Figure(f"{name}, the slowest of {scale.repetitions} times", max(took), "s", 5),
        Figure("writes of each spec for a move", max(writes) / followers, "writes", 1),
        Figure("mean time to follow", lag["sum"] / lag["count"], "s"),
        Figure("100 moves at once: writes of each spec", flaps / followers, "writes", 10),
        Figure("100 moves at once: time to the last image", flapped, "s"),
    ]


async def _make(client: aiohttp.ClientSession, followers: int) -> None:
    namespace = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE}}
    await send(client, "POST", "/api/v1/namespaces", namespace)
    await send(client, "POST", STREAMS, _stream(0))
    places = asyncio.Semaphore(_PARALLEL)

    async def make(number: int) -> None:
        async with places:
            await send(client, "POST", DEPLOYMENTS, _deployment(number))

    await asyncio.gather(*(make(number) for number in range(followers)))
    async with _watching(client) as events:
        await _until_all(events, followers, _image(0))


async def _move(client: aiohttp.ClientSession, followers: int, images: Any) -> tuple[float, int]:
    """Point the tag to images, one after the other; return the seconds to the last, and how many writes there were."""
    async with _watching(client) as events:
        before = [_generation(await anext(events)) for _ in range(followers)]
        began = time.perf_counter()
        for image in images:
            patch = {"spec": {"tags": _stream(image)["spec"]["tags"]}}
            await send(
                client,
                "PATCH",
                f"{STREAMS}/base",
                patch,
                headers={"Content-Type": "application/merge-patch+json"},
            )
        await _until_all(events, followers, _image(image))
        took = time.perf_counter() - began
    after = [_generation(one) for one in (await send(client, "GET", DEPLOYMENTS))["items"]]
    return took, sum(after) - sum(before)


async def _until_all(events: AsyncIterator[Any], followers: int, image: str) -> None:
    done: set[str] = set()
    while len(done) < followers:
        changed = await asyncio.wait_for(anext(events), 60)
        if changed["spec"]["template"]["spec"]["containers"][0]["image"] == image:
            done.add(changed["metadata"]["name"])


def _generation(deployment: Any) -> int:
    generation: int = deployment["metadata"]["generation"]
    return generation


class _watching:
    """A watch of all deployments; it begins with those that are there."""

    def __init__(self, client: aiohttp.ClientSession) -> None:
        self._client = client

    async def __aenter__(self) -> AsyncIterator[Any]:
        timeout = aiohttp.ClientTimeout(total=None)
        self._answer = await self._client.get(
            DEPLOYMENTS, params={"watch": "1"}, timeout=timeout, read_bufsize=_LINE_MAX
        )
        return self._events()

    async def __aexit__(self, *_: Any) -> None:
        self._answer.close()

    async def _events(self) -> AsyncIterator[Any]:
        async for line in self._answer.content:
            yield json.loads(line)["object"]


def _image(number: int) -> str:
    return f"registry.example.com/bench/base@{digest(number)}"


def _stream(image: int) -> dict[str, Any]:
    tag = {"name": "stable", "reference": True, "from": {"kind": "DockerImage", "name": _image(image)}}
    return {
        "apiVersion": "image.openshift.io/v1",
        "kind": "ImageStream",
        "metadata": {"name": "base"},
        "spec": {"tags": [tag]},
    }


def _deployment(number: int) -> dict[str, Any]:
    name = f"app-{number:04d}"
    trigger = {
        "from": {"kind": "ImageStreamTag", "name": "base:stable"},
        "fieldPath": 'spec.template.spec.containers[?(@.name=="web")].image',
    }
    container = {
        "name": "web",
        "image": " ",
        "ports": [{"containerPort": 8080}],
        "env": [{"name": f"SETTING_{n}", "value": str(n)} for n in range(10)],
        "resources": {"limits": {"cpu": "1", "memory": "256Mi"}},
    }
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name, "annotations": {"image.openshift.io/triggers": json.dumps([trigger])}},
        "spec": {
            "replicas": 2,
            "selector": {"matchLabels": {"app": name}},
            "template": {"metadata": {"labels": {"app": name}}, "spec": {"containers": [container]}},
        },
    }
