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
# The same below a pod template, by the path from its spec on; "[]" stands for an element of a list.
_TEMPLATE = ("template", "spec")
_KEYED_IN_TEMPLATE = {
    **{
        (containers, *below): key
        for containers in ("containers", "initContainers")
        for below, key in (
            ((), "name"),
            (("[]", "env"), "name"),
            (("[]", "ports"), "containerPort"),
            (("[]", "volumeDevices"), "devicePath"),
            (("[]", "volumeMounts"), "mountPath"),
        )
    },
    ("hostAliases",): "ip",
    ("imagePullSecrets",): "name",
    ("resourceClaims",): "name",
    ("topologySpreadConstraints",): "topologyKey",
    ("volumes",): "name",
}
# Objects whose fields exclude each other: with a change go those that the manifest doesn't name.
_ONE_OF_SEVERAL = {("Deployment", "spec", "strategy")}
_ONE_OF_SEVERAL_IN_TEMPLATE = {("volumes", "[]")}


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
    if _has_list_in_template(patch):
        return True
    paths = [path[1:] if path[0] == kind else path for path in _KEYED if path[0] in (kind, "metadata")]
    for path in [*paths, *_SETS]:
        value: Any = patch
        for key in path:
            value = value.get(key) if isinstance(value, dict) else None
        if value is not None:
            return True
    return False


def _has_list_in_template(patch: Any, *, inside: bool = False) -> bool:
    if isinstance(patch, list):
        return inside
    if not isinstance(patch, dict):
        return False
    return any(_has_list_in_template(value, inside=inside or key == _TEMPLATE[0]) for key, value in patch.items())


def _in_template(path: tuple[str, ...]) -> tuple[str, ...] | None:
    """Return the path from the spec of a pod template on, `None` when it leads elsewhere."""
    for start in range(len(path) - 1):
        if path[start : start + 2] == _TEMPLATE:
            return path[start + 2 :]
    return None


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
        return _of_several(result, modified, current, path, kind)
    key = _KEYED.get((kind, *path)) or _KEYED.get(path) or _KEYED_IN_TEMPLATE.get(_in_template(path) or ())
    if key and isinstance(modified, list) and isinstance(current, list):
        return _merge_keyed(original, modified, current, key, path, kind)
    if path in _SETS and isinstance(modified, list) and isinstance(current, list):
        gone = [item for item in original or [] if item not in modified]
        return [item for item in current if item not in gone] + [item for item in modified if item not in current]
    return modified


def _of_several(result: Object, modified: Object, current: Any, path: tuple[str, ...], kind: str) -> Object:
    """Drop what a change leaves no place for: fields that the manifest does not name."""
    one_of_several = (kind, *path) in _ONE_OF_SEVERAL or _in_template(path) in _ONE_OF_SEVERAL_IN_TEMPLATE
    if not one_of_several or not isinstance(current, dict) or _same(result, current):
        return result
    return {key: value for key, value in result.items() if key in modified}


def _merge_keyed(
    original: Any, modified: list[Any], current: list[Any], key: str, path: tuple[str, ...], kind: str
) -> list[Any]:
    def named(items: Any) -> dict[Any, Any]:
        return {item.get(key): item for item in items or [] if isinstance(item, dict)}

    before, wanted, there, within = named(original), named(modified), named(current), (*path, "[]")
    result = []
    for name, item in there.items():
        if name in wanted:
            result.append(_merge(before.get(name), wanted[name], item, within, kind))
        elif name not in before:
            result.append(item)
    return result + [_merge(None, item, None, within, kind) for name, item in wanted.items() if name not in there]


def _same(a: Any, b: Any) -> bool:
    # In Python 1 == True == 1.0; in JSON a boolean is no number.
    if isinstance(a, bool) != isinstance(b, bool):
        return False
    if isinstance(a, dict) and isinstance(b, dict):
        return a.keys() == b.keys() and all(_same(a[key], b[key]) for key in a)
    if isinstance(a, list) and isinstance(b, list):
        return len(a) == len(b) and all(_same(x, y) for x, y in zip(a, b, strict=True))
    return bool(a == b)
