"""Acting as somebody else, by the headers that `--as`, `--as-group` and `--as-uid` send.

Each user, group, UID and extra value needs the right to `impersonate` it. What is done then is done with the rights of
that other user alone, so an administrator can try what somebody may do.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final
from urllib.parse import unquote

from imagestreams.access.authorization import Attributes, Authorizer, require
from imagestreams.access.identity import ANONYMOUS, AUTHENTICATED, UNAUTHENTICATED, User, service_account_groups
from imagestreams.api.errors import bad_request
from imagestreams.api.metadata.object_meta_validation import dns_label_problems, dns_subdomain_problems

HEADER_PREFIX: Final = b"impersonate-"
_USER: Final = b"impersonate-user"
_GROUP: Final = b"impersonate-group"
_UID: Final = b"impersonate-uid"
_EXTRA: Final = b"impersonate-extra-"
_SERVICE_ACCOUNT: Final = "system:serviceaccount:"
_AUTHENTICATION_API: Final = "authentication.k8s.io"


@dataclass(frozen=True, slots=True)
class _Wanted:
    """One thing to be taken on; `key` is that of an extra value."""

    kind: str
    name: str
    namespace: str = ""
    api_version: str = ""
    key: str = ""

    def __str__(self) -> str:
        # Go's way to print an object reference: kind, namespace, name, UID, version, resource version, field path.
        return f"{{{self.kind} {self.namespace} {self.name}  {self.api_version}  {self.key}}}"

    def asked_by(self, user: User) -> Attributes:
        resource = {"ServiceAccount": "serviceaccounts", "User": "users", "Group": "groups", "UID": "uids"}
        return Attributes(
            user,
            "impersonate",
            group=self.api_version.partition("/")[0],
            resource=resource.get(self.kind, "userextras"),
            subresource=self.key,
            namespace=self.namespace,
            name=self.name,
        )


async def acting_as(user: User, headers: Iterable[tuple[bytes, bytes]], authorizer: Authorizer) -> User:
    """Return whom a user acts as by the headers of a request, whose names are in small letters.

    Raises:
        ApiError: 400, groups or more without a user; 403, the user may not act as that one.
    """
    wanted = _wanted(
        [(name, value.decode(errors="replace")) for name, value in headers if name.startswith(HEADER_PREFIX)]
    )
    if not wanted:
        return user
    if wanted[0].kind not in ("User", "ServiceAccount"):
        listed = " ".join(str(one) for one in wanted)
        raise bad_request(f"requested [{listed}] without impersonating a user")
    for one in wanted:
        await require(authorizer, one.asked_by(user))
    return _other(wanted)


def _wanted(headers: list[tuple[bytes, str]]) -> list[_Wanted]:
    """Return what is asked for, the user first."""
    users = [value for name, value in headers if name == _USER][:1]
    uids = [value for name, value in headers if name == _UID][:1]
    return [
        *(_user(value) for value in users if value),
        *(_Wanted("Group", value) for name, value in headers if name == _GROUP),
        *(
            _Wanted(
                "UserExtra",
                value,
                api_version=f"{_AUTHENTICATION_API}/v1",
                key=unquote(name[len(_EXTRA) :].decode("latin-1")),
            )
            for name, value in headers
            if name.startswith(_EXTRA)
        ),
        *(_Wanted("UID", value, api_version=f"{_AUTHENTICATION_API}/v1") for value in uids if value),
    ]


def _user(name: str) -> _Wanted:
    namespace, _, account = name.removeprefix(_SERVICE_ACCOUNT).partition(":")
    if name.startswith(_SERVICE_ACCOUNT) and not (dns_label_problems(namespace) or dns_subdomain_problems(account)):
        return _Wanted("ServiceAccount", account, namespace)
    return _Wanted("User", name)


def _other(wanted: list[_Wanted]) -> User:
    first = wanted[0]
    groups = {one.name for one in wanted if one.kind == "Group"}
    name = first.name
    if first.kind == "ServiceAccount":
        name = f"{_SERVICE_ACCOUNT}{first.namespace}:{first.name}"
        # A service account's groups are known; those that are named stand in their place.
        groups = groups or set(service_account_groups(first.namespace))
    if name == ANONYMOUS.name:
        groups.add(UNAUTHENTICATED)
    elif UNAUTHENTICATED not in groups:
        groups.add(AUTHENTICATED)
    extra: dict[str, tuple[str, ...]] = {}
    for one in wanted:
        if one.kind == "UserExtra":
            extra[one.key] = (*extra.get(one.key, ()), one.name)
    uid = next((one.name for one in wanted if one.kind == "UID"), "")
    return User(name, frozenset(groups), uid, extra)
