"""Counts of what triggers did, shown to Prometheus when it asks.

Clusters are named by the operator; kinds are those that our server and the targets serve, so both are few.
"""

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Sequence, Sized
from itertools import accumulate
from typing import Final, Protocol

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from imagestreams.controllers.triggers.observer import Result

BUCKETS_S: Final = (0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0, 1800.0)


class Following(Protocol):
    """A cluster's objects that follow tags."""

    @property
    def name(self) -> str:
        """The cluster's name."""

    @property
    def index(self) -> Sized:
        """All of them."""

    @property
    def waiting(self) -> int:
        """How many wait for a tag that points to no image yet."""

    @property
    def depth(self) -> int:
        """How many are worked on or wait for it."""


class TargetHealth(Protocol):
    """Whether a cluster can be reached and watched."""

    @property
    def is_well(self) -> bool:
        """Whether it can."""


class TriggerCounts(Collector):
    """Hears of what came of objects that follow tags."""

    def __init__(self) -> None:
        self._fired: Counter[tuple[str, str, str]] = Counter()
        self._lags: dict[str, list[int]] = {}
        self._lag_sums: dict[str, float] = {}
        self._clusters: Sequence[Following] = ()
        self._targets: dict[str, TargetHealth] = {}

    def watch(self, clusters: Sequence[Following], targets: dict[str, TargetHealth]) -> None:
        """Show how many follow tags in clusters, and which targets are well."""
        self._clusters = clusters
        self._targets = targets

    def fired(self, cluster: str, kind: str, result: Result) -> None:
        """Count what came of an object."""
        self._fired[cluster, kind, result.value] += 1

    def followed(self, cluster: str, seconds: float) -> None:
        """Count how long after its tag moved an object followed."""
        counts = self._lags.setdefault(cluster, [0] * (len(BUCKETS_S) + 1))
        counts[bisect_left(BUCKETS_S, seconds)] += 1
        self._lag_sums[cluster] = self._lag_sums.get(cluster, 0.0) + seconds

    def collect(self) -> Iterator[Metric]:
        """Yield the families that Prometheus reads."""
        fired = CounterMetricFamily(
            "imagestreams_triggers_fired",
            "Objects that were looked at because they or their tags changed, by what came of it.",
            labels=("cluster", "kind", "result"),
        )
        for labels, count in sorted(self._fired.items()):
            fired.add_metric(labels, count)
        followers = GaugeMetricFamily(
            "imagestreams_trigger_followers", "Objects that follow tags.", labels=("cluster",)
        )
        waiting = GaugeMetricFamily(
            "imagestreams_trigger_waiting", "Objects that wait for a tag without an image.", labels=("cluster",)
        )
        depth = GaugeMetricFamily(
            "imagestreams_trigger_queue_depth", "Objects that are worked on or wait for it.", labels=("cluster",)
        )
        for cluster in self._clusters:
            followers.add_metric([cluster.name], len(cluster.index))
            waiting.add_metric([cluster.name], cluster.waiting)
            depth.add_metric([cluster.name], cluster.depth)
        up = GaugeMetricFamily(
            "imagestreams_target_up", "Whether a target can be reached and watched.", labels=("target",)
        )
        for name, target in self._targets.items():
            up.add_metric([name], int(target.is_well))
        yield from (fired, followers, waiting, depth, self._lag(), up)

    def _lag(self) -> Metric:
        lag = HistogramMetricFamily(
            "imagestreams_trigger_lag_seconds",
            "Time from the moment when a tag moved to that when an object followed.",
            labels=("cluster",),
        )
        bounds = (*map(str, BUCKETS_S), "+Inf")
        for cluster, counts in sorted(self._lags.items()):
            buckets = list(zip(bounds, accumulate(counts), strict=True))
            lag.add_metric([cluster], buckets, self._lag_sums[cluster])
        return lag
