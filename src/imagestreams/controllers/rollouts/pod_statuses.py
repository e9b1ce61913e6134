"""The status of a pod that somebody made by himself, as a node would tell it. Pure."""

from typing import Final

from imagestreams.api.codec import copy
from imagestreams.api.pods import Pod
from imagestreams.api.pods.containers import Container
from imagestreams.api.pods.status import (
    ContainerState,
    ContainerStateRunning,
    ContainerStateTerminated,
    ContainerStateWaiting,
    ContainerStatus,
    PodCondition,
    PodStatus,
)
from imagestreams.controllers.rollouts.seen import Seen

PENDING: Final = "Pending"
RUNNING: Final = "Running"
SUCCEEDED: Final = "Succeeded"
FAILED: Final = "Failed"


def is_over(pod: Pod) -> bool:
    """Return whether a pod has ended for good."""
    return pod.status.phase in (SUCCEEDED, FAILED)


def pod_status(pod: Pod, seen: Seen, now: str) -> PodStatus:
    """Return the status that a pod should have; one that has ended stays as it is."""
    if is_over(pod):
        return pod.status
    after = copy(pod.status)
    phase = after.phase = _phase(pod, seen)
    ready = phase == RUNNING and seen.available > 0
    after.start_time = after.start_time or now
    before = {one.name: one for one in pod.status.container_statuses or []}
    after.container_statuses = [
        _container(container, before.get(container.name), phase, seen, now) for container in pod.spec.containers or []
    ]
    holds = {
        "Initialized": phase != PENDING,
        "Ready": ready,
        "ContainersReady": ready,
        "PodScheduled": True,
    }
    why = "PodCompleted" if phase == SUCCEEDED else "ContainersNotReady"
    old = {one.type: one for one in pod.status.conditions or []}
    after.conditions = [_condition(name, old.get(name), holds[name], why, now) for name in holds]
    return after


def _phase(pod: Pod, seen: Seen) -> str:
    there = seen.observation
    if not seen.rolled_out or not there.replicas:
        return PENDING
    if pod.spec.restart_policy != "Always" and there.succeeded + there.failed >= there.replicas:
        return FAILED if there.failed else SUCCEEDED
    return RUNNING


def _container(
    container: Container, before: ContainerStatus | None, phase: str, seen: Seen, now: str
) -> ContainerStatus:
    running = before.state.running if before is not None else None
    state = ContainerState()
    if phase == PENDING:
        reason = "CreateContainerError" if seen.problem else "ContainerCreating"
        state.waiting = ContainerStateWaiting(reason=reason, message=seen.problem)
    elif phase == RUNNING:
        state.running = running or ContainerStateRunning(started_at=now)
    else:
        well = phase == SUCCEEDED
        began = running.started_at if running is not None else now
        state.terminated = ContainerStateTerminated(
            exit_code=0 if well else 1, reason="Completed" if well else "Error", started_at=began, finished_at=now
        )
    ready = phase == RUNNING and seen.available > 0
    return ContainerStatus(
        name=container.name, state=state, ready=ready, image=container.image, started=phase == RUNNING
    )


def _condition(name: str, before: PodCondition | None, holds: bool, why: str, now: str) -> PodCondition:
    status = "True" if holds else "False"
    since = before.last_transition_time if before is not None and before.status == status else now
    return PodCondition(type=name, status=status, reason="" if holds else why, last_transition_time=since)
