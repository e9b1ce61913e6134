"""Importing tags from a real registry on this machine, for the first time and again."""

import asyncio
import contextlib
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.content import GROUP, NAMESPACE, send, session
from bench.figures import Figure, Scale
from tests.contract.stack import HERE as CONTRACT
from tests.running_server import RunningServer

_REQUEST = re.compile(r'"([A-Z]+) /v2/\S* HTTP/1\.1" \d{3}')


@dataclass(frozen=True, slots=True)
class _Registry:
    host: str
    log: Path

    def requests(self, since: int) -> list[str]:
        """Return the methods of the requests that came after a length of the log."""
        time.sleep(0.2)
        return _REQUEST.findall(self.log.read_text()[since:])

    def mark(self) -> int:
        time.sleep(0.2)
        return len(self.log.read_text())


@contextlib.contextmanager
def _registry(directory: Path) -> Iterator[_Registry]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    config, log = directory / "registry.yml", directory / "registry.log"
    config.write_text(
        f"version: 0.1\nstorage:\n  filesystem:\n    rootdirectory: {directory / 'images'}\n"
        f"http:\n  addr: 127.0.0.1:{port}\n  secret: bench\n"
    )
    with log.open("wb") as output:
        process = subprocess.Popen(["docker-registry", "serve", str(config)], stdout=output, stderr=output)
        try:
            while process.poll() is None:
                with socket.socket() as probe:
                    if probe.connect_ex(("127.0.0.1", port)) == 0:
                        break
                time.sleep(0.05)
            subprocess.run([sys.executable, CONTRACT / "upstream.py", f"http://127.0.0.1:{port}"], check=True)
            yield _Registry(f"127.0.0.1:{port}", log)
        finally:
            process.terminate()
            process.wait()


def _wish(registry: _Registry, tags: int) -> dict[str, Any]:
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
    with _registry(directory) as registry, RunningServer(directory / "imports") as server:
        return asyncio.run(_measure(server, registry, scale.imported_tags))


async def _measure(server: RunningServer, registry: _Registry, tags: int) -> list[Figure]:
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
