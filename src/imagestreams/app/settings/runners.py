"""Reads `runners` and `builder`: the programs of this machine that carry out what stored objects ask for."""

import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from imagestreams.api.durations import duration_s
from imagestreams.app.settings import values
from imagestreams.app.settings.error import SettingsError
from imagestreams.runners.settings import BUILDAH, EXEC, PODMAN, BuilderSettings, RunnerSettings

KINDS: Final = (
    "Deployment",
    "StatefulSet",
    "DaemonSet",
    "ReplicaSet",
    "ReplicationController",
    "DeploymentConfig",
    "Job",
    "Pod",
)
_NAME: Final = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")


def runners(value: Any) -> tuple[RunnerSettings, ...]:
    """Read the list of runners; of several that take a workload the first does.

    Raises:
        SettingsError: it is no such list.
    """
    if not isinstance(value, list):
        raise SettingsError(f"runners must be a list of entries with name and type, not {value!r}")
    found = tuple(_runner(f"runners[{number}]", entry) for number, entry in enumerate(value))
    names = [one.name for one in found]
    for name in names:
        if names.count(name) > 1:
            raise SettingsError(f"runners has two entries with the name {name!r}")
    return found


def builder(value: Any) -> BuilderSettings:
    """Read who builds images.

    Raises:
        SettingsError: it is none.
    """
    parts = _Parts("builder", value, _BUILDER)
    kind = parts.one_of("type", (BUILDAH, PODMAN))
    return BuilderSettings(
        type=kind,
        command=parts.texts("command") or (kind,),
        isolation=parts.one_of("isolation", ("chroot", "rootless", "oci"), ""),
        storage_driver=parts.one_of("storageDriver", ("vfs", "overlay"), ""),
        storage_dir=parts.paths("storageDir", single=True)[0] if "storageDir" in parts.given else None,
        directories=parts.paths("directories"),
        timeout_s=parts.time_s("timeout", 3600.0),
        concurrent=values.at_least("builder.concurrent", 1)(parts.given.get("concurrent", 1)),
    )


_RUNNER: Final = frozenset({"name", "type", "command", "namespaces", "kinds", "labels", "timeout", "privileged"})
_BUILDER: Final = frozenset(
    {"type", "command", "isolation", "storageDriver", "storageDir", "directories", "timeout", "concurrent"}
)


def _runner(here: str, value: Any) -> RunnerSettings:
    parts = _Parts(here, value, _RUNNER)
    kind = parts.one_of("type", (PODMAN, EXEC))
    command = parts.texts("command") or ((PODMAN,) if kind == PODMAN else ())
    if not command:
        raise SettingsError(f"{here}.command must be the program to run and its arguments")
    labels = parts.given.get("labels", {})
    if not isinstance(labels, dict) or not all(isinstance(text, str) for pair in labels.items() for text in pair):
        raise SettingsError(f"{here}.labels must be names with values, not {labels!r}")
    for chosen in parts.texts("kinds"):
        if chosen not in KINDS:
            raise SettingsError(f"{here}.kinds must be some of {', '.join(KINDS)}, not {chosen!r}")
    privileged = parts.given.get("privileged", False)
    if not isinstance(privileged, bool):
        raise SettingsError(f"{here}.privileged must be true or false, not {privileged!r}")
    name = parts.given.get("name")
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise SettingsError(f"{here}.name must be lower case letters, digits and dashes, not {name!r}")
    return RunnerSettings(
        name,
        kind,
        command,
        frozenset(parts.texts("namespaces")),
        frozenset(parts.texts("kinds")),
        labels,
        parts.time_s("timeout", 600.0),
        privileged,
    )


class _Parts:
    """The parts of one entry, each read with its place in the error."""

    def __init__(self, here: str, value: Any, known: frozenset[str]) -> None:
        if not isinstance(value, dict):
            raise SettingsError(f"{here} must have type and other parts, not {value!r}")
        for name in value:
            if name not in known:
                raise SettingsError(f"{here} has an unknown part {name!r}; known: {', '.join(sorted(known))}")
        self.here = here
        self.given: Mapping[str, Any] = value

    def one_of(self, name: str, choices: Sequence[str], default: str | None = None) -> str:
        value = self.given.get(name, default)
        if value == default and default is not None:
            return default
        if value not in choices:
            raise SettingsError(f"{self.here}.{name} must be one of {', '.join(choices)}, not {value!r}")
        return str(value)

    def texts(self, name: str) -> tuple[str, ...]:
        return self._list(name, str)

    def paths(self, name: str, *, single: bool = False) -> tuple[Path, ...]:
        if single:
            value = self.given.get(name)
            if not isinstance(value, str) or not value:
                raise SettingsError(f"{self.here}.{name} must be a path, not {value!r}")
            return (values.path(value),)
        return self._list(name, values.path)

    def time_s(self, name: str, default: float) -> float:
        value = self.given.get(name)
        if value is None:
            return default
        try:
            seconds = duration_s(str(value)) if isinstance(value, str) else float(value)
        except (TypeError, ValueError):
            seconds = -1
        if isinstance(value, bool) or seconds <= 0:
            raise SettingsError(f"{self.here}.{name} must be a time like 10m or 90s, not {value!r}")
        return seconds

    def _list(self, name: str, read: Callable[[str], Any]) -> tuple[Any, ...]:
        value = self.given.get(name, [])
        if not isinstance(value, list) or not all(isinstance(one, str) and one for one in value):
            raise SettingsError(f"{self.here}.{name} must be a list of texts, not {value!r}")
        return tuple(read(one) for one in value)
