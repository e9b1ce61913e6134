"""How fast the server is ready and how little memory it takes.

An installed package has its bytecode; a checkout writes it at the first start, unless the environment forbids that. So
the server may write it here, into a folder of its own, and the first start is not measured.
"""

import asyncio
import statistics
import time
from pathlib import Path

from bench.content import STREAMS, fill
from bench.figures import Figure, Scale
from bench.reads import resident_mib
from tests.running_server import RunningServer


def bench_startup(scale: Scale, directory: Path) -> list[Figure]:
    """Measure memory without objects, and from the command to the first answer with many streams stored."""
    data_dir = directory / "startup"
    bytecode = {"PYTHONDONTWRITEBYTECODE": "", "PYTHONPYCACHEPREFIX": str(directory / "bytecode")}
    with RunningServer(data_dir, environment=bytecode) as server:
        server.request("GET", "/readyz")
        empty_mib = resident_mib(server.process.pid)
        asyncio.run(fill(server, scale.streams, scale.tags))
    times = []
    for _ in range(scale.repetitions):
        began = time.perf_counter()
        with RunningServer(data_dir, environment=bytecode) as server:
            status, _ = server.request("GET", f"{STREAMS}/app-0001")
            times.append(time.perf_counter() - began)
            if status != 200:
                raise RuntimeError(f"a stored stream is answered with {status} after a restart")
    return [
        Figure("memory without objects", empty_mib, "MiB", 60),
        Figure(f"cold start to the first answer, {scale.streams} streams", statistics.median(times), "s", 1.0),
    ]
