"""How a receiver is shown who sends: the scheme of Standard Webhooks, for which there are libraries in every language.

Signed is `ID.TIMESTAMP.BODY` with HMAC-SHA256. The time is that of the attempt, so a receiver can refuse what is old,
and the id that of the event, so it can leave out what it has had.
"""

import base64
import binascii
import hashlib
import hmac
from typing import Final

PREFIX: Final = b"whsec_"


def signing_key(secret: bytes) -> bytes:
    """Return the key that a secret stands for: with the prefix `whsec_` it is base64, else its bytes are the key."""
    if not secret.startswith(PREFIX):
        return secret
    try:
        return base64.b64decode(secret[len(PREFIX) :], validate=True) or secret
    except (binascii.Error, ValueError):
        return secret


def signature_headers(event_id: str, timestamp_s: int, body: bytes, secret: bytes) -> dict[str, str]:
    """Return the headers `webhook-id`, `webhook-timestamp` and, with a secret, `webhook-signature`."""
    headers = {"webhook-id": event_id, "webhook-timestamp": str(timestamp_s)}
    if secret:
        signed = b"%s.%d.%s" % (event_id.encode(), timestamp_s, body)
        digest = hmac.new(signing_key(secret), signed, hashlib.sha256).digest()
        headers["webhook-signature"] = f"v1,{base64.b64encode(digest).decode()}"
    return headers
