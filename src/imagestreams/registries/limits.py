"""How much of a registry's time and of our memory an import may take."""

import asyncio
import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Final, Generic, TypeVar

from imagestreams.registries.clock import SYSTEM, Clock

A = TypeVar("A")
_RATE_LIMIT_MAX: Final = 500
_DIGITS_MAX: Final = 12
_EPOCH_LEAST_S: Final = 1e9
_MEMBER: Final = re.compile(r"\b(limit|remaining|reset|r|t)\s*=\s*([0-9]{1,9})(?![0-9])", re.IGNORECASE)
_NUMBER: Final = re.compile(r"\s*([0-9]{1,9})\s*(?:;|,|$)")


@dataclass(frozen=True)
class Limits:
    """Bounds of every talk with a registry; sizes in bytes, times in seconds."""

    manifest_bytes: int = 4 << 20
    blob_bytes: int = 8 << 20
    tags_bytes: int = 4 << 20
    tag_pages: int = 1000
    tags: int = 100_000
    token_bytes: int = 1 << 20
    redirects: int = 10
    connect_s: float = 10
    total_s: float = 60
    concurrency: int = 8
    attempts: int = 3
    backoff_s: float = 1
    longest_wait_s: float = 30
    longest_silence_s: float = 86_400
    failures: int = 5


class Limiter(Generic[A]):
    """Lets a few requests at a time through to one registry, and none while it wants to be left alone.

    A registry that fails again and again, or asks for more time than anybody waits, gets no request for a while;
    `last_words` is then what it said last.
    """

    def __init__(self, concurrency: int, clock: Clock = SYSTEM) -> None:
        self._seconds = clock.seconds
        self._slots = asyncio.Semaphore(concurrency)
        self._quiet_until = 0.0
        self._left_alone_until = 0.0
        self._last_words: A | None = None
        self._failures = 0

    @asynccontextmanager
    async def slot(self) -> AsyncIterator[float]:
        """Wait for a turn and hold it; tell for how many seconds the registry wanted to be left alone meanwhile."""
        async with self._slots:
            began = self._seconds()
            waited = False
            # Looked at again after each wait: a busy registry may have asked for more time meanwhile.
            while (wait_s := self._quiet_until - self._seconds()) > 0:
                waited = True
                await asyncio.sleep(wait_s)
            yield self._seconds() - began if waited else 0.0

    def pause(self, seconds: float) -> None:
        """Start no request for a time."""
        self._quiet_until = max(self._quiet_until, self._seconds() + seconds)

    def last_words(self) -> A | None:
        """Return the answer to give instead of a request; `None` when requests may be sent."""
        return self._last_words if self._seconds() < self._left_alone_until else None

    def leave_alone(self, answer: A, seconds: float) -> None:
        """Send no request for a time, and answer with this one; a longer time that was asked for before stays."""
        until = self._seconds() + seconds
        if until > self._left_alone_until:
            self._left_alone_until = until
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
    """Return the seconds that a `Retry-After` header asks for (RFC 9110, 10.2.3); `None` when it says nothing.

    A number as large as the seconds since 1970 is a moment: some registries send one.
    """
    text = (header or "").strip()
    if text.isascii() and text.isdigit():
        number = float(text[:_DIGITS_MAX])
        return number if number < _EPOCH_LEAST_S else max(0.0, number - (now or datetime.now(UTC)).timestamp())
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return max(0.0, (moment - (now or datetime.now(UTC))).total_seconds())


def used_up_s(headers: Mapping[str, str]) -> float | None:
    """Return in how many seconds there are requests again, where an answer tells that none are left.

    Read are `RateLimit-Remaining` with `RateLimit-Reset`, `RateLimit: limit=…, remaining=…, reset=…` and
    `RateLimit: "name";r=…;t=…`, as the drafts of the IETF had it over time. It is `None` when requests are left, or
    when it isn't told how long: Docker Hub names only the length of its window, and then 429 must tell.
    """
    together = headers.get("RateLimit", "")
    told = {name.lower(): int(number) for name, number in _MEMBER.findall(together[:_RATE_LIMIT_MAX])}
    remaining = told.get("remaining", told.get("r", _leading_number(headers.get("RateLimit-Remaining"))))
    reset = told.get("reset", told.get("t", _leading_number(headers.get("RateLimit-Reset"))))
    return float(reset) if remaining == 0 and reset is not None else None


def _leading_number(header: str | None) -> int | None:
    found = _NUMBER.match(header or "")
    return int(found[1]) if found else None
