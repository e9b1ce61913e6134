"""A small API server for the command line's tests, and ways to run isctl and kubectl against it."""

import io
import json
import os
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from unittest import mock
from urllib.parse import parse_qsl, urlsplit

import pytest

from imagestreams.cli.main import run

_RESOURCES = [
    # group, version, plural, kind, namespaced, short names
    ("", "v1", "namespaces", "Namespace", False, ["ns"]),
    ("", "v1", "secrets", "Secret", True, []),
    ("", "v1", "configmaps", "ConfigMap", True, ["cm"]),
    ("image.openshift.io", "v1", "images", "Image", False, []),
    ("image.openshift.io", "v1", "imagestreams", "ImageStream", True, ["is"]),
    ("image.openshift.io", "v1", "imagestreamtags", "ImageStreamTag", True, ["istag"]),
]
_VERBS = ["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"]
_PATH = re.compile(r"(?:/api/v1|/apis/([^/]+)/v1)(?:/namespaces/([^/]+)(?=/))?/([^/]+)(?:/([^/]+))?(?:/([^/]+))?")
_NAMESPACES = re.compile(r"/api/v1/namespaces(?:/([^/]+))?")


@dataclass
class Api:
    """Objects by (group, plural, namespace, name), and what was asked of the server."""

    url: str = ""
    kubeconfig: str = ""
    objects: dict[tuple[str, str, str, str], dict[str, Any]] = field(default_factory=dict)
    requests: list[tuple[str, str, dict[str, str], Any]] = field(default_factory=list)
    answers: dict[tuple[str, str], tuple[int, dict[str, Any]]] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)
    events: list[dict[str, Any]] = field(default_factory=list)
    revision: int = 100

    def put(self, value: dict[str, Any]) -> dict[str, Any]:
        """Store an object as if somebody had created it."""
        group = value["apiVersion"].rpartition("/")[0]
        plural = next(r[2] for r in _RESOURCES if r[0] == group and r[3] == value["kind"])
        metadata = value["metadata"]
        self.revision += 1
        metadata.setdefault("uid", f"00000000-0000-0000-0000-{self.revision:012d}")
        metadata.setdefault("creationTimestamp", "2020-01-01T00:00:00Z")
        metadata["resourceVersion"] = str(self.revision)
        self.objects[(group, plural, metadata.get("namespace", ""), metadata["name"])] = value
        return value

    def stream(self, name: str, namespace: str = "default", **metadata: Any) -> dict[str, Any]:
        """Store an image stream."""
        return self.put(
            {
                "apiVersion": "image.openshift.io/v1",
                "kind": "ImageStream",
                "metadata": {"name": name, "namespace": namespace, **metadata},
                "spec": {"lookupPolicy": {"local": False}},
                "status": {"dockerImageRepository": f"registry/{namespace}/{name}"},
            }
        )

    def asked(self, method: str) -> list[tuple[str, dict[str, str], Any]]:
        """Return path, query and body of the requests with a method."""
        return [(path, query, body) for asked, path, query, body in self.requests if asked == method]

    def run(self, *arguments: str, stdin: str = "", env: dict[str, str] | None = None) -> "Outcome":
        """Run isctl's command line in this process, with streams and environment of its own."""
        out, err = (io.TextIOWrapper(io.BytesIO(), encoding="utf-8", newline="") for _ in range(2))
        given = io.TextIOWrapper(io.BytesIO(stdin.encode()), encoding="utf-8")
        environment = {"KUBECONFIG": self.kubeconfig, "HOME": str(Path(self.kubeconfig).parent), **(env or {})}
        with (
            mock.patch.dict(os.environ, environment),
            mock.patch.multiple(sys, stdout=out, stderr=err, stdin=given),
        ):
            try:
                code = run(list(arguments))
            except SystemExit as error:
                code = int(error.code or 0)
        printed = []
        for stream in (out, err):
            stream.flush()
            printed.append(stream.buffer.getvalue().decode())  # type: ignore[attr-defined]  # it is a BytesIO
        return Outcome(code, printed[0], printed[1])

    def isctl(self, *arguments: str, stdin: str = "", env: dict[str, str] | None = None) -> "Outcome":
        """Run isctl in its own process."""
        return _run([sys.executable, "-m", "imagestreams.cli.main", *arguments], self.kubeconfig, stdin, env or {})

    def kubectl(self, *arguments: str, stdin: str = "", env: dict[str, str] | None = None) -> "Outcome":
        """Run kubectl in its own process, to compare."""
        return _run(["kubectl", *arguments], self.kubeconfig, stdin, env or {})


