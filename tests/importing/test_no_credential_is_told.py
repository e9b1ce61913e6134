"""No credential gets into logs, statuses or streams, whatever the registry does with it."""

import asyncio
import base64
import json
import logging
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

USER, PASSWORD = "robot-account", "pa55word-of-the-robot"
TOKEN, IDENTITY = "t0ken-that-the-service-gave", "identity-t0ken-of-somebody"
BASIC = base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
SECRETS = (PASSWORD, TOKEN, IDENTITY, BASIC)

Answer = Callable[[Any, asyncio.StreamWriter], Awaitable[None]]


def docker_config(host: str, login: dict[str, str]) -> str:
    return base64.b64encode(json.dumps({"auths": {host: login}}).encode()).decode()


def echo(asked: Any) -> bytes:
    """An error that repeats all that was asked, as those of debugging proxies do."""
    login = asked.headers.get("authorization", "")
    plain = base64.b64decode(login.removeprefix("Basic ")).decode() if login.startswith("Basic ") else ""
    return json.dumps({"errors": [{"code": "X", "message": f"{login} {plain} {asked.body.decode()}"}]}).encode()


def token_registry(respond: Any, good_manifest: bytes, *, token_status: int = 200, status: int = 200) -> Answer:
    """A registry with a token service; the two may refuse or fail."""

    async def answer(asked: Any, writer: asyncio.StreamWriter) -> None:
        host = asked.headers["host"]
        if asked.path.startswith("/token"):
            writer.write(
                respond(token_status, json.dumps({"token": TOKEN}).encode() if token_status == 200 else echo(asked))
            )
        elif asked.headers.get("authorization") != f"Bearer {TOKEN}":
            writer.write(respond(401, b"", WWW_Authenticate=f'Bearer realm="http://{host}/token",service="s"'))
        elif status == 200 and "/blobs/" not in asked.path:
            writer.write(good_manifest)
        elif status == 200:
            writer.write(respond(200, b'{"architecture": "amd64", "os": "linux"}'))
        else:
            writer.write(respond(status, echo(asked)))

    answer.pings = True  # type: ignore[attr-defined]  # the first look tells of the token service
    return answer


@pytest.mark.parametrize(
    "login",
    [{"auth": BASIC}, {"username": USER, "password": PASSWORD}, {"auth": BASIC, "identitytoken": IDENTITY}],
    ids=["auth", "password", "identity-token"],
)
@pytest.mark.parametrize(
    ("token_status", "status", "ends"),
    [(200, 200, "Success"), (401, 200, "Failure"), (500, 200, "Failure"), (200, 403, "Failure"), (200, 500, "Failure")],
    ids=["right", "wrong", "service-down", "forbidden", "registry-down"],
)
async def test_an_import_tells_no_credential(
    import_room: Any,
    lying_registry: Any,
    respond: Any,
    good_manifest: bytes,
    caplog: pytest.LogCaptureFixture,
    login: dict[str, str],
    token_status: int,
    status: int,
    ends: str,
) -> None:
    caplog.set_level(logging.DEBUG)
    registry = await lying_registry(token_registry(respond, good_manifest, token_status=token_status, status=status))
    await import_room.add_secret(docker_config(registry.host, login))
    source = {"kind": "DockerImage", "name": f"{registry.host}/team/app:1"}

    answer = await import_room.run(
        {"images": [{"from": source, "to": {"name": "a"}, "importPolicy": {"insecure": True}}]}
    )

    assert answer["status"]["images"][0]["status"]["status"] == ends
    sent = "".join(str(asked.headers) + asked.body.decode() for asked in registry.asked)
    assert any(secret in sent for secret in (BASIC, IDENTITY)), "the login was not even tried"
    said = [record.getMessage() + (record.exc_text or "") for record in caplog.records]
    for text in (*said, json.dumps(answer), json.dumps(import_room.stream())):
        assert not any(secret in text for secret in SECRETS)
