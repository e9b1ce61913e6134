"""Which tags of a stream have to be imported, and the request that does it. Pure.

The rules are those of OpenShift's image stream controllers: a spec tag is due while its generation is newer than that
of the event or failure that answers it. One that goes by a version policy is also due when it came to its image in
another way: a new policy counts at once.
"""

from collections.abc import Collection
from datetime import UTC, datetime
from typing import Final

from imagestreams.api.annotations import REPOSITORY_FAILURE, SCHEDULED
from imagestreams.api.codec import copy
from imagestreams.api.core import ObjectReference
from imagestreams.api.image import (
    ImageImportSpec,
    ImageStream,
    ImageStreamImport,
    ImageStreamImportSpec,
    LocalTagReference,
    NamedTagEventList,
    RepositoryImportSpec,
    TagImportPolicy,
    TagReference,
)
from imagestreams.api.meta import ObjectMeta
from imagestreams.importing.importer import Outcome
from imagestreams.reference import InvalidReference, parse
from imagestreams.registries.errors import promised_moment
from imagestreams.streams.allowed_sources import INSECURE_REPOSITORY
from imagestreams.streams.apply_import import CHECKED, IMPORT_SUCCESS
from imagestreams.streams.following import NO_VERSION, is_followed, policy_of
from imagestreams.streams.import_interval import repository_interval_s, tag_interval_s
from imagestreams.streams.repository_failure import failing_since as repository_failing_since

_TIME: Final = "%Y-%m-%dT%H:%M:%SZ"
_SHOWN_S: Final = 1.0
REPOSITORY: Final = ""
"""What stands for a stream's whole repository among the names of its tags; no tag without a name is imported."""


def due_import(
    stream: ImageStream, again: Collection[str] = (), *, repository_again: bool = False
) -> ImageStreamImport | None:
    """Return the import that a stream needs now, `None` when it needs none.

    `again` names tags whose last import failed for a passing reason: those that are still failed are tried once more.
    A stream that was never checked and has a repository gets all of it, with all its tags.
    """
    whole = bool(stream.spec.docker_image_repository) and (
        repository_again or not (stream.metadata.annotations or {}).get(CHECKED)
    )
    wanted = [
        wish
        for wish, history in _importable(stream)
        if whole or _is_due(stream, wish, history) or (wish.name in again and _failed_generations(history))
    ]
    request = _request(stream, wanted)
    if whole:
        request.spec.repository = RepositoryImportSpec(
            from_=_docker_image(stream.spec.docker_image_repository),
            import_policy=TagImportPolicy(insecure=is_insecure(stream)),
        )
    return request if whole or wanted else None


def scheduled_checks(stream: ImageStream, interval_s: float) -> dict[str, float]:
    """Return what of a stream is checked from time to time, each with the seconds between two checks.

    These are tags, and `REPOSITORY` for the stream's whole repository. `interval_s` is for those without their own.
    """
    found = {wish.name: tag_interval_s(stream, wish, interval_s) for wish, _ in _scheduled(stream)}
    if stream.spec.docker_image_repository and (stream.metadata.annotations or {}).get(SCHEDULED) == "true":
        found[REPOSITORY] = repository_interval_s(stream, interval_s)
    return found


def scheduled_import(stream: ImageStream, tags: Collection[str]) -> ImageStreamImport | None:
    """Return the import that checks some of a stream's scheduled tags, `None` when none of them is scheduled."""
    wanted = [wish for wish, _ in _scheduled(stream) if wish.name in tags]
    return _request(stream, wanted) if wanted else None


def repository_import(stream: ImageStream, tags: Collection[str]) -> ImageStreamImport | None:
    """Return the import that brings a stream in line with its repository, which has these tags now.

    New tags are added. Known ones are imported as they say themselves, but for those that come from elsewhere.
    """
    repository = stream.spec.docker_image_repository
    known = {wish.name: wish for wish in stream.spec.tags or []}
    settled = {wish.name for wish, history in _importable(stream) if _is_settled(wish, history)}
    insecure = is_insecure(stream)
    wanted = []
    for tag in sorted(tags):
        wish, source = known.get(tag), f"{repository}:{tag}"
        if wish is None:
            policy = TagImportPolicy(insecure=insecure)
            wanted.append(TagReference(name=tag, from_=_docker_image(source), import_policy=policy))
        elif wish.from_ == _docker_image(source) and not wish.reference and tag not in settled:
            wanted.append(wish)
    return _request(stream, wanted) if wanted else None


def failing_since(stream: ImageStream, tag: str) -> str | None:
    """Return since when the imports of a tag fail, as the API writes times; `None` when the last one did not.

    That a version is not there yet is no failure: it is waited for.
    """
    for history in stream.status.tags or []:
        if history.tag == tag:
            failures = [one for one in history.conditions or [] if one.type == IMPORT_SUCCESS and one.status == "False"]
            waits = not failures or failures[0].reason == NO_VERSION
            return None if waits else failures[0].last_transition_time
    return None


