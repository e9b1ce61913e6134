"""Image resources over HTTP: each test has a namespace of its own in the module's server."""

import itertools
from typing import Any

import pytest

from tests.running_server import RunningServer

GROUP = "/apis/image.openshift.io/v1"
_numbers = itertools.count(1)


class Room:
    """A namespace of a running server, spoken to over HTTP."""

    def __init__(self, server: RunningServer, namespace: str) -> None:
        self.server, self.namespace = server, namespace
        self.call("POST", "/api/v1/namespaces", {"metadata": {"name": namespace}})

    def call(
        self, method: str, path: str, body: Any = None, media_type: str = "application/json", accept: str = ""
    ) -> tuple[int, Any]:
        """Send a request; a path without a leading slash is one of image resources in the namespace."""
        path = path if path.startswith("/") else f"{GROUP}/namespaces/{self.namespace}/{path}"
        headers = {"Content-Type": media_type, "Accept": accept or "application/json"}
        return self.server.request(method, path, body, headers if body is not None or accept else None)

    def get(self, path: str) -> Any:
        return self.call("GET", path)[1]

    def patch(self, path: str, body: Any) -> tuple[int, Any]:
        """Send a merge patch."""
        return self.call("PATCH", path, body, "application/merge-patch+json")

    def post(self, resource: str, kind: str, name: str, metadata: Any = None, **fields: Any) -> tuple[int, Any]:
        """Create an object of a kind."""
        return self.call("POST", resource, self.object(kind, name, metadata, **fields))

    def object(self, kind: str, name: str, metadata: Any = None, **fields: Any) -> dict[str, Any]:
        """Return an object of a kind."""
        meta = {"name": name, **(metadata or {})}
        return {"kind": kind, "apiVersion": "image.openshift.io/v1", "metadata": meta, **fields}

    def stream(self, name: str, *tags: Any) -> tuple[int, Any]:
        """Create a stream."""
        return self.post("imagestreams", "ImageStream", name, **({"spec": {"tags": list(tags)}} if tags else {}))

    def import_tags(self, stream: str, pull_specs: dict[str, str], **more: Any) -> Any:
        """Import images into tags and wait for the answer."""
        images = [
            {
                "from": {"kind": "DockerImage", "name": place},
                "to": {"name": tag},
                "importPolicy": {"insecure": True},
                **more,
            }
            for tag, place in pull_specs.items()
        ]
        body = self.object("ImageStreamImport", stream, spec={"import": True, "images": images})
        status, answer = self.call("POST", "imagestreamimports", body)
        assert status == 201, answer
        return answer

    def map(self, stream: str, tag: str, image: str, **fields: Any) -> tuple[int, Any]:
        """Tell the server that an image has been pushed."""
        wanted = {"metadata": {"name": image}, "dockerImageReference": f"x.io/y@{image}", **fields}
        return self.post("imagestreammappings", "ImageStreamMapping", stream, image=wanted, tag=tag)


@pytest.fixture
def room(notes_server: RunningServer) -> Room:
    return Room(notes_server, f"rest-{next(_numbers)}")
