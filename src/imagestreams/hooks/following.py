"""Which tags of a stream follow a push. Pure.

A tag follows when it is imported from the pushed repository and tag, by whatever spelling. A tag that is pinned to a
digest can't change; a push of that digest matters to it only while the image is missing. So a push without a tag (the
images of a list go before the list) imports nothing else. A tag that goes by a version policy follows the pushed tags
that its policy may choose. A stream of a whole repository follows all of its tags,
also those that it does not have yet, but for those that come from elsewhere.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from imagestreams.api.image import ImageStream, TagReference
from imagestreams.hooks.notification import Push
from imagestreams.reference import InvalidReference, parse
from imagestreams.streams.apply_import import IMPORT_SUCCESS
from imagestreams.streams.following import policy_of
from imagestreams.streams.versions import Candidate

Repository = tuple[str, str]
"""A registry and a path in it, in the spelling that all others are brought into."""

_DOCKER_HUB: Final = "docker.io"
_HUB_NAMES: Final = frozenset({"docker.io", "index.docker.io", "registry-1.docker.io", "registry.hub.docker.com"})
_DEFAULT_PORTS: Final = (":443", ":80")
_REMEMBERED: Final = 16_384
_PULL_SPEC_MAX: Final = 1024
"""Longer texts are no pull specs, and need not be remembered as such."""


def canonical_host(host: str) -> str:
    """Return a registry's host in one spelling: lower case, no default port, one name for Docker Hub.

    >>> canonical_host("Registry.Example.com:443"), canonical_host("index.docker.io")
    ('registry.example.com', 'docker.io')
    """
    host = host.lower()
    for port in _DEFAULT_PORTS:
        host = host.removesuffix(port)
    return _DOCKER_HUB if host in _HUB_NAMES else host


@dataclass(frozen=True, slots=True)
class Source:
    """What a pull spec means, however it is written."""

    repository: Repository
    tag: str
    digest: str


@lru_cache(_REMEMBERED)
def source_of(pull_spec: str) -> Source | None:
    """Read a pull spec; `None` when it is none. Remembered, since a stream is looked at whenever it changes."""
    try:
        whole = parse(pull_spec).docker_client_defaults()
    except InvalidReference:
        return None
    return Source((canonical_host(whole.registry), whole.repository), whole.tag, whole.id)


def pushed_repository(host: str, push: Push) -> Repository:
    """Return what was pushed to, by one of the names of its registry."""
    name = push.repository
    host = canonical_host(host)
    return host, f"library/{name}" if host == _DOCKER_HUB and "/" not in name else name


def repositories_of(stream: ImageStream) -> Iterator[Repository]:
    """Yield the repositories that a stream imports from, some perhaps twice."""
    for wish in stream.spec.tags or []:
        if (source := _source(wish)) is not None:
            yield source.repository
    if (whole := _read(stream.spec.docker_image_repository)) is not None:
        yield whole.repository


def following_tags(stream: ImageStream, hosts: Iterable[str], pushes: Iterable[Push]) -> set[str]:
    """Return the tags of a stream that pushes to a registry of these names are about."""
    pushed: dict[Repository, list[Push]] = {}
    names = frozenset(hosts)
    for push in pushes:
        for host in names:
            pushed.setdefault(pushed_repository(host, push), []).append(push)
    found = set()
    for wish in stream.spec.tags or []:
        source = _source(wish)
        if source is None:
            continue
        policy = policy_of(wish)
        for push in pushed.get(source.repository, ()):
            if policy is not None:
                matters = bool(push.tag) and (policy.needs_created or policy.rank(Candidate(push.tag)) is not None)
            elif source.digest:
                matters = push.digest == source.digest and _is_missing(stream, wish)
            else:
                matters = push.tag == source.tag
            if matters:
                found.add(wish.name)
    whole = _read(stream.spec.docker_image_repository)
    if whole is not None:
        own = {wish.name for wish in stream.spec.tags or []}
        found |= {push.tag for push in pushed.get(whole.repository, ()) if push.tag} - own
    return found


def _source(wish: TagReference) -> Source | None:
    """Return what a tag is imported from, `None` when it is not imported."""
    if not wish.name or wish.from_ is None or wish.from_.kind != "DockerImage" or wish.reference:
        return None
    return _read(wish.from_.name)


def _read(text: str) -> Source | None:
    return source_of(text) if 0 < len(text) <= _PULL_SPEC_MAX else None


def _is_missing(stream: ImageStream, wish: TagReference) -> bool:
    """Return whether a tag has not got what it wants: it has no event yet, or its last import failed."""
    history = next((one for one in stream.status.tags or [] if one.tag == wish.name), None)
    failed = history is not None and any(one.type == IMPORT_SUCCESS for one in history.conditions or [])
    return history is None or not history.items or failed
