"""The last call shows on the hook, and many calls are few writes."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from imagestreams.api.hooks import RegistryHook, RegistryHookCall
from imagestreams.hooks import calls as calls_module
from imagestreams.hooks.calls import LastCalls


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(calls_module, "SETTLE_S", 0.02)


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not holds():  # noqa: ASYNC110 - any condition can be waited for
            await asyncio.sleep(0.005)


def shown(room: Any) -> RegistryHook:
    value: RegistryHook = room.room.resource.storage.get("ns", "h").value
    return value


def call(result: str, second: int = 0) -> RegistryHookCall:
    return RegistryHookCall(time=f"2026-01-01T00:00:{second:02}Z", result=result)


def last_calls(room: Any) -> tuple[LastCalls, str]:
    return room.room.loops[1], room.room.resource.storage.key("ns", "h")


async def test_a_burst_is_one_write_of_what_matters(room: Any, quick: None) -> None:
    await room.hook(sender="Quay")
    calls, key = last_calls(room)
    before = int(shown(room).metadata.resource_version)

    for number in range(50):
        calls.note(key, call("Nothing", number))
    calls.note(key, call("Imported", 51))
    calls.note(key, call("Nothing", 52))
    await until(lambda: shown(room).status.last_call is not None)

    assert shown(room).status.last_call == call("Imported", 51)
    assert int(shown(room).metadata.resource_version) == before + 1


@pytest.mark.parametrize(("result", "pause_s"), [("Unproved", 60), ("Imported", 600), ("Nothing", 600)])
async def test_the_next_write_waits_for_its_time(room: Any, quick: None, result: str, pause_s: int) -> None:
    await room.hook(sender="Quay")
    calls, key = last_calls(room)
    calls.note(key, call("Imported"))
    await until(lambda: shown(room).status.last_call is not None)
    version = shown(room).metadata.resource_version

    room.seconds += pause_s - 1
    calls.note(key, call(result, 1))
    await asyncio.sleep(0.05)
    early = shown(room).metadata.resource_version
    room.seconds += 1
    calls.note(key, call(result, 2))
    await until(lambda: shown(room).metadata.resource_version != version)

    assert early == version
    assert shown(room).status.last_call == call(result, 2)


async def test_a_hook_that_is_gone_is_forgotten(room: Any, quick: None) -> None:
    await room.hook(sender="Quay")
    calls, key = last_calls(room)
    await room.room.resource.storage.remove(room.room.resource.storage.get("ns", "h"))

    calls.note(key, call("Imported"))
    await asyncio.sleep(0.1)

    assert room.room.resource.storage.find("ns", "h") is None
