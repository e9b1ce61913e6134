"""Request rates by `wrk`, a load generator that does not slow the server down by its own work."""

import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

CONNECTIONS: Final = 16
_RATE: Final = re.compile(r"Requests/sec:\s+([0-9.]+)")
_FAILED: Final = re.compile(r"Non-2xx or 3xx responses: (\d+)|Socket errors: (.*)")


def requests_per_second(url: str, directory: Path, seconds: float, token: str = "", writes: str = "") -> float:
    """Return how many requests are answered each second over 16 connections: GETs of one URL, or what a script sends.

    `writes` is Lua that defines wrk's `request` function.

    Raises:
        RuntimeError: some were not answered, or not with success.
    """
    script = directory / "wrk.lua"
    # In a file, because a process's arguments can be read by everybody.
    authorization = f'wrk.headers["Authorization"] = "Bearer {token}"\n' if token else ""
    script.write_text(authorization + writes)
    command = ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{max(1, round(seconds))}s", "-s", str(script), url]
    printed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    failed, rate = _FAILED.search(printed), _RATE.search(printed)
    if failed or rate is None:
        raise RuntimeError(f"{url}: {printed}")
    return float(rate[1])


@contextmanager
def bare_server(body: bytes, directory: Path) -> Iterator[str]:
    """Serve a body by a bare ASGI application; yield its URL."""
    file = directory / "body"
    file.write_bytes(body)
    process = subprocess.Popen([sys.executable, "-m", "bench.bare", str(file)], stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        yield f"http://127.0.0.1:{int(process.stdout.readline())}/"
    finally:
        process.terminate()
        process.wait()
