"""A short name for a template, so that equal ones have one name: the suffix of replica sets and revisions."""

import hashlib
from typing import Any, Final

from imagestreams.api.codec import encode

_LETTERS: Final = "bcdfghjklmnpqrstvwxz2456789"


def template_hash(template: Any, collisions: int | None) -> str:
    """Return a few letters and digits; `collisions` says how often such a name was taken already.

    The real server hashes how its own language prints a template, so its names differ; who reads them only compares.
    """
    hashed = hashlib.sha256(encode(template) + (f"#{collisions}".encode() if collisions is not None else b""))
    number = str(int.from_bytes(hashed.digest()[:4]))
    return "".join(_LETTERS[ord(digit) % len(_LETTERS)] for digit in number)
