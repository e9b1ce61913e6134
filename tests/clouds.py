"""Three clouds in small: the services that give logins, a registry that exchanges tokens, and the way to all hosts.

The clouds' libraries and the server are pointed at them by the environment variables that they know anyway.
"""

import base64
import functools
import json
import socket
import socketserver
import ssl
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Any
from urllib.parse import parse_qs

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from tests.lying_registry import CONFIG, MANIFEST, MANIFEST_TYPE, digest_of

ECR_HOST = "123456789012.dkr.ecr.eu-central-1.amazonaws.com"
GCP_HOST = "europe-docker.pkg.dev"
ACR_HOST = "harbour.azurecr.io"
AWS_PASSWORD = "ecr-pa55word"
GCP_TOKEN = "ya29.t0ken-of-google"
ENTRA_TOKEN = "t0ken-of-entra"
SECRETS = (AWS_PASSWORD, GCP_TOKEN, ENTRA_TOKEN, "aws-secret-key", "msi-s3cret")


@dataclass(frozen=True)
class Asked:
    """One request."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes = field(default=b"", repr=False)

    def form(self) -> dict[str, str]:
        return {name: values[0] for name, values in parse_qs(self.body.decode()).items()}


@dataclass(frozen=True)
class Reply:
    status: int = 200
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)

    @classmethod
    def json(cls, value: Any, status: int = 200) -> "Reply":
        return cls(status, json.dumps(value).encode(), {"Content-Type": "application/json"})


class Service:
    """An HTTP server in threads, so that it answers whoever asks, blocking or not."""

    def __init__(self, answer: Callable[[Asked], Reply], tls: ssl.SSLContext | None = None) -> None:
        self.asked: list[Asked] = []
        service = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def _answer(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                asked = Asked(self.command, self.path, {k.lower(): v for k, v in self.headers.items()}, body)
                service.asked.append(asked)
                reply = answer(asked)
                self.send_response(reply.status)
                for name, value in {"Content-Length": str(len(reply.body)), **reply.headers}.items():
                    self.send_header(name, value)
                self.end_headers()
                if self.command != "HEAD":
                    self.wfile.write(reply.body)

            do_GET = do_POST = do_PUT = do_HEAD = _answer

            def log_message(self, format: str, *args: Any) -> None:
                pass

        self._server = _Quiet(("127.0.0.1", 0), Handler)
        if tls is not None:
            self._server.socket = tls.wrap_socket(self._server.socket, server_side=True)
        self.port = self._server.server_address[1]
        self.url = f"{'https' if tls else 'http'}://127.0.0.1:{self.port}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)
        self._thread.start()

    def __enter__(self) -> "Service":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()


class _Quiet(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Clients may go away."""


class Clouds(Service):
    """What gives logins. `wrong` answers instead, by `aws`, `gcp`, `gcp-metadata` or `azure`."""

    def __init__(self) -> None:
        self.wrong: dict[str, Reply] = {}
        self.lifetime_s = 3600
        super().__init__(self._give)

    def calls(self, cloud: str) -> list[Asked]:
        return [one for one in self.asked if _cloud(one) == cloud]

    def environment(self) -> dict[str, str]:
        """Variables by which the clouds' libraries come here, with an identity in each cloud."""
        host = self.url.removeprefix("http://")
        return {
            "AWS_ACCESS_KEY_ID": "AKIAEXAMPLE",
            "AWS_SECRET_ACCESS_KEY": "aws-secret-key",
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_ENDPOINT_URL": self.url,
            "GCE_METADATA_HOST": host,
            "GCE_METADATA_IP": host,
            "IDENTITY_ENDPOINT": f"{self.url}/msi/token",
            "IDENTITY_HEADER": "msi-s3cret",
        }

    def service_account(self, directory: Path) -> Path:
        """Write a file of Google's that names an account of this cloud."""
        account = {
            "type": "service_account",
            "project_id": "a-project",
            "private_key_id": "1",
            "private_key": _private_key(),
            "client_email": "robot@a-project.iam.gserviceaccount.com",
            "token_uri": f"{self.url}/google/token",
        }
        file = directory / "account.json"
        file.write_text(json.dumps(account))
        return file

    def _give(self, asked: Asked) -> Reply:
        cloud = _cloud(asked)
        if cloud in self.wrong:
            return self.wrong[cloud]
        ends_at = time.time() + self.lifetime_s
        if cloud == "aws":
            login = base64.b64encode(f"AWS:{AWS_PASSWORD}".encode()).decode()
            data = {"authorizationToken": login, "expiresAt": ends_at}
            public = "Spencer" in asked.headers["x-amz-target"]
            reply = Reply.json({"authorizationData": data if public else [data]})
            return Reply(reply.status, reply.body, {"Content-Type": "application/x-amz-json-1.1"})
        if cloud == "azure":
            if asked.headers.get("x-identity-header") != "msi-s3cret":
                return Reply(401)
            return Reply.json({"access_token": ENTRA_TOKEN, "expires_on": str(int(ends_at)), "token_type": "Bearer"})
        token = {"access_token": GCP_TOKEN, "expires_in": self.lifetime_s, "token_type": "Bearer"}
        if cloud == "gcp":
            return Reply.json(token)
        flavored = {"Metadata-Flavor": "Google"}
        if asked.path.partition("?")[0].endswith("/token"):
            return Reply(200, json.dumps(token).encode(), {**flavored, "Content-Type": "application/json"})
        if asked.path.partition("?")[0].endswith("/default/"):
            account = {"aliases": ["default"], "email": "robot@example.iam.gserviceaccount.com", "scopes": []}
            return Reply(200, json.dumps(account).encode(), {**flavored, "Content-Type": "application/json"})
        return Reply(200, b"a-project", {**flavored, "Content-Type": "text/plain"})


