"""Image references and digests: parse, default, print.

The grammar is that of the distribution project (`reference` package); how the name is split into registry,
namespace and name follows OpenShift, which does not fill in `docker.io/library` unless asked.
"""

import re
from dataclasses import dataclass, replace
from typing import Final

DEFAULT_REGISTRY: Final = "docker.io"
DEFAULT_NAMESPACE: Final = "library"
DEFAULT_TAG: Final = "latest"
NAME_MAX: Final = 255

_DOMAIN_PART = r"(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9])"
_DOMAIN = rf"(?:{_DOMAIN_PART}(?:\.{_DOMAIN_PART})*|\[(?:[a-fA-F0-9:]+)\])(?::[0-9]+)?"
_COMPONENT = r"[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*"
_NAME = rf"(?:{_DOMAIN}/)?{_COMPONENT}(?:/{_COMPONENT})*"
_TAG = r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}"
_DIGEST = r"[A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*:[0-9a-fA-F]{32,}"
_REFERENCE = re.compile(rf"(?P<name>{_NAME})(?::(?P<tag>{_TAG}))?(?:@(?P<id>{_DIGEST}))?")
_TAG_ONLY = re.compile(_TAG)
_HEX_LENGTH: Final = {"sha256": 64, "sha384": 96, "sha512": 128}


class InvalidReference(ValueError):
    """The text is no image reference; the message says why in the words of the distribution project."""


@dataclass(frozen=True)
class ImageReference:
    """Where an image is: `registry/namespace/name:tag@id`, each part empty when the text did not name it."""

    registry: str = ""
    namespace: str = ""
    name: str = ""
    tag: str = ""
    id: str = ""

    def __str__(self) -> str:
        """Print the reference so that parsing it gives the same parts."""
        suffix = (f":{self.tag}" if self.tag else "") + (f"@{self.id}" if self.id else "")
        return "/".join(part for part in (self.registry, self.namespace, self.name) if part) + suffix

    @property
    def repository(self) -> str:
        """The repository's path within its registry."""
        return f"{self.namespace}/{self.name}" if self.namespace else self.name

    def as_repository(self) -> "ImageReference":
        """Return the repository alone: no tag, no digest."""
        return replace(self, tag="", id="")

    def docker_client_defaults(self) -> "ImageReference":
        """Fill in what container tools assume: Docker Hub, its `library` and the tag `latest`."""
        registry = self.registry or DEFAULT_REGISTRY
        hub = registry in {"docker.io", "index.docker.io"}
        namespace = self.namespace or (DEFAULT_NAMESPACE if hub else "")
        tag = self.tag or ("" if self.id else DEFAULT_TAG)
        return replace(self, registry=registry, namespace=namespace, tag=tag)

    def exact(self) -> str:
        """Print the reference by digest where there is one, else by tag; an ID that is no digest stands as a tag."""
        if not self.name:
            return ""
        if self.id and not is_digest(self.id):
            return str(replace(self, tag=self.id, id=""))
        return str(replace(self, tag="") if self.id else self)


def parse(text: str) -> ImageReference:
    """Split an image reference into its parts.

    Raises:
        InvalidReference: the text breaks the grammar, is too long, or its digest has the wrong length.
    """
    if not text:
        raise InvalidReference("repository name must have at least one component")
    match = _REFERENCE.fullmatch(text)
    if match is None:
        if _REFERENCE.fullmatch(text.lower()):
            raise InvalidReference("repository name must be lowercase")
        raise InvalidReference("invalid reference format")
    name = match["name"]
    if len(name) > NAME_MAX:
        raise InvalidReference(f"repository name must not be more than {NAME_MAX} characters")
    if match["id"]:
        _check_digest(match["id"])
    head, slash, rest = name.partition("/")
    is_registry = bool(slash) and (any(mark in head for mark in ":.") or head == "localhost")
    registry, path = (head, rest) if is_registry else ("", name)
    namespace, _, last = path.partition("/") if "/" in path else ("", "", path)
    return ImageReference(registry, namespace, last, match["tag"] or "", match["id"] or "")


def is_tag(text: str) -> bool:
    """Say whether the text is a tag that registries accept."""
    return _TAG_ONLY.fullmatch(text) is not None


def is_digest(text: str) -> bool:
    """Say whether the text is a digest of a known algorithm and the right length."""
    try:
        _check_digest(text)
    except InvalidReference:
        return False
    return True


def _check_digest(text: str) -> None:
    algorithm, colon, encoded = text.partition(":")
    if not colon or not encoded:
        raise InvalidReference("invalid checksum digest format")
    length = _HEX_LENGTH.get(algorithm)
    if length is None:
        raise InvalidReference("unsupported digest algorithm")
    if len(encoded) != length:
        raise InvalidReference("invalid checksum digest length")
    if not re.fullmatch("[0-9a-f]+", encoded):
        raise InvalidReference("invalid checksum digest format")
