"""Imports tags at once because somebody said that they were pushed.

What is said in quick succession is one import. A tag that the stream does not have yet is first looked at and becomes
one of the stream only if it is there: a wrong word leaves no trace.
"""

import asyncio
import logging
from collections.abc import Callable, Collection
from typing import Final

from imagestreams.api.codec import copy
from imagestreams.api.core import ObjectReference
from imagestreams.api.errors import ApiError
from imagestreams.api.image import (
    ImageImportSpec,
    ImageStream,
    ImageStreamImport,
    ImageStreamImportSpec,
    ImageStreamImportStatus,
    LocalTagReference,
    TagImportPolicy,
)
from imagestreams.api.meta import ObjectMeta
from imagestreams.controllers.imports.controller import RetrySettings
from imagestreams.controllers.imports.due import silent_for_s
from imagestreams.controllers.imports.lanes import WORKERS, lanes
from imagestreams.controllers.imports.pending_imports import PendingImports
from imagestreams.controllers.queue import RetryLater, WorkQueue
from imagestreams.importing.importer import Outcome
from imagestreams.resources.images.imagestreamimports import ImageStreamImports
from imagestreams.resources.storage import ObjectStorage
from imagestreams.streams.allowed_sources import INSECURE_REPOSITORY

SETTLE_S: Final = 0.25
"""How long the first word waits for others about the same stream."""
TAGS_MAX: Final = 5000
"""How many tags of one stream wait at most; what is said beyond that is not heard."""

_log: Final = logging.getLogger(__name__)


class PushedImports:
    """Imports what was pushed; `clock` gives the time as the API shows it."""

    def __init__(
        self,
        imports: ImageStreamImports,
        streams: ObjectStorage[ImageStream],
        clock: Callable[[], str],
        *,
        settle_s: float = SETTLE_S,
        retry: RetrySettings | None = None,
        workers: int = WORKERS,
        pending: PendingImports | None = None,
    ) -> None:
        self._imports = imports
        self._streams = streams
        self._clock = clock
        self._settle_s = settle_s
        self._retry = retry or RetrySettings()
        self._tags: dict[str, set[str]] = {}
        self._attempts: dict[str, int] = {}
        self._pending = pending
        self._unnoted: dict[str, set[str]] = {}
        self._noting = asyncio.Lock()
        self._queue = WorkQueue(self._sync, workers=workers, lane=lanes(streams))

    async def run(self) -> None:
        """Import until `stop` is called; what is under way then leaves nothing half done."""
        if self._pending is None:
            await self._queue.run()
            return
        await self._pending.start()
        for key, tags in self._pending.all():
            self._add(key, tags, 0)
        try:
            await self._queue.run()
        finally:
            self._pending.stop()

    @property
    def depth(self) -> int:
        """How many streams are imported or wait for it."""
        return self._queue.depth

    def stop(self) -> None:
        """Let `run` end."""
        self._queue.stop()

    def import_now(self, key: str, tags: Collection[str]) -> None:
        """Import tags of the stream of a key, whether they were imported before or not."""
        self._attempts.pop(key, None)
        self._add(key, tags, self._settle_s)
        if self._pending is not None:
            self._unnoted.setdefault(key, set()).update(self._tags[key])

    async def noted(self) -> None:
        """Wait until all that was said is stored, so that it is imported even if the server dies now."""
        if self._pending is None:
            return
        # One after the other: who comes second may wait for what the first has taken.
        async with self._noting:
            await self._pending.start()
            while self._unnoted:
                key, tags = self._unnoted.popitem()
                await self._pending.add(key, tags)

    def _add(self, key: str, tags: Collection[str], delay_s: float) -> None:
        waiting = self._tags.setdefault(key, set())
        if len(waiting) + len(tags) > TAGS_MAX:
            _log.warning("import of %s: more than %d tags wait, some are left out", key, TAGS_MAX)
            tags = sorted(tags)[: TAGS_MAX - len(waiting)]
        waiting.update(tags)
        self._queue.add_after(key, delay_s)

    async def _sync(self, key: str) -> None:
        tags = self._tags.pop(key, set())
        try:
            await self._import(key, tags)
        except Exception:
            # They wait again, for whenever this comes up again.
            self._tags.setdefault(key, set()).update(tags)
            raise
        waiting = self._tags.get(key, set())
        if self._pending is not None and (done := tags - waiting):
            await self._pending.done(key, done)

    async def _import(self, key: str, tags: set[str]) -> None:
        """Import tags of a stream; those that have to be tried again wait again afterwards."""
        entry = self._streams.cache.get(key)
        if entry is None or not tags:
            return
        stream = entry.value
        unknown = tags - {wish.name for wish in stream.spec.tags or []}
        try:
            found, failed = await self._look(stream, unknown)
            request = pushed_import(stream, (tags - unknown) | found)
            if request is not None:
                outcome = await self._imports.perform(request, self._clock())
                failed.transient |= outcome.transient
                failed.not_before |= outcome.not_before
        except ApiError as error:
            if error.status.reason == "Conflict":
                # The stream comes from elsewhere now: look again at what it wants.
                raise RetryLater(error.status.message) from error
            _log.warning("import of %s refused: %s", key, error.status.message)
            return
        if failed.transient:
            self._try_again(key, failed)
        else:
            self._attempts.pop(key, None)

    async def _look(self, stream: ImageStream, tags: Collection[str]) -> tuple[set[str], Outcome]:
        """Return those of some tags that the stream's repository has, and what is known of the others."""
        request = pushed_import(stream, tags)
        if request is None:
            return set(), Outcome(ImageStreamImportStatus())
        request.spec.import_ = False
        outcome = await self._imports.perform(request, self._clock())
        wanted = zip(request.spec.images or [], outcome.status.images or [], strict=True)
        found = {image.to.name for image, status in wanted if image.to is not None and status.image is not None}
        return found, outcome

    def _try_again(self, key: str, failed: Outcome) -> None:
        silence_s = silent_for_s(failed, self._clock())
        if silence_s is not None:
            # The registry wants to be left alone: this was no attempt.
            self._add(key, failed.transient, silence_s)
            return
        attempts = self._attempts[key] = self._attempts.get(key, 0) + 1
        if attempts >= self._retry.attempts:
            _log.warning("import of %s given up after %d attempts", key, attempts)
            del self._attempts[key]
            return
        self._add(key, failed.transient, self._retry.backoff.delay_s(attempts))


