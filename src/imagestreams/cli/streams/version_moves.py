"""How tags that go by a version policy came to where they are: what the server noted on the stream."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from imagestreams.api.annotations import MOVES


@dataclass(frozen=True)
class VersionMove:
    """A tag came to stand at a version, from another one if `before` names it, by a policy."""

    tag: str
    image: str
    created: str
    to: str
    before: str
    policy: str

    def __str__(self) -> str:
        if self.before == self.to:
            return f"{self.to} was pushed again ({self.policy})"
        return f"{self.before} -> {self.to} ({self.policy})" if self.before else f"{self.to} ({self.policy})"


def moves_of(stream: Mapping[str, Any], tag: str) -> list[VersionMove]:
    """Return the moves of a tag, newest first; what can't be read is none."""
    text = ((stream.get("metadata") or {}).get("annotations") or {}).get(MOVES, "")
    try:
        moves = json.loads(text) if text else []
    except (ValueError, RecursionError):
        return []
    if not isinstance(moves, list):
        return []
    return [_move(one) for one in moves if isinstance(one, dict) and one.get("tag") == tag]


def _move(move: Mapping[str, Any]) -> VersionMove:
    tag, image, created, to, before, policy = (
        str(move.get(key, "")) for key in ("tag", "image", "created", "to", "from", "policy")
    )
    return VersionMove(tag, image, created, to, before, policy)
