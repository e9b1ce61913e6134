"""Which replica sets a deployment should have: the plan alone."""

from dataclasses import dataclass, field
from typing import Any

from imagestreams.api.apps.types import Deployment, ReplicaSet
from imagestreams.api.codec import copy, from_dict
from imagestreams.resources.workloads.replica_set_history import (
    REVISION,
    REVISION_HISTORY,
    plan_replica_sets,
    revision_of,
)


def deployment(image: str, **spec: Any) -> Deployment:
    labels = {"app": "web"}
    template = {"metadata": {"labels": labels}, "spec": {"containers": [{"name": "c", "image": image}]}}
    whole = {"replicas": 4, "selector": {"matchLabels": labels}, "template": template, "revisionHistoryLimit": 10}
    metadata = {"name": "web", "namespace": "ns", "uid": "u"}
    document = {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": metadata, "spec": {**whole, **spec}}
    return from_dict(document, Deployment)


@dataclass
class Past:
    """Plays the loop: the plan is carried out on replica sets in memory."""

    sets: dict[str, ReplicaSet] = field(default_factory=dict)
    moment: int = 0

    def settle(self, value: Deployment) -> Deployment:
        plan = plan_replica_sets(value, list(self.sets.values()))
        if plan.created is not None:
            self.moment += 1
            plan.created.metadata.creation_timestamp = f"2026-11-25T12:00:{self.moment:02d}Z"
            self.sets[plan.created.metadata.name] = plan.created
        self.sets.update({after.metadata.name: after for _, after in plan.changed})
        for gone in plan.removed:
            del self.sets[gone.metadata.name]
        settled = copy(value)
        settled.metadata.annotations = {**(settled.metadata.annotations or {}), REVISION: plan.revision}
        return settled

    def images(self) -> dict[int, str]:
        """The images by revision."""
        found = {}
        for each in self.sets.values():
            containers = each.spec.template.spec.containers
            assert containers is not None
            found[revision_of(each.metadata)] = containers[0].image
        return dict(sorted(found.items()))

    def replicas(self) -> dict[int, int | None]:
        return {revision_of(each.metadata): each.spec.replicas for each in self.sets.values()}


def test_each_new_template_is_a_revision_that_takes_over_all_replicas() -> None:
    past = Past()

    past.settle(deployment("app:1"))
    settled = past.settle(deployment("app:2"))

    assert past.images() == {1: "app:1", 2: "app:2"}
    assert past.replicas() == {1: 0, 2: 4}
    assert (settled.metadata.annotations or {})[REVISION] == "2"


def test_a_replica_set_is_named_labelled_and_owned_as_by_kubernetes() -> None:
    past = Past()

    past.settle(deployment("app:1", minReadySeconds=5, strategy={"rollingUpdate": {"maxSurge": "30%"}}))

    (made,) = past.sets.values()
    labels, owner = made.metadata.labels or {}, (made.metadata.owner_references or [])[0]
    assert made.metadata.name == f"web-{labels['pod-template-hash']}"
    assert made.spec.selector is not None
    assert made.spec.selector.match_labels == labels == made.spec.template.metadata.labels
    assert (owner.kind, owner.uid, owner.controller, owner.block_owner_deletion) == ("Deployment", "u", True, True)
    assert made.spec.min_ready_seconds == 5
    annotations = made.metadata.annotations or {}
    assert annotations["deployment.kubernetes.io/desired-replicas"] == "4"
    assert annotations["deployment.kubernetes.io/max-replicas"] == "6"


def test_nothing_is_done_when_everything_is_as_it_should_be() -> None:
    past = Past()
    value = past.settle(deployment("app:1"))

    plan = plan_replica_sets(value, list(past.sets.values()))

    assert (plan.created, list(plan.changed), list(plan.removed), plan.revision) == (None, [], [], "1")


def test_going_back_gives_the_old_revision_the_highest_number() -> None:
    past = Past()
    for image in ("app:1", "app:2", "app:1"):
        past.settle(deployment(image))

    assert past.images() == {2: "app:2", 3: "app:1"}
    assert past.replicas() == {2: 0, 3: 4}
    back = next(each for each in past.sets.values() if revision_of(each.metadata) == 3)
    assert (back.metadata.annotations or {})[REVISION_HISTORY] == "1"


def test_the_cause_of_a_change_goes_to_its_revision() -> None:
    past = Past()
    for number, image in enumerate(("app:1", "app:2"), 1):
        value = deployment(image)
        value.metadata.annotations = {"kubernetes.io/change-cause": f"change {number}"}
        past.settle(value)

    causes = {
        revision_of(each.metadata): (each.metadata.annotations or {})["kubernetes.io/change-cause"]
        for each in past.sets.values()
    }
    assert causes == {1: "change 1", 2: "change 2"}


def test_the_history_is_as_long_as_its_limit() -> None:
    past = Past()
    for number in range(1, 7):
        past.settle(deployment(f"app:{number}", revisionHistoryLimit=2))

    assert past.images() == {4: "app:4", 5: "app:5", 6: "app:6"}


def test_what_still_runs_is_no_history_yet() -> None:
    past = Past()
    past.settle(deployment("app:1", revisionHistoryLimit=0))
    (running,) = past.sets.values()
    running.status.replicas = 4

    past.settle(deployment("app:2", revisionHistoryLimit=0))

    assert past.images() == {1: "app:1", 2: "app:2"}


def test_a_paused_deployment_keeps_what_it_runs_and_can_be_scaled() -> None:
    past = Past()
    past.settle(deployment("app:1"))

    past.settle(deployment("app:2", paused=True, replicas=7))

    assert past.images() == {1: "app:1"}
    assert past.replicas() == {1: 7}


def test_a_name_that_is_taken_leads_to_another_one() -> None:
    value, again = deployment("app:1"), deployment("app:1")
    again.status.collision_count = 1

    names = {plan_replica_sets(each, []).created.metadata.name for each in (value, again)}  # type: ignore[union-attr]  # both have one

    assert len(names) == 2
