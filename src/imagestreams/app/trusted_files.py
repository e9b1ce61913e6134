"""Files of authorities that the settings name, read once when the server starts."""

import ssl
from collections.abc import Callable
from functools import partial
from pathlib import Path

from imagestreams.app.settings.error import SettingsError
from imagestreams.tls_trust import system_trust


def trust_with(setting: str, file: Path | None) -> Callable[[], ssl.SSLContext]:
    """Return what makes contexts that trust the system's authorities, and those of the file (PEM) of a setting.

    Raises:
        SettingsError: the file can't be read or holds no certificate.
    """
    if file is None:
        return system_trust
    try:
        authorities = file.read_text(encoding="ascii")
        system_trust(authorities or " ")
    except (ssl.SSLError, UnicodeDecodeError) as error:
        raise SettingsError(f"{setting} {file} holds no certificates in PEM form") from error
    except OSError as error:
        raise SettingsError(f"can't read {setting} {file}: {error.strerror}") from error
    return partial(system_trust, authorities)
