"""Reads `targets`: the foreign clusters whose objects follow tags, each with a name and a kubeconfig."""

import re
from typing import Any, Final

from imagestreams.app.settings import values
from imagestreams.app.settings.error import SettingsError
from imagestreams.targets.cluster import OWN
from imagestreams.targets.target import Target

_FIELDS: Final = frozenset({"name", "kubeconfig", "context", "namespaces", "resources"})
_NAME: Final = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")


def targets(value: Any) -> tuple[Target, ...]:
    """Read the list.

    Raises:
        SettingsError: it is no such list.
    """
    if not isinstance(value, list):
        raise SettingsError(f"targets must be a list of entries with name and kubeconfig, not {value!r}")
    found = tuple(_target(f"targets[{number}]", entry) for number, entry in enumerate(value))
    names = [one.name for one in found]
    for name in names:
        if names.count(name) > 1:
            raise SettingsError(f"targets has two entries with the name {name!r}")
    return found


def _target(here: str, entry: Any) -> Target:
    if not isinstance(entry, dict) or not {"name", "kubeconfig"} <= set(entry) <= _FIELDS:
        raise SettingsError(
            f"{here} must have name and kubeconfig, and may have context, namespaces and resources, not {entry!r}"
        )
    name, context = entry["name"], entry.get("context", "")
    if not isinstance(name, str) or not _NAME.fullmatch(name) or name == OWN:
        raise SettingsError(f"{here}.name must be lower case letters, digits and dashes, and not {OWN!r}: {name!r}")
    if not isinstance(entry["kubeconfig"], str) or not entry["kubeconfig"]:
        raise SettingsError(f"{here}.kubeconfig must be a path, not {entry['kubeconfig']!r}")
    if not isinstance(context, str):
        raise SettingsError(f"{here}.context must be a text, not {context!r}")
    return Target(
        name,
        values.path(entry["kubeconfig"]),
        context,
        _texts(f"{here}.namespaces", entry.get("namespaces", [])),
        _texts(f"{here}.resources", entry.get("resources", [])),
    )


def _texts(here: str, value: Any) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(one, str) and one for one in value):
        raise SettingsError(f"{here} must be a list of texts, not {value!r}")
    return tuple(dict.fromkeys(value))
