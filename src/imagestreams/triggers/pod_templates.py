"""Where a document has its containers, and the container that a field path means."""

import re
from dataclasses import dataclass
from typing import Final

from imagestreams.triggers.documents import Document, mapping, text
from imagestreams.triggers.error import TriggerError

_TEMPLATES: Final = (
    ("spec", "jobTemplate", "spec", "template", "spec"),
    ("spec", "template", "spec"),
    ("template", "spec"),
)
_POD: Final = ("spec",)
_LISTS: Final = ("containers", "initContainers")
_INDEX: Final = re.compile(r"[+-]?[0-9]{1,18}")
_BY_NAME: Final = '?(@.name=="'
_BY_NAME_END: Final = '")'


@dataclass(frozen=True, slots=True)
class Container:
    """A container of a document: the path to it, its name and its image."""

    path: tuple[str | int, ...]
    name: str
    image: str


def pod_spec_path(document: Document) -> tuple[str, ...] | None:
    """Return where the pod spec is: that of a template wherever one usually is, of a pod its own; else `None`."""
    for path in _TEMPLATES:
        if mapping(document, *path):
            return path
    return _POD if (text(document, "apiVersion"), text(document, "kind")) == ("v1", "Pod") else None


def containers(document: Document) -> list[Container]:
    """Return the init containers and then the containers."""
    path = pod_spec_path(document)
    if path is None:
        return []
    return [*_containers(document, path, "initContainers"), *_containers(document, path, "containers")]


def container_at(document: Document, field_path: str) -> Container | None:
    """Return the container whose image a field path means; `None` when it means something outside of the pod spec.

    A container is chosen by its index, or by its name: `containers[?(@.name=="web")].image`.

    Raises:
        TriggerError: the path is no such path, there is no such container, or the document has no pod spec.
    """
    base = pod_spec_path(document)
    if base is None:
        raise TriggerError("no list of images available for this object")
    prefix = ".".join(base) + "."
    if not field_path.startswith(prefix):
        return None
    place, bracket, rest = field_path.removeprefix(prefix).partition("[")
    selector, closing, remainder = rest.partition("]")
    if place not in _LISTS or not bracket or not closing or remainder not in (".image", "image"):
        raise TriggerError(f"field path is not valid: {field_path}")
    found = _select(document, base, place, selector)
    if found is None:
        raise TriggerError(f"no such container: {field_path}")
    return found


def _select(document: Document, base: tuple[str, ...], place: str, selector: str) -> Container | None:
    if _INDEX.fullmatch(selector):
        position, found = int(selector), _containers(document, base, place)
        return next((one for one in found if one.path[-1] == position), None)
    name = selector.removeprefix(_BY_NAME).removesuffix(_BY_NAME_END)
    if name == selector:
        return None
    # By name it does not matter which of the two lists the path says.
    return next((one for one in containers(document) if one.name == name), None)


def _containers(document: Document, base: tuple[str, ...], place: str) -> list[Container]:
    found = mapping(document, *base).get(place)
    if not isinstance(found, list):
        return []
    return [
        Container((*base, place, position), text(one, "name"), text(one, "image"))
        for position, one in enumerate(found)
        if isinstance(one, dict)
    ]
