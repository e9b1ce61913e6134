"""A server for the facts of the real one that are tested in words of our own; each test has a project of its own."""

import itertools
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.running_server import RunningServer

SETTLE_TIMEOUT_S = 20


class Project:
    """A namespace of a running server, and what tests do in it."""

    def __init__(self, server: RunningServer, namespace: str) -> None:
        self.server = server
        self.namespace = namespace

    def call(self, method: str, path: str, body: Any = None, **headers: str) -> tuple[int, Any]:
        """Send a request to a resource of the image group in this namespace."""
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.server.request(
            method, f"/apis/image.openshift.io/v1/namespaces/{self.namespace}/{path}", body, sent
        )

    def get(self, path: str) -> Any:
        code, body = self.call("GET", path)
        assert code == 200, body
        return body

    def post_import(self, name: str, spec: dict[str, Any], query: str = "", **metadata: Any) -> tuple[int, Any]:
        body = {"metadata": {"name": name, **metadata}, "spec": {"import": True, **spec}}
        return self.call("POST", f"imagestreamimports{query}", body)

    def imported(self, name: str, *images: dict[str, Any], **metadata: Any) -> Any:
        """Import images into a stream and return the import's status."""
        code, body = self.post_import(name, {"images": list(images)}, **metadata)
        assert code == 201, body
        return body["status"]

    def imported_repository(self, name: str, repository: dict[str, Any], **spec: Any) -> Any:
        """Import a whole repository and return the import's status."""
        code, body = self.post_import(name, {"repository": repository, **spec})
        assert code == 201, body
        return body["status"]

    def make_stream(self, name: str, spec: dict[str, Any], **metadata: Any) -> Any:
        code, body = self.call("POST", "imagestreams", {"metadata": {"name": name, **metadata}, "spec": spec})
        assert code == 201, body
        return body

    def stream(self, name: str) -> Any:
        return self.get(f"imagestreams/{name}")

    def patch_stream(self, name: str, patch: dict[str, Any]) -> Any:
        code, body = self.call("PATCH", f"imagestreams/{name}", patch, Content_Type="application/merge-patch+json")
        assert code == 200, body
        return body

    def settled(self, name: str, when: Callable[[Any], bool]) -> Any:
        """Return a stream as soon as the import controller has brought it into a state."""
        deadline = time.monotonic() + SETTLE_TIMEOUT_S
        while not when(stream := self.stream(name)):
            assert time.monotonic() < deadline, stream
            time.sleep(0.05)
        return stream

    def history(self, name: str, tag: str) -> list[Any]:
        """Return the events of a tag, newest first."""
        found = [one["items"] or [] for one in self.stream(name)["status"].get("tags", []) if one["tag"] == tag]
        return list(found[0]) if found else []

    def conditions(self, name: str, tag: str) -> list[Any]:
        found = [one.get("conditions", []) for one in self.stream(name)["status"].get("tags", []) if one["tag"] == tag]
        return list(found[0]) if found else []

    def wish(self, name: str, tag: str) -> Any:
        """Return a spec tag of a stream."""
        [found] = [one for one in self.stream(name)["spec"].get("tags", []) if one["name"] == tag]
        return found

    def add_login(self, docker_config: str, name: str = "pull") -> None:
        secret = {
            "metadata": {"name": name},
            "type": "kubernetes.io/dockerconfigjson",
            "data": {".dockerconfigjson": docker_config},
        }
        code, body = self.server.request("POST", f"/api/v1/namespaces/{self.namespace}/secrets", secret)
        assert code == 201, body

    def isctl(self, *arguments: str) -> Any:
        return self.server.isctl("-n", self.namespace, *arguments)


@pytest.fixture(scope="session")
def notes_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    with RunningServer(tmp_path_factory.mktemp("notes") / "data") as running:
        yield running


@pytest.fixture(scope="session")
def project_names() -> Iterator[str]:
    return (f"notes-{number}" for number in itertools.count(1))


@pytest.fixture
def project(notes_server: RunningServer, project_names: Iterator[str]) -> Project:
    namespace = next(project_names)
    assert notes_server.request("POST", "/api/v1/namespaces", {"metadata": {"name": namespace}})[0] == 201
    return Project(notes_server, namespace)


@pytest.fixture
def python(docker_registry: Any, repository_name: str) -> Any:
    """A repository with the tags 3.6 and 3.7; `python.old` and `python.new` are their digests."""

    class Python:
        repository = f"{docker_registry.host}/{repository_name}"
        old = docker_registry.image(repository_name, "3.6", seed=1).digest
        new = docker_registry.image(repository_name, "3.7", seed=2).digest

    return Python


@pytest.fixture
def busybox(docker_registry: Any, repository_name: str) -> Any:
    """A repository whose tag `latest` is a list of three platforms."""

    class Busybox:
        repository = f"{docker_registry.host}/{repository_name}"
        index = docker_registry.index(repository_name, "latest")

    return Busybox
