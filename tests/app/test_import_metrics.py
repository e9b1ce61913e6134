"""The counts of imports and requests: bounded in number, whatever users name."""

import asyncio
from typing import Any

import pytest
from prometheus_client import CollectorRegistry, generate_latest

from imagestreams.api.image import ImageStream
from imagestreams.app.metrics.imports import OTHERS, ImportCounts, RegistryNames, RequestCounts
from imagestreams.reference import parse
from imagestreams.registries.client import RegistryClient
from imagestreams.registries.credentials import Keyring
from imagestreams.registries.errors import Unreachable
from imagestreams.registries.limits import Limits
from imagestreams.streams.import_news import Result, TagNews


def shown(collector: Any) -> dict[str, float]:
    registry = CollectorRegistry()
    registry.register(collector)
    lines = [line for line in generate_latest(registry).decode().splitlines() if not line.startswith("#")]
    return {name: float(value) for name, _, value in (line.rpartition(" ") for line in lines)}


def test_only_registries_that_answer_have_series_and_only_so_many() -> None:
    names = RegistryNames(limit=2)

    assert names.label("a", answered=False) == OTHERS
    assert [names.label(one, answered=True) for one in ("a", "b", "c", "")] == ["a", "b", OTHERS, OTHERS]
    assert names.label("a", answered=False) == "a"


def test_imports_are_counted_by_registry_and_result() -> None:
    counts = ImportCounts()
    results = [Result.CHANGED, Result.UNCHANGED, Result.UNCHANGED, Result.FOLLOWED, Result.FAILED, Result.REFUSED]

    counts.imported(ImageStream(), [TagNews("1", "python:3", result) for result in results], "")

    assert shown(counts) == {
        'imagestreams_imports_total{registry="docker.io",result="changed"}': 2,
        'imagestreams_imports_total{registry="docker.io",result="unchanged"}': 2,
        'imagestreams_imports_total{registry="docker.io",result="failed"}': 1,
        'imagestreams_imports_total{registry="docker.io",result="refused"}': 1,
    }


def test_queues_and_the_schedule_are_shown_as_they_are_now() -> None:
    class Schedule:
        depth, lag_s = 3, 12.5

    class Queue:
        depth = 2

    counts = ImportCounts()
    counts.watch(Schedule(), pushes=Queue())

    assert shown(counts) == {
        'imagestreams_import_queue_depth{queue="pushes"}': 2,
        'imagestreams_import_queue_depth{queue="schedule"}': 3,
        "imagestreams_schedule_lag_seconds": 12.5,
    }


async def test_requests_and_waits_of_a_busy_registry_are_counted(
    lying_registry: Any, respond: Any, good_manifest: bytes
) -> None:
    answers = [respond(429, b"", Retry_After="1"), good_manifest]

    async def answer(asked: Any, writer: asyncio.StreamWriter) -> None:
        writer.write(answers.pop(0))

    registry = await lying_registry(answer)
    counts = RequestCounts()
    async with RegistryClient(Limits(), observer=counts) as client:
        repository = client.repository(parse(f"{registry.host}/x"), Keyring([]), insecure=True)
        await repository.manifest("1", ["application/vnd.oci.image.manifest.v1+json"])
    series = shown(counts)

    name = f'registry="{registry.host}"'
    assert series[f'imagestreams_registry_requests_total{{code="429",method="GET",{name}}}'] == 1
    assert series[f"imagestreams_registry_waits_total{{{name}}}"] == 1
    assert series[f"imagestreams_registry_wait_seconds_total{{{name}}}"] >= 0.9


async def test_requests_without_an_answer_share_one_series() -> None:
    counts = RequestCounts()
    async with RegistryClient(Limits(), observer=counts) as client:
        for host in ("127.0.0.1:1", "127.0.0.1:2"):
            with pytest.raises(Unreachable):
                await client.repository(parse(f"{host}/x"), Keyring([])).check()

    assert shown(counts) == {f'imagestreams_registry_requests_total{{code="none",method="GET",registry="{OTHERS}"}}': 2}
