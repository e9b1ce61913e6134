"""`imagestreamimports`: a request to import images, answered with what became of it.

Nothing of the request itself is stored. What it finds is written to the stream of the same name, which is created when
there is none, and each new image becomes an `Image`. The import controller comes here too, by `perform`.
"""

import asyncio
import logging
import uuid
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

import msgspec

from imagestreams.access.authorization import Attributes, Authorizer, BuiltinAuthorizer
from imagestreams.access.identity import User
from imagestreams.api.codec import copy, encode
from imagestreams.api.core import Secret
from imagestreams.api.defaulting import default_image_stream_import
from imagestreams.api.errors import ApiError, conflict, invalid, not_found
from imagestreams.api.image import (
    Image,
    ImageImportStatus,
    ImageStream,
    ImageStreamImport,
    ImageStreamImportStatus,
)
from imagestreams.api.meta import ObjectMeta, Status
from imagestreams.api.validation import validate_image_stream, validate_image_stream_import
from imagestreams.importing.importer import Importer, Outcome
from imagestreams.reference import parse
from imagestreams.registries.credentials import Keyring
from imagestreams.registries.keychains.lending import NO_KEYCHAINS, Keychains
from imagestreams.resources.images.image_rules import NO_RULES, ImageRules
from imagestreams.resources.images.imagestream_secrets import login_secrets
from imagestreams.resources.images.import_observer import ImportObserver, Nobody
from imagestreams.resources.resource import Item, RequestContext, Resource, ResourceInfo
from imagestreams.resources.storage import ObjectStorage, StaleObject
from imagestreams.resources.stored import NamespaceGate, admit_identity, fill_system_fields
from imagestreams.store.cache import Entry
from imagestreams.streams.allowed_sources import refused_imports, refused_sources
from imagestreams.streams.apply_import import apply_import, finish_import
from imagestreams.streams.history import spec_tag
from imagestreams.streams.import_news import TagNews, import_news, unlisted
from imagestreams.streams.refused_secrets import note_refused_secrets
from imagestreams.streams.repository_failure import note_repository, note_repository_import
from imagestreams.streams.tag_choice import validate_tag_choice

LOG: Final = logging.getLogger(__name__)

GROUP: Final = "image.openshift.io"
GROUP_VERSION: Final = f"{GROUP}/v1"

_ATTEMPTS: Final = 3
"""How often the images are fetched while others move the same tags."""

_BRINGS_ANY_IMAGE: Final = ("images", "imagestreammapping")
"""Who may create one of these can bring in any image anyway. The second is spelled as the real server asks for it."""

INFO: Final = ResourceInfo(
    group=GROUP,
    version="v1",
    plural="imagestreamimports",
    kind="ImageStreamImport",
    object_type=ImageStreamImport,
    verbs=frozenset({"create"}),
    singular="imagestreamimport",
)


class _Overtaken(Exception):
    """A tag was moved while its image was fetched; `entry` is the stream with which to begin again."""

    def __init__(self, entry: Entry[ImageStream]) -> None:
        super().__init__()
        self.entry = entry


