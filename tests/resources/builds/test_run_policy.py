"""Which builds may start, and which old ones go."""

import itertools

import pytest

from imagestreams.api.build.types import Build
from imagestreams.api.codec import from_dict
from imagestreams.resources.builds.run_policy import decide_start, superfluous_builds

_uids = itertools.count()


def build(number: int, phase: str = "New", policy: str = "Serial", created: str = "", **status: object) -> Build:
    return from_dict(
        {
            "metadata": {
                "name": f"app-{number}",
                "uid": str(next(_uids)),
                "creationTimestamp": created or f"2026-11-25T03:00:{number:02d}Z",
                "labels": {"openshift.io/build.start-policy": policy, "openshift.io/build-config.name": "app"},
                "annotations": {"openshift.io/build.number": str(number)},
            },
            "status": {"phase": phase, **status},
        },
        Build,
    )


def test_serial_builds_take_their_turn() -> None:
    first, second = build(1), build(2)

    assert decide_start(first, [first, second]).may_start
    assert not decide_start(second, [first, second]).may_start


@pytest.mark.parametrize("phase", ["Pending", "Running"])
@pytest.mark.parametrize("policy", ["Serial", "SerialLatestOnly"])
def test_a_serial_build_waits_for_one_under_way(phase: str, policy: str) -> None:
    mine = build(2, policy=policy)

    assert not decide_start(mine, [build(1, phase, policy), mine]).may_start


@pytest.mark.parametrize("phase", ["Complete", "Failed", "Error", "Cancelled"])
def test_what_is_over_holds_up_nothing(phase: str) -> None:
    mine = build(2)

    assert decide_start(mine, [build(1, phase), mine]).may_start


def test_the_latest_alone_makes_waiting_builds_superfluous() -> None:
    builds = [build(number, policy="SerialLatestOnly") for number in (1, 2, 3)]
    running = build(0, "Running", "SerialLatestOnly")

    decision = decide_start(builds[2], [running, *builds])

    assert not decision.may_start
    assert [one.metadata.name for one in decision.cancelled] == ["app-1", "app-2"]


def test_parallel_builds_start_at_once_unless_a_serial_one_runs() -> None:
    mine = build(2, policy="Parallel")

    assert decide_start(mine, [build(1, "Running", "Parallel"), build(3, policy="Parallel"), mine]).may_start
    assert not decide_start(mine, [build(1, "Running", "Serial"), mine]).may_start


def test_a_build_without_a_config_or_that_began_already() -> None:
    alone = from_dict({"metadata": {"name": "alone"}, "status": {"phase": "New"}}, Build)

    assert decide_start(alone, [build(1, "Running")]).may_start
    assert not decide_start(build(1, "Running"), []).may_start


def test_the_oldest_finished_builds_are_superfluous() -> None:
    builds = [
        build(1, "Complete"),
        build(2, "Failed"),
        build(3, "Complete"),
        build(4, "Cancelled"),
        build(5, "Running"),
        build(6, "Complete"),
        build(7, "Error"),
    ]

    names = [one.metadata.name for one in superfluous_builds(builds, 2, 1)]

    assert names == ["app-1", "app-4", "app-2"]
    assert superfluous_builds(builds, None, None) == []


def test_builds_of_one_second_go_by_their_numbers() -> None:
    at = "2026-11-25T03:00:00Z"
    builds = [build(9, "Complete", created=at), build(10, "Complete", created=at)]

    assert [one.metadata.name for one in superfluous_builds(builds, 1, 1)] == ["app-9"]
