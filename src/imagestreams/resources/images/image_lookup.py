"""Looks up images of workloads in the streams of their namespace when they are written.

It serves our own workloads (as an `ImageAdmission`) and, through the admission webhook, those of other clusters, whose
namespaces are taken for ours of the same names. Namespaces that run the platform itself are left alone: what they run
must not depend on a stream.
"""

from typing import Any, Final

from imagestreams.api.codec import from_dict, to_dict
from imagestreams.api.core import Namespace, Stored
from imagestreams.api.image import Image, ImageStream
from imagestreams.resources.resource import RequestContext
from imagestreams.resources.storage import ObjectStorage
from imagestreams.streams.image_lookup import looked_up
from imagestreams.streams.workload_images import ImageChange, changed, image_changes

PRIVILEGED_NAMESPACES: Final = ("default", "kube-system", "kube-public")
PRIVILEGED_PREFIX: Final = "openshift"
RUN_LEVEL: Final = "openshift.io/run-level"
PRIVILEGED_RUN_LEVELS: Final = ("0", "1")

_KINDS: Final = frozenset(
    {
        "Build",
        "CronJob",
        "DaemonSet",
        "Deployment",
        "DeploymentConfig",
        "Job",
        "Pod",
        "ReplicaSet",
        "ReplicationController",
        "StatefulSet",
    }
)
"""The kinds of ours whose images are looked up; build configs keep their names, so that their builds follow."""


class ImageLookup:
    """Knows the streams, images and namespaces."""

    def __init__(
        self,
        streams: ObjectStorage[ImageStream],
        images: ObjectStorage[Image],
        namespaces: ObjectStorage[Namespace],
    ) -> None:
        self._streams = streams
        self._images = images
        self._namespaces = namespaces

    async def admit(self, context: RequestContext, value: Stored, old: Stored | None) -> None:
        """Change the images of a workload of ours that is about to be written."""
        kind, namespace = type(value).__name__, value.metadata.namespace
        if kind not in _KINDS or self.is_privileged(namespace):
            return
        document = to_dict(value)
        changes = self.changes(kind, namespace, document, to_dict(old) if old is not None else None)
        if changes:
            made: Any = from_dict(changed(document, changes), type(value))
            _set_spec(value, made.spec)

    def changes(self, kind: str, namespace: str, new: dict[str, Any], old: dict[str, Any] | None) -> list[ImageChange]:
        """Return which images of a workload change; `old` is `None` when it is created."""
        if self.is_privileged(namespace):
            return []

        def stream(name: str) -> ImageStream | None:
            entry = self._streams.find(namespace, name)
            return entry.value if entry is not None else None

        def is_known(name: str) -> bool:
            return self._images.find("", name) is not None

        return image_changes(kind, new, old, lambda image, all_: looked_up(image, stream, is_known, everything=all_))

    def is_privileged(self, namespace: str) -> bool:
        """Return whether a namespace is one that no stream may have a say in."""
        if not namespace or namespace in PRIVILEGED_NAMESPACES or namespace.startswith(PRIVILEGED_PREFIX):
            return True
        entry = self._namespaces.find("", namespace)
        labels = (entry.value.metadata.labels if entry is not None else None) or {}
        return labels.get(RUN_LEVEL) in PRIVILEGED_RUN_LEVELS


def _set_spec(value: Any, spec: Any) -> None:
    value.spec = spec
