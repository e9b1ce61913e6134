"""Does a notification prove that its sender knows the hook's secret? Compared in time that tells nothing."""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Mapping
from typing import Final

from imagestreams.api.core import Secret

_SIGNATURE: Final = "sha256="


def secret_value(secret: Secret | None, key: str) -> bytes:
    """Return a value of a secret, without the line end that files have; empty when there is none."""
    encoded = ((secret.data if secret is not None else None) or {}).get(key, "")
    try:
        return base64.b64decode(encoded, validate=True).rstrip(b"\r\n")
    except (binascii.Error, ValueError):
        return b""


def proves(sender: str, secret: bytes, headers: Mapping[str, str], body: bytes) -> bool:
    """Return whether a notification proves a secret: GitHub signs the body, the others send the secret itself."""
    if not secret:
        return False
    if sender == "GitHub":
        signature = headers.get("x-hub-signature-256", "")
        expected = _SIGNATURE + hmac.new(secret, body, hashlib.sha256).hexdigest()
        return hmac.compare_digest(signature.encode("latin-1"), expected.encode())
    presented = headers.get("authorization", "").encode("latin-1").strip()
    plain = hmac.compare_digest(presented, secret)
    scheme, _, token = presented.partition(b" ")
    bearer = hmac.compare_digest(token.strip(), secret) and scheme.lower() == b"bearer"
    return plain or bearer
