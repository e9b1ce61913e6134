"""How many notifications a hook takes: a bucket of tokens for each."""

from collections.abc import Callable
from typing import Final

BURST: Final = 1000
PER_SECOND: Final = 100.0
_KEPT_MAX: Final = 10_000


class RateBound:
    """Lets each key pass so many times at once and so many times a second; `monotonic` tells the time in seconds."""

    def __init__(self, monotonic: Callable[[], float], *, burst: float = BURST, per_second: float = PER_SECOND) -> None:
        self._monotonic = monotonic
        self._burst = burst
        self._per_second = per_second
        self._left: dict[str, tuple[float, float]] = {}

    def admits(self, key: str) -> bool:
        """Return whether a key may pass now, and count it if it does."""
        now = self._monotonic()
        left, since = self._left.get(key, (self._burst, now))
        left = min(self._burst, left + (now - since) * self._per_second)
        if len(self._left) >= _KEPT_MAX:
            self._left.clear()
        self._left[key] = (left - 1 if left >= 1 else left, now)
        return left >= 1
