"""What a change of a build means: it is over, one way or the other. Pure."""

from typing import Any, Final

from imagestreams.api.build.types import Build
from imagestreams.notifications.happening import Happening, bounded, happening_id

_COMPLETE: Final = "Complete"
_OVER: Final = frozenset({_COMPLETE, "Failed", "Error", "Cancelled"})


def build_happenings(old: Build | None, new: Build | None, now: str) -> list[Happening]:
    """Return what happened to a build between two states; `now` is the time of what has none of its own."""
    if new is None or new.status.phase not in _OVER:
        return []
    same = old is not None and old.metadata.uid == new.metadata.uid
    return [] if same and old is not None and old.status.phase == new.status.phase else [_over(new, now)]


def build_happenings_since(build: Build, time: str, now: str) -> list[Happening]:
    """Return what happened to a build from a time on, as far as the build itself tells."""
    over = build.status.phase in _OVER and (build.status.completion_timestamp or now) >= time
    return [_over(build, now)] if over else []


def _over(build: Build, now: str) -> Happening:
    metadata, status = build.metadata, build.status
    kind = "BuildCompleted" if status.phase == _COMPLETE else "BuildFailed"
    pushed = status.output.to.image_digest if status.output.to is not None else ""
    data: dict[str, Any] = {
        "namespace": metadata.namespace,
        "build": metadata.name,
        "buildConfig": status.config.name if status.config is not None else "",
        "phase": status.phase,
        "reason": status.reason,
        "message": bounded(status.message),
        "image": pushed,
        "pullSpec": status.output_docker_image_reference,
        "startTimestamp": status.start_timestamp,
        "completionTimestamp": status.completion_timestamp,
    }
    return Happening(
        kind=kind,
        id=happening_id(kind, metadata.uid, status.phase),
        source=f"/apis/build.openshift.io/v1/namespaces/{metadata.namespace}/builds/{metadata.name}",
        subject=f"{metadata.namespace}/{metadata.name}",
        namespace=metadata.namespace,
        time=status.completion_timestamp or now,
        data=data,
    )
