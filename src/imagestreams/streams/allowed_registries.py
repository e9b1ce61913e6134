"""Which registries may be imported from: `allowedRegistriesForImport`, by the rules of `openshift-apiserver`.

An entry is `host` or `host:port`, in which `*` stands for any characters and `?` for one. Without a port it means 443,
or 80 where it is `insecure`. A reference that may be asked for in both ways fits either. The texts of refusals are
those of the real server.
"""

from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from enum import Enum
from typing import Final

from imagestreams.api.config import RegistryLocation
from imagestreams.api.errors import quoted
from imagestreams.reference import ImageReference, InvalidReference, parse

_HUB: Final = "docker.io"
_HUB_V2: Final = "registry-1.docker.io"
_HUB_HOSTS: Final = frozenset({"index.docker.io", _HUB_V2})
_SHOWN_MAX: Final = 5


class Transport(Enum):
    """How a registry will be asked: with TLS and a good certificate, or however it answers."""

    SECURE = "secure"
    ANY = "any"


@dataclass(frozen=True, slots=True)
class HostPattern:
    """Hosts and ports, both with wildcards."""

    host: str
    port: str

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


class InvalidPattern(ValueError):
    """An entry that is no host with or without a port."""


@dataclass(frozen=True, slots=True)
class AllowedRegistries:
    """What may be imported from: whatever fits a pattern; `repositories` are allowed whatever they fit.

    Patterns that are `None` allow everything; where there are none at all, nothing fits.
    """

    patterns: tuple[HostPattern, ...] | None = None
    repositories: frozenset[str] = frozenset()

    @classmethod
    def listed(cls, locations: Sequence[RegistryLocation], own_registry: str = "") -> "AllowedRegistries":
        """Return what a list of locations allows, our own registry with it; an empty list allows everything."""
        return cls(read_patterns(locations, own_registry) if locations else None)

    def with_repositories(self, pull_specs: Iterable[str]) -> "AllowedRegistries":
        """Return the same with the repositories of pull specs allowed; what can't be parsed is passed over."""
        if self.patterns is None:
            return self
        more = (_canonical(spec) for spec in pull_specs)
        return replace(self, repositories=self.repositories.union(name for name in more if name))

    def refusal(self, reference: ImageReference, transport: Transport) -> str | None:
        """Say why a reference may not be imported from; `None` when it may."""
        if self.patterns is None or repository_name(reference) in self.repositories:
            return None
        host, port = _asked_at(reference, transport)
        if _fits_any(self.patterns, host, port):
            return None
        shown = reference.registry or (f"{host}:{port}" if port else host)
        return f"registry {quoted(shown)} not allowed by {_listed(self.patterns)}"


def read_patterns(locations: Sequence[RegistryLocation], own_registry: str = "") -> tuple[HostPattern, ...]:
    """Return the patterns of a list of locations; our own registry is always one of them.

    An entry that can't be read allows nothing.
    """
    read = []
    for one in locations:
        with suppress(InvalidPattern):
            read.append(read_pattern(one.domain_name, insecure=one.insecure))
    # Of equal entries the last keeps its place.
    patterns = list(dict.fromkeys(reversed(read)))[::-1]
    own = _own_pattern(own_registry)
    return tuple(patterns) if own is None or own in patterns else (own, *patterns)


def read_pattern(domain_name: str, *, insecure: bool = False) -> HostPattern:
    """Return the pattern that an entry means.

    Raises:
        InvalidPattern: it has more than one colon.

    >>> str(read_pattern("quay.io")), str(read_pattern("*.lab", insecure=True)), str(read_pattern("*:*"))
    ('quay.io:443', '*.lab:80', '*:*')
    """
    host, *ports = domain_name.split(":")
    if len(ports) > 1:
        raise InvalidPattern(f"failed to parse allowed registry {quoted(domain_name)}: too many colons")
    return HostPattern(host, ports[0] if ports else "80" if insecure else "443")


def _own_pattern(registry: str) -> HostPattern | None:
    host, port = _split(registry)
    if port:
        return HostPattern(host, port)
    return HostPattern(registry, "443") if registry else None


def host_and_port(reference: ImageReference, *, insecure: bool) -> tuple[str, str]:
    """Return where a reference's registry is asked; the port is 443 or 80 unless it is named.

    >>> host_and_port(parse("docker.io/library/python"), insecure=False)
    ('registry-1.docker.io', '443')
    """
    registry = _HUB_V2 if reference.registry in {_HUB, "index.docker.io"} else reference.registry or _HUB
    if ":" in registry:
        return _split(registry)
    return registry, "80" if insecure else "443"


def repository_name(reference: ImageReference) -> str:
    """Return a repository's full name, with Docker Hub and its `library` spelled out."""
    hub = reference.registry in {"", _HUB, *_HUB_HOSTS}
    namespace = reference.namespace or ("library" if hub else "")
    return ImageReference(reference.registry or _HUB, namespace, reference.name).exact()


def _canonical(pull_spec: str) -> str:
    try:
        return repository_name(parse(pull_spec))
    except InvalidReference:
        return ""


def _asked_at(reference: ImageReference, transport: Transport) -> tuple[str, str]:
    if transport is Transport.SECURE:
        return host_and_port(reference, insecure=False)
    host, port = _split(reference.registry)
    if port:
        return host, port
    return reference.registry or _HUB, ""


def _split(registry: str) -> tuple[str, str]:
    """Return host and port, both empty when there are not both."""
    host, colon, port = registry.rpartition(":")
    if not colon or (host.startswith("[") != host.endswith("]")):
        return "", ""
    return host.strip("[]"), port


def _fits_any(patterns: Iterable[HostPattern], host: str, port: str) -> bool:
    hosts = (_HUB, host) if host in _HUB_HOSTS else (host,)
    return any(_fits(pattern, one, port) for one in hosts for pattern in patterns)


def _fits(pattern: HostPattern, host: str, port: str) -> bool:
    if not wildcard_match(pattern.host, host):
        return False
    return wildcard_match(pattern.port, port) if port else pattern.port in {"80", "443", "*"}


def wildcard_match(pattern: str, text: str) -> bool:
    """Return whether a text fits a pattern, in which `*` is any characters and `?` is one; never slow.

    >>> wildcard_match("*.example.com", "a.b.example.com"), wildcard_match("*.example.com", "example.com")
    (True, False)
    """
    at = begin = 0
    star = -1
    while begin < len(text):
        if at < len(pattern) and pattern[at] == "*":
            star, resume, at = at, begin, at + 1
        elif at < len(pattern) and pattern[at] in ("?", text[begin]):
            at, begin = at + 1, begin + 1
        elif star >= 0:
            # The last star takes one character more.
            resume += 1
            at, begin = star + 1, resume
        else:
            return False
    return not pattern[at:].strip("*")


def _listed(patterns: Sequence[HostPattern]) -> str:
    if not patterns:
        return "empty whitelist"
    shown = [quoted(str(pattern)) for pattern in patterns]
    if len(shown) <= _SHOWN_MAX:
        return f"whitelist: {', '.join(shown)}"
    rest = len(shown) - _SHOWN_MAX + 1
    return f"whitelist: {', '.join(shown[: _SHOWN_MAX - 1])}, and {rest} more ..."
