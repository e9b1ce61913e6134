"""Workloads as rows of tables."""

from typing import Any

import pytest

Document = dict[str, Any]


async def row(room: Any, resource: str, name: str) -> list[Any]:
    served = room.resource(resource)
    value = served.storage.get("ns", name).value
    return list(served.info.table.cells(value))


async def test_a_deployment_tells_how_far_it_is(room: Any, web: Document) -> None:
    web["spec"]["replicas"] = 3
    await room.create("deployments", web)
    counts = {"replicas": 3, "updatedReplicas": 2, "readyReplicas": 2, "availableReplicas": 1}
    await room.change("deployments/status", "web", lambda it: it["status"].update(counts))

    assert await row(room, "deployments", "web") == ["web", "2/3", 2, 1, "0s", "c", "app:1", "app=web"]


@pytest.mark.parametrize(
    ("spec", "status", "shown"),
    [
        ({}, {}, ["Running", "0/1", ""]),
        ({"completions": None, "parallelism": 3}, {"succeeded": 1}, ["Running", "1/1 of 3", ""]),
        ({"suspend": True}, {"conditions": [{"type": "Suspended", "status": "True"}]}, ["Suspended", "0/1", ""]),
        ({}, {"startTime": "2026-11-25T11:58:00Z"}, ["Running", "0/1", "2m"]),
    ],
)
async def test_a_job_tells_how_far_it_is(
    room: Any, job: Document, spec: Document, status: Document, shown: list[str]
) -> None:
    job["spec"].update(spec)
    await room.create("jobs", job)
    await room.change("jobs/status", "once", lambda it: it["status"].update(status))

    assert (await row(room, "jobs", "once"))[1:4] == shown


async def test_a_cron_job_tells_when_it_ran_last(room: Any, job: Document) -> None:
    await room.create("cronjobs", {"metadata": {"name": "c"}, "spec": {"schedule": "@daily", "jobTemplate": job}})
    never = await row(room, "cronjobs", "c")
    status = {"lastScheduleTime": "2026-11-25T11:00:00Z", "active": [{"name": "c-1"}]}
    await room.change("cronjobs/status", "c", lambda it: it["status"].update(status))

    assert never[1:6] == ["@daily", "<none>", "False", 0, "<none>"]
    assert (await row(room, "cronjobs", "c"))[4:6] == [1, "60m"]


async def test_a_revision_names_its_owner(room: Any) -> None:
    owner = {"apiVersion": "apps/v1", "kind": "StatefulSet", "name": "db", "uid": "u", "controller": True}
    metadata = {"name": "db-1", "ownerReferences": [owner]}
    await room.create("controllerrevisions", {"metadata": metadata, "data": {}, "revision": 2})

    assert await row(room, "controllerrevisions", "db-1") == ["db-1", "statefulset.apps/db", 2, "0s"]
