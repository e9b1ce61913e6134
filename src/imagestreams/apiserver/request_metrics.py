"""Counts and durations of requests, kept as plain numbers and shown to Prometheus when it asks.

A request costs one dictionary lookup and three additions; the exposition format is made at scrape time only.
"""

from bisect import bisect_left
from collections.abc import Callable, Iterator
from typing import Final

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

BUCKETS_S: Final = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
_LABELS: Final = ("verb", "group", "version", "resource", "subresource")
_LONG: Final = "WATCH"

Key = tuple[str, str, str, str, str]


class _Series:
    __slots__ = ("buckets", "codes", "sum")

    def __init__(self) -> None:
        self.codes: dict[int, int] = {}
        self.buckets = [0] * (len(BUCKETS_S) + 1)
        self.sum = 0.0


class RequestMetrics(Collector):
    """What was asked for, how it was answered, and how long that took."""

    def __init__(self, watches: Callable[[], int] = lambda: 0) -> None:
        self._series: dict[Key, _Series] = {}
        self._watches = watches

    def observe(self, key: Key, code: int, seconds: float) -> None:
        """Count a request: `key` is its verb, group, version, resource and subresource, all of a bounded set."""
        series = self._series.get(key)
        if series is None:
            series = self._series[key] = _Series()
        series.codes[code] = series.codes.get(code, 0) + 1
        series.buckets[bisect_left(BUCKETS_S, seconds)] += 1
        series.sum += seconds

    def collect(self) -> Iterator[Metric]:
        """Yield the families that Prometheus reads."""
        total = CounterMetricFamily("apiserver_request", "Requests that were answered.", labels=[*_LABELS, "code"])
        spent = HistogramMetricFamily(
            "apiserver_request_duration_seconds", "Time from request to answer; watches are left out.", labels=_LABELS
        )
        for key, series in list(self._series.items()):
            for code, count in sorted(series.codes.items()):
                total.add_metric([*key, str(code)], count)
            if key[0] != _LONG:
                spent.add_metric(list(key), _cumulative(series.buckets), series.sum)
        yield total
        yield spent
        yield GaugeMetricFamily("apiserver_longrunning_requests", "Watches that are being served.", self._watches())


def _cumulative(counts: list[int]) -> list[tuple[str, float]]:
    buckets, sum_so_far = [], 0
    for bound, count in zip((*map(str, BUCKETS_S), "+Inf"), counts, strict=True):
        sum_so_far += count
        buckets.append((bound, float(sum_so_far)))
    return buckets


def exposition(registry: CollectorRegistry) -> bytes:
    """Return all metrics of a registry as Prometheus reads them."""
    return generate_latest(registry)
