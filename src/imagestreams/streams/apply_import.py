"""What the outcome of one import does to a stream.

A failed import never touches a tag's history; one that finds what is already there changes nothing at all. After all
outcomes are applied the caller compares the stream with the one before: only a difference is written.
"""

from imagestreams.api.core import ObjectReference
from imagestreams.api.image import (
    Image,
    ImageStream,
    NamedTagEventList,
    TagEvent,
    TagEventCondition,
    TagImportPolicy,
    TagReference,
    TagReferencePolicy,
)
from imagestreams.api.meta import Status
from imagestreams.streams.history import history_of, latest_event, record_event, spec_tag

IMPORT_SUCCESS = "ImportSuccess"


def apply_success(
    stream: ImageStream,
    tag: str,
    image: Image,
    source: str,
    import_policy: TagImportPolicy,
    reference_policy: TagReferencePolicy,
    now: str,
) -> bool:
    """Point a tag to an imported image and make its spec tag say where it came from.

    `source` is the pull spec to import from next time, `now` the time of the event. The event answers the stream's
    next generation, which writing the stream will give it. Returns whether the tag got a new or changed event.
    """
    event = TagEvent(
        created=now,
        docker_image_reference=image.docker_image_reference,
        image=image.metadata.name,
        generation=stream.metadata.generation + 1,
    )
    changed = _is_news(stream, tag, event)
    if changed:
        _want(stream, tag, source, import_policy, reference_policy, anew=True)
        record_event(stream, tag, event)
    wish = spec_tag(stream, tag)
    if wish is not None:
        wish.import_policy = import_policy
    history = history_of(stream, tag)
    if history is not None:
        history.conditions = None
    return changed


def apply_failure(
    stream: ImageStream,
    tag: str,
    status: Status,
    source: str | None,
    import_policy: TagImportPolicy,
    reference_policy: TagReferencePolicy,
    now: str,
) -> bool:
    """Note on a tag why its import failed; the same failure again changes nothing. Returns whether it was news.

    Without a `source` no spec tag is made: a tag of a repository import is wanted only once it was imported.
    """
    condition = TagEventCondition(
        type=IMPORT_SUCCESS,
        status="False",
        last_transition_time=now,
        reason=status.reason,
        message=status.message or "unknown error prevented import",
        generation=stream.metadata.generation + 1,
    )
    history = history_of(stream, tag)
    known = any(
        (one.type, one.status, one.reason, one.message)
        == (condition.type, condition.status, condition.reason, condition.message)
        for one in (history.conditions or [] if history is not None else [])
    )
    if not known:
        if history is None:
            history = NamedTagEventList(tag=tag)
            stream.status.tags = sorted([*(stream.status.tags or []), history], key=lambda one: one.tag)
        history.conditions = [condition]
        wish = spec_tag(stream, tag)
        if wish is not None:
            wish.generation = 0
    if source is not None:
        _want(stream, tag, source, import_policy, reference_policy, anew=False)
    return not known


def _is_news(stream: ImageStream, tag: str, event: TagEvent) -> bool:
    newest, wish = latest_event(stream, tag), spec_tag(stream, tag)
    if newest is None or wish is None or wish.generation is None:
        return True
    same = newest.image == event.image and newest.docker_image_reference == event.docker_image_reference
    return not same or wish.generation > newest.generation


def _want(
    stream: ImageStream,
    tag: str,
    source: str,
    import_policy: TagImportPolicy,
    reference_policy: TagReferencePolicy,
    *,
    anew: bool,
) -> None:
    wish = spec_tag(stream, tag)
    if wish is not None and not anew:
        return
    if wish is None:
        wish = TagReference(name=tag)
        stream.spec.tags = sorted([*(stream.spec.tags or []), wish], key=lambda one: one.name)
    wish.from_ = ObjectReference(kind="DockerImage", name=source)
    wish.generation = 0
    wish.import_policy = import_policy
    # A policy that somebody chose stays: importing an image does not change where it is pulled from.
    wish.reference_policy = wish.reference_policy if wish.reference_policy.type else reference_policy
