"""A whole repository, imported part by part: what was imported stays when a later part fails, and progress shows.

The server lists the tags anew for each part and takes those that come next in their order of importance, until none
are left or the server takes no more. A server that doesn't know of parts does all that it does in the first answer.
"""

import copy
from collections.abc import Callable, Mapping
from typing import Any, Final, TextIO

from imagestreams.api.annotations import TAG_FILTER, TAG_SLICE

SLICE: Final = 100
_WIDTH: Final = 40

Object = dict[str, Any]


class Progress:
    """A bar on a terminal, and nothing where there is none."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._shown = stream.isatty()
        self._drawn = 0

    def show(self, done: int, total: int) -> None:
        """Draw how much is done."""
        if self._shown and total:
            filled = _WIDTH * done // total
            text = f"[{'#' * filled}{'.' * (_WIDTH - filled)}] {done} of {total} tags"
            self._stream.write(f"\r{text.ljust(self._drawn)}")
            self._stream.flush()
            self._drawn = len(text)

    def clear(self) -> None:
        """Take the bar away, so that what is told next begins a line."""
        if self._drawn:
            self._stream.write(f"\r{' ' * self._drawn}\r")
            self._stream.flush()
            self._drawn = 0


def import_all(create: Callable[[Object], Object], wanted: Object, tag_filter: str, progress: Progress) -> Object:
    """Send the import of a repository in parts and return one answer, as if it had been one request.

    Raises:
        ClientError: the server refused a part; those before stay imported.
    """
    images: list[Any] = []
    failure: Mapping[str, Any] | None = None
    try:
        while True:
            answer = create(_part(wanted, len(images), tag_filter))
            repository = (answer.get("status") or {}).get("repository") or {}
            found, left = repository.get("images") or [], repository.get("additionalTags") or []
            images += found
            if (repository.get("status") or {}).get("status") == "Failure":
                failure = failure or repository["status"]
            progress.show(len(images), len(images) + len(left))
            if len(found) != SLICE or not left:
                return _joined(answer, images, failure)
    finally:
        progress.clear()


def _part(wanted: Object, start: int, tag_filter: str) -> Object:
    request = copy.deepcopy(wanted)
    metadata = request["metadata"]
    chosen = {TAG_SLICE: f"{start}:{start + SLICE}"} | ({TAG_FILTER: tag_filter} if tag_filter else {})
    metadata["annotations"] = {**(metadata.get("annotations") or {}), **chosen}
    if start:
        # The parts before have changed the stream.
        metadata.pop("resourceVersion", None)
    return request


def _joined(answer: Object, images: list[Any], failure: Mapping[str, Any] | None) -> Object:
    status = answer.get("status") or {}
    repository = {**(status.get("repository") or {}), "images": images}
    if failure is not None:
        repository["status"] = failure
    return {**answer, "status": {**status, "repository": repository}}
