"""What an object must look like to be stored; each broken rule is a `FieldError`.

Pure: functions from values to lists of errors, in the order in which the real server reports them. Rules and
texts are those of `openshift-apiserver` (image validation) as its recorded answers show them. What needs
other objects (does the source stream exist, may the user read it) belongs to the resources.
"""

import re
from collections.abc import Iterator
from typing import Any, Final

from msgspec import to_builtins
from msgspec.structs import replace

from imagestreams.api.errors import FieldError
from imagestreams.api.image import (
    Image,
    ImageManifest,
    ImageSignature,
    ImageStream,
    ImageStreamImport,
    ImageStreamMapping,
    ImageStreamTag,
    ImageTag,
    RepositoryImportSpec,
    SignatureCondition,
    TagEvent,
    TagImportPolicy,
    TagReference,
    TagReferencePolicy,
)
from imagestreams.api.meta import ObjectMeta
from imagestreams.api.metadata.object_meta_validation import (
    path_segment_problems,
    validate_finalizer_names,
    validate_object_meta,
    validate_object_meta_update,
)
from imagestreams.reference import ImageReference, InvalidReference, parse

STREAM_NAME: Final = "[a-z0-9]+(?:[._-][a-z0-9]+)*"
_STREAM_NAME = re.compile(STREAM_NAME)
_REPOSITORY_NAME_MAX: Final = 255
_MANIFEST_DIGEST = re.compile(r"[A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*:[0-9a-fA-F]{32,}")
_MEDIA_TYPE = re.compile(r" *[A-Za-z0-9][A-Za-z0-9!#$&^_-]{0,126}/[A-Za-z0-9][A-Za-z0-9!#$&^_.+-]{0,126} *")

_IMPORT_MODES: Final = ("", "Legacy", "PreserveOriginal")
_REFERENCE_POLICIES: Final = ("Source", "Local")
_SOURCE_KINDS: Final = ("DockerImage", "ImageStreamImage", "ImageStreamTag")


def stream_name_problems(name: str) -> list[str]:
    """Say what forbids a name as that of a stream: it is one segment of a path and of a repository's name."""
    problems = path_segment_problems(name)
    return problems or ([] if _STREAM_NAME.fullmatch(name) else [f'must match "{STREAM_NAME}"'])


def validate_stream_metadata(metadata: ObjectMeta) -> list[FieldError]:
    """Check a stream's metadata; its name must not be too long together with its namespace."""
    errors = validate_object_meta(metadata, namespaced=True, name_problems=stream_name_problems)
    prefix = metadata.generate_name
    if prefix.endswith("-") and not any(error.field == "metadata.generateName" for error in errors):
        # The dash at a prefix's end counts here, although the name made from it would be fine.
        errors[:0] = [
            FieldError.invalid("metadata.generateName", prefix, text) for text in stream_name_problems(prefix)
        ]
    if len(f"{metadata.namespace}/{metadata.name}") > _REPOSITORY_NAME_MAX:
        detail = f"'namespace/name' cannot be longer than {_REPOSITORY_NAME_MAX} characters"
        errors.append(FieldError.invalid("metadata.name", metadata.name, detail))
    return errors


def validate_image_stream(stream: ImageStream) -> list[FieldError]:
    """Check a stream's name, repository and spec tags; the tags' names themselves are free."""
    errors = validate_stream_metadata(stream.metadata)
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


def validate_image_stream_status(stream: ImageStream, old: ImageStream) -> list[FieldError]:
    """Check the pull specs that a new status brings in; those of the old one are not questioned."""
    known = {event.docker_image_reference for _, event in _events(old)}
    errors: list[FieldError] = []
    for field, event in _events(stream):
        if event.docker_image_reference not in known:
            parsed = _parsed(f"{field}.dockerImageReference", event.docker_image_reference)
            errors += parsed if isinstance(parsed, list) else []
    return errors


def _events(stream: ImageStream) -> Iterator[tuple[str, TagEvent]]:
    for history in stream.status.tags or []:
        for number, event in enumerate(history.items or []):
            yield f"status.tags[{history.tag}].items[{number}]", event


