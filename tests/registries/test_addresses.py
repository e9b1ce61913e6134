"""An address where nobody can be is an error like any other, wherever it comes from."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from imagestreams.reference import parse
from imagestreams.registries.client import RegistryClient
from imagestreams.registries.credentials import Keyring
from imagestreams.registries.errors import Misbehaved, RegistryError, Unreachable
from imagestreams.registries.limits import Limits

LIMITS = Limits(connect_s=2, total_s=5, attempts=1)
Start = Callable[[Callable[[Any, asyncio.StreamWriter], Awaitable[None]]], Awaitable[Any]]


async def failure(name: str) -> RegistryError:
    async with RegistryClient(LIMITS) as client:
        with pytest.raises(RegistryError) as caught:
            await client.repository(parse(name), Keyring(), insecure=True).manifest("1", ["x"])
    return caught.value


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("r.invalid:99999/x", 'Get "http://r.invalid:99999/v2/": dial tcp: address 99999: invalid port'),
        ("xn--a.com/x", 'Get "http://xn--a.com/v2/": dial tcp: lookup xn--a.com: no such host'),
        ("256.1.1.1/x", 'Get "http://256.1.1.1/v2/": dial tcp: lookup 256.1.1.1: no such host'),
        (f"{'a' * 64}.com/x", f'Get "http://{"a" * 64}.com/v2/": dial tcp: lookup {"a" * 64}.com: no such host'),
    ],
    ids=["port", "punycode", "number", "too-long"],
)
async def test_a_registry_that_can_not_be_anywhere(name: str, told: str) -> None:
    error = await failure(name)

    assert isinstance(error, Unreachable)
    assert str(error) == told


@pytest.mark.parametrize("there", ["http://r:99999/x", "https://xn--a.com/x", "http://[::1/x", "//:x/"])
async def test_a_registry_may_send_there(lying_registry: Start, respond: Any, there: str) -> None:
    async def redirect(asked: Any, writer: asyncio.StreamWriter) -> None:
        writer.write(respond(307, Location=there))

    registry = await lying_registry(redirect)

    error = await failure(f"{registry.host}/x")

    assert isinstance(error, Misbehaved)
    assert str(error).endswith("unusable Location header")


@pytest.mark.parametrize("realm", ["http://r:99999/x", "https://xn--a.com/x", "http://[::1/x", "x"])
async def test_its_token_service_may_be_there(lying_registry: Start, respond: Any, realm: str) -> None:
    async def challenge(asked: Any, writer: asyncio.StreamWriter) -> None:
        writer.write(respond(401, WWW_Authenticate=f'Bearer realm="{realm}",service="s"'))

    registry = await lying_registry(challenge)

    error = await failure(f"{registry.host}/x")

    assert isinstance(error, Misbehaved)
    assert str(error) == f"unusable token service {realm!r}"


async def test_one_such_image_does_not_spoil_the_others_of_a_request(
    import_room: Any, docker_registry: Any, repository_name: str
) -> None:
    docker_registry.image(repository_name, "1")
    names = [f"{docker_registry.host}/{repository_name}:1", "r.invalid:99999/x:1", "xn--a.com/x:1"]
    wanted = [{"from": {"kind": "DockerImage", "name": name}, "importPolicy": {"insecure": True}} for name in names]

    answer = await import_room.run({"images": wanted})

    assert [one["status"].get("reason", "") for one in answer["status"]["images"]] == ["", *["InternalError"] * 2]
