"""Where the server listens: URLs become sockets, and one ASGI application is served on all of them."""

import asyncio
import contextlib
import ipaddress
import socket
import ssl
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit

import uvicorn

from imagestreams.app.certificates import CertificateFiles
from imagestreams.app.settings.error import SettingsError

_BACKLOG: Final = 2048
_KEEP_ALIVE_S: Final = 75
_DRAIN_S: Final = 5
_PORTS: Final = {"https": 443, "http": 80}


@dataclass(frozen=True, slots=True)
class Listener:
    """One address that is listened on; port 0 lets the system choose."""

    scheme: str
    host: str
    port: int

    @property
    def netloc(self) -> str:
        """`host:port`, as it stands in a URL."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}"

    @property
    def url(self) -> str:
        """The URL under which clients reach it from this machine."""
        reachable = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(self.host, self.host)
        return f"{self.scheme}://{Listener(self.scheme, reachable, self.port).netloc}"


def parse_listener(url: str) -> Listener:
    """Read a URL to listen on.

    Raises:
        SettingsError: it is none, or would send tokens in the clear over a network.
    """
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise SettingsError(f"can't listen on {url!r}: {error}") from None
    if parts.scheme not in _PORTS or not parts.hostname or parts.path not in ("", "/") or parts.query or parts.username:
        raise SettingsError(f"can't listen on {url!r}: must be https://HOST[:PORT] or http://HOST[:PORT]")
    if parts.scheme == "http" and not _is_loopback(parts.hostname):
        raise SettingsError(f"can't listen on {url!r}: plain HTTP is for loopback addresses only, use https")
    return Listener(parts.scheme, parts.hostname, _PORTS[parts.scheme] if port is None else port)


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def bind(listener: Listener) -> tuple[Listener, socket.socket]:
    """Take an address; return it with the port that it really has.

    Raises:
        SettingsError: it is taken or is not this machine's.
    """
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            listener.host, listener.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        bound = socket.socket(family, kind, protocol)
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind(address)
        bound.listen(_BACKLOG)
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise SettingsError(
            f"can't listen on {listener.scheme}://{listener.netloc}: {reason}; choose other addresses with --listen"
        ) from error
    bound.setblocking(False)
    return Listener(listener.scheme, listener.host, bound.getsockname()[1]), bound


class _Server(uvicorn.Server):
    """A server that leaves the process's signals to whoever runs it."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


class Servers:
    """Serves one application on several sockets."""

    def __init__(
        self, application: Any, sockets: Sequence[tuple[Listener, socket.socket]], certificate: CertificateFiles | None
    ) -> None:
        self._servers = []
        for listener, bound in sockets:
            config = uvicorn.Config(
                application,
                loop="none",
                http="httptools",
                ws="none",
                interface="asgi3",
                lifespan="off",
                log_config=None,
                access_log=False,
                server_header=False,
                proxy_headers=False,
                timeout_keep_alive=_KEEP_ALIVE_S,
                timeout_graceful_shutdown=_DRAIN_S,
                backlog=_BACKLOG,
            )
            config.load()
            if listener.scheme == "https":
                assert certificate is not None, "HTTPS needs a certificate"
                config.ssl = _server_context(certificate)
            self._servers.append((_Server(config), bound))
        self._tasks: list[asyncio.Task[None]] = []

    def start(self) -> None:
        """Begin to serve; connections that came before wait in the sockets."""
        self._tasks = [asyncio.create_task(server.serve([bound])) for server, bound in self._servers]

    async def stop(self) -> None:
        """Accept nothing more, let what runs finish for some seconds, and close."""
        for server, _ in self._servers:
            server.should_exit = True
        await asyncio.gather(*self._tasks)


def _server_context(files: CertificateFiles) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_cert_chain(files.certificate, files.key)
    context.set_alpn_protocols(["http/1.1"])
    return context
