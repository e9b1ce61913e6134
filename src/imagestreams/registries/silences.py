"""Until when registries want to be left alone, kept beyond a restart.

Only long silences come here, those that nobody waits for: one for each time that a registry asks for it. What is kept
is JSON, hosts with moments; what can't be read is as if nothing was kept.
"""

import logging
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final

import msgspec

HOSTS_MAX: Final = 4096
_HOST_MAX: Final = 300
_log: Final = logging.getLogger(__name__)


def _discard(content: bytes) -> None:
    """Keep nothing."""


class Silences:
    """What is known now; `kept` is what was kept before, `keep` takes all that is to be kept.

    >>> from datetime import timedelta
    >>> noon = datetime(2026, 1, 1, 12, tzinfo=UTC)
    >>> silences = Silences(b'{"quay.io": "2026-01-01T13:00:00Z"}')
    >>> silences.until("quay.io", noon), silences.until("quay.io", noon + timedelta(hours=2))
    (datetime.datetime(2026, 1, 1, 13, 0, tzinfo=datetime.timezone.utc), None)
    """

    def __init__(self, kept: bytes = b"", keep: Callable[[bytes], None] = _discard) -> None:
        self._keep = keep
        self._until = _read(kept)

    def until(self, host: str, now: datetime) -> datetime | None:
        """Return until when a host wants to be left alone, `None` when it does not."""
        moment = self._until.get(host)
        return moment if moment is not None and moment > now else None

    def note(self, host: str, until: datetime, now: datetime) -> None:
        """Note that a host wants to be left alone; of two moments the later one counts."""
        if len(host) > _HOST_MAX or until <= (self.until(host, now) or now):
            return
        known = {name: moment for name, moment in self._until.items() if moment > now and name != host}
        # Of too many the one that ends first is forgotten.
        latest = sorted(known.items(), key=lambda one: one[1], reverse=True)[: HOSTS_MAX - 1]
        self._until = {**dict(latest), host: until}
        try:
            self._keep(msgspec.json.encode(self._until))
        except OSError as error:
            _log.warning("until when %s wants to be left alone can't be kept: %s", host, error.strerror)


def _read(kept: bytes) -> dict[str, datetime]:
    try:
        found = msgspec.json.decode(kept, type=dict[str, datetime]) if kept else {}
    except msgspec.DecodeError:
        return {}
    return {host: moment.astimezone(UTC) for host, moment in found.items() if moment.tzinfo is not None}
