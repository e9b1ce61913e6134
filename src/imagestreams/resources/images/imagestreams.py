"""Image streams: what may be written to them by whom, and what a write sets in motion.

Three ways lead to a stream. Users write its spec, and what the spec asks for without an import is settled in the same
write. The `status` subresource writes the status alone. The server's own operations (imports, single tags) write both
at once: `internal`, with the same rules for generations and tags that follow.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Final

from msgspec.structs import replace as with_fields

from imagestreams.access.authorization import Attributes, Authorizer
from imagestreams.access.identity import User
from imagestreams.api.codec import copy
from imagestreams.api.defaulting import default_image_stream
from imagestreams.api.errors import FieldError
from imagestreams.api.image import ImageStream, ImageStreamStatus, NamedTagEventList
from imagestreams.api.validation import stream_name_problems, validate_image_stream, validate_image_stream_status
from imagestreams.reference import ImageReference
from imagestreams.resources.images.image_rules import NO_RULES, ImageRules
from imagestreams.resources.resource import RequestContext, ResourceInfo, TableView
from imagestreams.resources.storage import ObjectStorage
from imagestreams.resources.stored import NamespaceGate, StoredResource, Strategy
from imagestreams.store.cache import ObservableStore
from imagestreams.streams.allowed_sources import refused_history, refused_sources
from imagestreams.streams.annotation_rules import validate_annotations
from imagestreams.streams.history import history_of, spec_tag
from imagestreams.streams.repository_failure import note_repository
from imagestreams.streams.resolve_tags import (
    SOURCE_SHAPE,
    StreamKey,
    changed_tags,
    resolve_tags,
    source_of,
    streams_needed,
)
from imagestreams.streams.spec_generation import keep_generations, same_spec, stamp_generations

GROUP: Final = "image.openshift.io"
DEFAULT_NAMESPACE: Final = "default"
_NOWHERE: Final = "[]"
"""The field of an error that is about no field, as the real server prints it."""


@dataclass(frozen=True, slots=True)
class RegistryHosts:
    """Where our own registry is reached: from within, and by others what `external` gives; empty when it is not."""

    internal: str = ""
    external: Callable[[], str] = str

    def repository(self, stream: ImageStream) -> str:
        """Return where a stream's images are pulled from within."""
        if not self.internal:
            return stream.spec.docker_image_repository
        return _repository(self.internal, stream)

    def public_repository(self, stream: ImageStream) -> str:
        """Return where others pull a stream's images from, empty when nowhere."""
        external = self.external()
        return _repository(external, stream) if external else ""


def _repository(host: str, stream: ImageStream) -> str:
    metadata = stream.metadata
    return str(ImageReference(host, metadata.namespace, metadata.name)) if metadata.name else ""


def stream_info(table: TableView | None, rules: ImageRules) -> ResourceInfo:
    """Describe the resource."""

    def fill(stream: ImageStream) -> None:
        default_image_stream(stream, rules.import_mode())

    return ResourceInfo(
        group=GROUP,
        version="v1",
        plural="imagestreams",
        singular="imagestream",
        kind="ImageStream",
        object_type=ImageStream,
        verbs=frozenset({"create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"}),
        short_names=("is",),
        categories=("all",),
        storage_version_hash="mwmf9lCqOiA=",
        table=table,
        field_labels=frozenset(
            {"metadata.name", "metadata.namespace", "spec.dockerImageRepository", "status.dockerImageRepository"}
        ),
        defaults=fill,
    )


def stream_storage(
    store: ObservableStore, hosts: RegistryHosts, table: TableView | None = None, rules: ImageRules = NO_RULES
) -> ObjectStorage[ImageStream]:
    """Return the storage of streams, which shows where their images are pulled from and does not store it."""

    def served(stream: ImageStream) -> ImageStream:
        if not stream.metadata.namespace:
            stream = with_fields(stream, metadata=with_fields(stream.metadata, namespace=DEFAULT_NAMESPACE))
        status = with_fields(
            stream.status,
            docker_image_repository=hosts.repository(stream),
            public_docker_image_repository=hosts.public_repository(stream),
        )
        return with_fields(stream, status=status)

    def stored(stream: ImageStream) -> ImageStream:
        status = with_fields(stream.status, docker_image_repository="", public_docker_image_repository="")
        return with_fields(stream, status=status)

    return ObjectStorage(store, stream_info(table, rules), ImageStream, served=served, stored=stored)


