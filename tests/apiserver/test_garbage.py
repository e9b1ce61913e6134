"""Whatever is sent, the answer is one that a client can read, and what is refused changes nothing.

The server is whole but for imports, which would go out to the network; it is called in this process.
"""

import asyncio
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote_to_bytes

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from imagestreams.access.authentication import TokenAuthenticator, token_hash
from imagestreams.access.authorization import BuiltinAuthorizer
from imagestreams.access.identity import ADMINISTRATORS, User
from imagestreams.apiserver.app import ApiServer
from imagestreams.apiserver.documents import ServerVersion
from imagestreams.resources.core.group import core_group, ensure_namespaces
from imagestreams.resources.images.group import image_group
from imagestreams.resources.images.imagestreams import RegistryHosts
from imagestreams.store.sqlite import SQLiteStore

NOW = datetime(2026, 1, 1, tzinfo=UTC)
BASE = "/apis/image.openshift.io/v1/namespaces/default"
ANSWER_TIMEOUT_S = 20.0
TOLD_BY_500 = ("resourceVersion", "must be of the form", "strconv.ParseUint", "StorageError")
"""The failures that the real server answers with a 500 without a reason."""


class Served:
    """A server with one stream, on an event loop of its own."""

    def __init__(self, directory: Path) -> None:
        self._runner = asyncio.Runner()
        self._runner.run(self._start(directory))

    async def _start(self, directory: Path) -> None:
        self._store = SQLiteStore.open(directory)
        authorizer = BuiltinAuthorizer()
        self._core = core_group(self._store, authorizer=authorizer, clock=lambda: NOW)
        self._images = image_group(
            self._store,
            secrets=self._core.secrets.storage,
            hosts=RegistryHosts("registry.test"),
            authorizer=authorizer,
            namespaces=self._core.gate,
            clock=lambda: NOW,
        )
        self._app = ApiServer(
            [*self._core.resources, *self._images.resources],
            TokenAuthenticator({token_hash("t"): User("admin", frozenset({ADMINISTRATORS}))}),
            authorizer,
            clock=lambda: NOW,
            version=ServerVersion(git_version="v1.32.0"),
        )
        await self._core.start()
        await ensure_namespaces(self._core, NOW)
        await self._images.start()

    def close(self) -> None:
        self._images.stop()
        self._core.stop()
        self._runner.run(self._store.close())
        self._runner.close()

    @property
    def revision(self) -> int:
        return self._store.revision

    def request(
        self, method: str, path: str, query: bytes, headers: dict[bytes, bytes], body: bytes
    ) -> tuple[int, Any]:
        return self._runner.run(self._request(method, path, query, headers, body))

    async def _request(
        self, method: str, path: str, query: bytes, headers: dict[bytes, bytes], body: bytes
    ) -> tuple[int, Any]:
        sent: list[Any] = []
        coming = [{"type": "http.request", "body": body, "more_body": False}]

        async def receive() -> Any:
            return coming.pop() if coming else {"type": "http.disconnect"}

        async def send(message: Any) -> None:
            sent.append(message)

        given_headers = {b"authorization": b"Bearer t", b"content-length": b"%d" % len(body), **headers}
        shown = unquote_to_bytes(path).decode("utf-8", "replace")
        scope = {
            "type": "http",
            "method": method,
            "path": shown,
            "query_string": query,
            "headers": list(given_headers.items()),
        }
        async with asyncio.timeout(ANSWER_TIMEOUT_S):
            await self._app(scope, receive, send)
        return sent[0]["status"], b"".join(message.get("body", b"") for message in sent[1:])


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    server = Served(tmp_path_factory.mktemp("garbage") / "store")
    stream = {
        "metadata": {"name": "s", "labels": {"a": "b"}},
        "spec": {"tags": [{"name": "1", "reference": True, "from": {"kind": "DockerImage", "name": "x.io/a:1"}}]},
    }
    assert server.request("POST", f"{BASE}/imagestreams", b"", {}, json.dumps(stream).encode())[0] == 201
    yield server
    server.close()


