"""A registry that says how much it can bear is not asked for more."""

import asyncio
import contextlib
import itertools
import json
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from imagestreams.reference import parse
from imagestreams.registries.client import RegistryClient
from imagestreams.registries.clock import Clock
from imagestreams.registries.credentials import Keyring
from imagestreams.registries.errors import RegistryError, TooManyRequests
from imagestreams.registries.limits import Limits, used_up_s
from imagestreams.registries.silences import Silences

TYPE = "application/vnd.oci.image.manifest.v1+json"
NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
Start = Callable[[Any], Awaitable[Any]]


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"RateLimit-Remaining": "0", "RateLimit-Reset": "7"}, 7.0),
        ({"RateLimit-Remaining": "0;w=60", "RateLimit-Reset": "7"}, 7.0),
        ({"RateLimit": "limit=100, remaining=0, reset=50"}, 50.0),
        ({"RateLimit": '"default";r=0;t=30'}, 30.0),
        ({"RateLimit": '"default";r=1;t=30'}, None),
        ({"RateLimit-Remaining": "3", "RateLimit-Reset": "7"}, None),
        ({"RateLimit-Limit": "100;w=21600", "RateLimit-Remaining": "0;w=21600"}, None),
        ({"RateLimit-Remaining": "none", "RateLimit-Reset": "soon"}, None),
        ({"RateLimit-Remaining": "0", "RateLimit-Reset": "-5"}, None),
        ({}, None),
    ],
)
def test_how_long_an_allowance_is_used_up(headers: dict[str, str], seconds: float | None) -> None:
    assert used_up_s(headers) == seconds


async def ask(client: RegistryClient, host: str, tags: int) -> None:
    repository = client.repository(parse(f"{host}/x:1"), Keyring(), insecure=True)

    async def one(number: int) -> None:
        with contextlib.suppress(RegistryError):
            await repository.manifest(f"t{number}", [TYPE])

    await asyncio.gather(*(one(number) for number in range(tags)))


async def test_no_request_goes_out_before_the_retry_after_of_a_busy_registry(
    lying_registry: Start, respond: Any, good_manifest: bytes
) -> None:
    clock = asyncio.get_running_loop().time
    came: list[tuple[float, bool]] = []

    async def answer(asked: Any, writer: asyncio.StreamWriter) -> None:
        # Each third request is one too many, and some are so often enough to be given up.
        busy = len(came) % 3 != 1
        came.append((clock(), busy))
        writer.write(respond(429, Retry_After="1") if busy else good_manifest)

    registry = await lying_registry(answer)

    async with RegistryClient(Limits(concurrency=1, attempts=2, failures=99)) as client:
        await ask(client, registry.host, 4)

    assert sum(busy for _, busy in came) >= 4
    for (before, busy), (after, _) in itertools.pairwise(came):
        assert not busy or after - before >= 1


class SimulatedClock:
    """Time that goes on when a test says so."""

    def __init__(self) -> None:
        self.passed_s = 0.0
        self.clock = Clock(lambda: NOON + timedelta(seconds=self.passed_s), lambda: self.passed_s)


@pytest.mark.parametrize(
    ("header", "silence_s", "told"),
    [
        ("5400", 5400, "2026-01-01T13:30:00Z"),
        ("Thu, 01 Jan 2026 18:00:00 GMT", 6 * 3600, "2026-01-01T18:00:00Z"),
        ("31536000", 86400, "2026-01-02T12:00:00Z"),
    ],
)
async def test_no_request_goes_out_before_the_retry_after_however_long_it_is(
    lying_registry: Start, respond: Any, good_manifest: bytes, header: str, silence_s: int, told: str
) -> None:
    time = SimulatedClock()
    came: list[float] = []

    async def answer(asked: Any, writer: asyncio.StreamWriter) -> None:
        came.append(time.passed_s)
        writer.write(respond(429, Retry_After=header) if len(came) == 1 else good_manifest)

    registry = await lying_registry(answer)
    async with RegistryClient(Limits(), clock=time.clock) as client:
        repository = client.repository(parse(f"{registry.host}/x:1"), Keyring(), insecure=True)
        messages = set()
        for part in range(100):
            time.passed_s = silence_s * part / 100
            with pytest.raises(TooManyRequests) as refused:
                await repository.manifest(f"t{part}", [TYPE])
            messages.add(str(refused.value))
        time.passed_s = silence_s + 0.01
        await repository.manifest("t", [TYPE])

    assert came == [0.0, silence_s + 0.01]
    assert messages == {f"received unexpected HTTP status: 429 Too Many Requests (not asked again before {told})"}
    assert refused.value.not_before == NOON + timedelta(seconds=silence_s)


