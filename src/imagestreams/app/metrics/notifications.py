"""Counts of notifications, shown to Prometheus when it asks. Sinks are named by users, so only presets have series."""

from collections.abc import Iterator

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from imagestreams.notifications.outbox import Outbox
from imagestreams.notifications.reports import Reports


class NotificationCounts(Collector):
    """Shows what became of attempts, and what is in the boxes."""

    def __init__(self, reports: Reports, outbox: Outbox) -> None:
        self._reports = reports
        self._outbox = outbox

    def collect(self) -> Iterator[Metric]:
        """Yield the families that Prometheus reads."""
        attempts = CounterMetricFamily(
            "imagestreams_notifications",
            "Attempts to deliver notifications, by what came of them.",
            labels=("preset", "result"),
        )
        for labels, count in sorted(self._reports.counts.items()):
            attempts.add_metric(labels, count)
        boxes = self._outbox.boxes()
        pending = GaugeMetricFamily("imagestreams_notifications_pending", "Notifications that wait to be delivered.")
        pending.add_metric([], sum(len(box.waiting) for box in boxes))
        dead = GaugeMetricFamily("imagestreams_notification_dead_letters", "Notifications that were put aside.")
        dead.add_metric([], sum(len(box.dead) for box in boxes))
        lost = GaugeMetricFamily("imagestreams_notifications_lost", "Dead letters of present sinks that were dropped.")
        lost.add_metric([], sum(box.cursor.lost for box in boxes))
        yield from (attempts, pending, dead, lost)
