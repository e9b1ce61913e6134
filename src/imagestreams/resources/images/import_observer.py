"""Who wants to hear of imports: told after each one, in passing. A listener must neither wait nor fail."""

from collections.abc import Sequence
from typing import Protocol

from imagestreams.api.image import ImageStream
from imagestreams.streams.import_news import TagNews


class ImportObserver(Protocol):
    """Hears of imports that were written."""

    def imported(self, stream: ImageStream, news: Sequence[TagNews], now: str) -> None:
        """Hear what happened to the tags of a stream; `now` is the time of the import as the API shows it."""


class Nobody:
    """Hears nothing."""

    def imported(self, stream: ImageStream, news: Sequence[TagNews], now: str) -> None:
        """Do nothing."""


class Several:
    """Lets several hear the same."""

    def __init__(self, *observers: ImportObserver) -> None:
        self._observers = observers

    def imported(self, stream: ImageStream, news: Sequence[TagNews], now: str) -> None:
        """Tell all of them."""
        for observer in self._observers:
            observer.imported(stream, news, now)
