"""The image group over a real store, called through the API server's application without a network."""

import importlib.util
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from imagestreams.access.authentication import TokenAuthenticator, token_hash
from imagestreams.access.authorization import Attributes, BuiltinAuthorizer
from imagestreams.access.identity import ADMINISTRATORS, User
from imagestreams.api.codec import copy, from_dict
from imagestreams.api.config import RegistryLocation
from imagestreams.api.core import Secret
from imagestreams.api.defaulting import LEGACY
from imagestreams.api.errors import not_found
from imagestreams.api.image import Image, TagReferencePolicy
from imagestreams.apiserver.app import ApiServer
from imagestreams.apiserver.documents import ServerVersion
from imagestreams.resources.images.group import ImageGroup, image_group
from imagestreams.resources.images.image_rules import ImageRules
from imagestreams.resources.images.images import new_image
from imagestreams.resources.images.imagestreams import RegistryHosts
from imagestreams.resources.resource import ResourceInfo
from imagestreams.resources.storage import ObjectStorage
from imagestreams.store.sqlite import SQLiteStore
from imagestreams.streams.allowed_registries import AllowedRegistries
from imagestreams.streams.apply_import import apply_failure, apply_success, finish_import

CONTRACT = Path(__file__).parents[1] / "contract"
REGISTRY = "registry.test:5000"
SECRETS = ResourceInfo("", "v1", "secrets", "Secret", Secret, frozenset())
API = "/apis/image.openshift.io/v1"


class Authority:
    """Lets `jane` do what is granted by name, and leaves the rest to the built-in rules."""

    def __init__(self) -> None:
        self.granted: set[tuple[str, str, str, str]] = set()

    def grant(self, verb: str, resource: str, namespace: str, name: str = "") -> None:
        self.granted.add((verb, resource, namespace, name))

    async def allows(self, attributes: Attributes) -> bool:
        resource = attributes.resource + (f"/{attributes.subresource}" if attributes.subresource else "")
        for name in ("", attributes.name):
            if (attributes.verb, resource, attributes.namespace, name) in self.granted:
                return True
        return await BuiltinAuthorizer().allows(attributes)


@dataclass
class Answer:
    """What came back: code and decoded body."""

    code: int
    body: Any
    type: str = ""


