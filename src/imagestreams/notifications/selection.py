"""Which happenings a sink wants to hear of. Pure."""

from imagestreams.api.notifications import NotificationSink
from imagestreams.notifications.happening import Happening


def reaches(sink: NotificationSink, namespace: str) -> bool:
    """Return whether a sink hears of a namespace at all."""
    return sink.spec.all_namespaces or sink.metadata.namespace == namespace


def wants(sink: NotificationSink, happening: Happening) -> bool:
    """Return whether a sink is to be told."""
    spec = sink.spec
    if not reaches(sink, happening.namespace) or happening.kind not in (spec.events or []):
        return False
    if not spec.image_streams or not happening.stream:
        return True
    return happening.stream in spec.image_streams or f"{happening.stream}:{happening.tag}" in spec.image_streams
