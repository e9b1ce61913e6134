"""Follows all streams and tells every cluster which of their tags moved."""

import asyncio
import logging
from collections.abc import Callable, Sequence
from typing import Final

from imagestreams.api.image import ImageStream
from imagestreams.controllers.queue import WorkQueue
from imagestreams.controllers.triggers.followers import Followers
from imagestreams.controllers.watching import run_following
from imagestreams.resources.storage import ObjectStorage
from imagestreams.store.cache import Entry
from imagestreams.streams.pull_spec import latest_pull_spec
from imagestreams.triggers.reaction import Resolve, StreamTag

SETTLE_S: Final = 0.2
_log: Final = logging.getLogger(__name__)


def resolver(streams: ObjectStorage[ImageStream]) -> Resolve:
    """Return what says where a tag's current image is pulled from, under the tag's reference policy."""

    def resolve(tag: StreamTag) -> str | None:
        entry = streams.find(tag.namespace, tag.stream)
        return latest_pull_spec(entry.value, tag.tag) or None if entry is not None else None

    return resolve


class TriggerController:
    """Lets the objects of all clusters follow tags.

    A stream is looked at `settle_s` seconds after it was first changed: a tag that moves many times in a moment is
    followed once, to where it is then. `clock` is a steady one, in seconds.
    """

    def __init__(
        self,
        streams: ObjectStorage[ImageStream],
        clusters: Sequence[Followers],
        clock: Callable[[], float],
        *,
        settle_s: float = SETTLE_S,
    ) -> None:
        self._streams = streams
        self._clusters = clusters
        self._clock = clock
        self._settle_s = settle_s
        self._changed_at: dict[str, float] = {}
        self._queue = WorkQueue(self._look, workers=1)

    async def run(self) -> None:
        """Work until `stop` is called or the store is closed."""
        clusters = [asyncio.create_task(_kept_running(cluster)) for cluster in self._clusters]
        try:
            await run_following(self._queue, self._streams, self._seen, self._gone)
        finally:
            for cluster in self._clusters:
                cluster.stop()
            await asyncio.gather(*clusters)

    def stop(self) -> None:
        """Let `run` end; an object that is being written is written or not, never by halves."""
        self._queue.stop()

    def _seen(self, entry: Entry[ImageStream]) -> None:
        metadata = entry.value.metadata
        self._note(entry.key, metadata.namespace, metadata.name)

    def _gone(self, key: str) -> None:
        self._note(key, *_place(key))

    def _note(self, key: str, namespace: str, name: str) -> None:
        if any(cluster.index.is_followed(namespace, name) for cluster in self._clusters):
            self._changed_at.setdefault(key, self._clock())
            self._queue.add_after(key, self._settle_s)

    async def _look(self, key: str) -> None:
        changed_at = self._changed_at.pop(key, self._clock())
        for cluster in self._clusters:
            cluster.tag_moved(*_place(key), changed_at)


def _place(key: str) -> tuple[str, str]:
    """Return namespace and name of the stream that a key of the store stands for."""
    namespace, _, name = key.rpartition("/")
    return namespace.rpartition("/")[2], name


async def _kept_running(cluster: Followers) -> None:
    """Run a cluster's loop; one that fails does not take the others with it."""
    try:
        await cluster.run()
    except Exception:
        _log.exception("objects of %s follow tags no longer", cluster.name)