@dataclass(frozen=True)
class Outcome:
    """What a command printed and how it ended."""

    code: int
    stdout: str
    stderr: str


def _run(command: list[str], kubeconfig: str, stdin: str, env: dict[str, str]) -> Outcome:
    done = subprocess.run(
        command,
        input=stdin,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env={**os.environ, "KUBECONFIG": kubeconfig, "HOME": str(Path(kubeconfig).parent), **env},
    )
    return Outcome(done.returncode, done.stdout, done.stderr)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    api: Api

    def log_message(self, format: str, *args: Any) -> None:
        pass

    def answer(self, code: int, value: Any) -> None:
        body = value if isinstance(value, bytes) else json.dumps(value).encode()
        self.send_response(code)
        self.send_header("Content-Type", "application/json")
        for warning in self.api.warnings:
            self.send_header("Warning", f'299 - "{warning}"')
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def fail(self, code: int, reason: str, message: str, details: dict[str, Any] | None = None) -> None:
        status = {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure", "code": code}
        self.answer(code, {**status, "reason": reason, "message": message, "details": details or {}})

    def handle_request(self) -> None:
        parts = urlsplit(self.path)
        query = dict(parse_qsl(parts.query))
        raw = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if raw.startswith(b"k8s\0"):
            self.fail(415, "UnsupportedMediaType", "the body of the request was in an unknown format")
            return
        try:
            body = json.loads(raw) if raw else None
        except ValueError:
            body = raw.decode()
        self.api.requests.append((self.command, parts.path, query, body))
        if (self.command, parts.path) in self.api.answers:
            self.answer(*self.api.answers[(self.command, parts.path)])
        elif not self.discovery(parts.path):
            self.objects(parts.path, query, body)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = handle_request

    def discovery(self, path: str) -> bool:
        groups = sorted({(r[0], r[1]) for r in _RESOURCES})
        if path == "/version":
            self.answer(200, {"major": "1", "minor": "32", "gitVersion": "v1.32.0"})
        elif path == "/api":
            self.answer(200, {"kind": "APIVersions", "versions": ["v1"]})
        elif path == "/apis":
            found = [
                {
                    "name": group,
                    "versions": [{"groupVersion": f"{group}/{version}", "version": version}],
                    "preferredVersion": {"groupVersion": f"{group}/{version}", "version": version},
                }
                for group, version in groups
                if group
            ]
            self.answer(200, {"kind": "APIGroupList", "apiVersion": "v1", "groups": found})
        elif path.startswith("/openapi"):
            self.fail(404, "NotFound", "the server could not find the requested resource")
        else:
            for group, version in groups:
                if path == (f"/apis/{group}/{version}" if group else f"/api/{version}"):
                    listed = [
                        {"name": r[2], "singularName": r[3].lower(), "namespaced": r[4], "kind": r[3],
                         "verbs": _VERBS, "shortNames": r[5]}
                        for r in _RESOURCES if (r[0], r[1]) == (group, version)
                    ]  # fmt: skip
                    version = f"{group}/{version}" if group else version
                    self.answer(200, {"kind": "APIResourceList", "groupVersion": version, "resources": listed})
                    return True
            return False
        return True

    def objects(self, path: str, query: dict[str, str], body: Any) -> None:
        if match := _NAMESPACES.fullmatch(path):
            group, namespace, plural, name = "", "", "namespaces", match[1]
        elif match := _PATH.fullmatch(path):
            group, namespace, plural, name = match[1] or "", match[2] or "", match[3], match[4]
        else:
            self.fail(404, "NotFound", "the server could not find the requested resource")
            return
        known = next((r for r in _RESOURCES if (r[0], r[2]) == (group, plural)), None)
        if known is None:
            self.fail(404, "NotFound", "the server could not find the requested resource")
            return
        qualified = f"{plural}.{group}" if group else plural
        key = (group, plural, namespace, name or (body or {}).get("metadata", {}).get("name", "") if body else name)
        found = self.api.objects.get(key)
        if not name and self.command in ("GET", "DELETE"):
            self.collection(known, namespace, query)
        elif self.command == "POST":
            if found is not None:
                text = f'{qualified} "{key[3]}" already exists'
                self.fail(409, "AlreadyExists", text, {"name": key[3], "group": group, "kind": plural})
            elif "dryRun" in query:
                self.answer(201, body)
            else:
                if namespace:
                    body["metadata"]["namespace"] = namespace
                self.answer(201, self.api.put(body))
        elif found is None and not (self.command == "PATCH" and "fieldManager" in query and "force" in query):
            text = f'{qualified} "{name}" not found'
            self.fail(404, "NotFound", text, {"name": name, "group": group, "kind": plural})
        elif self.command == "GET":
            self.answer(200, _table([found]) if "as=Table" in self.headers["Accept"] else found)
        elif self.command == "DELETE":
            if "dryRun" not in query:
                del self.api.objects[key]
            self.answer(200, {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success"})
        else:
            changed = body if self.command == "PUT" else self.patched(found or {}, body)
            same = changed == found
            self.answer(200, changed if same or "dryRun" in query else self.api.put(changed))

    def patched(self, value: dict[str, Any], patch: Any) -> dict[str, Any]:
        if "json-patch" in self.headers["Content-Type"]:
            import jsonpatch

            return jsonpatch.apply_patch(value, patch)
        return _merged(value, patch)

    def collection(self, known: tuple[Any, ...], namespace: str, query: dict[str, str]) -> None:
        wanted = dict(part.split("=") for part in query.get("labelSelector", "").split(",") if part)
        found = [
            value
            for (group, plural, place, _), value in sorted(self.api.objects.items())
            if (group, plural) == (known[0], known[2])
            and (not namespace or place == namespace)
            and wanted.items() <= value["metadata"].get("labels", {}).items()
        ]
        if "watch" in query:
            lines = b"".join(json.dumps(event).encode() + b"\n" for event in self.api.events)
            self.answer(200, lines)
        elif "as=Table" in self.headers.get("Accept", ""):
            self.answer(200, _table(found, str(self.api.revision)))
        else:
            version = f"{known[0]}/{known[1]}" if known[0] else known[1]
            items = [{key: part for key, part in item.items() if key not in ("kind", "apiVersion")} for item in found]
            metadata = {"resourceVersion": str(self.api.revision)}
            self.answer(200, {"kind": f"{known[3]}List", "apiVersion": version, "metadata": metadata, "items": items})


def _merged(value: Any, patch: Any) -> Any:
    if not isinstance(patch, dict):
        return patch
    result = dict(value) if isinstance(value, dict) else {}
    for key, part in patch.items():
        if part is None:
            result.pop(key, None)
        else:
            result[key] = _merged(result.get(key), part)
    return result


def _table(objects: list[dict[str, Any]], revision: str = "") -> dict[str, Any]:
    columns = [
        {"name": "Name", "type": "string", "format": "name", "priority": 0},
        {"name": "Data", "type": "string", "format": "", "priority": 0},
        {"name": "Detail", "type": "string", "format": "", "priority": 1},
        {"name": "Age", "type": "string", "format": "", "priority": 0},
    ]
    rows = [
        {
            "cells": [item["metadata"]["name"], len(item.get("data") or {}), item["metadata"]["uid"], "5y"],
            "object": {"kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1", "metadata": item["metadata"]},
        }
        for item in objects
    ]
    metadata = {"resourceVersion": revision} if revision else {}
    return {
        "kind": "Table",
        "apiVersion": "meta.k8s.io/v1",
        "metadata": metadata,
        "columnDefinitions": columns,
        "rows": rows,
    }


@pytest.fixture
def api(tmp_path: Path) -> Iterator[Api]:
    """An API server on a free loopback port, and a kubeconfig that names it."""
    state = Api()
    handler = type("Handler", (_Handler,), {"api": state})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    state.url = f"http://127.0.0.1:{server.server_address[1]}"
    path = tmp_path / "kubeconfig"
    path.write_text(
        json.dumps(
            {
                "apiVersion": "v1",
                "kind": "Config",
                "current-context": "test",
                "clusters": [{"name": "here", "cluster": {"server": state.url}}],
                "users": [{"name": "me", "user": {"token": "secret-token"}}],
                "contexts": [{"name": "test", "context": {"cluster": "here", "user": "me", "namespace": "default"}}],
            }
        )
    )
    state.kubeconfig = str(path)
    state.put({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "default"}})
    try:
        yield state
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)
