"""A server over a real store: streams that are stored, and resources that have only some of the verbs."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import uvicorn

from imagestreams.access.authentication import TokenAuthenticator, token_hash
from imagestreams.access.authorization import Attributes, Authorizer, BuiltinAuthorizer
from imagestreams.access.identity import ADMINISTRATORS, User
from imagestreams.api.codec import encode
from imagestreams.api.core import Namespace
from imagestreams.api.image import ImageStream, ImageStreamMapping
from imagestreams.api.meta import Status
from imagestreams.apiserver.app import ApiServer
from imagestreams.apiserver.documents import ServerVersion
from imagestreams.resources.resource import Column, Item, RequestContext, Resource, ResourceInfo, TableView
from imagestreams.resources.storage import ObjectStorage
from imagestreams.resources.stored import StoredResource, Strategy
from imagestreams.store.sqlite import SQLiteStore

GROUP = "image.openshift.io"
ALL_VERBS = frozenset({"get", "list", "watch", "create", "update", "patch", "delete", "deletecollection"})
STREAMS = ResourceInfo(
    group=GROUP,
    version="v1",
    plural="imagestreams",
    singular="imagestream",
    kind="ImageStream",
    object_type=ImageStream,
    verbs=ALL_VERBS,  # type: ignore[arg-type]  # a set of plain strings, all of them verbs
    short_names=("is",),
    table=TableView((Column("Name", format="name"),), lambda stream: [stream.metadata.name]),
)
MAPPINGS = ResourceInfo(
    group=GROUP,
    version="v1",
    plural="imagestreammappings",
    singular="imagestreammapping",
    kind="ImageStreamMapping",
    object_type=ImageStreamMapping,
    verbs=frozenset({"create"}),
)
LAYERS = ResourceInfo(
    group=GROUP,
    version="v1",
    plural="imagestreams",
    subresource="layers",
    kind="ImageStreamLayers",
    object_type=ImageStream,
    verbs=frozenset({"get"}),
)
NAMESPACES = ResourceInfo(
    group="",
    version="v1",
    plural="namespaces",
    short_names=("ns",),
    singular="namespace",
    kind="Namespace",
    object_type=Namespace,
    namespaced=False,
    verbs=frozenset({"get", "list", "create", "delete"}),
)


class Mappings(Resource):
    """Answers each mapping with a bare success; the stream named `broken` shows what a bug does."""

    info = MAPPINGS

    async def create(self, context: RequestContext, obj: Any) -> Item:
        if obj.metadata.name == "broken":
            raise KeyError("s3cret-password")
        status = Status(kind="Status", api_version="v1", status="Success", code=201)
        return Item(status, encode(status))


class Layers(Resource):
    """The layers of a stream, which have no table."""

    info = LAYERS

    def __init__(self, streams: StoredResource[ImageStream]) -> None:
        self._streams = streams

    async def get(self, context: RequestContext, options: Any) -> Item:
        return await self._streams.get(context, options)


@dataclass
class Answer:
    """What came back."""

    status: int
    headers: dict[str, str]
    body: bytes
    warnings: list[str] = field(default_factory=list)

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class Client:
    """Calls the application as an ASGI server does."""

    def __init__(self, app: ApiServer) -> None:
        self.app = app

    async def __call__(
        self,
        method: str,
        target: str,
        body: Any = None,
        *,
        token: str | None = "admin-token",
        **headers: str,
    ) -> Answer:
        data = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
        path, _, query = target.partition("?")
        sent: list[dict[str, Any]] = []
        parts = [data[at : at + 65536] for at in range(0, len(data), 65536)] or [b""]

        async def receive() -> dict[str, Any]:
            part = parts.pop(0)
            return {"type": "http.request", "body": part, "more_body": bool(parts)}

        async def send(message: Any) -> None:
            sent.append(message)

        named = {name.replace("_", "-"): value for name, value in headers.items()}
        if data:
            named.setdefault("content-type", "application/json")
            named.setdefault("content-length", str(len(data)))
        if token is not None:
            named["authorization"] = f"Bearer {token}"
        scope = {
            "type": "http",
            "method": method,
            "path": path,
            "query_string": query.encode(),
            "headers": [(name.encode(), value.encode("latin-1")) for name, value in named.items()],
        }
        await self.app(scope, receive, send)
        head = sent[0]
        pairs = [(name.decode(), value.decode()) for name, value in head["headers"]]
        content = b"".join(message.get("body", b"") for message in sent[1:])
        return Answer(head["status"], dict(pairs), content, [value for name, value in pairs if name == "warning"])


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[SQLiteStore]:
    opened = SQLiteStore.open(tmp_path / "data")
    yield opened
    await opened.close()


@pytest.fixture
async def streams(store: SQLiteStore) -> AsyncIterator[StoredResource[ImageStream]]:
    storage = ObjectStorage(store, STREAMS, ImageStream)
    await storage.cache.start()
    yield StoredResource(storage, Strategy[ImageStream](), lambda name: None)
    storage.cache.stop()


class EverythingAllowed:
    """An authorizer for clients that send no token over plain HTTP, as kubectl."""

    async def allows(self, attributes: Attributes) -> bool:
        return True


@pytest.fixture
async def make_app(
    store: SQLiteStore, streams: StoredResource[ImageStream]
) -> AsyncIterator[Callable[[Authorizer], ApiServer]]:
    spaces = ObjectStorage(store, NAMESPACES, Namespace)
    await spaces.cache.start()
    namespaces = StoredResource(spaces, Strategy[Namespace](), lambda name: None)
    users = {
        token_hash("admin-token"): User("admin", frozenset({ADMINISTRATORS})),
        token_hash("user-token"): User("jane"),
    }

    def make(authorizer: Authorizer) -> ApiServer:
        return ApiServer(
            [streams, Layers(streams), Mappings(), namespaces],
            TokenAuthenticator(users),
            authorizer,
            clock=lambda: datetime(2026, 11, 24, 12, 0, 0, 5, tzinfo=UTC),
            version=ServerVersion(git_version="v1.32.4"),
            random=lambda: 0.5,
        )

    yield make
    spaces.cache.stop()


@pytest.fixture
async def app(make_app: Callable[[Authorizer], ApiServer]) -> AsyncIterator[ApiServer]:
    server = make_app(BuiltinAuthorizer())
    yield server
    await server.close()


@pytest.fixture
async def open_app(make_app: Callable[[Authorizer], ApiServer]) -> AsyncIterator[ApiServer]:
    server = make_app(EverythingAllowed())
    yield server
    await server.close()


@pytest.fixture
def call(app: ApiServer) -> Client:
    return Client(app)


Serve = Callable[[ApiServer], contextlib.AbstractAsyncContextManager[int]]


@pytest.fixture
def serve() -> Serve:
    """Run a server on a free loopback port, as it runs in earnest."""

    @asynccontextmanager
    async def running(app: Any) -> AsyncIterator[int]:
        config = uvicorn.Config(
            app, host="127.0.0.1", port=0, http="httptools", ws="none", lifespan="off", log_level="warning"
        )
        server = uvicorn.Server(config)
        task = asyncio.create_task(server._serve())
        while not server.started:  # noqa: ASYNC110  # uvicorn has no event to wait for
            await asyncio.sleep(0.01)
        try:
            yield server.servers[0].sockets[0].getsockname()[1]
        finally:
            server.should_exit = True
            await app.close()
            await asyncio.wait_for(task, 10)

    return running


@dataclass
class Watch:
    """A watch over a real connection."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    head: str

    async def event(self) -> dict[str, Any] | None:
        """Return the next event, `None` when the server ended the stream."""
        size = int(await asyncio.wait_for(self.reader.readline(), 10), 16)
        chunk = (await self.reader.readexactly(size + 2))[:size]
        if not size:
            return None
        result: dict[str, Any] = json.loads(chunk)
        return result


OpenWatch = Callable[..., Awaitable[Watch]]


@pytest.fixture
def open_watch() -> Iterator[OpenWatch]:
    opened: list[Watch] = []

    async def open_it(port: int, target: str, accept: str = "application/json") -> Watch:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        head = f"GET {target} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer admin-token\r\nAccept: {accept}\r\n\r\n"
        writer.write(head.encode())
        answered = (await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 10)).decode()
        watch = Watch(reader, writer, answered)
        opened.append(watch)
        return watch

    yield open_it
    for watch in opened:
        watch.writer.close()
