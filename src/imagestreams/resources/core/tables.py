"""How namespaces, secrets, config maps, service accounts, events and projects are shown as tables."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, Final

from imagestreams.api.ages import age
from imagestreams.api.core import ConfigMap, Event, EventSource, Namespace, Project, Secret, ServiceAccount, Stored
from imagestreams.resources.resource import Column, TableView

Clock = Callable[[], datetime]

DISPLAY_NAME: Final = "openshift.io/display-name"

_NAME: Final = Column(
    "Name",
    format="name",
    description=(
        "Name must be unique within a namespace. Is required when creating resources, although some resources may "
        "allow a client to request the generation of an appropriate name automatically. Name is primarily intended "
        "for creation idempotence and configuration definition. Cannot be updated. More info: "
        "https://kubernetes.io/docs/concepts/overview/working-with-objects/names#names"
    ),
)
_AGE: Final = Column("Age", description="How long ago the object was created.")


def namespace_table(clock: Clock) -> TableView:
    """Return how namespaces are shown."""

    def cells(value: Namespace) -> Sequence[Any]:
        return value.metadata.name, value.status.phase, _age(value, clock)

    status = Column("Status", description="Whether the namespace is in use or going away.")
    return TableView((_NAME, status, _AGE), cells)


def project_table() -> TableView:
    """Return how projects are shown."""

    def cells(value: Project) -> Sequence[Any]:
        return value.metadata.name, (value.metadata.annotations or {}).get(DISPLAY_NAME, ""), value.status.phase

    shown = Column("Display Name", description="The name that pages show for the project.")
    status = Column("Status", description="Whether the project is in use or going away.")
    return TableView((_NAME, shown, status), cells)


def secret_table(clock: Clock) -> TableView:
    """Return how secrets are shown: never with what they hold."""

    def cells(value: Secret) -> Sequence[Any]:
        return value.metadata.name, value.type, len(value.data or {}), _age(value, clock)

    kind = Column("Type", description="What the secret is for.")
    return TableView((_NAME, kind, Column("Data", description="How many values it holds."), _AGE), cells)


def config_map_table(clock: Clock) -> TableView:
    """Return how config maps are shown."""

    def cells(value: ConfigMap) -> Sequence[Any]:
        return value.metadata.name, len(value.data or {}) + len(value.binary_data or {}), _age(value, clock)

    return TableView((_NAME, Column("Data", description="How many values it holds."), _AGE), cells)


def service_account_table(clock: Clock) -> TableView:
    """Return how service accounts are shown."""

    def cells(value: ServiceAccount) -> Sequence[Any]:
        return value.metadata.name, len(value.secrets or []), _age(value, clock)

    secrets = Column("Secrets", description="How many secrets its programs may use.")
    return TableView((_NAME, secrets, _AGE), cells)


def event_table(clock: Clock) -> TableView:
    """Return how events are shown; what is of minor interest has priority 1."""
    columns = (
        Column("Last Seen", description="How long ago it happened last."),
        Column("Type", description="Whether it is normal or a warning."),
        Column("Reason", description="What happened, in one word."),
        Column("Object", description="What it happened to."),
        Column("Subobject", description="The part of the object that it happened to.", priority=1),
        Column("Source", description="Who reports it.", priority=1),
        Column("Message", description="What happened, in a sentence."),
        Column("First Seen", description="How long ago it happened first.", priority=1),
        Column("Count", description="How often it happened.", priority=1),
        Column("Name", _NAME.type, _NAME.format, _NAME.description, priority=1),
    )

    def cells(value: Event) -> Sequence[Any]:
        now = clock()
        first = age(value.first_timestamp or value.event_time, now)
        last = age(value.last_timestamp, now) if value.last_timestamp else first
        count = value.count or 1
        if value.series is not None:
            last, count = age(value.series.last_observed_time, now), value.series.count
        target = value.involved_object
        shown = target.kind.lower() + (f"/{target.name}" if target.name else "")
        source = _source(value.source, value.reporting_component, value.reporting_instance)
        message = value.message.strip()
        name = value.metadata.name
        return last, value.type, value.reason, shown, target.field_path, source, message, first, count, name

    return TableView(columns, cells)


def _source(source: EventSource, component: str, instance: str) -> str:
    host = source.host or instance
    return ", ".join([source.component or component, *([host] if host else [])])


def _age(value: Stored, clock: Clock) -> str:
    return age(value.metadata.creation_timestamp, clock())
