"""The API server: one bare ASGI 3 application.

What a path means, who asks, whether that one may: these are settled here, in this order, before a resource hears of
the request. And here, in one place, an `ApiError` becomes an answer.
"""

import logging
import random as randomness
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Final

from prometheus_client import CollectorRegistry

from imagestreams.access.authentication import Authenticator
from imagestreams.access.authorization import Authorizer, denial
from imagestreams.access.identities import Identities
from imagestreams.access.identity import User
from imagestreams.access.impersonation import HEADER_PREFIX, acting_as
from imagestreams.api.errors import ApiError, bad_request, internal, method_not_allowed, unknown_resource
from imagestreams.apiserver.answers import send_error, send_text
from imagestreams.apiserver.documents import NOT_FOUND, Documents, ServerVersion
from imagestreams.apiserver.health import Check
from imagestreams.apiserver.incoming import ClientGone, Receive, Request, Scope, Send
from imagestreams.apiserver.request_info import RequestInfo, is_true, parse_request, selected_name
from imagestreams.apiserver.request_metrics import Key, RequestMetrics
from imagestreams.apiserver.resource_requests import ResourceRequests, attributes_of
from imagestreams.apiserver.watch_stream import WatchStreams
from imagestreams.resources.resource import Resource

LOG = logging.getLogger(__name__)

Handler = Callable[[Request, RequestInfo, User, Resource], Awaitable[None]]

_COLLECTION_VERBS: Final = frozenset({"list", "watch", "create", "deletecollection"})
_ITEM_VERBS: Final = frozenset({"get", "update", "patch", "delete"})
_ALL_NAMESPACES_VERBS: Final = frozenset({"list", "watch"})
_SELECTING_VERBS: Final = frozenset({"list", "watch", "deletecollection"})
_METRIC_VERBS: Final = {"create": "POST", "update": "PUT"}
_METHODS: Final = frozenset({"GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"})


class _Endpoint:
    """A served resource and what its paths can do."""

    __slots__ = ("collection", "item", "keys", "namespaced", "resource", "verbs")

    def __init__(self, resource: Resource) -> None:
        info = resource.info
        self.resource = resource
        self.namespaced = info.namespaced
        self.verbs = frozenset(info.verbs)
        self.collection = self.verbs & _COLLECTION_VERBS
        self.item = self.verbs & (_ITEM_VERBS | {"create"} if info.subresource else _ITEM_VERBS)
        self.keys: dict[str, Key] = {
            verb: (_METRIC_VERBS.get(verb, verb.upper()), info.group, info.version, info.plural, info.subresource)
            for verb in (*info.verbs, "watch")
        }


