"""Keeps up with hooks and streams, so that a notification finds both without looking at all of them."""

import asyncio
import hmac
from collections.abc import Iterable
from typing import Any

from imagestreams.api.hooks import RegistryHook
from imagestreams.api.image import ImageStream
from imagestreams.controllers.watching import follow
from imagestreams.hooks.following import Repository, following_tags, pushed_repository, repositories_of
from imagestreams.hooks.notification import Push
from imagestreams.resources.registries.registryhooks import hook_token_hash
from imagestreams.resources.storage import ObjectStorage
from imagestreams.store.cache import Entry


class Followers:
    """Knows which hook a token belongs to, and which streams import from which repository.

    Its tables only narrow the search: what they give is looked at again as it is now.
    """

    def __init__(self, hooks: ObjectStorage[RegistryHook], streams: ObjectStorage[ImageStream]) -> None:
        self._hooks = hooks
        self._streams = streams
        self._hook_keys: dict[str, str] = {}
        self._hashes: dict[str, str] = {}
        self._stream_keys: dict[Repository, set[str]] = {}
        self._repositories: dict[str, frozenset[Repository]] = {}
        self._stopped = asyncio.Event()

    async def run(self) -> None:
        """Keep up until `stop` is called or the store is closed."""
        tasks: list[asyncio.Task[Any]] = [
            asyncio.create_task(follow(self._hooks, self._hook_seen, self._hook_gone)),
            asyncio.create_task(follow(self._streams, self._stream_seen, self._stream_gone)),
            asyncio.create_task(self._stopped.wait()),
        ]
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        for task in done:
            task.result()

    def stop(self) -> None:
        """Let `run` end."""
        self._stopped.set()

    def hook(self, token: str) -> Entry[RegistryHook] | None:
        """Return the hook that a token belongs to."""
        presented = hook_token_hash(token)
        key = self._hook_keys.get(presented)
        entry = self._hooks.cache.get(key) if key is not None else None
        if entry is None or not hmac.compare_digest(entry.value.status.token_sha256, presented):
            return None
        return entry

    def tags(self, hook: RegistryHook, pushes: Iterable[Push]) -> dict[str, set[str]]:
        """Return, by the keys of their streams, the tags that a hook imports again after pushes."""
        pushes, hosts = list(pushes), hook.spec.registries or []
        keys: set[str] = set()
        for push in pushes:
            for host in hosts:
                keys |= self._stream_keys.get(pushed_repository(host, push), set())
        found = {}
        for key in sorted(keys):
            entry = self._streams.cache.get(key)
            if entry is None:
                continue
            if not hook.spec.all_namespaces and entry.value.metadata.namespace != hook.metadata.namespace:
                continue
            if tags := following_tags(entry.value, hosts, pushes):
                found[key] = tags
        return found

    def _hook_seen(self, entry: Entry[RegistryHook]) -> None:
        self._hook_gone(entry.key)
        if entry.value.status.token_sha256:
            self._hashes[entry.key] = entry.value.status.token_sha256
            self._hook_keys[entry.value.status.token_sha256] = entry.key

    def _hook_gone(self, key: str) -> None:
        self._hook_keys.pop(self._hashes.pop(key, ""), None)

    def _stream_seen(self, entry: Entry[ImageStream]) -> None:
        repositories = frozenset(repositories_of(entry.value))
        before = self._repositories.get(entry.key, frozenset())
        self._forget(entry.key, before - repositories)
        for repository in repositories - before:
            self._stream_keys.setdefault(repository, set()).add(entry.key)
        if repositories:
            self._repositories[entry.key] = repositories
        else:
            self._repositories.pop(entry.key, None)

    def _stream_gone(self, key: str) -> None:
        self._forget(key, self._repositories.pop(key, frozenset()))

    def _forget(self, key: str, repositories: Iterable[Repository]) -> None:
        for repository in repositories:
            keys = self._stream_keys[repository]
            keys.discard(key)
            if not keys:
                del self._stream_keys[repository]
