"""Get the images that are wanted of one repository, with as few requests as possible.

A tag costs one HEAD, which registries count least. Manifests and configs are named by their content, so what is known
is not fetched again, and what many tags share is fetched once. A registry's word alone is not enough for that: a digest
in an answer to HEAD counts only if this very repository gave the manifest before, else a lying registry could show the
images of others.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final
from weakref import WeakValueDictionary

from imagestreams.api.codec import copy
from imagestreams.api.defaulting import PRESERVE_ORIGINAL
from imagestreams.api.image import Image, ImageManifest
from imagestreams.api.meta import ObjectMeta
from imagestreams.importing.failure import ImportFailed, failed
from imagestreams.importing.memory import Memory
from imagestreams.importing.plan import RepositoryPlan, Wanted, repository_key
from imagestreams.reference import ImageReference, InvalidReference, is_digest, parse
from imagestreams.registries.client import Manifest, Repository
from imagestreams.registries.credentials import Refusals
from imagestreams.registries.errors import Misbehaved, RegistryError, TimedOut, TooLarge, TooManyRequests
from imagestreams.registries.schema1 import SCHEMA1, SIGNED_SCHEMA1
from imagestreams.registries.sources import MirroredRepository
from imagestreams.streams.image_from_manifest import (
    DOCKER_LIST,
    DOCKER_MANIFEST,
    EMPTY,
    EMPTY_DIGEST,
    LAYER_ORDER,
    LISTS,
    OCI_INDEX,
    OCI_MANIFEST,
    UnreadableManifest,
    config_digest,
    image_from_manifest,
    listed_manifests,
)
from imagestreams.streams.image_from_schema1 import fill_sizes, image_from_schema1, layers_to_measure
from imagestreams.streams.platform import Platform, choose_manifest

ACCEPTED: Final = (DOCKER_MANIFEST, OCI_MANIFEST, DOCKER_LIST, OCI_INDEX, SIGNED_SCHEMA1, SCHEMA1)
LISTED_MAX: Final = 1000
DEPTH_MAX: Final = 4
BYTES_MAX: Final = 128 << 20
"""How much of manifests and configs one import takes; the next one goes on from there."""
_NONE_REFUSED: Final = Refusals()
_TOO_DEEP: Final = f"manifest lists are nested more than {DEPTH_MAX} deep"

KnownImages = Callable[[str], Image | None]
"""Finds an image that is stored, by its name."""


@dataclass(frozen=True)
class Fetched:
    """An image, and those that it lists if it is a list that was kept.

    `refused` names the logins that were of no use, though the image could be had without.
    """

    image: Image
    manifests: tuple[Image, ...] = ()
    refused: Refusals = _NONE_REFUSED


class ByteBudget:
    """What one import may still take of manifests and configs, from all its repositories together."""

    def __init__(self) -> None:
        self._left = BYTES_MAX

    def take(self, size_bytes: int) -> None:
        """Count what came.

        Raises:
            TooLarge: that was too much.
        """
        self._left -= size_bytes
        self.check()

    def check(self) -> None:
        """See that there is something left before more is asked for.

        Raises:
            TooLarge: there is not.
        """
        if self._left < 0:
            raise TooLarge(f"more than {BYTES_MAX} bytes of manifests and configs in one import")


class RepositoryFetch:
    """One repository during one import."""

    def __init__(
        self,
        plan: RepositoryPlan,
        repository: Repository | MirroredRepository,
        known: KnownImages,
        memory: Memory,
        budget: ByteBudget,
        server: Platform,
        now: str,
    ) -> None:
        self._plan = plan
        self._repository = repository
        self._known = known
        self._memory = memory
        self._budget = budget
        self._server = server
        self._now = now
        self._key = repository_key(plan.repository)
        self._described: dict[tuple[str, bool], Image] = {}
        self._locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        self._fetching: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        self._not_by_digest: set[str] = set()

    async def all(self) -> dict[Wanted, Fetched | ImportFailed]:
        """Fetch everything that is planned, side by side."""
        wanted = list(self._plan.wanted)
        try:
            await self._repository.check()
        except RegistryError as error:
            return {one: failed(error, self._reference(one.reference)) for one in wanted}
        outcomes = await asyncio.gather(*(self._outcome(one) for one in wanted))
        refused = self._repository.refused
        if refused:
            outcomes = [replace(one, refused=refused) if isinstance(one, Fetched) else one for one in outcomes]
        return dict(zip(wanted, outcomes, strict=True))

    async def _outcome(self, wanted: Wanted) -> Fetched | ImportFailed:
        try:
            return await self._fetch(wanted)
        except ImportFailed as error:
            return error
        except (RegistryError, UnreadableManifest) as error:
            return failed(error, self._reference(wanted.reference))

    async def _fetch(self, wanted: Wanted) -> Fetched:
        raw = wanted in self._plan.raw
        found = await self._find(wanted, raw)
        if not _is_list(found):
            return Fetched(await self._describe(found, raw))
        if wanted.import_mode != PRESERVE_ORIGINAL:
            return Fetched(await self._chosen(found, wanted.platform, raw))
        image = await self._describe(found, raw)
        return Fetched(image, tuple(await self._children(found, raw, {image.metadata.name})))

    async def _children(self, found_in: Manifest | Image, raw: bool, seen: set[str], depth: int = 1) -> list[Image]:
        """Return all images of a list, each once; one that is a list itself is followed by its own."""
        listed = _listed(found_in)
        new = [one.digest for one in listed if one.digest not in seen]
        seen.update(new)
        if depth > DEPTH_MAX:
            raise UnreadableManifest(_TOO_DEEP)
        if len(seen) > LISTED_MAX + 1:
            raise UnreadableManifest(f"a manifest list of more than {LISTED_MAX} manifests")
        found = await asyncio.gather(
            *(self._child(digest, found_in, raw, seen, depth) for digest in dict.fromkeys(new)), return_exceptions=True
        )
        images: list[Image] = []
        for child in found:
            if isinstance(child, BaseException):
                raise child
            images += child
        return images

    async def _find(self, wanted: Wanted, raw: bool) -> Manifest | Image:
        """Return the manifest of a tag or digest, or the image that is known to be made of it."""
        likely_known = wanted in self._plan.probed or self._memory.knows(self._key, wanted.reference)
        digest = None
        if likely_known or not wanted.is_digest:
            digest = await self._repository.head(wanted.reference, ACCEPTED)
        if digest is not None and digest != wanted.reference:
            found = await self._shared(digest, raw)
            if found is not None:
                return found
        elif digest is not None and self._is_from_here(digest):
            known = self._known_manifest(digest, raw)
            if known is not None:
                return known
        return await self._get(wanted.reference)

    async def _shared(self, digest: str, raw: bool) -> Manifest | Image | None:
        """Return the manifest to which a tag points, fetched once for all tags that point to it.

        It is `None` where the registry doesn't give what it told of: what is wrong shows best when asked by tag.
        """
        async with self._fetching.setdefault(digest, asyncio.Lock()):
            if self._is_from_here(digest):
                known = self._known_manifest(digest, raw)
                if known is not None:
                    return known
            if digest in self._not_by_digest:
                return None
            try:
                return await self._get(digest)
            except (TimedOut, TooManyRequests):
                raise
            except RegistryError:
                self._not_by_digest.add(digest)
                return None

    async def _child(
        self, digest: str, found_in: Manifest | Image, raw: bool, seen: set[str], depth: int
    ) -> list[Image]:
        """Return one image of a list, with those that it lists."""
        try:
            found = await self._listed_one(digest, found_in, raw)
            below = await self._children(found, raw, seen, depth + 1) if _is_list(found) else []
            return [await self._describe(found, raw), *below]
        except (RegistryError, UnreadableManifest) as error:
            raise failed(error, self._reference(digest)) from error

    async def _chosen(self, found: Manifest | Image, platform: Platform, raw: bool) -> Image:
        """Return the image that stands for a list, or for the list in it that is chosen."""
        for _ in range(DEPTH_MAX):
            entry = choose_manifest(_listed(found), platform)
            if entry is None:
                raise UnreadableManifest("no manifests in manifest list")
            found = await self._listed_one(entry.digest, found, raw)
            if not _is_list(found):
                return await self._describe(found, raw)
        raise UnreadableManifest(_TOO_DEEP)

    async def _listed_one(self, digest: str, found_in: Manifest | Image, raw: bool) -> Manifest | Image:
        """Return a manifest that a list of this repository names.

        Anybody can write a list, so to be named is no proof that the repository has the image; in a list that is
        stored all have been proved.
        """
        if not is_digest(digest):
            raise Misbehaved(f"unusable digest {digest[:100]!r}")
        known = self._known_manifest(digest, raw) if isinstance(found_in, Image) or self._is_from_here(digest) else None
        return known or await self._get(digest)

    async def _get(self, reference: str) -> Manifest:
        self._budget.check()
        manifest = await self._repository.manifest(reference, ACCEPTED)
        self._budget.take(len(manifest.body) + len(manifest.signed))
        self._memory.remember(self._key, reference, manifest)
        return manifest

    async def _config(self, digest: str) -> bytes:
        if digest == EMPTY_DIGEST:
            return EMPTY
        self._budget.check()
        config = await self._repository.blob(digest)
        self._budget.take(len(config))
        return config

    async def _describe(self, found: Manifest | Image, raw: bool) -> Image:
        """Return the image of a manifest, for which at most its config is fetched."""
        if isinstance(found, Image):
            return self._shown(found)
        async with self._locks.setdefault(found.digest, asyncio.Lock()):
            image = self._described.get((found.digest, raw))
            if image is None:
                stored = None if raw else self._stored(found.digest)
                image = self._shown(stored) if stored is not None else await self._made(found, raw)
                self._described[found.digest, raw] = image
        return image

    async def _made(self, manifest: Manifest, raw: bool) -> Image:
        if manifest.media_type == SCHEMA1:
            return await self._made_of_schema1(manifest, raw)
        config: bytes | None = None
        if manifest.media_type not in LISTS:
            config = await self._config(config_digest(manifest.body))
        pull_spec = self._reference(manifest.digest).exact()
        image = image_from_manifest(pull_spec, manifest.body, manifest.media_type, config, self._now)
        if raw and config is not None:
            image.docker_image_manifest = manifest.body.decode(errors="replace")
            image.docker_image_config = config.decode(errors="replace")
        return image

    async def _made_of_schema1(self, manifest: Manifest, raw: bool) -> Image:
        """Return the image of a manifest that has no config and tells no sizes, which costs a HEAD for each layer."""
        image = image_from_schema1(self._reference(manifest.digest).exact(), manifest.body)
        names = layers_to_measure(image)
        if len(names) > LISTED_MAX:
            raise UnreadableManifest(f"an image of more than {LISTED_MAX} layers")
        sizes = await asyncio.gather(*(self._size(name) for name in names))
        if names:
            fill_sizes(image, dict(zip(names, sizes, strict=True)))
        if raw:
            image.docker_image_manifest = (manifest.signed or manifest.body).decode(errors="replace")
        return image

    async def _size(self, digest: str) -> int:
        known = self._memory.size(digest)
        if known is None:
            known = await self._repository.blob_size(digest)
            self._memory.remember_size(digest, known)
        return known

    def _shown(self, stored: Image) -> Image:
        """Return what an import shows of a stored image: its content, with the pull spec of this repository."""
        image = copy(stored)
        image.kind = image.api_version = ""
        image.metadata = ObjectMeta(
            name=stored.metadata.name, annotations=None if _is_list(stored) else {LAYER_ORDER: "ascending"}
        )
        image.docker_image_reference = self._reference(stored.metadata.name).exact()
        image.docker_image_manifest = image.docker_image_config = ""
        image.signatures = None
        return image

    def _known_manifest(self, digest: str, raw: bool) -> Manifest | Image | None:
        return self._memory.manifest(digest) or (None if raw else self._stored(digest))

    def _stored(self, digest: str) -> Image | None:
        """Return a stored image, if it says all that its manifest says."""
        image = self._known(digest)
        if image is None:
            return None
        complete = image.docker_image_manifests if _is_list(image) else image.docker_image_layers
        return image if image.docker_image_manifest_media_type and complete is not None else None

    def _is_from_here(self, digest: str) -> bool:
        """Return whether this repository proved before that it has the manifest of a digest."""
        if digest in self._plan.vouched or self._memory.proved(self._key, digest):
            return True
        image = self._known(digest)
        try:
            return image is not None and repository_key(parse(image.docker_image_reference)) == self._key
        except InvalidReference:
            return False

    def _reference(self, tag_or_digest: str) -> ImageReference:
        if is_digest(tag_or_digest):
            return replace(self._plan.repository, id=tag_or_digest)
        return replace(self._plan.repository, tag=tag_or_digest)


def _is_list(found: Manifest | Image) -> bool:
    media_type = found.media_type if isinstance(found, Manifest) else found.docker_image_manifest_media_type
    return media_type in LISTS


def _listed(found: Manifest | Image) -> list[ImageManifest]:
    listed = listed_manifests(found.body) if isinstance(found, Manifest) else found.docker_image_manifests or []
    if len(listed) > LISTED_MAX:
        raise UnreadableManifest(f"a manifest list of more than {LISTED_MAX} manifests")
    return listed
