"""The paths that are no resource: discovery, OpenAPI, version, health, metrics, and the index of all these."""

import asyncio
import gzip
import hashlib
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

import msgspec
from prometheus_client import CollectorRegistry

from imagestreams.api.codec import encode
from imagestreams.api.errors import method_not_allowed, not_acceptable
from imagestreams.apiserver.answers import GZIP_FROM_BYTES, Headers, send_bytes, send_document, send_text
from imagestreams.apiserver.discovery import AGGREGATED_TYPE, Discovery
from imagestreams.apiserver.health import Check, Health
from imagestreams.apiserver.incoming import Request
from imagestreams.apiserver.negotiation import JSON, parse_accept, plain_media_type, wants_aggregated_discovery
from imagestreams.apiserver.request_metrics import exposition
from imagestreams.resources.resource import ResourceInfo

NOT_FOUND: Final = "404 page not found\n"
_METRICS_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"
_PROTOBUF: Final = "application/com.github.proto-openapi.spec.v2.v1.0+protobuf"
_OPENAPI_TYPES: Final = {
    "application/com.github.proto-openapi.spec.v2@v1.0+protobuf": "v2_protobuf",
    _PROTOBUF: "v2_protobuf",
    JSON: "v2_json",
    "application/*": "v2_json",
    "*/*": "v2_json",
}
_INDEX: Final = ("/healthz", "/livez", "/metrics", "/openapi/v2", "/openapi/v3", "/readyz", "/version")


class ServerVersion(msgspec.Struct, frozen=True, rename="camel", kw_only=True):
    """The answer of `/version`; `git_version` is what clients compare, `v1.32.4` for example."""

    git_version: str
    git_commit: str = ""
    git_tree_state: str = "clean"
    build_date: str = "1970-01-01T00:00:00Z"
    go_version: str = ""
    compiler: str = ""
    platform: str = "linux/amd64"

    def document(self) -> dict[str, str]:
        """Return the version as clients read it."""
        found = re.match(r"v?(\d+)\.(\d+)", self.git_version)
        major, minor = found.groups() if found else ("", "")
        return {"major": major, "minor": minor, **msgspec.to_builtins(self)}


class HasOpenApi(Protocol):
    """The description of all types and paths."""

    def v2_json(self) -> bytes: ...
    def v2_protobuf(self) -> bytes: ...
    def v3_index(self) -> bytes: ...
    def v3(self, path: str) -> bytes | None: ...


@dataclass(slots=True)
class _Document:
    """Bytes that never change, with their tag."""

    body: bytes
    media_type: str = JSON
    compressed: bytes = b""
    etag: bytes = field(init=False)

    def __post_init__(self) -> None:
        self.etag = b'"%b"' % hashlib.sha256(self.body).hexdigest().upper().encode()


