"""The verbs of a resource whose objects are stored as they are.

What all such resources share stands here: system fields, names, conditions of writes, finalizers, pages, and how a
list and a watch begin. What one of them means by its fields is its `Strategy`.
"""

import secrets
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from typing import Final, Generic, TypeVar

from imagestreams.api.codec import copy, encode
from imagestreams.api.core import Stored
from imagestreams.api.errors import ApiError, FieldError, bad_request, conflict, forbidden, invalid, reasonless
from imagestreams.api.meta import Status, StatusCause, StatusDetails
from imagestreams.api.metadata.managed_times import keep_times
from imagestreams.api.metadata.object_meta_validation import (
    validate_finalizer_names,
    validate_object_meta,
    validate_object_meta_update,
)
from imagestreams.resources.listing import list_storage
from imagestreams.resources.resource import (
    DeleteOptions,
    Item,
    ItemList,
    ListOptions,
    RequestContext,
    Resource,
    ResourceInfo,
    Transform,
    Updated,
    WatchEvent,
)
from imagestreams.resources.storage import ObjectStorage, StaleObject
from imagestreams.resources.watching import watch_storage
from imagestreams.store.cache import Entry

T = TypeVar("T", bound=Stored)
U = TypeVar("U", bound=Stored)

NamespaceGate = Callable[[str], None]
"""Raises the `ApiError` that a creation in a namespace meets when it is missing or being deleted."""


class NamespaceTerminating(ApiError):
    """403: nothing new may come into a namespace that is going away."""

    def __init__(self, namespace: str, info: ResourceInfo | None = None, name: str = "") -> None:
        detail = f"unable to create new content in namespace {namespace} because it is being terminated"
        group, plural = (info.group, info.plural) if info is not None else ("", "namespaces")
        error = forbidden(group, plural, name if info is not None else namespace, detail)
        cause = StatusCause(
            reason="NamespaceTerminating",
            message=f"namespace {namespace} is being terminated",
            field="metadata.namespace",
        )
        if error.status.details is not None:
            error.status.details.causes = [cause]
        super().__init__(error.status)


_SUFFIX_LETTERS: Final = "bcdfghjklmnpqrstvwxz2456789"
_SUFFIX_LENGTH: Final = 5
_GENERATED_NAME_MAX: Final = 63
_GENERATED_TRIES: Final = 8


class Strategy(Generic[T]):
    """What one resource adds to the common rules; every hook may change the object that it is given."""

    may_update_without_version = False
    """Whether a PUT without a resource version replaces whatever is there."""
    creates_on_update = False
    """Whether a PUT of a missing object creates it."""

    async def prepare_create(self, context: RequestContext, value: T) -> None:
        """Fill in defaults and drop what a client may not set."""

    async def prepare_update(self, context: RequestContext, value: T, old: T) -> None:
        """Fill in defaults, keep what a client may not change, raise the generation where the wish changed."""

    async def admit(self, context: RequestContext, value: T, old: T | None) -> list[FieldError]:
        """Settle what depends on other objects and on the user; return what stands against it.

        Called after the object is prepared and before it is validated; `old` is `None` at creation.
        """
        return []

    def validate(self, value: T) -> list[FieldError]:
        """Return what is wrong with a new object, apart from the rules of all metadata."""
        return []

    def validate_update(self, value: T, old: T) -> list[FieldError]:
        """Return what is wrong with a new state, apart from the rules of all metadata."""
        return self.validate(value)

    def validate_name(self, name: str) -> list[str]:
        """Return what is wrong with a name; resources with rules of their own check it in `validate`."""
        return []

    def field_values(self, value: T) -> Mapping[str, str]:
        """Return the values that field selectors can ask for."""
        return {"metadata.name": value.metadata.name, "metadata.namespace": value.metadata.namespace}

    def admit_deletion(self, value: T) -> None:
        """Raise what forbids the deletion of an object."""

    def may_go(self, value: T) -> bool:
        """Return whether nothing holds back an object that is being deleted."""
        return not value.metadata.finalizers

    def mark_deleted(self, value: T) -> None:
        """Show in an object that it is being deleted; its deletion timestamp is set."""

    async def delete(self, context: RequestContext, value: T) -> None:
        """Do what has to be done before an object is removed, or raise what forbids it."""