class ImageStreamImports(Resource):
    """Imports into the streams of one server."""

    def __init__(
        self,
        importer: Importer,
        streams: ObjectStorage[ImageStream],
        images: ObjectStorage[Image],
        secrets: ObjectStorage[Secret],
        namespaces: NamespaceGate,
        observer: ImportObserver | None = None,
        authorizer: Authorizer | None = None,
        rules: ImageRules = NO_RULES,
        keychains: Keychains = NO_KEYCHAINS,
    ) -> None:
        self._keychains = keychains
        self._authorizer = authorizer or BuiltinAuthorizer()
        self._rules = rules

        def fill(request: ImageStreamImport) -> None:
            default_image_stream_import(request, rules.import_mode())

        self.info = replace(INFO, defaults=fill)
        self._observer = observer or Nobody()
        self._importer = importer
        self._streams = streams
        self._images = images
        self._secrets = secrets
        self._admit_namespace = namespaces

    async def create(self, context: RequestContext, obj: ImageStreamImport) -> Item:
        admit_identity(context, obj, INFO)
        self._admit_namespace(obj.metadata.namespace)
        uid = obj.metadata.uid
        fill_system_fields(obj, INFO, context.now)
        self._check_uid(obj, uid)
        await self.perform(obj, context.now, dry_run=context.dry_run, user=context.user)
        return Item(obj, encode(obj))

    async def perform(
        self,
        request: ImageStreamImport,
        now: str,
        *,
        dry_run: bool = False,
        strict: bool = False,
        user: User | None = None,
    ) -> Outcome:
        """Do what a request asks for and fill in its status.

        A `metadata.resourceVersion` says that the stream must not have changed since it was read. What changes while
        the images are fetched does no harm as long as the tags are still to come from there; if one of them was moved
        meanwhile, all are looked at again, since an older image must not follow a newer one. A `strict` import
        writes only to the very stream that it has read. A `user` who may not make images may import from allowed
        registries only; without one it is the server itself that imports what a stream has asked for.

        Raises:
            ApiError: 422, the request or the stream is not valid; 404 or 409, the stream is not the one expected.
        """
        default_image_stream_import(request, self._rules.import_mode())
        request.status = ImageStreamImportStatus()
        _validate(request)
        if user is not None:
            await self._admit_sources(request, user)
        namespace, name = request.metadata.namespace, request.metadata.name
        before = self._streams.find(namespace, name)
        self._check_version(request, before)
        keyring = self._keyring(namespace)
        for attempt in range(1, _ATTEMPTS + 1):
            stream = before.value if before is not None else None
            outcome = await self._importer.run(request, stream, keyring, self._known, now)
            request.status = outcome.status
            if not request.spec.import_:
                break
            await self._store_images(request, now, dry_run)
            try:
                written = await self._write_stream(request, outcome, now, before, dry_run=dry_run, strict=strict)
            except _Overtaken as overtaken:
                if attempt == _ATTEMPTS:
                    raise _changed(request, overtaken.entry) from overtaken
                before = overtaken.entry
                continue
            request.status.import_ = msgspec.structs.replace(written.value, kind="", api_version="")
            if not dry_run:
                self._tell(written.value, import_news(request, stream, written.value), now)
            break
        return outcome

    async def note_repository(self, stream: ImageStream, failure: Status | None, now: str) -> ImageStream | None:
        """Let it be known that the tags of a stream's repository can't be listed, or that they can again.

        Returns the stream as it is then, `None` when it is gone or has another repository.
        """
        if failure is not None:
            self._tell(stream, [unlisted(stream.spec.docker_image_repository, failure)], now)
        while True:
            entry = self._streams.find(stream.metadata.namespace, stream.metadata.name)
            if entry is None or entry.value.metadata.uid != stream.metadata.uid:
                return None
            if entry.value.spec.docker_image_repository != stream.spec.docker_image_repository:
                return None
            changed = copy(entry.value)
            if not note_repository(changed, failure, now):
                return entry.value
            try:
                return (await self._streams.replace(entry, changed)).value
            except StaleObject:
                continue

    def _tell(self, stream: ImageStream, news: Sequence[TagNews], now: str) -> None:
        try:
            self._observer.imported(stream, news, now)
        except Exception:
            # What was imported stays imported, whoever can't bear to hear it.
            LOG.exception("the import of %s/%s could not be told of", stream.metadata.namespace, stream.metadata.name)

    async def repository_tags(self, namespace: str, repository: str, *, insecure: bool) -> list[str]:
        """Return the tags of a repository, listed with the logins of a namespace.

        Raises:
            ImportFailed: they could not be listed.
            InvalidReference: there can be no such repository.
        """
        return await self._importer.tags(parse(repository), self._keyring(namespace), insecure=insecure)

    async def _admit_sources(self, request: ImageStreamImport, user: User) -> None:
        errors = refused_imports(request, self._rules.allowed())
        if not errors:
            return
        for resource in _BRINGS_ANY_IMAGE:
            if await self._authorizer.allows(Attributes(user, "create", group=GROUP, resource=resource)):
                return
        raise invalid(GROUP, INFO.kind, request.metadata.name, errors)

    def _keyring(self, namespace: str) -> Keyring:
        return Keyring.from_secrets(login_secrets(self._secrets, namespace), self._keychains.lender(namespace))

    def _known(self, name: str) -> Image | None:
        entry = self._images.find("", name)
        return entry.value if entry is not None else None

    def _check_uid(self, request: ImageStreamImport, uid: str) -> None:
        """Check that the stream is the very one that the client means, if it names one."""
        name = request.metadata.name
        entry = self._streams.find(request.metadata.namespace, name) if uid else None
        if uid and entry is None:
            raise self._streams.missing(name)
        if entry is not None and entry.value.metadata.uid != uid:
            raise not_found(GROUP, "imagestream", name)

    def _check_version(self, request: ImageStreamImport, entry: Entry[ImageStream] | None) -> None:
        wanted, name = request.metadata.resource_version, request.metadata.name
        if wanted and entry is None:
            raise self._streams.missing(name)
        if wanted and entry is not None and entry.value.metadata.resource_version != wanted:
            raise _changed(request, entry)

    async def _write_stream(
        self,
        request: ImageStreamImport,
        outcome: Outcome,
        now: str,
        before: Entry[ImageStream] | None,
        *,
        dry_run: bool,
        strict: bool,
    ) -> Entry[ImageStream]:
        """Apply the outcomes to the stream as it is now, which others may have written meanwhile."""
        namespace, name = request.metadata.namespace, request.metadata.name
        while True:
            entry = self._streams.find(namespace, name)
            if entry is None and before is not None:
                raise self._streams.missing(name)
            if entry is not None and before is not None and entry.revision != before.revision:
                same = entry.value.metadata.uid == before.value.metadata.uid
                versioned = bool(request.metadata.resource_version)
                if versioned and (strict or not same or not _same_sources(before.value, entry.value, request)):
                    raise _changed(request, entry)
            changed = entry is not None and (before is None or entry.revision != before.revision)
            if entry is not None and changed and _is_overtaken(before, entry.value, request):
                raise _Overtaken(entry)
            stream = copy(entry.value) if entry is not None else _new_stream(namespace, name, now)
            apply_import(stream, request, request.status, now)
            note_repository_import(stream, request, now)
            note_refused_secrets(stream, entry.value if entry is not None else None, outcome.refused, now)
            if not finish_import(stream, entry.value if entry is not None else None, now) and entry is not None:
                return entry
            old = entry.value if entry is not None else None
            if errors := validate_image_stream(stream) + refused_sources(stream, old, self._rules.allowed()):
                raise invalid(GROUP, "ImageStream", name, errors)
            if dry_run:
                return self._streams.preview(stream, entry.revision if entry is not None else 0)
            try:
                return await (self._streams.create(stream) if entry is None else self._streams.replace(entry, stream))
            except StaleObject:
                continue
            except ApiError as error:
                if error.status.reason != "AlreadyExists":
                    raise

    async def _store_images(self, request: ImageStreamImport, now: str, dry_run: bool) -> None:
        """Store what a tag will point to, and show it as it is stored."""
        outcomes = _to_be_stored(request)
        found: dict[str, Image] = {}
        for outcome in outcomes:
            for image in (outcome.image, *(outcome.manifests or [])):
                if image is not None:
                    found.setdefault(image.metadata.name, image)
        metadata = dict(
            zip(found, await asyncio.gather(*(self._store(one, now, dry_run) for one in found.values())), strict=True)
        )
        for outcome in outcomes:
            if outcome.image is not None:
                outcome.image = _with_metadata(outcome.image, metadata)
            if outcome.manifests:
                outcome.manifests = [_with_metadata(one, metadata) for one in outcome.manifests]

    async def _store(self, image: Image, now: str, dry_run: bool) -> ObjectMeta:
        """Store an image unless it is there, and return its metadata."""
        name = image.metadata.name
        entry = self._images.find("", name)
        if entry is not None:
            return entry.value.metadata
        metadata = msgspec.structs.replace(image.metadata, uid=str(uuid.uuid4()), creation_timestamp=now)
        if dry_run:
            return metadata
        value = msgspec.structs.replace(image, kind="Image", api_version=GROUP_VERSION, metadata=metadata)
        try:
            return (await self._images.create(value)).value.metadata
        except ApiError as error:
            entry = self._images.find("", name)
            if error.status.reason != "AlreadyExists" or entry is None:
                raise
            return entry.value.metadata


