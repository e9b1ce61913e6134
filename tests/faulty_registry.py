"""A registry with one image that serves it well until it is given a fault, and certificates that are wrong.

A fault is asked about each request. What it returns is sent as it is and the connection is closed; `None` leaves the
request to the honest registry, `RESET` ends the connection with a TCP reset after the bytes that were written.
"""

import asyncio
import contextlib
import datetime
import ipaddress
import socket
import ssl
import struct
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.lying_registry import CONFIG, MANIFEST, MANIFEST_TYPE, Asked, digest_of, response

RESET = b"\x00reset"
Fault = Callable[["FaultyRegistry", Asked], bytes | None]


@dataclass
class FaultyRegistry:
    """One listener on a loopback port that stays the same over restarts."""

    port: int = 0
    fault: Fault | None = None
    slow: bool = False
    silent: bool = False
    asked: list[Asked] = field(default_factory=list)
    manifest: bytes = MANIFEST
    config: bytes = CONFIG
    other: "FaultyRegistry | None" = None
    _server: asyncio.Server | None = None
    _open: set[asyncio.StreamWriter] = field(default_factory=set)

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self.port}"

    async def start(self, tls: ssl.SSLContext | None = None) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port, ssl=tls)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Close the port and all connections."""
        if self._server is not None:
            self._server.close()
            for writer in list(self._open):
                writer.close()
            self._server = None

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._open.add(writer)
        try:
            while (start := await reader.readexactly(1)) != b"\x16":
                first, *lines = (start + await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
                headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
                body = await reader.readexactly(int(headers.get("content-length", "0")))
                method, path, _ = first.split(" ")
                asked = Asked(method, path, headers, body)
                self.asked.append(asked)
                wrong = self.fault(self, asked) if self.fault is not None else None
                if wrong is None:
                    writer.write(self.honest(asked))
                    await writer.drain()
                    continue
                await self._misbehave(writer, wrong)
                return
            # The first byte of a TLS handshake, which servers of plain HTTP answer with words.
            if not self.silent:
                writer.write(response(400, b"Client sent an HTTP request to an HTTPS server."))
        except (asyncio.IncompleteReadError, ConnectionError, ssl.SSLError):
            pass
        finally:
            self._open.discard(writer)
            writer.close()

    async def _misbehave(self, writer: asyncio.StreamWriter, wrong: bytes) -> None:
        written, reset, _ = wrong.partition(RESET)
        if self.slow:
            for byte in written:
                writer.write(bytes([byte]))
                await writer.drain()
                await asyncio.sleep(0.05)
        writer.write(written)
        with contextlib.suppress(ConnectionError):
            await writer.drain()
        if reset:
            # Let the head arrive first, then end it the hard way.
            await asyncio.sleep(0.05)
            raw = writer.get_extra_info("socket")
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    def honest(self, asked: Asked) -> bytes:
        """The answer of a registry that has nothing to hide."""
        if asked.path == "/v2/":
            return response(200, b"{}", Content_Type="application/json")
        if "/manifests/" in asked.path:
            found = response(
                200, self.manifest, Content_Type=MANIFEST_TYPE, Docker_Content_Digest=digest_of(self.manifest)
            )
        elif "/tags/list" in asked.path:
            found = response(200, b'{"name":"x","tags":["1"]}', Content_Type="application/json")
        else:
            found = response(200, self.config)
        return found.partition(b"\r\n\r\n")[0] + b"\r\n\r\n" if asked.method == "HEAD" else found


class Certificates:
    """An authority, and certificates of it that are good or wrong in one way."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "authority of the tests")])
        self.ca_file = directory / "ca.pem"
        self.ca_file.write_bytes(
            self._build(self._name, self._key.public_key(), -1, 1, ca=True)
            .sign(self._key, hashes.SHA256())
            .public_bytes(serialization.Encoding.PEM)
        )

    def context(
        self, name: str = "127.0.0.1", *, first_day: int = -1, last_day: int = 1, self_signed: bool = False
    ) -> ssl.SSLContext:
        """Serve with a certificate for a host that is good from one day to another, counted from today."""
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "registry")])
        try:
            host: x509.GeneralName = x509.IPAddress(ipaddress.ip_address(name))
        except ValueError:
            host = x509.DNSName(name)
        leaf = (
            self._build(subject, key.public_key(), first_day, last_day, issuer=subject if self_signed else None)
            .add_extension(x509.SubjectAlternativeName([host]), critical=False)
            .sign(key if self_signed else self._key, hashes.SHA256())
        )
        file = self._directory / "served.pem"
        file.write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
            + leaf.public_bytes(serialization.Encoding.PEM)
        )
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(file)
        return context

    def _build(
        self,
        subject: x509.Name,
        public: ec.EllipticCurvePublicKey,
        first_day: int,
        last_day: int,
        *,
        ca: bool = False,
        issuer: x509.Name | None = None,
    ) -> x509.CertificateBuilder:
        now = datetime.datetime.now(datetime.UTC)
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(issuer or self._name)
            .public_key(public)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now + datetime.timedelta(days=first_day))
            .not_valid_after(now + datetime.timedelta(days=last_day))
            .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
        )
