"""A real `docker-registry` that tells a server of each push: for tests of whole chains."""

import contextlib
import json
import shutil
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path


def free_port() -> int:
    """Return a port of the loopback interface that nobody uses now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextlib.contextmanager
def notifying_registry(directory: Path, host: str, url: str) -> Iterator[None]:
    """Run a registry at `host` that sends its notifications to a URL, also again when nobody takes them."""
    program = shutil.which("docker-registry")
    assert program, "docker-registry is not installed (Debian package docker-registry)"
    endpoint = {"name": "imagestreams", "url": url, "timeout": "5s", "threshold": 3, "backoff": "200ms"}
    config = {
        "version": 0.1,
        "log": {"level": "error"},
        "storage": {"filesystem": {"rootdirectory": str(directory / "blobs")}},
        "http": {"addr": host},
        "notifications": {"endpoints": [endpoint]},
    }
    directory.mkdir(parents=True, exist_ok=True)
    (directory / "config.json").write_text(json.dumps(config))  # JSON is YAML
    with (directory / "access.log").open("wb") as log:
        process = subprocess.Popen(
            [program, "serve", str(directory / "config.json")],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
        )
    try:
        for _ in range(200):
            with contextlib.suppress(urllib.error.URLError, ConnectionError):
                urllib.request.urlopen(f"http://{host}/v2/", timeout=5)
                break
            assert process.poll() is None, (directory / "access.log").read_text()[-2000:]
            time.sleep(0.05)
        yield
    finally:
        process.terminate()
        process.wait(10)
