"""Keeps the objects of one cluster at the images of the tags that they follow."""

import asyncio
import logging
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, Final

from imagestreams.controllers.queue import Backoff, RetryLater, WorkQueue
from imagestreams.controllers.triggers.index import Follower, FollowerIndex, Scope, key_of
from imagestreams.controllers.triggers.observer import Nobody, Result, TriggerObserver
from imagestreams.targets.cluster import Cluster, Completed, Document, Gone, Notice, Restarted, Seen
from imagestreams.targets.error import ClusterError, Refused, StaleDocument
from imagestreams.triggers.annotation import annotation_of
from imagestreams.triggers.error import TriggerError
from imagestreams.triggers.reaction import Reaction, Resolve, StreamTag, is_controlled
from imagestreams.triggers.rules import rule_for

_CONFLICTS_MAX: Final = 5
_MESSAGE_MAX: Final = 800
_VALUE: Final = re.compile(r"Invalid value: [{\[].*[}\]]: ", re.DOTALL)
_log: Final = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class FollowerSettings:
    """How many objects of a cluster are written at a time, and when what failed is tried again.

    What kinds a cluster has is asked again after `discovery_s` seconds.
    """

    workers: int = 4
    backoff: Backoff = field(default_factory=lambda: Backoff(first_s=1, longest_s=600))
    discovery_s: float = 600.0
    discovery_backoff: Backoff = field(default_factory=lambda: Backoff(first_s=1, longest_s=60))


