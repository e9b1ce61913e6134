"""Which tag of its repository is imported into a spec tag that goes by a version policy.

The repository's tags are listed once for all tags that look at it. A policy by creation has to know when each image
was made: one HEAD a tag, and manifest and config only of images that were not seen before. It looks at no more tags
than an import of the whole repository would take.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Final, Protocol

from imagestreams.api.annotations import FOLLOW
from imagestreams.api.errors import internal
from imagestreams.api.image import Image, ImageImportSpec, ImageStream
from imagestreams.api.meta import Status, StatusDetails
from imagestreams.importing.failure import GROUP, ImportFailed, failed, full_name, listing_failed
from imagestreams.importing.fetch import ACCEPTED, Fetched, KnownImages
from imagestreams.importing.memory import Memory
from imagestreams.importing.plan import RepositoryPlan, Wanted, plan_tags, repository_key
from imagestreams.reference import ImageReference, InvalidReference, parse
from imagestreams.registries.errors import RegistryError
from imagestreams.streams.following import (
    NO_VERSION,
    NothingToFollow,
    choose_version,
    current_version,
    followed_policy,
)
from imagestreams.streams.history import latest_event, spec_tag
from imagestreams.streams.platform import Platform
from imagestreams.streams.tag_order import by_importance
from imagestreams.streams.versions import Candidate, VersionPolicy

LEGACY: Final = "Legacy"


class TaggedRepository(Protocol):
    """What is asked of a repository."""

    async def check(self) -> None:
        """Find out whether the registry answers at all."""

    async def tags(self) -> list[str]:
        """Return the names of all tags."""

    async def head(self, reference: str, accept: Sequence[str]) -> str | None:
        """Return the digest that a tag has now."""


class Following:
    """The choices of one import."""

    def __init__(
        self,
        open_repository: Callable[[ImageReference, bool], TaggedRepository],
        fetch: Callable[[RepositoryPlan], Awaitable[dict[Wanted, Fetched | ImportFailed]]],
        known: KnownImages,
        memory: Memory,
        server: Platform,
        dated_max: int,
    ) -> None:
        self._open = open_repository
        self._fetch = fetch
        self._known = known
        self._memory = memory
        self._server = server
        self._dated_max = dated_max
        self._standing: set[str] = set()
        self._listed: dict[tuple[tuple[str, str], bool, bool], asyncio.Task[list[Candidate]]] = {}

    async def choose(
        self, images: Sequence[ImageImportSpec], stream: ImageStream | None
    ) -> dict[int, str | ImportFailed]:
        """Return, for each entry whose target goes by a policy, the tag to import, or why there is none."""
        policies = {
            number: policy
            for number, image in enumerate(images)
            if image.to is not None and (policy := followed_policy(stream, image.to.name, image.from_.name)) is not None
        }
        if stream is None:
            return {}
        # Looked at whatever else there is: what is only not looked at must not seem to be gone.
        self._standing = {
            version for image in images if image.to and (version := current_version(stream, image.to.name))
        }
        chosen = await asyncio.gather(
            *(self._outcome(policy, images[number], stream) for number, policy in policies.items())
        )
        return dict(zip(policies, chosen, strict=True))

    async def _outcome(self, policy: VersionPolicy, image: ImageImportSpec, stream: ImageStream) -> str | ImportFailed:
        try:
            written = parse(image.from_.name).as_repository()
            candidates = await self._candidates(written, image.import_policy.insecure, policy.needs_created)
        except ImportFailed as error:
            return error
        except InvalidReference as error:
            reason = f"unable to parse docker reference {image.from_.name}: {error}"
            return ImportFailed(internal(reason).nested_status(), transient=False)
        target = image.to.name if image.to is not None else ""
        wish = spec_tag(stream, target)
        text = (wish.annotations or {}).get(FOLLOW, "") if wish is not None else ""
        try:
            return choose_version(policy, text, candidates, self._current(stream, target))
        except NothingToFollow as error:
            name = parse(full_name(written)).as_repository().exact()
            details = StatusDetails(group=GROUP, kind="dockerimage", name=name)
            status = Status(status="Failure", reason=NO_VERSION, message=f"{name}: {error}", details=details, code=404)
            return ImportFailed(status, transient=False)

    def _current(self, stream: ImageStream, tag: str) -> Candidate | None:
        version, event = current_version(stream, tag), latest_event(stream, tag)
        if not version or event is None:
            return None
        image = self._known(event.image)
        return Candidate(version, self._created(image) if image is not None else "")

    async def _candidates(self, where: ImageReference, insecure: bool, created: bool) -> list[Candidate]:
        key = repository_key(where), insecure, created
        if key not in self._listed:
            self._listed[key] = asyncio.create_task(self._list(where, insecure, created))
        return await self._listed[key]

    async def _list(self, where: ImageReference, insecure: bool, created: bool) -> list[Candidate]:
        repository, reached = self._open(where, insecure), False
        try:
            await repository.check()
            reached = True
            tags = await repository.tags()
        except RegistryError as error:
            raise listing_failed(error, where, reached=reached) from error
        if not created:
            return [Candidate(tag) for tag in tags]
        ordered = by_importance(tags)
        tags = [*ordered[: self._dated_max], *(tag for tag in ordered[self._dated_max :] if tag in self._standing)]
        try:
            digests = await asyncio.gather(*(repository.head(tag, ACCEPTED) for tag in tags))
        except RegistryError as error:
            raise failed(error, where) from error
        return await self._dated(where, insecure, dict(zip(tags, digests, strict=True)))

    async def _dated(self, where: ImageReference, insecure: bool, digests: dict[str, str | None]) -> list[Candidate]:
        """Return the tags with when their images were made; what can't be read as an image is no candidate."""
        key = repository_key(where)
        dates = {tag: self._memory.created(key, digest) if digest else None for tag, digest in digests.items()}
        # Tags of one digest are one image, of which one tag is fetched.
        unknown: dict[str, list[str]] = {}
        for tag, date in dates.items():
            if date is None:
                unknown.setdefault(digests[tag] or tag, []).append(tag)
        if unknown:
            fetched = [tags[0] for tags in unknown.values()]
            found = await self._fetch(plan_tags(where, insecure, fetched, LEGACY, None, self._server))
            for wanted, outcome in found.items():
                if isinstance(outcome, ImportFailed):
                    if outcome.transient:
                        raise outcome
                    continue
                date, digest = self._created(outcome.image), digests[wanted.reference]
                dates |= dict.fromkeys(unknown[digest or wanted.reference], date)
                if digest and self._memory.proved(key, digest):
                    self._memory.remember_created(key, digest, date)
        return [Candidate(tag, date) for tag, date in dates.items() if date is not None]

    @staticmethod
    def _created(image: Image) -> str:
        created = (image.docker_image_metadata or {}).get("Created")
        return created if isinstance(created, str) else ""
