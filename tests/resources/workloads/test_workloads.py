"""What is filled in, refused and counted when workloads are written."""

from collections.abc import Callable
from typing import Any

import pytest

from imagestreams.api.errors import ApiError

Document = dict[str, Any]
Make = Callable[..., Document]


async def test_a_deployment_gets_the_defaults_of_kubernetes(room: Any, web: Document) -> None:
    made = await room.create("deployments", web)

    spec = made["spec"]
    assert (spec["replicas"], spec["revisionHistoryLimit"], spec["progressDeadlineSeconds"]) == (1, 10, 600)
    assert spec["strategy"] == {
        "type": "RollingUpdate",
        "rollingUpdate": {"maxUnavailable": "25%", "maxSurge": "25%"},
    }
    assert spec["template"]["spec"]["restartPolicy"] == "Always"
    assert (made["metadata"]["generation"], made["status"]) == (1, {})


async def test_only_the_wish_and_annotations_of_a_deployment_raise_its_generation(room: Any, web: Document) -> None:
    await room.create("deployments", web)

    labelled = await room.change("deployments", "web", lambda it: it["metadata"].update(labels={"a": "b"}))
    told = await room.change("deployments", "web", lambda it: it["metadata"].update(annotations={"a": "b"}))
    scaled = await room.change("deployments", "web", lambda it: it["spec"].update(replicas=3))

    assert [each["metadata"]["generation"] for each in (labelled, told, scaled)] == [1, 2, 3]


async def test_annotations_of_other_workloads_are_no_new_generation(room: Any, make: Make) -> None:
    await room.create("statefulsets", make("StatefulSet", "db"))

    told = await room.change("statefulsets", "db", lambda it: it["metadata"].update(annotations={"a": "b"}))

    assert told["metadata"]["generation"] == 1


async def test_the_status_is_written_through_its_subresource_only(room: Any, web: Document) -> None:
    await room.create("deployments", {**web, "status": {"replicas": 7}})

    through_main = await room.change("deployments", "web", lambda it: it["status"].update(replicas=7))
    through_status = await room.change(
        "deployments/status", "web", lambda it: (it["status"].update(replicas=2), it["spec"].update(replicas=9))
    )

    assert through_main["status"] == {}
    assert (through_status["status"], through_status["spec"]["replicas"]) == ({"replicas": 2}, 1)
    assert through_status["metadata"]["generation"] == 1


async def test_a_status_that_cannot_be_is_refused(room: Any, web: Document) -> None:
    await room.create("deployments", web)

    with pytest.raises(ApiError, match=r"status.readyReplicas: Invalid value: 3: cannot be greater than status.repli"):
        await room.change("deployments/status", "web", lambda it: it["status"].update(replicas=2, readyReplicas=3))


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"selector": None}, "spec.selector: Required value"),
        ({"selector": {}}, "spec.selector: Invalid value: {}: empty selector is invalid for deployment"),
        (
            {"selector": {"matchLabels": {"app": "other"}}},
            'spec.template.metadata.labels: Invalid value: {"app":"web"}: `selector` does not match template `labels`',
        ),
        ({"replicas": -1}, "spec.replicas: Invalid value: -1: must be greater than or equal to 0"),
        (
            {"strategy": {"type": "Recreate", "rollingUpdate": {}}},
            "spec.strategy.rollingUpdate: Forbidden: may not be specified when strategy `type` is 'Recreate'",
        ),
        (
            {"strategy": {"rollingUpdate": {"maxSurge": 0, "maxUnavailable": "0%"}}},
            'spec.strategy.rollingUpdate.maxUnavailable: Invalid value: "0%": may not be 0 when `maxSurge` is 0',
        ),
        (
            {"progressDeadlineSeconds": 5, "minReadySeconds": 5},
            "spec.progressDeadlineSeconds: Invalid value: 5: must be greater than minReadySeconds",
        ),
    ],
)
async def test_a_deployment_that_makes_no_sense_is_refused(
    room: Any, web: Document, change: Document, told: str
) -> None:
    web["spec"].update(change)

    assert await room.refusal("deployments", web) == f'Deployment.apps "web" is invalid: {told}'


async def test_pods_of_workloads_are_always_started_again(room: Any, web: Document) -> None:
    web["spec"]["template"]["spec"]["restartPolicy"] = "Never"

    told = await room.refusal("deployments", web)

    assert told.endswith('spec.template.spec.restartPolicy: Unsupported value: "Never": supported values: "Always"')


