"""What imports remember of each other, so that nothing is fetched twice. Bounded, and lost at a restart."""

from typing import Final

from imagestreams.registries.bounded import Bounded
from imagestreams.registries.client import Manifest

_MANIFEST_BYTES: Final = 8 << 20
_ENTRY_BYTES: Final = 500
_NAMES: Final = 20_000

RepositoryKey = tuple[str, str]


class Memory:
    """Manifests by digest, the digests that a repository proved to have, and what its tags last pointed to."""

    def __init__(self) -> None:
        self._manifests: Bounded[str, Manifest] = Bounded(_MANIFEST_BYTES)
        self._proved: Bounded[tuple[RepositoryKey, str], bool] = Bounded(_NAMES)
        self._sizes: Bounded[str, int] = Bounded(_NAMES)
        self._tags: Bounded[tuple[RepositoryKey, str], str] = Bounded(_NAMES)
        self._created: Bounded[tuple[RepositoryKey, str], str] = Bounded(_NAMES)

    def manifest(self, digest: str) -> Manifest | None:
        """Return a manifest that was fetched before."""
        return self._manifests.get(digest)

    def proved(self, repository: RepositoryKey, digest: str) -> bool:
        """Return whether the repository gave the manifest of this digest before."""
        return self._proved.get((repository, digest)) is not None

    def knows(self, repository: RepositoryKey, reference: str) -> bool:
        """Return whether a tag or digest of the repository was fetched before."""
        return self._tags.get((repository, reference)) is not None or self.proved(repository, reference)

    def size(self, digest: str) -> int | None:
        """Return the size in bytes of a blob that was measured before."""
        return self._sizes.get(digest)

    def remember_size(self, digest: str, size_bytes: int) -> None:
        """Note the size of a blob."""
        self._sizes.put(digest, size_bytes)

    def created(self, repository: RepositoryKey, digest: str) -> str | None:
        """Return when the image of a manifest that this repository gave was made, empty when it does not say so."""
        return self._created.get((repository, digest))

    def remember_created(self, repository: RepositoryKey, digest: str, created: str) -> None:
        """Note when the image of a manifest of a repository was made."""
        self._created.put((repository, digest), created)

    def remember(self, repository: RepositoryKey, reference: str, manifest: Manifest) -> None:
        """Note what a tag or digest of a repository gave."""
        self._manifests.put(manifest.digest, manifest, len(manifest.body) + len(manifest.signed) + _ENTRY_BYTES)
        self._proved.put((repository, manifest.digest), True)
        if reference != manifest.digest:
            self._tags.put((repository, reference), manifest.digest)