class StoredResource(Resource, Generic[T]):
    """A resource over an `ObjectStorage`."""

    def __init__(self, storage: ObjectStorage[T], strategy: Strategy[T], namespaces: NamespaceGate) -> None:
        self.info: ResourceInfo = storage.info
        self.storage = storage
        self.strategy = strategy
        self._admit_namespace = namespaces

    async def get(self, context: RequestContext, options: Mapping[str, str]) -> Item:
        entry = self.storage.get(context.namespace, context.name)
        return Item(entry.value, entry.encoded)

    async def list(self, context: RequestContext, options: ListOptions) -> ItemList:
        return await list_storage(self.storage, context.namespace, options, self.selects)

    def watch(self, context: RequestContext, options: ListOptions) -> AsyncIterator[WatchEvent]:
        return watch_storage(self.storage, context.namespace, options, self.selects)

    def selects(self, options: ListOptions, value: T) -> bool:
        """Return whether an object is one of those that a list or watch is about."""
        if options.labels is None and not options.fields:
            return True
        return options.selects(value.metadata.labels, self.strategy.field_values(value) if options.fields else {})

    async def create(self, context: RequestContext, obj: T) -> Item:
        if obj.metadata.resource_version:
            raise reasonless(500, "resourceVersion should not be set on objects to be created")
        entry = await self._create(context, obj)
        return Item(entry.value, entry.encoded)

    async def prepare_new(self, context: RequestContext, value: T) -> None:
        """Make a value what a creation would store; it has to be stored at once, with no waiting in between.

        Raises:
            ApiError: it can't be created.
        """
        metadata = value.metadata
        admit_identity(context, value, self.info)
        if self.info.namespaced:
            self._admit(metadata.namespace, metadata.name)
        fill_system_fields(value, self.info, context.now)
        if metadata.generate_name and not metadata.name:
            metadata.name = generated_name(metadata.generate_name)
        await self.strategy.prepare_create(context, value)
        errors = await self.strategy.admit(context, value, None)
        errors += self._meta_errors(value)
        errors += self.strategy.validate(value)
        if errors:
            raise invalid(self.info.group, self.info.kind, metadata.name, _each_once(errors))
        if self.info.namespaced:
            # Again, with no waiting before the write: what is written now is seen by who empties the namespace.
            self._admit(metadata.namespace, metadata.name)

    async def _create(self, context: RequestContext, value: T) -> Entry[T]:
        metadata = value.metadata
        generated = bool(metadata.generate_name and not metadata.name)
        await self.prepare_new(context, value)
        if context.dry_run:
            if self.storage.find(metadata.namespace, metadata.name) is not None:
                raise self.storage.exists(metadata.name)
            return self.storage.preview(value)
        for _ in range(_GENERATED_TRIES if generated else 0):
            if self.storage.find(metadata.namespace, metadata.name) is None:
                break
            metadata.name = generated_name(metadata.generate_name)
        return await self.storage.create(value)

    def _admit(self, namespace: str, name: str) -> None:
        try:
            self._admit_namespace(namespace)
        except NamespaceTerminating:
            raise NamespaceTerminating(namespace, self.info, name) from None

    def _meta_errors(self, value: T) -> Sequence[FieldError]:
        return validate_object_meta(
            value.metadata, namespaced=self.info.namespaced, name_problems=self.strategy.validate_name
        )

    async def update(self, context: RequestContext, transform: Transform) -> Updated:
        while True:
            entry = self.storage.find(context.namespace, context.name)
            try:
                if entry is None:
                    if not (self.strategy.creates_on_update or context.creates_missing):
                        raise self.storage.missing(context.name)
                    wanted: T = transform(None)
                    wanted.metadata.resource_version = ""
                    created = await self._create(context, wanted)
                    return Updated(Item(created.value, created.encoded), created=True)
                written = await self._replace(context, entry, transform)
            except StaleObject:
                continue
            return Updated(Item(written.value, written.encoded))

    async def update_and_create(
        self, context: RequestContext, transform: Transform, others: "StoredResource[U]", new: Callable[[], U]
    ) -> Entry[U]:
        """Update an object and create one of another resource, both or neither; return the new one.

        `new` gives what `transform`, called last, wants to have created. Not for dry runs.

        Raises:
            ApiError: one of them is refused.
        """
        made: list[Entry[U]] = []

        async def store(entry: Entry[T], value: T) -> Entry[T]:
            wanted = new()
            await others.prepare_new(replace(context, name=""), wanted)
            written, created = await self.storage.replace_and_create(entry, value, others.storage, wanted)
            made[:] = [created]
            return written

        while True:
            try:
                await self._replace(context, self.storage.get(context.namespace, context.name), transform, store)
            except StaleObject:
                continue
            if not made:
                # It was only kept until its last finalizer went.
                raise self.storage.missing(context.name)
            return made[0]

    async def _replace(
        self,
        context: RequestContext,
        entry: Entry[T],
        transform: Transform,
        store: Callable[[Entry[T], T], Awaitable[Entry[T]]] | None = None,
    ) -> Entry[T]:
        old = entry.value
        value: T = transform(old)
        self._admit_write(context, value, entry)
        metadata = value.metadata
        metadata.generation = old.metadata.generation
        metadata.resource_version = metadata.resource_version or old.metadata.resource_version
        await self.strategy.prepare_update(context, value, old)
        keep_system_fields(value, old)
        # The real server checks the common rules twice, and so tells what breaks them twice.
        changed = validate_object_meta_update(metadata, old.metadata)
        own = _each_once([*self._meta_errors(value), *self.strategy.validate_update(value, old)])
        changed_again = [*changed, *validate_finalizer_names(metadata)]
        errors = [*changed, *await self.strategy.admit(context, value, old), *changed_again, *own]
        if errors:
            raise invalid(self.info.group, self.info.kind, metadata.name, errors)
        if old.metadata.deletion_timestamp and self.strategy.may_go(value):
            await self.strategy.delete(context, value)
            if not context.dry_run:
                await self.storage.remove(entry)
            return self.storage.preview(value, entry.revision)
        keep_times(value, old)
        if context.dry_run:
            return self.storage.preview(value, entry.revision)
        return await (store or self.storage.replace)(entry, value)

    def _admit_write(self, context: RequestContext, value: T, entry: Entry[T]) -> None:
        metadata, old = value.metadata, entry.value.metadata
        if metadata.uid and metadata.uid != old.uid and not context.patches:
            raise self.storage.modified(context.name, self._wrong_uid(entry.value, metadata.uid))
        admit_identity(context, value, self.info)
        version = metadata.resource_version
        if not version:
            if not self.strategy.may_update_without_version:
                error = FieldError.invalid("metadata.resourceVersion", 0, "must be specified for an update")
                raise invalid(self.info.group, self.info.plural, context.name, [error])
        elif version != old.resource_version:
            if not version.isdigit():
                raise reasonless(500, f'strconv.ParseUint: parsing "{version}": invalid syntax')
            raise self.storage.modified(context.name)

    def _wrong_uid(self, value: T, wanted: str) -> str:
        key = self.storage.shown_key(value)
        failed = f"Precondition failed: UID in precondition: {wanted}, UID in object meta: {value.metadata.uid}"
        return f"StorageError: invalid object, Code: 4, Key: {key}, ResourceVersion: 0, AdditionalErrorMsg: {failed}"

    async def delete(self, context: RequestContext, options: DeleteOptions) -> Item:
        while True:
            entry = self.storage.get(context.namespace, context.name)
            try:
                return await self._delete(context, entry, options)
            except StaleObject:
                continue

    async def _delete(self, context: RequestContext, entry: Entry[T], options: DeleteOptions) -> Item:
        self._refuse(entry, options)
        self.strategy.admit_deletion(entry.value)
        if not self.strategy.may_go(entry.value):
            waiting = await self._mark_deleted(context, entry)
            return Item(waiting.value, waiting.encoded)
        await self.strategy.delete(context, entry.value)
        if not context.dry_run:
            await self.storage.remove(entry)
        return deleted(self.info, entry.value)

    def _refuse(self, entry: Entry[T], options: DeleteOptions) -> None:
        """Raise what a deletion meets whose conditions do not hold."""
        metadata = entry.value.metadata
        for what, wanted, found in (
            ("UID", options.uid, metadata.uid),
            ("ResourceVersion", options.resource_version, metadata.resource_version),
        ):
            if wanted and wanted != found:
                raise _deletion_refused(self.info, metadata.name, what, wanted, found)

    async def _mark_deleted(self, context: RequestContext, entry: Entry[T]) -> Entry[T]:
        if entry.value.metadata.deletion_timestamp:
            return entry
        value = copy(entry.value)
        value.metadata.deletion_timestamp = context.now
        value.metadata.deletion_grace_period_seconds = 0
        if value.metadata.generation:
            value.metadata.generation += 1
        self.strategy.mark_deleted(value)
        if context.dry_run:
            return self.storage.preview(value, entry.revision)
        return await self.storage.replace(entry, value)

    async def delete_collection(
        self, context: RequestContext, selection: ListOptions, options: DeleteOptions
    ) -> ItemList:
        page = await self.list(context, selection)
        for item in page.items:
            metadata = item.value.metadata
            each = replace(context, namespace=metadata.namespace, name=metadata.name)
            try:
                await self.delete(each, options)
            except ApiError as error:
                if error.status.code != 404:
                    raise
        return page


