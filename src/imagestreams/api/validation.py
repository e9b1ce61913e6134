"""What an object must look like to be stored; each broken rule is a `FieldError`.

Pure: functions from values to lists of errors, in the order in which the real server reports them. Rules and
texts are those of `openshift-apiserver` (image validation) as its recorded answers show them. What needs
other objects (does the source stream exist, may the user read it) belongs to the resources.
"""

import re
from typing import Any, Final

from imagestreams.api.errors import FieldError
from imagestreams.api.image import (
    ImageStream,
    ImageStreamImport,
    ImageStreamMapping,
    ImageStreamTag,
    RepositoryImportSpec,
    TagImportPolicy,
    TagReference,
    TagReferencePolicy,
)
from imagestreams.reference import ImageReference, InvalidReference, parse

STREAM_NAME: Final = "[a-z0-9]+(?:[._-][a-z0-9]+)*"
_STREAM_NAME = re.compile(STREAM_NAME)
_REPOSITORY_NAME_MAX: Final = 255

_IMPORT_MODES: Final = ("", "Legacy", "PreserveOriginal")
_REFERENCE_POLICIES: Final = ("Source", "Local")
_SOURCE_KINDS: Final = ("DockerImage", "ImageStreamImage", "ImageStreamTag")


def path_segment_problem(name: str) -> str | None:
    """Say what forbids a name as one segment of a URL path; `None` when nothing does."""
    if name in {".", ".."}:
        return f"may not be '{name}'"
    for character in ("/", "%"):
        if character in name:
            return f"may not contain '{character}'"
    return None


def validate_stream_name(namespace: str, name: str, generate_name: str = "") -> list[FieldError]:
    """Check a stream's name: one path segment, a repository name, and not too long with its namespace."""
    field = "metadata.name"
    if not name:
        return [FieldError.required(field, "name or generateName is required")]
    problem = path_segment_problem(name)
    if problem:
        return [FieldError.invalid(field, name, problem)]
    errors = []
    if not _STREAM_NAME.fullmatch(name):
        errors.append(FieldError.invalid(field, name, f'must match "{STREAM_NAME}"'))
    if len(f"{namespace}/{name}") > _REPOSITORY_NAME_MAX:
        detail = f"'namespace/name' cannot be longer than {_REPOSITORY_NAME_MAX} characters"
        errors.append(FieldError.invalid(field, name, detail))
    if generate_name and not _STREAM_NAME.fullmatch(generate_name):
        errors.insert(0, FieldError.invalid("metadata.generateName", generate_name, f'must match "{STREAM_NAME}"'))
    return errors


def validate_image_stream(stream: ImageStream) -> list[FieldError]:
    """Check a stream's name, repository and spec tags; the tags' names themselves are free."""
    errors = validate_stream_name(stream.metadata.namespace, stream.metadata.name, stream.metadata.generate_name)
    repository = stream.spec.docker_image_repository
    if repository:
        errors += _validate_repository("spec.dockerImageRepository", repository)
    for tag in stream.spec.tags or []:
        errors += validate_tag_reference(f"spec.tags[{tag.name}]", tag)
    return errors


def validate_tag_reference(path: str, tag: TagReference) -> list[FieldError]:
    """Check what one spec tag points to and how."""
    errors: list[FieldError] = []
    source = tag.from_
    if source is not None:
        if not source.name:
            errors.append(FieldError.required(f"{path}.from.name"))
        if source.kind not in _SOURCE_KINDS:
            detail = "valid values are 'DockerImage', 'ImageStreamImage', 'ImageStreamTag'"
            errors.append(FieldError.required(f"{path}.from.kind", detail))
        elif source.kind == "DockerImage":
            errors += _validate_docker_image(f"{path}.from.name", source.name)
        elif tag.import_policy.scheduled:
            detail = "only tags pointing to Docker repositories may be scheduled for background import"
            errors.append(FieldError.invalid(f"{path}.importPolicy.scheduled", True, detail))
    errors += _validate_reference_policy(f"{path}.referencePolicy", tag.reference_policy)
    return errors + _validate_import_mode(f"{path}.importPolicy", tag.import_policy)


def validate_image_stream_tag(istag: ImageStreamTag) -> list[FieldError]:
    """Check the tag of an image stream tag; without one there is nothing to check."""
    return validate_tag_reference("tag", istag.tag) if istag.tag is not None else []


