"""Blocking calls of libraries, beside the event loop."""

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import TypeVar

from imagestreams.registries.errors import NoLoginGiven

T = TypeVar("T")


class DaemonThreads:
    """Runs each call in a thread of its own that does not keep the process from ending.

    A call that is given up goes on in its thread, which counts until it is back, so that calls which never end can
    not pile up.
    """

    def __init__(self, at_most: int) -> None:
        self._free = threading.BoundedSemaphore(at_most)

    async def run(self, call: Callable[[], T]) -> T:
        """Return what a call returns, or raise what it raises.

        Raises:
            NoLoginGiven: as many calls as are allowed have not come back yet.
        """
        if not self._free.acquire(blocking=False):
            raise NoLoginGiven("too many unanswered calls", transient=True)
        outcome: Future[T] = Future()
        # Who waits may go, but the call can not be taken back.
        outcome.set_running_or_notify_cancel()

        def work() -> None:
            try:
                result = call()
            except Exception as error:
                outcome.set_exception(error)
            else:
                outcome.set_result(result)
            finally:
                self._free.release()

        threading.Thread(target=work, daemon=True, name="keychain").start()
        return await asyncio.wrap_future(outcome)
