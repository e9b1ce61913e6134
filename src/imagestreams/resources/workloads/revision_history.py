"""Which revisions a stateful set or daemon set should have: pure, from the object and those that it has."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from imagestreams.api.apps.types import ControllerRevision, DaemonSet, StatefulSet
from imagestreams.api.codec import copy, to_dict
from imagestreams.api.meta import ObjectMeta
from imagestreams.resources.workloads.ownership import controlled_by
from imagestreams.resources.workloads.template_hash import template_hash

STATEFUL_SET_HASH: Final = "controller.kubernetes.io/hash"
DAEMON_SET_HASH: Final = "controller-revision-hash"
_NAME_MAX: Final = 223


@dataclass(frozen=True, slots=True)
class RevisionPlan:
    """What is to be done: a revision to make, one that becomes the newest again, and what can go."""

    created: ControllerRevision | None = None
    changed: tuple[ControllerRevision, ControllerRevision] | None = None
    removed: Sequence[ControllerRevision] = field(default_factory=tuple)


def plan_revisions(owner: StatefulSet | DaemonSet, owned: Sequence[ControllerRevision]) -> RevisionPlan:
    """Decide what the revisions of an object should become."""
    data = template_patch(owner)
    ordered = sorted(owned, key=lambda each: (each.revision, each.metadata.creation_timestamp or ""))
    newest = ordered[-1].revision if ordered else 0
    current = next((each for each in reversed(ordered) if each.data == data), None)
    created = changed = None
    if current is None:
        created = _new(owner, data, newest + 1)
    elif current is not ordered[-1]:
        after = copy(current)
        after.revision = newest + 1
        changed = current, after
    used = {owner.status.current_revision, owner.status.update_revision} if isinstance(owner, StatefulSet) else set()
    spare = [each for each in ordered if each is not current and each.metadata.name not in used]
    limit = owner.spec.revision_history_limit
    return RevisionPlan(created, changed, spare[: max(0, len(spare) - limit)] if limit is not None else ())


def template_patch(owner: StatefulSet | DaemonSet) -> dict[str, Any]:
    """Return the patch that gives an object back the template that it has now.

    Its keys are in order: kubectl compares it byte by byte with one that it makes itself.
    """
    return {"spec": {"template": _sorted({**to_dict(owner.spec.template), "$patch": "replace"})}}


def _sorted(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _sorted(value[key]) for key in sorted(value)}
    return [_sorted(each) for each in value] if isinstance(value, list) else value


def _new(owner: StatefulSet | DaemonSet, data: dict[str, Any], revision: int) -> ControllerRevision:
    metadata = owner.metadata
    suffix = template_hash(owner.spec.template, owner.status.collision_count)
    label = STATEFUL_SET_HASH if isinstance(owner, StatefulSet) else DAEMON_SET_HASH
    return ControllerRevision(
        metadata=ObjectMeta(
            name=f"{metadata.name[:_NAME_MAX]}-{suffix}",
            namespace=metadata.namespace,
            labels={**(owner.spec.template.metadata.labels or {}), label: suffix},
            annotations=dict(metadata.annotations) if metadata.annotations else None,
            owner_references=[controlled_by(owner)],
        ),
        data=data,
        revision=revision,
    )
