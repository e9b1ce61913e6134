"""How notifications leave this machine: under which rules, through which proxies, and trusting which authorities."""

from collections.abc import Mapping
from pathlib import Path

from imagestreams.app.settings.error import SettingsError
from imagestreams.app.trusted_files import trust_with
from imagestreams.notifications.courier import Courier
from imagestreams.registries.proxies import proxies_of
from imagestreams.resources.notifications.urls import UrlRules


def courier(rules: UrlRules, ca_file: Path | None, environment: Mapping[str, str]) -> Courier:
    """Return what sends notifications.

    The authorities of `ca_file` (PEM) are trusted in addition to the system's; `HTTPS_PROXY`, `HTTP_PROXY` and
    `NO_PROXY` are followed.

    Raises:
        SettingsError: the file can't be read or holds no certificate, or a proxy is no address.
    """
    trust = trust_with("notificationsCaFile", ca_file)
    try:
        proxy = proxies_of(environment)
    except ValueError as error:
        raise SettingsError(f"HTTPS_PROXY or HTTP_PROXY can't be used: {error}") from error

    return Courier(rules, trust, proxy)
