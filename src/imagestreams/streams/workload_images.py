"""Where workloads name images, and which of them change when they are written. Pure, over plain JSON documents.

A document is whatever a client sent, also to another API server, so nothing is taken for granted of its form.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from imagestreams.streams.image_lookup import EVERYTHING, RESOLVE_NAMES

Path = tuple[str | int, ...]
Document = Mapping[str, Any]
Resolve = Callable[[str, bool], str | None]
"""Takes an image and whether all images are looked up; returns what it stands for, `None` for itself."""

_CONTAINERS: Final = ("initContainers", "containers")
_FIXED: Final = frozenset({"Job", "Build"})
"""The kinds whose images can't be changed once they are there."""
_STRATEGIES: Final = ("customStrategy", "dockerStrategy", "sourceStrategy")


@dataclass(frozen=True, slots=True)
class ImageChange:
    """The value at a path is to be this image."""

    path: Path
    image: str


def image_changes(kind: str, new: Document, old: Document | None, resolve: Resolve) -> list[ImageChange]:
    """Return which images of a document change when it is created, or updated from an old state.

    An image that an update leaves as it is stays so, unless the update turns the annotation on or off. What a
    controller made is its business.
    """
    if _has_controller(new) or (old is not None and kind in _FIXED):
        return []
    everything = resolves_all(kind, new)
    switched = old is not None and everything != resolves_all(kind, old)
    before = dict(_named_images(kind, old)) if old is not None and not switched else {}
    changes = []
    for name, path, image in _images(kind, new):
        if before.get(name) == image:
            continue
        found = resolve(image, everything)
        if found is not None and found != image:
            changes.append(ImageChange(path, found))
    return changes


def changed(document: dict[str, Any], changes: list[ImageChange]) -> dict[str, Any]:
    """Change images in a document, which must be the caller's own, and return it."""
    for change in changes:
        place: Any = document
        for step in change.path[:-1]:
            place = place[step]
        place[change.path[-1]] = change.image
    return document


def resolves_all(kind: str, document: Document) -> bool:
    """Return whether a workload asks for all its images to be looked up."""
    template = _at(document, template_path(kind))
    accounts = (_mapping(template), document) if template is not None else (document,)
    return any(
        _mapping(_mapping(one.get("metadata")).get("annotations")).get(RESOLVE_NAMES) == EVERYTHING for one in accounts
    )


def template_path(kind: str) -> Path:
    """Return where a kind of workload has its pod template; empty for what has none."""
    match kind:
        case "Pod" | "Build":
            return ()
        case "CronJob":
            return ("spec", "jobTemplate", "spec", "template")
        case "PodTemplate":
            return ("template",)
    return ("spec", "template")


def _images(kind: str, document: Document) -> Iterator[tuple[str, Path, str]]:
    """Yield the images of a document, each with a name by which it is found again, and where it stands."""
    if kind == "Build":
        yield from _build_images(document)
        return
    root = (*template_path(kind), "spec")
    pods = _mapping(_at(document, root))
    for part in _CONTAINERS:
        for number, container in enumerate(_list(pods.get(part))):
            image = _mapping(container).get("image")
            if isinstance(image, str) and image:
                yield str(_mapping(container).get("name", "")), (*root, part, number, "image"), image


def _named_images(kind: str, document: Document) -> Iterator[tuple[str, str]]:
    # The first of a name counts, so it comes last.
    yield from ((name, image) for name, _, image in reversed(list(_images(kind, document))))


def _build_images(document: Document) -> Iterator[tuple[str, Path, str]]:
    roots: list[Path] = [
        ("spec", "source", "images", number, "from")
        for number, _ in enumerate(_list(_at(document, ("spec", "source", "images"))))
    ]
    roots += [("spec", "strategy", strategy, "from") for strategy in _STRATEGIES]
    for root in roots:
        reference = _mapping(_at(document, root))
        name = reference.get("name")
        if reference.get("kind") == "DockerImage" and isinstance(name, str) and name:
            yield str(root), (*root, "name"), name


def _has_controller(document: Document) -> bool:
    owners = _list(_mapping(document.get("metadata")).get("ownerReferences"))
    return any(_mapping(owner).get("controller") is True for owner in owners)


def _at(document: Document, path: Path) -> Any:
    place: Any = document if path else None
    for step in path:
        if isinstance(step, int):
            place = place[step] if isinstance(place, list) and step < len(place) else None
        else:
            place = _mapping(place).get(step)
    return place


def _mapping(value: Any) -> Document:
    return value if isinstance(value, Mapping) else {}


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
