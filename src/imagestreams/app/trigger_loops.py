"""Makes the loops by which objects follow tags: for our own server, and for each target of the settings."""

import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Final

from imagestreams.api.codec import to_dict
from imagestreams.api.core import ObjectReference
from imagestreams.api.image import ImageStream
from imagestreams.apiserver.ownership.managed_fields import track_change
from imagestreams.app.metrics.triggers import TriggerCounts
from imagestreams.controllers.events.import_events import Telling
from imagestreams.controllers.events.recorder import EventRecorder
from imagestreams.controllers.triggers.controller import TriggerController, resolver
from imagestreams.controllers.triggers.followers import Followers, FollowerSettings
from imagestreams.resources.resource import Resource, ResourceInfo
from imagestreams.resources.storage import ObjectStorage
from imagestreams.targets.cluster import COMPONENT, Notice
from imagestreams.targets.own import OwnCluster
from imagestreams.targets.target import Target

if TYPE_CHECKING:
    from imagestreams.targets.foreign import ForeignCluster

OWN_WORKERS: Final = 32
"""So many of our own objects are written at a time: those that wait together are committed together."""


def trigger_loops(
    streams: ObjectStorage[ImageStream],
    resources: Sequence[Resource],
    targets: Sequence[Target],
    recorder: EventRecorder,
    now: Callable[[], str],
    counts: TriggerCounts,
) -> TriggerController:
    """Return the controller of all clusters; `resources` are those of our own server."""

    def tell(about: ObjectReference, notice: Notice) -> None:
        telling = Telling(notice.type, notice.reason, notice.message)
        recorder.tell_about(about, telling, now(), component=COMPONENT)

    resolve = resolver(streams)
    own = Followers(
        OwnCluster(resources, now, tell, _track),
        resolve,
        time.monotonic,
        settings=FollowerSettings(workers=OWN_WORKERS),
        observer=counts,
    )
    foreign = _foreign(targets, now)
    clusters = [own, *(Followers(one, resolve, time.monotonic, observer=counts) for one in foreign)]
    counts.watch(clusters, {one.name: one.health for one in foreign})
    return TriggerController(streams, clusters, time.monotonic)


def _track(current: Any, wanted: Any, info: ResourceInfo, manager: str, now: str) -> None:
    """Note who set which field; what is written was read before, so it has its defaults already."""
    track_change(current, to_dict(current), wanted, to_dict(wanted), info, manager, now)


def _foreign(targets: Sequence[Target], now: Callable[[], str]) -> "list[ForeignCluster]":
    if not targets:
        # Most servers have none, and need no HTTP client for them.
        return []
    from imagestreams.targets.foreign import ForeignCluster

    return [ForeignCluster(target, now) for target in targets]
