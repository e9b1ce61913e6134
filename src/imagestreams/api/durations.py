"""Lengths of time as Go writes them: `1h30m`, `1.5s`, `300ms`."""

import re
from typing import Final

_SECONDS: Final = {"ns": 1e-9, "us": 1e-6, "µs": 1e-6, "μs": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0}
_PART = re.compile(r"(\d+\.?\d*|\.\d+)(ns|us|µs|μs|ms|s|m|h)", re.ASCII)


def duration_s(text: str) -> float:
    """Return the seconds that a duration means.

    Raises:
        ValueError: it is none; the message is Go's.
    """
    body = text[1:] if text[:1] in ("+", "-") else text
    if body == "0":
        return 0.0
    position, total = 0, 0.0
    while position < len(body):
        part = _PART.match(body, position)
        if part is None:
            break
        total += float(part[1]) * _SECONDS[part[2]]
        position = part.end()
    if not body or position < len(body):
        raise ValueError(f'time: invalid duration "{text}"')
    return -total if text.startswith("-") else total
