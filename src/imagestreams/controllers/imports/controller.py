"""Imports what streams want and do not have yet: new and changed spec tags, and whole repositories.

A failure is noted on the tag and answers its wish, so it is not tried again until the wish changes. Only where the
cause may pass by itself (no connection, a busy or failing registry) is it tried again, a few times, later and later.
Where the registry has said until when it wants to be left alone, it is tried then.
"""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from imagestreams.api.errors import ApiError
from imagestreams.api.image import ImageStream
from imagestreams.controllers.imports.due import due_import, promised_import, silent_for_s
from imagestreams.controllers.imports.lanes import WORKERS, lanes
from imagestreams.controllers.queue import Backoff, RetryLater, WorkQueue
from imagestreams.controllers.watching import run_following
from imagestreams.importing.importer import Outcome
from imagestreams.resources.images.imagestreamimports import ImageStreamImports
from imagestreams.resources.storage import ObjectStorage
from imagestreams.store.cache import Entry

_log: Final = logging.getLogger(__name__)


@dataclass(frozen=True)
class RetrySettings:
    """How often, and after what times, an import that failed for a passing reason is tried again."""

    attempts: int = 8
    backoff: Backoff = field(default_factory=lambda: Backoff(first_s=5, longest_s=600))


@dataclass(frozen=True)
class _Retry:
    tags: frozenset[str]
    repository: bool
    attempt: int
    not_before: float


class ImportController:
    """Keeps all streams imported; `clock` gives the time as the API shows it.

    A stream is looked at `settle_s` seconds after it was changed, so that a client that reads it at once sees what it
    wrote; the recorded server is about that fast too.
    """

    def __init__(
        self,
        imports: ImageStreamImports,
        streams: ObjectStorage[ImageStream],
        clock: Callable[[], str],
        *,
        retry: RetrySettings | None = None,
        workers: int = WORKERS,
        settle_s: float = 0.004,
    ) -> None:
        self._settle_s = settle_s
        self._imports = imports
        self._streams = streams
        self._clock = clock
        self._started = clock()
        self._retry = retry or RetrySettings()
        self._retries: dict[str, _Retry] = {}
        self._queue = WorkQueue(self._sync, workers=workers, lane=lanes(streams))

    async def run(self) -> None:
        """Import until `stop` is called or the store is closed."""
        await run_following(self._queue, self._streams, self._seen, self._gone)

    @property
    def depth(self) -> int:
        """How many streams are imported or wait for it."""
        return self._queue.depth

    def stop(self) -> None:
        """Let `run` end; an import that is under way is given up and leaves nothing half done."""
        self._queue.stop()

    def _seen(self, entry: Entry[ImageStream]) -> None:
        if due_import(entry.value) is not None:
            self._queue.add_after(entry.key, self._settle_s)
        if entry.key not in self._retries:
            # What was to be tried again after a restart stands in the stream.
            promised = promised_import(entry.value, self._started, self._clock())
            if promised is not None:
                tags, repository, delay_s = promised
                self._retry_after(entry.key, _Retry(tags, repository, 0, asyncio.get_running_loop().time() + delay_s))

    def _gone(self, key: str) -> None:
        self._retries.pop(key, None)
        self._queue.forget(key)

    async def _sync(self, key: str) -> None:
        entry = self._streams.cache.get(key)
        if entry is None:
            self._gone(key)
            return
        retry = self._due_retry(key)
        request = due_import(
            entry.value,
            retry.tags if retry is not None else (),
            repository_again=retry is not None and retry.repository,
        )
        if request is None:
            return
        try:
            outcome = await self._imports.perform(request, self._clock(), strict=True)
        except ApiError as error:
            if error.status.reason == "Conflict":
                # The stream was changed meanwhile: look at what it wants now.
                if retry is not None:
                    self._retries[key] = retry
                raise RetryLater(error.status.message) from error
            _log.warning("import of %s refused: %s", key, error.status.message)
            return
        if outcome.transient or outcome.repository_transient:
            self._try_again(key, outcome, retry.attempt if retry else 0)

    def _due_retry(self, key: str) -> _Retry | None:
        """Take the retry of a key if its time has come; an event must not bring it forward."""
        retry = self._retries.get(key)
        if retry is None:
            return None
        if asyncio.get_running_loop().time() < retry.not_before:
            # Its own timer may have given way to the one that woke us.
            self._retry_after(key, retry)
            return None
        return self._retries.pop(key)

    def _try_again(self, key: str, outcome: Outcome, attempts: int) -> None:
        tags, repository = frozenset(outcome.transient), outcome.repository_transient
        silence_s = silent_for_s(outcome, self._clock())
        # Nobody was asked who could have answered, so this was no attempt.
        attempts += silence_s is None
        if attempts >= self._retry.attempts:
            _log.warning("import of %s given up after %d attempts", key, attempts)
            return
        delay_s = self._retry.backoff.delay_s(max(attempts, 1)) if silence_s is None else silence_s
        waiting = self._retries.get(key)
        not_before = asyncio.get_running_loop().time() + delay_s
        if waiting is not None:
            tags, repository = tags | waiting.tags, repository or waiting.repository
        self._retry_after(key, _Retry(tags, repository, attempts, not_before))

    def _retry_after(self, key: str, retry: _Retry) -> None:
        self._retries[key] = retry
        # A little later than due, so that the timer never comes too early.
        self._queue.add_after(key, retry.not_before - asyncio.get_running_loop().time() + 0.01)
