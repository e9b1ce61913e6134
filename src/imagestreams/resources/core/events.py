"""Events: what happened to objects, kept for an hour after it happened last."""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Final

from imagestreams.api.ages import parse_time
from imagestreams.api.core import Event
from imagestreams.api.errors import FieldError
from imagestreams.api.metadata.object_meta_validation import dns_subdomain_problems, qualified_name_problems
from imagestreams.resources.core.tables import event_table
from imagestreams.resources.resource import ALL_VERBS, ResourceInfo
from imagestreams.resources.storage import ObjectStorage
from imagestreams.resources.stored import Strategy
from imagestreams.store.cache import ObservableStore

EVENT_LIFETIME: Final = timedelta(hours=1)

_SHORT_MAX: Final = 128
_NOTE_MAX: Final = 1024
_NOT_THE_SAME: Final = "does not match event.namespace"
_TARGET: Final = "involvedObject"


def event_storage(store: ObservableStore, clock: Callable[[], datetime]) -> ObjectStorage[Event]:
    """Return where events are kept."""
    info = ResourceInfo(
        group="",
        version="v1",
        plural="events",
        singular="event",
        kind="Event",
        object_type=Event,
        verbs=ALL_VERBS,
        short_names=("ev",),
        table=event_table(clock),
        field_labels=frozenset(EventStrategy().field_values(Event())),
    )
    return ObjectStorage(store, info, Event)


class EventStrategy(Strategy[Event]):
    """The rules of events, which differ for the older kind, known by its missing `eventTime`."""

    may_update_without_version = True
    creates_on_update = True

    def validate(self, value: Event) -> list[FieldError]:
        namespace, of = value.metadata.namespace, value.involved_object.namespace
        errors = _newer_errors(value) if value.event_time else []
        if value.event_time:
            strange = not of and namespace not in {"default", "kube-system"}
        else:
            strange = of != namespace if of else namespace not in {"", "default"}
        if strange:
            errors.insert(0, FieldError.invalid(f"{_TARGET}.namespace", of, _NOT_THE_SAME))
        return errors + [
            FieldError.invalid("namespace", namespace, problem) for problem in dns_subdomain_problems(namespace)
        ]

    def field_values(self, value: Event) -> Mapping[str, str]:
        target = value.involved_object
        return {
            **super().field_values(value),
            f"{_TARGET}.kind": target.kind,
            f"{_TARGET}.namespace": target.namespace,
            f"{_TARGET}.name": target.name,
            f"{_TARGET}.uid": target.uid,
            f"{_TARGET}.apiVersion": target.api_version,
            f"{_TARGET}.resourceVersion": target.resource_version,
            f"{_TARGET}.fieldPath": target.field_path,
            "reason": value.reason,
            "reportingComponent": value.reporting_component,
            "source": value.source.component or value.reporting_component,
            "type": value.type,
        }


def is_over(event: Event, now: datetime) -> bool:
    """Return whether an event is to be forgotten; a time in the future does not keep it."""
    times = [event.metadata.creation_timestamp, event.event_time, event.first_timestamp, event.last_timestamp]
    if event.series is not None:
        times.append(event.series.last_observed_time)
    past = [moment for time in times if (moment := parse_time(time)) is not None and moment <= now]
    return not past or max(past) + EVENT_LIFETIME <= now


def _newer_errors(value: Event) -> list[FieldError]:
    errors: list[FieldError] = []
    reporter = value.reporting_component
    if not reporter:
        errors.append(FieldError.required("reportingComponent"))
    errors += [
        FieldError.invalid("reportingComponent", reporter, problem) for problem in qualified_name_problems(reporter)
    ]
    for field, text in (
        ("reportingInstance", value.reporting_instance),
        ("action", value.action),
        ("reason", value.reason),
    ):
        if not text:
            errors.append(FieldError.required(field))
        if len(text.encode()) > _SHORT_MAX:
            errors.append(FieldError.invalid(field, "", f"can have at most {_SHORT_MAX} characters"))
    if len(value.message.encode()) > _NOTE_MAX:
        errors.append(FieldError.invalid("message", "", f"can have at most {_NOTE_MAX} characters"))
    return errors
