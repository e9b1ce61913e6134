"""One request: where it really goes, and what is made of whatever comes back."""

import asyncio
import socket
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import pytest
from aiohttp import web
from aiohttp.abc import AbstractResolver, ResolveResult

from imagestreams.notifications.courier import Courier
from imagestreams.notifications.lanes import Outcome
from imagestreams.notifications.presets.request import OutgoingRequest
from imagestreams.resources.notifications.urls import UrlRules

REQUEST = OutgoingRequest("application/json", b"{}")


class Names(AbstractResolver):
    """A name service that says something else each time it is asked."""

    def __init__(self, *answers: str) -> None:
        self.answers = list(answers)

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        address = self.answers.pop(0)
        return [
            ResolveResult(hostname=host, host=address, port=port, family=socket.AF_INET, proto=0, flags=0),
        ]

    async def close(self) -> None:
        pass


def port_of(receiver: Any) -> int:
    port = urlsplit(receiver.url).port
    assert port is not None
    return port


async def sent(url: str, rules: UrlRules | None = None, **options: Any) -> Outcome:
    return await Courier(rules or UrlRules(), **options).send(urlsplit(url), REQUEST)


async def test_redirects_are_not_followed(receiver: Any) -> None:
    receiver.answers = [web.Response(status=307, headers={"Location": receiver.url + "/elsewhere"})]

    outcome = await sent(receiver.url)

    assert outcome.message == "the receiver answered 307; redirects are not followed"
    assert len(receiver.requests) == 1


async def test_a_retry_after_is_heard(receiver: Any) -> None:
    receiver.answers = [web.Response(status=429, headers={"Retry-After": "120"})]

    outcome = await sent(receiver.url)

    assert (outcome.down, outcome.retry_after_s) == (True, 120.0)


async def test_what_the_receiver_says_is_not_repeated(receiver: Any) -> None:
    receiver.answers = [web.Response(status=500, text="internal secret")]

    assert (await sent(receiver.url)).message == "the receiver answered 500"


async def test_a_name_that_leads_to_this_machine_is_not_connected_to(receiver: Any) -> None:
    url = f"https://rebound.example.com:{port_of(receiver)}/"

    outcome = await sent(url, UrlRules(forbid_private=True), resolver=lambda: Names("127.0.0.1"))

    assert outcome.message == "the name leads to an address that nothing may be sent to"
    assert receiver.requests == []


async def test_http_to_a_name_goes_only_where_this_machine_is(receiver: Any) -> None:
    url = f"http://localhost:{port_of(receiver)}/"

    assert (await sent(url, resolver=lambda: Names("127.0.0.1"))).delivered
    away = await sent(url, resolver=lambda: Names("192.0.2.1"))

    assert away.message == "the name leads to an address that nothing may be sent to"


async def test_a_name_is_asked_for_once_so_that_it_can_not_change_in_between(receiver: Any) -> None:
    names = Names("127.0.0.1", "192.0.2.1")

    outcome = await sent(f"http://localhost:{port_of(receiver)}/", resolver=lambda: names)

    assert outcome.delivered
    assert names.answers == ["192.0.2.1"]


@pytest.mark.parametrize("host", ["2130706433", "0x7f.1", "127.1"])
async def test_odd_spellings_of_addresses_are_names_whose_address_counts(receiver: Any, host: str) -> None:
    outcome = await sent(f"https://{host}:{port_of(receiver)}/", UrlRules(forbid_private=True))

    assert not outcome.delivered
    assert receiver.requests == []


async def test_a_literal_address_is_held_to_the_rules(receiver: Any) -> None:
    outcome = await sent(receiver.url, UrlRules(allow_http=True, forbid_private=True))

    assert outcome.message == "the address is one that nothing may be sent to"
    assert receiver.requests == []


async def test_a_certificate_that_nobody_knows_is_not_believed(receiver: Any) -> None:
    outcome = await sent(f"https://127.0.0.1:{port_of(receiver)}/hidden")

    assert (outcome.delivered, outcome.message) == (False, "no secure connection to the receiver could be made")


async def test_nobody_there_is_told_without_the_address() -> None:
    outcome = await sent("http://127.0.0.1:1/hidden/path")

    assert (outcome.down, outcome.message) == (
        True,
        "the receiver could not be connected to: connection refused",
    )


async def test_an_unknown_name_is_told() -> None:
    class Nothing(Names):
        async def resolve(self, *args: Any, **options: Any) -> list[ResolveResult]:
            raise OSError(None, "no such name")

    outcome = await sent("https://nowhere.example.invalid/", resolver=Nothing)

    assert outcome.message == "the receiver's name can't be resolved"


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"nonsense\r\n\r\n",
        b"HTTP/1.1 abc\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"X: " + b"a" * 100_000 + b"\r\n\r\n",
        b"\x00" * 5000,
        b"SSH-2.0-OpenSSH_9.2\r\n",
    ],
)
async def test_whatever_answers_is_an_outcome(answer: bytes, serve: Callable[[bytes], Any]) -> None:
    port = await serve(answer)

    outcome = await sent(f"http://127.0.0.1:{port}/")

    assert not outcome.delivered
    assert outcome.message


async def test_an_endless_answer_is_not_read_to_its_end(serve: Callable[[bytes], Any]) -> None:
    port = await serve(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000000000\r\n\r\n" + b"x" * 200_000)

    assert (await sent(f"http://127.0.0.1:{port}/", total_s=5.0)).delivered


async def test_a_receiver_that_says_nothing_is_left_after_a_time(serve: Callable[[bytes | None], Any]) -> None:
    port = await serve(None)

    outcome = await sent(f"http://127.0.0.1:{port}/", total_s=0.2)

    assert outcome.message == "the receiver did not answer within 0 s"


@pytest.fixture
async def serve() -> Any:
    """Answer each connection with these bytes and hang up; with `None` say nothing."""
    servers: list[asyncio.Server] = []
    open_: list[asyncio.StreamWriter] = []

    async def make(answer: bytes | None) -> int:
        async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            open_.append(writer)
            if answer is None:
                return
            await reader.readuntil(b"\r\n\r\n")
            writer.write(answer)
            writer.close()

        servers.append(await asyncio.start_server(connected, "127.0.0.1", 0))
        port: int = servers[-1].sockets[0].getsockname()[1]
        return port

    yield make
    for writer in open_:
        writer.close()
    for server in servers:
        server.close()