async def test_a_selector_stays_as_it_was_made(room: Any, web: Document) -> None:
    await room.create("deployments", web)

    def select_others(it: Document) -> None:
        it["spec"]["selector"]["matchLabels"] = {"tier": "x"}
        it["spec"]["template"]["metadata"]["labels"]["tier"] = "x"

    with pytest.raises(ApiError, match=r"spec.selector: Invalid value: .*: field is immutable"):
        await room.change("deployments", "web", select_others)


async def test_of_a_stateful_set_only_some_fields_can_be_changed(room: Any, make: Make) -> None:
    made = await room.create("statefulsets", make("StatefulSet", "db", serviceName="db"))
    assert made["spec"]["updateStrategy"] == {"type": "RollingUpdate", "rollingUpdate": {"partition": 0}}
    assert made["spec"]["persistentVolumeClaimRetentionPolicy"] == {"whenDeleted": "Retain", "whenScaled": "Retain"}

    await room.change("statefulsets", "db", lambda it: it["spec"].update(replicas=3, minReadySeconds=2))

    with pytest.raises(ApiError, match="updates to statefulset spec for fields other than 'replicas'"):
        await room.change("statefulsets", "db", lambda it: it["spec"].update(serviceName="other"))


async def test_containers_of_a_stateful_set_mount_its_claims(room: Any, make: Make) -> None:
    claim = {"metadata": {"name": "data"}, "spec": {"accessModes": ["ReadWriteOnce"]}}
    document = make("StatefulSet", "db", volumeClaimTemplates=[claim])
    mounts = document["spec"]["template"]["spec"]["containers"][0]["volumeMounts"] = [
        {"name": "data", "mountPath": "/data"}
    ]

    made = await room.create("statefulsets", document)
    mounts[0]["name"] = "other"

    assert "volumes" not in made["spec"]["template"]["spec"]
    assert 'volumeMounts[0].name: Not found: "other"' in await room.refusal("statefulsets", document)


async def test_a_daemon_set_counts_its_templates(room: Any, make: Make) -> None:
    made = await room.create("daemonsets", make("DaemonSet", "log"))
    assert made["spec"]["updateStrategy"]["rollingUpdate"] == {"maxUnavailable": 1, "maxSurge": 0}

    def other_image(it: Document) -> None:
        it["spec"]["template"]["spec"]["containers"][0]["image"] = "app:2"

    changed = await room.change("daemonsets", "log", other_image)
    labelled = await room.change("daemonsets", "log", lambda it: it["metadata"].update(labels={"a": "b"}))

    numbers = [
        each["metadata"]["annotations"]["deprecated.daemonset.template.generation"]
        for each in (made, changed, labelled)
    ]
    assert numbers == ["1", "2", "2"]


async def test_a_replication_controller_selects_what_its_template_makes(room: Any, make: Make) -> None:
    made = await room.create("replicationcontrollers", make("ReplicationController", "old", selector=None))

    assert (made["spec"]["selector"], made["metadata"]["labels"]) == ({"app": "old"}, {"app": "old"})
    assert made["spec"]["replicas"] == 1


async def test_a_job_selects_its_own_pods_by_its_uid(room: Any, job: Document) -> None:
    made = await room.create("jobs", job)

    uid = made["metadata"]["uid"]
    labels = {
        "batch.kubernetes.io/controller-uid": uid,
        "batch.kubernetes.io/job-name": "once",
        "controller-uid": uid,
        "job-name": "once",
    }
    assert made["spec"]["selector"] == {"matchLabels": {"batch.kubernetes.io/controller-uid": uid}}
    assert made["spec"]["template"]["metadata"]["labels"] == made["metadata"]["labels"] == labels
    assert {key: made["spec"][key] for key in ("backoffLimit", "completions", "parallelism")} == {
        "backoffLimit": 6,
        "completions": 1,
        "parallelism": 1,
    }
    assert (made["spec"]["completionMode"], made["spec"]["suspend"]) == ("NonIndexed", False)


async def test_a_job_runs_what_it_was_made_for(room: Any, job: Document) -> None:
    await room.create("jobs", job)

    def other_image(it: Document) -> None:
        it["spec"]["template"]["spec"]["containers"][0]["image"] = "app:2"

    with pytest.raises(ApiError, match=r"spec.template: Invalid value: .*: field is immutable"):
        await room.change("jobs", "once", other_image)
    assert (await room.change("jobs", "once", lambda it: it["spec"].update(parallelism=2)))["spec"]["parallelism"] == 2


async def test_a_suspended_job_can_be_sent_elsewhere(room: Any, job: Document) -> None:
    job["spec"]["suspend"] = True
    await room.create("jobs", job)

    def elsewhere(it: Document) -> None:
        it["spec"]["template"]["spec"]["nodeSelector"] = {"disk": "fast"}

    assert (await room.change("jobs", "once", elsewhere))["spec"]["template"]["spec"]["nodeSelector"] == {
        "disk": "fast"
    }


