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


ANONYMOUS = User("system:anonymous", frozenset({UNAUTHENTICATED}))
