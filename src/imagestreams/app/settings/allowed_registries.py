"""Reads `allowedRegistriesForImport`: a list of `domainName` and `insecure`, as in `image.config.openshift.io`.

It may also be `cluster`, which means the list that stands there.
"""

from typing import Any, Final, Literal

from imagestreams.api.config import RegistryLocation
from imagestreams.app.settings.error import SettingsError
from imagestreams.streams.allowed_registries import InvalidPattern, read_pattern

_NAME: Final = "allowedRegistriesForImport"
_FIELDS: Final = frozenset({"domainName", "insecure"})


def allowed_registries(value: Any) -> tuple[RegistryLocation, ...] | Literal["cluster"]:
    """Read the list.

    Raises:
        SettingsError: it is neither such a list nor `cluster`, or an entry is no `host` or `host:port`.
    """
    if value == "cluster":
        return "cluster"
    if not isinstance(value, list):
        raise SettingsError(f"{_NAME} must be a list of entries with domainName, or cluster, not {value!r}")
    return tuple(_location(number, entry) for number, entry in enumerate(value))


def _location(number: int, entry: Any) -> RegistryLocation:
    here = f"{_NAME}[{number}]"
    if not isinstance(entry, dict) or not set(entry) <= _FIELDS:
        raise SettingsError(f"{here} must have domainName, and may have insecure, not {entry!r}")
    name, insecure = entry.get("domainName"), entry.get("insecure", False)
    if not isinstance(name, str) or not name:
        raise SettingsError(f"{here}.domainName must be host or host:port, not {name!r}")
    if not isinstance(insecure, bool):
        raise SettingsError(f"{here}.insecure must be true or false, not {insecure!r}")
    location = RegistryLocation(domain_name=name, insecure=insecure)
    try:
        read_pattern(name)
    except InvalidPattern as error:
        raise SettingsError(f"{here}: {error}") from None
    return location
