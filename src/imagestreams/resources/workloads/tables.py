"""How workloads are shown as tables: what kubectl prints for a real cluster."""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Any, Final

from imagestreams.api.ages import age, parse_time, short_duration
from imagestreams.api.apps.types import (
    ControllerRevision,
    DaemonSet,
    Deployment,
    ReplicaSet,
    ReplicationController,
    StatefulSet,
)
from imagestreams.api.batch.types import CronJob, Job
from imagestreams.api.core import Stored
from imagestreams.api.metadata.label_selectors import NONE_SHOWN, shown_labels, shown_selector
from imagestreams.api.pods import PodTemplateSpec
from imagestreams.resources.resource import Column, TableView

Clock = Callable[[], datetime]

NAME: Final = Column(
    "Name",
    format="name",
    description=(
        "Name must be unique within a namespace. Is required when creating resources, although some resources may "
        "allow a client to request the generation of an appropriate name automatically. Name is primarily intended "
        "for creation idempotence and configuration definition. Cannot be updated. More info: "
        "https://kubernetes.io/docs/concepts/overview/working-with-objects/names#names"
    ),
)
AGE: Final = Column("Age", description="How long ago the object was created.")
_CONTAINERS: Final = Column("Containers", description="The names of the containers.", priority=1)
_IMAGES: Final = Column("Images", description="The images of the containers.", priority=1)
_SELECTOR: Final = Column("Selector", description="Which pods belong to it.", priority=1)
_WIDE: Final = (_CONTAINERS, _IMAGES, _SELECTOR)


def _number(name: str, description: str) -> Column:
    return Column(name, type="integer", description=description)


_DESIRED: Final = _number("Desired", "How many pods there should be.")
_CURRENT: Final = _number("Current", "How many pods there are.")
_READY: Final = Column("Ready", description="How many pods are ready, of how many there should be.")
_READY_NUMBER: Final = _number("Ready", "How many pods are ready.")
_UP_TO_DATE: Final = Column("Up-to-date", description="How many pods have the current template.")
_AVAILABLE: Final = Column("Available", description="How many pods are available.")


def deployment_table(clock: Clock) -> TableView:
    """Return how deployments are shown."""

    def cells(value: Deployment) -> Sequence[Any]:
        status, selector = value.status, shown_selector(value.spec.selector)
        ready = f"{status.ready_replicas}/{value.spec.replicas or 0}"
        counts = ready, status.updated_replicas, status.available_replicas
        return value.metadata.name, *counts, _age(value, clock), *_images(value.spec.template), selector

    return TableView((NAME, _READY, _UP_TO_DATE, _AVAILABLE, AGE, *_WIDE), cells)


def replica_set_table(clock: Clock) -> TableView:
    """Return how replica sets are shown."""

    def cells(value: ReplicaSet) -> Sequence[Any]:
        counts = value.spec.replicas or 0, value.status.replicas, value.status.ready_replicas
        wide = *_images(value.spec.template), shown_selector(value.spec.selector)
        return value.metadata.name, *counts, _age(value, clock), *wide

    return TableView((NAME, _DESIRED, _CURRENT, _READY_NUMBER, AGE, *_WIDE), cells)


def replication_controller_table(clock: Clock) -> TableView:
    """Return how replication controllers are shown."""

    def cells(value: ReplicationController) -> Sequence[Any]:
        counts = value.spec.replicas or 0, value.status.replicas, value.status.ready_replicas
        wide = *_images(value.spec.template), shown_labels(value.spec.selector)
        return value.metadata.name, *counts, _age(value, clock), *wide

    return TableView((NAME, _DESIRED, _CURRENT, _READY_NUMBER, AGE, *_WIDE), cells)


def stateful_set_table(clock: Clock) -> TableView:
    """Return how stateful sets are shown."""

    def cells(value: StatefulSet) -> Sequence[Any]:
        ready = f"{value.status.ready_replicas}/{value.spec.replicas or 0}"
        return value.metadata.name, ready, _age(value, clock), *_images(value.spec.template)

    return TableView((NAME, _READY, AGE, _CONTAINERS, _IMAGES), cells)


