"""A tag's history: which images it pointed to, newest first."""

from imagestreams.api.image import ImageStream, NamedTagEventList, TagEvent, TagReference


def history_of(stream: ImageStream, tag: str) -> NamedTagEventList | None:
    """Return the status of a tag; `None` when it never had one."""
    for history in stream.status.tags or ():
        if history.tag == tag:
            return history
    return None


def spec_tag(stream: ImageStream, tag: str) -> TagReference | None:
    """Return what the user wants of a tag; `None` when nothing was said."""
    for wish in stream.spec.tags or ():
        if wish.name == tag:
            return wish
    return None


def latest_event(stream: ImageStream, tag: str) -> TagEvent | None:
    """Return the event that a tag points to now; an empty tag means `latest`."""
    history = history_of(stream, tag or "latest")
    return history.items[0] if history is not None and history.items else None


def record_event(stream: ImageStream, tag: str, event: TagEvent) -> bool:
    """Point a tag to an image and say whether that changed the stream.

    Only the newest event counts: one that is equal in image, pull spec and generation is left alone. Where just one
    of image and pull spec differs the newest event is corrected in place and keeps its time; where both differ a new
    one is put in front, even if the image stands further down. Any change clears the tag's conditions. The rules
    are those of the real server (`AddTagEventToImageStream` of openshift-apiserver).
    """
    history = history_of(stream, tag)
    if history is None:
        history = NamedTagEventList(tag=tag)
        stream.status.tags = sorted([*(stream.status.tags or []), history], key=lambda one: one.tag)
    if not history.items:
        history.items = [_copy(event)]
        history.conditions = None
        return True
    newest = history.items[0]
    same_image, same_pull_spec = (
        newest.image == event.image,
        newest.docker_image_reference == event.docker_image_reference,
    )
    if same_image and same_pull_spec and newest.generation == event.generation:
        return False
    history.conditions = None
    if not same_image and not same_pull_spec:
        history.items.insert(0, _copy(event))
        return True
    newest.image = event.image
    newest.docker_image_reference = event.docker_image_reference
    newest.generation = event.generation
    return True


def _copy(event: TagEvent) -> TagEvent:
    return TagEvent(
        created=event.created,
        docker_image_reference=event.docker_image_reference,
        image=event.image,
        generation=event.generation,
    )
