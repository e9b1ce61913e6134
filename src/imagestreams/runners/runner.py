"""What a runner is asked for and what it tells: the protocol between the loop of rollouts and who carries them out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

JOB: Final = "Job"
POD: Final = "Pod"


@dataclass(frozen=True, slots=True)
class Workload:
    """What is to run: a pod template, how often, and what the template refers to.

    `change_id` stays the same however often the same change is tried. `template`, `config_maps` and `secrets` are plain
    documents as the API shows them; `claims` are the names of a StatefulSet's volume claim templates. `logins` is a
    container `auth.json`, `insecure` are the registries (`host[:port]`) that need no good certificate.
    """

    api_version: str
    kind: str
    namespace: str
    name: str
    uid: str
    replicas: int
    template: Mapping[str, Any]
    generation: int = 0
    change_id: str = ""
    claims: Sequence[str] = ()
    config_maps: Sequence[Mapping[str, Any]] = ()
    secrets: Sequence[Mapping[str, Any]] = field(default=(), repr=False)
    logins: bytes = field(default=b"", repr=False)
    insecure: frozenset[str] = frozenset()

    @property
    def ends(self) -> bool:
        """Whether it is to end by itself."""
        restarts = (self.template.get("spec") or {}).get("restartPolicy", "Always") == "Always"
        return self.kind == JOB or (self.kind == POD and not restarts)

    @property
    def images(self) -> dict[str, str]:
        """The image of each container, the initial ones included."""
        spec = self.template.get("spec") or {}
        containers = [*(spec.get("initContainers") or []), *(spec.get("containers") or [])]
        return {one.get("name", ""): one.get("image", "") for one in containers}


@dataclass(frozen=True, slots=True)
class Observation:
    """What runs of a workload: how many pods there are, are ready, and have ended well or badly."""

    replicas: int = 0
    ready: int = 0
    succeeded: int = 0
    failed: int = 0
    message: str = ""


class Runner(Protocol):
    """Carries out changes; every method raises `RunnerError` with what the program said when it fails."""

    @property
    def name(self) -> str:
        """How the operator calls it."""

    @property
    def needs_objects(self) -> bool:
        """Whether config maps, secrets and logins have to be sent along."""

    @property
    def observes(self) -> bool:
        """Whether `observe` can tell what runs; else what was rolled out is taken to run."""

    async def roll_out(self, workload: Workload) -> Observation:
        """Let a workload run as it is described, in place of what ran of it before."""

    async def remove(self, workload: Workload) -> None:
        """Let nothing of a workload run any more."""

    async def observe(self) -> Mapping[str, Observation]:
        """Return what runs now, by the workloads' uids; one that is not in it has nothing that runs."""
