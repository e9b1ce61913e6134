"""The server over real connections."""

import asyncio
import json
from typing import Any

import pytest

from imagestreams.apiserver import incoming

STREAMS = "/apis/image.openshift.io/v1/namespaces/ns/imagestreams"


async def exchange(port: int, head: str, body: bytes = b"") -> tuple[str, bytes]:
    """Send a request; return the answer's head and its body as far as it is announced."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(f"{head}\r\nHost: x\r\nAuthorization: Bearer admin-token\r\n\r\n".encode() + body)
    answered = (await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 10)).decode()
    length = next(int(line.split(":")[1]) for line in answered.lower().split("\r\n") if line.startswith("content-len"))
    content = b"" if head.startswith("HEAD") else await reader.readexactly(length)
    writer.close()
    return answered, content


async def test_a_body_in_pieces(app: Any, serve: Any) -> None:
    async with serve(app) as port:
        body = b'{"metadata":{"name":"a"}}'
        chunks = b"".join(b"1\r\n%c\r\n" % byte for byte in body) + b"0\r\n\r\n"
        head, content = await exchange(
            port, f"POST {STREAMS} HTTP/1.1\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked", chunks
        )

    assert head.startswith("HTTP/1.1 201 ")
    assert json.loads(content)["metadata"]["name"] == "a"


async def test_a_body_of_five_megabytes_is_refused_in_words(app: Any, serve: Any) -> None:
    async with serve(app) as port:
        head, content = await exchange(port, f"POST {STREAMS} HTTP/1.1\r\nContent-Length: 5000000", b" " * 5_000_000)

    assert head.startswith("HTTP/1.1 413 ")
    assert json.loads(content)["message"] == "Request entity too large: limit is 3145728"


async def test_a_body_that_is_announced_as_huge_is_not_waited_for(app: Any, serve: Any) -> None:
    async with serve(app) as port:
        for announced in ("9999999999", "9" * 18):
            head, _ = await exchange(port, f"POST {STREAMS} HTTP/1.1\r\nContent-Length: {announced}", b" " * 100)

            assert head.startswith("HTTP/1.1 413 ")
            assert "connection: close" in head


async def test_several_requests_share_a_connection(app: Any, serve: Any) -> None:
    async with serve(app) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for _ in range(3):
            writer.write(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
            head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 10)
            assert head.startswith(b"HTTP/1.1 200 ")
            assert await reader.readexactly(2) == b"ok"
        writer.close()


async def test_a_head_has_no_body(app: Any, serve: Any) -> None:
    async with serve(app) as port:
        health, _ = await exchange(port, "HEAD /healthz HTTP/1.1")
        refused, _ = await exchange(port, f"HEAD {STREAMS} HTTP/1.1")

    assert health.startswith("HTTP/1.1 200 ")
    assert refused.startswith("HTTP/1.1 405 ")


async def test_a_client_that_leaves_while_it_sends_makes_nothing(app: Any, call: Any, serve: Any) -> None:
    async with serve(app) as port:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
        head = f"POST {STREAMS} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer admin-token\r\nContent-Length: 25"
        writer.write(head.encode() + b'\r\n\r\n{"metadata":{"name":')
        await writer.drain()
        writer.close()
        await writer.wait_closed()

        assert (await call("GET", STREAMS)).json["items"] == []


async def test_a_body_that_does_not_come_is_not_waited_for_without_end(
    app: Any, serve: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(incoming, "BODY_TIMEOUT_S", 0.05)
    async with serve(app) as port:
        head, content = await exchange(port, f"POST {STREAMS} HTTP/1.1\r\nContent-Length: 25", b'{"metadata":')

    assert head.startswith("HTTP/1.1 400 ")
    assert "connection: close" in head
    assert json.loads(content)["message"] == "the body of the request did not arrive in time"


async def test_an_administrator_who_acts_as_somebody_has_that_ones_rights_only(app: Any, serve: Any) -> None:
    async with serve(app) as port:
        own, _ = await exchange(port, f"GET {STREAMS} HTTP/1.1")
        head, content = await exchange(port, f"GET {STREAMS} HTTP/1.1\r\nImpersonate-User: joe")

    assert own.startswith("HTTP/1.1 200 ")
    assert head.startswith("HTTP/1.1 403 ")
    assert json.loads(content)["message"] == (
        'imagestreams.image.openshift.io is forbidden: User "joe" cannot list resource "imagestreams" in API group '
        '"image.openshift.io" in the namespace "ns"'
    )
