"""Each change of a workload is handed to its runner once, and what came of it is in the status."""

import asyncio
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from imagestreams.api.codec import copy
from imagestreams.controllers.rollouts.handouts import ChosenRunner
from imagestreams.runners.runner import Observation
from imagestreams.runners.settings import EXEC, RunnerSettings

Make = Callable[..., dict[str, Any]]


def new_image(image: str) -> Callable[[Any], None]:
    def change(value: Any) -> None:
        value.spec.template.spec.containers[0].image = image

    return change


async def test_a_new_deployment_is_handed_out_once(room: Any, runner: Any, workload: Make) -> None:
    await room.create(workload(replicas=2))
    await room.until(lambda: room.status("Deployment", "web").get("availableReplicas") == 2)
    await room.rest()

    assert runner.told == ["apply Deployment/web"]
    status = room.status("Deployment", "web")
    assert (status["observedGeneration"], status["replicas"], status["updatedReplicas"]) == (1, 2, 2)
    (replica_set,) = room.workloads.replica_sets.storage.list("shop")
    name = replica_set.value.metadata.name
    assert room.condition("Deployment", "web", "Progressing") == (
        "True",
        "NewReplicaSetAvailable",
        f'ReplicaSet "{name}" has successfully progressed.',
    )
    assert room.condition("Deployment", "web", "Available") == (
        "True",
        "MinimumReplicasAvailable",
        "Deployment has minimum availability.",
    )
    assert room.status("ReplicaSet", name)["readyReplicas"] == 2


async def test_a_new_image_is_a_new_change_and_a_label_is_none(room: Any, runner: Any, workload: Make) -> None:
    await room.create(workload())
    await room.until(lambda: len(runner.calls) == 1)

    await room.change("Deployment", "web", lambda value: setattr(value.metadata, "labels", {"a": "b"}))
    await room.change("Deployment", "web", lambda value: setattr(value.metadata, "annotations", {"a": "b"}))
    await room.rest()
    assert len(runner.calls) == 1
    assert room.status("Deployment", "web")["observedGeneration"] == 2

    await room.change("Deployment", "web", new_image("r/web:2"))
    await room.until(lambda: len(runner.calls) == 2)
    await room.rest()

    first, second = (call[1] for call in runner.calls)
    uid = room.get("Deployment", "web")["metadata"]["uid"]
    assert (first.change_id, second.change_id) == (f"{uid}-1", f"{uid}-3")
    assert second.images == {"app": "r/web:2"}
    old, new = sorted(
        (entry.value for entry in room.workloads.replica_sets.storage.list("shop")),
        key=lambda value: value.metadata.annotations["deployment.kubernetes.io/revision"],
    )
    assert (old.status.replicas, new.status.replicas) == (0, 1)


async def test_what_changes_while_a_runner_works_is_handed_out_afterwards_and_only_its_last_state(
    room: Any, runner: Any, workload: Make
) -> None:
    runner.hold = asyncio.Event()
    await room.create(workload(image="r/web:1"))
    await room.until(lambda: len(runner.calls) == 1)

    for number in range(2, 6):
        await room.change("Deployment", "web", new_image(f"r/web:{number}"))
    assert room.condition("Deployment", "web", "Progressing")[1] == "ReplicaSetUpdated"
    runner.hold.set()
    await room.until(lambda: len(runner.calls) == 2)
    await room.rest()

    assert [call[1].images["app"] for call in runner.calls] == ["r/web:1", "r/web:5"]


async def test_a_failure_is_told_in_the_engines_words_and_tried_again(room: Any, runner: Any, workload: Make) -> None:
    failure = "Error: crun: setrlimit: Operation not permitted"
    runner.error = f"podman kube play: {failure}"
    await room.create(workload())
    await room.until(lambda: len(runner.calls) >= 3)

    assert room.condition("Deployment", "web", "ReplicaFailure") == ("True", "FailedCreate", runner.error)
    assert room.condition("Deployment", "web", "Available")[0] == "False"
    assert len({call[1].change_id for call in runner.calls}) == 1

    runner.error = ""
    await room.until(lambda: room.condition("Deployment", "web", "Progressing")[1] == "NewReplicaSetAvailable")
    assert room.condition("Deployment", "web", "ReplicaFailure") == ("", "", "")
    assert room.events[0] == ("FailedRollout", f"runner fake: podman kube play: {failure}")
    assert room.events[-1] == ("RolledOut", f"runner fake carried out change {runner.calls[0][1].change_id}")


