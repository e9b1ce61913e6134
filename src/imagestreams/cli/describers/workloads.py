"""The descriptions of workloads, as kubectl prints them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import msgspec

from imagestreams.api.ages import parse_time, short_duration
from imagestreams.api.meta import LabelSelector
from imagestreams.api.metadata.label_selectors import selector_text, shown_labels
from imagestreams.cli.describers import metadata
from imagestreams.cli.describers.core import mail_date
from imagestreams.cli.describers.events import write_events
from imagestreams.cli.describers.pod_template import pod_template_text, selector_shown
from imagestreams.cli.texts.tab_stops import TabbedText

Object = Mapping[str, Any]
Events = Iterable[Object] | None

_INDEXES_SHOWN: Final = 50


@dataclass(frozen=True, slots=True)
class PodCounts:
    """How many pods of a workload are in which phase; `problem` says why that is not known."""

    running: int = 0
    waiting: int = 0
    succeeded: int = 0
    failed: int = 0
    problem: str = ""

    def __str__(self) -> str:
        return f"{self.running} Running / {self.waiting} Waiting / {self.succeeded} Succeeded / {self.failed} Failed"


def describe_deployment(value: Object, old: Sequence[Object], new: Object | None, events: Events, now: datetime) -> str:
    """Return the description of a Deployment; `old` and `new` are its replica sets."""
    text, meta, spec, status = _start(value)
    text.write(f"CreationTimestamp:\t{mail_date(meta.get('creationTimestamp'))}\n")
    metadata.kubectl_labels(text, meta)
    metadata.kubectl_annotations(text, meta)
    text.write(f"Selector:\t{_selector(spec)}\n")
    text.write(
        f"Replicas:\t{spec.get('replicas', 0)} desired | {status.get('updatedReplicas', 0)} updated"
        f" | {status.get('replicas', 0)} total | {status.get('availableReplicas', 0)} available"
        f" | {status.get('unavailableReplicas', 0)} unavailable\n"
    )
    strategy = spec.get("strategy") or {}
    text.write(f"StrategyType:\t{strategy.get('type', '')}\nMinReadySeconds:\t{spec.get('minReadySeconds', 0)}\n")
    if bounds := strategy.get("rollingUpdate"):
        missing, more = bounds.get("maxUnavailable", 0), bounds.get("maxSurge", 0)
        text.write(f"RollingUpdateStrategy:\t{missing} max unavailable, {more} max surge\n")
    text.write(pod_template_text(spec.get("template")))
    _conditions(text, status)
    if old or new is not None:
        text.write(f"OldReplicaSets:\t{_replica_sets(old)}\n")
        text.write(f"NewReplicaSet:\t{_replica_sets([new] if new is not None else [])}\n")
    write_events(text, events, now)
    return text.text()


def describe_replica_set(value: Object, pods: PodCounts, events: Events, now: datetime) -> str:
    """Return the description of a ReplicaSet."""
    text, meta, spec, status = _start(value)
    text.write(f"Selector:\t{selector_shown(spec.get('selector'))}\n")
    metadata.kubectl_labels(text, meta)
    metadata.kubectl_annotations(text, meta)
    _controller(text, meta)
    text.write(f"Replicas:\t{status.get('replicas', 0)} current / {spec.get('replicas', 0)} desired\n")
    text.write(f"Pods Status:\t{f'error in fetching pods: {pods.problem}' if pods.problem else pods}\n")
    text.write(pod_template_text(spec.get("template")))
    _conditions(text, status)
    write_events(text, events, now)
    return text.text()


def describe_replication_controller(value: Object, pods: PodCounts, events: Events, now: datetime) -> str:
    """Return the description of a ReplicationController."""
    text, meta, spec, status = _start(value)
    text.write(f"Selector:\t{shown_labels(spec.get('selector'))}\n")
    metadata.kubectl_labels(text, meta)
    metadata.kubectl_annotations(text, meta)
    text.write(f"Replicas:\t{status.get('replicas', 0)} current / {spec.get('replicas', 0)} desired\n")
    text.write(f"Pods Status:\t{pods}\n")
    text.write(pod_template_text(spec.get("template")))
    _conditions(text, status)
    write_events(text, events, now)
    return text.text()


def describe_stateful_set(value: Object, pods: PodCounts, events: Events, now: datetime) -> str:
    """Return the description of a StatefulSet."""
    text, meta, spec, status = _start(value)
    text.write(f"CreationTimestamp:\t{mail_date(meta.get('creationTimestamp'))}\nSelector:\t{_selector(spec)}\n")
    metadata.kubectl_labels(text, meta)
    metadata.kubectl_annotations(text, meta)
    text.write(f"Replicas:\t{spec.get('replicas', 0)} desired | {status.get('replicas', 0)} total\n")
    update = spec.get("updateStrategy") or {}
    text.write(f"Update Strategy:\t{update.get('type', '')}\n")
    bounds = update.get("rollingUpdate") or {}
    if bounds.get("partition") is not None:
        text.write(f"  Partition:\t{bounds['partition']}\n")
        if bounds.get("maxUnavailable") is not None:
            text.write(f"  MaxUnavailable:\t{bounds['maxUnavailable']}\n")
    text.write(f"Pods Status:\t{pods}\n")
    text.write(pod_template_text(spec.get("template")))
    _claims(text, spec.get("volumeClaimTemplates") or [])
    write_events(text, events, now)
    return text.text()


def describe_daemon_set(value: Object, pods: PodCounts, events: Events, now: datetime) -> str:
    """Return the description of a DaemonSet."""
    text, meta = TabbedText(), value.get("metadata") or {}
    spec, status = value.get("spec") or {}, value.get("status") or {}
    text.write(f"Name:\t{meta.get('name', '')}\n")  # and no namespace, as kubectl does it
    nodes = ((spec.get("template") or {}).get("spec") or {}).get("nodeSelector")
    text.write(f"Selector:\t{_selector(spec)}\nNode-Selector:\t{shown_labels(nodes)}\n")
    metadata.kubectl_labels(text, meta)
    metadata.kubectl_annotations(text, meta)
    for what, field in (
        ("Desired Number of Nodes Scheduled", "desiredNumberScheduled"),
        ("Current Number of Nodes Scheduled", "currentNumberScheduled"),
        ("Number of Nodes Scheduled with Up-to-date Pods", "updatedNumberScheduled"),
        ("Number of Nodes Scheduled with Available Pods", "numberAvailable"),
        ("Number of Nodes Misscheduled", "numberMisscheduled"),
    ):
        text.write(f"{what}: {status.get(field, 0)}\n")
    text.write(f"Pods Status:\t{pods}\n")
    text.write(pod_template_text(spec.get("template")))
    write_events(text, events, now)
    return text.text()


def describe_job(value: Object, events: Events, now: datetime) -> str:
    """Return the description of a Job."""
    text, meta, spec, status = _start(value)
    text.write(f"Selector:\t{_selector(spec)}\n")
    metadata.kubectl_labels(text, meta)
    metadata.kubectl_annotations(text, meta)
    _controller(text, meta)
    _given(text, "Parallelism", spec.get("parallelism"))
    text.write(f"Completions:\t{_or_unset(spec.get('completions'))}\n")
    _given(text, "Completion Mode", spec.get("completionMode"))
    if (suspended := spec.get("suspend")) is not None:
        text.write(f"Suspend:\t{str(suspended).lower()}\n")
    _given(text, "Backoff Limit", spec.get("backoffLimit"))
    _given(text, "TTL Seconds After Finished", spec.get("ttlSecondsAfterFinished"))
    started, ended = status.get("startTime"), status.get("completionTime")
    if started:
        text.write(f"Start Time:\t{mail_date(started)}\n")
    if ended:
        text.write(f"Completed At:\t{mail_date(ended)}\n")
    first, last = parse_time(started), parse_time(ended)
    if first is not None and last is not None:
        text.write(f"Duration:\t{short_duration((last - first).total_seconds())}\n")
    if (deadline := spec.get("activeDeadlineSeconds")) is not None:
        text.write(f"Active Deadline Seconds:\t{deadline}s\n")
    ready = f" ({status['ready']} Ready)" if status.get("ready") is not None else ""
    active, succeeded, failed = (status.get(field, 0) for field in ("active", "succeeded", "failed"))
    text.write(f"Pods Statuses:\t{active} Active{ready} / {succeeded} Succeeded / {failed} Failed\n")
    if spec.get("completionMode") == "Indexed":
        text.write(f"Completed Indexes:\t{_cut(str(status.get('completedIndexes') or ''))}\n")
    text.write(pod_template_text(spec.get("template")))
    write_events(text, events, now)
    return text.text()


def describe_cron_job(value: Object, events: Events, now: datetime) -> str:
    """Return the description of a CronJob."""
    text, meta, spec, status = _start(value)
    metadata.kubectl_labels(text, meta)
    metadata.kubectl_annotations(text, meta)
    suspended = spec.get("suspend")
    deadline = spec.get("startingDeadlineSeconds")
    text.write(f"Schedule:\t{spec.get('schedule', '')}\nConcurrency Policy:\t{spec.get('concurrencyPolicy', '')}\n")
    text.write(f"Suspend:\t{'<unset>' if suspended is None else suspended}\n")
    text.write(f"Successful Job History Limit:\t{_or_unset(spec.get('successfulJobsHistoryLimit'))}\n")
    text.write(f"Failed Job History Limit:\t{_or_unset(spec.get('failedJobsHistoryLimit'))}\n")
    text.write(f"Starting Deadline Seconds:\t{'<unset>' if deadline is None else f'{deadline}s'}\n")
    job = (spec.get("jobTemplate") or {}).get("spec") or {}
    selector = "<unset>" if job.get("selector") is None else _selector(job)
    text.write(f"Selector:\t{selector}\nParallelism:\t{_or_unset(job.get('parallelism'))}\n")
    text.write(f"Completions:\t{_or_unset(job.get('completions'))}\n")
    if (deadline := job.get("activeDeadlineSeconds")) is not None:
        text.write(f"Active Deadline Seconds:\t{deadline}s\n")
    text.write(pod_template_text(job.get("template")))
    last = status.get("lastScheduleTime")
    text.write(f"Last Schedule Time:\t{mail_date(last) if last else '<unset>'}\n")
    active = ", ".join(str(each.get("name", "")) for each in status.get("active") or [])
    text.write(f"Active Jobs:\t{active or '<none>'}\n")
    write_events(text, events, now)
    return text.text()


def _start(value: Object) -> tuple[TabbedText, Object, Object, Object]:
    text, meta = TabbedText(), value.get("metadata") or {}
    text.write(f"Name:\t{meta.get('name', '')}\nNamespace:\t{meta.get('namespace', '')}\n")
    return text, meta, value.get("spec") or {}, value.get("status") or {}


def _selector(spec: Object) -> str:
    selector = spec.get("selector")
    return selector_text(msgspec.convert(selector, LabelSelector)) if selector is not None else ""


def _controller(text: TabbedText, meta: Object) -> None:
    for owner in meta.get("ownerReferences") or []:
        if owner.get("controller"):
            text.write(f"Controlled By:\t{owner.get('kind', '')}/{owner.get('name', '')}\n")


def _conditions(text: TabbedText, status: Object) -> None:
    if conditions := status.get("conditions"):
        text.write("Conditions:\n  Type\tStatus\tReason\n  ----\t------\t------\n")
        for each in conditions:
            text.write(f"  {each.get('type', '')} \t{each.get('status', '')}\t{each.get('reason', '')}\n")


def _replica_sets(sets: Sequence[Object]) -> str:
    shown = []
    for each in sets:
        there, wanted = (each.get("status") or {}).get("replicas", 0), (each.get("spec") or {}).get("replicas", 0)
        shown.append(f"{(each.get('metadata') or {}).get('name', '')} ({there}/{wanted} replicas created)")
    return ", ".join(shown) or "<none>"


def _claims(text: TabbedText, claims: Sequence[Object]) -> None:
    if not claims:
        text.write("Volume Claims:\t<none>\n")
        return
    text.write("Volume Claims:\n")
    for claim in claims:
        meta, spec = claim.get("metadata") or {}, claim.get("spec") or {}
        annotations = meta.get("annotations") or {}
        storage_class = annotations.get("volume.beta.kubernetes.io/storage-class", spec.get("storageClassName") or "")
        capacity = ((spec.get("resources") or {}).get("requests") or {}).get("storage", "<default>")
        text.write(f"  Name:\t{meta.get('name', '')}\n  StorageClass:\t{storage_class}\n")
        for title, pairs in (("Labels", meta.get("labels")), ("Annotations", annotations)):
            lines = [f"{key}={value}\n" for key, value in sorted((pairs or {}).items())]
            text.write(f"  {title}:\t" + ("  \t".join(lines) or "<none>\n"))
        modes = " ".join(spec.get("accessModes") or [])
        text.write(f"  Capacity:\t{capacity}\n  Access Modes:\t[{modes}]\n")


def _given(text: TabbedText, label: str, value: Any) -> None:
    if value is not None:
        text.write(f"{label}:\t{value}\n")


def _or_unset(value: Any) -> Any:
    return "<unset>" if value is None else value


def _cut(indexes: str) -> str:
    """Show indexes up to the first comma beyond a length."""
    if not indexes:
        return "<none>"
    comma = indexes.find(",", _INDEXES_SHOWN)
    return indexes if comma < 0 else f"{indexes[: comma + 1]}..."
