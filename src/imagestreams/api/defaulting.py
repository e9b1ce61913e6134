"""The values that the server fills in where a client left a field empty.

Pure: each function changes the object it is given. Source of the rules: the defaulting functions of
`image.openshift.io/v1` and the recorded answers (an empty import mode is `Legacy` or what the settings say, an empty
reference policy `Source`).
"""

import re
from typing import Final

from imagestreams.api.image import (
    Image,
    ImageStream,
    ImageStreamImport,
    ImageStreamMapping,
    ImageStreamTag,
    ImageTag,
    LocalTagReference,
    TagImportPolicy,
    TagReference,
    TagReferencePolicy,
)
from imagestreams.reference import InvalidReference, parse

LEGACY: Final = "Legacy"
PRESERVE_ORIGINAL: Final = "PreserveOriginal"
SOURCE: Final = "Source"
LOCAL: Final = "Local"
METADATA_VERSION: Final = "1.0"
METADATA_API_VERSION: Final = "image.openshift.io/1.0"

_METADATA_ORDER: Final = (
    "kind", "apiVersion", "Id", "Parent", "Comment", "Created", "Container", "ContainerConfig",
    "DockerVersion", "Author", "Config", "Architecture", "Size",
)  # fmt: skip
_CONFIG_ORDER: Final = (
    "Hostname", "Domainname", "User", "Memory", "MemorySwap", "CpuShares", "Cpuset", "AttachStdin",
    "AttachStdout", "AttachStderr", "PortSpecs", "ExposedPorts", "Tty", "OpenStdin", "StdinOnce", "Env",
    "Cmd", "DNS", "Image", "Volumes", "VolumesFrom", "WorkingDir", "Entrypoint", "NetworkDisabled",
    "SecurityOpts", "OnBuild", "Labels",
)  # fmt: skip
_FRACTION = re.compile(r"\.\d+")


def _import_policy(policy: TagImportPolicy, import_mode: str) -> None:
    policy.import_mode = policy.import_mode or import_mode


def _reference_policy(policy: TagReferencePolicy) -> None:
    policy.type = policy.type or SOURCE


def default_tag(tag: TagReference, import_mode: str = LEGACY) -> None:
    """Fill in the policies of a spec tag; `import_mode` is for one that names none."""
    _import_policy(tag.import_policy, import_mode)
    _reference_policy(tag.reference_policy)


def default_image_stream(stream: ImageStream, import_mode: str = LEGACY) -> None:
    """Fill in the policies of all spec tags and sort them by name; of two with one name the last wins."""
    if stream.spec.tags is not None:
        by_name = {tag.name: tag for tag in stream.spec.tags}
        stream.spec.tags = [by_name[name] for name in sorted(by_name)] or None
    for tag in stream.spec.tags or []:
        default_tag(tag, import_mode)
    if stream.status.tags is not None:
        histories = {history.tag: history for history in stream.status.tags}
        stream.status.tags = [histories[name] for name in sorted(histories)] or None


def default_image_stream_tag(istag: ImageStreamTag, import_mode: str = LEGACY) -> None:
    """Fill in the policies of the tag, where there is one."""
    if istag.tag is not None:
        default_tag(istag.tag, import_mode)


def default_image_tag(itag: ImageTag, import_mode: str = LEGACY) -> None:
    """Fill in the policies of the tag that is wanted, where there is one."""
    if itag.spec is not None:
        default_tag(itag.spec, import_mode)


def default_image_stream_import(request: ImageStreamImport, import_mode: str = LEGACY) -> None:
    """Fill in the policies of everything that is asked for, and where a tag is named the tag of the same name."""
    for image in request.spec.images or []:
        if image.to is None and (tag := _named_tag(image.from_.name)):
            image.to = LocalTagReference(name=tag)
        _import_policy(image.import_policy, import_mode)
        _reference_policy(image.reference_policy)
    if request.spec.repository is not None:
        _import_policy(request.spec.repository.import_policy, import_mode)
        _reference_policy(request.spec.repository.reference_policy)


def _named_tag(reference: str) -> str:
    try:
        return parse(reference).tag
    except InvalidReference:
        return ""


def default_image(image: Image) -> None:
    """Bring the metadata of an image into the form in which it is served.

    A client may send any subset in any version; what is served always has kind, `Id`, `Created` (whole
    seconds or null) and `ContainerConfig`, in the field order of the Go types, and drops empty values.
    """
    given = image.docker_image_metadata or {}
    served = {
        "kind": "DockerImage",
        "apiVersion": METADATA_API_VERSION,
        "Id": given.get("Id", ""),
        "Created": _whole_seconds(given.get("Created")),
        "ContainerConfig": _ordered(given.get("ContainerConfig"), _CONFIG_ORDER) or {},
    }
    for field in ("Parent", "Comment", "Container", "DockerVersion", "Author", "Architecture", "Size"):
        if given.get(field):
            served[field] = given[field]
    if given.get("Config"):
        served["Config"] = _ordered(given["Config"], _CONFIG_ORDER)
    image.docker_image_metadata = {field: served[field] for field in _METADATA_ORDER if field in served}
    image.docker_image_metadata_version = image.docker_image_metadata_version or METADATA_VERSION


def default_image_stream_mapping(mapping: ImageStreamMapping) -> None:
    """Bring the image of a mapping into the form in which images are served."""
    default_image(mapping.image)


def _whole_seconds(time: object) -> str | None:
    if not isinstance(time, str) or time.startswith("0001-01-01"):
        return None
    return _FRACTION.sub("", time)


def _ordered(values: object, order: tuple[str, ...]) -> dict[str, object]:
    if not isinstance(values, dict):
        return {}
    return {field: values[field] for field in order if values.get(field)}
