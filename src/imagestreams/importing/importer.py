"""From an import request to its statuses: everything that is wanted is fetched, each image has its own outcome."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

import msgspec

from imagestreams.api.defaulting import PRESERVE_ORIGINAL
from imagestreams.api.errors import internal
from imagestreams.api.image import (
    Image,
    ImageImportSpec,
    ImageImportStatus,
    ImageStream,
    ImageStreamImport,
    ImageStreamImportStatus,
    RepositoryImportSpec,
    RepositoryImportStatus,
)
from imagestreams.api.meta import Status
from imagestreams.importing.failure import ImportFailed, listing_failed
from imagestreams.importing.fetch import ByteBudget, Fetched, KnownImages, RepositoryFetch
from imagestreams.importing.following import Following
from imagestreams.importing.memory import Memory
from imagestreams.importing.plan import RepositoryPlan, Wanted, plan_images, plan_tags, repository_key
from imagestreams.reference import ImageReference, InvalidReference, parse
from imagestreams.registries.client import RegistryClient, Repository
from imagestreams.registries.credentials import Keyring
from imagestreams.registries.errors import RegistryError
from imagestreams.registries.policy import RegistryPolicy
from imagestreams.registries.sources import MirroredRepository, open_repository
from imagestreams.streams.platform import LINUX_AMD64, Platform
from imagestreams.streams.refused_secrets import refusal_text
from imagestreams.streams.tag_choice import TagChoice, tag_choice
from imagestreams.streams.tag_order import by_importance

SUCCESS: Final = "Success"


@dataclass(frozen=True)
class ImportSettings:
    """`tags_max` is how many tags of a whole repository are imported; `platform` is the server's own."""

    tags_max: int = 1000
    platform: Platform = LINUX_AMD64


@dataclass
class Outcome:
    """The statuses of a request, without the stream.

    `transient` names the target tags that may succeed when the import is repeated a little later;
    `repository_transient` says the same of a repository whose tags could not all be listed or imported.
    `not_before` says of such tags (the repository is the tag `""`) until when their registry wants to be left alone.
    `refused` says of target tags that were imported which logins their registry refused.
    """

    status: ImageStreamImportStatus
    transient: set[str] = field(default_factory=set)
    repository_transient: bool = False
    not_before: dict[str, datetime] = field(default_factory=dict)
    refused: dict[str, str] = field(default_factory=dict)

    def note_repository(self, failure: ImportFailed) -> None:
        """Note why a repository's tags could not be listed, or one of them not be imported."""
        self.repository_transient |= failure.transient
        if failure.not_before is not None:
            self.not_before[""] = failure.not_before


class Importer:
    """Imports for all streams; it holds what imports share. Each import asks `policy` anew."""

    def __init__(
        self,
        client: RegistryClient,
        settings: ImportSettings | None = None,
        policy: Callable[[], RegistryPolicy] = RegistryPolicy,
    ) -> None:
        self._client = client
        self._settings = settings or ImportSettings()
        self._policy = policy
        self._memory = Memory()

    async def run(
        self,
        request: ImageStreamImport,
        stream: ImageStream | None,
        keyring: Keyring,
        known: KnownImages,
        now: str,
    ) -> Outcome:
        """Fetch what a valid, defaulted request asks for.

        Args:
            request: what is wanted.
            stream: the stream as it is, `None` when there is none yet.
            keyring: the logins of the stream's namespace.
            known: finds images that are stored.
            now: the time of the import.
        """
        run = _Run(self._client, self._policy(), self._memory, self._settings, stream, keyring, known, now)
        outcome = Outcome(ImageStreamImportStatus())
        images, repository = request.spec.images or [], request.spec.repository
        await asyncio.gather(
            run.images(images, request.spec.import_, outcome),
            run.repository(repository, request.spec.import_, tag_choice(request.metadata.annotations), outcome),
        )
        return outcome

    async def tags(self, repository: ImageReference, keyring: Keyring, *, insecure: bool) -> list[str]:
        """Return the tags of a repository, the most important first, as many as one import takes.

        Raises:
            ImportFailed: they could not be listed.
        """
        found = open_repository(self._client, self._policy(), repository, keyring, insecure=insecure)
        return by_importance(await _list_tags(found, repository))[: self._settings.tags_max]


