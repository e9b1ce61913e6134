"""What the annotations that the server acts on must look like. Pure.

Only what a write brings in is questioned: a stream that holds something unusable since before can still be written.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Final

from imagestreams.api.annotations import FOLLOW, IMPORT_INTERVAL, SCHEDULED
from imagestreams.api.errors import FieldError
from imagestreams.api.image import ImageStream
from imagestreams.streams.import_interval import UnusableInterval, read_interval_s
from imagestreams.streams.versions import UnusablePolicy, read_policy


def _interval_problem(text: str) -> str | None:
    try:
        read_interval_s(text)
    except UnusableInterval as error:
        return str(error)
    return None


def _policy_problem(text: str) -> str | None:
    try:
        read_policy(text)
    except UnusablePolicy as error:
        return str(error)
    return None


def _switch_problem(text: str) -> str | None:
    return None if text in ("true", "false") else "must be true or false"


_OF_STREAMS: Final[Mapping[str, Callable[[str], str | None]]] = {
    IMPORT_INTERVAL: _interval_problem,
    SCHEDULED: _switch_problem,
}
_OF_TAGS: Final[Mapping[str, Callable[[str], str | None]]] = {
    IMPORT_INTERVAL: _interval_problem,
    FOLLOW: _policy_problem,
}


def validate_annotations(stream: ImageStream, old: ImageStream | None = None) -> list[FieldError]:
    """Return what is wrong with the annotations of a stream and its spec tags that are new or changed."""
    before = old.metadata.annotations if old is not None else None
    errors = list(_errors("metadata", stream.metadata.annotations, before, _OF_STREAMS))
    known = {wish.name: wish.annotations for wish in (old.spec.tags or [] if old is not None else [])}
    for wish in stream.spec.tags or []:
        errors += _errors(f"spec.tags[{wish.name}]", wish.annotations, known.get(wish.name), _OF_TAGS)
    return errors


def _errors(
    path: str,
    annotations: Mapping[str, str] | None,
    before: Mapping[str, str] | None,
    rules: Mapping[str, Callable[[str], str | None]],
) -> Iterator[FieldError]:
    for name, problem_of in rules.items():
        text = (annotations or {}).get(name)
        if text is None or text == (before or {}).get(name):
            continue
        problem = problem_of(text)
        if problem is not None:
            yield FieldError.invalid(f"{path}.annotations[{name}]", text, problem)
