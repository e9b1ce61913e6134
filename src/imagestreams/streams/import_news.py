"""What an import brought to a stream, told tag by tag: for events and counts. Pure.

Compared are the stream before and after it was written, so that what is told is what happened to the tags.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Final

from imagestreams.api.image import ImageStream, ImageStreamImport
from imagestreams.api.meta import Status
from imagestreams.reference import InvalidReference, parse
from imagestreams.streams.following import moves_of

_REFUSED: Final = "Forbidden"


class Result(Enum):
    """How the import of a tag ended."""

    CHANGED = "changed"
    UNCHANGED = "unchanged"
    FOLLOWED = "followed"
    FAILED = "failed"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class TagNews:
    """One tag of a stream; an empty `tag` is a whole repository that could not be listed.

    `source` is what was asked for, `image` the digest that the tag has now, `version` where a version policy brought
    it, `reason` and `message` tell of a failure.
    """

    tag: str
    source: str
    result: Result
    image: str = ""
    version: str = ""
    reason: str = ""
    message: str = ""


def import_news(request: ImageStreamImport, before: ImageStream | None, after: ImageStream) -> list[TagNews]:
    """Return what a request, whose status is filled in, did to the stream that it wrote."""
    # A stream may have thousands of tags, all of one request: each is looked up, not searched for.
    was = _state(before)
    now = was if after is before else _state(after)
    return [*_of_repository(request, was, now), *_of_images(request, was, now)]


def unlisted(repository: str, status: Status) -> TagNews:
    """Return the news that the tags of a repository can't be listed."""
    return _failed("", repository, status)


def registry_of(source: str) -> str:
    """Return the registry that a pull spec names; empty when it can't be read."""
    try:
        registry = parse(source).docker_client_defaults().registry
    except InvalidReference:
        return ""
    return "docker.io" if registry == "index.docker.io" else registry


@dataclass(frozen=True, slots=True)
class _State:
    """The images of a stream's tags, and the versions to which version policies brought them."""

    images: Mapping[str, str]
    versions: Mapping[str, str]


def _state(stream: ImageStream | None) -> _State:
    if stream is None:
        return _State({}, {})
    images = {history.tag: history.items[0].image for history in stream.status.tags or [] if history.items}
    return _State(images, {move.tag: move.to for move in reversed(moves_of(stream))})


def _of_repository(request: ImageStreamImport, was: _State, now: _State) -> Iterator[TagNews]:
    wanted, status = request.spec.repository, request.status.repository
    if wanted is None or status is None:
        return
    source = wanted.from_.name
    if status.images is None and status.status.status == "Failure":
        yield _failed("", source, status.status)
    for outcome in status.images or []:
        if outcome.image is None:
            yield _failed(outcome.tag, source, outcome.status)
        else:
            yield _imported(outcome.tag, source, was, now)


def _of_images(request: ImageStreamImport, was: _State, now: _State) -> Iterator[TagNews]:
    for wanted, outcome in zip(request.spec.images or [], request.status.images or [], strict=True):
        if wanted.to is None:
            continue
        if outcome.image is None:
            yield _failed(wanted.to.name, wanted.from_.name, outcome.status)
        else:
            yield _imported(wanted.to.name, wanted.from_.name, was, now)


def _failed(tag: str, source: str, status: Status) -> TagNews:
    result = Result.REFUSED if status.reason == _REFUSED else Result.FAILED
    return TagNews(tag, source, result, reason=status.reason, message=status.message)


def _imported(tag: str, source: str, was: _State, now: _State) -> TagNews:
    image, version = now.images.get(tag, ""), now.versions.get(tag, "")
    if version and version != was.versions.get(tag):
        return TagNews(tag, source, Result.FOLLOWED, image, version)
    changed = was.images.get(tag) != image
    return TagNews(tag, source, Result.CHANGED if changed else Result.UNCHANGED, image)
