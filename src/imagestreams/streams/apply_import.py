"""What the outcome of one import does to a stream.

A failed import never touches a tag's history; one that finds what is already there changes nothing at all. After all
outcomes are applied `finish_import` compares the stream with the one before: only a difference is written.
"""

from dataclasses import replace
from typing import Final

from imagestreams.api.codec import copy, encode
from imagestreams.api.core import ObjectReference
from imagestreams.api.defaulting import default_image_stream
from imagestreams.api.image import (
    Image,
    ImageStream,
    ImageStreamImport,
    ImageStreamImportStatus,
    NamedTagEventList,
    TagEvent,
    TagEventCondition,
    TagImportPolicy,
    TagReference,
    TagReferencePolicy,
)
from imagestreams.api.meta import Status
from imagestreams.reference import parse
from imagestreams.streams.following import followed_policy, record_move
from imagestreams.streams.history import history_of, latest_event, record_event, spec_tag
from imagestreams.streams.spec_generation import keep_generations, stamp_generations
from imagestreams.streams.tracking import follow_tags

IMPORT_SUCCESS: Final = "ImportSuccess"
CHECKED: Final = "openshift.io/image.dockerRepositoryCheck"


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


def apply_import(stream: ImageStream, request: ImageStreamImport, status: ImageStreamImportStatus, now: str) -> None:
    """Apply the outcomes of a whole request, and let the tags that follow the imported ones follow.

    An image without a target tag was only looked at and leaves no trace.
    """
    changed = []
    repository = request.spec.repository
    if repository is not None and status.repository is not None:
        source = parse(repository.from_.name)
        for outcome in status.repository.images or []:
            policies = copy(repository.import_policy), copy(repository.reference_policy)
            if outcome.image is None:
                apply_failure(stream, outcome.tag, outcome.status, None, *policies, now)
            elif apply_success(
                stream, outcome.tag, outcome.image, replace(source, tag=outcome.tag).exact(), *policies, now
            ):
                changed.append(outcome.tag)
    for wanted, outcome in zip(request.spec.images or [], status.images or [], strict=True):
        if wanted.to is None:
            continue
        tag, policies = wanted.to.name, (copy(wanted.import_policy), copy(wanted.reference_policy))
        if outcome.image is None:
            apply_failure(stream, tag, outcome.status, wanted.from_.name, *policies, now)
        else:
            if apply_success(stream, tag, outcome.image, wanted.from_.name, *policies, now):
                changed.append(tag)
            if followed_policy(stream, tag, wanted.from_.name) is not None:
                record_move(stream, tag, outcome.tag)
    follow_tags(stream, changed)


def finish_import(stream: ImageStream, before: ImageStream | None, now: str) -> bool:
    """Bring a stream, after an import was applied to it, into the form in which it is stored.

    Generations are raised where the wish changed and the time of the check is noted. Returns whether there is
    anything to write: an import that changed nothing leaves no trace, not even the time.
    """
    default_image_stream(stream)
    stream.status.tags = [one for one in stream.status.tags or [] if one.items or one.conditions] or None
    annotations = stream.metadata.annotations or {}
    if before is not None:
        if CHECKED in annotations and encode(stream) == encode(before):
            return False
        keep_generations(stream, before)
        if encode(stream.spec) != encode(before.spec):
            stream.metadata.generation = before.metadata.generation + 1
        stamp_generations(stream, before)
    else:
        stream.metadata.generation = 1
        stamp_generations(stream, None)
    stream.metadata.annotations = {**annotations, CHECKED: now}
    return True
