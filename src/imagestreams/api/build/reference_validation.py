"""What references of a build must look like: to images that it takes, to where its image goes, to secrets.

Pure. Rules, order and texts are those of `openshift-apiserver` (build validation).
"""

from typing import Final

from imagestreams.api.core import LocalObjectReference, ObjectReference
from imagestreams.api.errors import FieldError
from imagestreams.api.metadata.object_meta_validation import dns_subdomain_problems
from imagestreams.api.validation import stream_name_problems
from imagestreams.reference import InvalidReference, parse

_SOURCE_KINDS: Final = "must be 'ImageStreamTag', 'ImageStreamImage', or 'DockerImage'"
_TARGET_KINDS: Final = "the target of build output must be an 'ImageStreamTag' or 'DockerImage'"


def validate_secret_reference(reference: LocalObjectReference | None, path: str) -> list[FieldError]:
    """Check a reference to a secret: it names one."""
    return [FieldError.required(f"{path}.name")] if reference is not None and not reference.name else []


def validate_image_reference(reference: ObjectReference, path: str) -> list[FieldError]:
    """Check a reference to an image that a build takes."""
    name, namespace = reference.name, reference.namespace
    errors: list[FieldError] = []
    match reference.kind:
        case "ImageStreamTag":
            if not name:
                errors.append(FieldError.required(f"{path}.name"))
            elif problem := _tag_problem(name, "must be <name>:<tag>", "invalid name syntax"):
                errors.append(FieldError.invalid(f"{path}.name", name, problem))
        case "ImageStreamImage":
            if not name:
                errors.append(FieldError.required(f"{path}.name"))
        case "DockerImage":
            if namespace:
                detail = "not valid when used with a 'DockerImage'"
                errors.append(FieldError.invalid(f"{path}.namespace", namespace, detail))
            if not name:
                errors.append(FieldError.required(f"{path}.name"))
            elif problem := _pull_spec_problem(name):
                detail = f"not a valid Docker pull specification: {problem}"
                errors.append(FieldError.invalid(f"{path}.name", name, detail))
            return errors
        case "":
            return [FieldError.required(f"{path}.kind")]
        case kind:
            return [FieldError.invalid(f"{path}.kind", kind, _SOURCE_KINDS)]
    if namespace and dns_subdomain_problems(namespace):
        errors.append(FieldError.invalid(f"{path}.namespace", namespace, "must be a valid namespace"))
    return errors


def validate_target(reference: ObjectReference, path: str) -> list[FieldError]:
    """Check a reference to where the image of a build goes."""
    name, namespace = reference.name, reference.namespace
    errors: list[FieldError] = []
    match reference.kind:
        case "ImageStreamTag":
            form = "ImageStreamTag object references must be in the form <name>:<tag>"
            if not name:
                errors.append(FieldError.required(f"{path}.name"))
            elif problem := _tag_problem(name, form, "ImageStreamTag name contains invalid syntax"):
                errors.append(FieldError.invalid(f"{path}.name", name, problem))
            if namespace and dns_subdomain_problems(namespace):
                detail = "namespace must be a valid subdomain"
                errors.append(FieldError.invalid(f"{path}.namespace", namespace, detail))
        case "DockerImage":
            if namespace:
                detail = "namespace is not valid when used with a 'DockerImage'"
                errors.append(FieldError.invalid(f"{path}.namespace", namespace, detail))
            if problem := _pull_spec_problem(name):
                detail = f"name is not a valid Docker pull specification: {problem}"
                errors.append(FieldError.invalid(f"{path}.name", name, detail))
        case "":
            errors.append(FieldError.required(f"{path}.kind"))
        case kind:
            errors.append(FieldError.invalid(f"{path}.kind", kind, _TARGET_KINDS))
    return errors


def _tag_problem(name: str, form: str, syntax: str) -> str:
    stream, colon, tag = name.partition(":")
    if not colon or not tag or ":" in tag:
        return form
    return syntax if stream_name_problems(stream) else ""


def _pull_spec_problem(name: str) -> str:
    try:
        parse(name)
    except InvalidReference as error:
        return str(error)
    return ""