def validate_image_stream_tag(istag: ImageStreamTag) -> list[FieldError]:
    """Check a new image stream tag."""
    errors = validate_object_meta(istag.metadata, namespaced=True, name_problems=path_segment_problems)
    return errors + _validate_own_tag(istag)


def validate_image_stream_tag_update(istag: ImageStreamTag, old: ImageStreamTag) -> list[FieldError]:
    """Check that only the tag and the annotations of an image stream tag changed, and to something sound."""
    errors = _validate_metadata_update(istag.metadata, old.metadata) + _validate_own_tag(istag)
    if not _same_metadata(replace(istag.metadata, annotations=old.metadata.annotations), old.metadata):
        errors.append(FieldError.invalid("metadata", "", "may not update fields other than metadata.annotations"))
    return errors


def _validate_metadata_update(metadata: ObjectMeta, old: ObjectMeta) -> list[FieldError]:
    # The real server checks this twice, and so tells what breaks it twice.
    return validate_object_meta_update(metadata, old) * 2 + validate_finalizer_names(metadata)


def _validate_own_tag(istag: ImageStreamTag) -> list[FieldError]:
    if istag.tag is None:
        return []
    errors = validate_tag_reference("tag", istag.tag)
    if istag.tag.annotations is not None and istag.tag.annotations != (istag.metadata.annotations or {}):
        detail = "tag annotations must not be provided or must be equal to the object meta annotations"
        errors.append(FieldError.invalid("tag.annotations", "<map>", detail))
    return errors


def validate_image_tag(itag: ImageTag, tag: str) -> list[FieldError]:
    """Check a new image tag, whose name ends in `tag`."""
    errors = validate_object_meta(itag.metadata, namespaced=True, name_problems=path_segment_problems)
    if itag.spec is None:
        return [*errors, FieldError.required("spec", "spec is a required field during creation")]
    return errors + _validate_spec_of(itag.spec, tag)


def validate_image_tag_update(itag: ImageTag, old: ImageTag, tag: str) -> list[FieldError]:
    """Check that only the spec of an image tag changed, and to something sound."""
    errors = _validate_metadata_update(itag.metadata, old.metadata)
    if itag.spec is not None:
        errors += _validate_spec_of(itag.spec, tag)
    if not _same_metadata(itag.metadata, old.metadata):
        errors.append(FieldError.invalid("metadata", "", "may not update fields other than spec"))
    if (itag.status or None) != (old.status or None):
        errors.append(FieldError.invalid("status", "", "may not update fields other than spec"))
    return errors


def _validate_spec_of(spec: TagReference, tag: str) -> list[FieldError]:
    errors = []
    if spec.name != tag:
        errors.append(FieldError.invalid("spec.name", spec.name, "must match image tag name"))
    return errors + validate_tag_reference("spec", spec)


def _same_metadata(one: ObjectMeta, other: ObjectMeta) -> bool:
    """Say whether metadata is the same but for the record of who set what, of which only an apply counts."""
    return _comparable(one) == _comparable(other)


def _comparable(metadata: ObjectMeta) -> ObjectMeta:
    applied = [entry for entry in metadata.managed_fields or [] if entry.operation == "Apply"]
    return replace(
        metadata,
        labels=metadata.labels or None,
        annotations=metadata.annotations or None,
        finalizers=metadata.finalizers or None,
        owner_references=metadata.owner_references or None,
        managed_fields=applied or None,
    )


def validate_image(image: Image) -> list[FieldError]:
    """Check an image: its metadata, where it is, its signatures, and the manifests of a list."""
    errors = validate_object_meta(image.metadata, namespaced=False, name_problems=path_segment_problems)
    if not image.docker_image_reference:
        errors.append(FieldError.required("dockerImageReference"))
    else:
        errors += _validate_docker_image("dockerImageReference", image.docker_image_reference)
    for number, signature in enumerate(image.signatures or []):
        errors += _below(f"signatures[{number}]", validate_image_signature(signature))
    for number, manifest in enumerate(image.docker_image_manifests or []):
        errors += _validate_manifest(f"dockerImageManifests[{number}]", manifest)
    if image.docker_image_manifests and image.docker_image_layers:
        detail = "dockerImageLayers should not be set when dockerImageManifests is set"
        shown = [layer.name for layer in image.docker_image_layers]
        errors.append(FieldError.invalid("dockerImageLayers", shown, detail))
    return errors


