"""What is known of a workload's rollout: the base of every status. Pure."""

from dataclasses import dataclass, field

from imagestreams.runners.runner import Observation

NO_RUNNER = "no runner of this server takes this workload"


@dataclass(frozen=True, slots=True)
class Seen:
    """What was wanted and what came of it.

    `rolled_out`: what runs is what is wanted; `same_template`: it is but for how many there are. `problem` is why it
    does not come: the engine's own words, or that nobody runs it. `revision` is the name of the object that stands for
    the wanted template. `begun` is when the change was.
    """

    replicas: int
    observation: Observation = field(default_factory=Observation)
    rolled_out: bool = False
    waits: bool = False
    problem: str = ""
    has_runner: bool = True
    timed_out: bool = False
    given_up: bool = False
    revision: str = ""
    begun: str = ""
    same_template: bool = False

    @property
    def running(self) -> int:
        """How many pods of the wanted template there are."""
        return self.observation.replicas if self.is_current else 0

    @property
    def is_current(self) -> bool:
        """Whether what runs has the wanted template."""
        return self.rolled_out or self.same_template

    @property
    def available(self) -> int:
        """How many pods do their work."""
        return self.observation.ready

    @property
    def complete(self) -> bool:
        """Whether all that is wanted runs."""
        return self.rolled_out and self.observation.ready >= self.replicas == self.observation.replicas
