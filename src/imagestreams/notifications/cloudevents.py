"""A happening as a CloudEvent 1.0, the form in which it waits and from which all others are made. Pure."""

from typing import Any, Final

import msgspec

from imagestreams.notifications.happening import Happening

STRUCTURED: Final = "application/cloudevents+json; charset=utf-8"


class CloudEvent(msgspec.Struct, kw_only=True):
    """An event; `sequence` (an extension of the CloudEvents project) orders those of one sink as texts."""

    specversion: str = "1.0"
    id: str
    source: str
    type: str
    subject: str
    time: str
    sequence: str
    datacontenttype: str = "application/json"
    data: dict[str, Any]


def cloud_event(happening: Happening, sequence: int) -> CloudEvent:
    """Return the event that tells of a happening."""
    return CloudEvent(
        id=happening.id,
        source=happening.source,
        type=happening.type,
        subject=happening.subject,
        time=happening.time,
        sequence=f"{sequence:016d}",
        data=dict(happening.data),
    )