async def test_what_runs_is_up_to_date_while_only_more_of_it_is_wanted(room: Any, runner: Any, workload: Make) -> None:
    await room.create(workload(replicas=1))
    await room.until(lambda: room.status("Deployment", "web").get("availableReplicas") == 1)
    name = next(iter(room.workloads.replica_sets.storage.list("shop"))).value.metadata.name
    runner.error = "no memory left"

    await room.change("Deployment", "web", lambda value: setattr(value.spec, "replicas", 3))
    await room.until(lambda: room.condition("Deployment", "web", "ReplicaFailure")[2] == "no memory left")
    status = room.status("Deployment", "web")
    assert [status.get(f"{each}eplicas") for each in ("r", "updatedR", "readyR", "unavailableR")] == [1, 1, 1, 2]
    assert [room.status("ReplicaSet", name).get(each) for each in ("replicas", "readyReplicas")] == [1, 1]

    await room.change("Deployment", "web", new_image("r/web:2"))
    await room.until(lambda: runner.calls[-1][1].images == {"app": "r/web:2"})
    await room.rest()
    status = room.status("Deployment", "web")
    assert [status.get(f"{each}eplicas") for each in ("r", "updatedR", "readyR", "unavailableR")] == [1, None, 1, 2]


async def test_a_change_that_takes_too_long_is_told_so(room: Any, runner: Any, workload: Make) -> None:
    runner.error = "no"
    await room.create(workload(progressDeadlineSeconds=60))
    await room.until(lambda: runner.calls)
    name = next(iter(room.workloads.replica_sets.storage.list("shop"))).value.metadata.name

    room.now += timedelta(seconds=62)

    await room.until(
        lambda: (
            room.condition("Deployment", "web", "Progressing")
            == ("False", "ProgressDeadlineExceeded", f'ReplicaSet "{name}" has timed out progressing.')
        )
    )


async def test_without_a_runner_the_status_says_that_nobody_runs_it(room: Any, runner: Any, workload: Make) -> None:
    room.chosen[:] = [ChosenRunner(RunnerSettings("a", EXEC, ("a",), namespaces=frozenset({"other"})), runner)]
    await room.end()
    room.begin()

    await room.create(workload(progressDeadlineSeconds=60))
    await room.create({**workload("StatefulSet"), "metadata": {"name": "db"}})
    await room.until(lambda: room.condition("Deployment", "web", "Progressing")[1])
    await room.until(lambda: room.condition("StatefulSet", "db", "ReplicaFailure")[1])

    assert not runner.calls
    nobody = "no runner of this server takes this workload"
    assert room.condition("Deployment", "web", "Progressing") == ("False", "NoRunner", nobody)
    assert room.condition("StatefulSet", "db", "ReplicaFailure") == ("True", "NoRunner", nobody)
    assert room.status("Deployment", "web")["observedGeneration"] == 1

    room.now += timedelta(seconds=62)
    await room.change("Deployment", "web", lambda value: setattr(value.metadata, "labels", {"look": "again"}))
    await room.until(lambda: room.condition("Deployment", "web", "Progressing")[1] == "ProgressDeadlineExceeded")


async def test_a_status_that_somebody_outside_keeps_is_left_to_him(room: Any, runner: Any, workload: Make) -> None:
    room.chosen[:] = []
    await room.end()
    room.begin()
    await room.create(workload())
    await room.until(lambda: room.condition("Deployment", "web", "Progressing")[1] == "NoRunner")
    await room.rest()

    entry = room.workloads.deployments.storage.get("shop", "web")
    written = type(entry.value.status)(observed_generation=1, replicas=1, ready_replicas=1, available_replicas=1)
    await room.workloads.deployments.storage.replace(entry, replaced(entry.value, written))
    await room.change("Deployment", "web", new_image("r/web:2"))
    await room.rest()

    assert room.status("Deployment", "web") == {
        "observedGeneration": 1,
        "replicas": 1,
        "readyReplicas": 1,
        "availableReplicas": 1,
    }


