"""Importing tags from a real registry on this machine, for the first time and again."""

import asyncio
import time
from pathlib import Path
from typing import Any

from bench.content import GROUP, NAMESPACE, send, session
from bench.figures import Figure, Scale
from bench.registry import Registry, running_registry
from tests.running_server import RunningServer


def _wish(registry: Registry, tags: int) -> dict[str, Any]:
    images = [
        {
            "from": {"kind": "DockerImage", "name": f"{registry.host}/many:t{number:02d}"},
            "to": {"name": f"t{number:02d}"},
            "importPolicy": {"insecure": True},
        }
        for number in range(tags)
    ]
    return {
        "apiVersion": "image.openshift.io/v1",
        "kind": "ImageStreamImport",
        "metadata": {"name": "many"},
        "spec": {"import": True, "images": images},
    }


def bench_imports(scale: Scale, directory: Path) -> list[Figure]:
    """Measure a first import and an unchanged one, and count what the second asks the registry for."""
    with running_registry(directory) as registry, RunningServer(directory / "imports") as server:
        return asyncio.run(_measure(server, registry, scale.imported_tags))


async def _measure(server: RunningServer, registry: Registry, tags: int) -> list[Figure]:
    path, wish = f"{GROUP}/namespaces/{NAMESPACE}/imagestreamimports", _wish(registry, tags)
    async with session(server) as client:
        namespace = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE}}
        await send(client, "POST", "/api/v1/namespaces", namespace)
        began = time.perf_counter()
        answer = await send(client, "POST", path, wish)
        first_s = time.perf_counter() - began
        _check(answer, tags)
        mark = registry.mark()
        began = time.perf_counter()
        answer = await send(client, "POST", path, wish)
        again_s = time.perf_counter() - began
        _check(answer, tags)
    methods = registry.requests(mark)
    others = [method for method in methods if method != "HEAD"]
    return [
        Figure(f"import of {tags} new tags", first_s, "s", 0.8),
        Figure(f"import of {tags} unchanged tags", again_s, "s"),
        Figure("requests of the unchanged import, HEAD", methods.count("HEAD"), "requests", tags),
        Figure("requests of the unchanged import, others", len(others), "requests", 0),
    ]


def _check(answer: dict[str, Any], tags: int) -> None:
    statuses = [image["status"]["status"] for image in answer["status"]["images"]]
    if statuses != ["Success"] * tags:
        raise RuntimeError(f"the import failed: {answer['status']['images'][0]}")
