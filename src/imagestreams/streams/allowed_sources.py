"""What of a request or a stream comes from registries that may not be imported from.

What a stream has already stays allowed: its repositories, wanted or in the history, are not refused anew when the list
of allowed registries changes.
"""

from collections.abc import Collection, Iterator, Mapping
from typing import Final

from imagestreams.api.errors import FieldError
from imagestreams.api.image import ImageStream, ImageStreamImport, ImageStreamTag, ImageTag, TagReference
from imagestreams.reference import ImageReference, InvalidReference, parse
from imagestreams.streams.allowed_registries import AllowedRegistries, Transport, host_and_port
from imagestreams.streams.history import spec_tag

INSECURE_REPOSITORY: Final = "openshift.io/image.insecureRepository"
_DOCKER_IMAGE: Final = "DockerImage"


def refused_imports(request: ImageStreamImport, allowed: AllowedRegistries) -> list[FieldError]:
    """Return an error for each source of an import that is not allowed."""
    sources = []
    repository = request.spec.repository
    if repository is not None and repository.from_.kind == _DOCKER_IMAGE:
        sources.append(("spec.repository", repository.from_.name, repository.import_policy.insecure))
    for number, image in enumerate(request.spec.images or []):
        sources.append((f"spec.images[{number}]", image.from_.name, image.import_policy.insecure))
    errors = []
    for path, name, insecure in sources:
        host, port = host_and_port(_parsed(name) or ImageReference(), insecure=insecure)
        place = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
        refusal = allowed.refusal(ImageReference(place), Transport.SECURE)
        if refusal is not None:
            detail = f'importing images from registry "{place}" is forbidden: {refusal}'
            errors.append(FieldError.forbidden(f"{path}.from.name", detail))
    return errors


def refused_sources(stream: ImageStream, old: ImageStream | None, allowed: AllowedRegistries) -> list[FieldError]:
    """Return an error for each source in a stream that is not allowed and was not there before."""
    if allowed.patterns is None:
        return []
    if old is not None:
        allowed = allowed.with_repositories([*_wanted(old), *_had(old)])
    insecure = _is_insecure(stream.metadata.annotations)
    errors = []
    if stream.spec.docker_image_repository:
        path = "spec.dockerImageRepository"
        errors += _refused(path, stream.spec.docker_image_repository, allowed, insecure=insecure)
    for tag in stream.spec.tags or []:
        errors += refused_tag(f"spec.tags[{tag.name}]", tag, allowed, insecure=insecure)
    return errors + _refused_events(stream, allowed)


def refused_history(stream: ImageStream, old: ImageStream, allowed: AllowedRegistries) -> list[FieldError]:
    """Return an error for each pull spec that a new status brings in and that is not allowed."""
    if allowed.patterns is None:
        return []
    return _refused_events(stream, allowed, set(_had(old)))


def refused_image_stream_tag(
    istag: ImageStreamTag, old: ImageStreamTag | None, allowed: AllowedRegistries
) -> list[FieldError]:
    """Return an error if what an image stream tag points to is not allowed, and not what it pointed to before."""
    before = old.tag if old is not None else None
    return _refused_change("tag", istag.tag, before, allowed, istag.metadata.annotations)


def refused_image_tag(itag: ImageTag, old: ImageTag | None, allowed: AllowedRegistries) -> list[FieldError]:
    """Return an error if what an image tag points to is not allowed, and not what it pointed to before."""
    before = old.spec if old is not None else None
    return _refused_change("spec", itag.spec, before, allowed, itag.metadata.annotations)


def refused_tag(path: str, tag: TagReference, allowed: AllowedRegistries, *, insecure: bool) -> list[FieldError]:
    """Return an error if a tag points to a registry that is not allowed."""
    if tag.from_ is None or tag.from_.kind != _DOCKER_IMAGE:
        return []
    return _refused(f"{path}.from.name", tag.from_.name, allowed, insecure=insecure or tag.import_policy.insecure)


def _refused_change(
    path: str,
    tag: TagReference | None,
    before: TagReference | None,
    allowed: AllowedRegistries,
    annotations: Mapping[str, str] | None,
) -> list[FieldError]:
    if tag is None:
        return []
    if before is not None and before.from_ is not None and before.from_.kind == _DOCKER_IMAGE:
        allowed = allowed.with_repositories([before.from_.name])
    return refused_tag(path, tag, allowed, insecure=_is_insecure(annotations))


def _refused_events(stream: ImageStream, allowed: AllowedRegistries, known: Collection[str] = ()) -> list[FieldError]:
    insecure = _is_insecure(stream.metadata.annotations)
    errors: list[FieldError] = []
    for history in stream.status.tags or []:
        wish = spec_tag(stream, history.tag)
        lax = insecure or (wish is not None and wish.import_policy.insecure)
        for number, event in enumerate(history.items or []):
            if event.docker_image_reference and event.docker_image_reference not in known:
                path = f"status.tags[{history.tag}].items[{number}].dockerImageReference"
                errors += _refused(path, event.docker_image_reference, allowed, insecure=lax)
    return errors


def _refused(path: str, name: str, allowed: AllowedRegistries, *, insecure: bool) -> list[FieldError]:
    reference = _parsed(name) if name else ImageReference()
    if reference is None:
        # That it can't be parsed is an error of its own.
        return []
    refusal = allowed.refusal(reference, Transport.ANY if insecure else Transport.SECURE)
    return [FieldError.forbidden(path, refusal)] if refusal is not None else []


def _parsed(name: str) -> ImageReference | None:
    try:
        return parse(name)
    except InvalidReference:
        return None


def _wanted(stream: ImageStream) -> Iterator[str]:
    yield stream.spec.docker_image_repository
    for tag in stream.spec.tags or []:
        if tag.from_ is not None and tag.from_.kind == _DOCKER_IMAGE:
            yield tag.from_.name


def _had(stream: ImageStream) -> Iterator[str]:
    for history in stream.status.tags or []:
        for event in history.items or []:
            yield event.docker_image_reference


def _is_insecure(annotations: Mapping[str, str] | None) -> bool:
    return (annotations or {}).get(INSECURE_REPOSITORY) == "true"