class _Run:
    """One import."""

    def __init__(
        self,
        client: RegistryClient,
        policy: RegistryPolicy,
        memory: Memory,
        settings: ImportSettings,
        stream: ImageStream | None,
        keyring: Keyring,
        known: KnownImages,
        now: str,
    ) -> None:
        self._client = client
        self._policy = policy
        self._memory = memory
        self._settings = settings
        self._stream = stream
        self._keyring = keyring
        self._known = known
        self._now = now
        self._budget = ByteBudget()

    async def images(self, images: Sequence[ImageImportSpec], imports: bool, outcome: Outcome) -> None:
        """Import the images that are named one by one."""
        if not images:
            return
        server, tags_max = self._settings.platform, self._settings.tags_max
        following = Following(self._open, self._fetch, self._known, self._memory, server, tags_max)
        followed = await following.choose(images, self._stream)
        chosen = {number: one if isinstance(one, str) else None for number, one in followed.items()}
        plan = plan_images(images, imports, self._stream, self._settings.platform, chosen)
        fetched = await asyncio.gather(*(self._fetch(one) for one in plan.repositories))
        statuses = [ImageImportStatus() for _ in images]
        for number, failure in followed.items():
            if isinstance(failure, ImportFailed):
                statuses[number] = self._failed_status(images[number], failure, _tag(images[number]), outcome)
        for number, problem in plan.unusable.items():
            statuses[number] = ImageImportStatus(status=internal(problem).nested_status(), tag=_tag(images[number]))
        for repository, found in zip(plan.repositories, fetched, strict=True):
            for wanted, numbers in repository.wanted.items():
                targets = [target.name for number in numbers if (target := images[number].to) is not None]
                _note_refused(outcome, repository, found[wanted], targets)
                for number in numbers:
                    statuses[number] = self._image_status(images[number], imports, wanted, found[wanted], outcome)
        outcome.status.images = statuses

    def _image_status(
        self,
        spec: ImageImportSpec,
        imports: bool,
        wanted: Wanted,
        found: Fetched | ImportFailed,
        outcome: Outcome,
    ) -> ImageImportStatus:
        tag = "" if wanted.is_digest else wanted.reference
        if isinstance(found, ImportFailed):
            return self._failed_status(spec, found, tag, outcome)
        stored = imports and spec.to is not None
        image = found.image if spec.include_manifest and not stored else _without_bytes(found.image)
        manifests = [_without_bytes(one) if stored else one for one in found.manifests]
        return ImageImportStatus(status=Status(status=SUCCESS), image=image, tag=tag, manifests=manifests or None)

    def _failed_status(
        self, spec: ImageImportSpec, failure: ImportFailed, tag: str, outcome: Outcome
    ) -> ImageImportStatus:
        if failure.transient and spec.to is not None:
            outcome.transient.add(spec.to.name)
            if failure.not_before is not None:
                outcome.not_before[spec.to.name] = failure.not_before
        return ImageImportStatus(status=failure.status, tag=tag)

    async def repository(
        self, spec: RepositoryImportSpec | None, imports: bool, choice: TagChoice, outcome: Outcome
    ) -> None:
        """Import the tags of a whole repository, the most important first."""
        if spec is None:
            return
        status = outcome.status.repository = RepositoryImportStatus()
        try:
            written = parse(spec.from_.name)
            repository = self._open(written, spec.import_policy.insecure)
            tags = by_importance(await _list_tags(repository, written))
        except InvalidReference as error:
            status.status = internal(f"unable to parse docker reference {spec.from_.name}: {error}").nested_status()
            return
        except ImportFailed as error:
            outcome.note_repository(error)
            status.status = error.status
            return
        taken, rest = choice.choose(tags, self._settings.tags_max)
        policy = spec.import_policy
        plan = plan_tags(written, policy.insecure, taken, policy.import_mode, self._stream, self._settings.platform)
        # The manifests of a list have their bytes in any case, as on the real server.
        if not imports and (spec.include_manifest or policy.import_mode == PRESERVE_ORIGINAL):
            plan.raw.update(plan.wanted)
        found = await self._fetch(plan)
        for wanted, one in found.items():
            _note_refused(outcome, plan, one, [wanted.reference])
        status.additional_tags = rest or None
        status.images = [
            self._tag_status(spec, wanted, found[wanted], imports, outcome) for wanted in plan.wanted
        ] or None
        status.status = _summary(sum(isinstance(one, ImportFailed) for one in found.values()))

    def _tag_status(
        self,
        spec: RepositoryImportSpec,
        wanted: Wanted,
        found: Fetched | ImportFailed,
        imports: bool,
        outcome: Outcome,
    ) -> ImageImportStatus:
        tag = wanted.reference
        if isinstance(found, ImportFailed):
            outcome.note_repository(found)
            return ImageImportStatus(status=found.status, tag=tag)
        image = found.image if spec.include_manifest and not imports else _without_bytes(found.image)
        manifests = [_without_bytes(one) if imports else one for one in found.manifests]
        return ImageImportStatus(status=Status(status=SUCCESS), image=image, tag=tag, manifests=manifests or None)

    async def _fetch(self, plan: RepositoryPlan) -> dict[Wanted, Fetched | ImportFailed]:
        repository = self._open(plan.repository, plan.insecure)
        fetch = RepositoryFetch(
            plan, repository, self._known, self._memory, self._budget, self._settings.platform, self._now
        )
        return await fetch.all()

    def _open(self, written: ImageReference, insecure: bool) -> Repository | MirroredRepository:
        return open_repository(self._client, self._policy, written, self._keyring, insecure=insecure)


async def _list_tags(repository: Repository | MirroredRepository, written: ImageReference) -> list[str]:
    try:
        await repository.check()
    except RegistryError as error:
        raise listing_failed(error, written, reached=False) from error
    try:
        return await repository.tags()
    except RegistryError as error:
        raise listing_failed(error, written, reached=True) from error


def _note_refused(
    outcome: Outcome, plan: RepositoryPlan, found: Fetched | ImportFailed, targets: Sequence[str]
) -> None:
    if isinstance(found, Fetched) and found.refused:
        registry, _ = repository_key(plan.repository)
        outcome.refused |= dict.fromkeys(targets, refusal_text(found.refused.secrets, registry, found.refused.loans))


def _summary(failures: int) -> Status:
    if not failures:
        return Status(status=SUCCESS)
    subject = "one" if failures == 1 else str(failures)
    message = f"{subject} of the images from this repository failed to import"
    return Status(status="Failure", reason="ImportFailed", message=message)


def _tag(spec: ImageImportSpec) -> str:
    """Return the upstream tag of an entry whose reference can't be parsed."""
    return spec.from_.name.partition(":")[2] or "latest"


def _without_bytes(image: Image) -> Image:
    if not image.docker_image_manifest and not image.docker_image_config:
        return image
    return msgspec.structs.replace(image, docker_image_manifest="", docker_image_config="")
