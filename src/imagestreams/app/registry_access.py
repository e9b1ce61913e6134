"""How other people's registries are reached from here: through which proxies, and trusting which authorities."""

import importlib.util
import logging
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Final

from imagestreams.app.settings.error import SettingsError
from imagestreams.app.trusted_files import trust_with
from imagestreams.registries.client import RegistryClient
from imagestreams.registries.keychains.aws import Aws
from imagestreams.registries.keychains.azure import Azure
from imagestreams.registries.keychains.cloud import Cloud
from imagestreams.registries.keychains.gcp import Gcp
from imagestreams.registries.keychains.keychain import Keychain
from imagestreams.registries.keychains.lending import Keychains, LendingRule
from imagestreams.registries.limits import Limits
from imagestreams.registries.observer import RequestObserver
from imagestreams.registries.policy import RegistryPolicy
from imagestreams.registries.proxies import proxies_of
from imagestreams.registries.registries_conf import RegistriesConfError, RegistriesConfFile
from imagestreams.registries.silences import Silences
from imagestreams.registries.trust import HostTrust

_TALKATIVE: Final = ("azure", "botocore", "google", "msal", "urllib3")


def no_authorities() -> Mapping[str, str]:
    """Trust nobody for single hosts."""
    return {}


def registry_client(
    ca_file: Path | None,
    environment: Mapping[str, str],
    authorities: Callable[[], Mapping[str, str]] = no_authorities,
    observer: RequestObserver | None = None,
    limits: Limits | None = None,
    silences: Silences | None = None,
) -> RegistryClient:
    """Return the client of all imports.

    The authorities of `ca_file` (PEM) are trusted in addition to the system's, those that `authorities` gives for
    their hosts; `HTTPS_PROXY`, `HTTP_PROXY` and `NO_PROXY` are followed. `silences` says which registries want to be
    left alone.

    Raises:
        SettingsError: the file can't be read or holds no certificate, or a proxy is no address.
    """
    try:
        proxy = proxies_of(environment)
    except ValueError as error:
        raise SettingsError(f"HTTPS_PROXY or HTTP_PROXY can't be used: {error}") from error
    trust = HostTrust(trust_with("registryCaFile", ca_file), authorities)
    return RegistryClient(limits, trust, proxy, observer, silences=silences)


def registries_conf(file: Path | None) -> Callable[[], RegistryPolicy]:
    """Return what gives the policy of a containers `registries.conf`, which is read again when it changes.

    Raises:
        SettingsError: the file can't be read or used.
    """
    if file is None:
        return RegistryPolicy
    try:
        return RegistriesConfFile(file).policy
    except RegistriesConfError as error:
        raise SettingsError(f"registriesConfFile can't be used: {error}") from error


def registry_keychains(rules: Sequence[LendingRule], client: RegistryClient) -> Keychains:
    """Return the keychains that rules name; the clouds' libraries are looked for, but not loaded yet.

    Raises:
        SettingsError: a library is not installed, or a rule names a registry that is not of its cloud.
    """
    known: dict[str, Cloud] = {cloud.name: cloud for cloud in (Aws(), Gcp(), Azure(client.transport))}
    used = {rule.cloud: known[rule.cloud] for rule in rules}
    for cloud in used.values():
        for library in cloud.libraries:
            if not _is_installed(library):
                extra = f"imagestreams[{cloud.name}]"
                raise SettingsError(f"registryKeychains names {cloud.name}, which needs {library}: install {extra}")
    for rule in rules:
        for scope in rule.registries:
            host = scope.partition("/")[0]
            if not host.startswith("*.") and known[rule.cloud].key(host) is None:
                raise SettingsError(f"registryKeychains: {host} is no registry of {rule.cloud}")
    for name in _TALKATIVE if used else ():
        # Some of them tell at every use where they found what, and all of it when everything is logged.
        logging.getLogger(name).setLevel(logging.WARNING)
    return Keychains([Keychain(cloud, time.time) for cloud in used.values()], rules)


def _is_installed(module: str) -> bool:
    try:
        return importlib.util.find_spec(module) is not None
    except ModuleNotFoundError:
        return False
