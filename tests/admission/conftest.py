"""The endpoint over a real store with one stream, and the secret that holds its token."""

import base64
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from imagestreams.admission.endpoint import PATH, AdmissionEndpoint
from imagestreams.api.codec import from_dict
from imagestreams.api.core import Namespace, Secret
from imagestreams.api.image import Image, ImageStream
from imagestreams.resources.images.image_lookup import ImageLookup
from imagestreams.resources.resource import ResourceInfo
from imagestreams.resources.storage import ObjectStorage
from imagestreams.store.sqlite import SQLiteStore

TOKEN = "0123456789abcdef" * 4
DIGEST = "sha256:" + "a" * 64


class Room:
    """What API servers do with the endpoint."""

    def __init__(self, store: SQLiteStore) -> None:
        self.streams = ObjectStorage(store, _info("image.openshift.io", "imagestreams", ImageStream), ImageStream)
        self.namespaces = ObjectStorage(store, _info("", "namespaces", Namespace, namespaced=False), Namespace)
        self.secrets = ObjectStorage(store, _info("", "secrets", Secret), Secret)
        self.images = ObjectStorage(store, _info("image.openshift.io", "images", Image, namespaced=False), Image)
        self.lookup = ImageLookup(self.streams, self.images, self.namespaces)
        self.endpoint = AdmissionEndpoint(self.lookup, self.secrets)
        self.pull_spec = f"registry.example.com/app@{DIGEST}"

    async def start(self) -> None:
        for storage in (self.streams, self.images, self.namespaces, self.secrets):
            await storage.cache.start()

    def stop(self) -> None:
        for storage in (self.streams, self.images, self.namespaces, self.secrets):
            storage.cache.stop()

    async def stream(self, namespace: str = "team", *, local: bool = True) -> None:
        event = {"image": DIGEST, "dockerImageReference": self.pull_spec, "created": None, "generation": 1}
        body = {
            "metadata": {"name": "app", "namespace": namespace},
            "spec": {"lookupPolicy": {"local": local}},
            "status": {"dockerImageRepository": "", "tags": [{"tag": "prod", "items": [event]}]},
        }
        await self.streams.create(from_dict(body, ImageStream))
        await self.images.create(from_dict({"metadata": {"name": DIGEST}}, Image))

    async def namespace(self, name: str, **labels: str) -> None:
        await self.namespaces.create(from_dict({"metadata": {"name": name, "labels": labels}}, Namespace))

    async def token(self, token: str = TOKEN) -> None:
        data = {"token": base64.b64encode(token.encode()).decode()}
        body = {"metadata": {"name": "imagestreams-admission", "namespace": "kube-system"}, "data": data}
        await self.secrets.create(from_dict(body, Secret))

    async def call(
        self, body: bytes | Any, path: str = PATH + TOKEN, method: str = "POST", **headers: str
    ) -> tuple[int, Any]:
        """Send a request; return its status and the decoded answer, else its text."""
        sent: list[Any] = []
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        messages = [{"type": "http.request", "body": data, "more_body": False}]

        async def receive() -> Any:
            return messages.pop(0)

        async def send(message: Any) -> None:
            sent.append(message)

        named = {"content-type": "application/json", **{key.replace("_", "-"): text for key, text in headers.items()}}
        raw = [(key.encode(), text.encode()) for key, text in named.items()]
        scope = {"type": "http", "method": method, "path": path, "headers": raw, "query_string": b""}
        await self.endpoint(scope, receive, send)
        try:
            return sent[0]["status"], json.loads(sent[1]["body"])
        except ValueError:
            return sent[0]["status"], sent[1]["body"].decode()


def _info(group: str, plural: str, kind: type[Any], *, namespaced: bool = True) -> ResourceInfo:
    return ResourceInfo(group, "v1", plural, kind.__name__, kind, frozenset(), namespaced=namespaced)


@pytest.fixture
def token() -> str:
    return TOKEN


@pytest.fixture
async def room(tmp_path: Path) -> AsyncIterator[Room]:
    store = SQLiteStore.open(tmp_path / "data")
    made = Room(store)
    await made.start()
    yield made
    made.stop()
    await store.close()
