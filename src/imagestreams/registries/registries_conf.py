"""A containers `registries.conf` (version 2, TOML), as podman, CRI-O and skopeo read it.

Of its tables we use `[[registry]]` with `prefix`, `location`, `insecure`, `blocked`, `mirror-by-digest-only`, and
`[[registry.mirror]]` with `location`, `insecure` and `pull-from-mirror`. What is about short names does not concern
imports and is passed over.
"""

import logging
import os
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from imagestreams.registries.policy import Mirror, MirrorRule, Pulls, RegistryEntry, RegistryPolicy

_log: Final = logging.getLogger(__name__)
_SIZE_MAX: Final = 1 << 20


class RegistriesConfError(ValueError):
    """A file that is no usable `registries.conf`; the text says why."""


def parse_registries_conf(text: str) -> RegistryPolicy:
    """Read the settings.

    Raises:
        RegistriesConfError: it is no TOML, of version 1, or a value is not usable.
    """
    try:
        content = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise RegistriesConfError(f"no TOML: {error}") from error
    if "registries" in content:
        raise RegistriesConfError("version 1 of the format is not supported, use [[registry]] tables")
    entries: list[RegistryEntry] = []
    rules: list[MirrorRule] = []
    for number, table in enumerate(_tables(content, "registry", "")):
        where = f"registry[{number}]"
        entry = _entry(table, where)
        entries.append(entry)
        rules += _rules(table, entry, where)
    return RegistryPolicy(mirrors=tuple(rules), entries=tuple(entries))


def _entry(table: dict[str, Any], where: str) -> RegistryEntry:
    prefix, location = _text(table, "prefix", where), _text(table, "location", where)
    scope = prefix or location
    if not scope:
        raise RegistriesConfError(f"{where} needs a location or a prefix")
    if not location and not prefix.startswith("*."):
        raise RegistriesConfError(f"{where} needs a location: only a prefix *.DOMAIN goes without")
    return RegistryEntry(scope, location, _flag(table, "insecure", where), _flag(table, "blocked", where))


def _rules(table: dict[str, Any], entry: RegistryEntry, where: str) -> list[MirrorRule]:
    rules = []
    by_digest_only = _flag(table, "mirror-by-digest-only", where)
    for number, mirror in enumerate(_tables(table, "mirror", f"{where}.")):
        here = f"{where}.mirror[{number}]"
        location, asked = _text(mirror, "location", here), _text(mirror, "pull-from-mirror", here)
        if not location:
            raise RegistriesConfError(f"{here} needs a location")
        try:
            pulls = Pulls(asked or ("digest-only" if by_digest_only else "all"))
        except ValueError:
            known = ", ".join(one.value for one in Pulls)
            raise RegistriesConfError(f"{here}.pull-from-mirror must be one of {known}, not {asked!r}") from None
        if by_digest_only and asked:
            raise RegistriesConfError(f"{here}.pull-from-mirror can't be used together with mirror-by-digest-only")
        found = Mirror(location.rstrip("/"), _flag(mirror, "insecure", here))
        rules.append(MirrorRule(entry.prefix, (found,), pulls, of_entry=True))
    return rules


def _tables(table: dict[str, Any], key: str, where: str) -> list[dict[str, Any]]:
    found = table.get(key, [])
    if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
        raise RegistriesConfError(f"{where}{key} must be tables, written [[{key}]]")
    return found


def _text(table: dict[str, Any], key: str, where: str) -> str:
    found = table.get(key, "")
    if not isinstance(found, str):
        raise RegistriesConfError(f"{where}.{key} must be a string")
    return found.rstrip("/")


def _flag(table: dict[str, Any], key: str, where: str) -> bool:
    found = table.get(key, False)
    if not isinstance(found, bool):
        raise RegistriesConfError(f"{where}.{key} must be true or false")
    return found


@dataclass(frozen=True)
class _Version:
    modified_ns: int
    size: int
    inode: int


class RegistriesConfFile:
    """A file that is read again when it changed; while it can't be read what it said last counts."""

    def __init__(self, path: Path) -> None:
        """Read the file for the first time.

        Raises:
            RegistriesConfError: it can't be read or used.
        """
        self._path = path
        self._seen = self._version()
        self._policy = self._read()

    def policy(self) -> RegistryPolicy:
        """Return what the file says now; what is wrong with a new state of it is logged once."""
        version = self._version()
        if version != self._seen:
            self._seen = version
            try:
                self._policy = self._read()
                _log.info("%s was read again", self._path)
            except RegistriesConfError as error:
                _log.warning("%s: the settings read before stay in force", error)
        return self._policy

    def _version(self) -> _Version | None:
        try:
            found = os.stat(self._path)
        except OSError:
            return None
        return _Version(found.st_mtime_ns, found.st_size, found.st_ino)

    def _read(self) -> RegistryPolicy:
        try:
            if os.stat(self._path).st_size > _SIZE_MAX:
                raise RegistriesConfError(f"{self._path}: larger than {_SIZE_MAX} bytes")
            return parse_registries_conf(self._path.read_text(encoding="utf-8"))
        except OSError as error:
            raise RegistriesConfError(f"{self._path}: {error.strerror}") from error
        except ValueError as error:
            raise RegistriesConfError(f"{self._path}: {error}") from error
