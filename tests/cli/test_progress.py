"""How far an update is, told from the object alone."""

from typing import Any

import pytest

from imagestreams.cli.errors import CliError
from imagestreams.cli.workloads.progress import Progress, progress_of

DEPLOYMENT = ("apps", "Deployment")
STATEFUL_SET = ("apps", "StatefulSet")
DAEMON_SET = ("apps", "DaemonSet")
CONFIG = ("apps.openshift.io", "DeploymentConfig")


def workload(status: dict[str, Any], spec: dict[str, Any] | None = None, generation: int = 2) -> dict[str, Any]:
    return {"metadata": {"name": "web", "generation": generation}, "spec": spec or {"replicas": 3}, "status": status}


@pytest.mark.parametrize(
    ("status", "told", "done"),
    [
        ({"observedGeneration": 1}, "Waiting for deployment spec update to be observed...", False),
        (
            {"observedGeneration": 2, "updatedReplicas": 1},
            'Waiting for deployment "web" rollout to finish: 1 out of 3 new replicas have been updated...',
            False,
        ),
        (
            {"observedGeneration": 2, "updatedReplicas": 3, "replicas": 4},
            'Waiting for deployment "web" rollout to finish: 1 old replicas are pending termination...',
            False,
        ),
        (
            {"observedGeneration": 2, "updatedReplicas": 3, "replicas": 3, "availableReplicas": 2},
            'Waiting for deployment "web" rollout to finish: 2 of 3 updated replicas are available...',
            False,
        ),
        (
            {"observedGeneration": 2, "updatedReplicas": 3, "replicas": 3, "availableReplicas": 3},
            'deployment "web" successfully rolled out',
            True,
        ),
    ],
)
def test_a_deployment_goes_through_its_steps(status: dict[str, Any], told: str, done: bool) -> None:
    assert progress_of(DEPLOYMENT, workload(status), 0) == Progress(told, done)


def test_a_deployment_that_is_too_slow_failed() -> None:
    conditions = [{"type": "Progressing", "reason": "ProgressDeadlineExceeded"}]

    with pytest.raises(CliError, match='deployment "web" exceeded its progress deadline'):
        progress_of(DEPLOYMENT, workload({"observedGeneration": 2, "conditions": conditions}), 0)


def test_another_revision_than_the_one_asked_for_is_told() -> None:
    value = workload({"observedGeneration": 2})
    value["metadata"]["annotations"] = {"deployment.kubernetes.io/revision": "4"}

    with pytest.raises(CliError, match=r"desired revision \(3\) is different from the running revision \(4\)"):
        progress_of(DEPLOYMENT, value, 3)


@pytest.mark.parametrize(
    ("update", "status", "told", "done"),
    [
        ({}, {}, "Waiting for statefulset spec update to be observed...", False),
        ({}, {"observedGeneration": 2, "readyReplicas": 1}, "Waiting for 2 pods to be ready...", False),
        (
            {"rollingUpdate": {"partition": 1}},
            {"observedGeneration": 2, "readyReplicas": 3, "updatedReplicas": 1},
            "Waiting for partitioned roll out to finish: 1 out of 2 new pods have been updated...",
            False,
        ),
        (
            {"rollingUpdate": {"partition": 1}},
            {"observedGeneration": 2, "readyReplicas": 3, "updatedReplicas": 2},
            "partitioned roll out complete: 2 new pods have been updated...",
            True,
        ),
        (
            {},
            {"observedGeneration": 2, "readyReplicas": 3, "currentRevision": "a", "updateRevision": "b"},
            "waiting for statefulset rolling update to complete 0 pods at revision b...",
            False,
        ),
        (
            {},
            {
                "observedGeneration": 2,
                "readyReplicas": 3,
                "currentReplicas": 3,
                "currentRevision": "a",
                "updateRevision": "a",
            },
            "statefulset rolling update complete 3 pods at revision a...",
            True,
        ),
    ],
)
def test_a_stateful_set_goes_through_its_steps(
    update: dict[str, Any], status: dict[str, Any], told: str, done: bool
) -> None:
    spec = {"replicas": 3, "updateStrategy": {"type": "RollingUpdate", **update}}

    assert progress_of(STATEFUL_SET, workload(status, spec), 0) == Progress(told, done)


def test_a_daemon_set_is_done_when_its_pods_are_on_all_nodes() -> None:
    spec = {"updateStrategy": {"type": "RollingUpdate"}}
    status = {"observedGeneration": 2, "desiredNumberScheduled": 2, "updatedNumberScheduled": 2}

    waiting = progress_of(DAEMON_SET, workload({**status, "numberAvailable": 1}, spec), 0)
    done = progress_of(DAEMON_SET, workload({**status, "numberAvailable": 2}, spec), 0)

    assert waiting.text == 'Waiting for daemon set "web" rollout to finish: 1 of 2 updated pods are available...'
    assert done == Progress('daemon set "web" successfully rolled out', True)


@pytest.mark.parametrize("kind", [STATEFUL_SET, DAEMON_SET])
def test_what_is_updated_by_hand_has_no_progress(kind: tuple[str, str]) -> None:
    with pytest.raises(CliError, match="rollout status is only available for RollingUpdate strategy type"):
        progress_of(kind, workload({}, {"updateStrategy": {"type": "OnDelete"}}), 0)


def test_a_deployment_config_waits_for_its_image_or_for_somebody() -> None:
    waiting = progress_of(CONFIG, workload({}, {"triggers": [{"type": "ImageChange"}]}), 0)

    assert waiting.text == 'Deployment config "web" waiting on image update'
    with pytest.raises(CliError, match=r"waiting on manual update \(use 'isctl rollout latest web'\)"):
        progress_of(CONFIG, workload({}), 0)


@pytest.mark.parametrize(
    ("reason", "failed"),
    [("NewReplicationControllerAvailable", False), ("ProgressDeadlineExceeded", True), ("RolloutCancelled", True)],
)
def test_a_deployment_config_says_itself_how_it_ended(reason: str, failed: bool) -> None:
    conditions = [{"type": "Progressing", "reason": reason, "message": "as it is"}]
    value = workload({"latestVersion": 1, "observedGeneration": 2, "conditions": conditions})

    if failed:
        with pytest.raises(CliError, match="as it is"):
            progress_of(CONFIG, value, 0)
    else:
        assert progress_of(CONFIG, value, 0) == Progress("as it is", True)


def test_other_kinds_have_no_progress() -> None:
    with pytest.raises(CliError, match=r"no status viewer has been implemented for Job.batch"):
        progress_of(("batch", "Job"), workload({}), 0)
