"""Times as the API writes them."""

from datetime import UTC, datetime


def timestamp(moment: datetime) -> str:
    """Return a moment in whole seconds of UTC: `2026-11-24T00:00:00Z`.

    >>> timestamp(datetime(2026, 11, 24, 1, 2, 3, 999, tzinfo=UTC))
    '2026-11-24T01:02:03Z'
    """
    if moment.tzinfo is not UTC:
        moment = moment.astimezone(UTC)
    return moment.isoformat(timespec="seconds")[:19] + "Z"
