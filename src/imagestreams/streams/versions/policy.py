"""What all version policies have in common."""

from dataclasses import dataclass
from typing import Any, Protocol

Rank = tuple[Any, ...]
"""Ranks of one policy can be compared; the highest wins, and no two tags share one."""


class UnusablePolicy(ValueError):
    """The text is no policy; the message says why."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A tag of the repository; `created` (RFC 3339, UTC) says when its image was made, where that was asked for."""

    tag: str
    created: str = ""


class VersionPolicy(Protocol):
    """One way to choose a tag."""

    @property
    def needs_created(self) -> bool:
        """Whether candidates are ranked by when their image was made, which costs requests to find out."""

    def rank(self, candidate: Candidate) -> Rank | None:
        """Return the rank of a candidate; `None` when it is outside the bounds."""
