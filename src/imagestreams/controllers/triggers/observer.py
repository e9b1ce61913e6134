"""Who hears of what triggers did."""

from enum import StrEnum
from typing import Protocol


class Result(StrEnum):
    """What came of looking at an object whose tag or self had changed."""

    UPDATED = "updated"
    INSTANTIATED = "instantiated"
    UNCHANGED = "unchanged"
    CONFLICT = "conflict"
    REFUSED = "refused"
    UNREACHABLE = "unreachable"
    INVALID = "invalid"


class TriggerObserver(Protocol):
    """Counts, for an operator to see."""

    def fired(self, cluster: str, kind: str, result: Result) -> None:
        """Hear what came of an object; `kind` is its resource."""

    def followed(self, cluster: str, seconds: float) -> None:
        """Hear how long after its tag moved an object followed."""


class Nobody:
    """Hears nothing."""

    def fired(self, cluster: str, kind: str, result: Result) -> None:
        """Do nothing."""

    def followed(self, cluster: str, seconds: float) -> None:
        """Do nothing."""