class StreamStrategy(Strategy[ImageStream]):
    """How users write streams: the status is the server's."""

    keeps_status = False

    def __init__(
        self, storage: ObjectStorage[ImageStream], authorizer: Authorizer, hosts: RegistryHosts, rules: ImageRules
    ) -> None:
        self._storage = storage
        self._authorizer = authorizer
        self._hosts = hosts
        self._rules = rules

    async def prepare_create(self, context: RequestContext, value: ImageStream) -> None:
        if not self.keeps_status:
            value.status = ImageStreamStatus()
        default_image_stream(value, self._rules.import_mode())
        value.metadata.generation = 1
        for wish in value.spec.tags or []:
            wish.generation = 1

    async def prepare_update(self, context: RequestContext, value: ImageStream, old: ImageStream) -> None:
        default_image_stream(value, self._rules.import_mode())
        if self.keeps_status:
            _drop_empty_histories(value)
        else:
            value.status = copy(old.status)
        if value.spec.docker_image_repository != old.spec.docker_image_repository:
            note_repository(value, None, context.now)
        keep_generations(value, old)
        if not same_spec(value.spec, old.spec) or not value.metadata.generation:
            value.metadata.generation = old.metadata.generation + 1
        stamp_generations(value, old)

    async def admit(self, context: RequestContext, value: ImageStream, old: ImageStream | None) -> list[FieldError]:
        errors, refused = await self._check_sources(context.user, value, old)
        found = {key: self._storage.find(*key) for key in streams_needed(value, old) - refused}
        others = {key: entry.value for key, entry in found.items() if entry is not None}
        errors += resolve_tags(value, old, others, self._hosts.internal, context.now, refused)
        return _as_one(value.metadata.name, errors)

    async def _check_sources(
        self, user: User, stream: ImageStream, old: ImageStream | None
    ) -> tuple[list[FieldError], set[StreamKey]]:
        """Check that the user may pull from the streams of other namespaces; return those that are refused."""
        errors: list[FieldError] = []
        wanted: dict[StreamKey, list[str]] = {}
        for wish in changed_tags(stream, old):
            if wish.from_ is None or wish.from_.namespace in {"", stream.metadata.namespace}:
                continue
            source = source_of(stream, wish.from_)
            if source is None:
                errors.append(FieldError.invalid(f"spec.tags[{wish.name}].from.name", wish.from_.name, SOURCE_SHAPE))
            else:
                wanted.setdefault(source.key, []).append(wish.name)
        refused = set()
        for (namespace, name), tags in wanted.items():
            if await self._authorizer.allows(_pull(user, namespace, name)):
                continue
            refused.add((namespace, name))
            # The empty texts are the reason and the evaluation error that the real server prints here.
            detail = f'{namespace}/{name}: "" ""'
            errors += [FieldError.forbidden(f"spec.tags[{tag}].from", detail) for tag in tags]
        return errors, refused

    def validate(self, value: ImageStream) -> list[FieldError]:
        refused = refused_sources(value, None, self._rules.allowed())
        return validate_image_stream(value) + refused + validate_annotations(value)

    def validate_update(self, value: ImageStream, old: ImageStream) -> list[FieldError]:
        refused = refused_sources(value, old, self._rules.allowed())
        return validate_image_stream(value) + refused + validate_annotations(value, old)

    def validate_name(self, name: str) -> list[str]:
        return stream_name_problems(name)

    def field_values(self, value: ImageStream) -> Mapping[str, str]:
        return {
            "metadata.name": value.metadata.name,
            "metadata.namespace": value.metadata.namespace,
            "spec.dockerImageRepository": value.spec.docker_image_repository,
            "status.dockerImageRepository": value.status.docker_image_repository,
        }


def _pull(user: User, namespace: str, name: str) -> Attributes:
    return Attributes(
        user, "get", group=GROUP, resource="imagestreams", subresource="layers", namespace=namespace, name=name
    )


def _as_one(name: str, errors: list[FieldError]) -> list[FieldError]:
    """Wrap errors about sources as the real server does: as one that says they could not be checked."""
    if not errors:
        return []
    texts = [str(error) for error in errors]
    joined = texts[0] if len(texts) == 1 else f"[{', '.join(texts)}]"
    return [FieldError.internal(_NOWHERE, f'imagestreams "{name}" is invalid: {joined}')]


def _drop_empty_histories(stream: ImageStream) -> None:
    stream.status.tags = [one for one in stream.status.tags or [] if one.items or one.conditions] or None


class InternalStreamStrategy(StreamStrategy):
    """How the server itself writes streams: spec and status together."""

    keeps_status = True


class StreamStatusStrategy(Strategy[ImageStream]):
    """How the `status` subresource is written: the spec stays as it is."""

    def __init__(self, rules: ImageRules) -> None:
        self._rules = rules

    async def prepare_update(self, context: RequestContext, value: ImageStream, old: ImageStream) -> None:
        value.spec = copy(old.spec)
        default_image_stream(value)
        for history in value.status.tags or []:
            _answer_generation(value, old, history)

    def validate_update(self, value: ImageStream, old: ImageStream) -> list[FieldError]:
        return validate_image_stream_status(value, old) + refused_history(value, old, self._rules.allowed())


def _answer_generation(stream: ImageStream, old: ImageStream, history: NamedTagEventList) -> None:
    """Give the newest event of a tag the generation that it answers, where the writer left it out."""
    if not history.items or history.items[0].generation:
        return
    newest = history.items[0]
    before, wish = history_of(old, history.tag), spec_tag(stream, history.tag)
    newest.generation = stream.metadata.generation
    if before is not None and before.items and wish is not None and wish.generation is not None:
        last = before.items[0]
        same = (last.image, last.docker_image_reference) == (newest.image, newest.docker_image_reference)
        if not same or last.generation > 0:
            newest.generation = wish.generation


class StreamStatusResource(StoredResource[ImageStream]):
    """`imagestreams/status`."""

    def __init__(self, storage: ObjectStorage[ImageStream], namespaces: NamespaceGate, rules: ImageRules) -> None:
        super().__init__(storage, StreamStatusStrategy(rules), namespaces)
        self.info = replace(
            storage.info,
            subresource="status",
            singular="",
            verbs=frozenset({"get", "patch", "update"}),
            short_names=(),
            categories=(),
            storage_version_hash="",
        )
