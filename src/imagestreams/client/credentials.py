"""What is sent to prove an identity: headers and a client certificate, from files or from an exec plugin.

An exec plugin is a program named in the kubeconfig that prints an `ExecCredential`. It may take a minute, and its
output is bounded; it never gets a secret in its arguments.
"""

import base64
import json
import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from imagestreams.client.errors import ClientError
from imagestreams.client.kubeconfig import ClientConfig

EXEC_TIMEOUT_S = 60.0
EXEC_OUTPUT_LIMIT_BYTES = 1024 * 1024


@dataclass(frozen=True)
class Credentials:
    """What goes with each request."""

    headers: dict[str, str] = field(default_factory=dict, repr=False)
    certificate: bytes | None = field(default=None, repr=False)
    key: bytes | None = field(default=None, repr=False)


def credentials_for(config: ClientConfig, environment: Mapping[str, str] = os.environ) -> Credentials:
    """Collect the proof of the configured identity.

    Raises:
        ClientError: a token file can't be read, or the exec plugin failed.
    """
    identity = config.identity
    token, certificate, key = identity.token, identity.certificate, identity.key
    if identity.token_file:
        token = _token_from(identity.token_file) or token
    if identity.exec_plugin is not None and token is None:
        status = run_exec_plugin(identity.exec_plugin, config, environment)
        token = status.get("token") or None
        if status.get("clientCertificateData"):
            certificate = str(status["clientCertificateData"]).encode()
            key = str(status.get("clientKeyData", "")).encode()
    headers = {}
    if token:
        headers["Authorization"] = f"Bearer {token}"
    elif identity.username:
        pair = f"{identity.username}:{identity.password or ''}".encode()
        headers["Authorization"] = "Basic " + base64.b64encode(pair).decode()
    if identity.as_user:
        headers["Impersonate-User"] = identity.as_user
    if identity.as_uid:
        headers["Impersonate-Uid"] = identity.as_uid
    if any("\n" in value or "\r" in value for value in headers.values()):
        raise ClientError("the configured credentials hold a line break")
    return Credentials(headers, certificate, key)


def _token_from(path: str) -> str:
    try:
        with open(path, encoding="utf-8") as file:
            return file.read(EXEC_OUTPUT_LIMIT_BYTES).strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = (error.strerror or "").lower() if isinstance(error, OSError) else "not text"
        raise ClientError(f"failed to read token file {path}: {reason}") from error


def run_exec_plugin(plugin: Mapping[str, Any], config: ClientConfig, environment: Mapping[str, str]) -> dict[str, Any]:
    """Run the plugin and return the `status` of what it prints.

    Raises:
        ClientError: it can't be run, fails, takes too long, prints too much or no `ExecCredential`.
    """
    command = str(plugin.get("command") or "")
    version = str(plugin.get("apiVersion") or "client.authentication.k8s.io/v1")
    if not version.startswith("client.authentication.k8s.io/"):
        raise ClientError(f"exec plugin: invalid apiVersion {json.dumps(version)}")
    spec: dict[str, Any] = {"interactive": plugin.get("interactiveMode") != "Never" and sys.stdin.isatty()}
    if plugin.get("provideClusterInfo"):
        spec["cluster"] = {
            "server": config.server,
            "certificate-authority-data": base64.b64encode(config.certificate_authority or b"").decode(),
            "insecure-skip-tls-verify": config.insecure_skip_tls_verify,
        }
    info = {"kind": "ExecCredential", "apiVersion": version, "spec": spec}
    env = dict(environment) | {
        str(entry["name"]): str(entry.get("value", ""))
        for entry in plugin.get("env") or []
        if isinstance(entry, dict) and "name" in entry
    }
    env["KUBERNETES_EXEC_INFO"] = json.dumps(info)
    output = _run(command, [str(argument) for argument in plugin.get("args") or []], env, spec["interactive"])
    try:
        credential = json.loads(output)
        status = credential["status"]
    except (ValueError, KeyError, TypeError, RecursionError):
        # What was printed may be a secret: it is not repeated here.
        raise ClientError(f"getting credentials: exec: {command} printed no ExecCredential with a status") from None
    if not isinstance(status, dict) or not (status.get("token") or status.get("clientCertificateData")):
        raise ClientError("getting credentials: exec plugin didn't return a token or cert/key pair")
    return status


def _run(command: str, arguments: list[str], env: dict[str, str], interactive: bool) -> bytes:
    if not command:
        raise ClientError("getting credentials: exec: no command given")
    try:
        process = subprocess.Popen(
            [command, *arguments],
            env=env,
            stdin=None if interactive else subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            start_new_session=not interactive,
        )
    except OSError as error:
        if isinstance(error, FileNotFoundError):
            raise ClientError(f"getting credentials: exec: executable {command} not found") from error
        raise ClientError(f"getting credentials: exec: {command}: {error.strerror}") from error
    with process:
        stdout = process.stdout
        assert stdout is not None
        timer = _Deadline(process)
        try:
            output = stdout.read(EXEC_OUTPUT_LIMIT_BYTES + 1)
            if len(output) > EXEC_OUTPUT_LIMIT_BYTES:
                process.kill()
                raise ClientError(f"getting credentials: exec: {command} printed more than 1 MiB")
            code = process.wait()
        finally:
            timer.cancel()
    if timer.expired:
        raise ClientError(f"getting credentials: exec: {command} took longer than {EXEC_TIMEOUT_S:.0f}s")
    if code != 0:
        raise ClientError(f"getting credentials: exec: executable {command} failed with exit code {code}")
    return output


class _Deadline:
    """Ends a process (and, where it leads one, its session) when the time is over."""

    def __init__(self, process: "subprocess.Popen[bytes]") -> None:
        import threading

        self.expired = False
        self._process = process
        self._timer = threading.Timer(EXEC_TIMEOUT_S, self._expire)
        self._timer.daemon = True
        self._timer.start()

    def _expire(self) -> None:
        self.expired = True
        try:
            if os.getpgid(self._process.pid) == self._process.pid:
                os.killpg(self._process.pid, signal.SIGKILL)
                return
        except OSError:
            pass
        self._process.kill()

    def cancel(self) -> None:
        self._timer.cancel()
