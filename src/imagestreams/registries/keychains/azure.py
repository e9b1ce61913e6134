"""Logins at Azure's registries: a token of Entra ID, exchanged at the registry for one that refreshes its own."""

import base64
import binascii
import functools
import os
import re
from dataclasses import dataclass, field
from typing import Final

import msgspec
from yarl import URL

from imagestreams.api.foreign_json import UnreadableJson, read_foreign
from imagestreams.registries.credentials import Login
from imagestreams.registries.errors import NoLoginGiven, RegistryError
from imagestreams.registries.keychains.cloud import Lent
from imagestreams.registries.keychains.threads import DaemonThreads
from imagestreams.registries.transport import Transport

_HOSTS: Final = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*\.azurecr\.(?:io|cn|us)")
# Where the tokens of each of Azure's clouds are given, and for what. The first has a name for registries alone, so that
# the token is of no use elsewhere; in the others registries take tokens for their resource manager.
_CLOUDS: Final = {
    "io": ("login.microsoftonline.com", "https://containerregistry.azure.net"),
    "cn": ("login.chinacloudapi.cn", "https://management.chinacloudapi.cn"),
    "us": ("login.microsoftonline.us", "https://management.usgovcloudapi.net"),
}
_ANSWER_BYTES: Final = 1 << 16
_PROCESS_S: Final = 10


@dataclass(frozen=True)
class _Token:
    text: str = field(repr=False)
    ends_at: float


class _Exchanged(msgspec.Struct):
    refresh_token: str = ""


class _Claims(msgspec.Struct):
    exp: float = 0


class Azure:
    """A login for each registry."""

    name = "azure"
    libraries = ("azure.identity",)

    def __init__(self, transport: Transport) -> None:
        self._transport = transport
        self._threads = DaemonThreads(8)

    def key(self, host: str) -> str | None:
        """Return the host, for each registry gives logins of its own."""
        return host if _HOSTS.fullmatch(host) else None

    async def fetch(self, key: str) -> Lent:
        """Get a token, and exchange it at the registry, which is asked as all registries are.

        Raises:
            NoLoginGiven: there is no identity, or the registry does not know it.
        """
        authority, audience = _CLOUDS[key.rpartition(".")[2]]
        return await self._exchange(key, await self._threads.run(functools.partial(_ask, authority, audience)))

    async def _exchange(self, host: str, token: _Token) -> Lent:
        form = {"grant_type": "access_token", "service": host, "access_token": token.text}
        try:
            answer = await self._transport.send(
                "POST", URL(f"https://{host}/oauth2/exchange"), {}, max_bytes=_ANSWER_BYTES, insecure=False, form=form
            )
        except RegistryError as error:
            raise NoLoginGiven(f"exchange failed, {type(error).__name__}", transient=error.transient) from None
        if answer.status != 200:
            transient = answer.status == 429 or answer.status >= 500
            raise NoLoginGiven(f"exchange refused with {answer.status}", transient=transient)
        try:
            refresh_token = read_foreign(answer.body, _Exchanged).refresh_token
        except UnreadableJson:
            refresh_token = ""
        if not refresh_token:
            raise NoLoginGiven("unreadable answer")
        return Lent(Login(identity_token=refresh_token), _end(refresh_token) or token.ends_at)


def _ask(authority: str, audience: str) -> _Token:
    from azure.core.exceptions import AzureError, ServiceRequestError, ServiceResponseError
    from azure.identity import DefaultAzureCredential

    # Who set a place of their own knows better.
    chosen = None if os.environ.get("AZURE_AUTHORITY_HOST") else authority
    try:
        with DefaultAzureCredential(authority=chosen, process_timeout=_PROCESS_S) as credential:
            found = credential.get_token(f"{audience}/.default")
    except AzureError as error:
        transient = isinstance(error, (ServiceRequestError, ServiceResponseError))
        raise NoLoginGiven(type(error).__name__, transient=transient) from None
    return _Token(found.token, found.expires_on)


def _end(token: str) -> float:
    """Return when a JSON web token ends, in seconds since 1970; 0 where it does not say so."""
    _, _, rest = token.partition(".")
    payload = rest.partition(".")[0]
    try:
        claims = base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4))
        return read_foreign(claims, _Claims).exp
    except (binascii.Error, UnreadableJson, ValueError):
        return 0.0
