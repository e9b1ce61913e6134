"""What the recorded answers expect around a server: two registries with the same images, one open, one with a login."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

HERE = Path(__file__).parent
OPEN_PORT, LOGIN_PORT = 5001, 5002
LOGIN = ("puller", "s3cret")
START_TIMEOUT_S = 20


@contextmanager
def upstream_registries(directory: Path) -> Iterator[None]:
    """Run both registries on their fixed ports, filled with the images of the recordings."""
    with ExitStack() as stack:
        storage = directory / "images"
        stack.enter_context(_registry(directory / "open.yml", OPEN_PORT, _config(storage, OPEN_PORT)))
        subprocess.run([sys.executable, HERE / "upstream.py", f"http://127.0.0.1:{OPEN_PORT}"], check=True)
        certificate, key = _certificate(directory)
        passwords = directory / "htpasswd"
        passwords.write_text(f"{LOGIN[0]}:{_hash(LOGIN[1])}\n")
        secured = _config(storage, LOGIN_PORT) + (
            f"  tls:\n    certificate: {certificate}\n    key: {key}\n"
            f"auth:\n  htpasswd:\n    realm: registry\n    path: {passwords}\n"
        )
        stack.enter_context(_registry(directory / "login.yml", LOGIN_PORT, secured))
        yield


def _config(storage: Path, port: int) -> str:
    return (
        "version: 0.1\nlog:\n  level: warn\n"
        f"storage:\n  filesystem:\n    rootdirectory: {storage}\n"
        f"http:\n  addr: 127.0.0.1:{port}\n  secret: contract\n"
    )


@contextmanager
def _registry(file: Path, port: int, config: str) -> Iterator[None]:
    with socket.socket() as probe:
        if probe.connect_ex(("127.0.0.1", port)) == 0:
            raise RuntimeError(f"port {port} is taken: the recordings need their registry there")
    file.write_text(config)
    environment = {**os.environ, "OTEL_TRACES_EXPORTER": "none"}
    with file.with_suffix(".log").open("wb") as log:
        process = subprocess.Popen(
            ["docker-registry", "serve", str(file)], stdout=log, stderr=subprocess.STDOUT, env=environment
        )
        try:
            _await_port(port, process)
            yield
        finally:
            process.terminate()
            process.wait(START_TIMEOUT_S)


def _await_port(port: int, process: "subprocess.Popen[bytes]") -> None:
    deadline = time.monotonic() + START_TIMEOUT_S
    while time.monotonic() < deadline and process.poll() is None:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise RuntimeError(f"docker-registry does not listen on port {port}")


def _hash(password: str) -> str:
    import bcrypt

    return bcrypt.hashpw(password.encode(), bcrypt.gensalt(4)).decode()


def _certificate(directory: Path) -> tuple[Path, Path]:
    """Make a certificate that nobody trusts."""
    from imagestreams.app.certificates import ensure_certificates

    files = ensure_certificates(directory / "tls", ["127.0.0.1"], datetime.now(UTC) - timedelta(hours=1))
    return files.certificate, files.key
