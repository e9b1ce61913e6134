"""Who follows which tag, and which image that tag had when its followers were last told."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from imagestreams.targets.cluster import ObjectKind
from imagestreams.triggers.reaction import Resolve, StreamTag

Scope = tuple[ObjectKind, str]
"""What one watch is about: a kind, in one namespace or (with an empty one) in all."""


@dataclass(slots=True)
class Follower:
    """What is kept of an object that follows tags.

    `generation` and `fingerprint` tell whether it has changed in a way that matters: its spec, or what it says about
    triggers. `listing` is the number of the listing that it was last seen in. `problem` is what is wrong with it.
    """

    scope: Scope
    namespace: str
    name: str
    tags: frozenset[StreamTag]
    generation: int
    fingerprint: int
    listing: int
    waiting: tuple[StreamTag, ...] = ()
    problem: str = ""

    @property
    def kind(self) -> ObjectKind:
        """Its kind."""
        return self.scope[0]

    @property
    def key(self) -> str:
        """What stands for it in a queue."""
        return key_of(self.kind, self.namespace, self.name)


def key_of(kind: ObjectKind, namespace: str, name: str) -> str:
    """Return what stands for an object in a queue."""
    return f"{kind.plural}.{kind.group}/{namespace}/{name}"


@dataclass(slots=True)
class _Node:
    """A tag: the image that its followers were last told of, who they are, and who of them acted on another one."""

    image: str | None
    keys: set[str] = field(default_factory=set)
    astray: set[str] = field(default_factory=set)


class FollowerIndex:
    """The followers of one cluster, by their keys and by the tags that they follow."""

    def __init__(self, resolve: Resolve) -> None:
        self._resolve = resolve
        self._followers: dict[str, Follower] = {}
        self._streams: dict[tuple[str, str], dict[StreamTag, _Node]] = {}

    def __len__(self) -> int:
        return len(self._followers)

    def __iter__(self) -> Iterator[Follower]:
        return iter(self._followers.values())

    def get(self, key: str) -> Follower | None:
        """Return a follower, `None` when there is none of that key."""
        return self._followers.get(key)

    def put(self, follower: Follower) -> None:
        """Keep a follower in place of the one that was known."""
        key = follower.key
        known = self._followers.get(key)
        before = known.tags if known is not None else frozenset()
        self._leave(key, before - follower.tags)
        for tag in follower.tags - before:
            nodes = self._streams.setdefault((tag.namespace, tag.stream), {})
            if tag not in nodes:
                nodes[tag] = _Node(self._resolve(tag))
            nodes[tag].keys.add(key)
        self._followers[key] = follower

    def drop(self, key: str) -> None:
        """Forget a follower, if there is one."""
        known = self._followers.pop(key, None)
        if known is not None:
            self._leave(key, known.tags)

    def drop_unlisted(self, scope: Scope, listing: int) -> None:
        """Forget the followers of a scope that were not in a listing of all its objects."""
        for key in [one.key for one in self if one.scope == scope and one.listing < listing]:
            self.drop(key)

    def is_followed(self, namespace: str, stream: str) -> bool:
        """Return whether somebody follows a tag of a stream."""
        return (namespace, stream) in self._streams

    def moved(self, namespace: str, stream: str) -> list[str]:
        """Return the keys of who follows a tag of a stream that has another image than when this was last asked.

        A tag may have moved and come back since: then those are told who acted on what it was meanwhile.
        """
        found: dict[str, None] = {}
        for tag, node in self._streams.get((namespace, stream), {}).items():
            image = self._resolve(tag)
            found.update(dict.fromkeys(node.keys if image != node.image else node.astray))
            node.image = image
            node.astray.clear()
        return list(found)

    def acted(self, key: str, tag: StreamTag, image: str | None) -> None:
        """Note on which image of a tag a follower acts: the tag may have moved since its followers were told."""
        node = self._streams.get((tag.namespace, tag.stream), {}).get(tag)
        if node is not None and key in node.keys:
            (node.astray.add if image != node.image else node.astray.discard)(key)

    def _leave(self, key: str, tags: Iterable[StreamTag]) -> None:
        for tag in tags:
            place = tag.namespace, tag.stream
            nodes = self._streams[place]
            nodes[tag].keys.discard(key)
            nodes[tag].astray.discard(key)
            if not nodes[tag].keys:
                del nodes[tag]
            if not nodes:
                del self._streams[place]
