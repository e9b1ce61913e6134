"""Lists of stored objects: now, at an earlier revision, and page by page."""

import asyncio
from collections.abc import Callable, Iterator
from itertools import islice
from typing import Final, TypeVar

from imagestreams.api.core import Stored
from imagestreams.api.errors import ApiError, expired, timeout
from imagestreams.api.meta import ListMeta, StatusCause
from imagestreams.resources.resource import ContinueToken, Item, ItemList, ListOptions
from imagestreams.resources.storage import ObjectStorage
from imagestreams.store.cache import Entry
from imagestreams.store.kv import Compacted

T = TypeVar("T", bound=Stored)

_FUTURE_WAIT_S: Final = 3.0
_POLL_S: Final = 0.05
_TOO_OLD: Final = "The resourceVersion for the provided list is too old."
_INCONSISTENT: Final = (
    "The provided continue parameter is too old to display a consistent list result. You can start a new list without "
    "the continue parameter, or use the continue token in this response to retrieve the remainder of the results. "
    "Continuing with the provided token results in an inconsistent list - objects that were created, modified, or "
    "deleted between the time the first chunk was returned and now may show up in the list."
)
_WHATEVER_IS_NOW: Final = -1


async def list_storage(
    storage: ObjectStorage[T],
    namespace: str,
    options: ListOptions,
    selects: Callable[[ListOptions, T], bool],
) -> ItemList:
    """Return a page of the objects of a namespace, or of all.

    Raises:
        ApiError: 400 for a continue token that is none, 410 for a past that is no longer kept, 504 for a revision
            that does not come in time.
    """
    prefix = storage.prefix(namespace)
    limit = options.limit if options.resource_version != "0" else 0
    revision = 0
    if options.continue_:
        token = ContinueToken.parse(options.continue_)
        revision = token.rv
        entries = _continued(storage, prefix, token)
    else:
        asked = int(options.resource_version or 0)
        await await_revision(storage, asked)
        if asked and (options.resource_version_match == "Exact" or (limit > 0 and not options.resource_version_match)):
            revision = asked
            try:
                entries = storage.cache.list_at(asked, prefix)
            except Compacted:
                raise expired(_TOO_OLD) from None
        else:
            entries = storage.cache.list(prefix)
    revision = revision if revision > 0 else storage.cache.revision
    if limit <= 0:
        chosen = [Item(entry.value, entry.encoded) for entry in entries if selects(options, entry.value)]
        return ItemList(chosen, str(revision))
    return _page(entries, limit, revision, options, selects)


def _page(
    entries: Iterator[Entry[T]],
    limit: int,
    revision: int,
    options: ListOptions,
    selects: Callable[[ListOptions, T], bool],
) -> ItemList:
    selected = (entry for entry in entries if selects(options, entry.value))
    chosen = list(islice(selected, limit))
    following = next(selected, None)
    items = [Item(entry.value, entry.encoded) for entry in chosen]
    if following is None:
        return ItemList(items, str(revision))
    token = ContinueToken(rv=revision, start=following.key).encode()
    # How many remain is told only where nobody has to look at each of them.
    plain = options.labels is None and not options.fields
    return ItemList(items, str(revision), token, 1 + sum(1 for _ in selected) if plain else None)


def _continued(storage: ObjectStorage[T], prefix: str, token: ContinueToken) -> Iterator[Entry[T]]:
    if token.rv <= 0:
        return storage.cache.list(prefix, token.start)
    try:
        return storage.cache.list_at(token.rv, prefix, token.start)
    except Compacted:
        error = expired(_INCONSISTENT)
        again = ContinueToken(rv=_WHATEVER_IS_NOW, start=token.start).encode()
        error.status.metadata = ListMeta(continue_=again)
        raise error from None


async def await_revision(storage: ObjectStorage[T], revision: int) -> None:
    """Wait a little for a revision that is not written yet.

    Raises:
        ApiError: 504, it did not come.
    """
    deadline = asyncio.get_running_loop().time() + _FUTURE_WAIT_S
    while storage.cache.revision < revision:
        if asyncio.get_running_loop().time() >= deadline:
            raise _too_large(revision, storage.cache.revision)
        await asyncio.sleep(_POLL_S)


def _too_large(revision: int, current: int) -> ApiError:
    cause = StatusCause(reason="ResourceVersionTooLarge", message="Too large resource version")
    return timeout(f"Timeout: Too large resource version: {revision}, current: {current}", 1, [cause])
