"""Which events an import is worth, and in which words. Pure.

An import of many tags is told in a few events: what has the same reason is one event that names the first tags.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from imagestreams.streams.import_news import Result, TagNews

NORMAL: Final = "Normal"
WARNING: Final = "Warning"
SINGLE_MAX: Final = 5
"""Up to so many tags of a kind have events of their own."""
_NAMED: Final = 10
_MESSAGE_BYTES: Final = 1024
_REASONS: Final = {
    Result.CHANGED: (NORMAL, "Imported"),
    Result.FOLLOWED: (NORMAL, "Followed"),
    Result.FAILED: (WARNING, "ImportFailed"),
    Result.REFUSED: (WARNING, "ImportRefused"),
}


@dataclass(frozen=True, slots=True)
class Telling:
    """An event that is yet to be written."""

    type: str
    reason: str
    message: str


def tellings(news: Sequence[TagNews]) -> Iterator[Telling]:
    """Yield the events of an import; one that changed nothing has none."""
    for result, (kind, reason) in _REASONS.items():
        found = [one for one in news if one.result is result]
        texts = [_single(one) for one in found] if len(found) <= SINGLE_MAX else [_many(found)]
        for text in dict.fromkeys(texts):
            yield Telling(kind, reason, _bounded(text))


def _single(news: TagNews) -> str:
    match news.result:
        case Result.CHANGED:
            return f"Imported {news.image} from {news.source} into tag {news.tag}"
        case Result.FOLLOWED:
            return f"Tag {news.tag} now follows version {news.version} of {news.source}: {news.image}"
    what = f"tag {news.tag} from {news.source}" if news.tag else f"repository {news.source}"
    told = "Refused to import" if news.result is Result.REFUSED else "Failed to import"
    return f"{told} {what}: {_because(news)}"


def _many(found: Sequence[TagNews]) -> str:
    first, sources = found[0], {one.source for one in found}
    names = ", ".join(one.tag for one in found[:_NAMED])
    more = f" and {len(found) - _NAMED} more" if len(found) > _NAMED else ""
    origin = f" from {first.source}" if len(sources) == 1 else ""
    match first.result:
        case Result.CHANGED:
            return f"Imported {len(found)} tags{origin}: {names}{more}"
        case Result.FOLLOWED:
            return f"{len(found)} tags now follow other versions{origin}: {names}{more}"
    told = "Refused to import" if first.result is Result.REFUSED else "Failed to import"
    return f"{told} {len(found)} tags{origin}: {names}{more}; the first: {_because(first)}"


def _because(news: TagNews) -> str:
    return f"{news.reason}: {news.message}" if news.reason else news.message


def _bounded(text: str) -> str:
    data = text.encode()
    if len(data) <= _MESSAGE_BYTES:
        return text
    return data[: _MESSAGE_BYTES - 3].decode(errors="ignore") + "..."
