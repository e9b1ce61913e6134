"""What is sent: a POST with these headers and this body."""

from collections.abc import Callable
from dataclasses import dataclass, field

from imagestreams.notifications.cloudevents import CloudEvent


@dataclass(frozen=True, slots=True)
class Occasion:
    """What a request is made of besides the event: the sink's secret, the path of its address, the time in seconds."""

    secret: bytes = field(default=b"", repr=False)
    path: str = field(default="/", repr=False)
    now_s: int = 0


@dataclass(frozen=True, slots=True)
class OutgoingRequest:
    """The body of a POST and its headers, which may hold secrets."""

    content_type: str
    body: bytes = field(repr=False)
    headers: dict[str, str] = field(default_factory=dict, repr=False)


Preset = Callable[[CloudEvent, Occasion], OutgoingRequest]
