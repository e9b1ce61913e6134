"""A registry that fails a number of times before it works."""

import hashlib
import json
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
from aiohttp import web

_CONFIG = json.dumps({"architecture": "amd64", "os": "linux"}).encode()
_TYPE = "application/vnd.oci.image.manifest.v1+json"


def _digest(data: bytes) -> str:
    return "sha256:" + hashlib.sha256(data).hexdigest()


class FlakyRegistry:
    """One image under every name."""

    def __init__(self) -> None:
        self.host = ""
        self.manifest_requests = 0
        self.before_answer: Callable[[], Awaitable[None]] | None = None
        """Called once, while the next manifest is asked for."""
        self._status, self._times, self._retry_after = 200, 0, ""
        config = {"mediaType": "application/vnd.oci.image.config.v1+json", "digest": _digest(_CONFIG), "size": 1}
        self._manifest = json.dumps({"schemaVersion": 2, "mediaType": _TYPE, "config": config, "layers": []}).encode()
        self.digest = _digest(self._manifest)

    def fail(self, status: int, times: int, retry_after: str = "") -> None:
        self._status, self._times, self._retry_after = status, times, retry_after

    async def answer(self, request: web.Request) -> web.Response:
        if request.path == "/v2/":
            return web.Response()
        if request.path.endswith("/tags/list"):
            return web.json_response({"tags": ["1"]})
        if "/blobs/" in request.path:
            return web.Response(body=_CONFIG)
        self.manifest_requests += 1
        if self.before_answer is not None:
            before, self.before_answer = self.before_answer, None
            await before()
        if self._times:
            self._times -= 1
            headers = {"Retry-After": self._retry_after} if self._retry_after else {}
            return web.Response(status=self._status, headers=headers)
        return web.Response(body=self._manifest, headers={"Content-Type": _TYPE})


@pytest.fixture
async def flaky_registry() -> AsyncIterator[FlakyRegistry]:
    registry = FlakyRegistry()
    runner = web.ServerRunner(web.Server(registry.answer))
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    host, port = runner.addresses[0][:2]
    registry.host = f"{host}:{port}"
    yield registry
    await runner.cleanup()
