"""What the operator chose: who runs which workloads, and who builds images."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

PODMAN: Final = "podman"
EXEC: Final = "exec"
BUILDAH: Final = "buildah"


@dataclass(frozen=True, slots=True)
class RunnerSettings:
    """One runner, and which workloads are its: those of all namespaces and kinds unless some are named.

    `command` is what is run: with `exec` for each change, with `podman` as what stands before podman's verb.
    """

    name: str
    type: str
    command: Sequence[str]
    namespaces: frozenset[str] = frozenset()
    kinds: frozenset[str] = frozenset()
    labels: Mapping[str, str] = field(default_factory=dict)
    timeout_s: float = 600.0
    privileged: bool = False

    def takes(self, kind: str, namespace: str, labels: Mapping[str, str]) -> bool:
        """Return whether a workload is one of those.

        >>> RunnerSettings("web", EXEC, ["/bin/true"], namespaces=frozenset({"web"})).takes("Deployment", "web", {})
        True
        """
        return (
            (not self.namespaces or namespace in self.namespaces)
            and (not self.kinds or kind in self.kinds)
            and all(labels.get(name) == value for name, value in self.labels.items())
        )


@dataclass(frozen=True, slots=True)
class BuilderSettings:
    """Who builds images; `directories` of this machine may be read as sources, `storage_dir` is for builds alone."""

    type: str
    command: Sequence[str]
    isolation: str = ""
    storage_driver: str = ""
    storage_dir: Path | None = None
    directories: Sequence[Path] = ()
    timeout_s: float = 3600.0
    concurrent: int = 1
