"""Logins at Google's registries: Artifact Registry and what is left of Container Registry."""

import functools
import re
from datetime import UTC
from typing import Final

from imagestreams.registries.credentials import Login
from imagestreams.registries.errors import NoLoginGiven
from imagestreams.registries.keychains.cloud import Lent
from imagestreams.registries.keychains.threads import DaemonThreads

_HOSTS: Final = re.compile(r"(?:[a-z0-9-]+\.)?gcr\.io|[a-z0-9-]+-docker\.pkg\.dev")
_KEY: Final = "google"
_USER: Final = "oauth2accesstoken"
_SCOPES: Final = ("https://www.googleapis.com/auth/cloud-platform",)
_REQUEST_S: Final = 10


class Gcp:
    """An access token of the application default credentials, which opens all registries."""

    name = "gcp"
    libraries = ("google.auth", "requests")

    def __init__(self) -> None:
        self._threads = DaemonThreads(4)

    def key(self, host: str) -> str | None:
        """Return the same for all hosts."""
        return _KEY if _HOSTS.fullmatch(host) else None

    async def fetch(self, key: str) -> Lent:
        """Ask for a token.

        Raises:
            NoLoginGiven: there are no credentials, or they are not good.
        """
        return await self._threads.run(_ask)


def _ask() -> Lent:
    import google.auth
    from google.auth.exceptions import GoogleAuthError, TransportError
    from google.auth.transport.requests import Request

    request = functools.partial(Request(), timeout=_REQUEST_S)
    try:
        credentials, _ = google.auth.default(scopes=_SCOPES)
        credentials.refresh(request)  # type: ignore[no-untyped-call]  # the library has types for some of it only
    except GoogleAuthError as error:
        transient = isinstance(error, TransportError) or bool(getattr(error, "retryable", False))
        raise NoLoginGiven(type(error).__name__, transient=transient) from None
    token, expiry = credentials.token, credentials.expiry
    if not token or expiry is None:
        raise NoLoginGiven("unreadable answer")
    return Lent(Login(_USER, token), expiry.replace(tzinfo=UTC).timestamp())
