"""Rollouts of deployment configs that end early; and what they say of their number, which may be anything."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from imagestreams.resources.openshift_apps.rollouts import CANCELLED, FAILED, PHASE, VERSION
from imagestreams.resources.workloads.replica_set_history import REVISION

Make = Callable[..., dict[str, Any]]


def say(annotation: str, text: str) -> Callable[[Any], None]:
    def change(rollout: Any) -> None:
        rollout.metadata.annotations = {**(rollout.metadata.annotations or {}), annotation: text}

    return change


def new_image(image: str) -> Callable[[Any], None]:
    def change(value: Any) -> None:
        value.spec.template.spec.containers[0].image = image

    return change


async def test_a_rollout_of_a_far_version_is_caught_up_with_in_one_step(room: Any, workload: Make) -> None:
    await room.create(workload("DeploymentConfig", replicas=1, triggers=[{"type": "ConfigChange"}]))
    await room.until(lambda: room.status("DeploymentConfig", "web").get("availableReplicas") == 1)
    before = room.store.revision

    await room.change("ReplicationController", "web-1", say(VERSION, "1000000"))
    await room.until(lambda: room.status("DeploymentConfig", "web")["latestVersion"] >= 1_000_000)

    assert room.status("DeploymentConfig", "web")["latestVersion"] == 1_000_000
    assert room.store.revision - before < 50


@pytest.mark.parametrize("odd", ["9" * 5000, "\u00b2"])
async def test_an_old_rollout_with_an_odd_version_does_not_hold_up_the_next_one(
    room: Any, workload: Make, odd: str
) -> None:
    await room.create(workload("DeploymentConfig", replicas=1, triggers=[{"type": "ConfigChange"}]))
    await room.until(lambda: room.status("DeploymentConfig", "web").get("availableReplicas") == 1)
    await room.change("DeploymentConfig", "web", new_image("r/web:2"))
    await room.until(lambda: room.status("DeploymentConfig", "web")["latestVersion"] == 2)

    await room.change("ReplicationController", "web-1", say(VERSION, odd))
    await room.change("DeploymentConfig", "web", new_image("r/web:3"))

    await room.until(lambda: room.status("DeploymentConfig", "web")["latestVersion"] == 3)


async def test_an_old_replica_set_with_an_odd_revision_does_not_hold_up_the_next_one(room: Any, workload: Make) -> None:
    await room.create(workload(replicas=1))
    await room.until(lambda: room.status("Deployment", "web").get("availableReplicas") == 1)
    (first,) = (entry.value.metadata.name for entry in room.workloads.replica_sets.storage.list("shop"))

    await room.change("ReplicaSet", first, say(REVISION, "\u00b2"))
    await room.change("Deployment", "web", new_image("r/web:2"))

    await room.until(lambda: len(list(room.workloads.replica_sets.storage.list("shop"))) == 2)


async def test_a_cancelled_rollout_ends_what_its_runner_does(room: Any, runner: Any, workload: Make) -> None:
    await room.create(workload("DeploymentConfig", replicas=1, triggers=[{"type": "ConfigChange"}]))
    await room.until(lambda: room.status("DeploymentConfig", "web").get("availableReplicas") == 1)
    runner.hold = asyncio.Event()
    await room.change("DeploymentConfig", "web", new_image("r/web:2"))
    await room.until(lambda: runner.calls[-1][1].images == {"app": "r/web:2"})
    runner.hold = None

    await room.change("ReplicationController", "web-2", say(CANCELLED, "true"))

    await room.until(lambda: room.get("ReplicationController", "web-2")["metadata"]["annotations"][PHASE] == FAILED)
    await room.until(lambda: runner.calls[-1][1].images == {"app": "r/web:1"})
    assert len(runner.calls) == 3


async def test_what_succeeded_is_carried_out_also_when_somebody_calls_it_cancelled(
    room: Any, runner: Any, workload: Make
) -> None:
    await room.create(workload("DeploymentConfig", replicas=1, triggers=[{"type": "ConfigChange"}]))
    await room.until(lambda: room.status("DeploymentConfig", "web").get("availableReplicas") == 1)
    await room.change("ReplicationController", "web-1", say(CANCELLED, "true"))

    await room.change("DeploymentConfig", "web", lambda config: setattr(config.spec, "replicas", 3))

    await room.until(lambda: room.status("DeploymentConfig", "web").get("availableReplicas") == 3)


async def test_a_rollout_that_leaves_its_config_while_a_runner_works_is_run_for_itself(
    room: Any, runner: Any, workload: Make, caplog: pytest.LogCaptureFixture
) -> None:
    runner.hold = asyncio.Event()
    await room.create(workload("DeploymentConfig", replicas=1, triggers=[{"type": "ConfigChange"}]))
    await room.until(lambda: len(runner.calls) == 1)

    await room.change(
        "ReplicationController", "web-1", lambda rollout: setattr(rollout.metadata, "owner_references", None)
    )
    await room.until(lambda: runner.told == ["apply DeploymentConfig/web", "apply ReplicationController/web-1"])
    runner.hold.set()
    await room.rest()

    assert [record.message for record in caplog.records] == []