@functools.cache
def _private_key() -> str:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem, pkcs8 = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    return key.private_bytes(pem, pkcs8, serialization.NoEncryption()).decode()


def _cloud(asked: Asked) -> str:
    if "x-amz-target" in asked.headers:
        return "aws"
    if asked.path.startswith("/msi/"):
        return "azure"
    return "gcp" if asked.path == "/google/token" else "gcp-metadata"


def web_token(ends_at: float) -> str:
    """A token as registries of Azure give them, whose signature nobody checks here."""
    parts = [{"alg": "none"}, {"exp": ends_at, "jti": "refresh"}]
    encoded = [base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in parts]
    return ".".join([*encoded, "c2lnbmF0dXJl"])


class AzureRegistry(Service):
    """A registry with one image, which exchanges a token of Entra for its own; `public` ones give it to everybody."""

    def __init__(self, tls: ssl.SSLContext, host: str = ACR_HOST, *, public: bool = False) -> None:
        self.host = host
        self.public = public
        self.refresh_token = web_token(time.time() + 10_800)
        self.exchange_status = 200
        super().__init__(self._serve, tls)

    def exchanges(self) -> list[Asked]:
        return [one for one in self.asked if one.path == "/oauth2/exchange"]

    def _serve(self, asked: Asked) -> Reply:
        path = asked.path.partition("?")[0]
        if path == "/oauth2/exchange":
            good = asked.form() == {"grant_type": "access_token", "service": self.host, "access_token": ENTRA_TOKEN}
            status = self.exchange_status if good else 401
            return Reply.json({"refresh_token": self.refresh_token} if status == 200 else {}, status)
        if path == "/oauth2/token":
            if asked.method == "GET":
                return Reply.json({"access_token": "anonymous"}) if self.public else Reply(401)
            form = asked.form()
            good = form.get("refresh_token") == self.refresh_token and form.get("grant_type") == "refresh_token"
            return Reply.json({"access_token": "acr-access"}) if good else Reply(401)
        if asked.headers.get("authorization") not in ("Bearer acr-access", "Bearer anonymous"):
            realm = f'Bearer realm="https://{self.host}/oauth2/token",service="{self.host}"'
            return Reply(401, b"{}", {"WWW-Authenticate": realm})
        if "/manifests/" in path:
            headers = {"Content-Type": MANIFEST_TYPE, "Docker-Content-Digest": digest_of(MANIFEST)}
            return Reply(200, MANIFEST, headers)
        return Reply(200, CONFIG if "/blobs/" in path else b"{}")


class Tunnels:
    """A proxy that leads each host to a loopback port, as `HTTPS_PROXY` does; other hosts do not exist."""

    def __init__(self, ports: dict[str, int]) -> None:
        self.asked: list[str] = []
        tunnels = self

        class Handler(socketserver.StreamRequestHandler):
            def handle(self) -> None:
                target = self.rfile.readline().decode().split(" ")[1]
                while self.rfile.readline().strip():
                    pass
                tunnels.asked.append(target)
                port = ports.get(target.removesuffix(":443"))
                if port is None:
                    self.wfile.write(b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n")
                    return
                with socket.create_connection(("127.0.0.1", port)) as there:
                    self.wfile.write(b"HTTP/1.1 200 Connected\r\n\r\n")
                    back = threading.Thread(target=_copy, args=(there, self.connection), daemon=True)
                    back.start()
                    _copy(self.connection, there)
                    back.join(5)

        self._server = _Threaded(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def __enter__(self) -> "Tunnels":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()


class _Threaded(socketserver.ThreadingTCPServer):
    daemon_threads = True
    block_on_close = False

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Either end may go away."""


def _copy(source: socket.socket, target: socket.socket) -> None:
    try:
        while data := source.recv(65536):
            target.sendall(data)
        target.shutdown(socket.SHUT_WR)
    except OSError:
        pass
