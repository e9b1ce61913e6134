"""What a registry said, and how a question to it is named in messages."""

from dataclasses import dataclass
from datetime import datetime

from multidict import CIMultiDictProxy
from yarl import URL


@dataclass(frozen=True)
class Answer:
    """What a registry said, read to the end; until `not_before` it wants to hear nothing more."""

    status: int
    headers: CIMultiDictProxy[str]
    body: bytes
    url: URL
    not_before: datetime | None = None


def asked(method: str, url: URL) -> str:
    """Name a request."""
    # A query may hold the signature of a redirect, which is a secret, as is a password in an address.
    shown = f"{url.scheme}://{url.host_port_subcomponent or ''}{url.raw_path}"
    return f'{method.capitalize()} "{shown}"'
