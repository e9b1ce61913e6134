"""JSON merge patch (RFC 7386)."""

from typing import Any


def merge_patch(document: Any, patch: Any) -> Any:
    """Return a document with a patch merged into it: null takes a field away, objects merge, all else replaces.

    Neither is changed; the result shares what it keeps of the document.
    """
    if not isinstance(patch, dict):
        return patch
    result = dict(document) if isinstance(document, dict) else {}
    for key, value in patch.items():
        if value is None:
            result.pop(key, None)
        elif isinstance(value, dict):
            result[key] = merge_patch(result.get(key), value)
        else:
            result[key] = value
    return result
