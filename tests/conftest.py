"""Real registries for all rooms: Debian's `docker-registry`, plain and with TLS and a login, filled by the tests.

`docker_registry` and `secure_registry` live for the whole session, so each test pushes to repositories of its own
(fixture `repository_name`). Their access logs tell which requests were made.
"""

import base64
import contextlib
import datetime
import hashlib
import importlib.util
import ipaddress
import json
import random
import re
import shutil
import socket
import ssl
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any

import bcrypt
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

DOCKER_MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"
DOCKER_LIST = "application/vnd.docker.distribution.manifest.list.v2+json"
DOCKER_LAYER = "application/vnd.docker.image.rootfs.diff.tar.gzip"
DOCKER_CONFIG = "application/vnd.docker.container.image.v1+json"
OCI_MANIFEST = "application/vnd.oci.image.manifest.v1+json"
OCI_INDEX = "application/vnd.oci.image.index.v1+json"
OCI_LAYER = "application/vnd.oci.image.layer.v1.tar+gzip"
OCI_CONFIG = "application/vnd.oci.image.config.v1+json"
PLATFORMS = (("linux", "amd64", ""), ("linux", "arm64", "v8"), ("linux", "s390x", ""))
_REQUEST = re.compile(r'"([A-Z]+) (/v2/\S*) HTTP/1\.1" (\d{3})')


def digest_of(data: bytes) -> str:
    return "sha256:" + hashlib.sha256(data).hexdigest()


@dataclass(frozen=True)
class Pushed:
    """A manifest that a registry holds."""

    digest: str
    size: int
    media_type: str
    body: bytes
    children: tuple["Pushed", ...] = ()


@dataclass(frozen=True)
class RunningRegistry:
    """A registry process: where it is, how to log in, what was asked of it, and what tests put into it."""

    host: str
    log: Path
    ca_file: Path | None = None
    username: str = ""
    password: str = field(default="", repr=False)

    def trust(self) -> ssl.SSLContext:
        return ssl.create_default_context(cafile=str(self.ca_file) if self.ca_file else None)

    def docker_config(self, username: str = "", password: str = "") -> str:
        """The base64 value of a `.dockerconfigjson` that logs in here."""
        login = f"{username or self.username}:{password or self.password}"
        auths = {self.host: {"auth": base64.b64encode(login.encode()).decode()}}
        return base64.b64encode(json.dumps({"auths": auths}).encode()).decode()

    def mark(self) -> int:
        """Where the access log ends now."""
        return self.log.stat().st_size

    def requests(self, since: int) -> list[tuple[str, str, int]]:
        """All requests since a mark: method, path, status."""
        text = self.log.read_bytes()[since:].decode(errors="replace")
        return [(method, path, int(status)) for method, path, status in _REQUEST.findall(text)]

    def send(self, method: str, url: str, data: bytes | None = None, **headers: str) -> Any:
        scheme = "https" if self.ca_file else "http"
        request = urllib.request.Request(
            url if "://" in url else f"{scheme}://{self.host}{url}",
            data=data,
            method=method,
            headers={name.replace("_", "-"): value for name, value in headers.items()},
        )
        if self.username:
            login = base64.b64encode(f"{self.username}:{self.password}".encode()).decode()
            request.add_header("Authorization", f"Basic {login}")
        return urllib.request.urlopen(request, context=self.trust() if self.ca_file else None, timeout=20)

    def blob(self, repository: str, data: bytes) -> str:
        location = self.send("POST", f"/v2/{repository}/blobs/uploads/", b"").headers["Location"]
        joint = "&" if "?" in location else "?"
        self.send("PUT", f"{location}{joint}digest={digest_of(data)}", data, Content_Type="application/octet-stream")
        return digest_of(data)

    def manifest(self, repository: str, tag: str, value: dict[str, Any], children: tuple[Pushed, ...] = ()) -> Pushed:
        """Push a manifest under a tag, or under its digest when the tag is empty."""
        body = json.dumps(value, separators=(",", ":")).encode()
        media_type = value["mediaType"]
        name = tag or digest_of(body)
        self.send("PUT", f"/v2/{repository}/manifests/{name}", body, Content_Type=media_type)
        return Pushed(digest_of(body), len(body), media_type, body, children)

    def image(
        self,
        repository: str,
        tag: str = "",
        *,
        seed: int = 0,
        layer_bytes: tuple[int, ...] = (1000,),
        platform: tuple[str, str, str] = PLATFORMS[0],
        oci: bool = False,
        config: dict[str, Any] | None = None,
    ) -> Pushed:
        """Push a single image; another seed gives another image."""
        os, architecture, variant = platform
        described = {
            "architecture": architecture,
            "os": os,
            "created": "2024-05-06T07:08:09.123456789Z",
            "author": "Somebody",
            "config": {"Env": [f"SEED={seed}"], "Cmd": ["run"], "Labels": {"name": repository}},
            **({"variant": variant} if variant else {}),
            **(config or {}),
        }
        raw = json.dumps(described, separators=(",", ":")).encode()
        layers = [random.Random(seed * 100 + number).randbytes(size) for number, size in enumerate(layer_bytes)]
        return self.manifest(
            repository,
            tag,
            {
                "schemaVersion": 2,
                "mediaType": OCI_MANIFEST if oci else DOCKER_MANIFEST,
                "config": {
                    "mediaType": OCI_CONFIG if oci else DOCKER_CONFIG,
                    "size": len(raw),
                    "digest": self.blob(repository, raw),
                },
                "layers": [
                    {
                        "mediaType": OCI_LAYER if oci else DOCKER_LAYER,
                        "size": len(layer),
                        "digest": self.blob(repository, layer),
                    }
                    for layer in layers
                ],
            },
        )

    def index(
        self,
        repository: str,
        tag: str,
        *,
        platforms: tuple[tuple[str, str, str], ...] = PLATFORMS,
        oci: bool = False,
        seed: int = 0,
    ) -> Pushed:
        """Push a list of manifests, one image for each platform."""
        children = [
            self.image(repository, seed=seed * 50 + number, platform=platform, oci=oci)
            for number, platform in enumerate(platforms)
        ]
        return self.manifest(
            repository,
            tag,
            {
                "schemaVersion": 2,
                "mediaType": OCI_INDEX if oci else DOCKER_LIST,
                "manifests": [
                    {
                        "mediaType": child.media_type,
                        "size": child.size,
                        "digest": child.digest,
                        "platform": {
                            "architecture": architecture,
                            "os": os,
                            **({"variant": variant} if variant else {}),
                        },
                    }
                    for child, (os, architecture, variant) in zip(children, platforms, strict=True)
                ],
            },
            tuple(children),
        )

    def artifact(self, repository: str, tag: str) -> Pushed:
        """Push an OCI artifact: an empty config and one file of a type of its own."""
        return self.manifest(
            repository,
            tag,
            {
                "schemaVersion": 2,
                "mediaType": OCI_MANIFEST,
                "artifactType": "application/vnd.example.thing",
                "config": {
                    "mediaType": "application/vnd.oci.empty.v1+json",
                    "size": 2,
                    "digest": self.blob(repository, b"{}"),
                },
                "layers": [
                    {
                        "mediaType": "application/vnd.example.file",
                        "size": 5,
                        "digest": self.blob(repository, b"hello"),
                    }
                ],
            },
        )