async def test_a_paused_deployment_waits(room: Any, runner: Any, workload: Make) -> None:
    await room.create(workload(paused=True))
    await room.until(lambda: room.condition("Deployment", "web", "Progressing")[1] == "DeploymentPaused")
    assert not runner.calls

    await room.change("Deployment", "web", lambda value: setattr(value.spec, "paused", False))
    await room.until(lambda: room.condition("Deployment", "web", "Progressing")[1] == "NewReplicaSetAvailable")

    assert runner.told == ["apply Deployment/web"]


async def test_a_deployment_without_an_image_waits_for_the_tag_that_gives_it_one(
    room: Any, runner: Any, workload: Make
) -> None:
    await room.create(workload(image=" "))
    await room.until(lambda: room.condition("Deployment", "web", "ReplicaFailure")[2])
    assert room.condition("Deployment", "web", "ReplicaFailure")[2] == 'container "app" has no image yet'
    assert not runner.calls

    await room.change("Deployment", "web", new_image("r/web:1"))
    await room.until(lambda: room.condition("Deployment", "web", "Progressing")[1] == "NewReplicaSetAvailable")

    assert [call[1].images["app"] for call in runner.calls] == ["r/web:1"]


async def test_a_deployment_that_is_deleted_is_taken_down(room: Any, runner: Any, workload: Make) -> None:
    await room.create(workload())
    await room.until(lambda: runner.calls)

    await room.delete("Deployment", "web")
    await room.until(lambda: len(runner.calls) == 2)
    await room.rest()

    assert runner.told == ["apply Deployment/web", "remove Deployment/web"]
    assert runner.calls[0][1].uid == runner.calls[1][1].uid


@pytest.mark.parametrize("kind", ["Deployment", "ReplicaSet", "DeploymentConfig"])
async def test_a_runner_that_hangs_is_ended_when_its_workload_is_deleted(
    room: Any, runner: Any, workload: Make, kind: str
) -> None:
    runner.hold = asyncio.Event()
    triggers = {"triggers": [{"type": "ConfigChange"}]} if kind == "DeploymentConfig" else {}
    await room.create(workload(kind, replicas=1, **triggers))
    await room.until(lambda: len(runner.calls) == 1)

    await room.delete(kind, "web")

    await room.until(lambda: len(runner.calls) == 2)
    assert runner.told == [f"apply {kind}/web", f"remove {kind}/web"]