class Followers:
    """One cluster's objects that follow tags; `clock` is a steady one, in seconds."""

    def __init__(
        self,
        cluster: Cluster,
        resolve: Resolve,
        clock: Callable[[], float],
        *,
        settings: FollowerSettings | None = None,
        observer: TriggerObserver | None = None,
    ) -> None:
        self._cluster = cluster
        self._resolve = resolve
        self._clock = clock
        self._settings = settings or FollowerSettings()
        self._observer = observer or Nobody()
        self._queue = WorkQueue(self._sync, workers=self._settings.workers, backoff=self._settings.backoff)
        self._watches: dict[Scope, asyncio.Task[None]] = {}
        self._listings: dict[Scope, int] = {}
        self._moved_at: dict[str, float] = {}
        self._writing: dict[str, str | None] = {}
        self.index = FollowerIndex(resolve)

    @property
    def name(self) -> str:
        """The cluster's name."""
        return self._cluster.name

    @property
    def depth(self) -> int:
        """How many objects are worked on or wait for it."""
        return self._queue.depth

    @property
    def waiting(self) -> int:
        """How many objects wait for a tag that points to no image yet."""
        return sum(1 for one in self.index if one.waiting)

    async def run(self) -> None:
        """Work until `stop` is called."""
        discovery = asyncio.create_task(self._discover())
        try:
            await self._queue.run()
        finally:
            tasks = [discovery, *self._watches.values()]
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await self._cluster.close()

    def stop(self) -> None:
        """Let `run` end."""
        self._queue.stop()

    def tag_moved(self, namespace: str, stream: str, at: float) -> None:
        """Bring those up to date who follow a tag of a stream that has another image now; it moved at that time."""
        for key in self.index.moved(namespace, stream):
            self._moved_at.setdefault(key, at)
            # What failed before may work with another image.
            self._queue.forget(key)
            self._queue.add(key)

    async def _discover(self) -> None:
        """Keep a watch on every kind that the cluster has."""
        failures = 0
        while True:
            try:
                kinds = await self._cluster.kinds()
            except ClusterError:
                failures += 1
                await asyncio.sleep(self._settings.discovery_backoff.delay_s(failures))
                continue
            except Exception:
                _log.exception("what %s has could not be found out", self.name)
                failures += 1
                await asyncio.sleep(self._settings.discovery_backoff.delay_s(failures))
                continue
            failures = 0
            self._keep_watches({(kind, namespace) for kind in kinds for namespace in self._cluster.namespaces})
            await asyncio.sleep(self._settings.discovery_s)

    def _keep_watches(self, wanted: Iterable[Scope]) -> None:
        scopes = set(wanted)
        for scope in [one for one, task in self._watches.items() if one not in scopes or task.done()]:
            self._watches.pop(scope).cancel()
            if scope not in scopes:
                self._forget(scope)
        for scope in sorted(scopes - self._watches.keys()):
            self._watches[scope] = asyncio.create_task(self._watch(scope))

    def _forget(self, scope: Scope) -> None:
        listing = self._listings.pop(scope, 0)
        self.index.drop_unlisted(scope, listing + 1)

    async def _watch(self, scope: Scope) -> None:
        kind, namespace = scope
        try:
            async for change in self._cluster.watch(kind, namespace):
                match change:
                    case Restarted():
                        self._listings[scope] = self._listings.get(scope, 0) + 1
                    case Completed():
                        self.index.drop_unlisted(scope, self._listings[scope])
                    case Seen(document):
                        await self._look_at(scope, document)
                    case Gone(place, name):
                        self._drop(key_of(kind, place, name))
        except Exception:
            _log.exception("the watch of %s of %s ended", kind.plural, self.name)

    def _drop(self, key: str) -> None:
        self.index.drop(key)
        self._queue.forget(key)
        self._moved_at.pop(key, None)

    async def _look_at(self, scope: Scope, document: Document) -> None:
        """Note what an object follows; one that is odd beyond all expectation does not end the watch of the others."""
        try:
            await self._seen(scope, document)
        except Exception:
            _log.exception("what %s of %s follows can't be told", "/".join(_place(document)), self.name)

    async def _seen(self, scope: Scope, document: Document) -> None:
        """Note what an object follows, and look at it when something about it is new."""
        key = key_of(scope[0], *_place(document))
        known = self.index.get(key)
        found = _follower(scope, document, self._listings.get(scope, 0), known)
        if found is None:
            self._drop(key)
            return
        if known is not None:
            found.waiting = known.waiting
        self.index.put(found)
        if found.problem:
            if known is None or known.problem != found.problem:
                self._fired(found, Result.INVALID)
                await self._cluster.tell(
                    scope[0], document, Notice("Warning", "InvalidTriggers", _bounded(found.problem))
                )
        elif key in self._writing:
            # It is most probably what we are writing just now: who writes looks whether it was.
            self._writing[key] = _version(document)
        elif (
            known is None
            or not found.generation
            or (known.generation, known.fingerprint) != (found.generation, found.fingerprint)
        ):
            self._queue.add(key)

    async def _sync(self, key: str) -> None:
        for _ in range(_CONFLICTS_MAX):
            follower = self.index.get(key)
            if follower is None or follower.problem:
                self._moved_at.pop(key, None)
                return
            try:
                await self._bring_up_to_date(follower)
            except StaleDocument:
                self._fired(follower, Result.CONFLICT)
                continue
            self._moved_at.pop(key, None)
            return
        raise RetryLater("others write it again and again")

    async def _bring_up_to_date(self, follower: Follower) -> None:
        try:
            document = await self._cluster.get(follower.kind, follower.namespace, follower.name)
        except StaleDocument:
            return
        except ClusterError as error:
            self._fired(follower, Result.REFUSED if isinstance(error, Refused) else Result.UNREACHABLE)
            raise RetryLater(str(error)) from error
        if document is None or document["metadata"].get("deletionTimestamp") or is_controlled(document):
            return

        def resolve(tag: StreamTag) -> str | None:
            image = self._resolve(tag)
            self.index.acted(follower.key, tag, image)
            return image

        try:
            reaction = rule_for(follower.kind.group, follower.kind.plural).react(document, resolve)
        except TriggerError as error:
            self._fired(follower, Result.INVALID)
            await self._cluster.tell(
                follower.kind, document, Notice("Warning", "InvalidTriggers", _bounded(str(error)))
            )
            return
        await self._note_waiting(follower, document, reaction.waiting)
        if not reaction.is_change:
            self._fired(follower, Result.UNCHANGED)
            return
        try:
            await self._apply(follower, reaction)
        except StaleDocument:
            raise
        except ClusterError as error:
            await self._failed(follower, document, error)
            raise RetryLater(str(error)) from error

    async def _apply(self, follower: Follower, reaction: Reaction) -> None:
        kind = follower.kind
        if reaction.document is not None:
            await self._write(follower, reaction.document)
            self._fired(follower, Result.UPDATED)
        if reaction.request is not None:
            place = follower.namespace, follower.name
            await self._cluster.create_subresource(kind, *place, "instantiate", reaction.request)
            self._fired(follower, Result.INSTANTIATED)
        moved_at = self._moved_at.get(follower.key)
        if moved_at is not None:
            self._observer.followed(self.name, self._clock() - moved_at)

    async def _write(self, follower: Follower, document: Document) -> None:
        """Write a document; our own change comes back by the watch, or has come, and is not looked at again."""
        key = follower.key
        self._writing[key] = written = None
        try:
            written = _version(answer := await self._cluster.replace(follower.kind, document))
            (self.index.get(key) or follower).generation = _generation(answer)
        finally:
            seen = self._writing.pop(key)
            if seen is not None and seen != written:
                self._queue.add(key)

    async def _failed(self, follower: Follower, document: Document, error: ClusterError) -> None:
        if not isinstance(error, Refused):
            self._fired(follower, Result.UNREACHABLE)
            return
        self._fired(follower, Result.REFUSED)
        because = _bounded(str(error))
        reason, told = "TriggerFailed", f"the image of a tag could not be applied: {because}"
        if follower.kind.plural == "buildconfigs":
            place = f"{follower.namespace}/{follower.name}"
            reason, told = "BuildConfigTriggerFailed", f"error triggering Build for BuildConfig {place}: {because}"
        await self._cluster.tell(follower.kind, document, Notice("Warning", reason, told))

    async def _note_waiting(self, follower: Follower, document: Document, waiting: tuple[StreamTag, ...]) -> None:
        """Tell once for which tags an object waits."""
        known = self.index.get(follower.key) or follower
        new = [tag for tag in waiting if tag not in known.waiting]
        known.waiting = waiting
        for tag in new:
            told = f"waiting for image stream tag {tag}"
            await self._cluster.tell(follower.kind, document, Notice("Normal", "WaitingForImage", told))

    def _fired(self, follower: Follower, result: Result) -> None:
        self._observer.fired(self.name, follower.kind.plural, result)


