"""One repository read from several places: its mirrors in order, then itself, as the registry policy says."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Final, TypeVar

from imagestreams.reference import ImageReference, is_digest
from imagestreams.registries.client import Manifest, RegistryClient, Repository
from imagestreams.registries.credentials import Keyring, Refusals
from imagestreams.registries.errors import RegistryError, Unreachable
from imagestreams.registries.policy import Place, RegistryPolicy

T = TypeVar("T")


class RegistryBlocked(RegistryError):
    """The policy leaves no place where the repository may be asked for."""

    def __init__(self, registry: str) -> None:
        super().__init__(f"registry {registry} blocked")


class SourcesFailed(RegistryError):
    """No place had what was asked for; `failures` says of each, as a repository's reference, why."""

    def __init__(self, failures: Sequence[tuple[ImageReference, RegistryError]]) -> None:
        super().__init__("; ".join(f"{place}: {error}" for place, error in failures))
        self.failures = tuple(failures)
        passing = [error for _, error in failures if error.transient]
        self.transient = bool(passing)
        moments = [error.not_before for error in passing if error.not_before is not None]
        # A place that may be asked at any time is worth another try.
        self.not_before = min(moments) if moments and len(moments) == len(passing) else None


class MirroredRepository:
    """Reads like a `Repository`; each request goes to the first place that can answer it.

    Tags and digests may have mirrors of their own. A place that can't be reached is not tried again, so that a dead
    mirror costs one try and not one for each image.
    """

    def __init__(self, registry: str, by_tag: "Sequence[_Source]", by_digest: "Sequence[_Source]") -> None:
        self._registry = registry
        self._by_tag: Final = tuple(by_tag)
        self._by_digest: Final = tuple(by_digest)
        self._dead: dict[_Source, RegistryError] = {}
        self._gave_tags: dict[_Source, None] = {}
        self._gave_manifests: dict[_Source, None] = {}

    @property
    def refused(self) -> Refusals:
        """The logins that were of no use where it went without one."""
        found = [one.repository.refused for one in dict.fromkeys((*self._by_tag, *self._by_digest))]
        secrets = {name for one in found for name in one.secrets}
        return Refusals(tuple(sorted(secrets)), tuple(dict.fromkeys(loan for one in found for loan in one.loans)))

    async def check(self) -> None:
        """Find out whether there is anybody to ask.

        Raises:
            RegistryBlocked: there is nobody.
        """
        if not self._by_tag and not self._by_digest:
            raise RegistryBlocked(self._registry)

    async def manifest(self, reference: str, accept: Sequence[str]) -> Manifest:
        """Fetch the manifest of a tag or digest.

        Raises:
            RegistryBlocked: there is nobody to ask.
            SourcesFailed: nobody has it.
        """
        source, manifest = await self._first(self._sources(reference), lambda one: one.manifest(reference, accept))
        self._gave_manifests[source] = None
        if not is_digest(reference):
            self._gave_tags[source] = None
        return manifest

    async def head(self, reference: str, accept: Sequence[str]) -> str | None:
        """Return the digest that a tag or digest has now, as the place says that would give the manifest.

        Where that can't be told without fetching, as when a mirror refuses such questions, it is `None`.
        """
        for source in self._sources(reference):
            try:
                seen = await self._ask(source, lambda one: one.look(reference, accept))
            except Unreachable:
                continue
            except RegistryError:
                return None
            if not seen.missing:
                if seen.digest is not None and not is_digest(reference):
                    self._gave_tags[source] = None
                return seen.digest
        return None

    async def blob(self, digest: str, max_bytes: int | None = None) -> bytes:
        """Fetch a small blob, at first from where manifests came from."""
        sources = dict.fromkeys([*self._gave_manifests, *self._by_digest, *self._by_tag])
        return (await self._first(tuple(sources), lambda one: one.blob(digest, max_bytes)))[1]

    async def blob_size(self, digest: str) -> int:
        """Return how many bytes a blob has; asked as `blob` is."""
        sources = dict.fromkeys([*self._gave_manifests, *self._by_digest, *self._by_tag])
        return (await self._first(tuple(sources), lambda one: one.blob_size(digest)))[1]

    async def tags(self) -> list[str]:
        """Return the names of all tags of the first place that lists any."""
        return (await self._first(self._by_tag, lambda one: one.tags()))[1]

    def _sources(self, reference: str) -> "tuple[_Source, ...]":
        found = self._by_tag
        if is_digest(reference):
            # What a list names is asked for where the list came from.
            found = tuple(dict.fromkeys([*self._gave_tags, *self._by_digest]))
        if not found:
            raise RegistryBlocked(self._registry)
        return found

    async def _first(
        self, sources: "Sequence[_Source]", ask: Callable[[Repository], Awaitable[T]]
    ) -> "tuple[_Source, T]":
        failures = []
        for source in sources:
            try:
                return source, await self._ask(source, ask)
            except RegistryError as error:
                failures.append((source.place.reference(), error))
        if not failures:
            raise RegistryBlocked(self._registry)
        raise SourcesFailed(failures)

    async def _ask(self, source: "_Source", ask: Callable[[Repository], Awaitable[T]]) -> T:
        dead = self._dead.get(source)
        if dead is not None:
            raise dead.with_traceback(None)
        try:
            return await ask(source.repository)
        except Unreachable as error:
            self._dead[source] = error
            raise


class _Source:
    """A place and the repository there."""

    def __init__(self, place: Place, repository: Repository) -> None:
        self.place = place
        self.repository = repository


def open_repository(
    client: RegistryClient, policy: RegistryPolicy, wanted: ImageReference, keyring: Keyring, *, insecure: bool
) -> Repository | MirroredRepository:
    """Return a repository to be read where the policy says; each place gets the logins that are meant for it.

    `insecure` is what the import itself allows.
    """
    by_tag = policy.places(wanted, by_digest=False, insecure=insecure)
    by_digest = policy.places(wanted, by_digest=True, insecure=insecure)
    where = wanted.docker_client_defaults()
    if by_tag == by_digest and len(by_tag) == 1 and _is_itself(by_tag[0], where):
        return client.repository(wanted, keyring, insecure=by_tag[0].insecure)
    sources = {
        place: _Source(place, client.repository(place.reference(), keyring, insecure=place.insecure))
        for place in (*by_tag, *by_digest)
    }
    return MirroredRepository(
        where.registry, [sources[place] for place in by_tag], [sources[place] for place in by_digest]
    )


def _is_itself(place: Place, where: ImageReference) -> bool:
    registry = "docker.io" if where.registry == "index.docker.io" else where.registry
    return (place.registry, place.repository) == (registry, where.repository)
