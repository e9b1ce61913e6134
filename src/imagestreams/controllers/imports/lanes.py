"""Which imports share workers: those from one registry, so that a slow registry holds up no other.

Users name registries, so there may be any number of them: they are spread over a fixed number of lanes. Two registries
in one lane is bad luck, all in one is not.
"""

from collections.abc import Callable
from typing import Final
from zlib import crc32

from imagestreams.api.image import ImageStream
from imagestreams.reference import InvalidReference, parse
from imagestreams.resources.storage import ObjectStorage

LANES: Final = 16
WORKERS: Final = 8
"""How many streams of a lane are imported at a time: as many as requests go to one registry."""


def lane_of(stream: ImageStream) -> str:
    """Return the lane of the registry that a stream names first; a stream of several registries is in one lane."""
    sources = [wish.from_.name for wish in stream.spec.tags or [] if wish.from_ and wish.from_.kind == "DockerImage"]
    for source in (*sources, stream.spec.docker_image_repository):
        try:
            registry = parse(source).docker_client_defaults().registry if source else ""
        except InvalidReference:
            continue
        if registry:
            return str(crc32(registry.encode()) % LANES)
    return ""


def lanes(streams: ObjectStorage[ImageStream]) -> Callable[[str], str]:
    """Return what tells the lane of a stream's key."""

    def lane(key: str) -> str:
        entry = streams.cache.get(key)
        return lane_of(entry.value) if entry is not None else ""

    return lane