@pytest.fixture(scope="session")
def docker_registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningRegistry]:
    """A registry that speaks plain HTTP and wants no login."""
    with _running(tmp_path_factory.mktemp("registry"), secure=False) as registry:
        yield registry


@pytest.fixture(scope="session")
def secure_registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningRegistry]:
    """A registry that speaks HTTPS with a certificate of its own CA, and wants the login puller / s3cret."""
    with _running(tmp_path_factory.mktemp("secure-registry"), secure=True) as registry:
        yield registry


@pytest.fixture
def start_registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., RunningRegistry]]:
    """Starts further registries, plain or secure, that end with the test; options are those of `_running`."""
    with contextlib.ExitStack() as stack:
        yield lambda **options: stack.enter_context(
            _running(tmp_path_factory.mktemp("another-registry"), **{"secure": False, **options})
        )


@pytest.fixture
def repository_name(request: pytest.FixtureRequest) -> str:
    """A repository that no other test uses."""
    return "t/" + re.sub("[^a-z0-9]+", "-", request.node.nodeid.lower()).strip("-")[-100:].strip("-")


@contextlib.contextmanager
def _running(
    directory: Path, *, secure: bool, name: str = "localhost", login: tuple[str, str] = ("puller", "s3cret")
) -> Iterator[RunningRegistry]:
    """Run a registry; a secure one has a certificate for 127.0.0.1 and a name, and wants a login."""
    program = shutil.which("docker-registry")
    if program is None:
        pytest.fail("docker-registry is not installed (Debian package docker-registry)")
    for _ in range(3):
        registry, config = _configured(directory, secure=secure, name=name, login=login)
        with (directory / "access.log").open("wb") as log:
            process = subprocess.Popen(
                [program, "serve", str(config)], stdout=log, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL
            )
        try:
            if _answers(registry, process):
                yield registry
                return
        finally:
            process.terminate()
            process.wait(10)
    pytest.fail(f"docker-registry does not start: {(directory / 'access.log').read_text()[-2000:]}")


