"""What time it is: by the wall, for people, and by a clock that never goes back, for waiting."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final


def _now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Clock:
    """`now` gives the date and time, `seconds` what has passed since some moment."""

    now: Callable[[], datetime] = _now
    seconds: Callable[[], float] = time.monotonic


SYSTEM: Final = Clock()
