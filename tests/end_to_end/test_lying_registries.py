"""Registries that lie, stall or fail, asked through the API: each has its own error, and no stream or image changes."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from tests.running_server import RunningServer

TYPE = "application/vnd.oci.image.manifest.v1+json"
OTHER = "sha256:" + "0" * 64
KNOWN_BYTES = 64 << 20


class Answers:
    """Honest until `lie` is set, which is then the answer to all GETs of manifests (or of `about`)."""

    def __init__(self, respond: Any, good_manifest: bytes) -> None:
        self.respond = respond
        self.good_manifest = good_manifest
        self.config = b""
        self.lie: bytes | None = None
        self.about = "/manifests/"
        self.endless = False
        self.sent_bytes = 0

    async def __call__(self, asked: Any, writer: asyncio.StreamWriter) -> None:
        lied_to = self.lie is not None and self.about in asked.path
        if lied_to and asked.method == "HEAD":
            writer.write(self.respond(405))
        elif lied_to:
            await self._lie(writer)
        elif "/blobs/" in asked.path:
            writer.write(self.respond(200, self.config))
        else:
            writer.write(self.good_manifest)

    async def _lie(self, writer: asyncio.StreamWriter) -> None:
        assert self.lie is not None
        writer.write(self.lie)
        if self.endless:
            while self.sent_bytes < KNOWN_BYTES:
                writer.write(b"10000\r\n" + b" " * 0x10000 + b"\r\n")
                self.sent_bytes += 0x10000
                await writer.drain()
        head, _, body = self.lie.partition(b"\r\n\r\n")
        promised = head.partition(b"Content-Length: ")[2].split(b"\r\n")[0]
        if promised and int(promised) != len(body):
            writer.close()


class Victim:
    """A stream whose tag `a` was imported from the registry while it was honest."""

    def __init__(self, server: RunningServer, namespace: str, registry: Any) -> None:
        self.server = server
        self.base = f"/apis/image.openshift.io/v1/namespaces/{namespace}"
        self.registry = registry
        self.source = f"{registry.host}/x:1"

    async def call(self, method: str, path: str, body: Any = None) -> Any:
        # The registry runs in this loop, so the request must not block it.
        code, answer = await asyncio.to_thread(self.server.request, method, path, body)
        assert code < 300, answer
        return answer

    async def run(self) -> Any:
        """Import the tag; return the status of its outcome."""
        wanted = {
            "from": {"kind": "DockerImage", "name": self.source},
            "to": {"name": "a"},
            "importPolicy": {"insecure": True},
        }
        body = {"metadata": {"name": "s"}, "spec": {"import": True, "images": [wanted]}}
        answer = await self.call("POST", f"{self.base}/imagestreamimports", body)
        return answer["status"]["images"][0]["status"]

    async def stream(self) -> Any:
        return await self.call("GET", f"{self.base}/imagestreams/s")

    async def images(self) -> set[str]:
        found = await self.call("GET", "/apis/image.openshift.io/v1/images")
        return {one["metadata"]["name"] for one in found["items"]}


@pytest.fixture
async def victim(
    server: RunningServer, namespace: str, lying_registry: Any, respond: Any, good_manifest: bytes
) -> Victim:
    answers = Answers(respond, good_manifest)
    registry = await lying_registry(answers)
    answers.config = registry.config
    made = Victim(server, namespace, registry)
    assert (await made.run())["status"] == "Success"
    return made


LIES = {
    "wrong digest": (
        (200, b'{"schemaVersion":2}', {"Content_Type": TYPE, "Docker_Content_Digest": OTHER}),
        f"content integrity error: the manifest retrieved with digest {OTHER} does not match the digest calculated "
        "from the content",
    ),
    "truncated body": ((200, b'{"sch', {"Content_Type": TYPE, "Content_Length": "500"}), "unexpected EOF"),
    "too large": ((200, b" ", {"Content_Type": TYPE, "Content_Length": "999999999"}), "more than 4194304 bytes"),
    "redirect loop": ((307, b"", {"Location": "/v2/x/manifests/1"}), "stopped after 10 redirects"),
    "redirect to a file": ((302, b"", {"Location": "file:///etc/passwd"}), "unusable Location header"),
    "wrong content type": (
        (200, b"{}", {"Content_Type": "text/html"}),
        "unsupported manifest media type and no default available: text/html",
    ),
    "broken JSON": ((200, b"{", {"Content_Type": TYPE}), "unreadable manifest"),
    "busy": ((429, b"", {}), "received unexpected HTTP status: 429 Too Many Requests"),
    "busy for a while": (
        (429, b'{"errors":[{"code":"TOOMANYREQUESTS","message":"slow down"}]}', {"Retry_After": "3600"}),
        "toomanyrequests: slow down",
    ),
    "failing": ((500, b"oops", {}), "received unexpected HTTP status: 500 Internal Server Error"),
    "away": ((503, b"", {}), "received unexpected HTTP status: 503 Service Unavailable"),
    "forbidding": ((403, b'{"errors":[{"code":"DENIED","message":"not for you"}]}', {}), "denied: not for you"),
}


@pytest.mark.parametrize("name", LIES)
async def test_a_lie_is_an_error_of_its_own_and_changes_nothing(victim: Victim, respond: Any, name: str) -> None:
    (status, body, headers), told = LIES[name]
    before, images = await victim.stream(), await victim.images()
    victim.registry.answer.lie = respond(status, body, **headers)

    outcome = await victim.run()

    assert (outcome["status"], outcome["reason"], outcome["code"]) == ("Failure", "InternalError", 500)
    assert outcome["message"].startswith(f"Internal error occurred: {victim.source}: ")
    assert told in outcome["message"]
    assert outcome["details"]["causes"] == [{"message": outcome["message"].removeprefix("Internal error occurred: ")}]
    after = await victim.stream()
    [tag] = after["status"]["tags"]
    assert tag["items"] == before["status"]["tags"][0]["items"]
    [condition] = tag["conditions"]
    assert (condition["type"], condition["status"]) == ("ImportSuccess", "False")
    assert (condition["reason"], condition["message"]) == ("InternalError", outcome["message"])
    assert after["spec"]["tags"][0]["from"] == before["spec"]["tags"][0]["from"]
    assert await victim.images() == images


async def test_a_config_that_is_not_what_its_digest_names_is_no_image(victim: Victim, respond: Any) -> None:
    config = b'{"architecture":"amd64","os":"linux","author":"somebody else"}'
    manifest = {
        "schemaVersion": 2,
        "mediaType": TYPE,
        "config": {"mediaType": "application/vnd.oci.image.config.v1+json", "digest": OTHER, "size": len(config)},
        "layers": [],
    }
    answers = victim.registry.answer
    answers.good_manifest = respond(200, json.dumps(manifest).encode(), Content_Type=TYPE)
    answers.config = config
    before, images = await victim.stream(), await victim.images()

    outcome = await victim.run()

    told = f"content integrity error: the blob retrieved with digest {OTHER} does not match"
    assert told in outcome["message"]
    assert (await victim.stream())["status"]["tags"][0]["items"] == before["status"]["tags"][0]["items"]
    assert await victim.images() == images


async def test_a_body_without_end_is_cut_off_and_fills_no_memory(victim: Victim) -> None:
    before = await victim.stream()
    answers = victim.registry.answer
    answers.lie = f"HTTP/1.1 200 OK\r\nContent-Type: {TYPE}\r\nTransfer-Encoding: chunked\r\n\r\n".encode()
    answers.endless = True
    resident = resident_bytes(victim.server)

    outcome = await victim.run()

    assert outcome["message"].endswith(": more than 4194304 bytes")
    assert answers.sent_bytes < KNOWN_BYTES
    assert resident_bytes(victim.server) - resident < 24 << 20
    assert (await victim.stream())["status"]["tags"][0]["items"] == before["status"]["tags"][0]["items"]


async def test_a_registry_that_refuses_every_login_is_unauthorized(victim: Victim, respond: Any) -> None:
    before = await victim.stream()
    victim.registry.answer.lie = respond(
        401, b'{"errors":[{"code":"UNAUTHORIZED","message":"again"}]}', WWW_Authenticate='Basic realm="x"'
    )
    asked = len(victim.registry.asked)

    outcome = await victim.run()

    message = f'you may not have access to the container image "{victim.source}"'
    assert (outcome["reason"], outcome["code"], outcome["message"]) == ("Unauthorized", 401, message)
    assert len(victim.registry.asked) - asked <= 4
    tag = (await victim.stream())["status"]["tags"][0]
    assert tag["items"] == before["status"]["tags"][0]["items"]
    assert (tag["conditions"][0]["reason"], tag["conditions"][0]["message"]) == ("Unauthorized", message)


async def test_a_token_service_that_is_never_content_ends_too(victim: Victim, respond: Any) -> None:
    realm = f'Bearer realm="http://{victim.registry.host}/v2/token/manifests/",service="x"'
    victim.registry.answer.lie = respond(401, b"", WWW_Authenticate=realm)
    asked = len(victim.registry.asked)

    outcome = await victim.run()

    assert (outcome["reason"], outcome["code"]) == ("Unauthorized", 401)
    assert len(victim.registry.asked) - asked <= 6


async def test_a_registry_that_comes_to_its_senses_is_imported_again(victim: Victim, respond: Any) -> None:
    answers = victim.registry.answer
    answers.lie = respond(200, b"{}", Content_Type="text/html")
    assert (await victim.run())["status"] == "Failure"

    answers.lie = None
    outcome = await victim.run()

    tag = (await victim.stream())["status"]["tags"][0]
    assert outcome["status"] == "Success"
    assert "conditions" not in tag
    assert [event["image"] for event in tag["items"]] == [victim.registry.digest]


def resident_bytes(server: RunningServer) -> int:
    fields = Path(f"/proc/{server.process.pid}/statm").read_text().split()
    return int(fields[1]) * 4096
