"""What the OpenAPI tests share: descriptions of all served resources, and a server for real kubectls."""

import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from imagestreams.api import config, core, hooks, image, notifications
from imagestreams.api.codec import encode
from imagestreams.apiserver.discovery import Discovery
from imagestreams.apiserver.openapi import OpenApi
from imagestreams.apiserver.openapi.protobuf import MEDIA_TYPE, OLD_MEDIA_TYPE
from imagestreams.resources.resource import ResourceInfo, Verb

TRANSCRIPTS = Path(__file__).parents[2] / "contract" / "transcripts"
ALL: frozenset[Verb] = frozenset({"get", "list", "watch", "create", "update", "patch", "delete", "deletecollection"})
CREATE: frozenset[Verb] = frozenset({"create"})


def image_group() -> list[ResourceInfo]:
    """The image group as its recorded discovery document lists it."""
    steps = json.loads((TRANSCRIPTS / "discovery.json").read_text())["steps"]
    path = ["GET", "/apis/image.openshift.io/v1"]
    listed = next(step["answer"]["body"] for step in steps if step.get("http") == path)
    found = []
    for entry in listed["resources"]:
        plural, _, subresource = entry["name"].partition("/")
        kind = entry["kind"]
        found.append(
            ResourceInfo(
                group="image.openshift.io",
                version="v1",
                plural=plural,
                kind=kind,
                object_type=core.SecretList if kind == "SecretList" else getattr(image, kind),
                verbs=frozenset(entry["verbs"]),
                singular=entry["singularName"],
                namespaced=entry["namespaced"],
                subresource=subresource,
                short_names=tuple(entry.get("shortNames", ())),
            )
        )
    return found


def other_groups() -> list[ResourceInfo]:
    project, review = "project.openshift.io", "authorization.k8s.io"
    return [
        *_settings(),
        ResourceInfo("", "v1", "namespaces", "Namespace", core.Namespace, ALL, "namespace", namespaced=False),
        ResourceInfo("", "v1", "secrets", "Secret", core.Secret, ALL, "secret"),
        ResourceInfo("", "v1", "configmaps", "ConfigMap", core.ConfigMap, ALL, "configmap"),
        ResourceInfo("", "v1", "events", "Event", core.Event, ALL, "event"),
        ResourceInfo("", "v1", "serviceaccounts", "ServiceAccount", core.ServiceAccount, ALL, "serviceaccount"),
        ResourceInfo(
            "imagestreams.dev", "v1", "registryhooks", "RegistryHook", hooks.RegistryHook, ALL, "registryhook"
        ),
        ResourceInfo(
            "imagestreams.dev",
            "v1",
            "notificationsinks",
            "NotificationSink",
            notifications.NotificationSink,
            ALL,
            "notificationsink",
        ),
        ResourceInfo(project, "v1", "projects", "Project", core.Project, ALL, "project", namespaced=False),
        ResourceInfo(
            project,
            "v1",
            "projectrequests",
            "ProjectRequest",
            core.ProjectRequest,
            CREATE,
            "projectrequest",
            namespaced=False,
        ),
        ResourceInfo(
            review,
            "v1",
            "selfsubjectaccessreviews",
            "SelfSubjectAccessReview",
            core.SelfSubjectAccessReview,
            CREATE,
            "selfsubjectaccessreview",
            namespaced=False,
        ),
    ]


def _settings() -> list[ResourceInfo]:
    names = (("images", config.Image), ("imagedigestmirrorsets", config.ImageDigestMirrorSet))
    return [
        ResourceInfo("config.openshift.io", "v1", plural, kind.__name__, kind, ALL, plural[:-1], namespaced=False)
        for plural, kind in names
    ]


@pytest.fixture(scope="session")
def infos() -> list[ResourceInfo]:
    return [*image_group(), *other_groups()]


@pytest.fixture(scope="session")
def openapi(infos: list[ResourceInfo]) -> OpenApi:
    return OpenApi(infos)


@pytest.fixture(scope="session")
def v2(openapi: OpenApi) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(openapi.v2_json())
    return document


@pytest.fixture(scope="session")
def v3(openapi: OpenApi) -> dict[str, dict[str, Any]]:
    """All version 3 documents by path."""
    paths = json.loads(openapi.v3_index())["paths"]
    return {path: json.loads(openapi.v3(path) or b"null") for path in paths}


@dataclass
class Objects:
    """The objects that the server has beside its documents, by path, and the patches that it got."""

    stored: dict[str, dict[str, Any]] = field(default_factory=dict)
    patches: list[tuple[str, dict[str, Any]]] = field(default_factory=list)


@pytest.fixture(scope="session")
def objects() -> Objects:
    return Objects()


@pytest.fixture(scope="session")
def kubeconfig(
    infos: list[ResourceInfo], openapi: OpenApi, objects: Objects, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Path]:
    """A kubeconfig for a server that has discovery, the documents, and the given objects."""
    discovery = Discovery(infos)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            path = self.path.partition("?")[0].strip("/")
            accepted = self.headers.get("Accept", "")
            old = path == "openapi/v2" and any(name in accepted for name in (MEDIA_TYPE, OLD_MEDIA_TYPE))
            body = self.document(path, path.split("/"), old)
            self.answer(body, old)

        def do_PATCH(self) -> None:
            data = self.rfile.read(int(self.headers["Content-Length"]))
            objects.patches.append((self.headers["Content-Type"], json.loads(data)))
            self.answer(encode(objects.stored[self.path.partition("?")[0]]))

        def answer(self, body: bytes | None, old: bool = False) -> None:
            self.send_response(200 if body else 404)
            self.send_header("Content-Type", MEDIA_TYPE if old else "application/json")
            self.send_header("Content-Length", str(len(body or b"")))
            self.end_headers()
            self.wfile.write(body or b"")

        def document(self, path: str, parts: list[str], old: bool) -> bytes | None:
            match parts:
                case ["openapi", "v2"]:
                    return openapi.v2_protobuf() if old else openapi.v2_json()
                case ["openapi", "v3"]:
                    return openapi.v3_index()
                case ["openapi", "v3", *_]:
                    return openapi.v3(path.removeprefix("openapi/v3/"))
                case ["api"]:
                    return encode(discovery.core_versions())
                case ["apis"]:
                    return encode(discovery.groups())
                case ["api", version]:
                    return encode(discovery.resources("", version))
                case ["apis", group, version]:
                    return encode(discovery.resources(group, version))
            found = objects.stored.get(f"/{path}")
            return encode(found) if found else None

        def log_message(self, format: str, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    file = tmp_path_factory.mktemp("kube") / "config"
    config = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "it", "cluster": {"server": f"http://127.0.0.1:{server.server_port}"}}],
        "contexts": [{"name": "it", "context": {"cluster": "it", "user": "it", "namespace": "default"}}],
        "users": [{"name": "it", "user": {"token": "t"}}],
        "current-context": "it",
    }
    file.write_text(json.dumps(config))
    yield file
    server.shutdown()
    thread.join()
    server.server_close()