def _scheduled(stream: ImageStream) -> list[tuple[TagReference, NamedTagEventList | None]]:
    return [
        (wish, history)
        for wish, history in _importable(stream)
        if wish.import_policy.scheduled and not _is_settled(wish, history)
    ]


def _importable(stream: ImageStream) -> list[tuple[TagReference, NamedTagEventList | None]]:
    """Return the spec tags that come from a registry, each with its history."""
    histories = {history.tag: history for history in stream.status.tags or []}
    # A tag without a name can be stored, but no import can be told to write to it.
    return [
        (wish, histories.get(wish.name))
        for wish in stream.spec.tags or []
        if wish.name and wish.from_ is not None and wish.from_.kind == "DockerImage" and not wish.reference
    ]


def _is_due(stream: ImageStream, wish: TagReference, history: NamedTagEventList | None) -> bool:
    if wish.generation is None:
        return not (stream.metadata.annotations or {}).get(CHECKED)
    if not _failed_generations(history) and not is_followed(stream, wish):
        return True
    return wish.generation > max([_event_generation(history), *_failed_generations(history)])


def _event_generation(history: NamedTagEventList | None) -> int:
    """Return the generation that the newest event of a tag answers; 0 when there is none."""
    return history.items[0].generation if history is not None and history.items else 0


def _failed_generations(history: NamedTagEventList | None) -> list[int]:
    """Return the generation of the failure that a tag shows, if it shows one."""
    conditions = (history.conditions or []) if history is not None else []
    return [one.generation for one in conditions if one.type == IMPORT_SUCCESS][:1]


def _is_settled(wish: TagReference, history: NamedTagEventList | None) -> bool:
    """Return whether a tag can't change any more: it points to a digest, and that was imported."""
    if policy_of(wish) is not None:
        return False
    try:
        by_digest = bool(parse(wish.from_.name if wish.from_ is not None else "").id)
    except InvalidReference:
        return True
    return by_digest and _event_generation(history) == wish.generation


def is_insecure(stream: ImageStream) -> bool:
    """Return whether the registry of a stream's whole repository may be asked insecurely."""
    return (stream.metadata.annotations or {}).get(INSECURE_REPOSITORY) == "true"


def _docker_image(name: str) -> ObjectReference:
    return ObjectReference(kind="DockerImage", name=name)


def _request(stream: ImageStream, wanted: list[TagReference]) -> ImageStreamImport:
    """Return the request to import spec tags of a stream as it is now."""
    metadata = ObjectMeta(
        name=stream.metadata.name,
        namespace=stream.metadata.namespace,
        resource_version=stream.metadata.resource_version,
    )
    images = [
        ImageImportSpec(
            from_=ObjectReference(kind="DockerImage", name=wish.from_.name if wish.from_ is not None else ""),
            to=LocalTagReference(name=wish.name),
            import_policy=copy(wish.import_policy),
            reference_policy=copy(wish.reference_policy),
        )
        for wish in wanted
    ]
    return ImageStreamImport(metadata=metadata, spec=ImageStreamImportSpec(import_=True, images=images or None))


def silent_for_s(outcome: Outcome, now: str) -> float | None:
    """Return for how many seconds it is no use to try again what failed; `None` where something may be tried.

    It is the time until the first registry may be asked again, and a little more, since times are shown in seconds.
    """
    failed = {*outcome.transient, *([REPOSITORY] if outcome.repository_transient else [])}
    if not failed or not failed <= outcome.not_before.keys():
        return None
    return max(0.0, (min(outcome.not_before[one] for one in failed) - _moment(now)).total_seconds()) + _SHOWN_S


def promised_import(stream: ImageStream, started: str, now: str) -> tuple[frozenset[str], bool, float] | None:
    """Return what failed because a registry wanted to be left alone: tags, the repository or not, for how many seconds.

    Moments that are over count where the failure is older than this process, which began at `started`: nobody was there
    to try again. What is scheduled comes up by itself.
    """
    promises: dict[str, str] = {}
    for wish, history in _importable(stream):
        for condition in history.conditions or [] if history is not None and not wish.import_policy.scheduled else []:
            moment = promised_moment(condition.message) if condition.status == "False" else ""
            if moment and (moment > now or (condition.last_transition_time or "") < started):
                promises[wish.name] = moment
    annotations = stream.metadata.annotations or {}
    moment = promised_moment(annotations.get(REPOSITORY_FAILURE, ""))
    counts = moment > now or (moment and repository_failing_since(stream) < started)
    if counts and stream.spec.docker_image_repository and annotations.get(SCHEDULED) != "true":
        promises[REPOSITORY] = moment
    if not promises:
        return None
    delay_s = max(0.0, (_moment(min(promises.values())) - _moment(now)).total_seconds()) + _SHOWN_S
    return frozenset(promises) - {REPOSITORY}, REPOSITORY in promises, delay_s


def _moment(text: str) -> datetime:
    return datetime.strptime(text, _TIME).replace(tzinfo=UTC)
