"""Who sent a request, remembered for a few seconds so that a token is not looked up for each of a thousand requests.

What was revoked is forgotten with the rest when its time is over. Only tokens that are somebody's are remembered.
"""

from collections.abc import Callable
from typing import Final

from imagestreams.access.authentication import Authenticator, identify
from imagestreams.access.identity import ANONYMOUS, User

REMEMBERED_S: Final = 10.0
MAX_REMEMBERED: Final = 1024
_MAX_HEADER_BYTES: Final = 8 * 1024


class Identities:
    """Turns `Authorization` headers into users; `monotonic` tells the time in seconds."""

    def __init__(self, authenticator: Authenticator, monotonic: Callable[[], float]) -> None:
        self._authenticator = authenticator
        self._monotonic = monotonic
        self._known: dict[bytes, tuple[float, User]] = {}

    def __len__(self) -> int:
        return len(self._known)

    async def user(self, header: bytes | None) -> User:
        """Return who sent a header; without one it is `system:anonymous`.

        Raises:
            ApiError: 401, the credentials are nobody's.
        """
        if header is None:
            return ANONYMOUS
        remembered = self._known.get(header)
        if remembered is not None and self._monotonic() < remembered[0]:
            return remembered[1]
        user = await identify(header.decode("latin-1"), self._authenticator)
        if len(header) <= _MAX_HEADER_BYTES:
            if len(self._known) >= MAX_REMEMBERED:
                self._known.clear()
            self._known[header] = (self._monotonic() + REMEMBERED_S, user)
        return user
