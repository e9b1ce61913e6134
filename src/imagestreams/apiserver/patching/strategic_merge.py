"""Strategic merge patch: a merge patch that knows which lists are merged, and by what their elements are known.

Directives: `$patch: delete|replace|merge` in an object, `$retainKeys` beside its fields, `$setElementOrder/LIST` and
`$deleteFromPrimitiveList/LIST` beside a list. Behaviour and texts are those of Kubernetes' `strategicpatch`.
"""

from typing import Any, Final

import msgspec

from imagestreams.apiserver.bodies.go_text import plain, type_name
from imagestreams.apiserver.ownership.object_schema import Shape

_PATCH: Final = "$patch"
_RETAIN: Final = "$retainKeys"
_DELETE_LIST: Final = "$deleteFromPrimitiveList"
_ORDER: Final = "$setElementOrder"


class StrategicPatchError(Exception):
    """The patch can't be merged."""


class MalformedPatchError(StrategicPatchError):
    """A directive is malformed."""


class UnmergeablePatchError(StrategicPatchError):
    """The patch is well formed but contradicts itself or the document."""


def strategic_merge(shape: Shape, document: dict[str, Any], patch: dict[str, Any]) -> dict[str, Any]:
    """Return a document with a patch merged into it; neither is changed.

    Raises:
        StrategicPatchError: it can't be merged; `MalformedPatchError` for a directive of a wrong form,
            `UnmergeablePatchError` for a list of lists.
    """
    return _merge_map(msgspec.to_builtins(document), msgspec.to_builtins(patch), shape)


def _merge_map(original: dict[str, Any], patch: dict[str, Any], shape: Shape) -> dict[str, Any]:
    if _PATCH in patch:
        directive = patch[_PATCH]
        if directive == "replace":
            del patch[_PATCH]
            return patch
        if directive == "delete":
            return {}
        raise StrategicPatchError(f"unknown patch type: {plain(directive)} in map: {plain(patch)}")
    _retain_keys(original, patch)
    _merge_ordered_lists(original, patch, shape)
    for key, value in patch.items():
        deletes = key.startswith(_DELETE_LIST)
        if deletes:
            key = _list_name(key, _DELETE_LIST, "invalid patch format of primitive list")
        if value is None:
            original.pop(key, None)
            continue
        if key not in original or type_name(original[key]) != type_name(value):
            if not deletes:
                _discard_nulls(value)
                _set(original, key, value)
        elif isinstance(value, dict):
            child = _field(shape, key)
            if child.rule.patch_strategy != "replace":
                value = _merge_map(original[key], value, child)
            original[key] = value
        elif isinstance(value, list):
            child = _field(shape, key)
            if child.rule.merges or deletes:
                value = _merge_list(original[key], value, child, deletes=deletes)
            original[key] = value
        else:
            original[key] = value
    return original


def _field(shape: Shape, key: str) -> Shape:
    child = shape.child(key)
    if child is None:
        raise StrategicPatchError(f'unable to find api field in struct {shape.name} for the json field "{key}"')
    return child


def _set(original: dict[str, Any], key: str, value: Any) -> None:
    """Take over a value of the patch that has nothing to be merged with."""
    kept, keep = _without_directives(value)
    if keep:
        original[key] = kept
    else:
        original.pop(key, None)


def _without_directives(value: Any) -> tuple[Any, bool]:
    """Return a value without what directives stand in, and whether there is one."""
    if isinstance(value, dict):
        if _PATCH in value:
            return None, False
        pairs = ((key, *_without_directives(element)) for key, element in value.items())
        return {key: element for key, element, keep in pairs if keep}, True
    if isinstance(value, list):
        return [kept for kept, keep in map(_without_directives, value) if keep], True
    return value, True


def _discard_nulls(value: Any) -> None:
    if isinstance(value, dict):
        for key in [key for key, element in value.items() if element is None]:
            del value[key]
        for element in value.values():
            _discard_nulls(element)
    elif isinstance(value, list):
        for element in value:
            _discard_nulls(element)


def _list_name(key: str, prefix: str, malformed: str) -> str:
    found, slash, name = key.partition("/")
    if found != prefix or not slash:
        raise MalformedPatchError(malformed)
    return name


def _retain_keys(original: dict[str, Any], patch: dict[str, Any]) -> None:
    """Drop all fields but those that the patch says to retain."""
    if _RETAIN not in patch:
        return
    retained = patch.pop(_RETAIN)
    malformed = "invalid patch format of retainKeys"
    if not isinstance(retained, list):
        raise MalformedPatchError(malformed)
    for key, value in patch.items():
        if value is not None and not key.startswith((_DELETE_LIST, _ORDER)) and key not in retained:
            raise MalformedPatchError(malformed)
    for key in [key for key in original if key not in retained]:
        del original[key]


def _merge_ordered_lists(original: dict[str, Any], patch: dict[str, Any], shape: Shape) -> None:
    """Merge the lists whose order the patch gives, and take them out of the patch."""
    for directive in [key for key in patch if key.startswith(_ORDER)]:
        order = patch.pop(directive)
        if not isinstance(order, list):
            raise StrategicPatchError(f"expected a []interface {{}}, but received a {type_name(order)}")
        name = _list_name(directive, _ORDER, "invalid patch format of setElementOrder list")
        before, wanted = original.get(name), patch.get(name)
        for value in (before, wanted):
            if value is not None and not isinstance(value, list):
                raise StrategicPatchError(f"expected a []interface {{}}, but received a {type_name(value)}")
        child = _field(shape, name)
        key = child.rule.patch_merge_key
        _check_order(wanted or [], order, key)
        if before is None and wanted is None:
            continue
        if wanted is None:
            merged = before or []
        elif before is None:
            merged = _without_directives(wanted)[0]
        elif child.rule.merges:
            merged = _merge_list(list(before), wanted, child, deletes=False)
        else:
            merged = wanted
        inside, outside = _partition(merged, order, key)
        _element_type(before or [], wanted or [])
        original[name] = _interleaved(inside, outside, order, before or [], key)
        patch.pop(name, None)