SCRAPS = st.text(max_size=8) | st.sampled_from(
    ["", "s", "s:1", "s@sha256:", "~", "default", "..", "%", "a/b", "x" * 300]
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats(allow_nan=False) | SCRAPS,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            SCRAPS
            | st.sampled_from(
                [
                    "metadata",
                    "name",
                    "namespace",
                    "labels",
                    "annotations",
                    "uid",
                    "resourceVersion",
                    "generation",
                    "finalizers",
                    "ownerReferences",
                    "managedFields",
                    "creationTimestamp",
                    "spec",
                    "status",
                    "tags",
                    "tag",
                    "from",
                    "kind",
                    "apiVersion",
                    "items",
                    "image",
                    "data",
                    "stringData",
                    "type",
                    "importPolicy",
                    "op",
                    "path",
                    "value",
                    "test",
                    "dockerImageMetadata",
                    "dockerImageManifests",
                    "conditions",
                    "created",
                    "$patch",
                    "lookupPolicy",
                    "local",
                    "immutable",
                    "involvedObject",
                    "lastTimestamp",
                ]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)
RESOURCES = [
    "imagestreams",
    "imagestreams/s",
    "imagestreams/s/status",
    "imagestreams/s/layers",
    "imagestreams/s/secrets",
    "imagestreamtags",
    "imagestreamtags/s:1",
    "imagestreamtags/s:new",
    "imagetags",
    "imagetags/s:1",
    "imagestreamimages/s@sha256",
    "imagestreammappings",
]
OTHERS = [
    "/api/v1/namespaces/default/secrets",
    "/api/v1/namespaces/default/configmaps",
    "/api/v1/namespaces/default/events",
    "/api/v1/namespaces/default/serviceaccounts/default",
    "/api/v1/namespaces",
    "/api/v1/namespaces/default",
    "/apis/image.openshift.io/v1/images",
    "/apis/image.openshift.io/v1/images/x",
    "/apis/project.openshift.io/v1/projects",
    "/apis/image.openshift.io/v1/imagesignatures",
    "/apis/user.openshift.io/v1/users/~",
    "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews",
    "/api",
    "/apis",
    "/version",
    "/healthz",
    "/metrics",
    "/nothing",
]
PATHS = (
    st.sampled_from([f"{BASE}/{each}" for each in RESOURCES])
    | st.sampled_from(OTHERS)
    | st.lists(SCRAPS.map(lambda text: quote(text, safe="/:@")), max_size=6).map(
        lambda parts: "/apis/" + "/".join(parts)
    )
    | st.builds("{}/{}/{}".format, st.just(BASE), st.sampled_from(RESOURCES), SCRAPS.map(quote))
)
PARAMETERS = [
    "labelSelector",
    "fieldSelector",
    "limit",
    "continue",
    "resourceVersion",
    "resourceVersionMatch",
    "sendInitialEvents",
    "timeoutSeconds",
    "dryRun",
    "fieldManager",
    "fieldValidation",
    "force",
    "pretty",
    "includeObject",
    "propagationPolicy",
    "gracePeriodSeconds",
]
VALUES = SCRAPS | st.sampled_from(
    ["All", "true", "0", "1", "-1", "99999999999999999999", "Exact", "NotOlderThan", "a=b", "a!=b,c", "metadata.name=s"]
)
QUERIES = st.lists(st.tuples(st.sampled_from(PARAMETERS), VALUES), max_size=3).map(
    lambda pairs: "&".join(f"{name}={quote(value)}" for name, value in pairs).encode()
)
TYPES = st.sampled_from(
    b"application/json application/yaml application/json-patch+json application/merge-patch+json text/plain "
    b"application/strategic-merge-patch+json application/apply-patch+yaml application/vnd.kubernetes.protobuf ;".split()
)
ACCEPTS = st.sampled_from(
    b"application/json */* application/yaml application/vnd.kubernetes.protobuf x "
    b"application/json;as=Table;v=v1;g=meta.k8s.io application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io "
    b"application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io ;;q=z,".split()
)
BODIES = JSON.map(lambda value: json.dumps(value).encode()) | st.binary(max_size=40)
METHODS = st.sampled_from(["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "TRACE"])


@settings(
    max_examples=1500, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(METHODS, PATHS, QUERIES, TYPES, ACCEPTS, BODIES)
def test_garbage_is_answered_in_good_order(
    served: Served, method: str, path: str, query: bytes, content_type: bytes, accept: bytes, body: bytes
) -> None:
    before = served.revision

    headers = {b"content-type": content_type, b"accept": accept}
    code, answer = served.request(method, path, query, headers, body)

    if code >= 400:
        assert served.revision == before
        if accept == b"application/json" and answer != b"404 page not found\n":
            _check_refusal(code, json.loads(answer))
    elif method in ("GET", "HEAD"):
        assert served.revision == before


def _check_refusal(code: int, status: Any) -> None:
    assert (status["kind"], status["apiVersion"], status["status"]) == ("Status", "v1", "Failure")
    assert (status["code"], bool(status["message"])) == (code, True)
    if code >= 500:
        assert any(told in status["message"] for told in TOLD_BY_500), status
    else:
        assert status["reason"]
