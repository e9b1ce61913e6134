"""Which stream generation last wanted each spec tag.

An import is due while a spec tag's generation is newer than that of its status, so the number may rise only when the
tag's source or import mode changed, or when a client asks for it by sending 0.
"""

from msgspec.structs import replace

from imagestreams.api.core import ObjectReference
from imagestreams.api.image import ImageStream, ImageStreamSpec, TagReference


def tag_reference_changed(old: TagReference, new: TagReference, namespace: str) -> bool:
    """Say whether a spec tag now points elsewhere, so that its image has to be found anew."""
    target = new.from_
    if target is None or not (target.kind or target.name):
        return False
    source = old.from_ or ObjectReference()
    return (
        (source.namespace or namespace) != (target.namespace or namespace)
        or source.name != target.name
        or old.reference != new.reference
        or old.import_policy.import_mode != new.import_policy.import_mode
        or (old.generation not in {None, 0} and new.generation == 0)
    )


def keep_generations(stream: ImageStream, old: ImageStream) -> None:
    """Put back every spec tag's stored generation, whatever the client sent, except for 0."""
    stored = {wish.name: wish.generation for wish in old.spec.tags or []}
    for wish in stream.spec.tags or []:
        if wish.generation != 0 and wish.name in stored:
            wish.generation = stored[wish.name]


def stamp_generations(stream: ImageStream, old: ImageStream | None) -> None:
    """Give new and changed spec tags the stream's generation."""
    stored = {wish.name: wish for wish in (old.spec.tags or [] if old is not None else [])}
    for wish in stream.spec.tags or []:
        before = stored.get(wish.name)
        changed = before is None or tag_reference_changed(before, wish, stream.metadata.namespace)
        if changed or not wish.generation:
            wish.generation = stream.metadata.generation


def same_spec(one: ImageStreamSpec, other: ImageStreamSpec) -> bool:
    """Say whether two wishes are the same; an empty map of annotations is none."""
    return _plain(one) == _plain(other)


def _plain(spec: ImageStreamSpec) -> ImageStreamSpec:
    return replace(spec, tags=[replace(wish, annotations=wish.annotations or None) for wish in spec.tags or []])
