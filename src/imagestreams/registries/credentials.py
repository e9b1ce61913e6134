"""Which login belongs to which repository: the rules of `.dockerconfigjson` and `.dockercfg` files."""

import base64
import binascii
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

import msgspec

from imagestreams.api.core import Secret

DOCKER_CONFIG_JSON: Final = "kubernetes.io/dockerconfigjson"
DOCKER_CFG: Final = "kubernetes.io/dockercfg"
_DOCKER_HUB: Final = frozenset({"docker.io", "index.docker.io", "registry-1.docker.io", "registry.hub.docker.com"})


@dataclass(frozen=True)
class Login:
    """A user name and a password, or an identity token; neither shows when printed.

    `secret` names where it comes from, which makes no difference to what it opens.
    """

    username: str = ""
    password: str = field(default="", repr=False)
    identity_token: str = field(default="", repr=False)
    secret: str = field(default="", compare=False, repr=False)


class Loan(Protocol):
    """A login of somebody else, had only when a registry asks for one."""

    @property
    def name(self) -> str:
        """What messages call where it comes from."""

    async def login(self) -> Login:
        """Return the login.

        Raises:
            RegistryError: there is none; the text says why in a word.
        """

    def refused(self) -> None:
        """Note that the registry refused it."""


class Lender(Protocol):
    """Who has logins for a namespace besides its secrets."""

    def offers(self, registry: str, repository: str) -> Sequence[Loan]:
        """Return the loans for a repository."""


@dataclass(frozen=True)
class Refusals:
    """What was of no use when a repository was read: the secrets whose logins were refused, and what became of loans.

    >>> bool(Refusals()), bool(Refusals(secrets=("pull",)))
    (False, True)
    """

    secrets: tuple[str, ...] = ()
    loans: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.secrets or self.loans)


@dataclass(frozen=True)
class _Entry:
    host: str
    path: str
    login: Login


class Keyring:
    """All logins of a namespace: those of its secrets, and what `lender` has for it."""

    def __init__(self, entries: Iterable[_Entry] = (), lender: Lender | None = None) -> None:
        self._lender = lender
        # Hosts without wildcards first, then the most specific path, then the wildcard that leaves least open; what is
        # equally specific keeps the secrets' order.
        self._entries = sorted(
            entries, key=lambda entry: ("*" in entry.host, -len(entry.path), entry.host.count("*") - len(entry.host))
        )

    @classmethod
    def from_secrets(cls, secrets: Iterable[Secret], lender: Lender | None = None) -> "Keyring":
        """Read the logins of all secrets that hold some; a secret that can't be read counts as empty."""
        return cls((entry for secret in secrets for entry in _entries(secret)), lender)

    def logins(self, registry: str, repository: str) -> list[Login]:
        """Return the logins that fit a repository, the most specific first."""
        host = _canonical(registry)
        found = []
        for entry in self._entries:
            inside = not entry.path or repository == entry.path or repository.startswith(entry.path + "/")
            if _host_matches(entry.host, host) and inside and entry.login not in found:
                found.append(entry.login)
        return found

    def loans(self, registry: str, repository: str) -> Sequence[Loan]:
        """Return the loans that are on offer for a repository, for when none of its logins will do."""
        return self._lender.offers(registry, repository) if self._lender is not None else ()


def _entries(secret: Secret) -> Iterable[_Entry]:
    data = secret.data or {}
    if secret.type == DOCKER_CONFIG_JSON:
        config = _json(data.get(".dockerconfigjson", ""))
        logins = config.get("auths")
    elif secret.type == DOCKER_CFG:
        logins = _json(data.get(".dockercfg", ""))
    else:
        return
    for server, values in logins.items() if isinstance(logins, dict) else ():
        login = _login(values, secret.metadata.name)
        if login is not None:
            host, path = _split(server)
            yield _Entry(host, path, login)


def _json(encoded: str) -> dict[str, Any]:
    try:
        value = msgspec.json.decode(base64.b64decode(encoded, validate=True))
    except (binascii.Error, msgspec.DecodeError, ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}


def _login(values: object, secret: str) -> Login | None:
    if not isinstance(values, dict):
        return None
    username, password = values.get("username") or "", values.get("password") or ""
    if values.get("auth"):
        try:
            # Lines may be broken, as `base64` breaks them.
            decoded = base64.b64decode("".join(str(values["auth"]).split()), validate=True).decode()
        except ValueError:
            return None
        username, _, password = decoded.partition(":")
    token = values.get("identitytoken") or ""
    if not all(isinstance(value, str) for value in (username, password, token)) or not (username or token):
        return None
    return Login(username, password.rstrip("\x00"), token, secret)


def _split(server: str) -> tuple[str, str]:
    # By hand: a library's parser refuses what is no address, and one bad key must not make the others useless.
    address = server.partition("://")[2] or server
    host, _, path = address.lstrip("/").partition("/")
    path = path.partition("?")[0].partition("#")[0].strip("/")
    # Older files name Docker Hub and others by the address of their API.
    for version in ("v1", "v2"):
        if path == version or path.startswith(f"{version}/"):
            path = path[len(version) :].strip("/")
    return _canonical(host), path


def _canonical(host: str) -> str:
    host = host.lower()
    for port in (":443", ":80"):
        if host.endswith(port):
            host = host.removesuffix(port)
            break
    return "docker.io" if host in _DOCKER_HUB else host


def _host_matches(pattern: str, host: str) -> bool:
    wanted, given = pattern.split("."), host.split(".")
    return len(wanted) == len(given) and all(
        _part_matches(one, other) for one, other in zip(wanted, given, strict=True)
    )


def _part_matches(pattern: str, part: str) -> bool:
    head, *middle = pattern.split("*")
    if not middle:
        return pattern == part
    tail = middle.pop()
    here, end = len(head), len(part) - len(tail)
    if here > end or not (part.startswith(head) and part.endswith(tail)):
        return False
    # The first place for each piece leaves the most room for the next, so that nothing need be tried twice.
    for piece in middle:
        found = part.find(piece, here, end)
        if found < 0:
            return False
        here = found + len(piece)
    return True