def daemon_set_table(clock: Clock) -> TableView:
    """Return how daemon sets are shown."""

    def cells(value: DaemonSet) -> Sequence[Any]:
        status, template = value.status, value.spec.template
        counts = (
            status.desired_number_scheduled,
            status.current_number_scheduled,
            status.number_ready,
            status.updated_number_scheduled,
            status.number_available,
        )
        nodes = shown_labels(template.spec.node_selector)
        wide = *_images(template), shown_selector(value.spec.selector)
        return value.metadata.name, *counts, nodes, _age(value, clock), *wide

    nodes = Column("Node Selector", description="On which nodes it runs.")
    up_to_date = _number("Up-to-date", _UP_TO_DATE.description)
    available = _number("Available", _AVAILABLE.description)
    counts = (_DESIRED, _CURRENT, _READY_NUMBER, up_to_date, available)
    return TableView((NAME, *counts, nodes, AGE, *_WIDE), cells)


def controller_revision_table(clock: Clock) -> TableView:
    """Return how revisions are shown."""

    def cells(value: ControllerRevision) -> Sequence[Any]:
        return value.metadata.name, _controller(value), value.revision, _age(value, clock)

    controller = Column("Controller", description="The object whose state it was.")
    return TableView((NAME, controller, _number("Revision", "The number of the state."), AGE), cells)


def job_table(clock: Clock) -> TableView:
    """Return how jobs are shown."""

    def cells(value: Job) -> Sequence[Any]:
        shown = _job_status(value), _completions(value), _job_duration(value, clock())
        wide = *_images(value.spec.template), shown_selector(value.spec.selector)
        return value.metadata.name, *shown, _age(value, clock), *wide

    columns = (
        Column("Status", description="Whether it runs, waits, or has come to which end."),
        Column("Completions", description="How many pods succeeded, of how many that have to."),
        Column("Duration", description="How long it runs, or ran."),
    )
    return TableView((NAME, *columns, AGE, *_WIDE), cells)


def cron_job_table(clock: Clock) -> TableView:
    """Return how cron jobs are shown."""

    def cells(value: CronJob) -> Sequence[Any]:
        spec, status = value.spec, value.status
        last = age(status.last_schedule_time, clock()) if status.last_schedule_time else NONE_SHOWN
        suspended = "<unset>" if spec.suspend is None else "True" if spec.suspend else "False"
        zone = NONE_SHOWN if spec.time_zone is None else spec.time_zone
        job = spec.job_template.spec
        wide = *_images(job.template), shown_selector(job.selector)
        active = len(status.active or [])
        return value.metadata.name, spec.schedule, zone, suspended, active, last, _age(value, clock), *wide

    columns = (
        Column("Schedule", description="The timetable."),
        Column("Timezone", description="The time zone of the timetable."),
        Column("Suspend", description="Whether no more jobs are started."),
        _number("Active", "How many of its jobs run."),
        Column("Last Schedule", description="How long ago a job was started last."),
    )
    return TableView((NAME, *columns, AGE, *_WIDE), cells)


def _images(template: PodTemplateSpec | None) -> tuple[str, str]:
    containers = (template.spec.containers or []) if template is not None else []
    return _joined(each.name for each in containers), _joined(each.image for each in containers)


def _joined(texts: Iterable[str]) -> str:
    return ",".join(texts)


def _age(value: Stored, clock: Clock) -> str:
    return age(value.metadata.creation_timestamp, clock())


def _controller(value: Stored) -> str:
    for owner in value.metadata.owner_references or []:
        if owner.controller:
            group = owner.api_version.rpartition("/")[0]
            kind = owner.kind.lower() + (f".{group}" if group else "")
            return f"{kind}/{owner.name}"
    return NONE_SHOWN


def _job_status(value: Job) -> str:
    true = {each.type for each in value.status.conditions or [] if each.status == "True"}
    for kind in ("Complete", "Failed"):
        if kind in true:
            return kind
    if value.metadata.deletion_timestamp:
        return "Terminating"
    for kind in ("Suspended", "FailureTarget", "SuccessCriteriaMet"):
        if kind in true:
            return kind
    return "Running"


def _completions(value: Job) -> str:
    spec, succeeded = value.spec, value.status.succeeded
    if spec.completions is not None:
        return f"{succeeded}/{spec.completions}"
    parallelism = spec.parallelism or 0
    return f"{succeeded}/1 of {parallelism}" if parallelism > 1 else f"{succeeded}/1"


def _job_duration(value: Job, now: datetime) -> str:
    started, ended = parse_time(value.status.start_time), parse_time(value.status.completion_time)
    if started is None:
        return ""
    return short_duration(((ended or now) - started).total_seconds())
