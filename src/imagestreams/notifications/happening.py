"""Something that happened and that somebody may want to hear of. Pure."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

TEXT_MAX: Final = 1024
"""How long a message of somebody else's may be in an event, in characters."""

TYPES: Final[Mapping[str, str]] = {
    "BuildCompleted": "dev.imagestreams.build.completed",
    "BuildFailed": "dev.imagestreams.build.failed",
    "ImportFailed": "dev.imagestreams.import.failed",
    "RolloutCompleted": "dev.imagestreams.rollout.completed",
    "RolloutFailed": "dev.imagestreams.rollout.failed",
    "TagChanged": "dev.imagestreams.tag.changed",
    "TagDeleted": "dev.imagestreams.tag.deleted",
    "Test": "dev.imagestreams.test",
}
"""The types of CloudEvents by what happened."""


@dataclass(frozen=True, slots=True)
class Happening:
    """What happened to which object.

    `id` is the same whenever the same is looked at, `source` is the path of the object, `subject` names it for people;
    what has the same subject is told in order. `stream` and `tag` are empty where it is no tag's.
    """

    kind: str
    id: str
    source: str
    subject: str
    namespace: str
    time: str
    data: Mapping[str, Any]
    stream: str = ""
    tag: str = ""

    @property
    def type(self) -> str:
        """The type of the CloudEvent."""
        return TYPES[self.kind]


def happening_id(*parts: object) -> str:
    """Return the identity of what these parts tell."""
    return hashlib.sha256("\0".join(map(str, parts)).encode()).hexdigest()[:32]


def bounded(text: str) -> str:
    """Return a text of bearable length."""
    return text if len(text) <= TEXT_MAX else text[: TEXT_MAX - 3] + "..."
