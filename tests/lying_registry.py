"""A registry that lies, stalls and talks nonsense: a bare asyncio server whose answers the tests write."""

import asyncio
import contextlib
import hashlib
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field

MANIFEST_TYPE = "application/vnd.oci.image.manifest.v1+json"
CONFIG = json.dumps({"architecture": "amd64", "os": "linux"}).encode()


def digest_of(data: bytes) -> str:
    return "sha256:" + hashlib.sha256(data).hexdigest()


MANIFEST = json.dumps(
    {
        "schemaVersion": 2,
        "mediaType": MANIFEST_TYPE,
        "config": {
            "mediaType": "application/vnd.oci.image.config.v1+json",
            "digest": digest_of(CONFIG),
            "size": len(CONFIG),
        },
        "layers": [],
    }
).encode()


@dataclass(frozen=True)
class Asked:
    """One request."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes = b""


@dataclass
class LyingRegistry:
    """Answers each request by `answer`, which writes the raw bytes of a response.

    The first look at the API is answered well, unless `answer.pings` says that it is a lie too.
    """

    answer: Callable[[Asked, asyncio.StreamWriter], Awaitable[None]]
    host: str = ""
    asked: list[Asked] = field(default_factory=list)
    manifest: bytes = MANIFEST
    digest: str = digest_of(MANIFEST)
    config: bytes = CONFIG

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            # A TLS handshake begins with this byte; as other plain servers do, end it at once.
            while (start := await reader.readexactly(1)) != b"\x16" and not writer.is_closing():
                first, *lines = (start + await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
                headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
                body = await reader.readexactly(int(headers.get("content-length", "0")))
                method, path, _ = first.split(" ")
                asked = Asked(method, path, headers, body)
                self.asked.append(asked)
                if path == "/v2/" and not getattr(self.answer, "pings", False):
                    writer.write(response())
                else:
                    await self.answer(asked, writer)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    def paths(self, method: str = "GET") -> list[str]:
        """The paths asked for, without the first look at the API."""
        return [one.path for one in self.asked if one.method == method and one.path != "/v2/"]


def response(status: int = 200, body: bytes = b"", **headers: str) -> bytes:
    """The bytes of a response; an underscore in a header's name stands for a dash, an empty value for no header."""
    sent = {"Content_Length": str(len(body)), **headers}
    lines = [f"{name.replace('_', '-')}: {value}\r\n" for name, value in sent.items() if value]
    return f"HTTP/1.1 {status} Whatever\r\n{''.join(lines)}\r\n".encode() + body


def good_manifest() -> bytes:
    """The response that gives the registry's one image."""
    return response(200, MANIFEST, Content_Type=MANIFEST_TYPE, Docker_Content_Digest=digest_of(MANIFEST))


Answer = Callable[[Asked, asyncio.StreamWriter], Awaitable[None]]


@contextlib.asynccontextmanager
async def opened() -> AsyncIterator[Callable[[Answer], Awaitable[LyingRegistry]]]:
    """Give a function that starts registries which answer as told."""
    async with contextlib.AsyncExitStack() as stack:

        async def start(answer: Answer) -> LyingRegistry:
            registry = LyingRegistry(answer)
            server = await asyncio.start_server(registry.serve, "127.0.0.1", 0)
            host, port = server.sockets[0].getsockname()[:2]
            registry.host = f"{host}:{port}"
            stack.callback(server.close)
            return registry

        yield start
