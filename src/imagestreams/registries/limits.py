"""How much of a registry's time and of our memory an import may take."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Generic, TypeVar

A = TypeVar("A")


@dataclass(frozen=True)
class Limits:
    """Bounds of every talk with a registry; sizes in bytes, times in seconds."""

    manifest_bytes: int = 4 << 20
    blob_bytes: int = 8 << 20
    tags_bytes: int = 4 << 20
    tag_pages: int = 200
    token_bytes: int = 1 << 20
    redirects: int = 10
    connect_s: float = 10
    total_s: float = 60
    concurrency: int = 8
    attempts: int = 3
    backoff_s: float = 1
    longest_wait_s: float = 30
    longest_silence_s: float = 900
    failures: int = 5


class Limiter(Generic[A]):
    """Lets a few requests at a time through to one registry, and none while it wants to be left alone.

    A registry that fails again and again, or asks for more time than anybody waits, gets no request for a while;
    `last_words` is then what it said last.
    """

    def __init__(self, concurrency: int) -> None:
        self._slots = asyncio.Semaphore(concurrency)
        self._quiet_until = 0.0
        self._left_alone_until = 0.0
        self._last_words: A | None = None
        self._failures = 0

    @asynccontextmanager
    async def slot(self) -> AsyncIterator[float]:
        """Wait for a turn and hold it; tell for how many seconds the registry wanted to be left alone meanwhile."""
        loop = asyncio.get_running_loop()
        async with self._slots:
            began = loop.time()
            waited = False
            # Looked at again after each wait: a busy registry may have asked for more time meanwhile.
            while (wait_s := self._quiet_until - loop.time()) > 0:
                waited = True
                await asyncio.sleep(wait_s)
            yield loop.time() - began if waited else 0.0

    def pause(self, seconds: float) -> None:
        """Start no request for a time."""
        self._quiet_until = max(self._quiet_until, asyncio.get_running_loop().time() + seconds)

    def last_words(self) -> A | None:
        """Return the answer to give instead of a request; `None` when requests may be sent."""
        return self._last_words if asyncio.get_running_loop().time() < self._left_alone_until else None

    def leave_alone(self, answer: A, seconds: float) -> None:
        """Send no request for a time, and answer with this one."""
        self._left_alone_until = asyncio.get_running_loop().time() + seconds
        self._last_words = answer

    def succeeded(self) -> None:
        """Note that the registry works."""
        self._failures = 0

    def failed(self, answer: A, failures: int, seconds: float) -> None:
        """Note that a request failed for good; after so many in a row the registry is left alone for a time.

        When the time is over one more failure is enough, one success resets the count.
        """
        self._failures += 1
        if self._failures >= failures:
            self.leave_alone(answer, seconds)


def retry_after_s(header: str | None, now: datetime | None = None) -> float | None:
    """Return the seconds that a `Retry-After` header asks for (RFC 9110, 10.2.3); `None` when it says nothing."""
    text = (header or "").strip()
    if text.isascii() and text.isdigit():
        return float(text[:9])
    try:
        moment = parsedate_to_datetime(text)
    except ValueError:
        return None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return max(0.0, (moment - (now or datetime.now(UTC))).total_seconds())
