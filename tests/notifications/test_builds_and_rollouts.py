"""Builds that are over, and workloads that run what they should or stopped getting there."""

from typing import Any

import pytest

from imagestreams.api.apps.types import DaemonSet, Deployment, StatefulSet
from imagestreams.api.build.types import Build
from imagestreams.api.codec import from_dict
from imagestreams.api.openshift_apps.types import DeploymentConfig
from imagestreams.notifications.build_happenings import build_happenings, build_happenings_since
from imagestreams.notifications.rollout_happenings import rollout_happenings, rollout_happenings_since

NOW = "2026-01-01T00:01:00Z"
DONE = {"type": "Progressing", "status": "True", "reason": "NewReplicaSetAvailable", "message": "done"}
LATE = {"type": "Progressing", "status": "False", "reason": "ProgressDeadlineExceeded", "message": "late"}
UNDERWAY = {"type": "Progressing", "status": "True", "reason": "ReplicaSetUpdated"}
FAILING = {"type": "ReplicaFailure", "status": "True", "reason": "FailedCreate", "message": "no"}
LEFT = {"type": "ReplicaFailure", "status": "True", "reason": "NoRunner", "message": "nobody"}


def build(phase: str, uid: str = "u", **status: Any) -> Build:
    body = {
        "metadata": {"name": "app-1", "namespace": "ns", "uid": uid},
        "status": {"phase": phase, "completionTimestamp": "2026-01-01T00:00:30Z", **status},
    }
    return from_dict(body, Build)


def workload(
    kind: type[Any], *conditions: dict[str, str], generation: int = 1, revision: str = "1", **status: Any
) -> Any:
    metadata = {
        "name": "web",
        "namespace": "ns",
        "uid": "u",
        "generation": generation,
        "annotations": {"deployment.kubernetes.io/revision": revision},
    }
    template = {"spec": {"containers": [{"name": "web", "image": "r.example.com/web:1"}]}}
    body = {
        "metadata": metadata,
        "spec": {"template": template},
        "status": {"observedGeneration": generation, "conditions": list(conditions), **status},
    }
    return from_dict(body, kind)


@pytest.mark.parametrize(
    ("phase", "kind"),
    [
        ("Complete", "BuildCompleted"),
        ("Failed", "BuildFailed"),
        ("Error", "BuildFailed"),
        ("Cancelled", "BuildFailed"),
    ],
)
def test_a_build_that_is_over_is_told_once(phase: str, kind: str) -> None:
    over = build(phase, reason="R", output={"to": {"imageDigest": "sha256:a"}}, outputDockerImageReference="r/app:1")

    (found,) = build_happenings(build("Running"), over, NOW)

    assert (found.kind, found.subject, found.time) == (kind, "ns/app-1", "2026-01-01T00:00:30Z")
    assert (found.data["image"], found.data["pullSpec"], found.data["reason"]) == ("sha256:a", "r/app:1", "R")
    assert build_happenings(over, over, NOW) == []
    assert build_happenings(over, None, NOW) == []


@pytest.mark.parametrize("phase", ["New", "Pending", "Running"])
def test_a_build_that_goes_on_is_no_news(phase: str) -> None:
    assert build_happenings(None, build(phase), NOW) == []
    assert build_happenings_since(build(phase), "", NOW) == []


def test_a_build_of_the_same_name_is_another_one() -> None:
    assert len(build_happenings(build("Complete", uid="1"), build("Complete", uid="2"), NOW)) == 1


def test_builds_that_ended_since_a_time() -> None:
    assert len(build_happenings_since(build("Complete"), "2026-01-01T00:00:30Z", NOW)) == 1
    assert build_happenings_since(build("Complete"), "2026-01-01T00:00:31Z", NOW) == []


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        (workload(Deployment, UNDERWAY), workload(Deployment, DONE), "RolloutCompleted"),
        (workload(Deployment, UNDERWAY), workload(Deployment, LATE), "RolloutFailed"),
        (workload(Deployment, DONE), workload(Deployment, DONE, revision="2", generation=2), "RolloutCompleted"),
        (workload(Deployment, DONE), workload(Deployment, DONE), None),
        (workload(Deployment, DONE), workload(Deployment, DONE, generation=2, observedGeneration=1), None),
        (None, workload(Deployment, UNDERWAY), None),
        (
            workload(DeploymentConfig, UNDERWAY, latestVersion=1),
            workload(DeploymentConfig, {**DONE, "reason": "NewReplicationControllerAvailable"}, latestVersion=1),
            "RolloutCompleted",
        ),
        (
            workload(DeploymentConfig, UNDERWAY, latestVersion=1),
            workload(
                DeploymentConfig,
                {"type": "Progressing", "status": "False", "reason": "RolloutCancelled"},
                latestVersion=1,
            ),
            "RolloutFailed",
        ),
        (
            workload(StatefulSet, currentRevision="web-1", updateRevision="web-2"),
            workload(StatefulSet, currentRevision="web-2", updateRevision="web-2"),
            "RolloutCompleted",
        ),
        (
            workload(StatefulSet, currentRevision="web-2", updateRevision="web-2", readyReplicas=1),
            workload(StatefulSet, currentRevision="web-2", updateRevision="web-2", readyReplicas=0),
            None,
        ),
        (
            workload(StatefulSet, currentRevision="web-1", updateRevision="web-2"),
            workload(StatefulSet, FAILING, currentRevision="web-1", updateRevision="web-2"),
            "RolloutFailed",
        ),
        (
            workload(StatefulSet, currentRevision="web-1", updateRevision="web-2"),
            workload(StatefulSet, LEFT, currentRevision="web-1", updateRevision="web-2"),
            None,
        ),
        (
            workload(DaemonSet, desiredNumberScheduled=2, updatedNumberScheduled=1),
            workload(DaemonSet, desiredNumberScheduled=2, updatedNumberScheduled=2),
            "RolloutCompleted",
        ),
        (
            workload(DaemonSet, desiredNumberScheduled=1),
            workload(DaemonSet, FAILING, desiredNumberScheduled=1),
            "RolloutFailed",
        ),
        (
            workload(DaemonSet, FAILING, desiredNumberScheduled=1),
            workload(DaemonSet, FAILING, generation=2, observedGeneration=1, desiredNumberScheduled=1),
            None,
        ),
    ],
)
def test_how_a_rollout_ended_is_told_once(before: Any, after: Any, told: str | None) -> None:
    found = rollout_happenings(before, after, NOW)

    assert [one.kind for one in found] == ([told] if told else [])
    for one in found:
        assert one.subject == "ns/web"
        assert one.data["images"] == ["r.example.com/web:1"]
        assert rollout_happenings(after, after, NOW) == []


def test_a_deleted_workload_is_no_news_and_the_last_end_can_be_asked_for() -> None:
    assert rollout_happenings(workload(Deployment, DONE), None, NOW) == []
    assert [one.kind for one in rollout_happenings_since(workload(Deployment, DONE), "", NOW)] == ["RolloutCompleted"]