class ImageRoom:
    """The group, its store and a client; `now` moves by a second with each request."""

    def __init__(self, store: SQLiteStore, hosts: RegistryHosts) -> None:
        self.locations: list[RegistryLocation] = []
        self.import_mode = LEGACY
        self.now = datetime(2026, 11, 24, 12, 0, 0, tzinfo=UTC)
        self.authority = Authority()
        self.namespaces = {"ns", "other"}
        self.secrets = ObjectStorage(store, SECRETS, Secret)
        self.group: ImageGroup = image_group(
            store,
            secrets=self.secrets,
            hosts=hosts,
            authorizer=self.authority,
            namespaces=self._gate,
            clock=lambda: self.now,
            rules=ImageRules(self.allowed, lambda: self.import_mode),
        )
        users = {"admin": User("admin", frozenset({ADMINISTRATORS})), "jane": User("jane")}
        self.app = ApiServer(
            self.group.resources,
            TokenAuthenticator({token_hash(token): user for token, user in users.items()}),
            self.authority,
            clock=lambda: self.now,
            version=ServerVersion(git_version="v1.32.0"),
        )

    def allow_only(self, *names: str, insecure: bool = False) -> None:
        """Let nothing be imported from registries but these."""
        self.locations = [RegistryLocation(name, insecure) for name in names]

    def allowed(self) -> AllowedRegistries:
        """Return the registries that may be imported from."""
        return AllowedRegistries.listed(self.locations, REGISTRY)

    def _gate(self, namespace: str) -> None:
        if namespace not in self.namespaces:
            raise not_found("", "namespaces", namespace)

    async def start(self) -> None:
        await self.secrets.cache.start()
        await self.group.start()

    async def http(
        self, method: str, path: str, body: Any = None, headers: dict[str, str] | None = None, user: str = "admin"
    ) -> Answer:
        self.now += timedelta(seconds=1)
        data = b"" if body is None else body.encode() if isinstance(body, str) else json.dumps(body).encode()
        sent: list[dict[str, Any]] = []
        target, _, query = path.partition("?")
        given = {"accept": "application/json", "authorization": f"Bearer {user}", "user-agent": "Python-urllib/3.11"}
        if data:
            given |= {"content-type": "application/json", "content-length": str(len(data))}
        given |= {name.lower(): value for name, value in (headers or {}).items()}

        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": data, "more_body": False}

        async def send(message: Any) -> None:
            sent.append(message)

        scope = {
            "type": "http",
            "method": method,
            "path": target,
            "query_string": query.encode(),
            "headers": [(name.encode(), value.encode("latin-1")) for name, value in given.items()],
        }
        await self.app(scope, receive, send)
        content = b"".join(message.get("body", b"") for message in sent[1:])
        kind = next((value.decode() for name, value in sent[0]["headers"] if name == b"content-type"), "")
        try:
            decoded = json.loads(content)
        except ValueError:
            decoded = content.decode()
        return Answer(sent[0]["status"], decoded, kind.split(",")[0])

    async def call(self, method: str, path: str, body: Any = None, **options: Any) -> Any:
        """Do a request in the namespace `ns` that must succeed and return its body."""
        answer = await self.http(method, f"{API}/namespaces/ns/{path}", body, **options)
        assert answer.code in {200, 201}, answer.body
        return answer.body

    async def refuse(self, method: str, path: str, body: Any = None, **options: Any) -> tuple[int, str, str]:
        """Do a request in the namespace `ns` that must fail; return code, reason and message."""
        answer = await self.http(method, f"{API}/namespaces/ns/{path}", body, **options)
        assert answer.code >= 400, answer.body
        return answer.code, answer.body.get("reason", ""), answer.body["message"]

    async def merge(self, path: str, patch: Any, **options: Any) -> Any:
        headers = {"Content-Type": "application/merge-patch+json"}
        return await self.call("PATCH", path, patch, headers=headers, **options)

    async def add_stream(self, name: str = "s", *tags: dict[str, Any]) -> Any:
        body = {"kind": "ImageStream", "apiVersion": "image.openshift.io/v1", "metadata": {"name": name}}
        return await self.call("POST", "imagestreams", {**body, "spec": {"tags": list(tags)}})

    async def push(self, tag: str, letter: str, stream: str = "s", **image: Any) -> Any:
        """Tell the server that a registry received an image whose digest is all one letter."""
        digest = "sha256:" + letter * 64
        body = {
            "kind": "ImageStreamMapping",
            "apiVersion": "image.openshift.io/v1",
            "metadata": {"name": stream},
            "tag": tag,
            "image": {
                "metadata": {"name": digest},
                "dockerImageReference": f"reg.example.com/a/b@{digest}",
                **image,
            },
        }
        return await self.call("POST", "imagestreammappings", body)

    async def import_tag(self, namespace: str, stream: str, tag: str, image: dict[str, Any] | None) -> None:
        """Do what the import controller does when it has found this image, or none, upstream."""
        now = self.now.strftime("%Y-%m-%dT%H:%M:%SZ")
        entry = self.group.streams.get(namespace, stream)
        value = copy(entry.value)
        wish = next(one for one in value.spec.tags or [] if one.name == tag)
        policies = copy(wish.import_policy), TagReferencePolicy()
        source = wish.from_.name if wish.from_ is not None else ""
        if image is None:
            apply_failure(value, tag, not_found("", "x", "x").status, source, *policies, now)
        else:
            found = from_dict(image, Image)
            if self.group.images.find("", found.metadata.name) is None:
                await self.group.images.create(new_image(copy(found), now))
            apply_success(value, tag, found, source, *policies, now)
        finish_import(value, entry.value, now)
        await self.group.streams.replace(entry, value)

    async def histories(self, stream: str = "s") -> dict[str, list[str]]:
        """Return the images of each tag, newest first, by the letter of their digest."""
        found = await self.call("GET", f"imagestreams/{stream}")
        return {
            history["tag"]: [item["image"][7:8] for item in history["items"] or []]
            for history in found["status"].get("tags", [])
        }


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[SQLiteStore]:
    opened = SQLiteStore.open(tmp_path / "data")
    yield opened
    await opened.close()


@pytest.fixture
async def room(store: SQLiteStore) -> AsyncIterator[ImageRoom]:
    made = ImageRoom(store, RegistryHosts(REGISTRY))
    await made.start()
    yield made
    await made.app.close()
    made.group.stop()


@pytest.fixture(scope="session")
def replay() -> Any:
    """The replay program, for its masks and its comparison."""
    spec = importlib.util.spec_from_file_location("replay", CONTRACT / "replay.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
