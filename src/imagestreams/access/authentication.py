"""Bearer tokens, kept as hashes only."""

import hashlib
import hmac
from collections.abc import Mapping
from typing import Protocol

from imagestreams.access.identity import ANONYMOUS, AUTHENTICATED, User
from imagestreams.api.errors import unauthorized


class Authenticator(Protocol):
    """Tells who holds a token."""

    async def authenticate(self, token: str) -> User | None:
        """Return the token's user, `None` when the token is not known."""


def token_hash(token: str) -> bytes:
    """Return what is stored of a token. Tokens are long random strings, so a fast hash is enough."""
    return hashlib.sha256(token.encode("utf-8", "surrogateescape")).digest()


class TokenAuthenticator:
    """Knows a fixed set of tokens by their hashes.

    >>> TokenAuthenticator({token_hash("s3cret"): User("admin")})  # doctest: +ELLIPSIS
    <...TokenAuthenticator object at ...>
    """

    def __init__(self, users: Mapping[bytes, User]) -> None:
        self._users = dict(users)

    async def authenticate(self, token: str) -> User | None:
        """Compare with every known hash, in time that does not tell how much of one fits."""
        presented = token_hash(token)
        found = None
        for known, user in self._users.items():
            if hmac.compare_digest(known, presented):
                found = user
        return found


async def identify(authorization: str | None, authenticator: Authenticator) -> User:
    """Return who sent an `Authorization` header; without one it is `system:anonymous`.

    Raises:
        ApiError: 401, the credentials are not a bearer token or nobody's.
    """
    if authorization is None:
        return ANONYMOUS
    scheme, _, token = authorization.strip().partition(" ")
    token = token.strip()
    user = await authenticator.authenticate(token) if scheme.lower() == "bearer" and token else None
    if user is None:
        raise unauthorized()
    return User(user.name, user.groups | {AUTHENTICATED}, user.uid, user.extra)
