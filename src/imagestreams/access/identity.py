"""Users as the API sees them."""

from dataclasses import dataclass, field

AUTHENTICATED = "system:authenticated"
UNAUTHENTICATED = "system:unauthenticated"
ADMINISTRATORS = "system:masters"


@dataclass(frozen=True, slots=True)
class User:
    """Somebody who makes a request."""

    name: str
    groups: frozenset[str] = frozenset()
    uid: str = ""
    extra: dict[str, tuple[str, ...]] = field(default_factory=dict, hash=False)


def service_account_groups(namespace: str) -> frozenset[str]:
    """Return the groups that all service accounts of a namespace are in, besides those of whoever is known."""
    return frozenset({"system:serviceaccounts", f"system:serviceaccounts:{namespace}"})


ANONYMOUS = User("system:anonymous", frozenset({UNAUTHENTICATED}))
