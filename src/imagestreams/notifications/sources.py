"""What is followed: image streams, and whatever else of builds and workloads is stored here."""

from imagestreams.api.image import ImageStream
from imagestreams.notifications.intake import Source
from imagestreams.notifications.stream_happenings import stream_happenings, stream_happenings_since
from imagestreams.resources.storage import ObjectStorage


def stream_source(streams: ObjectStorage[ImageStream]) -> Source:
    """Return how image streams are followed."""
    kinds = frozenset({"TagChanged", "TagDeleted", "ImportFailed"})
    return Source("imagestreams", streams, ImageStream, kinds, stream_happenings, stream_happenings_since)
