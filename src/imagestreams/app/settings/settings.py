"""What an operator can choose: a flag wins over the environment, the environment over the settings file.

>>> load_settings({"data_dir": "/srv/is"}, {"IMAGESTREAMS_REGISTRY_HOST": "r.example.com"}).registry_host
'r.example.com'
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Final, Literal

from imagestreams.api.config import RegistryLocation
from imagestreams.app.settings import allowed_registries, registry_keychains, runners, targets, values
from imagestreams.app.settings.error import SettingsError
from imagestreams.client.kubeconfig import default_data_dir
from imagestreams.registries.keychains.lending import LendingRule
from imagestreams.runners.settings import BuilderSettings, RunnerSettings
from imagestreams.targets.target import Target

DEFAULT_LISTENERS: Final = ("https://127.0.0.1:8443", "http://127.0.0.1:5000")
ENVIRONMENT_PREFIX: Final = "IMAGESTREAMS_"
FILE_ONLY: Final[frozenset[str]] = frozenset(
    {"allowed_registries_for_import", "builder", "registry_keychains", "runners", "targets"}
)
"""The settings that have parts of their own, so that they stand in the settings file only."""


@dataclass(frozen=True, slots=True)
class Settings:
    """The settings of one server.

    `registry_host` is the `host[:port]` that the server calls its own registry; empty means that of the first plain
    listener. `registry_ca_file` holds authorities (PEM) that are trusted, in addition to the system's, when other
    registries are asked; `registries_conf_file` is a containers `registries.conf` with their mirrors.
    `scheduled_import_interval_s` is in seconds, at least 30. `max_repository_tags` is how many tags one repository
    import takes. `registry_timeout_s` bounds each request to another registry from its start to its last byte.
    `public_url` is where others reach the server. Where `allowed_registries_for_import` names some, nothing is imported
    from others; `cluster` means those of the stored settings for images. Notifications go to https addresses, and with
    `notifications_allow_http` to others; with `notifications_forbid_private` to public ones only.
    `notifications_ca_file` holds authorities that are trusted then, in addition to the system's. `build_log_max_bytes`
    is how much of a build's output is kept, `build_upload_max_bytes` how large the source may be that is uploaded for
    one.
    `runners` carry out what stored workloads ask for, `builder` makes the images of builds; without them nothing does.
    `registry_keychains` says whom the server's own logins at its cloud's registries are lent to: by default nobody.
    `targets` are foreign clusters whose objects follow tags of this server.
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
    public_url: str = ""
    build_log_max_bytes: int = 50 * 1024 * 1024
    build_upload_max_bytes: int = 1024 * 1024 * 1024
    notifications_allow_http: bool = False
    notifications_forbid_private: bool = False
    notifications_ca_file: Path | None = None
    allowed_registries_for_import: tuple[RegistryLocation, ...] | Literal["cluster"] = ()
    registry_keychains: tuple[LendingRule, ...] = ()
    runners: tuple[RunnerSettings, ...] = ()
    builder: BuilderSettings | None = None
    targets: tuple[Target, ...] = ()


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
        # A parser tells of an error in several lines, with the text around it.
        raise SettingsError(f"the settings file {file} is not YAML: {' '.join(str(error).split())}") from error
    if content is None:
        return {}
    if not isinstance(content, dict):
        raise SettingsError(f"the settings file {file} must hold a mapping")
    known = {values.camel(name): name for name in _NAMES}
    for name in content:
        if name not in known:
            raise SettingsError(f"the settings file {file} has an unknown setting {name!r}; known: {', '.join(known)}")
    return {known[name]: value for name, value in content.items()}


def _from_environment(environment: Mapping[str, str]) -> dict[str, Any]:
    named = {name: environment.get(ENVIRONMENT_PREFIX + name.upper(), "") for name in _NAMES if name not in FILE_ONLY}
    return {name: value for name, value in named.items() if value}


_CONVERSIONS: Final[dict[str, Any]] = {
    "data_dir": values.path,
    "listen": values.listeners,
    "store": values.store,
    "registry_host": values.host,
    "registry_ca_file": values.path,
    "registries_conf_file": values.path,
    "scheduled_import_interval_s": values.at_least("scheduled_import_interval_s", 30),
    "max_repository_tags": values.at_least("max_repository_tags", 1),
    "registry_timeout_s": values.at_least("registry_timeout_s", 1),
    "build_log_max_bytes": values.at_least("build_log_max_bytes", 4096),
    "build_upload_max_bytes": values.at_least("build_upload_max_bytes", 4096),
    "public_url": values.public_url,
    "notifications_allow_http": values.yes_or_no("notifications_allow_http"),
    "notifications_forbid_private": values.yes_or_no("notifications_forbid_private"),
    "notifications_ca_file": values.path,
    "allowed_registries_for_import": allowed_registries.allowed_registries,
    "registry_keychains": registry_keychains.rules,
    "runners": runners.runners,
    "builder": runners.builder,
    "targets": targets.targets,
}
_NAMES: Final = tuple(field.name for field in fields(Settings))
