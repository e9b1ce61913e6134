"""What is asked of a build's log: which part of it, and in which form.

The options are read from a request's parameters as the API server reads a pod's, and applied to stored lines. Pure.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Final

from imagestreams.api.ages import parse_time
from imagestreams.api.errors import FieldError, bad_request, invalid
from imagestreams.resources.builds.build_logs import STAMP_LENGTH

_KIND: Final = "BuildLogOptions"
_GROUP: Final = "build.openshift.io"
_SECONDS_LENGTH: Final = len("2026-11-25T03:00:00")
_EVER_S: Final = 1_000_000_000
"""Longer ago than any build: times have no room for whatever number a client may send."""
_POSITIVE: Final = "must be greater than 0"


@dataclass(frozen=True, slots=True)
class LogOptions:
    """Options of a log; `None` where nothing was asked. `since` is the moment from which on lines are wanted."""

    follow: bool = False
    previous: bool = False
    timestamps: bool = False
    no_wait: bool = False
    tail_lines: int | None = None
    limit_bytes: int | None = None
    since: datetime | None = None
    version: int | None = None


def read_log_options(query: Mapping[str, str], now: datetime) -> LogOptions:
    """Read the parameters of a request for a log.

    Raises:
        ApiError: 400, a number or time can't be read; 422, one is out of its bounds or contradicts another one.
    """
    since_seconds, since_time = _number(query, "sinceSeconds"), query.get("sinceTime")
    since = parse_time(since_time) if since_time else None
    if since_time and since is None:
        raise bad_request(f'parsing time "{since_time}" as "2006-01-02T15:04:05Z07:00": cannot parse')
    options = LogOptions(
        follow=_flag(query, "follow"),
        previous=_flag(query, "previous"),
        timestamps=_flag(query, "timestamps"),
        no_wait=_flag(query, "nowait"),
        tail_lines=_number(query, "tailLines"),
        limit_bytes=_number(query, "limitBytes"),
        since=since,
        version=_number(query, "version"),
    )
    errors = _errors(options, since_seconds)
    if errors:
        raise invalid(_GROUP, _KIND, "", errors)
    if since_seconds is not None:
        return LogOptions(
            options.follow,
            options.previous,
            options.timestamps,
            options.no_wait,
            options.tail_lines,
            options.limit_bytes,
            now - timedelta(seconds=min(since_seconds, _EVER_S)),
            options.version,
        )
    return options


def _errors(options: LogOptions, since_seconds: int | None) -> list[FieldError]:
    errors: list[FieldError] = []
    if options.tail_lines is not None and options.tail_lines < 0:
        errors.append(FieldError.invalid("tailLines", options.tail_lines, "must be greater than or equal to 0"))
    if options.limit_bytes is not None and options.limit_bytes < 1:
        errors.append(FieldError.invalid("limitBytes", options.limit_bytes, _POSITIVE))
    if since_seconds is not None and options.since is not None:
        detail = "at most one of `sinceTime` or `sinceSeconds` may be specified"
        errors.append(FieldError.forbidden("", detail))
    elif since_seconds is not None and since_seconds < 1:
        errors.append(FieldError.invalid("sinceSeconds", since_seconds, _POSITIVE))
    if options.version is not None and options.version <= 0:
        errors.append(FieldError.invalid("version", options.version, "build version must be greater than 0"))
    if options.version is not None and options.previous:
        detail = "cannot use previous when a version is specified"
        errors.append(FieldError.invalid("previous", True, detail))
    return errors


def _flag(query: Mapping[str, str], name: str) -> bool:
    return name in query and query[name].lower() not in ("false", "0")


def _number(query: Mapping[str, str], name: str) -> int | None:
    text = query.get(name, "")
    if not text:
        return None
    sign, digits = ("-", text[1:]) if text[0] == "-" else ("", text)
    if not (digits.isascii() and digits.isdigit() and len(digits) <= 18):
        raise bad_request(f'strconv.ParseInt: parsing "{text}": invalid syntax')
    return int(sign + digits)


@dataclass(slots=True)
class LogView:
    """Makes of stored lines what was asked for; `left` is how many bytes may still be given, `None` for all."""

    options: LogOptions
    left: int | None = field(init=False)

    def __post_init__(self) -> None:
        self.left = self.options.limit_bytes

    @property
    def is_over(self) -> bool:
        """Whether nothing more is wanted."""
        return self.left == 0

    def text(self, records: Iterable[bytes]) -> bytes:
        """Return what is wanted of some lines, as it is sent."""
        since = _stamp(self.options.since) if self.options.since is not None else b""
        start = 0 if self.options.timestamps else STAMP_LENGTH
        text = b"".join(record[start:] for record in _since(records, since))
        if self.left is not None:
            text = text[: self.left]
            self.left -= len(text)
        return text


def _since(records: Iterable[bytes], since: bytes) -> Iterator[bytes]:
    return (record for record in records if not since or record[:_SECONDS_LENGTH] >= since)


def _stamp(moment: datetime) -> bytes:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S").encode()
