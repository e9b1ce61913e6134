"""Registries behind a proxy, and those that are reached without one."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Any

import pytest
from yarl import URL

from imagestreams.api.core import Secret
from imagestreams.reference import parse
from imagestreams.registries.client import RegistryClient
from imagestreams.registries.credentials import Keyring
from imagestreams.registries.errors import Unreachable
from imagestreams.registries.proxies import proxies_of
from imagestreams.streams.image_from_manifest import DOCKER_MANIFEST

ENVIRONMENT = {
    "HTTPS_PROXY": "http://user:pw@proxy.corp:3128",
    "http_proxy": "proxy.corp:8080",
    "NO_PROXY": "internal.corp, .only.sub,10.0.0.0/8, 192.0.2.7,ported.corp:5000,*.star.corp",
}


@pytest.mark.parametrize(
    ("url", "proxied"),
    [
        ("https://quay.io/v2/", True),
        ("http://quay.io/v2/", True),
        ("https://localhost:5000/v2/", False),
        ("https://127.0.0.1:5000/v2/", False),
        ("https://[::1]:5000/v2/", False),
        ("https://internal.corp/v2/", False),
        ("https://r.internal.corp/v2/", False),
        ("https://notinternal.corp/v2/", True),
        ("https://only.sub/v2/", True),
        ("https://r.only.sub/v2/", False),
        ("https://10.1.2.3/v2/", False),
        ("https://11.1.2.3/v2/", True),
        ("https://192.0.2.7:5000/v2/", False),
        ("https://ported.corp:5000/v2/", False),
        ("https://ported.corp/v2/", True),
        ("https://r.star.corp/v2/", False),
    ],
)
def test_the_environment_says_what_goes_through_a_proxy(url: str, proxied: bool) -> None:
    proxy = proxies_of(ENVIRONMENT)(URL(url))

    assert (proxy is not None) is proxied


def test_each_scheme_has_its_own_proxy_and_none_is_the_default() -> None:
    choose = proxies_of(ENVIRONMENT)

    assert choose(URL("http://quay.io")) == URL("http://proxy.corp:8080")
    assert choose(URL("https://quay.io")) == URL("http://user:pw@proxy.corp:3128")
    assert proxies_of({})(URL("https://quay.io")) is None
    assert proxies_of({**ENVIRONMENT, "NO_PROXY": "*"})(URL("https://quay.io")) is None


def test_an_unusable_proxy_is_refused_without_showing_its_password() -> None:
    with pytest.raises(ValueError) as refused:
        proxies_of({"HTTPS_PROXY": "socks5://user:s3cret@proxy"})

    assert "s3cret" not in str(refused.value)


@contextlib.asynccontextmanager
async def proxy(answer: bytes = b"HTTP/1.1 200 Connected\r\n\r\n") -> AsyncIterator[tuple[URL, list[str]]]:
    """A proxy that makes tunnels, and the places that it was asked for."""
    asked: list[str] = []

    async def copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError):
            while data := await reader.read(65536):
                writer.write(data)
                await writer.drain()
        writer.close()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        asked.append(head.split(" ")[1])
        writer.write(answer)
        if not answer.startswith(b"HTTP/1.1 200"):
            writer.close()
            return
        host, _, port = asked[-1].rpartition(":")
        there_reader, there_writer = await asyncio.open_connection(host, int(port))
        await asyncio.gather(copy(reader, there_writer), copy(there_reader, writer))

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield URL(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"), asked
    finally:
        server.close()


async def test_a_registry_is_reached_through_a_tunnel(secure_registry: Any, repository_name: str) -> None:
    pushed = secure_registry.image(repository_name, "1")
    reference = parse(f"{secure_registry.host}/{repository_name}")

    async with (
        proxy() as (address, asked),
        RegistryClient(trust=secure_registry.trust(), proxy=lambda url: address) as c,
    ):
        keys = Keyring.from_secrets([_secret(secure_registry)])
        manifest = await c.repository(reference, keys).manifest("1", [DOCKER_MANIFEST])

    assert manifest.digest == pushed.digest
    assert set(asked) == {secure_registry.host}


async def test_a_proxy_that_refuses_or_is_not_there_is_named(secure_registry: Any) -> None:
    refusal = b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n"
    reference = parse(f"{secure_registry.host}/x")

    async with proxy(refusal) as (address, _), RegistryClient(proxy=lambda url: address) as client:
        with pytest.raises(Unreachable) as refused:
            await client.repository(reference, Keyring()).manifest("1", [DOCKER_MANIFEST])
    async with RegistryClient(proxy=lambda url: URL("http://127.0.0.1:1")) as client:
        with pytest.raises(Unreachable) as missing:
            await client.repository(reference, Keyring()).manifest("1", [DOCKER_MANIFEST])

    assert str(refused.value).endswith("proxyconnect tcp: 407 Proxy Authentication Required")
    assert str(missing.value).endswith("proxyconnect tcp: connection refused")


def _secret(registry: Any) -> Secret:
    return Secret(type="kubernetes.io/dockerconfigjson", data={".dockerconfigjson": registry.docker_config()})
