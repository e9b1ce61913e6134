"""What an operator can choose: a flag wins over the environment, the environment over the settings file.

>>> load_settings({"data_dir": "/srv/is"}, {"IMAGESTREAMS_REGISTRY_HOST": "r.example.com"}).registry_host
'r.example.com'
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Final

from imagestreams.client.kubeconfig import default_data_dir

DEFAULT_LISTENERS: Final = ("https://127.0.0.1:8443", "http://127.0.0.1:5000")
ENVIRONMENT_PREFIX: Final = "IMAGESTREAMS_"


class SettingsError(Exception):
    """A setting that can't be used; the text names it."""


@dataclass(frozen=True, slots=True)
class Settings:
    """The settings of one server.

    `registry_host` is the `host[:port]` that the server calls its own registry; empty means that of the first plain
    listener. `registry_ca_file` holds authorities (PEM) that are trusted, in addition to the system's, when other
    registries are asked; `registries_conf_file` is a containers `registries.conf` with their mirrors.
    `scheduled_import_interval_s` is in seconds, at least 30. `max_repository_tags` is how many tags one repository
    import takes. `registry_timeout_s` bounds each request to another registry from its start to its last byte.
    """

    data_dir: Path
    listen: tuple[str, ...] = DEFAULT_LISTENERS
    store: str = "sqlite"
    registry_host: str = ""
    registry_ca_file: Path | None = None
    registries_conf_file: Path | None = None
    scheduled_import_interval_s: int = 900
    max_repository_tags: int = 1000
    registry_timeout_s: int = 60


def load_settings(flags: Mapping[str, Any], environment: Mapping[str, str], file: Path | None = None) -> Settings:
    """Merge the three sources; `flags` that are `None` or empty were not given.

    Raises:
        SettingsError: a source names an unknown setting, or a value can't be used.
    """
    merged: dict[str, Any] = dict(_from_file(file)) if file is not None else {}
    merged |= _from_environment(environment)
    merged |= {name: value for name, value in flags.items() if value not in (None, (), "")}
    merged.setdefault("data_dir", default_data_dir(environment))
    return Settings(**{name: _CONVERSIONS[name](value) for name, value in merged.items()})


def _from_file(file: Path) -> Mapping[str, Any]:
    import yaml

    try:
        content = yaml.safe_load(file.read_bytes())
    except OSError as error:
        raise SettingsError(f"can't read the settings file {file}: {error.strerror}") from error
    except yaml.YAMLError as error:
        raise SettingsError(f"the settings file {file} is not YAML: {error}") from error
    if content is None:
        return {}
    if not isinstance(content, dict):
        raise SettingsError(f"the settings file {file} must hold a mapping")
    known = {_camel(name): name for name in _NAMES}
    for name in content:
        if name not in known:
            raise SettingsError(f"the settings file {file} has an unknown setting {name!r}; known: {', '.join(known)}")
    return {known[name]: value for name, value in content.items()}


def _from_environment(environment: Mapping[str, str]) -> dict[str, Any]:
    named = {name: environment.get(ENVIRONMENT_PREFIX + name.upper(), "") for name in _NAMES}
    return {name: value for name, value in named.items() if value}


def _camel(name: str) -> str:
    head, *rest = name.split("_")
    return head + "".join(part.capitalize() for part in rest)


def _path(value: Any) -> Path:
    return Path(os.path.expanduser(str(value))).absolute()


def _listeners(value: Any) -> tuple[str, ...]:
    urls = value.replace(",", " ").split() if isinstance(value, str) else value
    if not isinstance(urls, (list, tuple)) or not urls or not all(isinstance(url, str) for url in urls):
        raise SettingsError(f"listen must be URLs, not {value!r}")
    return tuple(urls)


def _store(value: Any) -> str:
    if value != "sqlite":
        raise SettingsError(f"store must be sqlite, not {value!r}: no other store is there yet")
    return "sqlite"


def _host(value: Any) -> str:
    text = str(value)
    if not text or any(mark in text for mark in "/@ \t\n") or not text.isascii():
        raise SettingsError(f"registryHost must be host[:port], not {value!r}")
    return text


def _at_least(name: str, least: int) -> Any:
    def convert(value: Any) -> int:
        try:
            number = int(value)
        except (TypeError, ValueError):
            raise SettingsError(f"{_camel(name)} must be a whole number, not {value!r}") from None
        if isinstance(value, bool) or number < least:
            raise SettingsError(f"{_camel(name)} must be at least {least}, not {value!r}")
        return number

    return convert


_CONVERSIONS: Final[dict[str, Any]] = {
    "data_dir": _path,
    "listen": _listeners,
    "store": _store,
    "registry_host": _host,
    "registry_ca_file": _path,
    "registries_conf_file": _path,
    "scheduled_import_interval_s": _at_least("scheduled_import_interval_s", 30),
    "max_repository_tags": _at_least("max_repository_tags", 1),
    "registry_timeout_s": _at_least("registry_timeout_s", 1),
}
_NAMES: Final = tuple(field.name for field in fields(Settings))