class Documents:
    """Everything that the server says of itself."""

    def __init__(
        self,
        infos: Iterable[ResourceInfo],
        version: ServerVersion,
        checks: Mapping[str, Check],
        readiness: Mapping[str, Check],
        registry: CollectorRegistry,
    ) -> None:
        self._infos = list(infos)
        self.discovery = Discovery(self._infos)
        self._version = msgspec.json.format(encode(version.document()), indent=2)
        self._health = {
            "healthz": Health("healthz", checks),
            "livez": Health("livez", {}),
            "readyz": Health("readyz", {**checks, **readiness}),
        }
        self._registry = registry
        self._known: dict[str, _Document] = {}
        self._openapi: HasOpenApi | None = None
        self._describing = asyncio.Lock()

    async def serve(self, request: Request) -> None:
        """Send what a path stands for, or that there is nothing."""
        root, *parts = request.path.strip("/").split("/")
        serve = self._SERVERS.get(root)
        if serve is None or not all(parts) or not await serve(self, request, parts):
            await send_text(request, 404, NOT_FOUND)

    async def _index(self, request: Request, parts: list[str]) -> bool:
        if request.path != "/":
            return False
        groups = [f"/apis/{info.group}" for info in self._infos if info.group]
        versions = [f"/apis/{i.group}/{i.version}" if i.group else f"/api/{i.version}" for i in self._infos]
        paths = sorted({"/api", "/apis", *groups, *versions, *_INDEX})
        await self._send(request, "index", lambda: {"paths": paths})
        return True

    async def _core(self, request: Request, parts: list[str]) -> bool:
        return await self._api(request, parts, core=True)

    async def _groups(self, request: Request, parts: list[str]) -> bool:
        return await self._api(request, parts, core=False)

    async def _api(self, request: Request, parts: list[str], *, core: bool) -> bool:
        where = "/".join(["api" if core else "apis", *parts])
        if not parts:
            if wants_aggregated_discovery(request.header(b"accept")):
                await self._send_tagged(
                    request, f"{where};aggregated", lambda: self.discovery.aggregated(core=core), AGGREGATED_TYPE
                )
            else:
                whole = self.discovery.core_versions if core else self.discovery.groups
                await self._send(request, where, whole)
            return True
        if core:
            found = self.discovery.resources("", parts[0]) if len(parts) == 1 else None
        elif len(parts) == 1:
            found = self.discovery.group(parts[0])
        else:
            found = self.discovery.resources(parts[0], parts[1]) if len(parts) == 2 else None
        if found is None:
            return False
        await self._send(request, where, lambda: found)
        return True

    async def _send(self, request: Request, name: str, make: Callable[[], Any]) -> None:
        _admit_reading(request)
        if name not in self._known:
            self._known[name] = _Document(encode(make()))
        await send_document(request, 200, self._known[name].body, plain_media_type(request.header(b"accept")))

    async def _send_tagged(self, request: Request, name: str, make: Callable[[], Any], media_type: str) -> None:
        _admit_reading(request)
        if name not in self._known:
            made = make()
            self._known[name] = _Document(made if isinstance(made, bytes) else encode(made), media_type)
        document = self._known[name]
        headers: Headers = [
            (b"etag", document.etag),
            (b"vary", b"Accept"),
            (b"cache-control", b"public"),
        ]
        if request.headers.get(b"if-none-match") == document.etag:
            await send_bytes(request, 304, headers, b"")
            return
        headers.append((b"content-type", media_type.encode()))
        body = document.body
        if len(body) > GZIP_FROM_BYTES and request.accepts_gzip:
            document.compressed = document.compressed or await asyncio.to_thread(gzip.compress, body, 6, mtime=0)
            body = document.compressed
            headers.append((b"content-encoding", b"gzip"))
        await send_bytes(request, 200, headers, body)

    async def _serve_version(self, request: Request, parts: list[str]) -> bool:
        if parts:
            return False
        _admit_reading(request)
        await send_bytes(request, 200, [(b"content-type", JSON.encode())], self._version)
        return True

    async def _serve_health(self, request: Request, parts: list[str]) -> bool:
        health = self._health[request.path.strip("/").partition("/")[0]]
        query = request.query
        if parts:
            one = await health.one("/".join(parts))
            if one is None:
                return False
            await send_text(request, *one)
            return True
        code, text = await health.report(query.all("exclude"), verbose="verbose" in query)
        await send_text(request, code, text)
        return True

    async def _serve_metrics(self, request: Request, parts: list[str]) -> bool:
        if parts:
            return False
        _admit_reading(request)
        body = exposition(self._registry)
        await send_bytes(request, 200, [(b"content-type", _METRICS_TYPE.encode())], body)
        return True

    async def _serve_openapi(self, request: Request, parts: list[str]) -> bool:
        if not parts or parts[0] not in ("v2", "v3") or (parts[0] == "v2" and len(parts) > 1):
            return False
        name, media_type = "/".join(parts), JSON
        method = ""
        if name == "v2":
            media_type, method = _openapi_type(request.header(b"accept"))
            name = f"v2;{method}"
        if name not in self._known:
            api = await self._described()
            if method:
                body: bytes | None = await asyncio.to_thread(getattr(api, method))
            elif name == "v3":
                body = await asyncio.to_thread(api.v3_index)
            else:
                body = await asyncio.to_thread(api.v3, "/".join(parts[1:]))
            if body is None:
                return False
            self._known[name] = _Document(body, media_type)
        await self._send_tagged(request, name, bytes, media_type)
        return True

    async def _described(self) -> HasOpenApi:
        async with self._describing:
            if self._openapi is None:
                # Imported when the first client asks: many never do, and it takes its time and memory.
                from imagestreams.apiserver.openapi import OpenApi

                self._openapi = await asyncio.to_thread(OpenApi, self._infos)
            return self._openapi

    _SERVERS: Final = {
        "": _index,
        "api": _core,
        "apis": _groups,
        "version": _serve_version,
        "healthz": _serve_health,
        "livez": _serve_health,
        "readyz": _serve_health,
        "metrics": _serve_metrics,
        "openapi": _serve_openapi,
    }


def _admit_reading(request: Request) -> None:
    if request.method not in ("GET", "HEAD"):
        raise method_not_allowed()


def _openapi_type(accept: str) -> tuple[str, str]:
    """Return the media type of the OpenAPI v2 document that is wanted, and which one of its forms that is."""
    for media_type, _ in parse_accept(accept) or [(JSON, {})]:
        form = _OPENAPI_TYPES.get(media_type)
        if form is not None:
            # Never the old name: clients that ask for it can't read an @ in a Content-Type.
            return (_PROTOBUF if form == "v2_protobuf" else JSON), form
    raise not_acceptable("406: Not Acceptable")