def _validate(request: ImageStreamImport) -> None:
    if errors := [*validate_image_stream_import(request), *validate_tag_choice(request.metadata.annotations)]:
        raise invalid(GROUP, INFO.kind, request.metadata.name, errors)


def _new_stream(namespace: str, name: str, now: str) -> ImageStream:
    metadata = ObjectMeta(name=name, namespace=namespace, uid=str(uuid.uuid4()), creation_timestamp=now)
    return ImageStream(kind="ImageStream", api_version=GROUP_VERSION, metadata=metadata)


def _changed(request: ImageStreamImport, entry: Entry[ImageStream]) -> ApiError:
    wanted, found = request.metadata.resource_version, entry.value.metadata.resource_version
    detail = f'the image stream was updated from "{wanted}" to "{found}"'
    return conflict(GROUP, "imagestream", request.metadata.name, detail)


def _same_sources(before: ImageStream, after: ImageStream, request: ImageStreamImport) -> bool:
    """Return whether the tags that are imported still come from where they came before."""
    for wanted in request.spec.images or []:
        if wanted.to is not None:
            old, new = spec_tag(before, wanted.to.name), spec_tag(after, wanted.to.name)
            if (old.from_ if old is not None else None) != (new.from_ if new is not None else None):
                return False
    return True


def _is_overtaken(before: Entry[ImageStream] | None, after: ImageStream, request: ImageStreamImport) -> bool:
    """Return whether a tag moved meanwhile to another image than was fetched for it: what is newer can't be known."""
    was, now = _newest(before.value if before is not None else None), _newest(after)
    fetched: list[tuple[str, ImageImportStatus]] = []
    if request.status.repository is not None:
        fetched += [(one.tag, one) for one in request.status.repository.images or []]
    wanted = zip(request.spec.images or [], request.status.images or [], strict=True)
    fetched += [(image.to.name, one) for image, one in wanted if image.to is not None]
    return any(
        now.get(tag) != was.get(tag) and (one.image is None or now.get(tag) != one.image.metadata.name)
        for tag, one in fetched
    )


def _newest(stream: ImageStream | None) -> dict[str, str]:
    histories = (stream.status.tags or []) if stream is not None else []
    return {history.tag: history.items[0].image for history in histories if history.items}


def _to_be_stored(request: ImageStreamImport) -> list[ImageImportStatus]:
    """Return the outcomes that a tag will point to."""
    status = request.status
    outcomes = list(status.repository.images or []) if status.repository is not None else []
    wanted = zip(request.spec.images or [], status.images or [], strict=True)
    return outcomes + [outcome for image, outcome in wanted if image.to is not None]


def _with_metadata(image: Image, metadata: dict[str, ObjectMeta]) -> Image:
    return msgspec.structs.replace(image, metadata=metadata[image.metadata.name])
