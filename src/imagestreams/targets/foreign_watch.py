"""A watch of a foreign cluster that never ends: list, follow, resume, and list again where that is not possible.

Of most kinds only the metadata is asked for, in pages, and each object is handed on and forgotten: what is kept in
memory is up to the reader. A watch that breaks goes on at the revision that it had reached; bookmarks carry that
revision forward in quiet times. What the cluster no longer remembers (410) is listed anew.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Any, Final

import msgspec

from imagestreams.targets.cluster import Change, Completed, Document, Gone, ObjectKind, Restarted, Seen
from imagestreams.targets.connection import JSON, Connection, problem_of
from imagestreams.targets.error import ClusterError, Expired, StaleDocument
from imagestreams.targets.health import Health

_META: Final = "g=meta.k8s.io;v=v1"
_METADATA: Final = f"{JSON};as=PartialObjectMetadata;{_META},{JSON}"
_METADATA_LIST: Final = f"{JSON};as=PartialObjectMetadataList;{_META},{JSON}"
_PAGE: Final = 500
_PAGE_WHOLE: Final = 100


@dataclass(frozen=True, slots=True)
class Reconnecting:
    """The times of a watch, in seconds.

    `first_s` and `longest_s` are waited after failures, doubled each time. A watch ends by itself after `watch_s` to
    twice that; when nothing comes for `silence_s` longer, the connection is taken for dead.
    """

    first_s: float = 1.0
    longest_s: float = 60.0
    watch_s: float = 300.0
    silence_s: float = 30.0

    def delay_s(self, failures: int, dice: float) -> float:
        """Return the seconds to wait after so many failures in a row, spread by up to a half."""
        return min(self.longest_s, self.first_s * 2.0 ** min(failures - 1, 30)) * (1 + dice / 2)


class _Owner(msgspec.Struct):
    controller: bool | None = None


class _Metadata(msgspec.Struct, rename="camel"):
    """What is read of an object's metadata; the rest is skipped without being kept."""

    name: str = ""
    namespace: str = ""
    uid: str = ""
    resource_version: str = ""
    generation: int | None = None
    annotations: dict[str, str] | None = None
    owner_references: list[_Owner] | None = None

    def document(self) -> Document:
        owners = [{"controller": owner.controller} for owner in self.owner_references or ()]
        return {
            "metadata": {
                "name": self.name,
                "namespace": self.namespace,
                "uid": self.uid,
                "resourceVersion": self.resource_version,
                "generation": self.generation or 0,
                "annotations": self.annotations or {},
                "ownerReferences": owners,
            }
        }


class _Partial(msgspec.Struct):
    metadata: _Metadata = msgspec.field(default_factory=_Metadata)


class _ListMetadata(msgspec.Struct, rename="camel"):
    resource_version: str = ""
    continue_: str = msgspec.field(name="continue", default="")


class _List(msgspec.Struct):
    metadata: _ListMetadata = msgspec.field(default_factory=_ListMetadata)
    items: list[msgspec.Raw] | None = None


class _Status(msgspec.Struct):
    message: str = ""
    code: int = 0


class _Event(msgspec.Struct):
    type: str
    object: msgspec.Raw


async def watch_for_ever(
    connection: Connection,
    path: str,
    kind: ObjectKind,
    what: str,
    health: Health,
    times: Reconnecting,
    dice: Callable[[], float],
) -> AsyncIterator[Change]:
    """Tell of all objects under a path and of every change; `what` is how `health` is told of it.

    It ends when the cluster does not know the path.
    """
    watch = _Watch(connection, path, kind, times, dice)
    clock = asyncio.get_running_loop().time
    failures = 0
    try:
        while True:
            began = clock()
            try:
                if not watch.revision:
                    yield Restarted()
                    async for document in watch.objects():
                        yield Seen(document)
                    yield Completed()
                    health.works(what)
                async for change in watch.changes():
                    health.works(what)
                    failures = 0
                    if change is not None:
                        yield change
                if clock() - began >= times.first_s:
                    failures = 0
                    continue
                # A watch that ends at once must not be begun again at once.
                failures += 1
            except Expired:
                watch.revision = ""
                failures += 1
            except StaleDocument:
                return
            except ClusterError as error:
                failures += 1
                health.failed(what, str(error))
            await asyncio.sleep(times.delay_s(failures, dice()))
    finally:
        health.forget(what)


class _Watch:
    """One collection; `revision` is how far it was seen, empty when it has to be listed."""

    def __init__(
        self, connection: Connection, path: str, kind: ObjectKind, times: Reconnecting, dice: Callable[[], float]
    ) -> None:
        self._connection = connection
        self._path = path
        self._kind = kind
        self._times = times
        self._dice = dice
        self.revision = ""

    async def objects(self) -> AsyncIterator[Document]:
        """List all, page by page."""
        query = {"limit": str(_PAGE_WHOLE if self._kind.whole else _PAGE)}
        while True:
            accept = JSON if self._kind.whole else _METADATA_LIST
            page = _read(await self._connection.request("GET", self._path, query=query, accept=accept), _List)
            for item in page.items or ():
                yield self._document(item)
            if not page.metadata.continue_:
                self.revision = page.metadata.resource_version
                return
            query["continue"] = page.metadata.continue_

    async def changes(self) -> AsyncIterator[Change | None]:
        """Follow from the revision on until the cluster ends the watch; `None` is a sign of life."""
        lasts_s = self._times.watch_s * (1 + self._dice())
        query = {
            "watch": "true",
            "allowWatchBookmarks": "true",
            "resourceVersion": self.revision,
            "timeoutSeconds": str(max(1, round(lasts_s))),
        }
        accept = JSON if self._kind.whole else _METADATA
        silence_s = lasts_s + self._times.silence_s
        async with self._connection.lines(self._path, query=query, accept=accept, silence_s=silence_s) as lines:
            yield None
            async for line in lines:
                event = _read(line, _Event)
                if event.type == "ERROR":
                    status = _read(event.object, _Status)
                    raise problem_of(status.message or "the watch failed", status.code)
                metadata = _read(event.object, _Partial).metadata
                self.revision = metadata.resource_version or self.revision
                if event.type == "DELETED":
                    yield Gone(metadata.namespace, metadata.name)
                elif event.type in ("ADDED", "MODIFIED"):
                    yield Seen(self._document(event.object))
                else:
                    yield None

    def _document(self, item: msgspec.Raw) -> Document:
        if not self._kind.whole:
            partial: _Partial = _read(item, _Partial)
            return partial.metadata.document()
        document: Any = _read(item, dict[str, Any])
        if not isinstance(document.get("metadata"), dict):
            raise ClusterError("the cluster's answer is no object")
        # Inside a list an object does not say what it is.
        return {"apiVersion": self._kind.api_version, "kind": self._kind.kind, **document}


def _read(data: bytes | msgspec.Raw, kind: type[Any]) -> Any:
    try:
        return msgspec.json.decode(data, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ClusterError(f"the cluster's answer can't be read: {error}") from error
