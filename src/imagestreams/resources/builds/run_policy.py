"""Which new builds may start now: pure decisions over the builds of one config.

`Serial` builds run one after the other in the order of their numbers. `SerialLatestOnly` does so too, but a new build
makes those that wait before it superfluous. `Parallel` builds start at once, unless a serial one is running (the policy
of a config may have changed). A build without a config may always start.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from imagestreams.api.build.types import Build
from imagestreams.api.build.validation import is_over
from imagestreams.resources.builds.build_names import RUN_POLICY, config_of, number_of

SERIAL: Final = "Serial"
SERIAL_LATEST_ONLY: Final = "SerialLatestOnly"
PARALLEL: Final = "Parallel"
_POLICIES: Final = (SERIAL, SERIAL_LATEST_ONLY, PARALLEL)
_ACTIVE: Final = ("Pending", "Running")
_NEW: Final = "New"


@dataclass(frozen=True, slots=True)
class Decision:
    """Whether a build may start, and which builds are to be cancelled because of it."""

    may_start: bool
    cancelled: tuple[Build, ...] = ()


def policy_of(build: Build) -> str:
    """Return the policy that a build was made under."""
    policy = (build.metadata.labels or {}).get(RUN_POLICY, "")
    return policy if policy in _POLICIES else SERIAL


def decide_start(build: Build, builds: Sequence[Build]) -> Decision:
    """Say whether a new build may start; `builds` are all of its config, itself among them or not.

    Builds that are to be cancelled get `status.cancelled`; whoever runs builds does the rest. A build that is itself
    cancelled counts as one that still waits until its phase says otherwise.
    """
    if build.status.phase != _NEW:
        return Decision(may_start=False)
    if not config_of(build):
        return Decision(may_start=True)
    policy = policy_of(build)
    others = [other for other in builds if other.metadata.uid != build.metadata.uid]
    active = [other for other in others if other.status.phase in _ACTIVE]
    if policy == PARALLEL:
        return Decision(may_start=all(policy_of(other) == PARALLEL for other in active))
    number = number_of(build)
    earlier = [other for other in others if other.status.phase == _NEW and number_of(other) < number]
    superfluous: tuple[Build, ...] = ()
    if policy == SERIAL_LATEST_ONLY:
        superfluous = tuple(
            other
            for other in others
            if not is_over(other.status.phase)
            and other.status.phase != "Running"
            and number_of(other) < number
            and not other.status.cancelled
        )
    return Decision(not active and not earlier, superfluous)


def superfluous_builds(builds: Sequence[Build], successful_limit: int | None, failed_limit: int | None) -> list[Build]:
    """Return the finished builds of a config that are more than it keeps, the oldest ones; no limit keeps all."""
    found: list[Build] = []
    for phases, limit in ((("Complete",), successful_limit), (("Failed", "Cancelled", "Error"), failed_limit)):
        if limit is None:
            continue
        finished = [build for build in builds if build.status.phase in phases]
        finished.sort(key=lambda build: (build.metadata.creation_timestamp or "", number_of(build)), reverse=True)
        found += finished[limit:]
    return found
