"""What a stream shows of its repository when the tags there can't be listed.

The API has conditions for tags only, so an annotation says it: since when, with what reason and message. It stays as it
is while the failure is the same, and goes with the first list, or with the repository.
"""

from typing import Final

from imagestreams.api.annotations import REPOSITORY_FAILURE
from imagestreams.api.image import ImageStream, ImageStreamImport
from imagestreams.api.meta import Status

_SINCE: Final = "since "
_LONGEST: Final = 2000


def repository_failure_text(status: Status, since: str) -> str:
    """Return what the annotation says of a failure.

    >>> repository_failure_text(Status(reason="NotFound", message="no such repository"), "2026-01-01T00:00:00Z")
    'since 2026-01-01T00:00:00Z, NotFound: no such repository'
    """
    return f"{_SINCE}{since}, {status.reason}: {status.message[:_LONGEST]}"


def failing_since(stream: ImageStream) -> str:
    """Return since when a stream's repository can't be listed, empty when it can."""
    text = (stream.metadata.annotations or {}).get(REPOSITORY_FAILURE, "")
    return text.removeprefix(_SINCE).partition(",")[0] if text.startswith(_SINCE) else ""


def note_repository(stream: ImageStream, failure: Status | None, now: str) -> bool:
    """Note that a stream's repository can't be listed, or with no failure that it can; return whether that is news."""
    annotations = dict(stream.metadata.annotations or {})
    before = annotations.pop(REPOSITORY_FAILURE, None)
    if failure is not None:
        annotations[REPOSITORY_FAILURE] = repository_failure_text(failure, failing_since(stream) or now)
    if annotations.get(REPOSITORY_FAILURE) == before:
        return False
    stream.metadata.annotations = annotations or None
    return True


def note_repository_import(stream: ImageStream, request: ImageStreamImport, now: str) -> None:
    """Note what an import found out about the stream's own repository, if it was about that."""
    asked, found = request.spec.repository, request.status.repository
    if asked is None or found is None or asked.from_.name != stream.spec.docker_image_repository:
        return
    unlisted = found.status.status == "Failure" and not found.images
    note_repository(stream, found.status if unlisted else None, now)
