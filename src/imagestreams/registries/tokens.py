"""Tokens that a registry's token service gives for one repository: asked for once, shared, renewed when refused."""

import asyncio
import base64
from dataclasses import dataclass
from typing import Final
from weakref import WeakValueDictionary

import msgspec
from yarl import URL

from imagestreams.api.foreign_json import UnreadableJson, read_foreign
from imagestreams.registries.addresses import check_address
from imagestreams.registries.bounded import Bounded
from imagestreams.registries.challenge import Challenge
from imagestreams.registries.credentials import Login
from imagestreams.registries.errors import Misbehaved, refusal
from imagestreams.registries.limits import Limits
from imagestreams.registries.transport import Transport

_KEPT: Final = 4096
_SHORTEST_S: Final = 60
_LONGEST_S: Final = 3600


@dataclass(frozen=True)
class TokenKey:
    """What a token depends on."""

    realm: str
    service: str
    scope: str
    login: Login | None
    insecure: bool


class _Given(msgspec.Struct):
    token: str = ""
    access_token: str = ""
    expires_in: float = _SHORTEST_S


class Tokens:
    """The tokens in use."""

    def __init__(self, transport: Transport, limits: Limits) -> None:
        self._transport = transport
        self._limits = limits
        self._kept: Bounded[TokenKey, tuple[str, float]] = Bounded(_KEPT)
        self._locks: WeakValueDictionary[TokenKey, asyncio.Lock] = WeakValueDictionary()

    async def get(self, key: TokenKey, refused: str = "") -> str:
        """Return a token that is not the one the registry just refused.

        Raises:
            RegistryError: the token service refuses the login or can't be used.
        """
        lock = self._locks.setdefault(key, asyncio.Lock())
        async with lock:
            now = asyncio.get_running_loop().time()
            token, good_until = self._kept.get(key) or ("", 0.0)
            if token and token != refused and now < good_until:
                return token
            given = await self._ask(key)
            token = given.token or given.access_token
            if not token or not token.isascii() or not token.isprintable():
                raise Misbehaved(f"{key.realm} gave no token")
            lifetime_s = min(max(given.expires_in, _SHORTEST_S), _LONGEST_S)
            self._kept.put(key, (token, now + 0.9 * lifetime_s))
            return token

    async def _ask(self, key: TokenKey) -> _Given:
        realm = _usable_realm(key)
        wish = {"service": key.service, "scope": key.scope}
        if key.login is not None and key.login.identity_token:
            form = {
                "grant_type": "refresh_token",
                "client_id": "imagestreams",
                "refresh_token": key.login.identity_token,
                **wish,
            }
            answer = await self._transport.send(
                "POST", realm, {}, max_bytes=self._limits.token_bytes, insecure=key.insecure, form=form
            )
        else:
            headers = {"Authorization": basic(key.login)} if key.login is not None else {}
            answer = await self._transport.send(
                "GET",
                realm.extend_query({name: value for name, value in wish.items() if value}),
                headers,
                max_bytes=self._limits.token_bytes,
                insecure=key.insecure,
            )
        if answer.status != 200:
            # Some services forbid a wrong login instead of asking for another one.
            raise refusal(401 if answer.status == 403 else answer.status, answer.body, answer.not_before)
        try:
            return read_foreign(answer.body, _Given)
        except UnreadableJson as error:
            raise Misbehaved(f"{key.realm} gave no token") from error


def basic(login: Login) -> str:
    """Return the `Authorization` header of a user name and a password."""
    return "Basic " + base64.b64encode(f"{login.username}:{login.password}".encode()).decode()


def key_for(challenge: Challenge, repository: str, login: Login | None, insecure: bool) -> TokenKey:
    """Return which token is needed to read a repository. Never more is asked for, whatever the challenge says."""
    return TokenKey(challenge.realm, challenge.service, f"repository:{repository}:pull", login, insecure)


def _usable_realm(key: TokenKey) -> URL:
    try:
        realm = URL(key.realm)
        check_address(realm)
    except ValueError as error:
        raise Misbehaved(f"unusable token service {key.realm!r}") from error
    if not realm.host or not (realm.scheme == "https" or (key.insecure and realm.scheme == "http")):
        raise Misbehaved(f"unusable token service {key.realm!r}")
    return realm
