"""What blocks is done by a thread that nobody waits for."""

import asyncio
import subprocess
import sys
import threading

import pytest

from imagestreams.daemon_threads import in_daemon_thread


async def test_the_result_or_the_error_comes_back() -> None:
    assert await in_daemon_thread(lambda: threading.current_thread().daemon) is True

    with pytest.raises(ZeroDivisionError):
        await in_daemon_thread(lambda: 1 // 0)


async def test_who_gives_up_waiting_is_not_told_later() -> None:
    released = threading.Event()
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.01):
            await in_daemon_thread(released.wait)

    released.set()
    assert await in_daemon_thread(lambda: "next") == "next"


def test_a_process_ends_while_something_still_blocks() -> None:
    program = """
import asyncio, time
from imagestreams.daemon_threads import in_daemon_thread

async def main():
    try:
        async with asyncio.timeout(0.05):
            await in_daemon_thread(lambda: time.sleep(600))
    except TimeoutError:
        print("given up")

asyncio.run(main())
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=30)

    assert (done.returncode, done.stdout, done.stderr) == (0, "given up\n", "")
