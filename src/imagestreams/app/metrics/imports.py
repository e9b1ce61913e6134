"""Counts of imports and of requests to registries, kept as plain numbers and shown to Prometheus when it asks.

The names of registries come from users, so only so many have series of their own: those that have answered, in the
order in which they did. All others share one, whose name no registry can have.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Final, Protocol

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from imagestreams.api.image import ImageStream
from imagestreams.streams.import_news import Result, TagNews, registry_of

REGISTRIES_MAX: Final = 100
OTHERS: Final = "(other)"
_METHODS: Final = frozenset({"GET", "HEAD", "POST"})
_ANSWERED: Final = frozenset({Result.CHANGED, Result.UNCHANGED, Result.FOLLOWED})


class Queue(Protocol):
    """Something where work waits."""

    @property
    def depth(self) -> int:
        """How much is worked on or waits."""


class Schedule(Queue, Protocol):
    """Something that is to be done at certain times."""

    @property
    def lag_s(self) -> float:
        """For how long the longest due has waited, in seconds."""


class RegistryNames:
    """Which registries have series of their own."""

    def __init__(self, limit: int = REGISTRIES_MAX) -> None:
        self._limit = limit
        self._known: set[str] = set()

    def label(self, registry: str, *, answered: bool) -> str:
        """Return the label of a registry; one that answers for the first time gets its own while there are any."""
        if registry in self._known:
            return registry
        if not answered or not registry or len(self._known) >= self._limit:
            return OTHERS
        self._known.add(registry)
        return registry


class RequestCounts(Collector):
    """Hears of the requests to registries."""

    def __init__(self, names: RegistryNames | None = None) -> None:
        self._names = names or RegistryNames()
        self._requests: Counter[tuple[str, str, str]] = Counter()
        self._waits: Counter[str] = Counter()
        self._waited_s: dict[str, float] = {}

    def asked(self, host: str, method: str, code: int | None) -> None:
        """Count a request; one without an answer has the code `none`."""
        registry = self._names.label(host, answered=code is not None)
        known = code is not None and 100 <= code < 600
        self._requests[registry, method if method in _METHODS else OTHERS, str(code) if known else "none"] += 1

    def waited(self, host: str, seconds: float) -> None:
        """Count a wait."""
        registry = self._names.label(host, answered=False)
        self._waits[registry] += 1
        self._waited_s[registry] = self._waited_s.get(registry, 0.0) + seconds

    def collect(self) -> Iterator[Metric]:
        """Yield the families that Prometheus reads."""
        requests = CounterMetricFamily(
            "imagestreams_registry_requests",
            "Requests to registries and their token services.",
            labels=("registry", "method", "code"),
        )
        for labels, count in sorted(self._requests.items()):
            requests.add_metric(labels, count)
        waits = CounterMetricFamily(
            "imagestreams_registry_waits",
            "Requests that waited because the registry wanted to be left alone.",
            labels=("registry",),
        )
        waited = CounterMetricFamily(
            "imagestreams_registry_wait_seconds",
            "Time that requests waited because the registry wanted to be left alone.",
            labels=("registry",),
        )
        for registry, count in sorted(self._waits.items()):
            waits.add_metric([registry], count)
            waited.add_metric([registry], self._waited_s[registry])
        yield from (requests, waits, waited)


class ImportCounts(Collector):
    """Hears of imports, and shows how many wait."""

    def __init__(self, names: RegistryNames | None = None) -> None:
        self._names = names or RegistryNames()
        self._imports: Counter[tuple[str, str]] = Counter()
        self._queues: dict[str, Queue] = {}
        self._schedule: Schedule | None = None

    def watch(self, schedule: "Schedule", **queues: "Queue") -> None:
        """Show how late a schedule is, and how much waits in it and in queues, by their names."""
        self._schedule = schedule
        self._queues = {**queues, "schedule": schedule}

    def imported(self, stream: ImageStream, news: Sequence[TagNews], now: str) -> None:
        """Count what happened to the tags of a stream."""
        for one in news:
            registry = self._names.label(registry_of(one.source), answered=one.result in _ANSWERED)
            result = Result.CHANGED if one.result is Result.FOLLOWED else one.result
            self._imports[registry, result.value] += 1

    def collect(self) -> Iterator[Metric]:
        """Yield the families that Prometheus reads."""
        imports = CounterMetricFamily(
            "imagestreams_imports", "Tags that were imported, by what came of it.", labels=("registry", "result")
        )
        for labels, count in sorted(self._imports.items()):
            imports.add_metric(labels, count)
        depth = GaugeMetricFamily(
            "imagestreams_import_queue_depth", "Streams that are imported or wait for it.", labels=("queue",)
        )
        for name, queue in self._queues.items():
            depth.add_metric([name], queue.depth)
        lag = GaugeMetricFamily(
            "imagestreams_schedule_lag_seconds", "For how long the check that has waited longest has been due."
        )
        if self._schedule is not None:
            lag.add_metric([], self._schedule.lag_s)
        yield from (imports, depth, lag)
