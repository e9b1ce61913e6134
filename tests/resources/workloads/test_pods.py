"""How pods are shown: what kubectl prints for a real cluster."""

from datetime import UTC, datetime
from typing import Any

import pytest

from imagestreams.api.codec import from_dict
from imagestreams.api.pods import Pod
from imagestreams.resources.workloads.pods import pod_kind, shown_status

NOW = datetime(2026, 11, 25, 3, 0, tzinfo=UTC)
RUNNING = {"name": "a", "ready": True, "restartCount": 1, "state": {"running": {}}}


def pod(status: dict[str, Any] | None = None, **spec: Any) -> Pod:
    metadata = {"name": "p", "creationTimestamp": "2026-11-25T02:55:00Z"}
    filled = {"containers": [{"name": "a"}, {"name": "b"}], **spec}
    return from_dict({"metadata": metadata, "spec": filled, "status": status or {"phase": "Pending"}}, Pod)


def row(value: Pod) -> list[Any]:
    table = pod_kind(lambda: NOW).info.table
    assert table is not None
    return list(table.cells(value))


def test_a_pod_that_nothing_runs_is_pending() -> None:
    assert row(pod()) == ["p", "0/2", "Pending", "0", "5m", "<none>", "<none>", "<none>", "<none>"]


def test_a_running_pod_shows_where_it_is() -> None:
    status = {
        "phase": "Running",
        "podIP": "10.0.0.1",
        "containerStatuses": [RUNNING, {"name": "b", "restartCount": 2}],
        "conditions": [{"type": "web", "status": "True"}],
    }

    shown = row(pod(status, nodeName="n", readinessGates=[{"conditionType": "web"}, {"conditionType": "db"}]))

    assert shown == ["p", "1/2", "Running", "3", "5m", "10.0.0.1", "n", "<none>", "1/2"]


@pytest.mark.parametrize(
    ("status", "shown"),
    [
        ({"phase": "Failed", "reason": "Evicted"}, "Evicted"),
        (
            {"phase": "Pending", "containerStatuses": [{"state": {"waiting": {"reason": "ImagePullBackOff"}}}]},
            "ImagePullBackOff",
        ),
        ({"phase": "Running", "containerStatuses": [{"state": {"terminated": {"exitCode": 2}}}]}, "ExitCode:2"),
        ({"phase": "Running", "containerStatuses": [{"state": {"terminated": {"signal": 9}}}]}, "Signal:9"),
        (
            {
                "phase": "Running",
                "containerStatuses": [{"state": {"terminated": {"reason": "Completed"}}}, RUNNING],
                "conditions": [{"type": "Ready", "status": "True"}],
            },
            "Running",
        ),
        (
            {"phase": "Pending", "conditions": [{"type": "PodScheduled", "reason": "SchedulingGated"}]},
            "SchedulingGated",
        ),
        ({"phase": "Pending", "initContainerStatuses": [{"state": {"running": {}}}]}, "Init:0/1"),
        (
            {"phase": "Pending", "initContainerStatuses": [{"state": {"terminated": {"exitCode": 1}}}]},
            "Init:ExitCode:1",
        ),
        (
            {"phase": "Running", "initContainerStatuses": [{"state": {"terminated": {"exitCode": 0}}}]},
            "Running",
        ),
        (
            {"phase": "Running", "initContainerStatuses": [{"name": "i", "started": True, "state": {"running": {}}}]},
            "Running",
        ),
    ],
)
def test_the_status_says_what_matters_most(status: dict[str, Any], shown: str) -> None:
    assert shown_status(pod(status, initContainers=[{"name": "i", "restartPolicy": "Always"}])) == shown


def test_a_pod_that_is_deleted_is_terminating() -> None:
    value = pod({"phase": "Running"})
    value.metadata.deletion_timestamp = "2026-11-25T03:00:00Z"

    assert shown_status(value) == "Terminating"
