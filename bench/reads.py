"""GET of one image stream tag, and lists of many."""

import asyncio
import socket
import statistics
import time
import urllib.request
from pathlib import Path
from urllib.parse import urlsplit

from bench.content import GROUP, NAMESPACE, STREAMS, fill
from bench.figures import Figure, Scale
from bench.load import bare_server, requests_per_second
from tests.running_server import RunningServer


def bench_reads(scale: Scale, directory: Path) -> list[Figure]:
    """Measure GET and LIST on a filled server, and how much memory it takes then."""
    with RunningServer(directory / "reads") as server:
        asyncio.run(fill(server, scale.streams, scale.tags))
        figures = _gets(server, scale, directory)
        figures += _lists(server, scale)
        size_mib = resident_mib(server.process.pid)
    name = f"memory with {scale.streams} streams x {scale.tags} tags"
    return [*figures, Figure(name, size_mib, "MiB", 150)]


def resident_mib(process: int) -> float:
    """Return how much memory a process holds."""
    for line in Path(f"/proc/{process}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    raise RuntimeError(f"process {process} has no VmRSS")


def _gets(server: RunningServer, scale: Scale, directory: Path) -> list[Figure]:
    path = f"{GROUP}/namespaces/{NAMESPACE}/imagestreamtags/app-0007:t3"
    url = server.urls["http"] + path
    body = _get(server, path)
    ours, bare = [], []
    with bare_server(body, directory) as bare_url:
        for _ in range(scale.repetitions):
            bare.append(requests_per_second(bare_url, directory, scale.seconds))
            ours.append(requests_per_second(url, directory, scale.seconds, server.token))
    rate, bare_rate = statistics.median(ours), statistics.median(bare)
    return [
        Figure("bare ASGI answer of the same size", bare_rate, "GET/s"),
        Figure("GET imagestreamtag", rate, "GET/s", 7_550, lower=False),
        Figure("GET imagestreamtag / bare answer", rate / bare_rate, "ratio", 0.35, lower=False),
    ]


def _lists(server: RunningServer, scale: Scale) -> list[Figure]:
    figures = []
    for name, path, goal in (
        (f"LIST {scale.streams} imagestreams", STREAMS, 400.0),
        (f"LIST {scale.streams * scale.tags} imagestreamtags", f"{STREAMS[: -len('s')]}tags", None),
    ):
        times = []
        for _ in range(scale.repetitions + 1):
            seconds, size = timed_download(server, path)
            times.append(seconds)
        best = statistics.median(times[1:])
        figures.append(Figure(name, best, "s"))
        figures.append(Figure(f"{name}, body", size / best / 1e6, "MB/s", goal, lower=False))
    return figures


def timed_download(server: RunningServer, path: str) -> tuple[float, int]:
    """Return the seconds until a GET is answered whole, and the bytes that came; nothing is parsed."""
    where = urlsplit(server.urls["http"])
    request = (
        f"GET {path} HTTP/1.1\r\nHost: {where.netloc}\r\nAuthorization: Bearer {server.token}\r\n"
        "Accept: application/json\r\nConnection: close\r\n\r\n"
    )
    buffer, received = bytearray(1 << 20), 0
    with socket.create_connection((where.hostname, where.port)) as connection:
        began = time.perf_counter()
        connection.sendall(request.encode())
        while count := connection.recv_into(buffer):
            if not received and b" 200 " not in buffer[:16]:
                raise RuntimeError(f"GET {path}: {bytes(buffer[:200])!r}")
            received += count
        return time.perf_counter() - began, received


def _get(server: RunningServer, path: str) -> bytes:
    asked = urllib.request.Request(server.urls["http"] + path, headers={"Authorization": f"Bearer {server.token}"})
    with urllib.request.urlopen(asked) as answer:
        body: bytes = answer.read()
    return body