def admit_identity(context: RequestContext, value: Stored, info: ResourceInfo) -> None:
    """Make an object's namespace that of the request.

    Raises:
        ApiError: 400, it names another one.
    """
    expected = context.namespace if info.namespaced else ""
    if value.metadata.namespace and info.namespaced and value.metadata.namespace != expected:
        raise bad_request("the namespace of the provided object does not match the namespace sent on the request")
    value.metadata.namespace = expected


def fill_system_fields(value: Stored, info: ResourceInfo, now: str) -> None:
    """Give a new object what only the server decides."""
    value.kind, value.api_version = info.object_type.__name__, info.group_version
    metadata = value.metadata
    metadata.uid = str(uuid.uuid4())
    metadata.creation_timestamp = now
    metadata.deletion_timestamp = None
    metadata.deletion_grace_period_seconds = None
    metadata.self_link = ""


def keep_system_fields(value: Stored, old: Stored) -> None:
    """Put back what only the server decides; a deletion that a client invents is left for the validation to find."""
    value.kind, value.api_version = old.kind, old.api_version
    metadata, before = value.metadata, old.metadata
    metadata.uid = metadata.uid or before.uid
    metadata.creation_timestamp = before.creation_timestamp
    metadata.self_link = ""
    metadata.deletion_timestamp = before.deletion_timestamp or metadata.deletion_timestamp
    if metadata.deletion_grace_period_seconds is None:
        metadata.deletion_grace_period_seconds = before.deletion_grace_period_seconds


def _each_once(errors: list[FieldError]) -> list[FieldError]:
    return list(dict.fromkeys(errors))


def generated_name(prefix: str) -> str:
    """Return a new name that begins with a prefix, in the manner of Kubernetes' names."""
    suffix = "".join(secrets.choice(_SUFFIX_LETTERS) for _ in range(_SUFFIX_LENGTH))
    return prefix[: _GENERATED_NAME_MAX - _SUFFIX_LENGTH] + suffix


def deleted(info: ResourceInfo, value: Stored) -> Item:
    """Return the `Status` that a finished deletion is answered with."""
    metadata = value.metadata
    details = StatusDetails(name=metadata.name, group=info.group, kind=info.plural, uid=metadata.uid)
    status = Status(kind="Status", api_version="v1", status="Success", details=details)
    return Item(status, encode(status))


def _deletion_refused(info: ResourceInfo, name: str, what: str, wanted: str, found: str) -> ApiError:
    then = "deleted and then recreated" if what == "UID" else "modified"
    detail = f"the {what} in the precondition ({wanted}) does not match the {what} in record ({found}). "
    return conflict(info.group, info.kind, name, f"{detail}The object might have been {then}")
