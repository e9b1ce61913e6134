"""Reads `registryKeychains`: whom the server's own logins at its cloud's registries are lent to."""

import re
from typing import Any, Final

from imagestreams.app.settings.error import SettingsError
from imagestreams.registries.keychains.lending import LendingRule

CLOUDS: Final = ("aws", "gcp", "azure")
_PARTS: Final = frozenset({"cloud", "namespaces", "registries"})
_NAMESPACES: Final = re.compile(r"[a-z0-9*]([a-z0-9*-]*[a-z0-9*])?")
_SCOPE: Final = re.compile(r"(\*\.)?[a-z0-9.-]+(/[a-z0-9._/-]*[a-z0-9])?")


def rules(value: Any) -> tuple[LendingRule, ...]:
    """Read a list of rules.

    Raises:
        SettingsError: it is none.
    """
    if not isinstance(value, list):
        raise SettingsError(f"registryKeychains must be a list, not {value!r}")
    return tuple(_rule(one, f"registryKeychains[{number}]") for number, one in enumerate(value))


def _rule(value: Any, where: str) -> LendingRule:
    if not isinstance(value, dict) or not set(value) <= _PARTS:
        raise SettingsError(f"{where} must have cloud, namespaces and maybe registries, not {value!r}")
    cloud = value.get("cloud")
    if cloud not in CLOUDS:
        raise SettingsError(f"{where}.cloud must be one of {', '.join(CLOUDS)}, not {cloud!r}")
    # Left out, it must not mean all: whoever may use a login can read all that the server may.
    namespaces = _texts(value.get("namespaces"), _NAMESPACES, f"{where}.namespaces", 'names of namespaces, or ["*"]')
    registries = value.get("registries")
    if registries is None:
        return LendingRule(cloud, namespaces)
    scopes = _texts(registries, _SCOPE, f"{where}.registries", "registries or parts of them, without https://")
    return LendingRule(cloud, namespaces, scopes)


def _texts(value: Any, pattern: re.Pattern[str], where: str, what: str) -> tuple[str, ...]:
    usable = isinstance(value, list) and all(isinstance(one, str) and pattern.fullmatch(one) for one in value)
    if not usable or not value:
        raise SettingsError(f"{where} must be {what}, not {value!r}")
    return tuple(value)