async def test_a_silence_outlives_a_restart(lying_registry: Start, respond: Any, good_manifest: bytes) -> None:
    time = SimulatedClock()
    answers = [respond(429, Retry_After="7200"), good_manifest]
    kept: list[bytes] = [b"not JSON"]

    async def answer(asked: Any, writer: asyncio.StreamWriter) -> None:
        writer.write(answers.pop(0))

    registry = await lying_registry(answer)
    messages = []
    for passed_s in (0, 7190, 7201):
        time.passed_s = passed_s
        silences = Silences(kept[-1], kept.append)
        async with RegistryClient(Limits(), clock=time.clock, silences=silences) as client:
            repository = client.repository(parse(f"{registry.host}/x:1"), Keyring(), insecure=True)
            try:
                await repository.manifest("1", [TYPE])
            except TooManyRequests as error:
                messages.append(str(error))

    assert len(messages) == 2 and len(set(messages)) == 1
    assert json.loads(kept[-1]) == {registry.host: "2026-01-01T14:00:00Z"}
    assert answers == []


def test_silences_that_are_over_are_forgotten_and_the_later_of_two_counts() -> None:
    kept: list[bytes] = []
    silences = Silences(b'{"old": "2026-01-01T11:00:00Z", "odd": "2026-01-01T13:00:00"}', kept.append)

    silences.note("a", NOON + timedelta(hours=2), NOON)
    silences.note("a", NOON + timedelta(hours=1), NOON)
    silences.note("b" * 1000, NOON + timedelta(hours=1), NOON)

    assert [json.loads(one) for one in kept] == [{"a": "2026-01-01T14:00:00Z"}]
    assert silences.until("a", NOON + timedelta(hours=3)) is None


async def test_a_longer_silence_is_not_shortened_by_answers_that_were_under_way(
    lying_registry: Start, respond: Any, good_manifest: bytes
) -> None:
    time = SimulatedClock()
    waits = iter(["7200", "60", "600"])
    together = asyncio.Barrier(3)
    count = 0

    async def answer(asked: Any, writer: asyncio.StreamWriter) -> None:
        nonlocal count
        count += 1
        if count > 3:
            writer.write(good_manifest)
            return
        await together.wait()
        writer.write(respond(429, Retry_After=next(waits)))

    registry = await lying_registry(answer)
    async with RegistryClient(Limits(), clock=time.clock) as client:
        await ask(client, registry.host, 3)
        time.passed_s = 7199
        await ask(client, registry.host, 3)
        before = count
        time.passed_s = 7201
        await ask(client, registry.host, 1)

    assert (before, count) == (3, 4)


async def test_a_used_up_allowance_is_waited_for_within_bounds(
    lying_registry: Start, respond: Any, good_manifest: bytes
) -> None:
    clock = asyncio.get_running_loop().time
    came: list[float] = []
    head, _, body = good_manifest.partition(b"\r\n\r\n")

    async def answer(asked: Any, writer: asyncio.StreamWriter) -> None:
        came.append(clock())
        reset = b"1" if len(came) == 1 else b"99999"
        writer.write(head + b"\r\nRateLimit-Remaining: 0\r\nRateLimit-Reset: " + reset + b"\r\n\r\n" + body)

    registry = await lying_registry(answer)

    async with RegistryClient(Limits(concurrency=1, longest_wait_s=1.5)) as client:
        await ask(client, registry.host, 3)

    assert came[1] - came[0] >= 1
    assert came[2] - came[1] >= 1.5
