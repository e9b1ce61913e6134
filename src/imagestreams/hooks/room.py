"""The room as a whole: what is served of hooks, the endpoint, and what works in the background for them."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from imagestreams.access.authorization import Authorizer
from imagestreams.api.core import Secret
from imagestreams.api.image import ImageStream
from imagestreams.hooks.calls import LastCalls
from imagestreams.hooks.endpoint import HookEndpoint, ImportNow, Noted
from imagestreams.hooks.followers import Followers
from imagestreams.hooks.rate import RateBound
from imagestreams.resources.registries.registryhooks import RegistryHooks, RegistryHookStrategy, registry_hook_storage
from imagestreams.resources.storage import ObjectStorage
from imagestreams.resources.stored import NamespaceGate
from imagestreams.store.cache import ObservableStore


@dataclass(frozen=True, slots=True)
class HookRoom:
    """`start` before its parts are used; the loops are run by whoever runs all loops."""

    resource: RegistryHooks
    endpoint: HookEndpoint
    loops: tuple[Followers, LastCalls]

    async def start(self) -> None:
        """Load what is stored."""
        await self.resource.storage.cache.start()

    def stop(self) -> None:
        """Follow the store no longer."""
        self.resource.storage.cache.stop()


def hook_room(
    store: ObservableStore,
    *,
    secrets: ObjectStorage[Secret],
    streams: ObjectStorage[ImageStream],
    import_now: ImportNow,
    noted: Noted,
    authorizer: Authorizer,
    namespaces: NamespaceGate,
    clock: Callable[[], datetime],
    monotonic: Callable[[], float] = time.monotonic,
    public_url: str = "",
) -> HookRoom:
    """Make the room; `import_now` takes what is to be imported, `public_url` is where senders reach the server.

    `noted` waits until what `import_now` took can't be lost any more.
    """
    storage = registry_hook_storage(store, clock)

    def now() -> str:
        return clock().astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")

    followers, calls = Followers(storage, streams), LastCalls(storage, monotonic)
    endpoint = HookEndpoint(followers, secrets, import_now, noted, calls, RateBound(monotonic), now)
    resource = RegistryHooks(storage, RegistryHookStrategy(authorizer), namespaces, public_url)
    return HookRoom(resource, endpoint, (followers, calls))
