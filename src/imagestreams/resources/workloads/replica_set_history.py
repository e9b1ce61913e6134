"""Which replica sets a deployment should have: pure, from the deployment and those that it has.

The one with the deployment's template has the highest revision and all replicas; the others are the history.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import ceil
from typing import Final

from imagestreams.api.apps.types import Deployment, ReplicaSet, ReplicaSetSpec
from imagestreams.api.codec import copy
from imagestreams.api.field_rules import number_of
from imagestreams.api.meta import LabelSelector, ObjectMeta
from imagestreams.api.pods import PodTemplateSpec
from imagestreams.api.written_numbers import written_number
from imagestreams.resources.workloads.ownership import controlled_by
from imagestreams.resources.workloads.template_hash import template_hash

REVISION: Final = "deployment.kubernetes.io/revision"
REVISION_HISTORY: Final = "deployment.kubernetes.io/revision-history"
DESIRED: Final = "deployment.kubernetes.io/desired-replicas"
MOST: Final = "deployment.kubernetes.io/max-replicas"
HASH: Final = "pod-template-hash"

_NOT_COPIED: Final = frozenset(
    {
        "kubectl.kubernetes.io/last-applied-configuration",
        REVISION,
        REVISION_HISTORY,
        DESIRED,
        MOST,
        "deprecated.deployment.rollback.to",
    }
)


@dataclass(frozen=True, slots=True)
class ReplicaSetPlan:
    """What is to be done: a replica set to make, new states in place of old ones, and what can go."""

    revision: str
    created: ReplicaSet | None = None
    changed: Sequence[tuple[ReplicaSet, ReplicaSet]] = field(default_factory=tuple)
    removed: Sequence[ReplicaSet] = field(default_factory=tuple)


def plan_replica_sets(deployment: Deployment, owned: Sequence[ReplicaSet]) -> ReplicaSetPlan:
    """Decide what the replica sets of a deployment should become.

    A paused deployment gets no new one, and none of those that it has becomes another's successor. Old ones beyond the
    history's limit go once nothing of theirs is known to run.
    """
    ordered = sorted(owned, key=lambda each: (each.metadata.creation_timestamp or "", each.metadata.name))
    current = next((each for each in ordered if same_template(deployment.spec.template, each.spec.template)), None)
    old = [each for each in ordered if each is not current]
    revision = max((revision_of(each.metadata) for each in old), default=0) + 1
    created = None
    if current is None:
        if deployment.spec.paused:
            revision = revision_of(deployment.metadata)
        else:
            created = _new(deployment, revision)
    elif revision_of(current.metadata) > revision:
        revision = revision_of(current.metadata)
    wanted = deployment.spec.replicas or 0
    running = _running(deployment, current, old)
    changed, idle = [], []
    for each in ordered:
        replicas = (wanted if each is running else 0) if not deployment.spec.paused or each is running else None
        if each is current:
            after = _current(deployment, each, revision, replicas)
        else:
            after = _sized(deployment, each, replicas)
            if not after.spec.replicas and not each.status.replicas and not each.metadata.deletion_timestamp:
                idle.append(each)
        if after != each:
            changed.append((each, after))
    limit = deployment.spec.revision_history_limit
    spare = sorted(idle, key=lambda each: revision_of(each.metadata))
    removed = spare[: max(0, len(spare) - limit)] if limit is not None else []
    gone = {each.metadata.name for each in removed}
    changed = [pair for pair in changed if pair[0].metadata.name not in gone]
    return ReplicaSetPlan(str(revision) if revision else "", created, changed, removed)


def revision_of(metadata: ObjectMeta) -> int:
    """Return the number of an object's revision, 0 when it has none."""
    text = (metadata.annotations or {}).get(REVISION, "")
    return written_number(text, 0)


def same_template(one: PodTemplateSpec, other: PodTemplateSpec) -> bool:
    """Return whether two templates are the same but for the label that names the template."""
    return one.spec == other.spec and _without_hash(one) == _without_hash(other)


