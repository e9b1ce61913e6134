"""How loops tell of objects of many kinds, so that a user sees it as an event."""

from collections.abc import Callable

from imagestreams.api.core import ObjectReference, Stored
from imagestreams.controllers.events.import_events import Telling

Tell = Callable[[ObjectReference, Telling, str, str], None]
"""Takes an event: what it is about, what it says, the time, and who tells it."""


def reference_to(value: Stored) -> ObjectReference:
    """Return the reference by which an event, or another object, points to an object as it is now."""
    metadata = value.metadata
    return ObjectReference(
        kind=value.kind,
        namespace=metadata.namespace,
        name=metadata.name,
        uid=metadata.uid,
        api_version=value.api_version,
        resource_version=metadata.resource_version,
    )