class ApiServer:
    """Serves resources over HTTP.

    `checks` are what must work for the server to be healthy. `random` gives numbers from 0 to 1, which spread the
    ends of watches; `monotonic` is a clock in seconds.
    """

    def __init__(
        self,
        resources: Iterable[Resource],
        authenticator: Authenticator,
        authorizer: Authorizer,
        *,
        clock: Callable[[], datetime],
        version: ServerVersion,
        checks: Mapping[str, Check] | None = None,
        registry: CollectorRegistry | None = None,
        random: Callable[[], float] = randomness.random,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._endpoints = {
            (r.info.group, r.info.version, r.info.plural, r.info.subresource): _Endpoint(r) for r in resources
        }
        infos = [endpoint.resource.info for endpoint in self._endpoints.values()]
        self._authorizer = authorizer
        self._identities = Identities(authenticator, monotonic)
        self._monotonic = monotonic
        self._watches = WatchStreams()
        self._closed = False
        registry = registry or CollectorRegistry()
        self._metrics = RequestMetrics(lambda: len(self._watches))
        registry.register(self._metrics)
        self._documents = Documents(infos, version, checks or {}, {"shutdown": self._open}, registry)
        verbs = ResourceRequests(authorizer, clock, random, self._watches)
        self._handlers: dict[str, Handler] = {
            "get": verbs.get,
            "list": verbs.list,
            "watch": verbs.watch,
            "create": verbs.create,
            "update": verbs.update,
            "patch": verbs.patch,
            "delete": verbs.delete,
            "deletecollection": verbs.deletecollection,
        }

    async def close(self) -> None:
        """End all watches and be ready no more; what else is under way is finished."""
        self._closed = True
        self._watches.close()

    async def _open(self) -> None:
        if self._closed:
            raise RuntimeError("the server is shutting down")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1003})
        if scope["type"] != "http":
            return
        began = self._monotonic()
        request = Request(scope, receive, send)
        key: Key | None = None
        try:
            key = await self._serve(request)
        except ApiError as error:
            await self._fail(request, error)
        except (ClientGone, ConnectionError):
            return
        except RecursionError:
            await self._fail(request, bad_request("exceeded max depth"))
        except Exception:
            LOG.exception("%s %s failed", request.method, _shown(request.path))
            await self._fail(request, internal("the server failed to answer the request"))
        if key is None:
            key = (request.method if request.method in _METHODS else "OTHER", "", "", "", "")
        self._metrics.observe(key, request.status, self._monotonic() - began)

    async def _fail(self, request: Request, error: ApiError) -> None:
        if request.started:
            # Half an answer is out: the connection is cut, which is all that can still be said.
            raise error
        await send_error(request, error)

    async def _serve(self, request: Request) -> Key | None:
        path = request.path
        query = request.query if request.scope["query_string"] else {}
        asked = parse_request(request.method, path, query)
        user = await self._identities.user(request.headers.get(b"authorization"))
        if any(name.startswith(HEADER_PREFIX) for name in request.headers):
            user = await acting_as(user, request.scope["headers"], self._authorizer)
        attributes = attributes_of(user, asked, path)
        if query and asked.verb in _SELECTING_VERBS and not asked.name and (name := selected_name(query)):
            attributes = replace(attributes, name=name)
        if not await self._authorizer.allows(attributes):
            raise denial(attributes)
        if not asked.is_resource:
            await self._documents.serve(request)
            return None
        endpoint = self._endpoints.get((asked.group, asked.version, asked.resource, asked.subresource))
        if endpoint is None or (asked.subpath and not endpoint.resource.info.takes_path):
            if self._documents.discovery.serves(asked.group, asked.version):
                raise unknown_resource()
            await send_text(request, 404, NOT_FOUND)
            return None
        _admit(endpoint, request, asked)
        try:
            await self._handlers[asked.verb](request, asked, user, endpoint.resource)
        except ApiError as error:
            await self._fail(request, error)
        return endpoint.keys[asked.verb]


def _shown(path: str) -> str:
    """Return a path as it may be written down: what follows a name and its subresource may be a secret."""
    parts = path.split("/")
    kept = len(parts) - parts.index("webhooks") - 1 if "webhooks" in parts else 0
    return "/".join(parts[: len(parts) - kept]) + ("/…" if kept else "")


def _admit(endpoint: _Endpoint, request: Request, asked: RequestInfo) -> None:
    """Return when the path is one of the resource's and can do what the method asks.

    Raises:
        ApiError: 404 or 405.
    """
    if not endpoint.namespaced and asked.namespace and asked.resource != "namespaces":
        raise unknown_resource()
    verb = asked.verb
    if verb == "watch" and not is_true(request.query.get("watch")) and "watch" not in endpoint.verbs:
        raise unknown_resource()  # the old paths of watches exist for what can be watched only
    if asked.name:
        possible = endpoint.item
        if endpoint.namespaced and not asked.namespace:
            possible = frozenset()
        elif verb == "watch":
            return
    else:
        possible = endpoint.collection
        if endpoint.namespaced and not asked.namespace:
            possible = possible & _ALL_NAMESPACES_VERBS
        if verb == "watch" and "list" in possible:
            verb = "list"
    if not possible:
        raise unknown_resource()
    if verb not in possible or request.method == "HEAD":
        raise method_not_allowed()
