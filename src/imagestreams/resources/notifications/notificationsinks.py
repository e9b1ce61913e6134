"""Notification sinks: addresses that are told of what happens to tags, builds and rollouts.

A sink takes what its maker could read anyway to where its maker wants it: so who makes one must be allowed to watch
what it tells of in its namespace, or in all when it is to tell of all, and to read each secret that it names.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import Any, Final

from imagestreams.access.authorization import Attributes, Authorizer, require
from imagestreams.api.ages import age
from imagestreams.api.codec import copy, encode
from imagestreams.api.errors import FieldError
from imagestreams.api.metadata.object_meta_validation import dns_subdomain_problems
from imagestreams.api.notifications import NotificationSecretReference, NotificationSink, NotificationSinkSpec
from imagestreams.reference import is_tag
from imagestreams.resources.notifications.urls import UnusableUrl, UrlRules, check_url
from imagestreams.resources.resource import ALL_VERBS, Column, RequestContext, ResourceInfo, TableView
from imagestreams.resources.storage import ObjectStorage
from imagestreams.resources.stored import Strategy
from imagestreams.store.cache import ObservableStore

GROUP: Final = "imagestreams.dev"
PRESETS: Final = ("CloudEvents", "GitHub", "Jenkins", "Mattermost", "Slack", "Tekton")
EVENTS: Final = (
    "BuildCompleted",
    "BuildFailed",
    "ImportFailed",
    "RolloutCompleted",
    "RolloutFailed",
    "TagChanged",
    "TagDeleted",
)
RETRY_REQUESTED: Final = "imagestreams.dev/retry-requested-at"
"""Annotation: a new value lets the dead letters be sent again."""
TEST_REQUESTED: Final = "imagestreams.dev/test-requested-at"
"""Annotation: a new value lets an event be sent that means nothing."""
STREAMS_MAX: Final = 256
HEADERS_MAX: Final = 16

_STREAMS: Final = (("image.openshift.io", "imagestreams"),)
_BUILDS: Final = (("build.openshift.io", "builds"),)
_WORKLOADS: Final = (
    ("apps", "deployments"),
    ("apps", "statefulsets"),
    ("apps", "daemonsets"),
    ("apps.openshift.io", "deploymentconfigs"),
)
_SOURCES: Final = {
    "BuildCompleted": _BUILDS,
    "BuildFailed": _BUILDS,
    "ImportFailed": _STREAMS,
    "RolloutCompleted": _WORKLOADS,
    "RolloutFailed": _WORKLOADS,
    "TagChanged": _STREAMS,
    "TagDeleted": _STREAMS,
}
"""What is looked at for each event."""
_TAKES_NO_SECRET: Final = frozenset({"Slack", "Mattermost"})
_HEADER: Final = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,128}")
_HEADER_VALUE_MAX: Final = 4096
_OURS: Final = frozenset(
    {"connection", "content-length", "content-type", "expect", "host", "te", "trailer", "transfer-encoding", "upgrade"}
)
_OUR_PREFIXES: Final = ("ce-", "webhook-", "x-hub-")
_SECRET_HEADERS: Final = frozenset({"authorization", "cookie", "proxy-authorization", "token", "x-api-key"})


def notification_sink_storage(store: ObservableStore, clock: Callable[[], datetime]) -> ObjectStorage[NotificationSink]:
    """Return where notification sinks are kept."""
    info = ResourceInfo(
        group=GROUP,
        version="v1",
        plural="notificationsinks",
        singular="notificationsink",
        kind="NotificationSink",
        object_type=NotificationSink,
        verbs=ALL_VERBS,
        table=_table(clock),
    )
    return ObjectStorage(store, info, NotificationSink)


def _table(clock: Callable[[], datetime]) -> TableView:
    columns = (
        Column("Name", format="name", description="The name of the sink."),
        Column("Preset", description="The form of what is sent."),
        Column("Events", description="What is told."),
        Column("Pending", type="integer", description="How many events wait to be delivered."),
        Column("Dead", type="integer", description="How many events were put aside undelivered."),
        Column("Last Delivery", description="How long ago a delivery was tried, as far as it was written down."),
        Column("Result", description="What became of it."),
        Column("Age", description="How long ago the sink was created."),
    )

    def cells(value: NotificationSink) -> Sequence[Any]:
        now, spec, status, last = clock(), value.spec, value.status, value.status.last_delivery
        tried, result = (age(last.time, now), last.result) if last is not None else ("<never>", "")
        created = age(value.metadata.creation_timestamp, now)
        events = ",".join(spec.events or [])
        return (
            value.metadata.name,
            spec.preset,
            events,
            status.pending,
            status.dead_letters,
            tried,
            result,
            created,
        )

    return TableView(columns, cells)


class NotificationSinkStrategy(Strategy[NotificationSink]):
    """The rules of notification sinks."""

    def __init__(self, authorizer: Authorizer, rules: UrlRules) -> None:
        self._authorizer = authorizer
        self._rules = rules

    async def prepare_create(self, context: RequestContext, value: NotificationSink) -> None:
        value.metadata.generation = 1
        value.status = type(value.status)()
        _fill(value.spec)

    async def prepare_update(self, context: RequestContext, value: NotificationSink, old: NotificationSink) -> None:
        value.status = copy(old.status)
        _fill(value.spec)
        if encode(value.spec) != encode(old.spec):
            value.metadata.generation = old.metadata.generation + 1

    async def admit(
        self, context: RequestContext, value: NotificationSink, old: NotificationSink | None
    ) -> list[FieldError]:
        """Let only those write who may read what the sink sends and sends with.

        Raises:
            ApiError: 403, the sink reaches beyond what the user may.
        """
        metadata, everywhere = value.metadata, value.spec.all_namespaces
        if everywhere or (old is not None and old.spec.all_namespaces):
            verb = "create" if old is None else "update"
            await require(self._authorizer, Attributes(context.user, verb, group=GROUP, resource="notificationsinks"))
        if old is None or encode(value.spec) != encode(old.spec):
            scope = "" if everywhere else metadata.namespace
            for group, resource in _told_of(value.spec):
                await require(
                    self._authorizer,
                    Attributes(context.user, "watch", group=group, resource=resource, namespace=scope),
                )
        known = {encode(one) for one in _secret_references(old.spec)} if old is not None else set()
        # With the same secret to another address: that is a way to learn it, so the right is asked for again.
        moved = old is not None and _address(value.spec) != _address(old.spec)
        for reference in _secret_references(value.spec):
            if moved or encode(reference) not in known:
                asked = Attributes(
                    context.user, "get", resource="secrets", namespace=metadata.namespace, name=reference.name
                )
                await require(self._authorizer, asked)
        return []

    def validate_name(self, name: str) -> list[str]:
        return dns_subdomain_problems(name)

    def validate(self, value: NotificationSink) -> list[FieldError]:
        spec = value.spec
        errors = [] if spec.preset in PRESETS else [FieldError.not_supported("spec.preset", spec.preset, list(PRESETS))]
        errors += [
            FieldError.not_supported(f"spec.events[{number}]", event, list(EVENTS))
            for number, event in enumerate(spec.events or [])
            if event not in EVENTS
        ]
        return [*errors, *self._url_errors(spec), *_stream_errors(spec), *_secret_errors(spec), *_header_errors(spec)]

    def _url_errors(self, spec: NotificationSinkSpec) -> Iterator[FieldError]:
        if spec.url_secret_ref is not None:
            yield from _reference_errors("spec.urlSecretRef", spec.url_secret_ref)
            if spec.url:
                yield FieldError.forbidden("spec.url", "may not be given together with urlSecretRef")
        elif not spec.url:
            yield FieldError.required("spec.url", "or urlSecretRef")
        else:
            try:
                check_url(spec.url, self._rules)
            except UnusableUrl as error:
                yield FieldError.invalid("spec.url", "<hidden>", str(error))


def _told_of(spec: NotificationSinkSpec) -> list[tuple[str, str]]:
    """Return the resources, by group and name, that a sink tells of."""
    sources = [source for event in spec.events or [] for source in _SOURCES.get(event, ())]
    return list(dict.fromkeys(sources))


def _address(spec: NotificationSinkSpec) -> bytes:
    return encode([spec.url, spec.url_secret_ref, spec.preset])


def _secret_references(spec: NotificationSinkSpec) -> Iterator[NotificationSecretReference]:
    candidates = [spec.url_secret_ref, spec.secret_ref, *(header.secret_ref for header in spec.headers or [])]
    yield from (one for one in candidates if one is not None)


def _fill(spec: NotificationSinkSpec) -> None:
    spec.preset = spec.preset or "CloudEvents"
    spec.events = list(dict.fromkeys(spec.events or ["TagChanged"]))
    if spec.url_secret_ref is not None:
        spec.url_secret_ref.key = spec.url_secret_ref.key or "url"
    if spec.secret_ref is not None:
        spec.secret_ref.key = spec.secret_ref.key or "secret"
    for header in spec.headers or []:
        if header.secret_ref is not None:
            header.secret_ref.key = header.secret_ref.key or header.name


def _stream_errors(spec: NotificationSinkSpec) -> Iterator[FieldError]:
    streams = spec.image_streams or []
    if len(streams) > STREAMS_MAX:
        yield FieldError.invalid("spec.imageStreams", len(streams), f"must not be more than {STREAMS_MAX}")
        return
    for number, text in enumerate(streams):
        name, colon, tag = text.partition(":")
        if dns_subdomain_problems(name) or (colon and not is_tag(tag)):
            yield FieldError.invalid(f"spec.imageStreams[{number}]", text, "must be NAME or NAME:TAG")


def _secret_errors(spec: NotificationSinkSpec) -> Iterator[FieldError]:
    if spec.secret_ref is None:
        if spec.preset == "GitHub":
            yield FieldError.required("spec.secretRef", "GitHub takes events with a token only")
    elif spec.preset in _TAKES_NO_SECRET:
        yield FieldError.forbidden("spec.secretRef", f"{spec.preset} takes no secret besides the address")
    else:
        yield from _reference_errors("spec.secretRef", spec.secret_ref)


def _header_errors(spec: NotificationSinkSpec) -> Iterator[FieldError]:
    headers, seen = spec.headers or [], set()
    if len(headers) > HEADERS_MAX:
        yield FieldError.invalid("spec.headers", len(headers), f"must not be more than {HEADERS_MAX}")
        return
    for number, header in enumerate(headers):
        field, name = f"spec.headers[{number}]", header.name.lower()
        if _HEADER.fullmatch(header.name) is None:
            yield FieldError.invalid(f"{field}.name", header.name, "must be the name of a header")
        elif name in _OURS or name.startswith(_OUR_PREFIXES):
            yield FieldError.forbidden(f"{field}.name", "the server sets this header itself")
        elif name in seen:
            yield FieldError.invalid(f"{field}.name", header.name, "is given twice")
        seen.add(name)
        if header.secret_ref is not None:
            yield from _reference_errors(f"{field}.secretRef", header.secret_ref)
            if header.value:
                yield FieldError.forbidden(f"{field}.value", "may not be given together with secretRef")
        elif name in _SECRET_HEADERS:
            yield FieldError.forbidden(f"{field}.value", "this header holds a secret; use secretRef")
        elif not is_header_value(header.value):
            yield FieldError.invalid(f"{field}.value", "<hidden>", "must be one line of ASCII text")


def is_header_value(text: str) -> bool:
    """Return whether a text can be sent as the value of a header."""
    return len(text) <= _HEADER_VALUE_MAX and text.isascii() and (not text or text.isprintable())


def _reference_errors(field: str, reference: NotificationSecretReference) -> list[FieldError]:
    if not reference.name:
        return [FieldError.required(f"{field}.name")]
    problems = dns_subdomain_problems(reference.name)
    return [FieldError.invalid(f"{field}.name", reference.name, problem) for problem in problems]