def _follower(scope: Scope, document: Document, listing: int, known: Follower | None) -> Follower | None:
    """Return what is to be kept of an object, `None` when it follows nothing; what is known spares reading it again."""
    kind, place = scope[0], _place(document)
    if is_controlled(document):
        return None
    fingerprint, problem = 0, ""
    tags: frozenset[StreamTag] = frozenset()
    if not kind.whole:
        annotation = annotation_of(document)
        if annotation is None:
            return None
        fingerprint = hash(annotation)
    if known is not None and not kind.whole and known.fingerprint == fingerprint:
        tags, problem = known.tags, known.problem
    else:
        try:
            following = rule_for(kind.group, kind.plural).follows(document)
            tags = frozenset(one.tag for one in following if not one.paused)
            fingerprint = fingerprint or hash(tuple(following))
        except TriggerError as error:
            problem = str(error)
    if not tags and not problem:
        return None
    return Follower(scope, *place, tags, _generation(document), fingerprint, listing, problem=problem)


def _bounded(text: str) -> str:
    """Return a message as an event takes it: without whole objects, which some servers put in, and not too long."""
    text = _VALUE.sub("Invalid value: ", text)
    return text if len(text) <= _MESSAGE_MAX else f"{text[:_MESSAGE_MAX]}..."


def _place(document: Document) -> tuple[str, str]:
    metadata: dict[str, Any] = document["metadata"]
    return str(metadata.get("namespace") or ""), str(metadata.get("name") or "")


def _version(document: Document) -> str:
    return str(document["metadata"].get("resourceVersion") or "")


def _generation(document: Document) -> int:
    generation = document["metadata"].get("generation")
    return generation if isinstance(generation, int) else 0
