"""Lets workloads run as pods of this machine's podman, and tells what runs.

The document goes in by standard input, secrets too. What is there of the same change is left alone, so that a change
is not carried out again after a crash; else the pods are replaced, all at once: there is no traffic to move over.
"""

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from imagestreams.runners.engine import Command, Outcome, RunnerError, last_words, run
from imagestreams.runners.leftovers import Leftovers
from imagestreams.runners.pod_documents import (
    LABEL_CHANGE,
    LABEL_SERVER,
    LABEL_UID,
    documents,
    prefix,
    secrets,
)
from imagestreams.runners.registries_conf import registries_conf
from imagestreams.runners.runner import Observation, Workload

_LOOK_TIMEOUT_S: Final = 60.0
_RUNNING: Final = "running"
_CREATED: Final = frozenset({"created", "configured", "initialized"})
_ALIVE: Final = frozenset({"running", "degraded", "paused"})


@dataclass(frozen=True)
class PodmanRunner:
    """Plays pods; `server` is what tells our pods from those of others, `command` stands before podman's verb."""

    name: str
    server: str
    environment: Mapping[str, str] = field(repr=False)
    command: Sequence[str] = ("podman",)
    timeout_s: float = 600.0
    privileged: bool = False
    leftovers: Leftovers = field(default_factory=Leftovers)
    needs_objects: bool = True
    observes: bool = True

    async def roll_out(self, workload: Workload) -> Observation:
        """Replace the pods of a workload.

        Raises:
            RunnerError: podman is not there, or said no; the message is what it said.
        """
        played = documents(workload, self.server, privileged=self.privileged)
        there = await self._pods(f"label={LABEL_UID}={workload.uid}")
        failed = workload.ends and (await self.observe()).get(workload.uid, Observation()).failed
        if failed or not self._is_done(workload, there):
            await self._clear(workload, there)
            if workload.replicas:
                await self._play(workload, played)
        return (await self.observe()).get(workload.uid, Observation())

    async def remove(self, workload: Workload) -> None:
        """Take down the pods of a workload, with its secrets and volumes; claimed volumes stay.

        Raises:
            RunnerError: podman is not there, or said no.
        """
        await self._clear(workload, await self._pods(f"label={LABEL_UID}={workload.uid}"))

    async def observe(self) -> Mapping[str, Observation]:
        """Return what runs now, by the workloads' uids.

        Raises:
            RunnerError: podman is not there, or said no.
        """
        ours = f"label={LABEL_SERVER}={self.server}"
        listed = await self._call("ps", "--all", "--filter", ours, "--format", "json", timeout_s=_LOOK_TIMEOUT_S)
        pods: dict[str, dict[str, list[Any]]] = defaultdict(lambda: defaultdict(list))
        for container in _list(listed.stdout):
            uid = (container.get("Labels") or {}).get(LABEL_UID, "")
            pods[uid][container.get("Pod", "")].append(container)
        return {uid: _observation(list(by_pod.values())) for uid, by_pod in pods.items()}

    def _is_done(self, workload: Workload, there: Sequence[Mapping[str, Any]]) -> bool:
        """Return whether this very change is there already, and runs; a job may also have ended."""
        done = [
            pod
            for pod in there
            if (pod.get("Labels") or {}).get(LABEL_CHANGE) == workload.change_id and _has_begun(pod, workload)
        ]
        return len(done) == len(there) == workload.replicas

    async def _play(self, workload: Workload, played: Sequence[Mapping[str, Any]]) -> None:
        for secret in secrets(workload):
            content = json.dumps(secret.content).encode()
            await self._call("secret", "create", secret.name, "-", stdin=content, timeout_s=_LOOK_TIMEOUT_S)
        import tempfile

        # An empty directory: podman builds images from directories beside the document that are called like them.
        with tempfile.TemporaryDirectory(prefix="imagestreams-podman-") as made:
            directory = Path(made)
            (directory / "work").mkdir()
            flags, environment = ["--replace"], dict(self.environment)
            if workload.logins:
                (directory / "auth.json").write_bytes(workload.logins)
                flags += ["--authfile", str(directory / "auth.json")]
            if workload.insecure:
                (directory / "registries.conf").write_text(registries_conf(insecure=workload.insecure))
                environment["CONTAINERS_REGISTRIES_CONF"] = str(directory / "registries.conf")
            await self._call(
                *("kube", "play", *flags, "-"),
                stdin=_stream(played),
                directory=directory / "work",
                environment=environment,
                timeout_s=self.timeout_s,
                noted=f"{self.name}-{workload.uid}",
            )

    async def _clear(self, workload: Workload, there: Sequence[Mapping[str, Any]]) -> None:
        """Take down what there is of a workload."""
        own = prefix(workload)
        if names := [str(pod.get("Name", "")) for pod in there]:
            pods = [{"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name}} for name in names]
            await self._call("kube", "down", "-", stdin=_stream(pods), timeout_s=self.timeout_s)
        volumes = await self._call("volume", "ls", "--format", "json", timeout_s=_LOOK_TIMEOUT_S)
        await self._drop("volume", [str(one.get("Name", "")) for one in _list(volumes.stdout)], own)
        listed = await self._call("secret", "ls", "--format", "{{.Name}}", timeout_s=_LOOK_TIMEOUT_S)
        await self._drop("secret", listed.stdout.decode(errors="replace").split(), own)

    async def _drop(self, kind: str, names: Sequence[str], own: str) -> None:
        if ours := [name for name in names if name.startswith(own)]:
            await self._call(kind, "rm", *ours, timeout_s=_LOOK_TIMEOUT_S)

    async def _pods(self, chosen: str) -> list[Mapping[str, Any]]:
        listed = await self._call("pod", "ps", "--filter", chosen, "--format", "json", timeout_s=_LOOK_TIMEOUT_S)
        return _list(listed.stdout)

    async def _call(
        self,
        *arguments: str,
        timeout_s: float,
        stdin: bytes = b"",
        directory: Path | None = None,
        environment: Mapping[str, str] | None = None,
        noted: str = "",
    ) -> Outcome:
        argv = (*self.command, *arguments)
        command = Command(argv, environment or self.environment, stdin, directory, timeout_s)
        outcome = await (self.leftovers.run(noted, command) if noted else run(command))
        if not outcome.succeeded:
            raise RunnerError(f"podman {' '.join(arguments[:2])}: {last_words(outcome, timeout_s)}")
        return outcome


def _has_begun(pod: Mapping[str, Any], workload: Workload) -> bool:
    status = str(pod.get("Status", "")).lower()
    return status in _ALIVE or (workload.ends and status not in _CREATED)


def _observation(pods: Sequence[Sequence[Mapping[str, Any]]]) -> Observation:
    ready = succeeded = failed = 0
    for containers in pods:
        states = [str(one.get("State", "")).lower() for one in containers]
        ended = all(one.get("Exited") for one in containers)
        badly = any(one.get("Exited") and one.get("ExitCode") for one in containers)
        # An initial container that has ended well is no longer there, or has exited; the others decide.
        alive = [state for state, one in zip(states, containers, strict=True) if not _ended_well(one)]
        ready += bool(alive) and all(state == _RUNNING for state in alive)
        failed += ended and badly
        succeeded += ended and not badly
    return Observation(len(pods), ready, succeeded, failed)


def _ended_well(container: Mapping[str, Any]) -> bool:
    return bool(container.get("Exited")) and not container.get("ExitCode")


def _stream(parts: Sequence[Mapping[str, Any]]) -> bytes:
    """Return documents as one YAML stream; JSON is YAML."""
    return b"\n---\n".join(json.dumps(part).encode() for part in parts)


def _list(data: bytes) -> list[Mapping[str, Any]]:
    try:
        found = json.loads(data or b"[]")
    except ValueError as error:
        raise RunnerError("podman did not answer with JSON") from error
    return found if isinstance(found, list) else []
