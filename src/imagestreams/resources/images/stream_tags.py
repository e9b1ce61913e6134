"""What `imagestreamtags` and `imagetags` have in common: each object is a view of one tag of a stream.

Reading makes the view, writing changes the stream behind it. Whoever may read a tag may see its image; permission on
`images` is not asked.
"""

import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, Generic, TypeVar

from imagestreams.access.authorization import Attributes, Authorizer, denial
from imagestreams.api.codec import copy, encode
from imagestreams.api.core import Stored
from imagestreams.api.errors import (
    ApiError,
    FieldError,
    already_exists,
    bad_request,
    conflict,
    invalid,
    not_found,
    reasonless,
)
from imagestreams.api.image import Image, ImageStream, TagReference
from imagestreams.api.meta import ObjectMeta, Status
from imagestreams.resources.images.image_rules import NO_RULES, ImageRules
from imagestreams.resources.images.view_memo import VIEW_BYTES, ListedItem, ViewMemo
from imagestreams.resources.listing import list_storage
from imagestreams.resources.resource import (
    DeleteOptions,
    Item,
    ItemList,
    ListOptions,
    RequestContext,
    Resource,
    ResourceInfo,
    TableView,
    Transform,
    Updated,
)
from imagestreams.resources.storage import ObjectStorage, unnameable
from imagestreams.resources.stored import NamespaceGate, StoredResource, admit_identity, fill_system_fields
from imagestreams.store.cache import Entry
from imagestreams.streams.history import spec_tag
from imagestreams.streams.tag_views import DEFAULT_TAG, current_image

T = TypeVar("T", bound=Stored)

GROUP: Final = "image.openshift.io"
_LISTS_MAX_BYTES: Final = 16 * 1024 * 1024
_MEMBER_BYTES: Final = 128
"""About what a member of a list costs beside its JSON."""


@dataclass(frozen=True, slots=True)
class ImageStorages:
    """Where streams and images are kept, how the server itself writes a stream, and what the settings ask of it."""

    streams: ObjectStorage[ImageStream]
    images: ObjectStorage[Image]
    writer: StoredResource[ImageStream]
    rules: ImageRules = NO_RULES

    def image(self, name: str | None) -> Entry[Image] | None:
        """Return an image, `None` when it is not there or no name is given."""
        return self.images.find("", name) if name else None


def tag_info(kind: type[T], short_name: str, table: TableView, defaults: Callable[[T], None]) -> ResourceInfo:
    """Return what is known of a kind of tags before any is there."""
    name = kind.__name__
    return ResourceInfo(
        group=GROUP,
        version="v1",
        plural=f"{name.lower()}s",
        singular=name.lower(),
        kind=name,
        object_type=kind,
        verbs=frozenset({"create", "delete", "get", "list", "patch", "update"}),
        short_names=(short_name,),
        table=table,
        defaults=defaults,
    )


