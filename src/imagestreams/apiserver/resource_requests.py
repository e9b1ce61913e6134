"""The verbs: from a request for a resource to what the resource is asked, and from its result to the answer."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

from imagestreams.access.authorization import Attributes, Authorizer, denial
from imagestreams.access.identity import User
from imagestreams.api.codec import copy
from imagestreams.api.errors import bad_request, method_not_supported, unsupported_media_type
from imagestreams.api.meta import Status
from imagestreams.apiserver.answers import send_document, send_text
from imagestreams.apiserver.bodies.objects import PATCH_TYPES, decode_object, media_type_of, unknown_format
from imagestreams.apiserver.clock import timestamp
from imagestreams.apiserver.deletions import parse_deletion
from imagestreams.apiserver.incoming import Request
from imagestreams.apiserver.negotiation import PLAIN, Representation, negotiate
from imagestreams.apiserver.options import (
    WriteOptions,
    parse_included,
    parse_list_options,
    parse_watch_timeout,
    parse_write_options,
)
from imagestreams.apiserver.ownership.managed_fields import track_update
from imagestreams.apiserver.patching.patches import read_patch
from imagestreams.apiserver.request_info import RequestInfo
from imagestreams.apiserver.views import event_view, list_view, object_view
from imagestreams.apiserver.watch_stream import WatchStreams
from imagestreams.resources.resource import Item, ListOptions, RequestContext, Resource, WatchEvent

WATCH_MIN_S: Final = 1800.0
_JSON: Final = b"application/json"
_OTHER_NAMESPACE: Final = "the namespace of the provided object does not match the namespace sent on the request"


class ResourceRequests:
    """Serves the verbs of all resources; which resource and which verb was decided before."""

    def __init__(
        self,
        authorizer: Authorizer,
        clock: Callable[[], datetime],
        random: Callable[[], float],
        watches: WatchStreams,
    ) -> None:
        self._authorizer = authorizer
        self._clock = clock
        self._random = random
        self._watches = watches

    async def get(self, request: Request, asked: RequestInfo, user: User, resource: Resource) -> None:
        """Send one object, or a text as it comes."""
        if resource.info.is_text:
            context = self._context(request, asked, user, resource)
            pieces = await self._watches.waited_for(request, resource.text(context, request.query))
            await self._watches.serve_text(request, pieces)
            return
        accept = request.headers.get(b"accept", _JSON)
        view = PLAIN if accept == _JSON else _negotiate(request, resource)
        context = RequestContext(user, timestamp(self._clock()), _namespace(asked, resource), asked.name)
        await self._send_item(request, 200, await resource.get(context, request.query), resource, view)

    async def list(self, request: Request, asked: RequestInfo, user: User, resource: Resource) -> None:
        """Send a page of objects."""
        view = _negotiate(request, resource, collection=True)
        included = parse_included(request.query) if view.shape == "Table" else ""
        options = parse_list_options(request.query, resource.info, watch=False)
        page = await resource.list(self._context(request, asked, user, resource), options)
        document = list_view(page, resource.info, view.shape, included)
        await send_document(request, 200, document, view.media_type)

    async def watch(self, request: Request, asked: RequestInfo, user: User, resource: Resource) -> None:
        """Send events until the watch ends."""
        info = resource.info
        view = _negotiate(request, resource, collection=True, stream=True)
        included = parse_included(request.query) if view.shape == "Table" else ""
        options = parse_list_options(request.query, info, watch=True, name=asked.name)
        timeout_s = float(parse_watch_timeout(request.query)) or WATCH_MIN_S * (1 + self._random())
        if "watch" not in info.verbs:
            raise method_not_supported(info.group, info.plural, "watch")
        events = resource.watch(self._context(request, asked, user, resource), options)

        def render(event: WatchEvent, first: bool) -> bytes:
            if not view.shape:
                return event.item.encoded
            return event_view(event.item, info, view.shape, included, first=first)

        await self._watches.serve(request, events, render, timeout_s)

    async def create(self, request: Request, asked: RequestInfo, user: User, resource: Resource) -> None:
        """Make an object of the body."""
        view = _negotiate(request, resource)
        if resource.info.is_upload:
            context = self._context(request, asked, user, resource)
            item = await resource.receive(context, request.query, request.pieces())
            await self._send_item(request, 201, item, resource, view)
            return
        body = await request.body()
        if resource.info.takes_path:
            await self._call(request, asked, user, resource, body, view)
            return
        agent = request.header(b"user-agent")
        options = parse_write_options(request.query, "CreateOptions", agent)
        value = self._decoded(request, body, resource, options)
        context = self._context(request, asked, user, resource, options)
        # A few requests of older groups are no objects: they have no metadata.
        metadata = getattr(value, "metadata", None)
        if metadata is not None:
            metadata.uid, metadata.self_link, metadata.creation_timestamp = "", "", None
            metadata.deletion_timestamp = metadata.deletion_grace_period_seconds = None
            _admit_namespace(metadata, _namespace(asked, resource))
            track_update(None, value, resource.info, options.field_manager, context.now, resource.info.subresource)
        item = await resource.create(context, value)
        await self._send_item(request, 201, item, resource, view)

    async def _call(
        self, request: Request, asked: RequestInfo, user: User, resource: Resource, body: bytes, view: Representation
    ) -> None:
        """Let a resource take a call in its caller's own form; it may have nothing to answer."""
        context = self._context(request, asked, user, resource)
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in request.headers.items()}
        item = await resource.call(context, asked.subpath, headers, body)
        if item is None:
            await send_text(request, 200, "")
        else:
            await self._send_item(request, 200, item, resource, view)

    async def update(self, request: Request, asked: RequestInfo, user: User, resource: Resource) -> None:
        """Put the body in the object's place."""
        view = _negotiate(request, resource)
        body = await request.body()
        agent = request.header(b"user-agent")
        options = parse_write_options(request.query, "UpdateOptions", agent)
        value = self._decoded(request, body, resource, options)
        _admit_namespace(value.metadata, _namespace(asked, resource))
        _admit_name(value.metadata.name, asked.name)
        context = self._context(request, asked, user, resource, options)
        info = resource.info
        refusal = await self._refusal_to_create(asked, user)

        def transform(current: Any | None) -> Any:
            if current is None and refusal is not None:
                raise refusal
            wanted = copy(value)
            track_update(current, wanted, info, options.field_manager, context.now, info.subresource)
            return wanted

        updated = await resource.update(context, transform)
        await self._send_item(request, 201 if updated.created else 200, updated.item, resource, view)

    async def patch(self, request: Request, asked: RequestInfo, user: User, resource: Resource) -> None:
        """Change the object as the body says."""
        content_type = request.header(b"content-type")
        if media_type_of(content_type) not in PATCH_TYPES:
            if request.headers.get(b"content-length", b"0") != b"0":
                raise unsupported_media_type("415: Unsupported Media Type")
            raise unknown_format(", ".join(PATCH_TYPES))
        view = _negotiate(request, resource)
        body = await request.body()
        agent = request.header(b"user-agent")
        options = parse_write_options(request.query, "PatchOptions", agent, content_type)
        context = self._context(request, asked, user, resource, options)
        patch = read_patch(
            body,
            content_type,
            resource.info,
            manager=options.field_manager,
            force=options.force,
            now=context.now,
            validation=options.field_validation,
            name=asked.name,
            namespace=context.namespace,
        )
        refusal = await self._refusal_to_create(asked, user)

        def transform(current: Any | None) -> Any:
            if current is None and refusal is not None:
                raise refusal
            return patch.transform(current)

        context = replace(context, creates_missing=patch.creates, patches=True)
        updated = await resource.update(context, transform)
        request.warnings = tuple(patch.warnings)
        await self._send_item(request, 201 if updated.created else 200, updated.item, resource, view)

    async def delete(self, request: Request, asked: RequestInfo, user: User, resource: Resource) -> None:
        """Delete one object."""
        view = _negotiate(request, resource)
        deletion = parse_deletion(await request.body(), request.header(b"content-type"), request.query)
        options = WriteOptions(dry_run=deletion.dry_run)
        context = self._context(request, asked, user, resource, options)
        item = await resource.delete(context, deletion.options)
        waits = deletion.orphan_dependents is False and not isinstance(item.value, Status)
        await self._send_item(request, 202 if waits else 200, item, resource, view)

    async def deletecollection(self, request: Request, asked: RequestInfo, user: User, resource: Resource) -> None:
        """Delete all objects that are selected."""
        view = _negotiate(request, resource)
        selection: ListOptions = parse_list_options(request.query, resource.info, watch=False)
        deletion = parse_deletion(await request.body(), request.header(b"content-type"), request.query)
        context = self._context(request, asked, user, resource, WriteOptions(dry_run=deletion.dry_run))
        page = await resource.delete_collection(context, selection, deletion.options)
        await send_document(request, 200, list_view(page, resource.info, view.shape), view.media_type)

    def _context(
        self,
        request: Request,
        asked: RequestInfo,
        user: User,
        resource: Resource,
        options: WriteOptions | None = None,
    ) -> RequestContext:
        namespace = _namespace(asked, resource)
        agent = request.header(b"user-agent")
        now = timestamp(self._clock())
        if options is None:
            return RequestContext(user, now, namespace, asked.name, user_agent=agent)
        return RequestContext(
            user, now, namespace, asked.name, options.field_manager, options.dry_run, agent, options.field_validation
        )

    def _decoded(self, request: Request, body: bytes, resource: Resource, options: WriteOptions) -> Any:
        decoded = decode_object(body, request.header(b"content-type"), resource.info, options.field_validation)
        request.warnings = decoded.warnings
        return decoded.value

    async def _refusal_to_create(self, asked: RequestInfo, user: User) -> Exception | None:
        """Return what an update meets that would create, `None` when the user may do that too."""
        attributes = attributes_of(user, asked, "", verb="create")
        return None if await self._authorizer.allows(attributes) else denial(attributes)

    async def _send_item(
        self, request: Request, status: int, item: Item, resource: Resource, view: Representation
    ) -> None:
        document = item.encoded
        if view.shape:
            included = parse_included(request.query) if view.shape == "Table" else ""
            document = object_view(item, resource.info, view.shape, included)
        await send_document(request, status, document, view.media_type)


def attributes_of(user: User, asked: RequestInfo, path: str, verb: str = "") -> Attributes:
    """Return what an authorizer is asked about a request."""
    return Attributes(
        user, verb or asked.verb, path, asked.group, asked.resource, asked.subresource, asked.namespace, asked.name
    )


def _negotiate(
    request: Request, resource: Resource, *, collection: bool = False, stream: bool = False
) -> Representation:
    table = resource.info.table is not None
    header = request.header(b"accept")
    return negotiate(header, table=table, metadata=True, collection=collection, stream=stream)


def _namespace(asked: RequestInfo, resource: Resource) -> str:
    return asked.namespace if resource.info.namespaced else ""


def _admit_namespace(metadata: Any, expected: str) -> None:
    """Make an object's namespace that of the request; for cluster-wide objects it is none."""
    if metadata.namespace and expected and metadata.namespace != expected:
        raise bad_request(_OTHER_NAMESPACE)
    metadata.namespace = expected


def _admit_name(given: str, expected: str) -> None:
    if not given:
        raise bad_request(f"the name of the object ({expected} based on URL) was undeterminable: name must be provided")
    if given != expected:
        raise bad_request(f"the name of the object ({given}) does not match the name on the URL ({expected})")
