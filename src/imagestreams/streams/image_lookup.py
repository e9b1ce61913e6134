"""Images that are named by a stream's tag instead of a pull spec. Pure.

A workload may say `app:prod` and mean the tag of the image stream `app` of its own namespace, if the stream allows it
(`spec.lookupPolicy.local`) or the workload asks for it (an annotation). What is found is the pull spec of the tag's
current image, by its reference policy and pinned to the digest. Whatever can't be found stays as it is. The rules are
those of OpenShift's image policy admission.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Final

from imagestreams.api.image import ImageStream
from imagestreams.reference import DEFAULT_TAG, ImageReference, InvalidReference, parse
from imagestreams.streams.history import latest_event, spec_tag
from imagestreams.streams.pull_spec import pull_spec_under

RESOLVE_NAMES: Final = "alpha.image.policy.openshift.io/resolve-names"
"""Annotation of a workload or its pod template: with the value `*` all its images are looked up."""
EVERYTHING: Final = "*"

StreamLookup = Callable[[str], ImageStream | None]
"""Returns the stream of a name in the workload's namespace."""
KnownImage = Callable[[str], bool]
"""Says whether there is an image of a name."""


def looked_up(image: str, streams: StreamLookup, is_known: KnownImage, *, everything: bool) -> str | None:
    """Return the pull spec that an image of a workload stands for, `None` when it stands for itself.

    With `everything` each image by tag is looked up by the last part of its name, wherever it says that it comes from;
    else only `NAME` and `NAME:TAG` are, and only in streams that allow it.
    """
    try:
        reference = parse(image)
    except InvalidReference:
        return None
    if reference.id or not (everything or _is_local(reference)):
        return None
    stream = streams(reference.name)
    if stream is None or not (everything or stream.spec.lookup_policy.local):
        return None
    return _pull_spec(stream, reference.tag or DEFAULT_TAG, is_known)


def _is_local(reference: ImageReference) -> bool:
    return not reference.registry and not reference.namespace


def _pull_spec(stream: ImageStream, tag: str, is_known: KnownImage) -> str | None:
    event = latest_event(stream, tag)
    try:
        if event is not None and event.image:
            if not is_known(event.image):
                return None
            pull_spec = parse(pull_spec_under(stream, spec_tag(stream, tag), event))
            return replace(pull_spec, tag="", id=event.image).exact()
        # The name is the stream's all the same: it must not be taken for one of somebody else's registry.
        repository = stream.status.docker_image_repository
        return replace(parse(repository), tag=tag).exact() if repository else None
    except InvalidReference:
        return None
