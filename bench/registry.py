"""A real registry on this machine for benchmarks, whose log tells what was asked of it."""

import contextlib
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.contract.stack import HERE as CONTRACT

_REQUEST = re.compile(r'"([A-Z]+) /v2/\S* HTTP/1\.1" \d{3}')


@dataclass(frozen=True, slots=True)
class Registry:
    """Where it is, and its log."""

    host: str
    log: Path

    def requests(self, since: int) -> list[str]:
        """Return the methods of the requests that came after a length of the log."""
        time.sleep(0.2)
        return _REQUEST.findall(self.log.read_text()[since:])

    def mark(self) -> int:
        """Return the length of the log now."""
        time.sleep(0.2)
        return len(self.log.read_text())


@contextlib.contextmanager
def running_registry(directory: Path) -> Iterator[Registry]:
    """Run a registry with the repositories of the contract tests in it."""
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
            yield Registry(f"127.0.0.1:{port}", log)
        finally:
            process.terminate()
            process.wait()
