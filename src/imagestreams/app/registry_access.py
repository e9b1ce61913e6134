"""How other people's registries are reached from here: through which proxies, and trusting which authorities."""

import ssl
from collections.abc import Mapping
from pathlib import Path

from imagestreams.app.settings import SettingsError
from imagestreams.registries.client import RegistryClient
from imagestreams.registries.proxies import proxies_of


def registry_client(ca_file: Path | None, environment: Mapping[str, str]) -> RegistryClient:
    """Return the client of all imports.

    The authorities of `ca_file` (PEM) are trusted in addition to the system's; `HTTPS_PROXY`, `HTTP_PROXY` and
    `NO_PROXY` are followed.

    Raises:
        SettingsError: the file can't be read or holds no certificate, or a proxy is no address.
    """
    try:
        proxy = proxies_of(environment)
    except ValueError as error:
        raise SettingsError(f"HTTPS_PROXY or HTTP_PROXY can't be used: {error}") from error
    return RegistryClient(trust=_trust(ca_file), proxy=proxy)


def _trust(ca_file: Path | None) -> ssl.SSLContext:
    trust = ssl.create_default_context()
    if ca_file is None:
        return trust
    try:
        trust.load_verify_locations(cafile=ca_file)
    except ssl.SSLError as error:
        raise SettingsError(f"registryCaFile {ca_file} holds no certificates in PEM form") from error
    except OSError as error:
        raise SettingsError(f"can't read registryCaFile {ca_file}: {error.strerror}") from error
    return trust
