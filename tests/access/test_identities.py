"""Who sent a request is remembered, but not for long and not without bound."""

import pytest

from imagestreams.access.identities import MAX_REMEMBERED, REMEMBERED_S, Identities
from imagestreams.access.identity import ANONYMOUS, AUTHENTICATED, User
from imagestreams.api.errors import ApiError


class Tokens:
    """Everybody's token is the own name, until it is revoked."""

    def __init__(self) -> None:
        self.asked = 0
        self.revoked: set[str] = set()

    async def authenticate(self, token: str) -> User | None:
        self.asked += 1
        return None if token in self.revoked else User(token)


async def test_a_token_is_looked_up_once_in_a_while() -> None:
    now, tokens = [0.0], Tokens()
    identities = Identities(tokens, lambda: now[0])

    first, again = await identities.user(b"Bearer jane"), await identities.user(b"Bearer jane")
    now[0] = REMEMBERED_S
    await identities.user(b"Bearer jane")

    assert first is again
    assert first.groups == {AUTHENTICATED}
    assert tokens.asked == 2


async def test_a_revoked_token_is_forgotten_in_time() -> None:
    now, tokens = [0.0], Tokens()
    identities = Identities(tokens, lambda: now[0])
    await identities.user(b"Bearer jane")

    tokens.revoked.add("jane")
    now[0] = REMEMBERED_S

    with pytest.raises(ApiError):
        await identities.user(b"Bearer jane")


async def test_nobody_is_not_remembered() -> None:
    tokens = Tokens()
    tokens.revoked.add("jane")
    identities = Identities(tokens, lambda: 0.0)
    with pytest.raises(ApiError):
        await identities.user(b"Bearer jane")

    tokens.revoked.clear()

    assert (await identities.user(b"Bearer jane")).name == "jane"
    assert await identities.user(None) is ANONYMOUS


async def test_what_is_remembered_is_bounded() -> None:
    identities = Identities(Tokens(), lambda: 0.0)

    for number in range(3 * MAX_REMEMBERED):
        await identities.user(b"Bearer u%d" % number)
    await identities.user(b"Bearer " + b"x" * 100_000)

    assert len(identities) <= MAX_REMEMBERED
