"""Version policies: which tag of a repository a spec tag shall point to. Pure.

A policy is written `KIND:REST`; each kind has a module of its own: `semver` (ranges of versions), `regex` (tags of
a form, by number or by letter), `newest` (by when the image was made). All of them do one thing: they rank
candidates, and say of those outside their bounds that they have no rank.
"""

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Final

from imagestreams.streams.versions.newest import read_newest
from imagestreams.streams.versions.pattern import read_pattern
from imagestreams.streams.versions.policy import Candidate, Rank, UnusablePolicy, VersionPolicy
from imagestreams.streams.versions.semver import read_semver

POLICY_MAX: Final = 256
_KINDS: Final[Mapping[str, Callable[[str], VersionPolicy]]] = {
    "newest": read_newest,
    "regex": read_pattern,
    "semver": read_semver,
}


@lru_cache(maxsize=1024)
def read_policy(text: str) -> VersionPolicy:
    """Read a policy as users write it.

    >>> read_policy("semver:~3.6").rank(Candidate("3.7.0")) is None
    True

    Raises:
        UnusablePolicy: it can't be read; the message says why.
    """
    if len(text) > POLICY_MAX:
        raise UnusablePolicy(f"must not be longer than {POLICY_MAX} characters")
    kind, _, rest = text.strip().partition(":")
    read = _KINDS.get(kind.strip())
    if read is None:
        raise UnusablePolicy("must be semver:RANGE, regex:PATTERN [numeric|alphabetical] or newest")
    return read(rest.strip())


__all__ = ["Candidate", "Rank", "UnusablePolicy", "VersionPolicy", "read_policy"]