async def test_a_jobs_pods_are_not_restarted_for_ever(room: Any, job: Document) -> None:
    del job["spec"]["template"]["spec"]["restartPolicy"]

    told = await room.refusal("jobs", job)

    assert told == (
        'Job.batch "once" is invalid: spec.template.spec.restartPolicy: Required value: '
        'valid values: "OnFailure", "Never"'
    )


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (
            {"completionMode": "Indexed", "completions": None, "parallelism": 2},
            "spec.completions: Required value: when completion mode is Indexed",
        ),
        ({"backoffLimitPerIndex": 1}, "spec.backoffLimitPerIndex: Invalid value: 1: requires indexed completion mode"),
        (
            {"podFailurePolicy": {"rules": [{"action": "FailJob", "onExitCodes": {"operator": "In", "values": [0]}}]}},
            "spec.podFailurePolicy.rules[0].onExitCodes.values[0]: Invalid value: 0: must not be 0 for the In operator",
        ),
        (
            {"successPolicy": {"rules": [{"succeededIndexes": "5"}]}, "completionMode": "Indexed", "completions": 3},
            'spec.successPolicy.rules[0].succeededIndexes: Invalid value: "5": error parsing succeededIndexes: '
            'too large index: "5"',
        ),
        (
            {"podReplacementPolicy": "Now"},
            'spec.podReplacementPolicy: Unsupported value: "Now": supported values: "Failed", "TerminatingOrFailed"',
        ),
        ({"managedBy": "me"}, 'spec.managedBy: Invalid value: "me": must be a domain-prefixed path'),
    ],
)
async def test_a_job_that_makes_no_sense_is_refused(room: Any, job: Document, change: Document, told: str) -> None:
    job["spec"].update(change)

    assert f"is invalid: {told}" in await room.refusal("jobs", job)


async def test_a_job_is_not_done_and_failed_at_once(room: Any, job: Document) -> None:
    await room.create("jobs", job)
    conditions = [{"type": kind, "status": "True"} for kind in ("Complete", "Failed")]

    with pytest.raises(ApiError, match="cannot set Complete=True and Failed=true conditions"):
        await room.change("jobs/status", "once", lambda it: it["status"].update(conditions=conditions))


async def test_a_cron_job_keeps_a_timetable(room: Any, job: Document) -> None:
    cron_job = {"metadata": {"name": "tidy"}, "spec": {"schedule": "*/5 * * * mon-fri", "jobTemplate": job}}

    made = await room.create("cronjobs", cron_job)

    spec = made["spec"]
    assert (spec["concurrencyPolicy"], spec["suspend"]) == ("Allow", False)
    assert (spec["successfulJobsHistoryLimit"], spec["failedJobsHistoryLimit"]) == (3, 1)
    assert "selector" not in spec["jobTemplate"]["spec"]


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"schedule": ""}, "spec.schedule: Required value"),
        ({"schedule": "1 2 3"}, 'Invalid value: "1 2 3": expected exactly 5 fields, found 3: [1 2 3]'),
        ({"schedule": "TZ=UTC * * * * *"}, "cannot use TZ or CRON_TZ in schedule, use timeZone field instead"),
        ({"timeZone": "Nowhere/City"}, 'spec.timeZone: Invalid value: "Nowhere/City": unknown time zone Nowhere/City'),
        ({"concurrencyPolicy": "Perhaps"}, 'supported values: "Allow", "Forbid", "Replace"'),
    ],
)
async def test_a_timetable_that_makes_no_sense_is_refused(
    room: Any, job: Document, change: Document, told: str
) -> None:
    spec = {"schedule": "@daily", "jobTemplate": job, **change}

    assert told in await room.refusal("cronjobs", {"metadata": {"name": "tidy"}, "spec": spec})


async def test_the_name_of_a_cron_job_leaves_room_for_its_jobs(room: Any, job: Document) -> None:
    cron_job = {"metadata": {"name": "x" * 53}, "spec": {"schedule": "@daily", "jobTemplate": job}}

    assert "must be no more than 52 characters" in await room.refusal("cronjobs", cron_job)


async def test_a_revision_is_never_changed(room: Any) -> None:
    await room.create("controllerrevisions", {"metadata": {"name": "r"}, "data": {"a": 1}, "revision": 1})

    with pytest.raises(ApiError, match=r"data: Invalid value: .*: field is immutable"):
        await room.change("controllerrevisions", "r", lambda it: it["data"].update(a=2))
    raised = await room.change("controllerrevisions", "r", lambda it: it.update(revision=3))
    assert "generation" not in raised["metadata"]
