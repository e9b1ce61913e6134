"""Where an image of a tag is pulled from."""

from dataclasses import replace

from imagestreams.api.image import ImageStream, TagEvent, TagReference
from imagestreams.reference import InvalidReference, parse
from imagestreams.streams.history import latest_event, spec_tag


def pull_spec_of_event(stream: ImageStream, tag: str, event: TagEvent) -> str:
    """Return the pull spec of an event of a tag under the tag's reference policy."""
    return pull_spec_under(stream, spec_tag(stream, tag), event)


def pull_spec_under(stream: ImageStream, wish: TagReference | None, event: TagEvent) -> str:
    """Return the pull spec of an event under the reference policy of a spec tag.

    `Local` gives our own registry's, which serves it by pull-through, unless no registry is known or the event has
    no image; `Source` gives the upstream's.
    """
    if wish is None or wish.reference_policy.type != "Local":
        return event.docker_image_reference
    local = stream.status.docker_image_repository
    if not local or not event.image:
        return event.docker_image_reference
    try:
        repository = parse(local)
    except InvalidReference:
        return event.docker_image_reference
    return replace(repository, tag="", id=event.image).exact()


def latest_pull_spec(stream: ImageStream, tag: str) -> str | None:
    """Return where the current image of a tag is pulled from; `None` when it points to none."""
    event = latest_event(stream, tag)
    return None if event is None else pull_spec_of_event(stream, tag or "latest", event)