class TagResource(Resource, Generic[T]):
    """Views of tags; a class for each kind says what the view is made of and which changes of it are sound."""

    info: ResourceInfo
    kind_in_conflicts: str
    """The resource as it is called when a new object's name is taken."""
    kind_in_names: str
    """What the message about a name without a tag calls the objects."""

    def __init__(self, storages: ImageStorages, namespaces: NamespaceGate, authorizer: Authorizer) -> None:
        self._authorizer = authorizer
        self._streams = storages.streams
        self._storages = storages
        self._writer = storages.writer
        self._rules = storages.rules
        self._admit_namespace = namespaces
        self._memo: ViewMemo[Item] = ViewMemo()
        self._lists: ViewMemo[list[ListedItem]] = ViewMemo(_LISTS_MAX_BYTES)

    def view(self, stream: ImageStream, tag: str, image: Image | None) -> T:
        """Make the view of a tag, which may point to nothing and be wanted by nobody."""
        raise NotImplementedError

    def is_there(self, stream: ImageStream, tag: str) -> bool:
        """Return whether a tag can be read."""
        raise NotImplementedError

    def needs_image(self) -> bool:
        """Return whether a tag can be read only with its image."""
        raise NotImplementedError

    def views(self, stream: ImageStream) -> Iterable[tuple[str, T]]:
        """Make the views of all tags of a stream that can be listed, by tag and without images."""
        raise NotImplementedError

    def wish(self, value: T) -> TagReference | None:
        """Return the spec tag that an object asks for."""
        raise NotImplementedError

    def prepare(self, value: T, tag: str) -> None:
        """Fill in a new object, and drop what a client may not set."""
        raise NotImplementedError

    def prepare_update(self, value: T, old: T) -> None:
        """Fill in a changed object, and put back what a client may not change."""
        raise NotImplementedError

    def validate(self, value: T, tag: str) -> list[FieldError]:
        """Return what is wrong with a new object."""
        raise NotImplementedError

    def validate_update(self, value: T, old: T, tag: str) -> list[FieldError]:
        """Return what is wrong with a change."""
        raise NotImplementedError

    def apply(self, stream: ImageStream, value: T, tag: str) -> None:
        """Write what an updated object asks for into the stream's spec."""
        raise NotImplementedError

    async def get(self, context: RequestContext, options: Mapping[str, str]) -> Item:
        key = context.namespace, context.name
        known = self._memo.find(key)
        if known is not None:
            stream_entry, image_entry, item, _ = known
            same = self._streams.cache.get(stream_entry.key) is stream_entry
            if same and image_entry is not None and self._storages.images.cache.get(image_entry.key) is image_entry:
                return item
        name, tag = self._parse(context.name)
        entry = self._streams.find(context.namespace, name)
        if entry is None:
            raise unnameable(name) or self._missing(name)
        if not self.is_there(entry.value, tag):
            raise self._missing(context.name)
        image_name = current_image(entry.value, tag)
        image = self._storages.image(image_name)
        if image is None and image_name and self.needs_image():
            raise self._missing(image_name)
        value = self.view(entry.value, tag, image.value if image is not None else None)
        item = Item(value, encode(value))
        return self._memo.keep(key, entry, image, item, len(item.encoded) + VIEW_BYTES)

    async def list(self, context: RequestContext, options: ListOptions) -> ItemList:
        """Return the tags of a page of streams: limit and selectors choose streams, then tags too."""
        page = await list_storage(self._streams, context.namespace, options, self._writer.selects)
        items: list[Item] = []
        for stream in page.items:
            members = self._members(stream)
            # The labels of a tag are those of its stream; its name is its own.
            items += members if not options.fields else [one for one in members if _selects(options, one.value)]
        return ItemList(items)

    def _members(self, stream: Item) -> Sequence[ListedItem]:
        """Return the tags of a stream as a list shows them."""
        value: ImageStream = stream.value
        key = value.metadata.namespace, value.metadata.name
        entry = self._streams.find(*key)
        known = self._lists.find(key)
        if known is not None and known[0] is entry:
            return known[2]
        tags = [(tag, encode(view)) for tag, view in self.views(value)]
        members = [ListedItem(encoded, self.view, value, tag) for tag, encoded in tags]
        if entry is None or entry.value is not value:
            return members
        return self._lists.keep(key, entry, None, members, sum(len(one) + _MEMBER_BYTES for _, one in tags))

    async def create(self, context: RequestContext, obj: T) -> Item:
        admit_identity(context, obj, self.info)
        self._admit_namespace(context.namespace)
        fill_system_fields(obj, self.info, context.now)
        name, colon, tag = obj.metadata.name.partition(":")
        tag = tag or DEFAULT_TAG
        self.prepare(obj, tag)
        self._raise(obj, self.validate(obj, tag))
        if not colon:
            raise reasonless(500, f'"{obj.metadata.name}" must be of the form <stream_name>:<tag>')
        if refused := unnameable(name):
            raise refused

        def add(current: ImageStream | None) -> ImageStream:
            stream = _changeable(current, context, name)
            if spec_tag(stream, tag) is not None:
                raise already_exists(GROUP, self.kind_in_conflicts, obj.metadata.name)
            wish = self.wish(obj)
            if wish is not None:
                set_wish(stream, copy(wish), tag)
            return stream

        stream = await self._write(context, name, add)
        return self._shown(stream, tag)

    async def update(self, context: RequestContext, transform: Transform) -> Updated:
        """Change a tag; one that is not there is made, and its stream too."""
        name, tag = self._parse(context.name)
        if self._streams.find(context.namespace, name) is None:
            if refused := unnameable(name):
                raise refused
            self._admit_namespace(context.namespace)
        create = Attributes(
            context.user,
            "create",
            group=GROUP,
            resource=self.info.plural,
            namespace=context.namespace,
            name=context.name,
        )
        may_create = await self._authorizer.allows(create)
        created = False

        def change(current: ImageStream | None) -> ImageStream:
            nonlocal created
            if current is None and not may_create:
                raise denial(create)
            stream = _changeable(current, context, name)
            created = spec_tag(stream, tag) is None
            old = self.view(stream, tag, None)
            value: T = transform(old)
            self._check(context, value, old, tag, new_stream=current is None)
            self.apply(stream, value, tag)
            return stream

        written = await self._write(context, name, change)
        return Updated(self._shown(written, tag), created=created)

    def _check(self, context: RequestContext, value: T, old: T, tag: str, *, new_stream: bool) -> None:
        metadata, before = value.metadata, old.metadata
        wanted, found = metadata.resource_version, before.resource_version
        if not wanted:
            metadata.resource_version = found
        elif not found:
            raise self._missing(context.name)
        elif wanted != found:
            detail = f"another caller has updated the resource version to {found}"
            raise conflict(GROUP, self.info.plural, metadata.name, detail)
        admit_identity(context, value, self.info)
        if new_stream:
            fill_system_fields(value, self.info, context.now)
            self.prepare(value, tag)
            self._raise(value, self.validate(value, tag))
            return
        self.prepare_update(value, old)
        metadata.uid = metadata.uid or before.uid
        metadata.creation_timestamp = before.creation_timestamp
        metadata.generation, metadata.self_link = before.generation, before.self_link
        self._raise(value, self.validate_update(value, old, tag))

    async def delete(self, context: RequestContext, options: DeleteOptions) -> Item:
        """Remove a tag and its history; tags that follow it stay as they are."""
        name, tag = self._parse(context.name)

        def remove(current: ImageStream | None) -> ImageStream:
            if current is None:
                raise unnameable(name) or self._missing(name)
            for what, wanted, found in (
                ("UID", options.uid, current.metadata.uid),
                ("ResourceVersion", options.resource_version, current.metadata.resource_version),
            ):
                if wanted and wanted != found:
                    raise conflict(GROUP, self.info.plural, context.name, f"the {what} precondition was not met")
            stream = copy(current)
            stream.spec.tags = [wish for wish in stream.spec.tags or [] if wish.name != tag]
            stream.status.tags = [history for history in stream.status.tags or [] if history.tag != tag]
            if len(stream.spec.tags) == len(current.spec.tags or []) and len(stream.status.tags) == len(
                current.status.tags or []
            ):
                raise self._missing(context.name)
            return stream

        await self._write(context, name, remove)
        status = Status(kind="Status", api_version="v1", status="Success")
        return Item(status, encode(status))

    async def _write(self, context: RequestContext, stream: str, change: Transform) -> Entry[ImageStream]:
        """Write the stream as `change` makes it, however many others write it meanwhile."""
        inner = replace(context, name=stream, creates_missing=True)
        while True:
            try:
                updated = await self._writer.update(inner, change)
            except ApiError as error:
                details = error.status.details
                taken = error.status.reason == "AlreadyExists" and details is not None
                if taken and details is not None and details.kind == self._streams.info.plural:
                    continue
                raise
            value: ImageStream = updated.item.value
            revision = int(value.metadata.resource_version or 0)
            return Entry(self._streams.key_of(value), revision, value, updated.item.encoded)

    def _shown(self, stream: Entry[ImageStream], tag: str) -> Item:
        image = self._storages.image(current_image(stream.value, tag))
        value = self.view(stream.value, tag, image.value if image is not None else None)
        return Item(value, encode(value))

    def _parse(self, name: str) -> tuple[str, str]:
        stream, _, tag = name.partition(":")
        if not stream or not tag or ":" in tag or "@" in name:
            raise bad_request(f"{self.kind_in_names} must be retrieved with <name>:<tag>")
        return stream, tag

    def _raise(self, value: T, errors: Iterable[FieldError]) -> None:
        found = list(errors)
        if found:
            raise invalid(GROUP, self.info.kind, value.metadata.name, found)

    def _missing(self, name: str) -> ApiError:
        return not_found(GROUP, self.info.plural, name)


def _changeable(current: ImageStream | None, context: RequestContext, name: str) -> ImageStream:
    """Return a copy of a stream, or a new one; that has a uid, so that a patch takes its tags for existing objects."""
    if current is not None:
        return copy(current)
    metadata = ObjectMeta(name=name, namespace=context.namespace, uid=str(uuid.uuid4()), creation_timestamp=context.now)
    return ImageStream(metadata=metadata)


def set_wish(stream: ImageStream, wish: TagReference, tag: str) -> None:
    """Make a spec tag of a stream the given one."""
    wish.name = tag
    stream.spec.tags = [*(one for one in stream.spec.tags or [] if one.name != tag), wish]


def _selects(options: ListOptions, value: Stored) -> bool:
    metadata = value.metadata
    fields = {"metadata.name": metadata.name, "metadata.namespace": metadata.namespace}
    return options.selects(metadata.labels, fields)
