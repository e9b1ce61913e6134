"""A Kubernetes API server of the tests: it serves deployments as it is told, and writes down what it is asked."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import yaml
from aiohttp import web

from imagestreams.targets.foreign import ForeignCluster
from imagestreams.targets.foreign_watch import Reconnecting
from imagestreams.targets.target import Target

DISCOVERY = {
    "kind": "APIGroupDiscoveryList",
    "items": [
        {
            "metadata": {"name": group},
            "versions": [
                {
                    "version": version,
                    "resources": [
                        {
                            "resource": plural,
                            "scope": "Namespaced",
                            "verbs": verbs,
                            "responseKind": {"kind": kind},
                        }
                        for plural, kind, verbs in resources
                    ],
                }
            ],
        }
        for group, version, resources in (
            (
                "apps",
                "v1",
                [
                    ("deployments", "Deployment", ["list", "watch", "get", "update"]),
                    ("controllerrevisions", "ControllerRevision", ["list", "watch", "get", "update"]),
                    ("daemonsets", "DaemonSet", ["list"]),
                ],
            ),
            ("argoproj.io", "v1alpha1", [("rollouts", "Rollout", ["list", "watch", "get", "update"])]),
            ("build.openshift.io", "v1", [("buildconfigs", "BuildConfig", ["list", "watch", "get", "update"])]),
        )
    ],
}


@dataclass
class Asked:
    """A request as it came in."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: Any = None


@dataclass
class KubernetesServer:
    """What is answered: lists page by page, and watches event by event."""

    url: str = ""
    asked: list[Asked] = field(default_factory=list)
    pages: list[Any] = field(default_factory=list)
    watches: list[list[Any]] = field(default_factory=list)
    answers: dict[tuple[str, str], Any] = field(default_factory=dict)
    token: str = ""
    held: asyncio.Event = field(default_factory=asyncio.Event)

    def lists(self) -> list[Asked]:
        return [one for one in self.asked if one.method == "GET" and "watch" not in one.query]

    def watched(self) -> list[Asked]:
        return [one for one in self.asked if "watch" in one.query]

    async def answer(self, request: web.Request) -> web.StreamResponse:
        body = await request.json() if request.can_read_body else None
        asked = Asked(request.method, request.path, dict(request.query), dict(request.headers), body)
        if self.token and request.headers.get("Authorization") != f"Bearer {self.token}":
            return web.json_response(status("Unauthorized", 401), status=401)
        if request.path in ("/api", "/apis"):
            return web.json_response(DISCOVERY if request.path == "/apis" else {"kind": "APIGroupDiscoveryList"})
        self.asked.append(asked)
        found = self.answers.get((request.method, request.path))
        if found is not None:
            value = found(asked) if callable(found) else found
            return web.json_response(value, status=value.get("code", 200) if value.get("kind") == "Status" else 200)
        if "watch" in request.query:
            return await self._watch(request)
        page = self.pages.pop(0) if self.pages else {"metadata": {"resourceVersion": "1"}, "items": []}
        return web.json_response(page, status=page.get("code", 200))

    async def _watch(self, request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        if not self.watches:
            await self.held.wait()
            return response
        for event in self.watches.pop(0):
            if event == "cut":
                assert request.transport is not None
                request.transport.close()
                return response
            await response.write(event if isinstance(event, bytes) else json.dumps(event).encode() + b"\n")
        return response


def status(message: str, code: int) -> dict[str, Any]:
    return {"kind": "Status", "status": "Failure", "message": message, "code": code}


@pytest.fixture
async def kubernetes() -> AsyncIterator[KubernetesServer]:
    server = KubernetesServer()
    runner = web.ServerRunner(web.Server(server.answer), shutdown_timeout=1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    host, port = runner.addresses[0][:2]
    server.url = f"http://{host}:{port}"
    yield server
    server.held.set()
    await runner.cleanup()


@pytest.fixture
def failure() -> Callable[[str, int], dict[str, Any]]:
    """Makes the `Status` of a failure."""
    return status


@pytest.fixture
def kubeconfig(tmp_path: Path) -> Callable[..., Path]:
    """Writes a kubeconfig for a server's URL, with what its user has."""

    def write(url: str, **user: Any) -> Path:
        config = {
            "clusters": [{"name": "c", "cluster": {"server": url}}],
            "users": [{"name": "u", "user": user}],
            "contexts": [{"name": "k", "context": {"cluster": "c", "user": "u"}}],
            "current-context": "k",
        }
        path = tmp_path / "kubeconfig"
        path.write_text(yaml.safe_dump(config))
        return path

    return write


@pytest.fixture
async def foreign(
    kubernetes: KubernetesServer, kubeconfig: Callable[..., Path]
) -> AsyncIterator[Callable[..., Awaitable[ForeignCluster]]]:
    """Makes the cluster that the server is; nothing is waited for longer than a moment."""
    made: list[ForeignCluster] = []

    async def make(file: Path | None = None, **options: Any) -> ForeignCluster:
        target = Target("prod", file or kubeconfig(kubernetes.url, token="t"), **options)
        times = Reconnecting(first_s=0.01, longest_s=0.02, watch_s=5, silence_s=5)
        cluster = ForeignCluster(
            target, lambda: "2026-01-01T00:00:00Z", environment={}, reconnecting=times, dice=lambda: 0.0
        )
        made.append(cluster)
        return cluster

    yield make
    for cluster in made:
        await cluster.close()
