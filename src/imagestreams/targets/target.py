"""A foreign cluster as an operator names it."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Target:
    """Where a cluster is, and what of it is watched.

    `context` is that of the kubeconfig, its current one when empty. Without `namespaces` all are watched. `resources`
    are watched besides the usual ones, each as `plural.group`.
    """

    name: str
    kubeconfig: Path
    context: str = ""
    namespaces: tuple[str, ...] = ()
    resources: tuple[str, ...] = ()
