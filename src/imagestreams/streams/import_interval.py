"""How often a tag, or the repository of a whole stream, is checked: what users write into annotations.

A tag's own annotation wins, then that of its stream, then the server's setting. A stream's repository is checked from
time to time only if the stream asks for it; it has no `importPolicy` that could say so.
"""

import math
from collections.abc import Mapping
from typing import Final

from imagestreams.api.annotations import IMPORT_INTERVAL
from imagestreams.api.durations import duration_s
from imagestreams.api.image import ImageStream, TagReference

SHORTEST_S: Final = 30.0
LONGEST_S: Final = 366 * 86400.0
RULE: Final = "must be a duration such as 90s, 15m or 1h30m, or a number of seconds, from 30s to 8784h"

_LONGEST_TEXT: Final = 50


class UnusableInterval(ValueError):
    """The text is no interval; the message is a rule for its writer."""


def read_interval_s(text: str) -> float:
    """Return the seconds that an annotation means.

    Raises:
        UnusableInterval: it is no duration, or too short or too long.
    """
    written = text.strip()
    if not written or len(written) > _LONGEST_TEXT:
        raise UnusableInterval(RULE)
    try:
        seconds = float(written) if written.isascii() and written.isdigit() else duration_s(written)
    except ValueError as error:
        raise UnusableInterval(RULE) from error
    if not math.isfinite(seconds) or not SHORTEST_S <= seconds <= LONGEST_S:
        raise UnusableInterval(RULE)
    return seconds


def tag_interval_s(stream: ImageStream, wish: TagReference, default_s: float) -> float:
    """Return the seconds between two checks of a tag; an annotation that can't be read counts as none."""
    return _interval_s(wish.annotations) or repository_interval_s(stream, default_s)


def repository_interval_s(stream: ImageStream, default_s: float) -> float:
    """Return the seconds between two checks of a stream's repository."""
    return _interval_s(stream.metadata.annotations) or default_s


def _interval_s(annotations: Mapping[str, str] | None) -> float | None:
    text = (annotations or {}).get(IMPORT_INTERVAL)
    try:
        return None if text is None else read_interval_s(text)
    except UnusableInterval:
        return None
