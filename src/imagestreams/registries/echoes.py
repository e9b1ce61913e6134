"""What a server repeats in its errors of the login that it got: nobody who reads an error shall learn it.

Errors of registries are shown in conditions and events, to people who may read a stream and not the secrets beside it.
"""

import base64
import binascii
import json
from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Final
from urllib.parse import quote

_MASK: Final = b"***"
_SHORTEST: Final = 4
"""Shorter ones are no secrets, and would be found in any text."""


def without_login(body: bytes, authorization: str, form: Mapping[str, str] | None = None) -> bytes:
    """Return a body without the login of the request that it answers: an `Authorization` header or a form.

    >>> without_login(b"who is bob:hunter2?", "Basic Ym9iOmh1bnRlcjI=")
    b'who is bob:***?'
    """
    secrets = {secret for secret in _secrets(authorization, form or {}) if len(secret) >= _SHORTEST}
    spellings = {
        one.encode() for secret in secrets for one in (secret, json.dumps(secret)[1:-1], quote(secret, safe=""))
    }
    for spelling in sorted(spellings, key=len, reverse=True):
        body = body.replace(spelling, _MASK)
    return body


def _secrets(authorization: str, form: Mapping[str, str]) -> Iterator[str]:
    scheme, _, value = authorization.partition(" ")
    yield value
    if scheme == "Basic":
        with suppress(binascii.Error, UnicodeDecodeError):
            yield base64.b64decode(value).decode().partition(":")[2]
    yield from (value for name, value in form.items() if name.endswith(("token", "password")))
