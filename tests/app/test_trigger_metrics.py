from dataclasses import dataclass, field
from typing import Any

from prometheus_client import CollectorRegistry, generate_latest

from imagestreams.app.metrics.triggers import TriggerCounts
from imagestreams.controllers.triggers.observer import Result


@dataclass
class Cluster:
    name: str
    waiting: int = 0
    depth: int = 0
    index: list[Any] = field(default_factory=list)


@dataclass
class Target:
    is_well: bool


def shown(counts: TriggerCounts) -> list[str]:
    registry = CollectorRegistry()
    registry.register(counts)
    return [line for line in generate_latest(registry).decode().splitlines() if not line.startswith("#")]


def test_what_came_of_objects_is_counted_by_cluster_kind_and_result() -> None:
    counts = TriggerCounts()
    for result in (Result.UPDATED, Result.UPDATED, Result.CONFLICT):
        counts.fired("local", "deployments", result)

    assert shown(counts) == [
        'imagestreams_triggers_fired_total{cluster="local",kind="deployments",result="conflict"} 1.0',
        'imagestreams_triggers_fired_total{cluster="local",kind="deployments",result="updated"} 2.0',
    ]


def test_clusters_and_targets_show_how_they_are() -> None:
    counts = TriggerCounts()
    counts.watch([Cluster("local", waiting=1, depth=2, index=[1, 2, 3])], {"prod": Target(True), "test": Target(False)})

    assert shown(counts) == [
        'imagestreams_trigger_followers{cluster="local"} 3.0',
        'imagestreams_trigger_waiting{cluster="local"} 1.0',
        'imagestreams_trigger_queue_depth{cluster="local"} 2.0',
        'imagestreams_target_up{target="prod"} 1.0',
        'imagestreams_target_up{target="test"} 0.0',
    ]


def test_how_long_following_took_is_a_histogram() -> None:
    counts = TriggerCounts()
    for seconds in (0.1, 0.3, 4000):
        counts.followed("local", seconds)

    lines = shown(counts)
    assert 'imagestreams_trigger_lag_seconds_bucket{cluster="local",le="0.1"} 1.0' in lines
    assert 'imagestreams_trigger_lag_seconds_bucket{cluster="local",le="0.5"} 2.0' in lines
    assert 'imagestreams_trigger_lag_seconds_bucket{cluster="local",le="1800.0"} 2.0' in lines
    assert 'imagestreams_trigger_lag_seconds_bucket{cluster="local",le="+Inf"} 3.0' in lines
    assert 'imagestreams_trigger_lag_seconds_sum{cluster="local"} 4000.4' in lines
