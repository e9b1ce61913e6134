"""What a notification says once it is read, and how readers check what they take from it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final, TypeVar

import msgspec

from imagestreams.reference import InvalidReference, is_digest, is_tag, parse

PUSHES_MAX: Final = 1000
"""How many pushes one notification may tell of."""

_JSON_TYPES: Final = ("application/json", "text/json")

T = TypeVar("T")


class UnreadableNotification(ValueError):
    """The body is not what the sender sends; the message repeats nothing of it."""


@dataclass(frozen=True, slots=True)
class Push:
    """A manifest that a repository got: `repository` is its path within the registry, tag and digest may be empty."""

    repository: str
    tag: str = ""
    digest: str = ""


Reader = Callable[[Mapping[str, str], bytes], list[Push]]
"""Reads a notification: headers by their names in lower case, and the body.

It returns nothing for what is of the sender's form but no push, and raises `UnreadableNotification` for all else.
"""


def read_json(body: bytes, kind: type[T]) -> T:
    """Read JSON that must have a certain form; fields that the form does not name are skipped.

    Raises:
        UnreadableNotification: it has not.
    """
    try:
        return msgspec.json.decode(body, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise UnreadableNotification("the body is not a notification of this sender") from None


def convert(value: object, kind: type[T]) -> T:
    """Give decoded JSON its form.

    Raises:
        UnreadableNotification: it has not this form.
    """
    try:
        return msgspec.convert(value, kind)
    except (msgspec.ValidationError, RecursionError):
        raise UnreadableNotification("the body is not a notification of this sender") from None


def media_type(headers: Mapping[str, str]) -> str:
    """Return the body's media type without its parameters, in lower case."""
    return headers.get("content-type", "").partition(";")[0].strip().lower()


def require_media_type(headers: Mapping[str, str], *allowed: str) -> None:
    """Return when the body is plain JSON or of one of these media types.

    Raises:
        UnreadableNotification: it is not.
    """
    if media_type(headers) not in (*_JSON_TYPES, *allowed):
        raise UnreadableNotification("the body has another media type than this sender's notifications")


def checked_push(repository: str, tag: str = "", digest: str = "") -> Push:
    """Make a push of what a body says.

    Raises:
        UnreadableNotification: no registry has such a repository, tag or digest.
    """
    try:
        # Behind a registry, so that the first part of the path is not taken for one.
        reference = parse(f"registry.invalid/{repository}")
    except InvalidReference:
        raise UnreadableNotification("the repository has no possible name") from None
    if reference.tag or reference.id or reference.repository != repository:
        raise UnreadableNotification("the repository has no possible name")
    if digest and not is_digest(digest):
        raise UnreadableNotification("the digest has no possible form")
    if is_digest(tag):
        # Some senders name what was pushed without a tag in place of the tag.
        tag, digest = "", digest or tag
    if tag and not is_tag(tag):
        raise UnreadableNotification("the tag has no possible name")
    return Push(repository, tag, digest)


def bounded(pushes: list[Push]) -> list[Push]:
    """Return each push once.

    Raises:
        UnreadableNotification: there are too many.
    """
    if len(pushes) > PUSHES_MAX:
        raise UnreadableNotification(f"the notification tells of more than {PUSHES_MAX} pushes")
    return list(dict.fromkeys(pushes))
