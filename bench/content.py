"""What the benchmarks find on the server: streams with tags that point to images, made through the public API."""

import asyncio
import hashlib
from typing import Any

import aiohttp

from tests.running_server import RunningServer

GROUP = "/apis/image.openshift.io/v1"
NAMESPACE = "bench"
STREAMS = f"{GROUP}/namespaces/{NAMESPACE}/imagestreams"
_PARALLEL = 32
_TIME = "2026-01-01T00:00:00Z"


def session(server: RunningServer) -> aiohttp.ClientSession:
    """Return a client of the server's plain listener."""
    return aiohttp.ClientSession(
        server.urls["http"],
        headers={"Authorization": f"Bearer {server.token}", "Accept": "application/json"},
        connector=aiohttp.TCPConnector(limit=0),
    )


async def send(client: aiohttp.ClientSession, method: str, path: str, body: Any = None, **options: Any) -> Any:
    """Send a request and return the decoded answer.

    Raises:
        RuntimeError: it was not answered with success.
    """
    async with client.request(method, path, json=body, **options) as answer:
        decoded = await answer.json()
        if answer.status >= 300:
            raise RuntimeError(f"{method} {path}: {answer.status} {decoded}")
        return decoded


def digest(number: int) -> str:
    """Return the digest of one of the images."""
    return "sha256:" + hashlib.sha256(str(number).encode()).hexdigest()


def _image(number: int) -> dict[str, Any]:
    layers = [{"name": digest(10_000 + number + n), "size": 1_000_000 * n, "mediaType": "x"} for n in range(1, 6)]
    return {
        "apiVersion": "image.openshift.io/v1",
        "kind": "Image",
        "metadata": {"name": digest(number)},
        "dockerImageReference": f"registry.example.com/bench/app@{digest(number)}",
        "dockerImageMetadata": {
            "kind": "DockerImage",
            "apiVersion": "image.openshift.io/1.0",
            "Id": digest(90_000 + number),
            "Created": _TIME,
            "Author": "Somebody <somebody@example.com>",
            "Architecture": "amd64",
            "Size": 15_000_000,
            "Config": {
                "User": "1001",
                "Env": ["PATH=/usr/local/bin:/usr/bin:/bin", f"NUMBER={number}"],
                "Cmd": ["/bin/sh", "-c", "run"],
                "Labels": {f"label-{n}": f"value {n}" for n in range(10)},
            },
        },
        "dockerImageLayers": layers,
    }


def _status_tag(stream: int, tag: int) -> dict[str, Any]:
    image = digest(tag)
    reference = f"registry.example.com/bench/app@{image}"
    event = {"created": _TIME, "dockerImageReference": reference, "image": image, "generation": 1}
    return {"tag": f"t{tag}", "items": [event]}


async def fill(server: RunningServer, streams: int, tags: int) -> None:
    """Make streams with tags, one image for each tag number."""
    places = asyncio.Semaphore(_PARALLEL)
    async with session(server) as client:
        namespace = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE}}
        await send(client, "POST", "/api/v1/namespaces", namespace)
        for number in range(tags):
            await send(client, "POST", f"{GROUP}/images", _image(number))

        async def make(number: int) -> None:
            async with places:
                stream = {
                    "apiVersion": "image.openshift.io/v1",
                    "kind": "ImageStream",
                    "metadata": {"name": f"app-{number:04d}", "labels": {"team": f"team-{number % 10}"}},
                }
                made = await send(client, "POST", STREAMS, stream)
                made["status"]["tags"] = [_status_tag(number, tag) for tag in range(tags)]
                await send(client, "PUT", f"{STREAMS}/{made['metadata']['name']}/status", made)

        await asyncio.gather(*(make(number) for number in range(streams)))
