"""Who wants to hear of the requests to registries: told in passing. A listener must neither wait nor fail."""

from typing import Protocol


class RequestObserver(Protocol):
    """Hears of each HTTP request, and of waiting; `host` is a `host[:port]` without a login."""

    def asked(self, host: str, method: str, code: int | None) -> None:
        """Hear of the answer to a request: its status, `None` when there was no answer."""

    def waited(self, host: str, seconds: float) -> None:
        """Hear how long a request waited because its registry wanted to be left alone."""


class Nobody:
    """Hears nothing."""

    def asked(self, host: str, method: str, code: int | None) -> None:
        """Do nothing."""

    def waited(self, host: str, seconds: float) -> None:
        """Do nothing."""
