"""JSON patch (RFC 6902) as the real server does it.

Where it is laxer than the RFC, so is this: `replace` of a missing key adds it, `test` of a missing key against null
passes, and a negative index counts from the end. What `copy` duplicates is bounded, since a small patch could
otherwise double a document again and again.
"""

from collections.abc import Sequence
from typing import Any, Final

import msgspec

from imagestreams.api.codec import encode

MAX_OPERATIONS: Final = 10_000
MAX_COPIED_BYTES: Final = 3 * 1024 * 1024

_Container = dict[str, Any] | list[Any]


class PatchFailedError(Exception):
    """The patch does not apply to the document; the message says which operation did not."""


def json_patch(document: dict[str, Any], operations: Sequence[Any]) -> Any:
    """Return a document with operations done to it; neither is changed.

    Raises:
        PatchFailedError: an operation is malformed, does not apply, or more than 3 MiB are copied in all.
    """
    patching = _Patching(msgspec.to_builtins(document))
    for operation in msgspec.to_builtins(operations):
        patching.do(operation)
    return patching.document


class _Patching:
    def __init__(self, document: Any) -> None:
        self.document = document
        self._copied_bytes = 0

    def do(self, operation: Any) -> None:
        if not isinstance(operation, dict):
            raise PatchFailedError("an operation must be an object")
        path, value = operation.get("path"), operation.get("value")
        if not isinstance(path, str):
            raise PatchFailedError("operation missing path field: missing value")
        match operation.get("op"):
            case "add":
                self._add(path, value)
            case "remove":
                self._remove(path)
            case "replace":
                self._replace(path, value)
            case "test":
                self._test(path, operation)
            case "move":
                source = self._source(operation)
                moved = self._get(source)
                self._remove(source)
                self._add(path, moved)
            case "copy":
                self._add(path, self._duplicate(self._get(self._source(operation))))
            case kind:
                raise PatchFailedError(f"Unexpected kind: {kind}")

    @staticmethod
    def _source(operation: dict[str, Any]) -> str:
        source = operation.get("from")
        if not isinstance(source, str):
            raise PatchFailedError("operation, missing from field: missing value")
        return source

    def _duplicate(self, value: Any) -> Any:
        self._copied_bytes += len(encode(value))
        if self._copied_bytes > MAX_COPIED_BYTES:
            raise PatchFailedError(f"Unable to complete the copy, more than {MAX_COPIED_BYTES} bytes are copied")
        return msgspec.to_builtins(value)

    def _find(self, path: str) -> tuple[_Container, str]:
        """Return the container that a path ends in, and the key or index there."""
        _, *steps = path.split("/")
        if not steps:
            raise PatchFailedError(f"doc is missing path: {path}")
        *parents, last = [step.replace("~1", "/").replace("~0", "~") for step in steps]
        found = self.document
        for step in parents:
            if isinstance(found, dict):
                found = found.get(step)
            elif isinstance(found, list):
                found = found[_index(step, len(found))]
        if not isinstance(found, dict | list):
            raise PatchFailedError(f"doc is missing path: {path}")
        return found, last

    def _get(self, path: str) -> Any:
        container, key = self._find(path)
        return container.get(key) if isinstance(container, dict) else container[_index(key, len(container))]

    def _add(self, path: str, value: Any) -> None:
        container, key = self._find(path)
        if isinstance(container, dict):
            container[key] = value
        elif key == "-":
            container.append(value)
        else:
            container.insert(_index(key, len(container) + 1), value)

    def _remove(self, path: str) -> None:
        container, key = self._find(path)
        if isinstance(container, list):
            del container[_index(key, len(container))]
        elif key in container:
            del container[key]
        else:
            raise PatchFailedError(f"Unable to remove nonexistent key: {key}")

    def _replace(self, path: str, value: Any) -> None:
        if path == "":
            if isinstance(value, dict | list):
                self.document = value
            return
        container, key = self._find(path)
        if isinstance(container, dict):
            container[key] = value
        else:
            container[_index(key, len(container))] = value

    def _test(self, path: str, operation: dict[str, Any]) -> None:
        found = self.document if path == "" else self._get(path)
        if not _same(found, operation.get("value")):
            raise PatchFailedError(f"testing value {path} failed: test failed")


def _index(text: str, length: int) -> int:
    """Return the index that a step of a path means in a list of so many elements."""
    try:
        index = int(text)
    except ValueError:
        raise PatchFailedError(f"value was not a proper array index: '{text}'") from None
    if not -length <= index < length:
        raise PatchFailedError(f"Unable to access invalid index: {index}")
    return index + length if index < 0 else index


def _same(left: Any, right: Any) -> bool:
    """Compare as JSON does: true is not 1."""
    if type(left) is not type(right):
        return False
    if isinstance(left, dict):
        return left.keys() == right.keys() and all(_same(value, right[key]) for key, value in left.items())
    if isinstance(left, list):
        return len(left) == len(right) and all(map(_same, left, right))
    return bool(left == right)
