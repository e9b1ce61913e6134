"""Calls a command of the operator's for each change: whatever a rollout is on this machine, a script can do it.

The change stands on standard input, as JSON, and in the environment (`IMAGESTREAMS_…`). It is told at least once: a
command that must not act twice keeps the change ids that it has seen. Exit status 0 says that it is done.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from imagestreams.runners.engine import Command, RunnerError, last_words
from imagestreams.runners.leftovers import Leftovers
from imagestreams.runners.runner import Observation, Workload

APPLY: Final = "apply"
REMOVE: Final = "remove"
VARIABLE_MAX: Final = 64 * 1024
"""The longest text in the environment, in bytes: a program with one of 128 KiB, or with 2 MiB in all, can't start."""


@dataclass(frozen=True)
class ExecRunner:
    """Runs `command` with nothing but `environment` and the change."""

    name: str
    command: Sequence[str]
    environment: Mapping[str, str] = field(repr=False)
    timeout_s: float = 600.0
    leftovers: Leftovers = field(default_factory=Leftovers)
    needs_objects: bool = False
    observes: bool = False

    async def roll_out(self, workload: Workload) -> Observation:
        """Tell the command of a change.

        Raises:
            RunnerError: it is not there, failed, or took too long; the message ends with what it said.
        """
        await self._call(APPLY, workload)
        ended = workload.replicas if workload.ends else 0
        return Observation(workload.replicas, workload.replicas - ended, succeeded=ended)

    async def remove(self, workload: Workload) -> None:
        """Tell the command that a workload is gone.

        Raises:
            RunnerError: as above.
        """
        await self._call(REMOVE, workload)

    async def observe(self) -> Mapping[str, Observation]:
        """Nothing can be looked at."""
        return {}

    async def _call(self, action: str, workload: Workload) -> None:
        change = described(action, workload)
        environment = {**self.environment, **variables(action, workload)}
        command = Command(self.command, environment, json.dumps(change).encode(), timeout_s=self.timeout_s)
        outcome = await self.leftovers.run(f"{self.name}-{workload.uid}", command)
        if not outcome.succeeded:
            raise RunnerError(f"{self.command[0]}: {last_words(outcome, self.timeout_s)}")


def described(action: str, workload: Workload) -> dict[str, Any]:
    """Return a change as the command reads it."""
    return {
        "action": action,
        "changeID": workload.change_id,
        "apiVersion": workload.api_version,
        "kind": workload.kind,
        "namespace": workload.namespace,
        "name": workload.name,
        "uid": workload.uid,
        "generation": workload.generation,
        "replicas": workload.replicas,
        "images": workload.images,
        "template": workload.template,
    }


def variables(action: str, workload: Workload) -> dict[str, str]:
    """Return what of a change stands in the environment; `IMAGESTREAMS_IMAGES` holds a `name=image` a line.

    What is too long for a variable is left out: it stands on standard input alone.
    """
    found = {
        "IMAGESTREAMS_ACTION": action,
        "IMAGESTREAMS_CHANGE_ID": workload.change_id,
        "IMAGESTREAMS_API_VERSION": workload.api_version,
        "IMAGESTREAMS_KIND": workload.kind,
        "IMAGESTREAMS_NAMESPACE": workload.namespace,
        "IMAGESTREAMS_NAME": workload.name,
        "IMAGESTREAMS_UID": workload.uid,
        "IMAGESTREAMS_GENERATION": str(workload.generation),
        "IMAGESTREAMS_REPLICAS": str(workload.replicas),
        "IMAGESTREAMS_IMAGE": next(iter(workload.images.values()), ""),
        "IMAGESTREAMS_IMAGES": "\n".join(f"{name}={image}" for name, image in workload.images.items()),
    }
    return {name: text for name, text in found.items() if len(text.encode()) <= VARIABLE_MAX}
