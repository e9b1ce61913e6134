"""What a cloud must tell for its registries to be logged in to."""

from dataclasses import dataclass
from typing import Protocol

from imagestreams.registries.credentials import Login


@dataclass(frozen=True)
class Lent:
    """A login and when it ends, in seconds since 1970."""

    login: Login
    ends_at: float


class Cloud(Protocol):
    """One cloud's registries."""

    @property
    def name(self) -> str:
        """What settings and messages call it; also the extra of the package that brings its library."""

    @property
    def libraries(self) -> tuple[str, ...]:
        """The modules that must be there."""

    def key(self, host: str) -> str | None:
        """Return what the login at a host depends on: hosts with the same key share it; `None`: no registry of ours."""

    async def fetch(self, key: str) -> Lent:
        """Ask the cloud for the login of a key.

        Raises:
            NoLoginGiven: it gives none.
        """
