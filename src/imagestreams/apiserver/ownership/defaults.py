"""Which defaults belong to which type: filled in when an object is decoded, before anything else sees it."""

import base64
from collections.abc import Callable, Mapping
from typing import Any, Final

from imagestreams.api import core, defaulting, image
from imagestreams.resources.resource import ResourceInfo

NAMESPACE_LABEL: Final = "kubernetes.io/metadata.name"
OPAQUE: Final = "Opaque"


def default_secret(value: core.Secret) -> None:
    """Fill in the type, and write `stringData` into `data`."""
    value.type = value.type or OPAQUE
    if value.string_data:
        plain = {key: base64.b64encode(text.encode()).decode() for key, text in value.string_data.items()}
        value.data = {**(value.data or {}), **plain}
    value.string_data = None


def default_namespace(value: core.Namespace) -> None:
    """Label a namespace with its name, so that selectors can name it."""
    if value.metadata.name:
        value.metadata.labels = {**(value.metadata.labels or {}), NAMESPACE_LABEL: value.metadata.name}


_DEFAULTS: Final[Mapping[type[Any], Callable[[Any], None]]] = {
    core.Namespace: default_namespace,
    core.Secret: default_secret,
    image.Image: defaulting.default_image,
    image.ImageStream: defaulting.default_image_stream,
    image.ImageStreamImport: defaulting.default_image_stream_import,
    image.ImageStreamMapping: defaulting.default_image_stream_mapping,
    image.ImageStreamTag: defaulting.default_image_stream_tag,
    image.ImageTag: defaulting.default_image_tag,
}


def apply_defaults(value: Any, info: ResourceInfo) -> None:
    """Fill in what a client left empty; an object of a type without defaults stays as it is."""
    fill = info.defaults or _DEFAULTS.get(type(value))
    if fill is not None:
        fill(value)
