"""How a registry asks for a login: the `WWW-Authenticate` header (RFC 9110, 11.6.1)."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace

from yarl import URL

from imagestreams.registries.answer import Answer

# Registries write these headers: no text may take more time than its length is worth.
_SCHEME = re.compile(r"[\s,]*([A-Za-z][A-Za-z0-9_-]*)(?=\s|$|,)")
_PARAMETER = re.compile(r'[\s,]*([A-Za-z_][A-Za-z0-9_-]*)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]+))')


@dataclass(frozen=True)
class Challenge:
    """A login asked for: `basic`, or `bearer` with a token that `realm` gives.

    `own` tells whether the registry itself asks, and not a host that it sent us on to: no login is for that one.
    """

    scheme: str
    realm: str = ""
    service: str = ""
    own: bool = True


def read_challenge(headers: Iterable[str]) -> Challenge | None:
    """Return the first challenge that we can answer, a token before a password; `None` when there is none."""
    found: dict[str, Challenge] = {}
    for header in headers:
        for scheme, values in _challenges(header):
            if scheme == "basic" or (scheme == "bearer" and values.get("realm")):
                found.setdefault(scheme, Challenge(scheme, values.get("realm", ""), values.get("service", "")))
    return found.get("bearer") or found.get("basic")


def challenge_of(answer: Answer, origin: URL) -> Challenge | None:
    """Return how an answer asks for a login, if it does; `origin` is the registry that was asked."""
    told = read_challenge(answer.headers.getall("WWW-Authenticate", ()))
    return replace(told, own=_origin(answer.url) == _origin(origin)) if told is not None else None


def _origin(url: URL) -> tuple[str, str | None, int | None]:
    return url.scheme, url.host, url.port


def _challenges(header: str) -> Iterable[tuple[str, dict[str, str]]]:
    position = 0
    while scheme := _SCHEME.match(header, position):
        position, values = scheme.end(), dict[str, str]()
        while parameter := _PARAMETER.match(header, position):
            name, quoted, plain = parameter.groups()
            values[name.lower()] = re.sub(r"\\(.)", r"\1", quoted) if quoted is not None else plain
            position = parameter.end()
        yield scheme[1].lower(), values