def validate_image_stream_mapping(mapping: ImageStreamMapping) -> list[FieldError]:
    """Check that a mapping names a tag and an image."""
    errors = []
    if not mapping.metadata.name:
        errors.append(FieldError.required("metadata.name", "name or generateName is required"))
    if not mapping.tag:
        errors.append(FieldError.required("tag"))
    if not mapping.image.metadata.name:
        errors.append(FieldError.required("image.metadata.name", "name or generateName is required"))
    return errors


def validate_image_stream_import(request: ImageStreamImport) -> list[FieldError]:
    """Check that something is asked for, and that each source can be parsed.

    The name `*` passes: older clients use it to look a stream up.
    """
    errors: list[FieldError] = []
    repository, images = request.spec.repository, request.spec.images
    for number, image in enumerate(images or []):
        path = f"spec.images[{number}]"
        if image.from_.kind != "DockerImage":
            errors.append(FieldError.invalid(f"{path}.from.kind", image.from_.kind, "only DockerImage is supported"))
        else:
            if image.to is not None and not image.to.name:
                detail = "the name of the target tag must be specified"
                errors.append(FieldError.invalid(f"{path}.to.name", image.to.name, detail))
            if not image.from_.name:
                errors.append(FieldError.required(f"{path}.from.name"))
            elif image.from_.name == "*":
                continue
            errors += _validate_docker_image(f"{path}.from.name", image.from_.name)
        errors += _validate_import_mode(f"{path}.importPolicy", image.import_policy)
    if repository is not None:
        errors += _validate_repository_import("spec.repository", repository)
    if not images and repository is None:
        detail = "you must specify at least one image or a repository import"
        errors.append(FieldError.invalid("spec.images", None, detail))
    return errors


def _validate_repository_import(path: str, repository: RepositoryImportSpec) -> list[FieldError]:
    kind, name = repository.from_.kind, repository.from_.name
    errors: list[FieldError] = []
    if kind != "DockerImage":
        errors.append(FieldError.invalid(f"{path}.from.kind", kind, "only DockerImage is supported"))
    elif not name:
        errors.append(FieldError.required(f"{path}.from.name", "container image references require a name"))
    else:
        parsed = _parsed(f"{path}.from.name", name)
        if isinstance(parsed, list):
            errors += parsed
        elif parsed.tag or parsed.id:
            detail = "you must specify an image repository, not a tag or ID"
            errors.append(FieldError.invalid(f"{path}.from.name", name, detail))
    return errors + _validate_import_mode(f"{path}.importPolicy", repository.import_policy)


def _validate_docker_image(field: str, name: str) -> list[FieldError]:
    if not name:
        return []
    parsed = _parsed(field, name)
    return parsed if isinstance(parsed, list) else []


def _validate_repository(field: str, name: str) -> list[FieldError]:
    parsed = _parsed(field, name)
    if isinstance(parsed, list):
        return parsed
    errors = []
    if parsed.tag:
        errors.append(FieldError.invalid(field, name, "the repository name may not contain a tag"))
    if parsed.id:
        errors.append(FieldError.invalid(field, name, "the repository name may not contain an ID"))
    return errors


def _parsed(field: str, name: str) -> ImageReference | list[FieldError]:
    try:
        return parse(name)
    except InvalidReference as error:
        return [FieldError.invalid(field, name, str(error))]


def _validate_import_mode(path: str, policy: TagImportPolicy) -> list[FieldError]:
    if policy.import_mode in _IMPORT_MODES:
        return []
    known = ", ".join(f"'{mode}'" for mode in _IMPORT_MODES)
    detail = f"invalid import mode, valid modes are {known}"
    return [FieldError.invalid(f"{path}.importMode", policy.import_mode, detail)]


def _validate_reference_policy(path: str, policy: TagReferencePolicy) -> list[FieldError]:
    if policy.type in _REFERENCE_POLICIES:
        return []
    known = ", ".join(f'"{policy_type}"' for policy_type in _REFERENCE_POLICIES)
    return [FieldError.invalid(f"{path}.type", policy.type, f"valid values are {known}")]


def validate_immutable(field: str, old: Any, new: Any) -> list[FieldError]:
    """Check that a field kept its value."""
    return [] if old == new else [FieldError.invalid(field, new, "field is immutable")]
