"""A real server for tests and benchmarks: `isctl serve` as a process of its own, on free loopback ports."""

import json
import os
import re
import signal
import ssl
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from types import TracebackType
from typing import Any

ISCTL = Path(sys.executable).with_name("isctl")
START_TIMEOUT_S = 60
STOP_TIMEOUT_S = 10
_URL = re.compile(r"(https?)://127\.0\.0\.1:\d+")


class RunningServer:
    """`isctl serve` on a data directory, ended by process id.

    `environment` is added to its environment; `arguments` to its command line.
    """

    def __init__(self, data_dir: Path, *arguments: str, environment: dict[str, str] | None = None) -> None:
        self.data_dir = data_dir
        self.kubeconfig = data_dir / "admin.kubeconfig"
        self.log = data_dir.with_name(data_dir.name + ".log")
        listeners = ("--listen", "https://127.0.0.1:0", "--listen", "http://127.0.0.1:0")
        command = [str(ISCTL), "serve", "--data-dir", str(data_dir), *listeners, *arguments]
        self._log_file = self.log.open("ab")
        began = self._log_file.tell()
        self.process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=self._log_file,
            stderr=subprocess.STDOUT,
            env={**os.environ, "PYTHONUNBUFFERED": "1", **(environment or {})},
        )
        self.urls = self._await_ready(began)
        self.token = self._token()
        self._trust = ssl.create_default_context(cadata=self._authority())

    def _await_ready(self, began: int) -> dict[str, str]:
        deadline = time.monotonic() + START_TIMEOUT_S
        while time.monotonic() < deadline:
            printed = self.log.read_bytes()[began:].decode()
            if "Next:" in printed:
                return {found[1]: found[0] for found in _URL.finditer(printed)}
            if self.process.poll() is not None:
                raise RuntimeError(f"the server ended with {self.process.returncode}: {printed}")
            time.sleep(0.02)
        self.kill()
        raise RuntimeError(f"the server is not ready after {START_TIMEOUT_S} s: {self.log.read_text()}")

    def _config(self) -> dict[str, Any]:
        import yaml

        config: dict[str, Any] = yaml.safe_load(self.kubeconfig.read_text())
        return config

    def _token(self) -> str:
        return str(self._config()["users"][0]["user"]["token"])

    def _authority(self) -> str:
        return (self.data_dir / "tls" / "ca.crt").read_text()

    def request(
        self,
        method: str,
        path: str,
        body: Any = None,
        headers: dict[str, str] | None = None,
        *,
        scheme: str = "http",
        token: str | None = None,
    ) -> tuple[int, Any]:
        """Send one request as the administrator; return the status and the decoded JSON, else the text."""
        sent = {"Accept": "application/json", "Authorization": f"Bearer {token or self.token}", **(headers or {})}
        data = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
        if data is not None:
            sent.setdefault("Content-Type", "application/json")
        asked = urllib.request.Request(self.urls[scheme] + path, data=data, method=method, headers=sent)
        try:
            with urllib.request.urlopen(asked, timeout=60, context=self._trust) as answer:
                status, raw = answer.status, answer.read()
        except urllib.error.HTTPError as error:
            status, raw = error.code, error.read()
        try:
            return status, json.loads(raw)
        except ValueError:
            return status, raw.decode(errors="replace")

    def isctl(self, *arguments: str, stdin: str = "", check: bool = False) -> subprocess.CompletedProcess[str]:
        """Run `isctl` against this server."""
        return self._client([str(ISCTL), *arguments], stdin, check)

    def kubectl(self, *arguments: str, stdin: str = "", check: bool = False) -> subprocess.CompletedProcess[str]:
        """Run the machine's `kubectl` against this server."""
        return self._client(["kubectl", *arguments], stdin, check)

    def _client(self, command: list[str], stdin: str, check: bool) -> subprocess.CompletedProcess[str]:
        environment = {**os.environ, "KUBECONFIG": str(self.kubeconfig)}
        done = subprocess.run(command, input=stdin, text=True, capture_output=True, timeout=120, env=environment)
        if check and done.returncode != 0:
            raise AssertionError(f"{' '.join(command)}: exit {done.returncode}\n{done.stdout}\n{done.stderr}")
        return done

    def stop(self) -> int:
        """End it as a service manager does; return its exit code. It has the ten seconds that are promised."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(STOP_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            self.kill()
            raise
        finally:
            self._log_file.close()

    def kill(self) -> None:
        """End it as a power cut does."""
        self.process.kill()
        self.process.wait(STOP_TIMEOUT_S)
        self._log_file.close()

    def __enter__(self) -> "RunningServer":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.process.poll() is None:
            self.stop()
