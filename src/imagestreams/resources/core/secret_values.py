"""Single values of secrets, as other features use them."""

import base64
import binascii

from imagestreams.api.core import Secret


def secret_value(secret: Secret | None, key: str) -> bytes:
    """Return a value of a secret, without the line end that files have; empty when there is none."""
    encoded = ((secret.data if secret is not None else None) or {}).get(key, "")
    try:
        return base64.b64decode(encoded, validate=True).rstrip(b"\r\n")
    except (binascii.Error, ValueError):
        return b""