def _check_order(wanted: list[Any], order: list[Any], key: str) -> None:
    """Check that the elements of a patch stand in the order that it gives."""
    if not wanted or not order:
        return
    elements = [each for each in wanted if not (isinstance(each, dict) and _PATCH in each)]
    at = 0
    for place in order:
        if at < len(elements) and _identity(elements[at], key) == _identity(place, key):
            at += 1
    if at < len(elements):
        raise StrategicPatchError(
            f"The order in patch list:\n{plain(wanted)}\n doesn't match {_ORDER} list:\n{plain(order)}\n"
        )


def _identity(element: Any, key: str) -> Any:
    if not key:
        return element
    if not isinstance(element, dict):
        raise StrategicPatchError(f"expected a map[string]interface {{}}, but received a {type_name(element)}")
    if key not in element:
        raise _no_merge_key(element, key)
    return element[key]


def _no_merge_key(element: dict[str, Any], key: str) -> StrategicPatchError:
    return StrategicPatchError(f"map: {plain(element)} does not contain declared merge key: {key}")


def _element_type(*lists: list[Any]) -> str:
    """Return the type of all elements.

    Raises:
        StrategicPatchError: they are of several types, or lists, or there are none.
    """
    found = {type_name(element) for elements in lists for element in elements}
    if not found:
        raise StrategicPatchError("no elements in any of the given slices")
    if "[]interface {}" in found:
        raise UnmergeablePatchError("lists of lists are not supported")
    if len(found) > 1:
        raise StrategicPatchError(f"list element types are not identical: {plain(list(lists))}")
    return found.pop()


def _merge_list(original: list[Any], patch: list[Any], shape: Shape, *, deletes: bool) -> list[Any]:
    if not original and not patch:
        return original
    key = shape.rule.patch_merge_key
    if _element_type(original, patch) != "map[string]interface {}":
        if deletes:
            gone = set(patch)
            return [element for element in original if element not in gone]
        merged = list(dict.fromkeys([*original, *patch]))
    else:
        if not key:
            raise StrategicPatchError(f"cannot merge lists without merge key for {shape.kind}")
        original, patch = _obey_directives(original, patch, key)
        merged = _merge_elements(original, patch, key, shape)
    inside, outside = _partition(merged, patch, key)
    return _interleaved(inside, outside, patch, original, key)


def _obey_directives(original: list[Any], patch: list[Any], key: str) -> tuple[list[Any], list[Any]]:
    """Do what elements with `$patch` say; return the list and the patch without them."""
    rest: list[Any] = []
    replace = False
    for element in patch:
        directive = element.get(_PATCH)
        if _PATCH not in element:
            rest.append(element)
        elif directive == "delete":
            if key not in element:
                raise _no_merge_key(element, key)
            original = [each for each in original if each.get(key) != element[key]]
        elif directive == "replace":
            replace = True
        elif directive == "merge":
            raise StrategicPatchError("merging lists cannot yet be specified in the patch")
        else:
            raise StrategicPatchError(f"unknown patch type: {plain(directive)} in map: {plain(element)}")
    return (rest, []) if replace else (original, rest)


def _merge_elements(original: list[Any], patch: list[Any], key: str, shape: Shape) -> list[Any]:
    result = list(original)
    places = _places(result, key)
    for element in patch:
        if key not in element:
            raise _no_merge_key(element, key)
        index = places.setdefault(_hashable(element[key]), len(result))
        if index == len(result):
            result.append(element)
        else:
            assert shape.element is not None
            result[index] = _merge_map(result[index], element, shape.element)
    return result


def _partition(merged: list[Any], order: list[Any], key: str) -> tuple[list[Any], list[Any]]:
    """Return the elements that an order names, and the others."""
    named = _places(order, key)
    inside: list[Any] = []
    outside: list[Any] = []
    for element in merged:
        (inside if _hashable(_identity(element, key)) in named else outside).append(element)
    return inside, outside


def _interleaved(inside: list[Any], outside: list[Any], order: list[Any], live_order: list[Any], key: str) -> list[Any]:
    """Return all elements: those of the patch in its order, the others among them where they stood."""
    places = _places(order, key)
    live_places = _places(live_order, key)
    ours = sorted(inside, key=lambda element: places.get(_hashable(_identity(element, key)), -1))
    theirs = sorted(outside, key=lambda element: live_places.get(_hashable(_identity(element, key)), -1))
    result: list[Any] = []
    at = 0
    for element in ours:
        right = live_places.get(_hashable(_identity(element, key)), -1)
        while at < len(theirs) and 0 <= live_places.get(_hashable(_identity(theirs[at], key)), -1) < right:
            result.append(theirs[at])
            at += 1
        result.append(element)
    return [*result, *theirs[at:]]


def _places(order: list[Any], key: str) -> dict[Any, int]:
    places: dict[Any, int] = {}
    for index, element in enumerate(order):
        if not key or (isinstance(element, dict) and key in element):
            places.setdefault(_hashable(_identity(element, key)), index)
    return places


def _hashable(value: Any) -> Any:
    return plain(value) if isinstance(value, dict | list) else value
