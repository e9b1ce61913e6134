"""Whether an applied configuration fits its type, told as server-side apply tells it.

Server-side apply knows no unknown fields: a configuration has to fit, whatever `fieldValidation` says.
"""

from collections.abc import Iterator
from typing import Any

from imagestreams.apiserver.bodies.go_text import plain, syntax, type_name
from imagestreams.apiserver.ownership.comparison import UnidentifiedElementError, element_step
from imagestreams.apiserver.ownership.field_sets import path_text
from imagestreams.apiserver.ownership.object_schema import Shape


def misfits(shape: Shape, document: dict[str, Any]) -> str:
    """Return what does not fit; empty when all does."""
    found = list(_misfits(shape, document, ()))
    if len(found) > 1:
        return "\n".join(["errors:", *(f"  {each}" for each in found)])
    return found[0] if found else ""


def _misfits(shape: Shape | None, value: Any, path: tuple[str, ...]) -> Iterator[str]:
    if value is None or shape is None or shape.kind == "deduced":
        return
    if shape.kind in ("struct", "map"):
        if not isinstance(value, dict):
            yield _told(path, f"expected map, got &{{{plain(value)}}}")
            return
        for key, element in value.items():
            below, step = shape.child(key), (*path, f"f:{key}")
            if below is None:
                yield _told(step, "field not declared in schema")
                return
            yield from _misfits(below, element, step)
    elif shape.kind == "list":
        yield from _misfits_of_list(shape, value, path)
    else:
        told = _misfit_of_scalar(shape.scalar, value)
        if told:
            yield _told(path, told)


def _misfits_of_list(shape: Shape, value: Any, path: tuple[str, ...]) -> Iterator[str]:
    if not isinstance(value, list):
        yield _told(path, f"expected list, got &{{{plain(value)}}}")
        return
    seen: set[str] = set()
    for index, element in enumerate(value):
        step = f"i:{index}"
        if not shape.atomic:
            try:
                step = element_step(shape, index, element)
            except UnidentifiedElementError as error:
                yield _told(path, str(error))
                return
            if step in seen:
                yield _told(path, f"duplicate entries for key {path_text((step,))}")
            seen.add(step)
        yield from _misfits(shape.element, element, (*path, step))


def _misfit_of_scalar(wanted: str, value: Any) -> str:
    match wanted:
        case "string" if not isinstance(value, str):
            return f"expected string, got &value.valueUnstructured{{Value:{syntax(value)}}}"
        case "boolean" if not isinstance(value, bool):
            return f"expected boolean, got &{{{plain(value)}}}"
        case "numeric" if isinstance(value, bool) or not isinstance(value, int | float):
            return f"expected numeric (int or float), got {type_name(value)}"
    return ""


def _told(path: tuple[str, ...], what: str) -> str:
    return f"{path_text(path)}: {what}" if path else what
