"""Lengths of time as flags take them: `1h30m`, `1.5s`, `300ms`."""

from imagestreams.api.durations import duration_s
from imagestreams.cli.errors import CliError


def parse_duration_s(text: str) -> float:
    """Return the seconds that a duration means.

    Raises:
        CliError: it is none.
    """
    try:
        return duration_s(text)
    except ValueError as error:
        raise CliError(str(error)) from error