def pushed_import(stream: ImageStream, tags: Collection[str]) -> ImageStreamImport | None:
    """Return the import of some tags of a stream, `None` when none of them can be imported. Pure.

    A tag is imported as the stream wants it; one that it does not have comes from the stream's own repository.
    """
    known = {wish.name: wish for wish in stream.spec.tags or []}
    repository = stream.spec.docker_image_repository
    insecure = (stream.metadata.annotations or {}).get(INSECURE_REPOSITORY) == "true"
    images = []
    for tag in sorted(tags):
        wish = known.get(tag)
        if wish is not None and wish.from_ is not None and wish.from_.kind == "DockerImage" and not wish.reference:
            images.append(
                ImageImportSpec(
                    from_=ObjectReference(kind="DockerImage", name=wish.from_.name),
                    to=LocalTagReference(name=tag),
                    import_policy=copy(wish.import_policy),
                    reference_policy=copy(wish.reference_policy),
                )
            )
        elif wish is None and repository:
            images.append(
                ImageImportSpec(
                    from_=ObjectReference(kind="DockerImage", name=f"{repository}:{tag}"),
                    to=LocalTagReference(name=tag),
                    import_policy=TagImportPolicy(insecure=insecure),
                )
            )
    if not images:
        return None
    metadata = ObjectMeta(
        name=stream.metadata.name,
        namespace=stream.metadata.namespace,
        resource_version=stream.metadata.resource_version,
    )
    return ImageStreamImport(metadata=metadata, spec=ImageStreamImportSpec(import_=True, images=images))