async def test_the_end_of_a_program_is_waited_for_whatever_becomes_of_its_workload(
    room: Any, runner: Any, workload: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, ending, ended = asyncio.Event(), asyncio.Event(), asyncio.Event()

    async def ends_slowly(workload: Any) -> None:
        begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            ending.set()
            await ended.wait()

    monkeypatch.setattr(runner, "roll_out", ends_slowly)
    document = workload("ReplicaSet", replicas=1)
    await room.create({**document, "metadata": {"name": "web", "finalizers": ["example.com/waits"]}})
    await begun.wait()
    await room.delete("ReplicaSet", "web")
    await ending.wait()

    await room.change("ReplicaSet", "web", lambda value: setattr(value.metadata, "finalizers", None))
    await asyncio.sleep(0.1)
    assert runner.told == []

    ended.set()
    await room.until(lambda: runner.told == ["remove ReplicaSet/web"])


async def test_another_of_the_same_name_is_another(room: Any, runner: Any, workload: Make) -> None:
    await room.create(workload())
    await room.until(lambda: runner.calls)
    await room.end()
    await room.delete("Deployment", "web")
    await room.create(workload())

    room.begin()
    await room.until(lambda: len(runner.calls) == 3)
    await room.rest()

    assert runner.told == ["apply Deployment/web", "remove Deployment/web", "apply Deployment/web"]
    assert runner.calls[0][1].uid == runner.calls[1][1].uid != runner.calls[2][1].uid


async def test_a_change_that_a_crash_interrupted_is_handed_out_again_under_its_id(
    room: Any, runner: Any, workload: Make
) -> None:
    runner.hold = asyncio.Event()
    await room.create(workload())
    await room.until(lambda: runner.calls)

    await room.end()
    runner.hold = None
    room.begin()
    await room.until(lambda: room.condition("Deployment", "web", "Progressing")[1] == "NewReplicaSetAvailable")
    await room.rest()

    assert [call[1].change_id for call in runner.calls] == [runner.calls[0][1].change_id] * 2


async def test_after_a_restart_nothing_that_is_done_is_done_again(room: Any, runner: Any, workload: Make) -> None:
    await room.create(workload())
    await room.until(lambda: room.condition("Deployment", "web", "Progressing")[1] == "NewReplicaSetAvailable")
    await room.rest()
    revision = room.get("Deployment", "web")["metadata"]["resourceVersion"]

    await room.end()
    room.begin()
    await room.rest()

    assert runner.told == ["apply Deployment/web"]
    assert room.get("Deployment", "web")["metadata"]["resourceVersion"] == revision


async def test_what_was_deleted_while_the_server_was_down_is_taken_down(room: Any, runner: Any, workload: Make) -> None:
    await room.create(workload())
    await room.until(lambda: runner.calls)
    await room.end()
    await room.delete("Deployment", "web")

    room.begin()
    await room.until(lambda: len(runner.calls) == 2)

    assert runner.told[-1] == "remove Deployment/web"


async def test_pods_that_are_gone_are_brought_back(room: Any, runner: Any, workload: Make) -> None:
    runner.observes = True
    await room.end()
    room.begin()
    await room.create(workload())
    await room.until(lambda: room.status("Deployment", "web").get("readyReplicas") == 1)

    runner.running.clear()
    await room.until(lambda: len(runner.calls) == 2)
    await room.until(lambda: room.status("Deployment", "web").get("readyReplicas") == 1)

    assert len({call[1].change_id for call in runner.calls}) == 1


async def test_pods_that_are_not_ready_are_shown_so(room: Any, runner: Any, workload: Make) -> None:
    runner.observes = True
    await room.end()
    room.begin()
    await room.create(workload(replicas=4))
    await room.until(lambda: room.status("Deployment", "web").get("readyReplicas") == 4)

    (uid,) = runner.running
    runner.running[uid] = Observation(4, 1)
    await room.until(lambda: room.status("Deployment", "web").get("readyReplicas") == 1)

    assert room.status("Deployment", "web")["unavailableReplicas"] == 3
    assert room.condition("Deployment", "web", "Available") == (
        "False",
        "MinimumReplicasUnavailable",
        "Deployment does not have minimum availability.",
    )
    assert len(runner.calls) == 1


async def test_stateful_sets_daemon_sets_and_bare_replica_sets_run_too(room: Any, runner: Any, workload: Make) -> None:
    claim = {"metadata": {"name": "data"}, "spec": {"accessModes": ["ReadWriteOnce"], "resources": {}}}
    claim["spec"]["resources"] = {"requests": {"storage": "1Gi"}}
    await room.create(workload("StatefulSet", replicas=2, serviceName="web", volumeClaimTemplates=[claim]))
    await room.create(workload("DaemonSet"))
    await room.create(workload("ReplicaSet", replicas=3))
    await room.create(workload("ReplicationController", replicas=1, selector={"app": "web"}))
    await room.until(lambda: len(runner.calls) == 4)
    await room.rest()

    assert {(call[1].kind, call[1].replicas, tuple(call[1].claims)) for call in runner.calls} == {
        ("StatefulSet", 2, ("data",)),
        ("DaemonSet", 1, ()),
        ("ReplicaSet", 3, ()),
        ("ReplicationController", 1, ()),
    }
    revision = {entry.value.metadata.name for entry in room.workloads.controller_revisions.storage.list("shop")}
    stateful = room.status("StatefulSet", "web")
    assert (stateful["readyReplicas"], stateful["updatedReplicas"], stateful["observedGeneration"]) == (2, 2, 1)
    assert stateful["currentRevision"] == stateful["updateRevision"]
    assert stateful["currentRevision"] in revision
    daemon = room.status("DaemonSet", "web")
    assert (daemon["desiredNumberScheduled"], daemon["updatedNumberScheduled"], daemon["numberAvailable"]) == (1, 1, 1)
    assert room.status("ReplicaSet", "web")["availableReplicas"] == 3
    assert room.status("ReplicationController", "web")["readyReplicas"] == 1


async def test_what_pods_refer_to_goes_along(room: Any, runner: Any, workload: Make) -> None:
    login = "eyJhdXRocyI6eyJyLmV4YW1wbGUuY29tIjp7ImF1dGgiOiJZVHBpIn19fQ=="
    await room.create({"kind": "ConfigMap", "apiVersion": "v1", "metadata": {"name": "settings"}, "data": {"a": "b"}})
    await room.create({"kind": "Secret", "apiVersion": "v1", "metadata": {"name": "key"}, "data": {"k": "dg=="}})
    await room.create(
        {
            "kind": "Secret",
            "apiVersion": "v1",
            "metadata": {"name": "pull"},
            "type": "kubernetes.io/dockerconfigjson",
            "data": {".dockerconfigjson": login},
        }
    )
    document = workload(image="r.example.com/shop/web:1")
    spec = document["spec"]["template"]["spec"]
    spec["imagePullSecrets"] = [{"name": "pull"}]
    spec["containers"][0]["envFrom"] = [{"configMapRef": {"name": "settings"}}, {"secretRef": {"name": "key"}}]

    await room.create(document)
    await room.until(lambda: runner.calls)

    sent = runner.calls[0][1]
    assert [one["metadata"]["name"] for one in sent.config_maps] == ["settings"]
    assert [one["data"] for one in sent.secrets] == [{"k": "dg=="}]
    assert sent.logins == b'{"auths":{"r.example.com/shop/web":{"auth":"YTpi"}}}'


async def test_a_job_runs_once_and_is_complete(room: Any, runner: Any, workload: Make) -> None:
    await room.create(workload("Job"))
    await room.until(lambda: room.condition("Job", "web", "Complete")[0] == "True")
    await room.end()
    room.begin()
    await room.rest()

    assert runner.told == ["apply Job/web"]
    status = room.status("Job", "web")
    assert (status["succeeded"], status["startTime"], status["completionTime"]) == (1, room.time(), room.time())
    assert room.condition("Job", "web", "SuccessCriteriaMet")[1] == "CompletionsReached"


async def test_a_job_that_fails_is_tried_as_often_as_it_says(room: Any, runner: Any, workload: Make) -> None:
    runner.error = "the command said no"
    await room.create(workload("Job", backoffLimit=1))
    await room.until(lambda: room.condition("Job", "web", "Failed")[0] == "True")
    await room.rest()

    assert len(runner.calls) == 2
    message = "Job has reached the specified backoff limit: the command said no"
    assert room.condition("Job", "web", "Failed") == ("True", "BackoffLimitExceeded", message)


async def test_a_job_whose_pods_fail_is_tried_as_often_as_it_says(room: Any, runner: Any, workload: Make) -> None:
    runner.observes = True
    runner.outcome = Observation(1, 0, 0, 1)
    await room.end()
    room.begin()
    await room.create(workload("Job", backoffLimit=2))
    await room.until(lambda: room.condition("Job", "web", "Failed")[0] == "True")
    await room.rest()

    assert len(runner.calls) == 3
    assert room.status("Job", "web")["failed"] == 1


async def test_a_suspended_job_waits(room: Any, runner: Any, workload: Make) -> None:
    await room.create(workload("Job", suspend=True))
    await room.until(lambda: room.condition("Job", "web", "Suspended")[0] == "True")
    assert not runner.calls

    await room.change("Job", "web", lambda value: setattr(value.spec, "suspend", False))
    await room.until(lambda: room.condition("Job", "web", "Complete")[0] == "True")


async def test_a_job_that_runs_longer_than_it_may_is_taken_down(room: Any, runner: Any, workload: Make) -> None:
    runner.observes = True
    await room.end()
    room.begin()
    await room.create(workload("Job", activeDeadlineSeconds=30))
    uid = room.get("Job", "web")["metadata"]["uid"]
    runner.running[uid] = Observation(1, 1)
    await room.until(lambda: room.status("Job", "web").get("active") == 1)

    room.now += timedelta(seconds=32)
    await room.change("Job", "web", lambda value: setattr(value.metadata, "labels", {"look": "again"}))

    await room.until(lambda: room.condition("Job", "web", "Failed")[1] == "DeadlineExceeded")
    await room.until(lambda: runner.told == ["apply Job/web", "remove Job/web"])


async def test_a_pod_of_somebodys_own_runs(room: Any, runner: Any, workload: Make) -> None:
    await room.create(workload("Pod"))
    await room.until(lambda: room.condition("Pod", "web", "Ready")[0] == "True")
    await room.rest()
    assert room.status("Pod", "web")["phase"] == "Running"
    (container,) = room.status("Pod", "web")["containerStatuses"]
    assert (container["ready"], container["state"]) == (True, {"running": {"startedAt": room.time()}})

    for number, image in enumerate(("r/web:2", "r/web:1"), start=2):
        await room.change("Pod", "web", lambda pod, image=image: setattr(pod.spec.containers[0], "image", image))
        await room.until(lambda number=number: len(runner.calls) == number)
    await room.delete("Pod", "web")
    await room.until(lambda: len(runner.calls) == 4)

    assert runner.told == ["apply Pod/web"] * 3 + ["remove Pod/web"]
    # What comes back is another change, too.
    assert len({call[1].change_id for call in runner.calls[:3]}) == 3


async def test_a_pod_that_comes_to_its_end_is_run_once(room: Any, runner: Any, workload: Make) -> None:
    await room.create(workload("Pod", restartPolicy="Never"))
    await room.until(lambda: room.status("Pod", "web").get("phase") == "Succeeded")
    await room.end()
    room.begin()
    await room.rest()

    assert runner.told == ["apply Pod/web"]


async def test_a_pod_that_can_not_be_started_says_why(room: Any, runner: Any, workload: Make) -> None:
    runner.error = "no such image"
    await room.create(workload("Pod"))
    await room.until(lambda: room.status("Pod", "web").get("containerStatuses"))
    await room.until(lambda: "message" in room.status("Pod", "web")["containerStatuses"][0]["state"]["waiting"])

    assert room.status("Pod", "web")["phase"] == "Pending"
    waiting = room.status("Pod", "web")["containerStatuses"][0]["state"]["waiting"]
    assert waiting == {"reason": "CreateContainerError", "message": "no such image"}


async def test_the_rollout_of_a_deployment_config_completes_and_the_old_one_gives_way(
    room: Any, runner: Any, workload: Make
) -> None:
    await room.create(workload("DeploymentConfig", replicas=2, triggers=[{"type": "ConfigChange"}]))
    await room.until(lambda: room.status("DeploymentConfig", "web").get("availableReplicas") == 2)
    await room.change("DeploymentConfig", "web", new_image("r/web:2"))
    await room.until(lambda: phase(room, "web-2") == "Complete")
    await room.rest()

    assert [call[1].images["app"] for call in runner.calls] == ["r/web:1", "r/web:2"]
    first, second = room.get("ReplicationController", "web-1"), room.get("ReplicationController", "web-2")
    assert (first["spec"]["replicas"], second["spec"]["replicas"]) == (0, 2)
    assert room.condition("DeploymentConfig", "web", "Progressing")[1] == "NewReplicationControllerAvailable"


async def test_a_rollout_that_fails_is_followed_by_the_last_one_that_succeeded(
    room: Any, runner: Any, workload: Make
) -> None:
    await room.create(workload("DeploymentConfig", replicas=1, triggers=[{"type": "ConfigChange"}]))
    await room.until(lambda: phase(room, "web-1") == "Complete")
    runner.error = "no such image"
    await room.change("DeploymentConfig", "web", new_image("r/web:2"))
    await room.until(lambda: len(runner.calls) >= 2)

    room.now += timedelta(seconds=700)
    await room.until(lambda: phase(room, "web-2") == "Failed")
    calls_before = len(runner.calls)
    runner.error = ""

    await room.until(lambda: len(runner.calls) > calls_before)
    await room.until(lambda: room.status("DeploymentConfig", "web").get("availableReplicas") == 1)
    assert [workload.images for _, workload in runner.calls[calls_before:]] == [{"app": "r/web:1"}]
    annotations = room.get("ReplicationController", "web-2")["metadata"]["annotations"]
    assert annotations["openshift.io/deployment.status-reason"] == "no such image"


def replaced(value: Any, status: Any) -> Any:
    value = copy(value)
    value.status = status
    return value


def phase(room: Any, name: str) -> str:
    entry = room.workloads.replication_controllers.storage.find("shop", name)
    return entry.value.metadata.annotations["openshift.io/deployment.phase"] if entry is not None else ""


@pytest.mark.parametrize("count", [200])
async def test_many_deployments_are_each_handed_out_once(room: Any, runner: Any, workload: Make, count: int) -> None:
    for number in range(count):
        document = workload()
        document["metadata"]["name"] = f"web-{number}"
        await room.create(document)
    await room.until(lambda: len(runner.calls) >= count)
    await room.rest()

    assert sorted(runner.told) == sorted(f"apply Deployment/web-{number}" for number in range(count))


async def test_a_runner_whose_programs_hang_holds_up_no_other(room: Any, runner: Any, workload: Make) -> None:
    runner.hold = asyncio.Event()
    quick = type(runner)(name="quick")
    room.chosen.insert(0, ChosenRunner(RunnerSettings("quick", EXEC, ("quick",), kinds=frozenset({"Job"})), quick))
    for number in range(50):
        document = workload()
        document["metadata"]["name"] = f"web-{number}"
        await room.create(document)
    await room.until(lambda: len(runner.calls) >= 16)

    await room.create(workload("Job"))

    await room.until(lambda: room.condition("Job", "web", "Complete")[0] == "True")
    assert quick.told == ["apply Job/web"]
    assert len(runner.calls) < 50
    runner.hold.set()


async def test_a_runner_that_tells_odd_things_once_is_asked_again(
    room: Any, runner: Any, workload: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    runner.observes = True
    await room.create(workload(replicas=1))
    await room.until(lambda: room.status("Deployment", "web").get("availableReplicas") == 1)
    asked, observe = 0, runner.observe

    async def odd_at_first() -> Any:
        nonlocal asked
        asked += 1
        if asked == 1:
            raise AttributeError("'str' object has no attribute 'get'")
        return await observe()

    monkeypatch.setattr(runner, "observe", odd_at_first)
    await room.until(lambda: asked > 2)
    runner.running.clear()

    await room.until(lambda: len(runner.told) > 1)
    assert runner.told == ["apply Deployment/web", "apply Deployment/web"]


async def test_an_owner_whose_name_can_not_be_is_nobody(
    room: Any, runner: Any, workload: Make, caplog: pytest.LogCaptureFixture
) -> None:
    document = workload("ReplicaSet", replicas=1)
    owner = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "a/b", "uid": "u", "controller": True}
    document["metadata"]["ownerReferences"] = [owner]

    await room.create(document)
    await room.rest()

    assert not [record for record in caplog.records if record.levelname == "ERROR"]
    assert not runner.calls


async def test_a_pod_whose_owner_only_has_the_name_of_a_kind_that_is_run_is_somebodys_own(
    room: Any, runner: Any, workload: Make
) -> None:
    for name, version in (("ours", "batch/v1"), ("foreign", "batch.volcano.sh/v1alpha1")):
        document = workload("Pod")
        owner = {"apiVersion": version, "kind": "Job", "name": "job", "uid": "u", "controller": True}
        document["metadata"] = {"name": name, "ownerReferences": [owner]}
        await room.create(document)
    await room.until(lambda: room.condition("Pod", "foreign", "Ready")[0] == "True")
    await room.rest()

    assert runner.told == ["apply Pod/foreign"]