def _configured(directory: Path, *, secure: bool, name: str, login: tuple[str, str]) -> tuple[RunningRegistry, Path]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        host = f"127.0.0.1:{probe.getsockname()[1]}"
    config: dict[str, Any] = {
        "version": 0.1,
        "log": {"level": "error"},
        "storage": {"filesystem": {"rootdirectory": str(directory / "blobs")}, "delete": {"enabled": True}},
        "http": {"addr": host},
        "compatibility": {"schema1": {"enabled": True}},
    }
    registry = RunningRegistry(host, directory / "access.log")
    if secure:
        ca_file, certificate, key = _certificates(directory, name)
        registry = RunningRegistry(host, directory / "access.log", ca_file, *login)
        hashed = bcrypt.hashpw(login[1].encode(), bcrypt.gensalt(4)).decode()
        (directory / "htpasswd").write_text(f"{login[0]}:{hashed}\n")
        config["http"]["tls"] = {"certificate": str(certificate), "key": str(key)}
        config["auth"] = {"htpasswd": {"realm": "tests", "path": str(directory / "htpasswd")}}
    path = directory / "config.json"
    path.write_text(json.dumps(config))  # JSON is YAML
    return registry, path


def _answers(registry: RunningRegistry, process: subprocess.Popen[bytes]) -> bool:
    for _ in range(200):
        if process.poll() is not None:
            return False
        try:
            registry.send("GET", "/v2/")
            return True
        except (urllib.error.URLError, ConnectionError):
            time.sleep(0.05)
    return False


def _certificates(directory: Path, name: str) -> tuple[Path, Path, Path]:
    """Make a CA and a certificate for 127.0.0.1 and a name."""
    now = datetime.datetime.now(datetime.UTC)
    ca_key, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    ca_name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"CA of {name}")])

    def build(subject: x509.Name, public: ec.EllipticCurvePublicKey, *, ca: bool) -> x509.CertificateBuilder:
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(ca_name)
            .public_key(public)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - datetime.timedelta(days=1))
            .not_valid_after(now + datetime.timedelta(days=1))
            .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(ca_key.public_key()), critical=False)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
            .add_extension(_key_usage(signs=ca), critical=True)
        )

    ca = build(ca_name, ca_key.public_key(), ca=True).sign(ca_key, hashes.SHA256())
    names = x509.SubjectAlternativeName([x509.DNSName(name), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "registry")])
    leaf = build(subject, key.public_key(), ca=False).add_extension(names, critical=False).sign(ca_key, hashes.SHA256())
    paths = directory / "ca.pem", directory / "registry.pem", directory / "registry.key"
    paths[0].write_bytes(ca.public_bytes(serialization.Encoding.PEM))
    paths[1].write_bytes(leaf.public_bytes(serialization.Encoding.PEM))
    paths[2].write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return paths


def _key_usage(*, signs: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs,
        crl_sign=signs,
        encipher_only=False,
        decipher_only=False,
    )


@pytest.fixture
async def import_room(tmp_path: Path, secure_registry: RunningRegistry) -> AsyncIterator[Any]:
    """Imports as the server does them, on a store of their own; at most 50 tags of a whole repository."""
    async with _loaded("import_room").opened(tmp_path / "data", secure_registry.trust()) as room:
        yield room


@pytest.fixture
async def lying_registry() -> AsyncIterator[Any]:
    """Starts registries that answer each request as told, with raw bytes."""
    async with _loaded("lying_registry").opened() as start:
        yield start


@pytest.fixture
def respond() -> Any:
    """Builds the raw bytes of a response."""
    return _loaded("lying_registry").response


@pytest.fixture
def good_manifest() -> bytes:
    """The response that gives the one image of a lying registry when it tells the truth."""
    response: bytes = _loaded("lying_registry").good_manifest()
    return response


def _loaded(name: str) -> ModuleType:
    # By path and only when it is needed: test modules can't import each other, and other rooms do without.
    if name not in sys.modules:
        spec = importlib.util.spec_from_file_location(name, Path(__file__).with_name(f"{name}.py"))
        assert spec is not None and spec.loader is not None
        sys.modules[name] = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(sys.modules[name])
    return sys.modules[name]
