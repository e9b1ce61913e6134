"""What an import request wants, grouped by the repository that has to be asked. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from imagestreams.api.defaulting import PRESERVE_ORIGINAL
from imagestreams.api.image import ImageImportSpec, ImageStream
from imagestreams.reference import ImageReference, InvalidReference, parse
from imagestreams.streams.history import spec_tag
from imagestreams.streams.platform import Platform, preferred_platform


@dataclass(frozen=True)
class Wanted:
    """One image of a repository, by tag or digest, and how to import it; entries that want the same share it."""

    reference: str
    is_digest: bool
    import_mode: str
    platform: Platform


@dataclass
class RepositoryPlan:
    """All that is wanted of one repository.

    `repository` is the reference as it was first written, without tag and digest: pull specs are made from it.
    `wanted` says which entries of the request ask for an image, `raw` which images are needed with the bytes of their
    manifest and config. `vouched` are the images that the stream had from this repository before, `probed` the images
    that are probably still what the stream has, so that asking for the digest alone pays.
    """

    repository: ImageReference
    insecure: bool
    wanted: dict[Wanted, list[int]] = field(default_factory=dict)
    raw: set[Wanted] = field(default_factory=set)
    vouched: frozenset[str] = frozenset()
    probed: set[Wanted] = field(default_factory=set)


@dataclass
class Plan:
    """The repositories to ask, and the entries whose reference can't be asked for, with the reason."""

    repositories: list[RepositoryPlan]
    unusable: dict[int, str]


def plan_images(
    images: Sequence[ImageImportSpec],
    imports: bool,
    stream: ImageStream | None,
    server: Platform,
    followed: Mapping[int, str | None] | None = None,
) -> Plan:
    """Group the images of a request.

    `followed` has the entries that go by a version policy, with the tag that it chose; `None`: none, leave it out.

    The first image of a repository decides for all of them whether it may be asked insecurely, as on the real server.
    Without `imports` nothing is written, and the raw manifests that are asked for are returned.
    """
    plan = Plan([], {})
    found: dict[tuple[str, str], RepositoryPlan] = {}
    followed = followed or {}
    for number, image in enumerate(images):
        if number in followed and followed[number] is None:
            continue
        try:
            written = parse(image.from_.name)
        except InvalidReference as error:
            shown = image.from_.name if ":" in image.from_.name else f"{image.from_.name}:latest"
            plan.unusable[number] = f"unable to parse docker reference {shown}: {error}"
            continue
        if chosen := followed.get(number):
            written = replace(written, tag=chosen, id="")
        key, where = repository_key(written), written.docker_client_defaults()
        if key not in found:
            found[key] = RepositoryPlan(
                written.as_repository(), image.import_policy.insecure, vouched=images_from(stream, key)
            )
            plan.repositories.append(found[key])
        target = image.to.name if image.to is not None else where.tag
        wish = spec_tag(stream, target) if stream is not None else None
        wanted = Wanted(
            where.id or where.tag,
            bool(where.id),
            image.import_policy.import_mode,
            server if where.id else preferred_platform(wish.annotations if wish is not None else None, server),
        )
        found[key].wanted.setdefault(wanted, []).append(number)
        # What gets stored is stripped of its bytes. What is only shown has them when asked for, and the manifests of a
        # list always, as on the real server.
        shown_only = not (imports and image.to is not None)
        if shown_only and (image.include_manifest or image.import_policy.import_mode == PRESERVE_ORIGINAL):
            found[key].raw.add(wanted)
        if wanted.reference in found[key].vouched or top_image(stream, target) in found[key].vouched:
            found[key].probed.add(wanted)
    return plan


def plan_tags(
    written: ImageReference,
    insecure: bool,
    tags: Iterable[str],
    import_mode: str,
    stream: ImageStream | None,
    server: Platform,
) -> RepositoryPlan:
    """Plan the import of some tags of a repository; each becomes the stream's tag of the same name."""
    key = repository_key(written)
    plan = RepositoryPlan(written.as_repository(), insecure, vouched=images_from(stream, key))
    for number, tag in enumerate(tags):
        wanted = Wanted(tag, False, import_mode, server)
        plan.wanted[wanted] = [number]
        if top_image(stream, tag) in plan.vouched:
            plan.probed.add(wanted)
    return plan


def repository_key(reference: ImageReference) -> tuple[str, str]:
    """Return what tells repositories apart, however they are written: registry and path."""
    where = reference.docker_client_defaults()
    registry = "docker.io" if where.registry == "index.docker.io" else where.registry
    return registry, where.repository


def images_from(stream: ImageStream | None, key: tuple[str, str]) -> frozenset[str]:
    """Return the names of the images in a stream's history whose pull spec is in a repository."""
    found = set()
    for history in (stream.status.tags or []) if stream is not None else []:
        for event in history.items or []:
            try:
                if event.image and repository_key(parse(event.docker_image_reference)) == key:
                    found.add(event.image)
            except InvalidReference:
                continue
    return frozenset(found)


def top_image(stream: ImageStream | None, tag: str) -> str:
    """Return the name of the image that a tag points to; empty when it points to none."""
    for history in (stream.status.tags or []) if stream is not None else []:
        if history.tag == tag:
            return history.items[0].image if history.items else ""
    return ""
