"""Differences between objects as JSON merge patches, and the three-way merge of `apply`.

Pure: values in, values out.
"""

from typing import Any

Object = dict[str, Any]

# Lists whose items are told apart by a key: a manifest names some of them, the others are somebody else's.
_KEYED = {
    ("ImageStream", "spec", "tags"): "name",
    ("Image", "signatures"): "name",
    ("ServiceAccount", "secrets"): "name",
    ("ServiceAccount", "imagePullSecrets"): "name",
    ("metadata", "ownerReferences"): "uid",
}
_SETS = {("metadata", "finalizers")}


def merge_diff(old: Object, new: Object) -> Object:
    """Return the JSON merge patch that makes `new` of `old`."""
    patch: Object = {key: None for key in old if key not in new}
    for key, value in new.items():
        if key not in old:
            patch[key] = value
        elif isinstance(value, dict) and isinstance(old[key], dict):
            if inner := merge_diff(old[key], value):
                patch[key] = inner
        elif not _same(value, old[key]):
            patch[key] = value
    return patch


def three_way(original: Object, modified: Object, current: Object) -> Object:
    """Return what the current object becomes when a manifest that was `original` before is now `modified`.

    What the manifest never had stays; what it had and has no more goes; everything else is as the manifest says.
    """
    merged = _merge(original, modified, current, (), str(modified.get("kind", "")))
    assert isinstance(merged, dict)
    return merged


def touches_keyed_list(patch: Object, kind: str) -> bool:
    """Tell whether a patch replaces a list that others may have changed in the meantime."""
    paths = [path[1:] if path[0] == kind else path for path in _KEYED if path[0] in (kind, "metadata")]
    for path in [*paths, *_SETS]:
        value: Any = patch
        for key in path:
            value = value.get(key) if isinstance(value, dict) else None
        if value is not None:
            return True
    return False


def _merge(original: Any, modified: Any, current: Any, path: tuple[str, ...], kind: str) -> Any:
    if isinstance(modified, dict):
        original = original if isinstance(original, dict) else {}
        result = dict(current) if isinstance(current, dict) else {}
        for key in original:
            if key not in modified:
                result.pop(key, None)
        for key, value in modified.items():
            if value is None:
                result.pop(key, None)
            else:
                result[key] = _merge(original.get(key), value, result.get(key), (*path, key), kind)
        return result
    key = _KEYED.get((kind, *path)) or _KEYED.get(path)
    if key and isinstance(modified, list) and isinstance(current, list):
        return _merge_keyed(original, modified, current, key)
    if path in _SETS and isinstance(modified, list) and isinstance(current, list):
        gone = [item for item in original or [] if item not in modified]
        return [item for item in current if item not in gone] + [item for item in modified if item not in current]
    return modified


def _merge_keyed(original: Any, modified: list[Any], current: list[Any], key: str) -> list[Any]:
    def named(items: Any) -> dict[Any, Any]:
        return {item.get(key): item for item in items or [] if isinstance(item, dict)}

    before, wanted, there = named(original), named(modified), named(current)
    result = []
    for name, item in there.items():
        if name in wanted:
            result.append(_merge(before.get(name), wanted[name], item, (), ""))
        elif name not in before:
            result.append(item)
    return result + [_merge(None, item, None, (), "") for name, item in wanted.items() if name not in there]


def _same(a: Any, b: Any) -> bool:
    # In Python 1 == True == 1.0; in JSON a boolean is no number.
    if isinstance(a, bool) != isinstance(b, bool):
        return False
    if isinstance(a, dict) and isinstance(b, dict):
        return a.keys() == b.keys() and all(_same(a[key], b[key]) for key in a)
    if isinstance(a, list) and isinstance(b, list):
        return len(a) == len(b) and all(_same(x, y) for x, y in zip(a, b, strict=True))
    return bool(a == b)
