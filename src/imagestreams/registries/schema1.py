"""Docker's first manifest format, which old registries still serve: what of it is content and what is signature.

Signatures stand inside the document that they sign. Each tells how many of the document's first bytes are content and
what follows them; that content names the image, and is all that we read. The signatures are not verified: their keys
come with them, so they prove nothing.
"""

import base64
import binascii
from typing import Final

import msgspec

from imagestreams.api.foreign_json import UnreadableJson, read_foreign

SCHEMA1: Final = "application/vnd.docker.distribution.manifest.v1+json"
SIGNED_SCHEMA1: Final = "application/vnd.docker.distribution.manifest.v1+prettyjws"


class _Signature(msgspec.Struct):
    protected: str


class _Signed(msgspec.Struct):
    signatures: list[_Signature]


class _Protected(msgspec.Struct):
    format_length: int = msgspec.field(name="formatLength")
    format_tail: str = msgspec.field(name="formatTail")


class _Versioned(msgspec.Struct):
    schema_version: int = msgspec.field(name="schemaVersion", default=0)
    signatures: list[msgspec.Raw] | None = None


def signed_content(body: bytes) -> bytes:
    """Return the content that is signed.

    Raises:
        UnreadableJson: there are no signatures, or they don't say or don't agree what they sign.
    """
    signatures = read_foreign(body, _Signed).signatures
    contents = {_content(body, signature.protected) for signature in signatures}
    if len(contents) != 1:
        raise UnreadableJson("no signatures" if not contents else "signatures of different contents")
    return contents.pop()


def guessed_type(body: bytes) -> str:
    """Return the media type of a manifest that comes without one, as the first format's may; empty when unknown."""
    try:
        found = read_foreign(body, _Versioned)
    except UnreadableJson:
        return ""
    if found.schema_version != 1:
        return ""
    return SIGNED_SCHEMA1 if found.signatures else SCHEMA1


def _content(body: bytes, encoded: str) -> bytes:
    protected = read_foreign(_decoded(encoded), _Protected)
    if not 0 <= protected.format_length <= len(body):
        raise UnreadableJson("a signature of more than there is")
    return body[: protected.format_length] + _decoded(protected.format_tail)


def _decoded(text: str) -> bytes:
    try:
        return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except (binascii.Error, ValueError) as error:
        raise UnreadableJson("an unreadable signature") from error