def _without_hash(template: PodTemplateSpec) -> tuple[Mapping[str, str], Mapping[str, str]]:
    labels = {key: value for key, value in (template.metadata.labels or {}).items() if key != HASH}
    return labels, template.metadata.annotations or {}


def _running(deployment: Deployment, current: ReplicaSet | None, old: Sequence[ReplicaSet]) -> ReplicaSet | None:
    """Return the replica set that should have the replicas: of a paused deployment the one that has them."""
    if not deployment.spec.paused:
        return current
    everyone = [*old, *([current] if current is not None else [])]
    active = [each for each in everyone if each.spec.replicas]
    if len(active) > 1:
        return None
    return active[0] if active else max(everyone, key=lambda each: revision_of(each.metadata), default=None)


def _new(deployment: Deployment, revision: int) -> ReplicaSet:
    spec, metadata = deployment.spec, deployment.metadata
    name = template_hash(spec.template, deployment.status.collision_count)
    template = copy(spec.template)
    template.metadata.labels = {**(template.metadata.labels or {}), HASH: name}
    selector = copy(spec.selector) if spec.selector is not None else LabelSelector()
    selector.match_labels = {**(selector.match_labels or {}), HASH: name}
    annotations = {**_copied(metadata), **_sizes(deployment), REVISION: str(revision)}
    return ReplicaSet(
        metadata=ObjectMeta(
            name=f"{metadata.name}-{name}",
            namespace=metadata.namespace,
            generation=1,
            labels=dict(template.metadata.labels),
            annotations=dict(sorted(annotations.items())),
            owner_references=[controlled_by(deployment)],
        ),
        spec=ReplicaSetSpec(
            replicas=spec.replicas,
            min_ready_seconds=spec.min_ready_seconds,
            selector=selector,
            template=template,
        ),
    )


def _current(deployment: Deployment, value: ReplicaSet, revision: int, replicas: int | None) -> ReplicaSet:
    """Return the state of the replica set with the deployment's template: it takes over annotations and revision."""
    before = value.metadata.annotations or {}
    annotations = {**before, **_copied(deployment.metadata), **_sizes(deployment)}
    if revision_of(value.metadata) < revision:
        annotations[REVISION] = str(revision)
        if last := before.get(REVISION):
            history = before.get(REVISION_HISTORY)
            annotations[REVISION_HISTORY] = f"{history},{last}" if history else last
    return _with(value, annotations, replicas, deployment.spec.min_ready_seconds)


def _sized(deployment: Deployment, value: ReplicaSet, replicas: int | None) -> ReplicaSet:
    """Return the state of a replica set of the history."""
    if replicas is None or replicas == value.spec.replicas:
        return value
    annotations = {**(value.metadata.annotations or {}), **_sizes(deployment)}
    return _with(value, annotations, replicas, value.spec.min_ready_seconds)


def _with(value: ReplicaSet, annotations: dict[str, str], replicas: int | None, ready_s: int) -> ReplicaSet:
    replicas = value.spec.replicas if replicas is None else replicas
    same_spec = (replicas, ready_s) == (value.spec.replicas, value.spec.min_ready_seconds)
    if same_spec and annotations == (value.metadata.annotations or {}):
        return value
    after = copy(value)
    after.metadata.annotations = dict(sorted(annotations.items()))
    after.spec.replicas, after.spec.min_ready_seconds = replicas, ready_s
    if not same_spec:
        after.metadata.generation += 1
    return after


def _copied(metadata: ObjectMeta) -> dict[str, str]:
    return {key: text for key, text in (metadata.annotations or {}).items() if key not in _NOT_COPIED}


def _sizes(deployment: Deployment) -> dict[str, str]:
    replicas = deployment.spec.replicas or 0
    return {DESIRED: str(replicas), MOST: str(replicas + _surge(deployment))}


def _surge(deployment: Deployment) -> int:
    """Return how many pods more than wanted an update may have."""
    bounds = deployment.spec.strategy.rolling_update
    if bounds is None:
        return 0
    more = bounds.max_surge
    if isinstance(more, str):
        return ceil((deployment.spec.replicas or 0) * number_of(more) / 100)
    return more or 0
