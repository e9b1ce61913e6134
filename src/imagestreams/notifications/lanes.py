"""Which event of a sink is sent next, and when. Pure.

What has the same subject goes in order: a later event waits until the earlier one is delivered or dead. Other subjects
go on meanwhile. When the address itself seems to be down or busy, nothing is sent to it for a while, and the event that
met this goes behind the others, so that one that alone is not taken does not hold them up.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from imagestreams.notifications.outbox import Letter

FIRST_S: Final = 1.0
LONGEST_S: Final = 2 * 3600.0
GIVE_UP_S: Final = 24 * 3600.0
ATTEMPTS_MIN: Final = 5
_RETRY_AFTER_MAX_S: Final = 24 * 3600.0


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of an attempt: `message` is for people and holds nothing secret.

    `final` says that the same event will never be taken, `down` that the address takes nothing at all now.
    """

    delivered: bool
    message: str
    final: bool = False
    down: bool = False
    retry_after_s: float | None = None


def outcome_of(status: int, retry_after_s: float | None) -> Outcome:
    """Return what a status means: no redirect is followed, and what was refused for good is not sent again."""
    if 200 <= status < 300:
        return Outcome(True, f"the receiver answered {status}")
    message = f"the receiver answered {status}"
    if 300 <= status < 400:
        return Outcome(False, f"{message}; redirects are not followed")
    if status in (401, 403, 404, 407, 408, 409, 421, 423, 424, 425) or status >= 500:
        # Logins and addresses are put right again; what else is refused stays refused.
        return Outcome(False, message, down=status >= 500, retry_after_s=retry_after_s)
    if status == 429:
        return Outcome(False, message, down=True, retry_after_s=retry_after_s)
    return Outcome(False, message, final=True)


def backoff_s(failures: int, chance: float) -> float:
    """Return the seconds to wait after so many failures; `chance` (0 to 1) spreads them over the upper half."""
    whole = min(LONGEST_S, FIRST_S * 2.0 ** min(max(failures - 1, 0), 30))
    return whole * (0.5 + chance / 2)


@dataclass(slots=True)
class Lane:
    """One subject's failures in a row, and before which moment nothing of it is sent."""

    failures: int = 0
    not_before: float = 0.0


@dataclass(slots=True)
class Lanes:
    """What is remembered of one sink, until a restart; moments are in seconds of a steady clock."""

    failures: int = 0
    not_before: float = 0.0
    lanes: dict[str, Lane] = field(default_factory=dict)

    def choose(self, waiting: Mapping[int, Letter], now: float, limit: int) -> list[Letter] | float | None:
        """Return what is to be sent now, of each subject its oldest and `limit` in all, the oldest ones first.

        When there is nothing it is the seconds until there is, or `None` because nothing waits. An address that did not
        answer last is tried with one event.
        """
        if not waiting:
            self.lanes.clear()
            return None
        if now < self.not_before:
            return self.not_before - now
        limit = 1 if self.failures else limit
        seen: set[str] = set()
        ready: list[Letter] = []
        earliest = math.inf
        for letter in waiting.values():
            subject = letter.event.subject
            if subject in seen:
                continue
            seen.add(subject)
            lane = self.lanes.get(subject)
            if lane is not None and lane.not_before > now:
                earliest = min(earliest, lane.not_before)
                continue
            ready.append(letter)
            if len(ready) == limit:
                break
        return ready or earliest - now

    def succeeded(self, letter: Letter) -> None:
        """Note that an event was delivered."""
        self.failures = 0
        self.lanes.pop(letter.event.subject, None)

    def failed(self, letter: Letter, outcome: Outcome, now: float, chance: float) -> int:
        """Note that an event could not be delivered; return how often in a row."""
        lane = self.lanes.setdefault(letter.event.subject, Lane())
        lane.failures += 1
        asked = min(outcome.retry_after_s or 0.0, _RETRY_AFTER_MAX_S)
        lane.not_before = now + max(backoff_s(lane.failures, chance), asked)
        if outcome.down:
            # What was sent at the same time failed for the same reason, so it counts once.
            self.failures += now >= self.not_before
            self.not_before = max(self.not_before, now + max(backoff_s(self.failures, chance), asked))
        return lane.failures

    def gave_up(self, letter: Letter) -> None:
        """Note that an event is dead: the next one of its subject begins anew."""
        self.lanes.pop(letter.event.subject, None)


def is_hopeless(outcome: Outcome, attempts: int, waited_s: float) -> bool:
    """Return whether an event is given up after an attempt."""
    return outcome.final or (attempts >= ATTEMPTS_MIN and waited_s >= GIVE_UP_S)
