"""The protocol between the API server and the resources that it serves.

A resource is described by a `ResourceInfo` and does its verbs by the methods of `Resource`. It raises `ApiError` for
what the client is to be told. Results are `Item`s: the object together with its JSON, which for a stored object was
encoded when it was written; the server sends these bytes as they are.
"""

import base64
import posixpath
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal, Protocol

import msgspec

from imagestreams.access.identity import User
from imagestreams.api.errors import ApiError, bad_request, method_not_allowed
from imagestreams.api.go_base64 import url_corrupt_at, url_decoded
from imagestreams.api.json_syntax import JsonSyntaxError, check_json

Verb = Literal["get", "list", "watch", "create", "update", "patch", "delete", "deletecollection"]
ALL_VERBS: Final[frozenset[Verb]] = frozenset(
    {"get", "list", "watch", "create", "update", "patch", "delete", "deletecollection"}
)
"""What can be done with most stored resources."""
EventType = Literal["ADDED", "MODIFIED", "DELETED", "BOOKMARK"]


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a table."""

    name: str
    type: str = "string"
    format: str = ""
    description: str = ""
    priority: int = 0


@dataclass(frozen=True, slots=True)
class TableView:
    """How objects are shown as rows: `cells` gives one object's cells in the order of the columns."""

    columns: tuple[Column, ...]
    cells: Callable[[Any], Sequence[Any]]


@dataclass(frozen=True, slots=True)
class ResourceInfo:
    """What a resource is called and what can be done with it.

    `object_type` is the type that create and update take, `kind` the kind that discovery names. Without `table` the
    resource can't be shown as one. `field_labels` are those that a field selector may name. `defaults` fills in what a
    client left empty, where that depends on settings. What `is_text` is got as plain text, not as an object;
    to what `is_upload` bytes of any length are posted. What `takes_path` is called by others in their own form, and has
    paths of its own below it.
    """

    group: str
    version: str
    plural: str
    kind: str
    object_type: type[Any]
    verbs: frozenset[Verb]
    singular: str = ""
    namespaced: bool = True
    subresource: str = ""
    short_names: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    list_kind: str = ""
    storage_version_hash: str = ""
    table: TableView | None = None
    field_labels: frozenset[str] = frozenset({"metadata.name", "metadata.namespace"})
    kind_version: str = ""
    defaults: Callable[[Any], None] | None = None
    is_text: bool = False
    is_upload: bool = False
    takes_path: bool = False

    @property
    def group_version(self) -> str:
        """The `apiVersion` of its objects."""
        return self.kind_version or (f"{self.group}/{self.version}" if self.group else self.version)

    @property
    def kind_home(self) -> tuple[str, str]:
        """The group and the version of its kind."""
        group, _, version = self.group_version.rpartition("/")
        return group, version

    @property
    def name(self) -> str:
        """The name that discovery gives it: `imagestreams` or `imagestreams/status`."""
        return f"{self.plural}/{self.subresource}" if self.subresource else self.plural


@dataclass(frozen=True, slots=True)
class RequestContext:
    """Who asks for what, when; `namespace` is empty for all namespaces, `name` for a collection.

    `creates_missing` lets an update make the object that it does not find, as server-side apply does. `patches` says
    that an update changes what is there: a uid in it is then a change like others, and in a PUT a condition.
    """

    user: User
    now: str
    namespace: str = ""
    name: str = ""
    field_manager: str = ""
    dry_run: bool = False
    user_agent: str = ""
    field_validation: str = "Warn"
    creates_missing: bool = False
    patches: bool = False


@dataclass(frozen=True, slots=True)
class FieldRequirement:
    """A field must have a value, or must not."""

    field: str
    value: str
    equal: bool = True


@dataclass(frozen=True, slots=True)
class ListOptions:
    """Which objects a list, a watch or the deletion of a collection is about.

    `send_initial_events` and `allow_bookmarks` matter to a watch only; `resource_version` is checked to be digits.
    """

    labels: Callable[[Mapping[str, str]], bool] | None = None
    fields: tuple[FieldRequirement, ...] = ()
    limit: int = 0
    continue_: str = ""
    resource_version: str = ""
    resource_version_match: str = ""
    send_initial_events: bool | None = None
    allow_bookmarks: bool = False

    def selects(self, labels: Mapping[str, str] | None, fields: Mapping[str, str]) -> bool:
        """Return whether an object with these labels and field values is meant."""
        if self.labels is not None and not self.labels(labels or {}):
            return False
        return all((fields.get(want.field, "") == want.value) is want.equal for want in self.fields)


@dataclass(frozen=True, slots=True)
class DeleteOptions:
    """Conditions of a deletion; an empty string asks for nothing."""

    uid: str = ""
    resource_version: str = ""
    propagation_policy: str = ""


