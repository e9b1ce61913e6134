"""How other people's registries are reached from here: through which proxies, and trusting which authorities."""

import ssl
from collections.abc import Callable, Mapping
from pathlib import Path

from imagestreams.app.settings.error import SettingsError
from imagestreams.registries.client import RegistryClient
from imagestreams.registries.limits import Limits
from imagestreams.registries.observer import RequestObserver
from imagestreams.registries.policy import RegistryPolicy
from imagestreams.registries.proxies import proxies_of
from imagestreams.registries.registries_conf import RegistriesConfError, RegistriesConfFile
from imagestreams.registries.trust import HostTrust


def no_authorities() -> Mapping[str, str]:
    """Trust nobody for single hosts."""
    return {}


def registry_client(
    ca_file: Path | None,
    environment: Mapping[str, str],
    authorities: Callable[[], Mapping[str, str]] = no_authorities,
    observer: RequestObserver | None = None,
    limits: Limits | None = None,
) -> RegistryClient:
    """Return the client of all imports.

    The authorities of `ca_file` (PEM) are trusted in addition to the system's, those that `authorities` gives for
    their hosts; `HTTPS_PROXY`, `HTTP_PROXY` and `NO_PROXY` are followed.

    Raises:
        SettingsError: the file can't be read or holds no certificate, or a proxy is no address.
    """
    try:
        proxy = proxies_of(environment)
    except ValueError as error:
        raise SettingsError(f"HTTPS_PROXY or HTTP_PROXY can't be used: {error}") from error
    return RegistryClient(limits, HostTrust(_trust(ca_file), authorities), proxy, observer)


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


def _trust(ca_file: Path | None) -> Callable[[], ssl.SSLContext]:
    """Return what makes contexts that trust the system's authorities and those of a file, which is read once."""
    if ca_file is None:
        return ssl.create_default_context
    try:
        authorities = ca_file.read_text(encoding="ascii")
        ssl.create_default_context(cadata=authorities or " ")
    except (ssl.SSLError, UnicodeDecodeError) as error:
        raise SettingsError(f"registryCaFile {ca_file} holds no certificates in PEM form") from error
    except OSError as error:
        raise SettingsError(f"can't read registryCaFile {ca_file}: {error.strerror}") from error

    def make() -> ssl.SSLContext:
        trust = ssl.create_default_context()
        trust.load_verify_locations(cadata=authorities)
        return trust

    return make
