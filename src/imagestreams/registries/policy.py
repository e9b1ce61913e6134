"""Where an image is asked for: which mirrors in which order, whether its own registry too, and how securely.

The words are those of OpenShift's `image.config.openshift.io/cluster`, of its mirror sets and of a containers
`registries.conf`. A scope is a registry (`quay.io`, `10.0.0.1:5000`), a part of one (`quay.io/org`, `quay.io/org/app`)
or all hosts of a domain (`*.example.com`). Pure: from a reference and the settings to a list of places.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import Enum

from imagestreams.reference import ImageReference


class Pulls(Enum):
    """What a mirror may be asked for."""

    ALL = "all"
    BY_DIGEST = "digest-only"
    BY_TAG = "tag-only"


@dataclass(frozen=True)
class Mirror:
    """Another place for what is in a scope; `insecure` allows plain HTTP and any certificate."""

    location: str
    insecure: bool = False


@dataclass(frozen=True)
class MirrorRule:
    """The mirrors of a scope, the first to be asked first; then, if `contacts_source`, the scope itself.

    `of_entry` mirrors belong to the entry of their scope in a `registries.conf`, and count only where that entry does.
    """

    source: str
    mirrors: tuple[Mirror, ...]
    pulls: Pulls = Pulls.ALL
    contacts_source: bool = True
    of_entry: bool = False

    def serves(self, by_digest: bool) -> bool:
        """Return whether the mirrors may be asked for digests, or for tags."""
        return self.pulls in {Pulls.ALL, Pulls.BY_DIGEST if by_digest else Pulls.BY_TAG}

    def has_mirrors(self) -> bool:
        """Return whether a mirror is another place than the scope itself; a rule without any says nothing."""
        return any(mirror.location != self.source for mirror in self.mirrors)


@dataclass(frozen=True)
class RegistryEntry:
    """What a `registries.conf` says of a scope; only the entry with the longest prefix counts."""

    prefix: str
    location: str = ""
    insecure: bool = False
    blocked: bool = False


@dataclass(frozen=True)
class Place:
    """A repository to ask, and whether plain HTTP and any certificate will do."""

    registry: str
    repository: str
    insecure: bool

    def reference(self) -> ImageReference:
        """Return the place as a reference without tag and digest."""
        namespace, _, name = self.repository.partition("/") if "/" in self.repository else ("", "", self.repository)
        return ImageReference(self.registry, namespace, name)


@dataclass(frozen=True)
class RegistryPolicy:
    """All settings together; `insecure` and `blocked` are scopes."""

    insecure: tuple[str, ...] = ()
    blocked: tuple[str, ...] = ()
    mirrors: tuple[MirrorRule, ...] = ()
    entries: tuple[RegistryEntry, ...] = ()

    def places(self, wanted: ImageReference, *, by_digest: bool, insecure: bool) -> list[Place]:
        """Return where to ask for the tags or digests of a repository, in order; nowhere when it is blocked.

        `insecure` is what the import itself allows. It holds for the mirrors too, as on the real server.
        """
        name = _name(wanted)
        lax = insecure or _in_any(self.insecure, name)
        mirrors, _ = self._mirrors(name, by_digest)
        found: list[Place] = []
        for source, mirror in mirrors:
            location = mirror.location + _below(source, name)
            if mirror.location == source or self._blocks(location):
                continue
            allowed = lax or mirror.insecure or _in_any(self.insecure, location)
            found += _place(location, allowed)
        own = self.source(wanted, insecure=insecure)
        if own is not None:
            found.insert(_rank_of_source(mirrors, len(found)), own)
        return list(dict.fromkeys(found))

    def source(self, wanted: ImageReference, *, insecure: bool) -> Place | None:
        """Return where a repository is, besides its mirrors; `None` when it may not be asked there."""
        name = _name(wanted)
        if self._blocks(name):
            return None
        # Who is kept from the source for tags is kept from it for digests, which are asked for after the tags.
        if not all(self._mirrors(name, by_digest)[1] for by_digest in (False, True)):
            return None
        lax = insecure or _in_any(self.insecure, name)
        registry, _, repository = name.partition("/")
        own = Place(registry, repository, lax)
        entry = _most_specific(self.entries, name)
        if entry is None:
            return own
        location = entry.location + _below(entry.prefix, name) if entry.location else name
        return next(iter(_place(location, lax or entry.insecure)), own)

    def _blocks(self, name: str) -> bool:
        entry = _most_specific(self.entries, name)
        return _in_any(self.blocked, name) or (entry is not None and entry.blocked)

    def _mirrors(self, name: str, by_digest: bool) -> tuple[list[tuple[str, Mirror]], bool]:
        """Return the mirrors of the most specific scope that has some, merged over all rules of that scope."""
        rules = [rule for rule in self.mirrors if rule.serves(by_digest) and rule.has_mirrors()]
        entry = _most_specific(self.entries, name)
        own = entry.prefix if entry is not None else ""
        rules = [rule for rule in rules if covers(rule.source, name) and (not rule.of_entry or rule.source == own)]
        if not rules:
            return [], True
        source = max((rule.source for rule in rules), key=len)
        rules = [rule for rule in rules if rule.source == source]
        order = _merged([rule.mirrors for rule in rules])
        return [(source, mirror) for mirror in order], all(rule.contacts_source for rule in rules)


def _name(wanted: ImageReference) -> str:
    where = wanted.docker_client_defaults()
    registry = "docker.io" if where.registry == "index.docker.io" else where.registry
    return f"{registry}/{where.repository}"


def covers(scope: str, name: str) -> bool:
    """Return whether a scope contains a repository or another scope.

    >>> covers("quay.io/org", "quay.io/org/app"), covers("quay.io/org", "quay.io/organ"), covers("*.io", "quay.io/app")
    (True, False, True)
    """
    if scope.startswith("*."):
        host = name.partition("/")[0].partition(":")[0]
        return name == scope or host.endswith(scope[1:])
    return name == scope or name.startswith(scope + "/")


def _in_any(scopes: Iterable[str], name: str) -> bool:
    return any(covers(scope, name) for scope in scopes)


def _most_specific(entries: Iterable[RegistryEntry], name: str) -> RegistryEntry | None:
    return max((one for one in entries if covers(one.prefix, name)), key=lambda one: len(one.prefix), default=None)


def _below(scope: str, name: str) -> str:
    """Return what follows a scope in a name: all that stands after the host, if the scope means hosts of a domain."""
    return name[name.index("/") :] if scope.startswith("*.") else name[len(scope) :]


def _place(location: str, insecure: bool) -> list[Place]:
    registry, slash, repository = location.partition("/")
    return [Place(registry, repository, insecure)] if slash and registry and repository else []


def _rank_of_source(mirrors: Sequence[tuple[str, Mirror]], found: int) -> int:
    """Return before which mirror the source comes: last, unless the list names it."""
    for rank, (source, mirror) in enumerate(mirrors):
        if mirror.location == source:
            return rank
    return found


def _merged(lists: Iterable[Sequence[Mirror]]) -> list[Mirror]:
    """Merge lists so that the order within each is kept; where they contradict each other the earlier list rules.

    >>> [one.location for one in _merged([[Mirror("b"), Mirror("c")], [Mirror("a"), Mirror("b")]])]
    ['a', 'b', 'c']
    """
    waiting = [list(one) for one in lists]
    merged: list[Mirror] = []
    while waiting := [one for one in waiting if one]:
        heads = [one[0] for one in waiting]
        free = (head for head in heads if not any(head in one[1:] for one in waiting))
        taken = next(free, heads[0])
        merged.append(taken)
        waiting = [[mirror for mirror in one if mirror != taken] for one in waiting]
    return merged