@dataclass(frozen=True, slots=True)
class Item:
    """An object and its JSON, which begins with `kind` and `apiVersion`."""

    value: Any
    encoded: bytes


@dataclass(frozen=True, slots=True)
class ItemList:
    """A page of objects; `continue_` is the token of the next page."""

    items: Sequence[Item]
    resource_version: str = ""
    continue_: str = ""
    remaining_item_count: int | None = None


@dataclass(frozen=True, slots=True)
class Updated:
    """The object after an update, and whether the update made it."""

    item: Item
    created: bool = False


@dataclass(frozen=True, slots=True)
class WatchEvent:
    """One change; of a bookmark the item is an object with nothing but defaults and the resource version."""

    type: EventType
    item: Item


Transform = Callable[[Any | None], Any]
"""Makes the wanted object from the current one; it may be called again when another writer came first."""


class Resource(Protocol):
    """A served resource; a class that derives from it overrides the verbs that it has."""

    info: ResourceInfo

    async def get(self, context: RequestContext, options: Mapping[str, str]) -> Item:
        """Return the object `context.name`; `options` are the request's query parameters."""
        raise method_not_allowed()

    async def text(self, context: RequestContext, options: Mapping[str, str]) -> AsyncIterator[bytes]:
        """Return the text of a resource that `is_text`, in pieces; what is wrong is raised before the first one."""
        raise method_not_allowed()

    async def receive(self, context: RequestContext, options: Mapping[str, str], body: AsyncIterator[bytes]) -> Item:
        """Take what is posted to a resource that `is_upload`, piece by piece, and answer with an object."""
        raise method_not_allowed()

    async def call(self, context: RequestContext, path: str, headers: Mapping[str, str], body: bytes) -> Item | None:
        """Answer a call of a resource that `takes_path`; the names of headers are in small letters."""
        raise method_not_allowed()

    async def list(self, context: RequestContext, options: ListOptions) -> ItemList:
        """Return the objects of `context.namespace`, or of all namespaces, in the order of their keys."""
        raise method_not_allowed()

    def watch(self, context: RequestContext, options: ListOptions) -> AsyncIterator[WatchEvent]:
        """Yield changes from `options.resource_version` on; an object leaving the selection is DELETED."""
        raise method_not_allowed()

    async def create(self, context: RequestContext, obj: Any) -> Item:
        """Store a new object, or answer a request that is one (imports, mappings)."""
        raise method_not_allowed()

    async def update(self, context: RequestContext, transform: Transform) -> Updated:
        """Replace the object by what `transform` makes of it: PUT, PATCH and apply all come here.

        A resource that lets updates create, and every one under `context.creates_missing`, calls `transform(None)`
        when there is no object; others raise 404.
        """
        raise method_not_allowed()

    async def delete(self, context: RequestContext, options: DeleteOptions) -> Item:
        """Delete the object; return the `Status`, or the object when something holds it back."""
        raise method_not_allowed()

    async def delete_collection(
        self, context: RequestContext, selection: ListOptions, options: DeleteOptions
    ) -> ItemList:
        """Delete all selected objects and return them."""
        raise method_not_allowed()


_TOKEN_VERSION: Final = "meta.k8s.io/v1"


class _SentToken(msgspec.Struct):
    v: str = ""
    rv: int = 0
    start: str = ""


class ContinueToken(msgspec.Struct):
    """Where the next page of a list begins: the revision of the first page, and the key to go on from."""

    rv: int = 0
    start: str = ""

    def encode(self) -> str:
        """Return the token as it travels."""
        sent = msgspec.json.encode(_SentToken(_TOKEN_VERSION, self.rv, self.start))
        return base64.urlsafe_b64encode(sent).decode().rstrip("=")

    @classmethod
    def parse(cls, text: str) -> "ContinueToken":
        """Read a token.

        Raises:
            ApiError: 400, it is none of ours.
        """
        if (position := url_corrupt_at(text)) is not None:
            raise _no_token(f"illegal base64 data at input byte {position}")
        data = url_decoded(text)
        try:
            check_json(data)
            token = msgspec.json.decode(data, type=_SentToken)
        except JsonSyntaxError as error:
            raise _no_token(str(error)) from error
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise _no_token("json: cannot unmarshal value into Go value of type storage.continueToken") from error
        if token.v != _TOKEN_VERSION:
            told = f"server does not recognize this encoded version {token.v}"
        elif not token.rv:
            told = "incorrect encoded start resourceVersion (version meta.k8s.io/v1)"
        elif not token.start:
            told = "encoded start key empty (version meta.k8s.io/v1)"
        elif (key := token.start if token.start.startswith("/") else f"/{token.start}") != posixpath.normpath(key):
            told = token.start
        else:
            return cls(token.rv, token.start)
        raise _no_token(told)


def _no_token(told: str) -> ApiError:
    return bad_request(f"invalid continue token: continue key is not valid: {told}")
