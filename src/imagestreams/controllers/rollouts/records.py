"""What was handed to which runner: kept beside the workloads, so that a crash forgets nothing.

A record is written before its runner is called, and again when the runner is done: what is found begun is begun anew,
under the same id. It also remembers what has to be taken down when its workload is gone.
"""

from typing import Final

from imagestreams.api.core import Stored
from imagestreams.resources.resource import ResourceInfo
from imagestreams.resources.storage import ObjectStorage
from imagestreams.store.cache import ObservableStore

BEGUN: Final = "Begun"
DONE: Final = "Done"
FAILED: Final = "Failed"


class Rollout(Stored):
    """The last change of a workload that was handed to a runner, and how it ended.

    `fingerprint` tells what would run apart from what would run otherwise, `template` does so for a single pod.
    `ran_template` is that of the pods that ran when the change was begun, empty if they may be of several. The numbers
    are those that the runner told, `changes` counts those of the workload up to this one.
    """

    workload_api_version: str = ""
    workload_kind: str = ""
    workload_name: str = ""
    workload_uid: str = ""
    runner: str = ""
    change_id: str = ""
    fingerprint: str = ""
    template: str = ""
    ran_template: str = ""
    generation: int = 0
    phase: str = ""
    attempts: int = 0
    changes: int = 1
    message: str = ""
    begun: str = ""
    ended: str = ""
    replicas: int = 0
    ready: int = 0
    succeeded: int = 0
    failed: int = 0


def running_template(record: Rollout) -> str:
    """Return the template that all pods have that run; empty if that is not known."""
    if record.phase == DONE:
        return record.template
    # A change of the template that did not come through may have come half way.
    return record.ran_template if record.ran_template == record.template else ""


_INFO: Final = ResourceInfo("imagestreams.dev", "v1", "rollouts", "Rollout", Rollout, frozenset())


def rollout_storage(store: ObservableStore) -> ObjectStorage[Rollout]:
    """Return where records are kept; they are not served."""
    return ObjectStorage(store, _INFO, Rollout)


def record_name(kind: str, name: str) -> str:
    """Return the name of a workload's record."""
    return f"{kind.lower()}.{name}"
