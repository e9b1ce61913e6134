"""Which tags of a stream have to be imported, and the request that does it. Pure.

The rules are those of OpenShift's image stream controllers: a spec tag is due while its generation is newer than that
of the event or failure that answers it.
"""

from collections.abc import Collection
from typing import Final

from imagestreams.api.codec import copy
from imagestreams.api.core import ObjectReference
from imagestreams.api.image import (
    ImageImportSpec,
    ImageStream,
    ImageStreamImport,
    ImageStreamImportSpec,
    LocalTagReference,
    NamedTagEventList,
    RepositoryImportSpec,
    TagImportPolicy,
    TagReference,
)
from imagestreams.api.meta import ObjectMeta
from imagestreams.reference import InvalidReference, parse
from imagestreams.streams.apply_import import CHECKED, IMPORT_SUCCESS

INSECURE_REPOSITORY: Final = "openshift.io/image.insecureRepository"


def due_import(
    stream: ImageStream, again: Collection[str] = (), *, repository_again: bool = False
) -> ImageStreamImport | None:
    """Return the import that a stream needs now, `None` when it needs none.

    `again` names tags whose last import failed for a passing reason: those that are still failed are tried once more.
    A stream that was never checked and has a repository gets all of it, with all its tags.
    """
    whole = bool(stream.spec.docker_image_repository) and (
        repository_again or not (stream.metadata.annotations or {}).get(CHECKED)
    )
    wanted = [
        wish
        for wish, history in _importable(stream)
        if whole or _is_due(stream, wish, history) or (wish.name in again and _failed_generations(history))
    ]
    request = _request(stream, wanted)
    if whole:
        insecure = (stream.metadata.annotations or {}).get(INSECURE_REPOSITORY) == "true"
        request.spec.repository = RepositoryImportSpec(
            from_=ObjectReference(kind="DockerImage", name=stream.spec.docker_image_repository),
            import_policy=TagImportPolicy(insecure=insecure),
        )
    return request if whole or wanted else None


def scheduled_import(stream: ImageStream) -> ImageStreamImport | None:
    """Return the import of all tags that are checked from time to time, `None` when there are none."""
    wanted = [
        wish for wish, history in _importable(stream) if wish.import_policy.scheduled and not _is_settled(wish, history)
    ]
    return _request(stream, wanted) if wanted else None


def _importable(stream: ImageStream) -> list[tuple[TagReference, NamedTagEventList | None]]:
    """Return the spec tags that come from a registry, each with its history."""
    histories = {history.tag: history for history in stream.status.tags or []}
    # A tag without a name can be stored, but no import can be told to write to it.
    return [
        (wish, histories.get(wish.name))
        for wish in stream.spec.tags or []
        if wish.name and wish.from_ is not None and wish.from_.kind == "DockerImage" and not wish.reference
    ]


def _is_due(stream: ImageStream, wish: TagReference, history: NamedTagEventList | None) -> bool:
    if wish.generation is None:
        return not (stream.metadata.annotations or {}).get(CHECKED)
    return wish.generation > max([_event_generation(history), *_failed_generations(history)])


def _event_generation(history: NamedTagEventList | None) -> int:
    """Return the generation that the newest event of a tag answers; 0 when there is none."""
    return history.items[0].generation if history is not None and history.items else 0


def _failed_generations(history: NamedTagEventList | None) -> list[int]:
    """Return the generation of the failure that a tag shows, if it shows one."""
    conditions = (history.conditions or []) if history is not None else []
    return [one.generation for one in conditions if one.type == IMPORT_SUCCESS][:1]


def _is_settled(wish: TagReference, history: NamedTagEventList | None) -> bool:
    """Return whether a tag can't change any more: it points to a digest, and that was imported."""
    try:
        by_digest = bool(parse(wish.from_.name if wish.from_ is not None else "").id)
    except InvalidReference:
        return True
    return by_digest and _event_generation(history) == wish.generation


def _request(stream: ImageStream, wanted: list[TagReference]) -> ImageStreamImport:
    """Return the request to import spec tags of a stream as it is now."""
    metadata = ObjectMeta(
        name=stream.metadata.name,
        namespace=stream.metadata.namespace,
        resource_version=stream.metadata.resource_version,
    )
    images = [
        ImageImportSpec(
            from_=ObjectReference(kind="DockerImage", name=wish.from_.name if wish.from_ is not None else ""),
            to=LocalTagReference(name=wish.name),
            import_policy=copy(wish.import_policy),
            reference_policy=copy(wish.reference_policy),
        )
        for wish in wanted
    ]
    return ImageStreamImport(metadata=metadata, spec=ImageStreamImportSpec(import_=True, images=images or None))