def _validate_manifest(path: str, manifest: ImageManifest) -> list[FieldError]:
    errors = []
    if not _MANIFEST_DIGEST.search(manifest.digest):
        detail = "digest does not conform with OCI image specification"
        errors.append(FieldError.invalid(f"{path}.digest", manifest.digest, detail))
    if not _MEDIA_TYPE.fullmatch(manifest.media_type):
        detail = "media type does not conform to RFC6838"
        errors.append(FieldError.invalid(f"{path}.mediaType", manifest.media_type, detail))
    for field, value in (("architecture", manifest.architecture), ("os", manifest.os)):
        if not value:
            errors.append(FieldError.required(f"{path}.{field}"))
    if manifest.manifest_size < 0:
        errors.append(FieldError.invalid(f"{path}.size", manifest.manifest_size, "manifest size cannot be negative"))
    return errors


def validate_image_signature(signature: ImageSignature) -> list[FieldError]:
    """Check a signature; what was found out about it may be told only with the conditions that say so."""
    metadata = signature.metadata
    errors = validate_object_meta(metadata, namespaced=False, name_problems=path_segment_problems)
    if metadata.labels:
        errors.append(FieldError.forbidden("metadata.labels", "signature labels cannot be set"))
    if metadata.annotations:
        errors.append(FieldError.forbidden("metadata.annotations", "signature annotations cannot be set"))
    image, _, name = metadata.name.partition("@")
    if not image or not name or "@" in name:
        detail = "name must be of format <imageName>@<signatureName>"
        errors.append(FieldError.invalid("metadata.name", metadata.name, detail))
    if not signature.type:
        errors.append(FieldError.required("type"))
    if not signature.content:
        errors.append(FieldError.required("content"))
    return errors + _validate_signature_conditions(signature)


def _validate_signature_conditions(signature: ImageSignature) -> list[FieldError]:
    newest: dict[str, SignatureCondition] = {}
    for condition in sorted(signature.conditions or [], key=lambda one: one.last_probe_time or ""):
        newest[condition.type] = condition
    errors = []
    for present, missing in (("Trusted", "ForImage"), ("ForImage", "Trusted")):
        if present in newest and missing not in newest:
            shown = to_builtins(signature.conditions)
            errors.append(FieldError.invalid("conditions", shown, f'missing "{missing}" condition type'))
    trusted = newest.get("Trusted")
    if trusted is None or trusted.status == "Unknown":
        for field, value in (
            ("imageIdentity", signature.image_identity),
            ("signedClaims", signature.signed_claims),
            ("issuedBy", signature.issued_by),
            ("issuedTo", signature.issued_to),
        ):
            if value:
                detail = "must be unset for unknown signature state"
                errors.append(FieldError.invalid(field, to_builtins(value), detail))
    return errors


def _below(path: str, errors: list[FieldError]) -> list[FieldError]:
    return [FieldError(error.reason, f"{path}.{error.field}", error.message) for error in errors]


def validate_image_stream_mapping(mapping: ImageStreamMapping) -> list[FieldError]:
    """Check that a mapping names a stream, a tag and an image; the tag's name itself is free."""
    errors = validate_object_meta(mapping.metadata, namespaced=True, name_problems=path_segment_problems)
    if not mapping.metadata.name:
        errors += [FieldError.required("name"), FieldError.required("dockerImageRepository")]
    if not mapping.tag:
        errors.append(FieldError.required("tag"))
    return errors + _below("image", validate_image(mapping.image))


def validate_image_stream_import(request: ImageStreamImport) -> list[FieldError]:
    """Check that something is asked for, that each source can be parsed, and that a stream could have the name.

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
    return errors + validate_object_meta(request.metadata, namespaced=True, name_problems=stream_name_problems)


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
