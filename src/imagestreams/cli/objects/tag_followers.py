"""Finds who follows the tags of a stream, among the objects of our own kind of server."""

from collections.abc import Iterator
from typing import Any, Final

from imagestreams.cli.describers.followers import TagFollower
from imagestreams.cli.session import Session
from imagestreams.client.discovery import ResourceType
from imagestreams.client.errors import ClientError
from imagestreams.targets.kinds import is_usual, is_whole
from imagestreams.triggers.error import TriggerError
from imagestreams.triggers.reaction import is_controlled, namespace_of
from imagestreams.triggers.rules import rule_for

_OWN_GROUP: Final = "imagestreams.dev"
_METADATA: Final = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,application/json"
Object = dict[str, Any]


def followers_of(
    session: Session, namespace: str, stream: str, tag: str = "", *, chunk_size: int = 500
) -> list[TagFollower]:
    """Return who follows a stream, or only one of its tags, as far as the user may see it.

    Where a user may not look into all namespaces, that of the stream is looked into. Other servers than ours are not
    asked: they may hold a multitude of objects, and what follows there does so by their own rules.

    Raises:
        ClientError: there is no connection.
    """
    if not any(group.name == _OWN_GROUP for group in session.discovery.groups()):
        return []
    found: list[TagFollower] = []
    for kind in session.discovery.resources():
        if not is_usual(kind.group, kind.plural) or "list" not in kind.verbs:
            continue
        for document in _documents(session, kind, namespace, chunk_size):
            found += _following(kind, document, namespace, stream, tag)
    return found


def _documents(session: Session, kind: ResourceType, namespace: str, chunk_size: int) -> Iterator[Object]:
    accept = "application/json" if is_whole(kind.group, kind.plural) else _METADATA
    for place in ("", namespace):
        try:
            answer = session.resources(kind, place).list(accept=accept, chunk_size=chunk_size)
        except ClientError as error:
            if error.status is None:
                raise
            continue
        yield from (item for item in answer.get("items") or [] if isinstance(item, dict))
        return


def _following(kind: ResourceType, document: Object, namespace: str, stream: str, tag: str) -> Iterator[TagFollower]:
    if is_controlled(document):
        return
    try:
        following = rule_for(kind.group, kind.plural).follows(document)
    except TriggerError:
        return
    name = f"{kind.plural}/{(document.get('metadata') or {}).get('name', '')}"
    for one in following:
        if (one.tag.namespace, one.tag.stream) == (namespace, stream) and tag in ("", one.tag.tag):
            yield TagFollower(one.tag.tag, namespace_of(document), name, one.containers, not one.paused)
