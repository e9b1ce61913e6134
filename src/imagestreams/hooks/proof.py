"""Does a notification prove that its sender knows the hook's secret? Compared in time that tells nothing."""

import hashlib
import hmac
from collections.abc import Mapping
from typing import Final

_SIGNATURE: Final = "sha256="


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
