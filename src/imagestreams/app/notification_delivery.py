"""How notifications leave this machine: under which rules, through which proxies, and trusting which authorities."""

import ssl
from collections.abc import Mapping
from functools import partial
from pathlib import Path

from imagestreams.app.settings.error import SettingsError
from imagestreams.notifications.courier import Courier
from imagestreams.registries.proxies import proxies_of
from imagestreams.resources.notifications.urls import UrlRules
from imagestreams.tls_trust import system_trust


def courier(rules: UrlRules, ca_file: Path | None, environment: Mapping[str, str]) -> Courier:
    """Return what sends notifications.

    The authorities of `ca_file` (PEM) are trusted in addition to the system's; `HTTPS_PROXY`, `HTTP_PROXY` and
    `NO_PROXY` are followed.

    Raises:
        SettingsError: the file can't be read or holds no certificate, or a proxy is no address.
    """
    authorities = _authorities(ca_file) if ca_file is not None else ""
    try:
        proxy = proxies_of(environment)
    except ValueError as error:
        raise SettingsError(f"HTTPS_PROXY or HTTP_PROXY can't be used: {error}") from error

    return Courier(rules, partial(system_trust, authorities), proxy)


def _authorities(file: Path) -> str:
    try:
        text = file.read_text(encoding="ascii")
        system_trust(text or " ")
    except (ssl.SSLError, UnicodeDecodeError) as error:
        raise SettingsError(f"notificationsCaFile {file} holds no certificates in PEM form") from error
    except OSError as error:
        raise SettingsError(f"can't read notificationsCaFile {file}: {error.strerror}") from error
    return text
