"""What is followed: image streams, builds, and the workloads whose rollouts are told of."""

from collections.abc import Sequence
from typing import Any, Final

from imagestreams.api.build.types import Build
from imagestreams.api.image import ImageStream
from imagestreams.notifications.build_happenings import build_happenings, build_happenings_since
from imagestreams.notifications.intake import Source
from imagestreams.notifications.rollout_happenings import rollout_happenings, rollout_happenings_since
from imagestreams.notifications.stream_happenings import stream_happenings, stream_happenings_since
from imagestreams.resources.storage import ObjectStorage

_TAGS: Final = frozenset({"TagChanged", "TagDeleted", "ImportFailed"})
_BUILDS: Final = frozenset({"BuildCompleted", "BuildFailed"})
_ROLLOUTS: Final = frozenset({"RolloutCompleted", "RolloutFailed"})


def stream_source(streams: ObjectStorage[ImageStream]) -> Source:
    """Return how image streams are followed."""
    return Source("imagestreams", streams, ImageStream, _TAGS, stream_happenings, stream_happenings_since)


def build_source(builds: ObjectStorage[Build]) -> Source:
    """Return how builds are followed."""
    return Source("builds", builds, Build, _BUILDS, build_happenings, build_happenings_since)


def rollout_sources(workloads: Sequence[ObjectStorage[Any]]) -> list[Source]:
    """Return how deployments, stateful sets, daemon sets and deployment configs are followed."""
    return [
        Source(
            storage.info.plural,
            storage,
            storage.info.object_type,
            _ROLLOUTS,
            rollout_happenings,
            rollout_happenings_since,
        )
        for storage in workloads
    ]
