"""The wiring: make the parts, hand them to each other, start them in order, stop them in reverse."""

import asyncio
import gc
import logging
import os
import platform
import signal
import sys
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import uvloop
from prometheus_client import CollectorRegistry

from imagestreams import __version__
from imagestreams.access.authentication import TokenAuthenticator, token_hash
from imagestreams.access.authorization import BuiltinAuthorizer
from imagestreams.access.identity import ADMINISTRATORS, User
from imagestreams.apiserver.app import ApiServer
from imagestreams.apiserver.documents import ServerVersion
from imagestreams.apiserver.incoming import Receive, Scope, Send
from imagestreams.app.certificates import CertificateFiles, ensure_certificates, server_names
from imagestreams.app.credentials import ensure_admin_kubeconfig
from imagestreams.app.listeners import Listener, Servers, bind, parse_listener
from imagestreams.app.parts import make_parts
from imagestreams.app.settings.settings import Settings
from imagestreams.store.sqlite import SQLiteStore
from imagestreams.streams.platform import Platform

LOG = logging.getLogger(__name__)

KUBERNETES_VERSION: Final = "v1.32.0"
"""The Kubernetes API that we speak; clients decide by it what they may ask for."""

_GARBAGE_THRESHOLDS: Final = (20_000, 20, 50)
"""How many new objects, and rounds of the younger generations, start a search for garbage."""

ASGIApplication = Callable[[Scope, Receive, Send], Awaitable[None]]

_ARCHITECTURES: Final = {"x86_64": "amd64", "aarch64": "arm64", "armv7l": "arm", "i686": "386"}
_ADMINISTRATOR: Final = User("system:admin", frozenset({ADMINISTRATORS}))


def run(settings: Settings, announce: Callable[[str], None]) -> None:
    """Serve until SIGTERM or SIGINT; `announce` is told, line by line, where the server is reached.

    Raises:
        SettingsError: an address can't be listened on.
        StoreError: the data directory is in use by another process.
        OSError: the data directory can't be read or written.
    """
    logging.basicConfig(stream=sys.stderr, level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    # These tell of every start and stop, which is nothing that an operator has to know.
    logging.getLogger("uvicorn").setLevel(logging.WARNING)
    # Whatever is written is the data directory's, and that is for its owner alone.
    os.umask(0o077)
    uvloop.run(_serve(settings, announce))


async def _serve(settings: Settings, announce: Callable[[str], None]) -> None:
    stopping = _told_to_stop()
    async with AsyncExitStack() as stack:
        wanted = [parse_listener(url) for url in settings.listen]
        settings.data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
        store = SQLiteStore.open(settings.data_dir / "store")
        stack.push_async_callback(store.close)
        sockets = [bind(listener) for listener in wanted]
        listeners = [listener for listener, _ in sockets]
        certificate = _certificate(settings, listeners)
        kubeconfig, token = ensure_admin_kubeconfig(
            settings.data_dir, _preferred(listeners).url, certificate.authority if certificate else None
        )
        authorizer = BuiltinAuthorizer()
        parts = make_parts(
            store,
            settings,
            registry_host=settings.registry_host or _registry_host(listeners),
            authorizer=authorizer,
            platform=_server_platform(),
            clock=_now,
        )
        stack.push_async_callback(parts.stop)
        await parts.start()
        if stopping.is_set():
            return
        metrics = CollectorRegistry()
        for collector in parts.collectors:
            metrics.register(collector)
        server = ApiServer(
            parts.resources,
            TokenAuthenticator({token_hash(token): _ADMINISTRATOR}),
            authorizer,
            clock=_now,
            version=ServerVersion(git_version=f"{KUBERNETES_VERSION}+imagestreams-{__version__}", platform=_platform()),
            registry=metrics,
        )
        beside: dict[str, ASGIApplication] = {"/hooks/": parts.hooks.endpoint, "/admission/": parts.admission}
        servers = Servers(_mounted(server, beside), sockets, certificate)
        servers.start()
        _spare_stored_objects()
        stack.push_async_callback(servers.stop)
        stack.push_async_callback(server.close)
        for line in _greeting(listeners, kubeconfig):
            announce(line)
        await stopping.wait()
        parts.end_programs()


def _spare_stored_objects() -> None:
    """Look for garbage less often, and never among what is loaded: stored objects are many, and hold no cycles."""
    gc.freeze()
    gc.set_threshold(*_GARBAGE_THRESHOLDS)


def _mounted(server: ApiServer, beside: Mapping[str, ASGIApplication]) -> ASGIApplication:
    """Put what is beside the API in front of it, by the beginnings of paths."""
    beginnings = tuple(beside)

    async def application(scope: Scope, receive: Receive, send: Send) -> None:
        chosen: ASGIApplication = server
        if scope["type"] == "http" and scope["path"].startswith(beginnings):
            chosen = next(one for beginning, one in beside.items() if scope["path"].startswith(beginning))
        await chosen(scope, receive, send)

    return application


def _told_to_stop() -> asyncio.Event:
    """Return what is set by the first signal to stop; the next one ends the process there and then."""
    loop, stopping = asyncio.get_running_loop(), asyncio.Event()
    signals = (signal.SIGTERM, signal.SIGINT)

    def stop() -> None:
        stopping.set()
        for number in signals:
            loop.remove_signal_handler(number)

    for number in signals:
        loop.add_signal_handler(number, stop)
    return stopping


def _certificate(settings: Settings, listeners: list[Listener]) -> CertificateFiles | None:
    hosts = [listener.host for listener in listeners if listener.scheme == "https"]
    if not hosts:
        return None
    public = urlsplit(settings.public_url).hostname
    names = server_names([*hosts, *([public] if public else [])])
    return ensure_certificates(settings.data_dir / "tls", names, datetime.now(UTC))


def _preferred(listeners: list[Listener]) -> Listener:
    """Return the listener that clients are sent to: one with TLS where there is one."""
    return next((listener for listener in listeners if listener.scheme == "https"), listeners[0])


def _registry_host(listeners: list[Listener]) -> str:
    """Return what we call our own registry: the plain listener, which container tools need no certificate for."""
    return next((listener for listener in listeners if listener.scheme == "http"), listeners[0]).netloc


def _greeting(listeners: list[Listener], kubeconfig: Path) -> Iterator[str]:
    yield f"imagestreams {__version__} is ready."
    for listener in listeners:
        yield f"  {'API' if listener.scheme == 'https' else 'API, without TLS':<17} {listener.url}"
    yield f"  {'kubeconfig':<17} {kubeconfig}"
    yield "Next:"
    yield f"  export KUBECONFIG={kubeconfig}"
    yield f"  {_isctl()} import-image python:3.12 --from=docker.io/library/python:3.12 --confirm"


def _isctl() -> str:
    """Return how `isctl` is called from the shell that started the server."""
    return sys.argv[0] if "/" in sys.argv[0] else "isctl"


def _now() -> datetime:
    return datetime.now(UTC)


def _server_platform() -> Platform:
    machine = platform.machine().lower()
    return Platform(platform.system().lower(), _ARCHITECTURES.get(machine, machine))


def _platform() -> str:
    own = _server_platform()
    return f"{own.os}/{own.architecture}"
